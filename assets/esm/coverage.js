// The legend of the coverage layer, and what it says of the ground under the pointer once that is still.

import {modelNamed, post} from "./models.js";

const STILL_MS = 90;
const AWAY_PX = 14;

export function render({model, el}) {
  const box = document.createElement("div");
  box.className = "legend";
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.setAttribute("role", "status");
  el.append(box, tip);
  let at = null;
  let asked = null;
  let waiting = 0;

  const place = ([x, y]) => {
    const figure = modelNamed("map");
    const {x_range: across, y_range: up, inner_width: width, inner_height: height} = figure;
    return [((x - across.start) / (across.end - across.start)) * width, ((up.end - y) / (up.end - up.start)) * height, width, height];
  };
  const leave = () => {
    clearTimeout(waiting);
    tip.hidden = true;
    if (asked) post({type: "coverage-leave"});
    asked = null;
  };
  const moved = (event) => {
    at = [event.detail.x, event.detail.y];
    if (!model.legend) return;
    clearTimeout(waiting);
    if (asked && !tip.hidden) {
      const [x, y] = place(at);
      const [ox, oy] = place(asked);
      if (Math.hypot(x - ox, y - oy) > AWAY_PX) tip.hidden = true;
    }
    waiting = setTimeout(() => {
      asked = at;
      post({type: "coverage-at", x: at[0], y: at[1]});
    }, STILL_MS);
  };
  const legend = () => {
    box.innerHTML = model.legend;
    box.hidden = !model.legend;
    if (!model.legend) leave();
  };
  const say = () => {
    tip.innerHTML = model.tip;
    tip.hidden = !model.tip || !asked;
    if (tip.hidden) return;
    const [x, y, width, height] = place(asked);
    // Beside the pointer, on the side with room.
    tip.style.left = x < width * 0.6 ? `${x + 14}px` : "";
    tip.style.right = x < width * 0.6 ? "" : `${width - x + 14}px`;
    tip.style.top = y < height * 0.6 ? `${y + 14}px` : "";
    tip.style.bottom = y < height * 0.6 ? "" : `${height - y + 14}px`;
  };

  const out = (event) => !event.relatedTarget && leave();
  model.on("legend", legend);
  model.on("tip", say);
  window.addEventListener("nightglass:cursor", moved);
  document.addEventListener("pointerout", out);
  model.on("remove", () => {
    clearTimeout(waiting);
    window.removeEventListener("nightglass:cursor", moved);
    document.removeEventListener("pointerout", out);
  });
  legend();
  say();
}
