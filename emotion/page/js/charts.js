// Two plots: lines over epochs, and how sure the model is against how often it is right.
import { svg } from "./dom.js";
const EDGE = { left: 52, right: 14, top: 12, bottom: 40 };
// Round steps that cut low..high into about four parts.
function ticks([low, high]) {
  const power = 10 ** Math.floor(Math.log10((high - low) / 4 || 1));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= (high - low) / 4) ?? 1;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
}
// Axes and grid; `draw(x, y)` gives what stands in them, x and y being the scales.
function plot({ label, xs, ys, xName, yName, height, draw }) {
  const width = Math.min(620, innerWidth - 72);
  const { left, right, top, bottom } = EDGE;
  const x = (value) => left + ((value - xs[0]) / (xs[1] - xs[0] || 1)) * (width - left - right);
  const y = (value) => height - bottom - ((value - ys[0]) / (ys[1] - ys[0] || 1)) * (height - top - bottom);
  const text = (value, attributes) => svg("text", attributes, String(Number(value.toFixed(3))));
  const middle = { class: "axis", "text-anchor": "middle" };
  const size = { viewBox: `0 0 ${width} ${height}`, width, height };
  return svg("svg", { class: "plot", role: "img", "aria-label": label, ...size },
    ticks(ys).map((value) => [svg("line", { class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) }),
      text(value, { x: left - 8, y: y(value) + 4, "text-anchor": "end" })]),
    ticks(xs).map((value) => text(value, { x: x(value), y: height - bottom + 18, "text-anchor": "middle" })),
    draw(x, y),
    svg("text", { ...middle, x: (left + width - right) / 2, y: height - 5 }, xName),
    svg("text", { ...middle, x: -(top + height - bottom) / 2, y: 12, transform: "rotate(-90)" }, yName));
}

export function linePlot({ label, x: epochs, series, best, yName, ys }) {
  const path = (values, x, y) => values.map((value, i) => `${i ? "L" : "M"}${x(epochs[i])} ${y(value)}`).join("");
  return plot({ label, xs: [epochs[0], epochs.at(-1)], ys, xName: "epoch", yName, height: 220, draw: (x, y) => [
    best && svg("line", { class: "best", x1: x(best), x2: x(best), y1: y(ys[0]), y2: y(ys[1]) }),
    series.map(([, values, line]) => svg("path", { class: `curve ${line}`, d: path(values, x, y) }))] });
}

export function reliabilityPlot(bins) {
  const most = Math.max(...bins.map(([, , count]) => count));
  const mark = (x, y) => ([sure, right, count]) => [
    svg("line", { class: "gap", x1: x(sure), x2: x(sure), y1: y(sure), y2: y(right) }),
    svg("circle", { cx: x(sure), cy: y(right), r: 4 + 8 * Math.sqrt(count / most) },
      svg("title", {}, `${count} utterances: certainty ${sure.toFixed(2)}, right ${right.toFixed(2)}`))];
  return plot({ label: "Share of right predictions against the model's certainty", xs: [0, 1], ys: [0, 1], height: 400,
    xName: "certainty of the model", yName: "share right", draw: (x, y) => [
      svg("line", { class: "ideal", x1: x(0), y1: y(0), x2: x(1), y2: y(1) }), bins.map(mark(x, y))] });
}
