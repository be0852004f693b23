// The page's data: one JSON object; its large number arrays are packed as base64.
import { el, percent } from "./dom.js";
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
export function unpack(value) {
  if (typeof value !== "string") return value;
  return value.startsWith("i16:") ? new Int16Array(bytes(value.slice(4)).buffer) : bytes(value.slice(3));
}
export const page = JSON.parse(document.getElementById("data").textContent);
export const said = {}; // one array per column, a value per utterance
for (const [name, values] of Object.entries(page.utterances ?? {})) said[name] = unpack(values);
export const labels = page.labels ?? [];
const c = labels.length;
const NONE = 255;
export const theirs = page.against && { predicted: unpack(page.against.predicted) };
// Colours of Okabe and Ito; the names that the field uses have the same colour in every corpus.
const USUAL = { happy: 0, happiness: 0, joy: 0, sad: 1, sadness: 1, neutral: 2, angry: 3, anger: 3, excited: 4,
  disgust: 4, frustrated: 5, fear: 5, surprise: 6 };
const taken = new Set(labels.map((label) => USUAL[label]));
const free = [0, 1, 3, 4, 5, 6, 7, 2].filter((i) => !taken.has(i));
const colours = labels.map((label) => (Object.hasOwn(USUAL, label) ? USUAL[label] : free.shift() ?? 2));
export const colourOf = (label) => `e${label === NONE ? 8 : colours[label]}`;
export const nameOf = (label) => (label === NONE ? (page.turns ? "no emotion" : "no label") : labels[label]);
export const emotion = (label, note) => el("span", { class: `emotion ${colourOf(label)}` },
  el("i", { "aria-hidden": "true" }), el("bdi", { title: nameOf(label) }, nameOf(label)),
  note && el("span", { class: "soft" }, ` ${note}`));
export const dialogueOf = (row) => page.dialogues[said.dialogue[row] ?? 0];
export const speakerOf = (row) => page.speakers[said.speaker[row]];
export const splitOf = (row) => page.splits[said.split[row]];
export const labelled = (row) => said.actual[row] !== NONE && said.predicted[row] !== NONE;
export const wrong = (row) => labelled(row) && said.actual[row] !== said.predicted[row];
export const differs = (row) => Boolean(theirs) && theirs.predicted[row] !== said.predicted[row];
export const seconds = (row) => said.end[row] - said.start[row];
export const missingOf = (row) => page.modalities.filter((_, i) => said.missing[row] & (1 << i));
export const probability = (row, label) => (label === NONE ? 0 : said.probabilities[row * c + label] / 255);
export const percentOf = (row) => percent(certainty(row), 0);
export const turnOf = (row) => page.turns?.[row]; // what a timeline says of it, see timeline.py
export const certainty = (row) => probability(row, said.predicted[row]);
export const hiddenProbability = (row, i, label) => said.hidden[(i * said.id.length + row) * c + label] / 255;
export const allRows = () => said.id.map((_, row) => row);
export const rowsOf = ({ first, count }) => Array.from({ length: count }, (_, i) => first + i);
// Mistakes first, the most certain on top; then the rest, the least certain on top.
export const byMistake = (a, b) =>
  wrong(b) - wrong(a) || (wrong(a) ? certainty(b) - certainty(a) : certainty(a) - certainty(b)) || a - b;
// [row, weight] of the utterances that the model looked at for this one, the heaviest first.
export function attendedTo(row) {
  if (!said.attended || !said.weights) return [];
  const k = said.attended.length / said.id.length;
  const pairs = Array.from({ length: k }, (_, i) => [said.attended[row * k + i], said.weights[row * k + i] / 255]);
  const { first } = dialogueOf(row);
  const looked = pairs.filter(([at, weight]) => at >= 0 && weight >= 0.005);
  return looked.map(([at, weight]) => [first + at, weight]).sort((a, b) => b[1] - a[1]);
}

export function strip(row) {
  const { embedded, at, frames } = page.strips ?? {};
  const src = !missingOf(row).includes("face") && (embedded ? embedded[row] : at?.replace("{row}", row));
  const alt = `${frames} frames of the face of ${speakerOf(row)}`;
  return src && el("img", { class: "strip", src, alt, loading: "lazy", decoding: "async" });
}
export const link = (row) =>
  `#dialogue/${encodeURIComponent(dialogueOf(row).name)}?u=${encodeURIComponent(said.id[row])}`;
export const listLink = (filters) => `#utterances?${new URLSearchParams(filters)}`;
