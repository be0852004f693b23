// What the face encoder saw of each speaker, the worst covered first.
import { bar, el, percent, plural, soft } from "./dom.js";
import { link, listLink, page, said, strip } from "./data.js";

export function facesView() {
  const person = ({ speaker, utterances, coverage, rows }) => el("section", { class: "card face" },
    el("h3", {}, el("bdi", {}, page.speakers[speaker])),
    el("p", { class: "line" }, bar(coverage), el("span", { class: "number" }, percent(coverage)),
      el("a", { href: listLink({ speaker: page.speakers[speaker], split: "all" }) }, plural(utterances, "utterance"))),
    rows.map((row) => el("a", { class: "block", href: link(row) }, strip(row) || soft("no face"), said.id[row])));
  return [
    el("h2", {}, "Faces"),
    soft("Share of the frames in which the speaker's face was found, and some of the frames; the worst first."),
    el("div", { class: "cards" }, page.faces.map(person)),
  ];
}
