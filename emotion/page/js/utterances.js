// All utterances: filters, order, the list and the same list as CSV.
import { button, choice, el, plural } from "./dom.js";
import { allRows, byMistake, certainty, dialogueOf, differs, labels, missingOf, nameOf, page, probability, said,
  speakerOf, splitOf, theirs, wrong } from "./data.js";
import { virtualList } from "./list.js";
const by = (key) => (a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : a - b);
const ORDERS = {
  mistakes: ["most certain mistakes first", byMistake],
  uncertain: ["least certain first", by(certainty)],
  certain: ["most certain first", by((row) => -certainty(row))],
  corpus: ["order of the corpus", (a, b) => a - b],
  actual: ["actual emotion", by((row) => said.actual[row])],
  predicted: ["predicted emotion", by((row) => said.predicted[row])],
  speaker: ["speaker", by(speakerOf)],
};
const FIELDS = {
  actual: (row, value) => nameOf(said.actual[row]) === value,
  predicted: (row, value) => nameOf(said.predicted[row]) === value,
  split: (row, value) => value === "all" || splitOf(row) === value,
  speaker: (row, value) => speakerOf(row) === value,
  session: (row, value) => dialogueOf(row).session === value,
  missing: (row, value) => missingOf(row).includes(value),
  result: (row, value) => wrong(row) === (value === "wrong"),
  differs: (row) => differs(row),
  text: (row, value) => `${said.text[row]} ${said.id[row]}`.toLowerCase().includes(value.toLowerCase()),
};
export const DEFAULTS = { split: page.splits?.includes("test") ? "test" : "all", sort: "mistakes" };
export const splitOptions = () => [["all", "all splits"], ...page.splits.map((name) => [name, name])];

function select(wanted) {
  const filters = Object.entries(wanted).filter(([name, value]) => value && Object.hasOwn(FIELDS, name));
  const rows = allRows().filter((row) => filters.every(([name, value]) => FIELDS[name](row, value)));
  return rows.sort((ORDERS[wanted.sort] ?? ORDERS.mistakes)[1]);
}
// Spreadsheets run a cell that begins like a formula: a ' before it keeps it text.
const guarded = (value) => (/^[=+\-@\t\r]/.test(value) ? `'${value}` : value);
const quoted = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
function csvOf(rows) {
  const head = ["utterance", "dialogue", "speaker", "split", "start", "end", "actual", "predicted",
    ...(theirs ? [`predicted by ${page.against.name}`] : []), ...labels, "text"];
  const line = (row) => [said.id[row], dialogueOf(row).name, speakerOf(row), splitOf(row), said.start[row],
    said.end[row], ...[said.actual, said.predicted, ...(theirs ? [theirs.predicted] : [])].map((of) => nameOf(of[row])),
    ...labels.map((_, label) => probability(row, label).toFixed(3)), said.text[row]];
  return [head, ...rows.map(line)].map((cells) => cells.map(String).map(guarded).map(quoted).join(",")).join("\r\n");
}

function save(rows) {
  const href = URL.createObjectURL(new Blob(["\ufeff", csvOf(rows), "\r\n"], { type: "text/csv" }));
  el("a", { href, download: "utterances.csv" }).click();
  setTimeout(() => URL.revokeObjectURL(href), 1000);
}

function controls(wanted, change) {
  const one = (name, key, values, least = 2) => values.length >= least && choice(name,
    [["", "any"], ...values.map((value) => [value, value])], wanted[key], (value) => change({ [key]: value }));
  const sessions = [...new Set(page.dialogues.map(({ session }) => session))].filter(Boolean).sort();
  const missing = page.modalities.filter((_, i) => said.missing.some((bits) => bits & (1 << i)));
  return el("div", { class: "filters" },
    el("label", { class: "field grow" }, el("span", {}, "Words or id"), el("input", { type: "search",
      "aria-label": "Words or id", value: wanted.text, oninput: (event) => change({ text: event.target.value }) })),
    choice("Order", Object.entries(ORDERS).map(([key, [words]]) => [key, words]), wanted.sort,
      (sort) => change({ sort })),
    choice("Split", splitOptions(), wanted.split, (split) => change({ split })),
    el("details", { open: innerWidth > 640 }, el("summary", {}, "More filters"), el("div", { class: "filters" },
      one("Result", "result", ["wrong", "right"]), one("Actual", "actual", labels),
      one("Predicted", "predicted", labels), one("Speaker", "speaker", page.speakers),
      one("Session", "session", sessions), one("Missing", "missing", missing, 1),
      theirs && one(page.against.name, "differs", ["differs"], 1))));
}

export function utterancesView(params) {
  const wanted = { ...DEFAULTS, ...params };
  const results = el("div", {});
  function show() {
    const rows = select(wanted);
    results.replaceChildren(
      el("div", { class: "line" }, el("p", { role: "status" }, el("strong", {}, plural(rows.length, "utterance")),
        el("span", { class: "soft" }, `, ${rows.filter(wrong).length.toLocaleString("en")} predicted wrong`)),
      button({ onclick: () => location.assign("#utterances") }, "Reset"),
      button({ onclick: () => save(rows) }, "Save list as CSV")),
      virtualList(rows));
  }
  let waiting = 0;
  function change(values) {
    Object.assign(wanted, values);
    const given = Object.entries(wanted).filter(([name, value]) => value && value !== DEFAULTS[name]);
    history.replaceState(null, "", given.length ? `#utterances?${new URLSearchParams(given)}` : "#utterances");
    clearTimeout(waiting);
    waiting = setTimeout(show, "text" in values ? 120 : 0);
  }
  show();
  return [el("h2", {}, "Utterances"), controls(wanted, change), results];
}
