// Trying a clip: a file or what the microphone hears goes to the server, and in the end there is a timeline.
import { button, card, choice, clock, el } from "./dom.js";
import { page } from "./data.js";
import { at } from "./frame.js";
const rows = new Map(); // number of a clip -> its row
const list = el("ul", { class: "turns" });
const most = Math.round(page.limit / 1e6);
const trouble = el("p", { role: "alert", class: "bad" });
let [speakers, newest] = ["", 0];

function row({ id, name }) {
  const [said, bar] = [el("span", { role: "status" }), el("progress", { "aria-label": `Progress of ${name}` })];
  const open = el("a", { href: `clips/${id}/` }, "Open the timeline");
  const forget = () => ask(`clips/${id}`, { method: "DELETE" }).then(look);
  const away = button({ "aria-description": name, onclick: forget });
  const node = el("li", { class: "line clip" },
    el("div", { class: "spring" }, el("bdi", { class: "who" }, name), " ", said), bar, open, away);
  function show(clip) {
    const over = ["done", "failed"].includes(clip.state);
    if (said.textContent !== clip.said) said.textContent = clip.said;
    said.classList.toggle("bad", clip.state === "failed");
    [bar.hidden, open.hidden, away.textContent] = [over, clip.state !== "done", over ? "Remove" : "Cancel"];
    if (clip.share === null) bar.removeAttribute("value");
    else bar.value = clip.share;
    if (clip.state === "done" && id === newest) location.assign(open.href);
  }
  return { node, show };
}
// What the server says; what it refuses stands under the form.
async function ask(address, options) {
  const answer = await fetch(address, options).catch(() => null);
  trouble.textContent = answer?.ok ? "" : (await answer?.text()) ?? "The server has ended: start it again.";
  return answer?.ok ? answer : null;
}
let waiting = 0;
async function look() {
  clearTimeout(waiting);
  const clips = (await (await fetch("clips").catch(() => null))?.json()) ?? [];
  for (const id of [...rows.keys()].filter((key) => !clips.some((clip) => clip.id === key))) {
    rows.get(id).node.remove();
    rows.delete(id);
  }
  for (const clip of clips.toReversed()) {
    if (!rows.has(clip.id)) list.prepend(rows.set(clip.id, row(clip)).get(clip.id).node);
    rows.get(clip.id).show(clip);
  }
  if (clips.some(({ state }) => !["done", "failed"].includes(state))) waiting = setTimeout(look, 300);
}

async function send(file, name) {
  if (file.size > page.limit) {
    trouble.textContent = `${name} is larger than ${most} MB.`;
    return;
  }
  const coming = ask(`clips?${new URLSearchParams({ name, speakers })}`, { method: "POST", body: file });
  look();
  newest = (await (await coming)?.json())?.id ?? newest;
  look();
}

async function record({ currentTarget: pressed }) {
  if (pressed.recorder) return pressed.recorder.stop();
  const stream = await navigator.mediaDevices?.getUserMedia({ audio: true }).catch(() => null);
  if (!stream) return void (trouble.textContent = "No microphone: there is none, or the browser may not use it.");
  const recorder = Object.assign(new MediaRecorder(stream), { parts: [], began: Date.now() });
  const seconds = () => (Date.now() - recorder.began) / 1000;
  const told = setInterval(() => (pressed.textContent = `■ Stop (${clock(seconds())})`), 100);
  recorder.addEventListener("dataavailable", ({ data }) => recorder.parts.push(data));
  recorder.addEventListener("stop", () => {
    clearInterval(told);
    stream.getTracks().forEach((track) => track.stop());
    [pressed.recorder, pressed.textContent] = [null, "● Record"];
    send(new Blob(recorder.parts), `microphone.${recorder.mimeType.includes("mp4") ? "mp4" : "webm"}`);
  });
  recorder.start();
  pressed.recorder = recorder;
}

const file = el("input", { type: "file", id: "file", accept: "audio/*,video/*,.mkv,.flac", "aria-label": "A recording",
  onchange: () => Promise.all([...file.files].map((one) => send(one, one.name))).then(() => (file.value = "")) });
const speaking = choice("Speakers", ["", 1, 2, 3, 4, 5, 6].map((count) => [count, count || "as it seems"]), "",
  (count) => (speakers = count));
const facts = ({ title, rows: lines }) => card(title, el("dl", { class: "facts" },
  lines.map(([name, what]) => [el("dt", {}, name), el("dd", {}, what)])));
at("main").replaceChildren(el("h2", {}, "Try a clip"),
  el("p", { class: "prose" }, "A recording of people talking goes in. Out comes who said what, when, and what a turn ",
    el("strong", {}, "looks and sounds most like"), ". It is not for decisions about people."),
  el("div", { class: "card" }, el("div", { class: "filters" }, el("label", { class: "field grow" }, el("span", {},
    `A file, at most ${most} MB`), file), speaking, button({ onclick: record }, "● Record")), trouble),
  list, el("div", { class: "cards" }, page.about.map(facts)));
look();
