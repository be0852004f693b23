// One dialogue: player, a lane per speaker, the chosen utterance, and all utterances; a click anywhere seeks.
import { bar, button, choice, clock, el, percent, plural, soft, solid, svg, table } from "./dom.js";
import { attendedTo, colourOf, emotion, hiddenProbability, labels, link, nameOf, page, probability, rowsOf, said,
  seconds, speakerOf, splitOf, strip, turnOf } from "./data.js";
import { badges, verdict } from "./list.js";
import { follow, mediaElement, mediaOf, playButton, playPart, seek } from "./player.js";
import { heading, likeness, turnDetails, wordsOf } from "./turns.js";
// When each utterance begins on the dialogue's time line; clips of their own stand one after another.
const beginnings = ({ clips }, rows, end = 0) =>
  new Map(rows.map((row) => [row, clips ? (end += seconds(row)) - seconds(row) : said.start[row]]));

function timeline(rows, begin, total) {
  const half = (label) => el("span", { class: colourOf(label) }, el("b", {}, nameOf(label)));
  const part = (row) => ({ "--at": begin.get(row) / total, "--long": seconds(row) / total });
  const unsure = (row) => turnOf(row)?.unsure.includes("emotion");
  const segment = (row) => el("div", { class: unsure(row) ? "segment unsure" : "segment", "data-row": row,
    vars: part(row) }, !turnOf(row) && half(said.actual[row]), half(said.predicted[row]));
  const speakers = [...new Set(rows.map(speakerOf))];
  const used = new Set(rows.flatMap((row) => [...(turnOf(row) ? [] : [said.actual[row]]), said.predicted[row]]));
  const arcs = svg("svg", { class: "arcs", viewBox: "0 0 1000 40", preserveAspectRatio: "none" });
  const head = el("div", { class: "head" });
  const what = `Time line of ${plural(rows.length, "utterance")}, a lane for each of ${speakers.join(", ")}`;
  const wide = { "--wide": page.turns ? total : 0 };
  const count = Math.max(4, Math.round(wide["--wide"] / 25));
  const marks = Array.from({ length: count + 1 }, (_, i) => i / count);
  const node = el("div", { class: "lanes", role: "img", "aria-label": what, vars: wide }, !page.turns && arcs,
    speakers.map((speaker) => el("div", { class: "lane" }, el("bdi", { class: "who" }, speaker),
      rows.filter((row) => speakerOf(row) === speaker).map(segment))), head,
    el("div", { class: "axis" }, marks.map((share) => el("span", {}, clock(share * total)))));
  const legend = el("p", { class: "line legend" },
    page.turns ? "looks and sounds most like (striped: unsure):" : "above actual, below predicted:",
    [...labels.keys(), ...(page.turns ? [] : [255])].filter((label) => used.has(label)).map((label) => emotion(label)));
  const middle = (row) => (1000 * (begin.get(row) + seconds(row) / 2)) / total;
  const arc = (from, to) => `M${middle(from)} 40Q${(middle(from) + middle(to)) / 2} -34 ${middle(to)} 40`;
  function mark(row) {
    node.querySelectorAll(".segment").forEach((one) => one.classList.toggle("chosen", one.dataset.row === String(row)));
    arcs.replaceChildren(...attendedTo(row).map(([to, weight]) =>
      svg("path", { d: arc(row, to), "stroke-width": 1 + 6 * weight })));
  }
  const named = { class: "scroll", tabindex: 0, role: "group", "aria-label": what };
  const around = page.turns ? el("div", named, node) : node;
  function move(time) {
    head.style.setProperty("--at", Math.min(1, time / total));
    const x = head.offsetLeft - around.scrollLeft;
    if (x < 0 || x > around.clientWidth) around.scrollLeft += x - 40;
  }
  return { node, around, legend, mark, move };
}

function hiddenTable(row) {
  const columns = [null, ...(said.hidden && page.modalities.length > 1 ? page.modalities.keys() : [])];
  const value = (label, i) => (i === null ? probability(row, label) : hiddenProbability(row, i, label));
  const best = columns.map((i) => Math.max(...labels.map((_, label) => value(label, i))));
  const cell = (label) => (i, column) => el("span", { class: `probability ${colourOf(label)}` }, bar(value(label, i)),
    el(value(label, i) === best[column] ? "strong" : "span", {}, percent(value(label, i), 0)));
  const names = columns.map((i) => (i === null ? "all" : `no ${page.modalities[i]}`));
  const rows = labels.map((_, label) => [emotion(label), ...columns.map(cell(label))]);
  const actual = said.actual[row];
  const raised = columns.filter((i) => i !== null && labels[actual] && value(actual, i) > value(actual, null) + 0.005);
  const without = raised.map((i) => page.modalities[i]).join(", or without ");
  return [el("h4", {}, columns.length > 1 ? "Probabilities, and with a modality hidden" : "Probabilities"),
    table(["emotion", ...names], rows, "Probabilities of the chosen utterance"),
    without && soft(`The actual emotion is more probable without ${without}: a hidden modality is masked, and a weak ` +
      "one may pull the others the wrong way; on one utterance that says nothing about the model.")];
}

function attention(row, choose) {
  const line = ([to, weight]) => el("li", {}, bar(weight), el("span", { class: "number" }, percent(weight, 0)),
    button({ class: "plain", onclick: () => choose(to) }, to === row ? "this utterance itself"
      : [el("bdi", { class: "who" }, speakerOf(to)), " ", el("bdi", {}, said.text[to] || said.id[to])]));
  const pairs = attendedTo(row);
  return pairs.length > 0 && [el("h4", {}, "Where the model looked"), el("ol", { class: "looked" }, pairs.map(line))];
}
const details = (row, choose) => [
  el("p", { class: "meta" }, el("bdi", { class: "who" }, speakerOf(row)), el("a", { href: link(row) }, said.id[row]),
    el("span", { class: "number" }, `${clock(said.start[row])}–${clock(said.end[row])}`), splitOf(row), badges(row)),
  el("blockquote", { dir: "auto" }, said.text[row] || "(no words)"),
  strip(row), verdict(row), hiddenTable(row), attention(row, choose)];

function picker(dialogue) {
  const number = page.dialogues.indexOf(dialogue);
  const go = (i) => location.assign(`#dialogue/${encodeURIComponent(page.dialogues[i].name)}`);
  const step = (i, name, sign) =>
    button({ "aria-label": `${name} dialogue`, disabled: !page.dialogues[i], onclick: () => go(i) }, sign);
  return el("div", { class: "line" }, el("h2", { class: "spring" }, el("bdi", {}, dialogue.name)),
    el("div", { class: "steps" }, step(number - 1, "Previous", "←"), choice("Dialogue",
      page.dialogues.map(({ name }, i) => [i, name]), number, go), step(number + 1, "Next", "→")));
}

export function dialogueView(params, name) {
  const dialogue = page.dialogues.find((one) => one.name === name) ??
    page.dialogues.find((one) => splitOf(one.first) === "test") ?? page.dialogues[0];
  const rows = rowsOf(dialogue);
  const begin = beginnings(dialogue, rows);
  const total = rows.reduce((end, row) => Math.max(end, begin.get(row) + seconds(row)), dialogue.seconds ?? 1);
  const lanes = timeline(rows, begin, total);
  const screen = el("div", { class: "screen" });
  const about = el("section", { class: "card about" });
  let [player, chosen] = [null, rows.find((row) => said.id[row] === params.u) ?? rows[0]];
  // The player of this row's media: one for the whole dialogue, or one for each clip.
  function load(row) {
    const media = mediaOf(row);
    if (!media || player?.source === media.source) return;
    player = Object.assign(mediaElement(media, `Recording of ${dialogue.name}`), { source: media.source });
    screen.replaceChildren(player);
    follow(player, (time) => tell(dialogue.clips ? begin.get(row) + time : time));
  }
  const words = new Map(rows.filter(turnOf).map((row) => [row, wordsOf(row, (time) => say(row, time))]));
  const turn = (row) => el("li", { class: "turn", onclick: () => choose(row) },
    el("div", { class: "go" }, playButton(row, play)),
    button({ class: "plain pick" }, el("span", { class: "meta" }, el("bdi", { class: "who" }, speakerOf(row)),
      !dialogue.clips && el("span", { class: "number" }, clock(said.start[row]))),
    el("span", { class: "text", dir: "auto" }, words.get(row)?.content ?? (said.text[row] || "(no words)"))),
    turnOf(row) ? likeness(row) : verdict(row), el("span", { class: "weight" }));
  const turns = new Map(rows.map((row) => [row, turn(row)]));
  function tell(time) {
    lanes.move(time);
    const now = (row) => time >= begin.get(row) && time < begin.get(row) + seconds(row);
    turns.forEach((node, row) => node.classList.toggle("now", now(row)) && words.get(row)?.light(time));
  }
  function mark() {
    const weights = new Map(attendedTo(chosen));
    for (const [row, node] of turns) {
      node.classList.toggle("chosen", row === chosen);
      node.querySelector(".pick").setAttribute("aria-pressed", String(row === chosen));
      node.querySelector(".weight").replaceChildren(...(weights.has(row)
        ? [bar(weights.get(row)), `the model looked here: ${percent(weights.get(row), 0)}`] : []));
    }
    lanes.mark(chosen);
    about.replaceChildren(...solid(turnOf(chosen) ? turnDetails(chosen) : details(chosen, choose)));
  }
  function choose(row, time = begin.get(row)) {
    chosen = row;
    history.replaceState(null, "", link(row));
    mark();
    load(row);
    if (player) seek(player, dialogue.clips ? time - begin.get(row) : time);
    tell(time);
  }
  function play(row) {
    choose(row);
    playPart(player, mediaOf(row));
  }
  function say(row, from) {
    choose(row, from);
    if (player) playPart(player, { from, to: said.end[row] });
  }
  function walk(event) {
    const next = rows[rows.indexOf(chosen) + { ArrowDown: 1, ArrowUp: -1 }[event.key]];
    if (next === undefined) return;
    event.preventDefault();
    choose(next);
    turns.get(next).querySelector(".pick").focus();
  }
  lanes.node.addEventListener("click", (event) => {
    const { left, width } = lanes.node.getBoundingClientRect();
    const time = (total * (event.clientX - left)) / width;
    const hit = event.target.closest(".segment")?.dataset.row;
    choose(hit ? Number(hit) : rows.findLast((row) => begin.get(row) <= time) ?? rows[0], time);
    if (innerWidth >= 1440) turns.get(chosen).scrollIntoView({ block: "nearest" });
  });
  if (rows.length) mark();
  load(chosen);
  if (player && params.u && !dialogue.clips) seek(player, begin.get(chosen));
  if (params.u) requestAnimationFrame(() => turns.get(chosen).scrollIntoView({ block: "nearest" }));
  tell(params.u ? begin.get(chosen) : 0);
  const why = player ? page.turns && page.media.note : ["Nothing to play here. ", page.media.note];
  return [page.turns ? heading() : picker(dialogue), why && soft(why),
    el("div", { class: "desk" }, el("div", { class: "left" }, player && screen,
      rows.length ? [lanes.around, lanes.legend] : "Nobody speaks in this recording."), rows.length > 0 && about,
      el("ol", { class: "turns", onkeydown: walk }, [...turns.values()]))];
}
