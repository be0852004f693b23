// Sound and video: where an utterance's are, playing a part of them, and the small player in the corner.
import { button, el } from "./dom.js";
import { dialogueOf, emotion, link, page, said, speakerOf } from "./data.js";
const blobs = new Map(); // a data: source -> the address of its blob, which can be sought in whatever its size
function address(source) {
  if (!source.startsWith("data:")) return source;
  if (!blobs.has(source)) {
    const [head, body] = source.split(",", 2);
    const data = Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0));
    blobs.set(source, URL.createObjectURL(new Blob([data], { type: head.slice(5).split(";")[0] })));
  }
  return blobs.get(source);
}

export function mediaOf(row) {
  const { clips, media, sound } = dialogueOf(row);
  if (page.media.mode === "none") return null;
  const source = clips ? page.media.mode === "url" && `media/u${row}.mp4` : media ?? sound;
  const part = clips ? { from: 0, to: Infinity } : { from: said.start[row], to: said.end[row] };
  return source ? { source, video: Boolean(clips || media), ...part } : null;
}

export function mediaElement({ source, video }, label) {
  const node = el(video ? "video" : "audio", { controls: true, preload: "auto", playsinline: true, "aria-label": label,
    src: address(source) });
  node.addEventListener("loadedmetadata", () => node.classList.toggle("noimage", video && !node.videoWidth));
  return node;
}
export const seek = (node, currentTime, stopAt = Infinity) => Object.assign(node, { currentTime, stopAt });
export function playPart(node, { from, to }) {
  seek(node, from, to);
  node.play().catch(() => {}); // another row was clicked before this one began
}
// Calls `tell(time)` whenever the time moved, for as long as the player is on the page, and stops it at the part's end.
export function follow(node, tell = () => {}) {
  let last = -1;
  function look() {
    if (!node.isConnected) return node.pause();
    if (node.currentTime >= node.stopAt) {
      node.stopAt = Infinity;
      node.pause();
    }
    if (node.currentTime !== last) tell((last = node.currentTime));
    return requestAnimationFrame(look);
  }
  requestAnimationFrame(look);
}
export const closePlayer = () => document.getElementById("player").replaceChildren();
export function openPlayer(row) {
  const media = mediaOf(row);
  const node = mediaElement(media, `${speakerOf(row)}: ${said.text[row]}`);
  document.getElementById("player").replaceChildren(
    el("div", { class: "line" }, el("span", { class: "soft" }, "actual"), emotion(said.actual[row]),
      el("span", { class: "soft" }, "predicted"), emotion(said.predicted[row]),
      button({ class: "quiet close", "aria-label": "Close the player", onclick: closePlayer }, "✕")),
    node,
    el("p", { dir: "auto" }, said.text[row]),
    el("div", { class: "line" }, button({ onclick: () => playPart(node, media) }, "▶ Again"),
      el("a", { href: link(row) }, "Show in its dialogue")));
  follow(node);
  playPart(node, media);
}

export function playButton(row, play = openPlayer) {
  const onclick = (event) => event.stopPropagation() ?? play(row);
  return mediaOf(row) && button({ class: "play", "aria-label": `Play ${said.id[row]}`, onclick }, "▶");
}
