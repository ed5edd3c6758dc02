// The head of the review panel: HTML made by the session, and a slider of the least score, which says while it is dragged
// how many false polygons are to be expected and hides on the map what lies below it.

import {modelNamed, post} from "./models.js";
import {rewrite, talk} from "./talk.js";

const PACE_MS = 70;
const STILL_MS = 400;
const ALL = -1e300;
const plain = (score) => String(Number(score.toPrecision(3)));

const made = (tag, parent, name = "") => {
  const node = document.createElement(tag);
  if (name) node.className = name;
  parent.appendChild(node);
  return node;
};

export function render({model, el}) {
  const root = made("div", el, "card");
  const head = made("div", root);
  const least = made("div", root, "least");
  const foot = made("div", root);
  talk(root);

  const label = made("label", least);
  const words = made("span", label);
  const slider = made("input", label);
  Object.assign(slider, {type: "range", name: "least", min: 0, step: 1});
  slider.setAttribute("role", "slider");
  slider.title = "Hide changes below this score";
  const expected = made("output", least);

  let moved = -Infinity;
  let sent = -Infinity;
  let timer = 0;

  const score = () => (Number(slider.value) > 0 ? model.stops[Number(slider.value) - 1] : null);
  const tell = (final) => {
    clearTimeout(timer);
    sent = performance.now();
    post({type: "review-threshold", score: score(), final});
  };
  const say = () => {
    const now = score();
    words.textContent = now === null ? "Least score: all that were found" : `Least score ${plain(now)}`;
    expected.innerHTML = model.expected[Number(slider.value)] ?? "";
    slider.setAttribute("aria-valuetext", `${words.textContent}; ${expected.textContent}`);
  };
  const hide = () => modelNamed("least-score")?.setv({start: score() ?? ALL}, {sync: false});
  slider.addEventListener("input", () => {
    moved = performance.now();
    say();
    hide();
    clearTimeout(timer);
    const wait = PACE_MS - (moved - sent);
    if (wait <= 0) tell(false);
    else timer = setTimeout(() => tell(false), wait);
  });
  slider.addEventListener("change", () => tell(true));

  const place = () => {
    least.hidden = model.stops.length === 0;
    slider.max = model.stops.length;
    if (performance.now() - moved > STILL_MS) slider.value = model.at;
    say();
  };
  const top = () => rewrite(head, model.html);
  const bottom = () => rewrite(foot, model.foot);
  model.on("html", top);
  model.on("foot", bottom);
  for (const name of ["stops", "expected", "at"]) model.on(name, place);
  model.on("remove", () => clearTimeout(timer));
  top();
  bottom();
  place();
}
