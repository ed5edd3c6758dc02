// The drawing tools over the map. The session owns the drawing; this shows it, previews what the hand is doing, and
// proposes each finished gesture: a vertex moved, put in, taken out, a stroke drawn. What comes back is what is shown.

import {modelNamed, post, typing} from "./models.js";

const SVG = "http://www.w3.org/2000/svg";
const HIT_PX = 10;
const MOST_HANDLES = 400;
const SNAP_SOURCES = ["note-lines", "note-areas", "frontline"];

const svg = (tag, parent, attributes = {}) => {
  const made = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  parent?.appendChild(made);
  return made;
};

const html = (tag, name, parent, text = "") => {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text;
  parent.appendChild(made);
  return made;
};

// What each button says, shows in its tooltip and asks for; `when` decides whether it is there now.
const BUTTONS = [
  {words: "Point", key: "P", op: {op: "begin", shape: "point"}, when: (m) => !m.shape},
  {words: "Line", key: "O", op: {op: "begin", shape: "line"}, when: (m) => !m.shape},
  {words: "Freehand", op: {op: "begin", shape: "line", freehand: true}, when: (m) => !m.shape},
  {words: "Area", key: "G", op: {op: "begin", shape: "area"}, when: (m) => !m.shape},
  {words: "Text", op: {op: "begin", shape: "text"}, when: (m) => !m.shape},
  {words: "Finish", key: "Enter", op: {op: "finish"}, when: (m, pen) => m.adding && pen.count > 0},
  {words: "Continue", op: {op: "continue"}, when: (m) => m.shape === "line" && !m.adding},
  {words: "Split here", op: {op: "split"}, when: (m, pen) => m.shape === "line" && !m.adding && pen.inner()},
  {words: "Cut across", op: {op: "cut-start"}, when: (m, pen) => m.shape === "area" && !m.adding && pen.count > 2},
  {words: "Join to …", op: {op: "join-start"}, when: (m) => /line|area/.test(m.shape) && !m.adding},
  {words: "Turn round", op: {op: "reverse"}, when: (m) => m.shape === "line" && !m.adding},
  {words: "Delete vertex", key: "Del", op: {op: "remove"}, when: (m, pen) => pen.chosen && !m.adding},
  {words: "Undo", key: "Ctrl+Z", op: {op: "undo"}, when: () => true, able: (m) => m.can_undo},
  {words: "Redo", key: "Ctrl+Shift+Z", op: {op: "redo"}, when: () => true, able: (m) => m.can_redo},
  {words: "Put aside", key: "Esc", op: {op: "aside"}, when: (m) => m.shape},
  {words: "Save", key: "Ctrl+Enter", op: {op: "save"}, main: true, when: (m, pen) => m.shape && pen.count > 0},
];

class Pen {
  constructor(model, el) {
    this.model = model;
    const dock = html("div", "dock", el);
    this.said = html("div", "said", dock);
    this.said.setAttribute("role", "status");
    this.bar = html("div", "tools", dock);
    this.bar.setAttribute("role", "toolbar");
    this.bar.setAttribute("aria-label", "Drawing");
    this.svg = svg("svg", el, {class: "paper"});
    this.join();
  }

  join() {
    this.figure = modelNamed("map");
    if (!this.figure?.inner_width) {
      this.waiting = setTimeout(() => this.join(), 60);
      return;
    }
    const {x_range: x, y_range: y} = this.figure;
    this.redraw = () => this.later();
    for (const signal of [x.properties.start, x.properties.end, y.properties.start, y.properties.end])
      signal.change.connect(this.redraw);
    const names = ["open", "shape", "adding", "stroke", "parts", "others", "problem", "repair", "colour", "can_undo", "can_redo", "measure"];
    for (const name of names) this.model.on(name, () => this.changed(name));
    this.cursor = (event) => this.hover(event.detail.x, event.detail.y);
    this.onKey = (event) => this.key(event);
    window.addEventListener("nightglass:cursor", this.cursor);
    document.addEventListener("keydown", this.onKey);
    this.svg.addEventListener("pointerdown", (event) => this.stroke(event));
    // A finger on a handle drags it; the browser would scroll, and take the finger away as soon as the handle is redrawn.
    const held = (event) => event.target.closest(".vertex, .between, .grip") && event.preventDefault();
    this.svg.addEventListener("touchstart", held, {passive: false});
    this.changed("open");
  }

  leave() {
    clearTimeout(this.waiting);
    const {x_range: x, y_range: y} = this.figure ?? {};
    for (const range of [x, y])
      for (const signal of range ? [range.properties.start, range.properties.end] : []) signal.change.disconnect(this.redraw);
    window.removeEventListener("nightglass:cursor", this.cursor);
    document.removeEventListener("keydown", this.onKey);
  }

  changed(name) {
    if (name === "parts" || name === "shape") {
      this.preview = null;
      if (this.chosen && !this.at(this.chosen)) this.chosen = null;
    }
    if (name === "adding" && this.model.adding) this.chosen = null;
    this.later();
  }

  later() {
    if (this.scheduled) return;
    this.scheduled = requestAnimationFrame(() => {
      this.scheduled = 0;
      this.draw();
    });
  }

  // Places -----------------------------------------------------------------------------------------------------------

  get scale() {
    const {x_range: x, inner_width: w} = this.figure;
    return (x.end - x.start) / w;
  }

  toScreen([x, y]) {
    const {x_range, y_range, inner_height: h} = this.figure;
    return [(x - x_range.start) / this.scale, h - ((y - y_range.start) / (y_range.end - y_range.start)) * h];
  }

  toMap(event) {
    const box = this.svg.getBoundingClientRect();
    const {x_range, y_range, inner_height: h} = this.figure;
    const [px, py] = [event.clientX - box.left, event.clientY - box.top];
    return [x_range.start + px * this.scale, y_range.start + ((h - py) / h) * (y_range.end - y_range.start)];
  }

  at({part, path, index}) {
    return this.model.parts[part]?.[path]?.[index];
  }

  // Whether the chosen vertex is one at which a line can be cut.
  inner() {
    if (!this.chosen) return false;
    const path = this.model.parts[this.chosen.part]?.[this.chosen.path] ?? [];
    return this.chosen.index > 0 && this.chosen.index < path.length - 1;
  }

  // The nearest vertex, else the nearest edge, of what lies on the map; only a preview: the session snaps for itself.
  near(x, y) {
    const reach = HIT_PX * this.scale;
    let best = null;
    const offer = (px, py, bonus) => {
      const distance = Math.hypot(px - x, py - y) - bonus;
      if (Math.hypot(px - x, py - y) <= reach && (!best || distance < best.distance)) best = {x: px, y: py, distance};
    };
    for (const name of SNAP_SOURCES)
      for (const [xs, ys] of this.paths(modelNamed(name)?.data ?? {}))
        for (let i = 0; i < xs.length; i++) {
          if (Math.abs(xs[i] - x) <= reach && Math.abs(ys[i] - y) <= reach) offer(xs[i], ys[i], reach);
          if (!i) continue;
          const [dx, dy] = [xs[i] - xs[i - 1], ys[i] - ys[i - 1]];
          const along = ((x - xs[i - 1]) * dx + (y - ys[i - 1]) * dy) / (dx * dx + dy * dy || 1);
          if (along > 0 && along < 1) offer(xs[i - 1] + along * dx, ys[i - 1] + along * dy, 0);
        }
    return best;
  }

  *paths({xs = [], ys = []}) {
    for (let i = 0; i < xs.length; i++) {
      if (typeof xs[i]?.[0] === "number") yield [xs[i], ys[i]];
      else for (let p = 0; p < (xs[i]?.length ?? 0); p++) for (let r = 0; r < xs[i][p].length; r++) yield [xs[i][p][r], ys[i][p][r]];
    }
  }

  // Drawing ----------------------------------------------------------------------------------------------------------

  draw() {
    const {model} = this;
    this.count = model.parts.reduce((sum, part) => sum + part.reduce((n, path) => n + path.length, 0), 0);
    this.tools();
    this.svg.replaceChildren();
    this.svg.classList.toggle("stroke", Boolean(model.stroke));
    if (!model.shape) return;
    this.svg.style.setProperty("--pen", model.colour);
    for (const part of model.others) this.outline(part, "other");
    (this.preview ?? model.parts).forEach((part, p) => {
      this.outline(part, "drawn");
      part.forEach((path, q) => this.handles(path, p, q));
    });
    if (model.adding && this.mouse) this.rubber();
    if (!model.adding && this.count > 1) this.grip();
    if (this.traced) svg("polyline", this.svg, {class: "traced", points: this.points(this.traced)});
  }

  points(path) {
    return path.map((vertex) => this.toScreen(vertex).join(",")).join(" ");
  }

  outline(part, name) {
    const closed = this.model.shape === "area";
    const d = part.map((path) => (path.length ? `M${this.points(path).replaceAll(" ", "L")}${closed ? "Z" : ""}` : "")).join("");
    svg("path", this.svg, {class: `${name} ${closed ? "area" : "line"}`, d, "fill-rule": "evenodd"});
  }

  handles(path, part, q) {
    const {inner_width: w, inner_height: h} = this.figure;
    const seen = path.map((vertex, index) => [...this.toScreen(vertex), index]).filter(([x, y]) => x > -20 && y > -20 && x < w + 20 && y < h + 20);
    if (seen.length > MOST_HANDLES) return;
    const closed = this.model.shape === "area";
    if (!this.model.adding && this.model.shape !== "point")
      for (const [x, y, index] of seen) {
        const next = path[index + 1] ?? (closed && path.length > 2 ? path[0] : null);
        if (!next) continue;
        const [nx, ny] = this.toScreen(next);
        if (Math.hypot(nx - x, ny - y) > 28)
          this.handle("between", (x + nx) / 2, (y + ny) / 2, {part, path: q, index: index + 1}, "insert", "Drag to put a vertex in");
      }
    for (const [x, y, index] of seen)
      this.handle("vertex", x, y, {part, path: q, index}, "move", `Vertex ${index + 1} of ${path.length}: drag or arrow keys move it, Delete takes it out`);
  }

  handle(name, x, y, where, op, words) {
    const group = svg("g", this.svg, {class: name, tabindex: name === "vertex" ? "0" : "-1", role: "button", "aria-label": words});
    svg("circle", group, {class: "hit", cx: x, cy: y, r: HIT_PX});
    svg("circle", group, {class: "dot", cx: x, cy: y, r: name === "vertex" ? 5 : 3.5});
    svg("title", group).textContent = words;
    const same = this.chosen && name === "vertex" && ["part", "path", "index"].every((key) => this.chosen[key] === where[key]);
    group.classList.toggle("chosen", Boolean(same));
    group.addEventListener("pointerdown", (event) => this.grab(event, where, op));
    if (name === "vertex") group.addEventListener("keydown", (event) => this.nudge(event, where));
    if (same && this.focused) group.focus({preventScroll: true});
  }

  grip() {
    const all = this.model.parts.flat(2).map((vertex) => this.toScreen(vertex));
    const [xs, ys] = [all.map(([x]) => x), all.map(([, y]) => y)];
    const [x, y] = [Math.max(...xs) + 18, Math.min(...ys) - 18];
    const group = svg("g", this.svg, {class: "grip", role: "button", "aria-label": "Drag to move the whole drawing"});
    svg("rect", group, {x: x - 10, y: y - 10, width: 20, height: 20, rx: 4});
    svg("text", group, {x, y: y + 4}).textContent = "✥";
    svg("title", group).textContent = "Drag to move the whole drawing";
    group.addEventListener("pointerdown", (event) => this.carry(event));
  }

  rubber() {
    const paths = this.model.parts.at(-1) ?? [];
    const path = paths.at(-1) ?? [];
    const snapped = this.near(...this.mouse);
    const to = snapped ? [snapped.x, snapped.y] : this.mouse;
    if (path.length && this.model.shape !== "point") {
      const ends = this.model.shape === "area" && path.length > 1 ? [path.at(-1), to, path[0]] : [path.at(-1), to];
      svg("polyline", this.svg, {class: "rubber", points: this.points(ends)});
    }
    if (snapped) {
      const [x, y] = this.toScreen(to);
      svg("circle", this.svg, {class: "snap", cx: x, cy: y, r: 7});
    }
  }

  hover(x, y) {
    if (!this.model.shape) return;
    this.mouse = [x, y];
    if (this.model.adding) this.later();
  }

  // Gestures ---------------------------------------------------------------------------------------------------------

  follow(event, moved, ended) {
    event.preventDefault();
    event.stopPropagation();
    const move = (next) => moved(this.toMap(next));
    const leave = () => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", end);
      window.removeEventListener("pointercancel", cancel);
    };
    const end = (next) => {
      leave();
      ended(this.toMap(next));
    };
    // Taken away by the browser, for a scroll or a call: it lies nowhere, so nothing was meant by it.
    const cancel = () => {
      leave();
      this.preview = this.traced = null;
      this.later();
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", end);
    window.addEventListener("pointercancel", cancel);
  }

  grab(event, where, op) {
    const start = this.toMap(event);
    this.focused = true;
    const put = ([x, y]) => {
      const snapped = this.near(x, y);
      const spot = snapped && !this.own(snapped) ? [snapped.x, snapped.y] : [x, y];
      const parts = structuredClone(this.model.parts);
      parts[where.part][where.path].splice(where.index, op === "move" ? 1 : 0, spot);
      this.preview = parts;
      this.later();
    };
    this.follow(event, put, ([x, y]) => {
      const moved = Math.hypot(x - start[0], y - start[1]) > 2 * this.scale;
      if (moved) this.say({op, ...where, x, y});
      // While the first vertex of an area is clicked the ring is complete; the last one of a line ends it.
      else if (this.model.adding) this.say({op: "finish"});
      this.chosen = this.model.adding ? null : where;
      if (!moved) this.later();
    });
  }

  own(spot) {
    return this.model.parts.flat(2).some(([x, y]) => Math.abs(x - spot.x) < 1e-6 && Math.abs(y - spot.y) < 1e-6);
  }

  nudge(event, where) {
    const by = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}[event.key];
    if (!by) return;
    const [x, y] = this.at(where);
    const step = this.scale * (event.shiftKey ? 10 : 1);
    this.chosen = where;
    this.focused = true;
    this.say({op: "move", ...where, x: x + by[0] * step, y: y + by[1] * step, exact: true});
    event.preventDefault();
    event.stopPropagation();
  }

  carry(event) {
    const start = this.toMap(event);
    const by = ([x, y]) => [x - start[0], y - start[1]];
    const move = (to) => {
      const [dx, dy] = by(to);
      this.preview = this.model.parts.map((part) => part.map((path) => path.map(([x, y]) => [x + dx, y + dy])));
      this.later();
    };
    this.follow(event, move, (to) => {
      const [dx, dy] = by(to);
      this.say({op: "shift", dx, dy});
    });
  }

  stroke(event) {
    if (!this.model.stroke) return;
    this.traced = [this.toMap(event)];
    const add = (spot) => {
      const [last] = this.traced.slice(-1);
      if (Math.hypot(spot[0] - last[0], spot[1] - last[1]) > 2 * this.scale) this.traced.push(spot);
      this.later();
    };
    this.follow(event, add, () => {
      const path = this.traced;
      this.traced = null;
      if (path.length > 1) this.say({op: this.model.stroke, path});
    });
  }

  key(event) {
    if (typing(event) || !this.model.shape || this.model.adding) return;
    if (this.chosen && /^(Delete|Backspace)$/.test(event.key)) {
      this.say({op: "remove", ...this.chosen});
      this.chosen = null;
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }

  say(message) {
    post({type: "pen", ...message, scale: this.scale});
  }

  // Toolbar ----------------------------------------------------------------------------------------------------------

  tools() {
    const {model} = this;
    this.bar.hidden = !model.open && !model.shape;
    this.said.hidden = !model.shape;
    const wanted = BUTTONS.filter((button) => button.when(model, this));
    const key = wanted.map((button) => button.words).join() + model.can_undo + model.can_redo + model.repair;
    if (key !== this.built) {
      this.built = key;
      this.bar.replaceChildren();
      for (const button of wanted) this.button(button);
      if (model.repair) this.button({words: model.repair, op: {op: "repair"}, main: true});
    }
    this.said.textContent = model.problem || model.measure;
    this.said.classList.toggle("problem", Boolean(model.problem));
  }

  button({words, key, op, main, able}) {
    const made = html("button", main ? "main" : "", this.bar, words);
    made.type = "button";
    made.title = key ? `${words} (${key})` : words;
    made.disabled = able ? !able(this.model) : false;
    made.onclick = () => {
      const place = /^(split|remove)$/.test(op.op) ? this.chosen : op.op === "continue" ? {start: this.chosen?.index === 0} : {};
      this.say({...op, ...place});
    };
  }
}

export function render({model, el}) {
  const pen = new Pen(model, el);
  model.on("remove", () => pen.leave());
}
