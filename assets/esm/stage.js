// The client half of the map. It owns what must not wait for the server: which part of A and B is seen (swipe, blink,
// composites), the swipe line, the scale bar, the read-out under the cursor, and the shape of the visible extent.
// It tells the server when a pan, zoom or resize has ended, where the line was left and which frame was drawn.

import {bytesOf, colourTable, greys, paint, swipe, table, twoColour} from "./compose.js";
import {modelNamed, post, typing} from "./models.js";
import {decimal, groundScale, lonlat, mgrs} from "./position.js";

const SETTLE_MS = 90;
const BAR_PX = 150;
const PARTS = ["a", "b", "ratio"];

const element = (tag, name, parent, attributes = {}) => {
  const made = document.createElement(tag);
  made.className = name;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  parent.appendChild(made);
  return made;
};

class Stage {
  constructor(model, el) {
    this.model = model;
    this.blinkB = true;
    this.frames = {};
    this.build(el);
    this.join();
  }

  build(el) {
    const root = (this.root = element("div", "overlay", el));
    this.bar = element("div", "busy", root, {role: "progressbar", "aria-label": "Imagery is loading"});
    const corner = element("div", "corner", root);
    this.chips = element("div", "chips", corner);
    this.badge = element("div", "badge", corner, {role: "status"});
    this.clock = element("div", "clock", corner, {role: "status"});
    this.word = element("div", "word", root, {role: "status", "aria-live": "polite"});
    this.foot = element("div", "foot", root);
    this.readout = element("div", "readout", this.foot);
    this.scale = element("div", "scale", this.foot);
    this.looks = element("div", "looks", root);
    this.line = element("div", "swipe", root, {
      role: "slider", tabindex: "0", "aria-label": "Swipe line: A left, B right ([ and ] move it)",
      "aria-valuemin": "0", "aria-valuemax": "100", title: "Drag, or [ and ]",
    });
    element("span", "flag-a", this.line).textContent = "A";
    element("span", "grip", this.line);
    element("span", "flag-b", this.line).textContent = "B";
    this.drag();
  }

  // The figure and its sources arrive with the document, perhaps after this element.
  join() {
    this.figure = modelNamed("map");
    this.picture = modelNamed("picture");
    this.transports = {a: modelNamed("frame-a"), b: modelNamed("frame-b"), ratio: modelNamed("frame-ratio")};
    this.shown = modelNamed("frame-shown");
    const parts = [this.figure, this.picture, this.shown, ...Object.values(this.transports)];
    if (parts.some((part) => !part) || !this.figure.inner_width) {
      this.waiting = setTimeout(() => this.join(), 40);
      return;
    }
    const {x_range: x, y_range: y} = this.figure;
    for (const signal of [x.properties.start, x.properties.end, y.properties.start, y.properties.end])
      signal.change.connect(() => this.moved());
    for (const signal of [this.figure.properties.inner_width, this.figure.properties.inner_height])
      signal.change.connect(() => this.fit());
    for (const [name, source] of Object.entries(this.transports))
      source.properties.data.change.connect(() => this.received(name));
    this.model.on("extent", () => this.goTo(this.model.extent));
    this.shown.properties.data.change.connect(() => this.compose());
    for (const name of ["mode", "opacity", "split", "imagery_on"]) this.model.on(name, () => this.compose());
    for (const name of ["chips", "badge", "clock", "word", "looks", "busy"]) this.model.on(name, () => this.labels());
    this.fronts = modelNamed("front-frame");
    this.fronts.properties.data.change.connect(() => this.front());
    this.front();
    this.cursor = (event) => this.pointed(event.detail.x, event.detail.y);
    this.onKeyDown = (event) => this.key(event, true);
    this.onKeyUp = (event) => this.key(event, false);
    // A hand that lets go has come to its place: nothing is gained by waiting whether it moves on.
    this.onLetGo = () => this.settling && setTimeout(() => this.settling && this.tell(), 0);
    window.addEventListener("nightglass:cursor", this.cursor);
    document.addEventListener("keydown", this.onKeyDown);
    document.addEventListener("keyup", this.onKeyUp);
    document.addEventListener("pointerup", this.onLetGo, true);
    this.labels();
    this.goTo(this.model.extent);
    for (const name of Object.keys(this.transports)) this.received(name);
  }

  leave() {
    clearTimeout(this.waiting);
    clearTimeout(this.settling);
    clearInterval(this.blinking);
    window.removeEventListener("nightglass:cursor", this.cursor);
    document.removeEventListener("keydown", this.onKeyDown);
    document.removeEventListener("keyup", this.onKeyUp);
    document.removeEventListener("pointerup", this.onLetGo, true);
  }

  // Extent -----------------------------------------------------------------------------------------------------------

  goTo([x0, y0, x1, y1]) {
    const {inner_width: w, inner_height: h} = this.figure;
    const scale = Math.max((x1 - x0) / w, (y1 - y0) / h);
    const exact = Math.abs((x1 - x0) / w - (y1 - y0) / h) < 1e-9 * scale;
    const [cx, cy] = [(x0 + x1) / 2, (y0 + y1) / 2];
    const box = exact ? [x0, y0, x1, y1] : [cx - (scale * w) / 2, cy - (scale * h) / 2, cx + (scale * w) / 2, cy + (scale * h) / 2];
    this.figure.x_range.setv({start: box[0], end: box[2]});
    this.figure.y_range.setv({start: box[1], end: box[3]});
    this.tell();
  }

  // Another size of the map: same centre and scale, so the ground does not jump.
  fit() {
    const {x_range: x, y_range: y, inner_width: w, inner_height: h} = this.figure;
    if (!w || !h) return;
    const scale = this.metresPerPixel ?? (x.end - x.start) / w;
    const [cx, cy] = [(x.start + x.end) / 2, (y.start + y.end) / 2];
    x.setv({start: cx - (scale * w) / 2, end: cx + (scale * w) / 2});
    y.setv({start: cy - (scale * h) / 2, end: cy + (scale * h) / 2});
    this.moved();
  }

  // A wheel has stopped when it has been still for a while; a hand that lets go of the map says so.
  moved() {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.tell(), SETTLE_MS);
    this.compose();
    this.rule();
  }

  tell() {
    clearTimeout(this.settling);
    this.settling = 0;
    const {x_range: x, y_range: y, inner_width: w, inner_height: h} = this.figure;
    this.metresPerPixel = (x.end - x.start) / w;
    this.rule();
    const {innerWidth: page} = window;
    post({type: "viewport", x0: x.start, y0: y.start, x1: x.end, y1: y.end, width: w, height: h, page});
  }

  // Frames -----------------------------------------------------------------------------------------------------------

  received(name) {
    const data = this.transports[name].data;
    const levels = data.levels?.[0];
    if (!levels) return;
    const [height, width] = levels.shape;
    this.frames[name] = {
      stamp: data.stamp[0], levels: bytesOf(levels), width, height,
      x: data.x[0], y: data.y[0], dw: data.dw[0], dh: data.dh[0],
    };
    this.compose();
  }

  // The layers of a front arrive together and are put on the map in one turn: no day's line on another day's ground.
  front() {
    const {data} = this.fronts;
    const changed = new Set();
    for (const [key, [values]] of Object.entries(data)) {
      const [name, column] = key.split(":");
      if (!column) continue;
      const source = modelNamed(name);
      source.data[column] = values;
      changed.add(source);
    }
    for (const source of changed) source.change.emit();
    const stamp = data.stamp[0];
    if (stamp) requestAnimationFrame(() => post({type: "front-drawn", stamp}));
  }

  // A frame is shown when all the parts that belong to it are here: never two moments or two extents in one picture.
  complete() {
    return this.number > 0 && PARTS.every((name) => !this.belongs(name) || this.frames[name]?.stamp === this.stamp(name));
  }

  get number() {
    return this.shown.data.number[0];
  }

  // Stamp of the part that belongs to the frame on show; -1 when the frame has no such part.
  stamp(name) {
    return this.shown.data[name][0];
  }

  belongs(name) {
    return this.stamp(name) >= 0;
  }

  part(name) {
    return this.belongs(name) ? this.frames[name] : undefined;
  }

  compose() {
    if (this.scheduled) return;
    this.scheduled = requestAnimationFrame(() => {
      this.scheduled = 0;
      this.draw();
    });
  }

  draw() {
    this.place();
    if (!this.complete()) return;
    const mode = this.seen();
    const shape = mode === "log-ratio" ? this.part("ratio") : (this.part("b") ?? this.part("a"));
    const data = this.picture.data;
    let image = data.image[0];
    if (shape && (image.shape[0] !== shape.height || image.shape[1] !== shape.width)) {
      image = new image.constructor(new Uint32Array(shape.width * shape.height).buffer, [shape.height, shape.width]);
      data.image[0] = image;
    }
    const out = new Uint32Array(image.buffer, image.byteOffset, image.length);
    // Nothing was observed here, or imagery is off: an old picture must not pass for this place.
    if (!shape || !this.model.imagery_on) out.fill(0);
    else {
      this.fill(out, mode, shape.width, shape.height);
      for (const side of ["x", "y", "dw", "dh"]) data[side][0] = shape[side];
    }
    this.picture.change.emit();
    const {number} = this;
    if (number !== this.acknowledged) {
      this.acknowledged = number;
      requestAnimationFrame(() => {
        window.nightglassDrawn = {number, at: performance.now()};
        window.dispatchEvent(new Event("nightglass:drawn"));
        post({type: "drawn", number});
      });
    }
  }

  // The mode as the eye gets it now: holding B shows the other date, and blinking alternates.
  seen() {
    const mode = this.model.mode;
    if (this.held) return mode === "a" ? "b" : "a";
    return mode === "blink" ? (this.blinkB ? "b" : "a") : mode;
  }

  fill(out, mode, width, height) {
    const opacity = this.model.opacity;
    const side = (name) => {
      const frame = this.part(name);
      const usable = frame && frame.width === width && frame.height === height;
      const levels = usable ? frame.levels : new Uint8Array(width * height);
      const palette = bytesOf(this.shown.data[`palette-${name}`][0]);
      return {levels, palette: greys(palette), table: table(palette, opacity)};
    };
    if (mode === "log-ratio") {
      const frame = this.frames.ratio;
      paint(out, frame.levels, colourTable(this.shown.data.colours[0], opacity), width, height);
    } else if (mode === "two-colour") twoColour(out, side("a"), side("b"), opacity, width, height);
    else if (mode === "swipe") swipe(out, side("a"), side("b"), this.column(this.part("b") ?? this.part("a")), width, height);
    else {
      const frame = side(mode);
      paint(out, frame.levels, frame.table, width, height);
    }
  }

  // The line stays where it is on the screen; while the map pans, the image's column under it changes.
  column(frame) {
    const {start, end} = this.figure.x_range;
    const x = start + this.split * (end - start);
    return ((x - frame.x) / frame.dw) * frame.width;
  }

  // Swipe and blink --------------------------------------------------------------------------------------------------

  get split() {
    return this.dragged ?? this.model.split;
  }

  place() {
    const mode = this.model.mode;
    this.root.dataset.mode = mode;
    this.line.style.left = `${100 * this.split}%`;
    this.line.setAttribute("aria-valuenow", String(Math.round(100 * this.split)));
    this.root.dataset.seen = this.seen();
    if (mode === "blink" && !this.blinking)
      this.blinking = setInterval(() => {
        this.blinkB = !this.blinkB;
        this.compose();
      }, 500);
    if (mode !== "blink" && this.blinking) {
      clearInterval(this.blinking);
      this.blinking = 0;
      this.blinkB = true;
    }
  }

  slide(share) {
    this.dragged = Math.min(1, Math.max(0, share));
    this.compose();
  }

  drop() {
    if (this.dragged === undefined) return;
    const split = this.dragged;
    this.model.split = split;
    this.dragged = undefined;
    this.compose();
  }

  drag() {
    const at = (event) => {
      const box = this.root.getBoundingClientRect();
      return (event.clientX - box.left) / box.width;
    };
    this.line.addEventListener("pointerdown", (event) => {
      this.line.setPointerCapture(event.pointerId);
      this.slide(at(event));
      event.preventDefault();
      event.stopPropagation();
    });
    this.line.addEventListener("pointermove", (event) => {
      if (this.line.hasPointerCapture(event.pointerId)) this.slide(at(event));
    });
    for (const name of ["pointerup", "pointercancel"]) this.line.addEventListener(name, () => this.drop());
    this.line.addEventListener("keydown", (event) => {
      const step = {ArrowLeft: -0.02, ArrowRight: 0.02}[event.key];
      if (!step) return;
      this.slide(this.split + step);
      this.drop();
      event.stopPropagation();
      event.preventDefault();
    });
  }

  key(event, down) {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event)) return;
    if (event.key.toLowerCase() === "b" && !event.shiftKey && (down ? !event.repeat : true)) {
      this.held = down;
      this.compose();
    } else if (down && (event.key === "[" || event.key === "]") && this.model.mode === "swipe") {
      this.slide(this.split + (event.key === "[" ? -0.02 : 0.02));
      this.drop();
    }
  }

  // Labels -----------------------------------------------------------------------------------------------------------

  labels() {
    this.chips.innerHTML = this.model.chips;
    this.badge.textContent = this.model.badge;
    this.badge.hidden = !this.model.badge;
    this.clock.textContent = this.model.clock;
    this.clock.hidden = !this.model.clock;
    this.root.classList.toggle("loading", this.model.busy);
    clearTimeout(this.wording);
    const say = () => {
      this.word.textContent = this.model.word;
      this.word.hidden = !this.model.word;
    };
    // A word only when it takes long enough to wonder; a failure or an empty place at once.
    if (this.model.busy) this.wording = setTimeout(say, 400);
    else say();
    this.looks.innerHTML = this.model.looks;
  }

  rule() {
    const {x_range: x, y_range: y, inner_width: w} = this.figure;
    const ground = ((x.end - x.start) / w) * groundScale((y.start + y.end) / 2);
    const most = BAR_PX * ground;
    const power = 10 ** Math.floor(Math.log10(most));
    const length = [5, 2, 1].map((step) => step * power).find((step) => step <= most);
    const top = groundScale(y.end);
    const bottom = groundScale(y.start);
    const varies = Math.abs(top - bottom) / groundScale((y.start + y.end) / 2) > 0.02;
    const [, lat] = lonlat(0, (y.start + y.end) / 2);
    const name = length >= 1000 ? `${length / 1000} km` : `${length} m`;
    this.scale.style.width = `${length / ground}px`;
    this.scale.dataset.metres = String(length);
    this.scale.textContent = varies ? `${name} at ${Math.abs(lat).toFixed(1)}° ${lat >= 0 ? "N" : "S"}` : name;
  }

  pointed(x, y) {
    const [lon, lat] = lonlat(x, y);
    if (Math.abs(lon) > 180) return;
    this.readout.textContent = `${mgrs(lon, lat)}   ${decimal(lon, lat)}`;
    window.nightglassCursor = {lon, lat, mgrs: mgrs(lon, lat)};
  }
}

export function render({model, el}) {
  const stage = new Stage(model, el);
  model.on("remove", () => stage.leave());
}
