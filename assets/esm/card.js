// A card of HTML made by the session. Whatever carries data-say is a control: it sends that message, with the values of
// the named fields around it where it asks for them. Focus and half-written fields survive a new text of the card.

import {post} from "./models.js";
import {rewrite, talk} from "./talk.js";

export function render({model, el}) {
  const root = document.createElement("div");
  root.className = "card";
  el.appendChild(root);
  talk(root);
  root.addEventListener("pointerleave", () => {
    if (model.leave) post(JSON.parse(model.leave));
  });
  const draw = () => rewrite(root, model.html);
  model.on("html", draw);
  draw();
}
