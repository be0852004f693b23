// What was run and what came out; where another run stands beside it, both.
import { bar, card, el, percent, plural, soft, table } from "./dom.js";
import { allRows, byMistake, differs, emotion, labels, listLink, page, said, splitOf, theirs, wrong } from "./data.js";
import { linePlot, reliabilityPlot } from "./charts.js";
import { virtualList } from "./list.js";
const SCORES = [
  ["weighted_f1", "weighted F1", ""],
  ["accuracy", "accuracy", "share of the utterances that are right"],
  ["macro_f1", "macro F1", "mean of the classes' F1, each counted alike"],
  ["unweighted_recall", "unweighted recall", "mean of the classes' recall"],
  ["ece", "calibration error", "how far certainty and accuracy are apart; 0 is best"]];

function scores({ test, validation }) {
  const interval = page.interval?.startsWith("no ") ? page.interval : `95 % interval: ${page.interval}`;
  const given = SCORES.filter(([key]) => typeof test[key] === "number");
  const tile = ([key, name, what]) => el("div", { class: what ? "score" : "score main" },
    el("dt", {}, name), el("dd", { class: "number" }, percent(test[key])),
    el("dd", { class: "soft" }, what || (page.interval && interval)));
  return card(`Scores on the test set, ${plural(test.n, "utterance")}`, el("dl", { class: "scores" }, given.map(tile)),
    validation && soft(`Validation, which chose the epoch: weighted F1 ${percent(validation.weighted_f1)}, ${
      plural(validation.n, "utterance")}.`));
}

const whatWasRun = ({ model, changed, encoders }) => card("What was run",
  el("dl", { class: "facts" }, el("dt", {}, "model"), el("dd", {}, model),
    el("dt", {}, "modalities"), el("dd", {}, page.modalities.join(", ")),
    encoders.map(([modality, name, how]) => [el("dt", {}, `${modality} encoder`),
      el("dd", {}, name, el("span", { class: "soft" }, how && `, ${how}`))])),
  changed.length ? table(["parameter", "value", "default"], changed, "Parameters that differ from the defaults")
    : soft("All parameters have their default values."));

function classes(per) {
  const share = (value) => (typeof value === "number" ? [bar(value), (100 * value).toFixed(1)] : "–");
  const rows = Object.entries(per).map(([name, row]) => [
    emotion(labels.indexOf(name)), share(row.precision), share(row.recall), share(row.f1),
    el("a", { href: listLink({ actual: name }) }, String(row.support)), String(row.predicted)]);
  return card("Each emotion, per cent",
    table(["emotion", "precision", "recall", "F1", "actual", "predicted"], rows, "Scores of each emotion"));
}

function curves({ epoch: x, best, train_loss, validation_loss, validation_weighted_f1 }) {
  const losses = [["training", train_loss, "first"], ["validation", validation_loss, "second"]];
  const f1 = [["weighted F1 on validation", validation_weighted_f1, "second"]];
  const key = (series) => el("p", { class: "key" }, series.map(([name, , line]) =>
    el("span", {}, el("i", { class: line }), name)));
  return card("Training", key(losses), linePlot({ label: "Loss of each epoch", x, series: losses, best, yName: "loss",
    ys: [0, Math.max(...train_loss, ...validation_loss)] }),
  key(f1), linePlot({ label: "Weighted F1 of each epoch", x, series: f1, best, yName: "F1", ys: [0, 1] }),
  best && soft(`The dashed line is epoch ${best}, the best on validation: it was kept.`));
}

function sideBySide({ name, scores: { test: other }, interval, changed }) {
  const ours = page.scores.test;
  const gap = (key) => (100 * (ours[key] - other[key])).toFixed(1).replace("-", "−");
  const rows = SCORES.filter(([key]) => ours[key] !== undefined && other[key] !== undefined)
    .map(([key, words]) => [words, percent(ours[key]), percent(other[key]), gap(key)]);
  const apart = allRows().filter((row) => differs(row) && splitOf(row) === "test").sort(byMistake);
  const right = (predicted) => apart.filter((row) => predicted[row] === said.actual[row]).length;
  return card(`Against ${name}`,
    el("div", { class: "two" }, table(["score", "this run", name, "difference"], rows, "Scores side by side"),
      changed.length > 0 && table(["parameter", "this run", name], changed, "Parameters that differ between the runs")),
    interval && soft(`${name}: ${interval}.`),
    el("p", {}, `They differ on ${plural(apart.length, "test utterance")}: this run is right on ${
      right(said.predicted)}, ${name} on ${right(theirs.predicted)}. `,
    el("a", { href: listLink({ differs: "differs" }) }, "Show all in the list")),
    apart.length > 0 && virtualList(apart.slice(0, 5)));
}

function worst() {
  const mistakes = allRows().filter((row) => splitOf(row) === "test" && wrong(row)).sort(byMistake).slice(0, 3);
  return mistakes.length > 0 && card("The most certain mistakes", virtualList(mistakes),
    el("p", {}, el("a", { href: listLink({ result: "wrong" }) }, "All mistakes on the test set")));
}

export function overviewView() {
  const { corpus, scores: figures, details, curve, reliability } = page;
  const size = ["utterance", "dialogue", "speaker"].map((word) => plural(corpus[`${word}s`], word));
  return [
    el("div", {}, el("p", { class: "lead" }, el("strong", {}, corpus.name), corpus.what && `: ${corpus.what}`),
      soft(`${size.join(", ")}. `, page.media.note)),
    figures?.test && scores(figures), page.against && sideBySide(page.against), worst(),
    el("div", { class: "two" }, details?.test?.per_class && classes(details.test.per_class), whatWasRun(page.run)),
    el("div", { class: "two" }, curve && curves(curve), reliability?.length > 0 &&
      card("Is it right as often as it is sure?", reliabilityPlot(reliability),
        soft("Points under the line: the model is surer than it is right. Larger points: more utterances."))),
  ];
}
