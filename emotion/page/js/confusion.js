// Actual against predicted: a cell is a button that lists its utterances beside the matrix.
import { button, choice, el, plural, soft } from "./dom.js";
import { allRows, byMistake, emotion, labelled, labels, listLink, nameOf, said, splitOf } from "./data.js";
import { DEFAULTS, splitOptions } from "./utterances.js";
import { virtualList } from "./list.js";

export function confusionView(params) {
  const split = params.split ?? DEFAULTS.split;
  const counts = labels.map(() => labels.map(() => []));
  for (const row of allRows()) {
    const counted = labelled(row) && (split === "all" || splitOf(row) === split);
    if (counted) counts[said.actual[row]][said.predicted[row]].push(row);
  }
  const beside = el("section", { class: "beside" }, soft("Choose a cell to list its utterances."));
  let pressed = null;
  function list(a, p, cell) {
    pressed?.setAttribute("aria-pressed", "false");
    (pressed = cell).setAttribute("aria-pressed", "true");
    const filters = { split, actual: nameOf(a), predicted: nameOf(p) };
    history.replaceState(null, "", `#confusion?${new URLSearchParams(filters)}`);
    beside.replaceChildren(el("h3", {}, "actual ", emotion(a), ", predicted ", emotion(p)),
      soft(el("span", { role: "status" }, plural(counts[a][p].length, "utterance")), ". ",
        el("a", { href: listLink(filters) }, "Open in the list")),
      virtualList(counts[a][p].toSorted(byMistake)));
  }
  function cell(a, p) {
    const count = counts[a][p].length;
    const share = count && count / counts[a].flat().length;
    return el("td", {}, button({ class: a === p ? "cell right" : "cell", disabled: !count, vars: { "--v": share },
      "aria-label": `actual ${nameOf(a)}, predicted ${nameOf(p)}: ${count}`, "aria-pressed": "false",
      onclick: (event) => list(a, p, event.currentTarget) },
    el("b", {}, String(count)), count > 0 && el("small", {}, `${Math.round(100 * share)}\u00a0%`)));
  }
  const head = (label, scope) => el("th", { scope }, emotion(label));
  const matrix = el("table", { class: "matrix" },
    el("caption", { class: "soft" }, "Rows: actual. Columns: predicted. Per cent of the row."),
    el("thead", {}, el("tr", {}, el("td", {}), labels.map((_, label) => head(label, "col")))),
    el("tbody", {}, labels.map((_, a) => el("tr", {}, head(a, "row"), labels.map((_, p) => cell(a, p))))));
  const [a, p] = [params.actual, params.predicted].map((name) => labels.indexOf(name));
  if (a >= 0 && p >= 0) list(a, p, matrix.querySelectorAll("button")[a * labels.length + p]);
  const go = (value) => location.assign(`#confusion?${new URLSearchParams({ split: value })}`);
  return [el("h2", {}, "Confusion matrix"),
    el("div", { class: "line" }, choice("Split", splitOptions(), split, go),
      ["all", "train"].includes(split) && soft("The training utterances were seen in training: few are wrong.")),
    el("div", { class: "matrix-and-list" }, el("div", { class: "scroll" }, matrix), beside)];
}
