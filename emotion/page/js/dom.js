// Making elements. Data become text nodes or attributes, never markup.
function build(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "vars") Object.entries(value).forEach(([key, number]) => node.style.setProperty(key, number));
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...solid(children));
  return node;
}
export const solid = (children) => children.flat(4).filter((child) => child || child === 0);
export const el = (tag, attributes = {}, ...children) => build(document.createElement(tag), attributes, children);
export const svg = (tag, attributes = {}, ...children) =>
  build(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
export const button = (attributes, ...children) => el("button", { type: "button", ...attributes }, children);
export const soft = (...children) => el("p", { class: "soft" }, children);
export const card = (title, ...children) => el("section", { class: "card" }, el("h2", {}, title), children);
export const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)}\u00a0%`;
export const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
export const clock = (seconds, tenths = Math.round(seconds * 10)) => // 75.3 -> "1:15.3"
  `${Math.floor(tenths / 600)}:${((tenths % 600) / 10).toFixed(1).padStart(4, "0")}`;

export function table(columns, rows, label) {
  const cell = (value, i) => el(i ? "td" : "th", i ? {} : { scope: "row" }, value);
  return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label }, el("table", {},
    el("thead", {}, el("tr", {}, columns.map((column) => el("th", { scope: "col" }, column)))),
    el("tbody", {}, rows.map((row) => el("tr", {}, row.map(cell))))));
}
// A thin bar, `share` of its full width; decoration: the number always stands beside it.
export const bar = (share, colour = "") =>
  el("span", { class: `bar ${colour}`, "aria-hidden": "true", vars: { "--v": share } });
// A drop-down list: options are [value, name].
export const choice = (name, options, value, change) => el("label", { class: "field" }, el("span", {}, name),
  el("select", { "aria-label": name, onchange: ({ target }) => change(target.value) }, options.map(([key, text]) =>
    el("option", { value: key, selected: String(key) === String(value) }, text))));
