// What belongs to the page and not to one panel: keys, the address, dropped files, the clipboard.

import {post, typing, upload} from "./models.js";

const PLAIN = {
  " ": "play", x: "exchange", f: "fade", j: "next-change", k: "previous-change", s: "swipe", n: "note", d: "draw",
  c: "copy", "/": "go-to", t: "series", r: "grid", "?": "keys", Home: "first", End: "last",
  ArrowRight: "next", ArrowLeft: "previous", p: "draw-point", o: "draw-line", g: "draw-area", Enter: "finish",
  Backspace: "take-back", ",": "front-earlier", ".": "front-later", 1: "verdict-1", 2: "verdict-2", 3: "verdict-3", 4: "verdict-4", 5: "verdict-5",
};
const SHIFTED = {ArrowRight: "next-in-stack", ArrowLeft: "previous-in-stack", "?": "keys"};
const CONTROL = {e: "brief", z: "undo", y: "redo", Enter: "save"};
const CONTROL_SHIFTED = {z: "redo"};
const LIMIT = 64 * 2 ** 20;

function action(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.altKey || event.metaKey) return null;
  if (event.ctrlKey) return (event.shiftKey ? CONTROL_SHIFTED[key] : CONTROL[key]) ?? null;
  if (typing(event)) return null;
  return event.shiftKey ? (SHIFTED[key] ?? null) : (PLAIN[key] ?? null);
}

// Text boxes lie behind several shadow roots.
function box(wanted, root = document) {
  for (const node of root.querySelectorAll("*")) {
    if (node.tagName === "INPUT" && wanted(node)) return node;
    const inside = node.shadowRoot && box(wanted, node.shadowRoot);
    if (inside) return inside;
  }
  return null;
}
const isGoTo = (node) => node.placeholder?.startsWith("Place, MGRS");
const isNote = (node) => node.name === "review-note" && node.checkVisibility();
const TRIES = 20;

// The note's field is there once the session has brought its tab to the front, any other once the page is complete.
function write(wanted, tries = TRIES) {
  const found = box(wanted);
  if (found) found.focus();
  else if (tries > 0) setTimeout(() => write(wanted, tries - 1), 50);
}

export function render({model, el}) {
  el.style.display = "none";

  const pressed = (event) => {
    if (event.key === "Escape") {
      post({type: "key", action: "escape"});
      return;
    }
    // Arrows, Home and End belong to whatever widget has the focus when that widget uses them.
    const role = event.composedPath()[0]?.getAttribute?.("role") ?? "";
    if (/^(slider|option|menuitem|combobox)$/.test(role) && /^(Arrow|Home$|End$)/.test(event.key)) return;
    const wanted = action(event);
    if (!wanted) return;
    // Space and Enter press the button that has the focus; a row of a table takes Enter too.
    const pressing = /^(BUTTON|A|TR)$/.test(event.composedPath()[0]?.tagName ?? "") || role === "tab";
    if (pressing && /^(play|finish)$/.test(wanted)) return;
    event.preventDefault();
    if (wanted === "go-to") {
      write(isGoTo);
      return;
    }
    if (wanted === "note") write(isNote);
    if (wanted === "copy") {
      const text = window.nightglassCursor?.mgrs;
      if (text) navigator.clipboard?.writeText(text).then(() => post({type: "copied", text}), () => post({type: "copied", text: ""}));
      return;
    }
    if (event.repeat && !/^(next|previous|undo|redo|front-)/.test(wanted)) return;
    const cursor = window.nightglassCursor ?? null;
    post({type: "key", action: wanted, cursor, at: performance.now()});
  };

  const address = () => {
    const url = new URL(window.location.href);
    if (url.searchParams.get("v") === model.token) return;
    url.searchParams.set("v", model.token);
    window.history.replaceState(null, "", url);
  };

  const over = (event) => {
    if (event.dataTransfer?.types?.includes("Files")) event.preventDefault();
  };
  const dropped = async (event) => {
    const file = event.dataTransfer?.files?.[0];
    if (!file) return;
    event.preventDefault();
    if (/\.(geojson|json|kml|kmz|gpkg)$/i.test(file.name)) {
      await upload(file);
      return;
    }
    if (file.size > LIMIT) {
      post({type: "refused", why: `${file.name} has ${Math.round(file.size / 2 ** 20)} MB; at most 64 MB are read.`});
      return;
    }
    const answer = await fetch("reopen", {method: "POST", body: await file.arrayBuffer()});
    const found = await answer.json();
    post(found.token ? {type: "token", token: found.token, name: file.name} : {type: "refused", why: found.error});
  };

  const hovered = (event) => post({type: "hover", id: event.detail.id});
  const stepped = (event) => post({type: "front-step", ...event.detail});

  model.on("token", () => model.token && address());
  model.on("open", () => model.open && window.open(model.open, "_blank", "noopener"));
  document.addEventListener("keydown", pressed);
  window.addEventListener("nightglass:hover", hovered);
  window.addEventListener("nightglass:step", stepped);
  window.addEventListener("dragover", over);
  window.addEventListener("drop", dropped);
  model.on("remove", () => {
    document.removeEventListener("keydown", pressed);
    window.removeEventListener("nightglass:hover", hovered);
    window.removeEventListener("nightglass:step", stepped);
    window.removeEventListener("dragover", over);
    window.removeEventListener("drop", dropped);
  });
  if (model.token) address();

  // What was pressed before there was a session.
  window.dispatchEvent(new Event("nightglass:desk"));
  for (const event of window.nightglassKeys?.splice(0) ?? []) pressed(event);
}
