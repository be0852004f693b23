// A map of each cache: one point per utterance, its two main directions (PCA), coloured by emotion.
import { button, card, el, percent, soft } from "./dom.js";
import { allRows, emotion, labels, link, page, said, speakerOf, unpack } from "./data.js";
const GONE = -32768;

function map(modality, { xy: packed, explained, encoder }, hidden, inks) {
  const xy = unpack(packed);
  const rows = allRows().filter((row) => xy[2 * row] !== GONE);
  const visible = () => rows.filter((row) => !hidden.has(said.actual[row]));
  const many = rows.length > 2000;
  const canvas = el("canvas", { tabindex: 0, role: "img", "aria-label":
    `Map of ${modality}, ${rows.length} utterances. Arrow keys go from point to point, Enter opens one.` });
  const told = el("p", { class: "told", role: "status" }, "Point at an utterance, or use the arrow keys.");
  let [size, chosen] = [0, -1];
  const place = (row) => [size * (0.5 + (0.47 * xy[2 * row]) / 32767), size * (0.5 - (0.47 * xy[2 * row + 1]) / 32767)];
  function draw() {
    if (!canvas.isConnected) return;
    size = canvas.clientWidth;
    canvas.width = canvas.height = size * devicePixelRatio;
    const pen = canvas.getContext("2d");
    const ink = inks();
    const dot = (row, radius, globalAlpha) => {
      Object.assign(pen, { fillStyle: ink[said.actual[row]], globalAlpha });
      pen.beginPath();
      pen.arc(...place(row), radius, 0, 7);
      pen.fill();
    };
    pen.scale(devicePixelRatio, devicePixelRatio);
    visible().forEach((row) => dot(row, many ? 2 : 4, many ? 0.5 : 0.8));
    if (chosen < 0) return;
    dot(chosen, 7, 1);
    Object.assign(pen, { lineWidth: 2, strokeStyle: getComputedStyle(canvas).color });
    pen.stroke();
  }
  function choose(row) {
    if (row === undefined || row === chosen) return;
    chosen = row;
    told.replaceChildren(emotion(said.actual[row]), el("a", { href: link(row) }, said.id[row]), speakerOf(row));
    draw();
  }
  canvas.addEventListener("pointermove", ({ offsetX, offsetY }) => {
    let [nearest, least] = [undefined, 20];
    for (const row of visible()) {
      const distance = Math.hypot(place(row)[0] - offsetX, place(row)[1] - offsetY);
      if (distance < least) [nearest, least] = [row, distance];
    }
    choose(nearest);
  });
  canvas.addEventListener("click", () => chosen >= 0 && location.assign(link(chosen)));
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter" && chosen >= 0) location.assign(link(chosen));
    if (!step) return;
    event.preventDefault();
    choose(visible().at((visible().indexOf(chosen) + step) % visible().length));
  });
  new ResizeObserver(draw).observe(canvas);
  const gone = said.id.length - rows.length;
  return { draw, node: card(modality, soft(encoder), canvas, told,
    soft(`These two directions hold ${explained.map((share) => percent(share, 0)).join(" and ")} of the variance${
      gone ? `; utterances without ${modality}: ${gone}` : ""}.`)) };
}

let redraw = () => {};
addEventListener("themed", () => redraw());

export function modalitiesView() {
  const hidden = new Set();
  redraw = () => maps.forEach(({ draw }) => draw());
  const flip = (label) => ({ currentTarget }) => {
    currentTarget.ariaPressed = String(hidden.delete(label) || !hidden.add(label));
    redraw();
  };
  const toggle = (label) => [label, button({ "aria-pressed": "true", onclick: flip(label) }, emotion(label))];
  const legend = [...labels.keys(), 255].filter((label) => said.actual.includes(label)).map(toggle);
  // The colours as the canvas needs them: those that the legend's dots have under the theme of now.
  const inks = () => Object.fromEntries(legend.map(([label, key]) =>
    [label, getComputedStyle(key.querySelector("i")).backgroundColor]));
  const maps = Object.entries(page.maps).map(([modality, values]) => map(modality, values, hidden, inks));
  return [el("h2", {}, "Modalities"),
    soft("What the classifier is given. Each point is an utterance; points close together have similar features."),
    el("div", { class: "line", role: "group", "aria-label": "Emotions shown" }, legend.map(([, key]) => key)),
    el("div", { class: "cards" }, maps.map(({ node }) => node))];
}
