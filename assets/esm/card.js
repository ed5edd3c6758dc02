// A card of HTML made by the session. Whatever carries data-say is a control: it sends that message, with the values of
// the named fields around it where it asks for them. Focus and half-written fields survive a new text of the card.

import {post, upload} from "./models.js";

export function render({model, el}) {
  const root = document.createElement("div");
  root.className = "card";
  el.appendChild(root);

  const draw = () => {
    const active = root.getRootNode().activeElement;
    const name = root.contains(active) ? active.getAttribute("name") : null;
    const typed = name && "value" in active ? [active.value, active.selectionStart, active.selectionEnd] : null;
    root.innerHTML = model.html;
    if (!name) return;
    const again = root.querySelector(`[name="${CSS.escape(name)}"]`);
    if (!again) return;
    if (typed && again.tagName !== "SELECT") {
      again.value = typed[0];
      try {
        again.setSelectionRange(typed[1], typed[2]);
      } catch {
        // Not every kind of field has a selection.
      }
    }
    again.focus({preventScroll: true});
  };

  const say = (node, extra = {}) => post({...JSON.parse(node.dataset.say), ...extra});

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
  });
  root.addEventListener("keydown", (event) => {
    const node = event.target;
    if (event.key === "Enter" && node.tagName === "INPUT" && node.type !== "checkbox") node.blur();
  });
  // A picture may say what lies under the pointer.
  root.addEventListener("pointerover", (event) => {
    const node = event.target.closest("[data-hover]");
    if (node) post(JSON.parse(node.dataset.hover));
  });
  root.addEventListener("pointerleave", () => {
    if (model.leave) post(JSON.parse(model.leave));
  });
  model.on("html", draw);
  draw();
}
