// A study: its tables, pictures and paragraphs, as they were written.
import { card, el, soft, table } from "./dom.js";
import { page } from "./data.js";
export const studyView = () => [
  (page.text ?? []).map((words) => el("p", { class: "prose" }, words)),
  (page.tables ?? []).map(({ title, columns, rows, note }) =>
    card(title, table(columns, rows.map((row) => row.map(String)), title), note && soft(note))),
  el("div", { class: "two" }, (page.pictures ?? []).map(({ title, src }) =>
    card(title, el("img", { class: "picture", src, alt: title })))),
];
