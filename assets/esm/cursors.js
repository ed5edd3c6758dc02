// The others' pointers over the map, and one's own on its way to them. Positions travel as ground, so that a pointer
// stays on its place whatever this map shows; between two messages it glides, after a pan it is simply there.

import {modelNamed, post} from "./models.js";
import {lonlat} from "./position.js";

const SEND_MS = 100;
const GLIDE_MS = 110;
const IDLE_MS = 10000;
const SHAPE = "M1 1 L1 15 L5 11.4 L7.6 17.2 L10.2 16 L7.6 10.4 L13 10.2 Z";
const SVG = "http://www.w3.org/2000/svg";

const still = window.matchMedia("(prefers-reduced-motion: reduce)");

// One other person's pointer.
class Pointer {
  constructor(parent, ink) {
    this.node = document.createElement("div");
    this.node.className = "pointer";
    const arrow = document.createElementNS(SVG, "svg");
    arrow.setAttribute("viewBox", "0 0 14 18");
    this.shape = document.createElementNS(SVG, "path");
    this.shape.setAttribute("d", SHAPE);
    this.shape.setAttribute("stroke", ink);
    arrow.appendChild(this.shape);
    this.flag = document.createElement("span");
    this.flag.style.color = ink;
    this.node.append(arrow, this.flag);
    parent.appendChild(this.node);
  }

  told(name, colour, x, y) {
    this.flag.textContent = name;
    this.flag.style.backgroundColor = colour;
    this.shape.setAttribute("fill", colour);
    if (this.to && this.to[0] === x && this.to[1] === y) return;
    this.from = still.matches ? [x, y] : (this.now() ?? [x, y]);
    this.to = [x, y];
    this.since = performance.now();
    this.node.dataset.x = String(x);
    this.node.dataset.y = String(y);
    this.node.classList.remove("idle");
    clearTimeout(this.fading);
    this.fading = setTimeout(() => this.node.classList.add("idle"), IDLE_MS);
  }

  get moving() {
    return performance.now() - this.since < GLIDE_MS;
  }

  now() {
    if (!this.to) return null;
    const share = Math.min(1, (performance.now() - this.since) / GLIDE_MS);
    return [0, 1].map((axis) => this.from[axis] + share * (this.to[axis] - this.from[axis]));
  }

  remove() {
    clearTimeout(this.fading);
    this.node.remove();
  }
}

class Cursors {
  constructor(model, el) {
    this.model = model;
    this.el = el;
    this.pointers = new Map();
    this.root = document.createElement("div");
    this.root.className = "pointers";
    this.root.setAttribute("aria-hidden", "true");
    this.frame = document.createElement("div");
    this.frame.className = "frame";
    this.frame.hidden = true;
    el.append(this.root, this.frame);
    this.join();
  }

  // The figure arrives with the document, perhaps after this element.
  join() {
    this.figure = modelNamed("map");
    if (!this.figure?.inner_width || !modelNamed("mailbox")) {
      this.waiting = setTimeout(() => this.join(), 40);
      return;
    }
    const {x_range: x, y_range: y} = this.figure;
    for (const signal of [x.properties.start, x.properties.end, y.properties.start, y.properties.end])
      signal.change.connect(() => this.soon());
    for (const signal of [this.figure.properties.inner_width, this.figure.properties.inner_height])
      signal.change.connect(() => this.soon());
    this.model.on("cursors", () => this.received());
    this.model.on("leader", () => this.mark());
    this.model.on("sending", () => this.switched());
    this.onCursor = (event) => this.pointed(event.detail.x, event.detail.y);
    this.onLeave = () => this.gone();
    this.onHidden = () => document.hidden && this.gone();
    window.addEventListener("nightglass:cursor", this.onCursor);
    document.addEventListener("visibilitychange", this.onHidden);
    // The map's element holds the figure and this overlay; the overlay itself lets the pointer through.
    this.map = this.el.getRootNode().host?.getRootNode().host ?? document.documentElement;
    this.map.addEventListener("pointerleave", this.onLeave);
    this.received();
    this.mark();
  }

  leave() {
    clearTimeout(this.waiting);
    clearTimeout(this.later);
    cancelAnimationFrame(this.scheduled);
    for (const pointer of this.pointers.values()) pointer.remove();
    window.removeEventListener("nightglass:cursor", this.onCursor);
    document.removeEventListener("visibilitychange", this.onHidden);
    this.map?.removeEventListener("pointerleave", this.onLeave);
  }

  // Theirs -----------------------------------------------------------------------------------------------------------

  received() {
    const here = new Set(this.model.cursors.map(([id]) => id));
    for (const [id, pointer] of this.pointers)
      if (!here.has(id)) {
        pointer.remove();
        this.pointers.delete(id);
      }
    for (const [id, name, colour, x, y] of this.model.cursors) {
      if (!this.pointers.has(id)) this.pointers.set(id, new Pointer(this.root, this.model.ink));
      this.pointers.get(id).told(name, colour, x, y);
    }
    this.soon();
  }

  soon() {
    this.scheduled ||= requestAnimationFrame(() => {
      this.scheduled = 0;
      this.place();
    });
  }

  place() {
    const {x_range: x, y_range: y, inner_width: w, inner_height: h} = this.figure;
    let moving = false;
    for (const pointer of this.pointers.values()) {
      const [px, py] = pointer.now();
      const left = ((px - x.start) / (x.end - x.start)) * w;
      const top = ((y.end - py) / (y.end - y.start)) * h;
      const seen = left > -20 && top > -20 && left < w + 20 && top < h + 20;
      pointer.node.hidden = !seen;
      if (seen) pointer.node.style.transform = `translate(${left.toFixed(1)}px, ${top.toFixed(1)}px)`;
      moving ||= pointer.moving;
    }
    if (moving) this.soon();
  }

  mark() {
    this.frame.hidden = !this.model.leader;
    this.frame.style.borderColor = this.model.leader;
  }

  // One's own --------------------------------------------------------------------------------------------------------

  pointed(x, y) {
    const [lon, lat] = lonlat(x, y);
    if (Math.abs(lon) > 180) return;
    this.at = [lon, lat];
    this.offer();
  }

  gone() {
    this.at = null;
    this.offer();
  }

  switched() {
    this.sent = undefined;
    if (this.at) this.offer();
  }

  // At most ten a second; the last position always arrives, and a pointer that rests sends nothing.
  offer() {
    if (this.later || !this.model.sending) return;
    const wait = (this.sentAt ?? -SEND_MS) + SEND_MS - performance.now();
    if (wait <= 0) this.send();
    else
      this.later = setTimeout(() => {
        this.later = 0;
        this.send();
      }, wait);
  }

  send() {
    if (!this.model.sending || this.same(this.sent)) return;
    this.sent = this.at;
    this.sentAt = performance.now();
    const [lon, lat] = this.at ?? [null, null];
    post({type: "people-cursor", lon, lat, at: this.sentAt});
  }

  same(sent) {
    if (!sent || !this.at) return sent === this.at;
    return sent[0] === this.at[0] && sent[1] === this.at[1];
  }
}

export function render({model, el}) {
  const cursors = new Cursors(model, el);
  model.on("remove", () => cursors.leave());
}
