// The legend of live detection with its slider: what lies below the least score the page hides by itself.

import {modelNamed, post} from "./models.js";

const PACE_MS = 120;
const ALL = -1e300;
const NARROW = "(max-width: 640px)";
const plain = (score) => String(Number(score.toPrecision(3)));

export function render({model, el}) {
  const root = document.createElement("div");
  root.className = "live";
  const fold = document.createElement("button");
  fold.type = "button";
  fold.className = "fold";
  const head = document.createElement("div");
  const label = document.createElement("label");
  const words = document.createElement("span");
  const slider = document.createElement("input");
  Object.assign(slider, {type: "range", name: "live-least", min: 0, step: 1, title: "Hide changes below this score"});
  slider.setAttribute("role", "slider");  // by which the page's keys know to leave it alone
  const expected = document.createElement("output");
  const foot = document.createElement("div");
  label.append(words, slider);
  foot.className = "foot";
  root.append(head, label, expected, foot, fold);
  el.append(root);
  let sent = 0;
  let timer = 0;
  let held = false;
  let follow = null;

  // Folded, one line says what the colours mean and leaves the map to the eye; on a phone it begins so.
  const folding = (folded) => {
    root.classList.toggle("folded", folded);
    fold.setAttribute("aria-expanded", String(!folded));
    fold.title = folded ? "Show the legend and the slider" : "Fold the legend";
    fold.setAttribute("aria-label", fold.title);
  };
  fold.addEventListener("click", () => folding(!root.classList.contains("folded")));
  folding(window.matchMedia(NARROW).matches);

  const score = () => model.stops[Number(slider.value)];
  const say = () => {
    words.textContent = `Least score ${score() === undefined ? "" : plain(score())}`;
    expected.textContent = model.expected[Number(slider.value)] ?? "";
    slider.setAttribute("aria-valuetext", `${words.textContent}; ${expected.textContent}`);
  };
  const tell = (final) => {
    clearTimeout(timer);
    sent = performance.now();
    post({type: "review-threshold", score: score(), final});
  };
  // The slider stands where the map is: at the least score that somebody set, else at the layer's own.
  const place = () => {
    label.hidden = expected.hidden = model.stops.length === 0;
    slider.max = Math.max(model.stops.length - 1, 0);
    const set = modelNamed("least-score")?.start ?? ALL;
    const from = set > ALL ? set : (modelNamed("live-floor")?.start ?? ALL);
    if (!held) slider.value = Math.max(model.stops.findLastIndex((stop) => stop <= from * 1.000001), 0);
    say();
  };
  slider.addEventListener("input", () => {
    held = true;
    say();
    modelNamed("least-score")?.setv({start: score()}, {sync: false});
    clearTimeout(timer);
    const wait = PACE_MS - (performance.now() - sent);
    if (wait <= 0) tell(false);
    else timer = setTimeout(() => tell(false), wait);
  });
  slider.addEventListener("change", () => {
    held = false;
    tell(true);
  });
  const legend = () => {
    root.hidden = !model.head;
    // What is open stays open while the words change under it.
    const open = foot.querySelector("details")?.open;
    head.innerHTML = model.head;
    foot.innerHTML = model.foot;
    const details = foot.querySelector("details");
    if (details && open) details.open = true;
    if (!follow && model.head) {
      follow = ["least-score", "live-floor"].map(modelNamed).filter(Boolean);
      for (const each of follow) each.properties.start.change.connect(place);
    }
    place();
  };
  for (const name of ["head", "foot"]) model.on(name, legend);
  for (const name of ["stops", "expected"]) model.on(name, place);
  model.on("remove", () => clearTimeout(timer));
  legend();
}
