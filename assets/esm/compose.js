// Pictures from level bytes, in the browser: one look-up per pixel, so that stretch, opacity, swipe, blink and the
// two-colour composite need no server. Levels come north row first; Bokeh wants the south row first.

// BokehJS arrays are subclasses whose subarray throws: look at the bytes through a plain view.
export const bytesOf = (array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

const pixel = (r, g, b, a) => ((a << 24) | (b << 16) | (g << 8) | r) >>> 0;

// A palette is 256 greys, or 256 times red, green and blue of an optical picture.
export function table(palette, opacity) {
  const made = new Uint32Array(256);
  const alpha = Math.round(255 * opacity);
  const [step, green, blue] = palette.length > 256 ? [3, 1, 2] : [1, 0, 0];
  for (let level = 1; level < 256; level++) {
    const at = step * level;
    made[level] = pixel(palette[at], palette[at + green], palette[at + blue], alpha);
  }
  return made;
}

export function greys(palette) {
  if (palette.length === 256) return palette;
  return Uint8Array.from({length: 256}, (_, i) => (77 * palette[3 * i] + 151 * palette[3 * i + 1] + 28 * palette[3 * i + 2]) >> 8);
}

export function colourTable(colours, opacity) {
  const table = new Uint32Array(256);
  const alpha = Math.round(255 * opacity);
  for (let level = 1; level < 256; level++) {
    const value = parseInt(colours[level].slice(1), 16);
    table[level] = pixel((value >> 16) & 255, (value >> 8) & 255, value & 255, alpha);
  }
  return table;
}

export function paint(out, levels, table, width, height) {
  for (let row = 0; row < height; row++) {
    let to = (height - 1 - row) * width;
    for (let from = row * width, end = from + width; from < end; from++) out[to++] = table[levels[from]];
  }
}

export function swipe(out, left, right, split, width, height) {
  const column = Math.max(0, Math.min(width, Math.round(split)));
  for (let row = 0; row < height; row++) {
    const from = row * width;
    const to = (height - 1 - row) * width;
    for (let i = 0; i < column; i++) out[to + i] = left.table[left.levels[from + i]];
    for (let i = column; i < width; i++) out[to + i] = right.table[right.levels[from + i]];
  }
}

// A drives red, B drives green and blue: grey is unchanged. Shown only where both were observed.
export function twoColour(out, a, b, opacity, width, height) {
  const alpha = Math.round(255 * opacity);
  for (let row = 0; row < height; row++) {
    let to = (height - 1 - row) * width;
    for (let from = row * width, end = from + width; from < end; from++, to++) {
      const la = a.levels[from];
      const lb = b.levels[from];
      if (la && lb) {
        const cyan = b.palette[lb];
        out[to] = pixel(a.palette[la], cyan, cyan, alpha);
      } else out[to] = 0;
    }
  }
}
