// What a piece of HTML made by the session does: its controls send messages, and its text is replaced without losing the
// focus, half-written fields and what is folded open.

import {post, upload} from "./models.js";

export function talk(root) {
  const say = (node, extra = {}) => post({...JSON.parse(node.dataset.say), ...extra});
  let pointed = false;

  root.addEventListener("pointerdown", () => (pointed = true));
  root.addEventListener("click", (event) => {
    const copied = event.target.closest("[data-copy]");
    if (copied) {
      const {copy, called} = copied.dataset;
      navigator.clipboard?.writeText(copy).then(() => post({type: "copied", text: called}), () => post({type: "copied", text: ""}));
      return;
    }
    const node = event.target.closest("[data-say]");
    if (!node || /^(INPUT|SELECT|TEXTAREA)$/.test(node.tagName) || node.disabled) return;
    const fields = Object.fromEntries([...root.querySelectorAll("[data-with]")].map((each) => [each.name, each.value]));
    say(node, node.dataset.fields ? {fields} : {});
  });
  root.addEventListener("change", (event) => {
    if (event.target.type === "file") {
      for (const file of event.target.files) upload(file);
      event.target.value = "";
      return;
    }
    const node = event.target.closest("[data-say]");
    if (!node || !/^(INPUT|SELECT|TEXTAREA)$/.test(node.tagName)) return;
    say(node, {name: node.name, value: node.type === "checkbox" ? node.checked : node.value});
    // Keys belong to the map again once the mouse has chosen.
    if (pointed && node.dataset.leave !== undefined) node.blur();
  });
  root.addEventListener("keydown", (event) => {
    pointed = false;
    const node = event.target;
    if (event.key === "Enter" && node.tagName === "INPUT" && node.type !== "checkbox") node.blur();
    if (event.key === "Escape" && node.dataset.leave !== undefined) {
      node.blur();
      event.stopPropagation();
    }
  });
  // A picture may say what lies under the pointer.
  root.addEventListener("pointerover", (event) => {
    const node = event.target.closest("[data-hover]");
    if (node) post(JSON.parse(node.dataset.hover));
  });
}

const FIELDS = "input, select, textarea";
const fieldsOf = (node) => (node.matches?.(FIELDS) ? [node] : [...(node.querySelectorAll?.(FIELDS) ?? [])]);

// What is the same stays the very node it is: a button that is being pressed, a field that is being written in.
function morph(old, now, active) {
  if (old.isEqualNode(now)) {
    const fields = fieldsOf(now);
    fieldsOf(old).forEach((field, at) => {
      if (field === active) return;
      if (field.type === "checkbox") field.checked = fields[at].checked;
      else if (field.type !== "file" && field.value !== fields[at].value) field.value = fields[at].value;
    });
    return;
  }
  const [before, after] = [[...old.childNodes], [...now.childNodes]];
  const alike = old.nodeName === now.nodeName && before.length > 0 && before.length === after.length;
  if (!alike || !old.cloneNode(false).isEqualNode(now.cloneNode(false))) {
    old.replaceWith(now);
    return;
  }
  before.forEach((each, at) => morph(each, after[at], active));
}

export function rewrite(root, html) {
  const active = root.getRootNode().activeElement;
  const name = root.contains(active) ? active.getAttribute("name") : null;
  const typed = name && "value" in active ? [active.value, active.selectionStart, active.selectionEnd] : null;
  const about = name ? active.dataset.about : null;
  const shown = root.querySelector("[data-show]")?.dataset.show;
  const open = new Map([...root.querySelectorAll("details[data-keep]")].map((each) => [each.dataset.keep, each.open]));
  const made = document.createElement("template");
  made.innerHTML = html;
  for (const each of made.content.querySelectorAll("details[data-keep]")) each.open = open.get(each.dataset.keep) ?? each.open;
  const [before, after] = [[...root.childNodes], [...made.content.childNodes]];
  if (before.length === after.length) before.forEach((each, at) => morph(each, after[at], active));
  else root.replaceChildren(...after);
  const now = root.querySelector("[data-show]");
  if (now && now.dataset.show !== shown) now.scrollIntoView({block: "start"});
  if (!name || root.contains(active)) return;
  const again = root.querySelector(`[name="${CSS.escape(name)}"]`);
  // What was typed about one thing is not put into the field of another.
  if (!again || again.dataset.about !== about) return;
  if (typed && again.tagName !== "SELECT") {
    again.value = typed[0];
    try {
      again.setSelectionRange(typed[1], typed[2]);
    } catch {
      // Not every kind of field has a selection.
    }
  }
  again.focus({preventScroll: true});
}
