// What a timeline says of a turn: most like which emotion, by what, how sure, and its words.
import { clock, el, soft } from "./dom.js";
import { emotion, labels, page, percentOf, said, speakerOf, turnOf } from "./data.js";
import { bars } from "./list.js";
const badge = (text) => el("span", { class: "badge" }, text);
export const likeness = (row, { senses, unsure } = turnOf(row)) => el("p", { class: "line like" },
  el("span", { class: "mark" }, `${senses} most like`),
  labels[said.predicted[row]] ? emotion(said.predicted[row], percentOf(row)) : "nothing: it could not be used",
  unsure.map((what) => badge(what === "speaker" ? "speaker unsure" : "unsure")));

export function turnDetails(row) {
  const { from, absent, novelty } = turnOf(row);
  const line = (name, ...what) => [el("dt", {}, name), el("dd", {}, what)];
  const novel = (value) => (value < 95 ? `percentile ${value}`
    : el("span", { class: "bad" }, `percentile ${value}: unlike the training data`));
  return [el("p", { class: "meta" }, el("bdi", { class: "who" }, speakerOf(row)),
    el("span", { class: "number" }, `${clock(said.start[row])}–${clock(said.end[row])}`)),
  el("blockquote", { dir: "auto" }, said.text[row] || "(no words)"), likeness(row),
  labels[said.predicted[row]] && bars(row, [...labels.keys()]),
  el("dl", { class: "facts" }, from && line("speaker known by", from),
    Object.entries(absent).map(([name, why]) => line(`no ${name}`, why)),
    Object.entries(novelty).map(([name, value]) => line(`novelty of ${name}`, novel(value))))];
}
// The words of a turn; a click on one plays from there. `light(time)` marks the one that is said.
export function wordsOf(row, play) {
  const { words } = turnOf(row);
  const from = (start) => (event) => event.stopPropagation() ?? play(start);
  const nodes = words.map(([start, , text]) => el("span", { class: "word", onclick: from(start) }, text));
  const light = (time) => nodes.forEach((node, i) =>
    node.classList.toggle("now", time >= words[i][0] && time < words[i][1]));
  return { light, content: words.length ? nodes.flatMap((node) => [node, " "]) : said.text[row] || "(no words)" };
}

export const heading = () => el("div", {}, el("p", { class: "lead" }, "What each turn ",
  el("strong", {}, "looks and sounds most like"), ` to the model ${page.model}`),
soft("Not what anybody feels, and not for decisions about people."),
page.files.length > 0 && location.protocol !== "file:" && el("p", { class: "line" },
  el("a", { href: "/" }, "Try another clip"), el("span", { class: "soft" }, "As a file:"),
  page.files.map((name) => el("a", { href: name, download: name }, name))));
