// The first picture, before there is a session: composed as the map composes its own, and gone once that is drawn.

import {bytesOf, colourTable, greys, paint, swipe, table, twoColour} from "./compose.js";

// Composed for the map, south row first; a canvas wants the north row first.
function upright(out, width, height) {
  const kept = new Uint32Array(width);
  for (let low = 0, high = height - 1; low < high; low++, high--) {
    const [one, other] = [low * width, high * width];
    kept.set(out.subarray(one, one + width));
    out.copyWithin(one, other, other + width);
    out.set(kept, other);
  }
}

function composed(head, parts) {
  const {width, height, mode, opacity} = head;
  const out = new Uint32Array(width * height);
  const side = (name) => {
    const palette = parts[`palette-${name}`];
    return {levels: parts[name] ?? new Uint8Array(width * height), palette: greys(palette), table: table(palette, opacity)};
  };
  if (mode === "log-ratio") {
    if (parts.ratio) paint(out, parts.ratio, colourTable(head.colours, opacity), width, height);
  } else if (mode === "two-colour") twoColour(out, side("a"), side("b"), opacity, width, height);
  else if (mode === "swipe") swipe(out, side("a"), side("b"), head.split * width, width, height);
  else {
    const frame = side(mode);
    paint(out, frame.levels, frame.table, width, height);
  }
  upright(out, width, height);
  return out;
}

function read(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const parts = {};
  let from = 4 + length;
  for (const [name, size] of head.parts) {
    parts[name] = bytesOf(new Uint8Array(buffer, from, size));
    from += size;
  }
  return [head, parts];
}

export function show(buffer) {
  if (window.nightglassDrawn) return;
  const [head, parts] = read(buffer);
  const host = document.createElement("div");
  host.id = "first-look";
  const inside = host.attachShadow({mode: "open"});
  inside.innerHTML = head.html;
  const [left, top, width, height] = head.place;
  const canvas = inside.querySelector("canvas");
  for (const {style} of [canvas, inside.querySelector(".overlay")])
    Object.assign(style, {left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px`});
  Object.assign(canvas, {width: head.width, height: head.height});
  const image = new ImageData(new Uint8ClampedArray(composed(head, parts).buffer), head.width, head.height);
  canvas.getContext("2d").putImageData(image, 0, 0);
  document.body.append(host);
  requestAnimationFrame(() => (window.nightglassFirst = {at: performance.now(), place: head.place}));
  window.addEventListener("nightglass:drawn", () => requestAnimationFrame(() => host.remove()), {once: true});
}
