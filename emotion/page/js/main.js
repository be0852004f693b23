// The page: its bars, and which view the address names.
import { el, solid } from "./dom.js";
import { page } from "./data.js";
import { at } from "./frame.js";
import { closePlayer } from "./player.js";
import { confusionView } from "./confusion.js";
import { dialogueView } from "./dialogue.js";
import { facesView } from "./faces.js";
import { modalitiesView } from "./modalities.js";
import { overviewView } from "./overview.js";
import { studyView } from "./study.js";
import { utterancesView } from "./utterances.js";
const VIEWS = page.kind === "study" ? { overview: ["Study", studyView] }
  : page.kind === "timeline" ? { dialogue: ["Timeline", dialogueView] } : {
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
  const view = Object.hasOwn(VIEWS, asked) ? asked : Object.keys(VIEWS)[0];
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

at("nav").append(...Object.entries(VIEWS).map(([view, [name]]) => el("a", { href: `#${view}` }, name)));
addEventListener("hashchange", show);
addEventListener("keydown", (event) => event.key === "Escape" && closePlayer());
show();
