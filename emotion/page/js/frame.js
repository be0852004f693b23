// What is around every page: its bars, its notes, and whether it is dark.
import { el } from "./dom.js";
import { page } from "./data.js";
export const at = (id) => document.getElementById(id);
function theme(name) {
  document.documentElement.dataset.theme = name;
  at("theme").textContent = name === "dark" ? "☀ Light" : "☾ Dark";
  dispatchEvent(new Event("themed"));
}
at("title").textContent = page.title;
at("footer").textContent = page.footer ?? "";
at("notes").append(...(page.notes ?? []).map((note) => el("p", { class: "note" }, note)));
at("skip").addEventListener("click", () => at("main").focus());
at("theme").addEventListener("click", ({ target }) => theme(target.textContent.includes("Dark") ? "dark" : "light"));
theme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
