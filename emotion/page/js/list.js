// A list of utterances of any length: only the rows near the window are in the page.
import { bar, clock, el, percent, soft } from "./dom.js";
import { colourOf, differs, dialogueOf, emotion, labelled, labels, link, missingOf, nameOf, page, percentOf,
  probability, said, speakerOf, splitOf, strip, theirs, wrong } from "./data.js";
import { playButton } from "./player.js";
const AHEAD = 6; // rows kept beyond the window's edges; a short list is drawn at once
export function bars(row, some) {
  const line = (label) => el("li", { class: colourOf(label) }, el("bdi", {}, nameOf(label)),
    bar(probability(row, label)), el("span", { class: "number" }, percent(probability(row, label), 0)));
  return el("ul", { class: "bars", "aria-label": "Probabilities" }, some.map(line));
}
// The most probable three; the actual label is always among them.
function topThree(row) {
  const best = [...labels.keys()].sort((a, b) => probability(row, b) - probability(row, a)).slice(0, 3);
  if (labelled(row) && !best.includes(said.actual[row])) best[best.length - 1] = said.actual[row];
  return best;
}
export const badges = (row) => [
  splitOf(row) === "train" && el("span", { class: "badge" }, "seen in training"),
  missingOf(row).map((name) => el("span", { class: "badge" }, `no ${name}`))];
export const verdict = (row) => el("dl", { class: "verdict" },
  el("dt", {}, "actual"), el("dd", {}, emotion(said.actual[row])),
  el("dt", {}, "predicted"), el("dd", {}, emotion(said.predicted[row], percentOf(row)),
    labelled(row) && el("span", { class: wrong(row) ? "mark bad" : "mark" }, wrong(row) ? " ✗" : " ✓")),
  differs(row) && [el("dt", {}, page.against.name), el("dd", {}, emotion(theirs.predicted[row]))]);
const utteranceRow = (row, attributes) => el("li", { class: "row", ...attributes },
  el("div", { class: "go" }, playButton(row)), verdict(row), bars(row, topThree(row)),
  el("div", { class: "words" },
    el("p", { class: "text", dir: "auto" }, said.text[row] || el("span", { class: "soft" }, "(no words)")),
    el("p", { class: "meta" }, el("a", { href: link(row) }, said.id[row]), el("bdi", {}, speakerOf(row)),
      el("span", {}, splitOf(row)), !dialogueOf(row).clips &&
        el("span", { class: "number" }, `${clock(said.start[row])}–${clock(said.end[row])}`), badges(row))),
  strip(row));

export function virtualList(rows) {
  if (!rows.length) return soft("No utterance fits these filters.");
  const list = el("ul", { class: "rows", role: "list" });
  const shown = new Map(); // position -> its element
  let [height, width] = [0, 0];
  const ahead = rows.length > 20 ? AHEAD : 40;
  function measure() {
    shown.clear();
    list.replaceChildren(utteranceRow(rows[0]));
    height = list.firstChild.offsetHeight;
    list.replaceChildren();
    list.style.height = `${rows.length * height}px`;
  }
  function place(position) {
    const node = utteranceRow(rows[position], { "aria-setsize": rows.length, "aria-posinset": position + 1 });
    node.style.top = `${position * height}px`;
    shown.set(position, node);
    return node;
  }
  function draw() {
    if (!height) measure();
    const { top } = list.getBoundingClientRect();
    const first = Math.max(0, Math.floor(-top / height) - ahead);
    const last = Math.min(rows.length - 1, Math.ceil((innerHeight - top) / height) + ahead);
    for (const [position, node] of shown) {
      if (position < first || position > last) shown.delete(position) && node.remove();
    }
    let before = list.firstChild;
    for (let position = first; position <= last; position += 1) {
      before = (shown.get(position) ?? list.insertBefore(place(position), before)).nextSibling;
    }
  }
  addEventListener("scroll", function scrolled() {
    if (list.isConnected) draw();
    else removeEventListener("scroll", scrolled);
  }, { passive: true });
  new ResizeObserver(() => {
    if (list.clientWidth !== width) height = 0;
    width = list.clientWidth;
    if (list.isConnected) draw();
  }).observe(list);
  return list;
}
