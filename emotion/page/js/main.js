// The page: its bars, and which view the address names.
import { el, solid } from "./dom.js";
import { page } from "./data.js";
import { closePlayer } from "./player.js";
import { confusionView } from "./confusion.js";
import { dialogueView } from "./dialogue.js";
import { facesView } from "./faces.js";
import { modalitiesView } from "./modalities.js";
import { overviewView } from "./overview.js";
import { studyView } from "./study.js";
import { utterancesView } from "./utterances.js";
const at = (id) => document.getElementById(id);
const VIEWS = page.kind === "study" ? { overview: ["Study", studyView] } : {
  overview: ["Overview", overviewView],
  confusion: ["Confusion", confusionView],
  utterances: ["Utterances", utterancesView],
  dialogue: ["Dialogue", dialogueView],
  ...(page.faces?.length && { faces: ["Faces", facesView] }),
  ...(Object.keys(page.maps ?? {}).length && { modalities: ["Modalities", modalitiesView] }),
};
// "#dialogue/NAME?u=ID": the view, its name and its parameters.
let moved = false;
function show() {
  const [path, query] = location.hash.slice(1).split("?", 2);
  const [asked, name] = path.split("/", 2);
  const view = Object.hasOwn(VIEWS, asked) ? asked : "overview";
  closePlayer();
  for (const link of at("nav").children) link.ariaCurrent = link.hash === `#${view}` ? "page" : null;
  document.title = `${VIEWS[view][0]} · ${page.title}`;
  at("main").dataset.view = view;
  scrollTo(0, 0);
  const params = Object.fromEntries(new URLSearchParams(query));
  at("main").replaceChildren(...solid([VIEWS[view][1](params, name && decodeURIComponent(name))]));
  if (moved) at("main").focus({ preventScroll: true });
  moved = true;
}

function theme(name) {
  document.documentElement.dataset.theme = name;
  at("theme").textContent = name === "dark" ? "☀ Light" : "☾ Dark";
  dispatchEvent(new Event("themed"));
}

at("title").textContent = page.title;
at("footer").textContent = page.footer ?? "";
at("notes").append(...(page.notes ?? []).map((note) => el("p", { class: "note" }, note)));
at("nav").append(...Object.entries(VIEWS).map(([view, [name]]) => el("a", { href: `#${view}` }, name)));
at("skip").addEventListener("click", () => at("main").focus());
at("theme").addEventListener("click", ({ target }) => theme(target.textContent.includes("Dark") ? "dark" : "light"));
theme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
addEventListener("hashchange", show);
addEventListener("keydown", (event) => event.key === "Escape" && closePlayer());
show();
