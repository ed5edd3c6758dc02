"""Pictures whose colours the page itself gives: it is sent what every pixel means, and looks up what that looks like.

A look-up a pixel takes the page a few milliseconds, so that whatever only concerns colours, or what is hidden, asks the
session for nothing.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, CustomJS, GlyphRenderer, ImageRGBA
from numpy.typing import NDArray

from dashboard.plots.stepped import lay_under
from dashboard.plots.surface import Surface

_BEGIN = """
const plain = (array, kind) => new kind(array.buffer, array.byteOffset, array.length);
const at = drawn.data.image[0];
const blank = (rows, columns) => new at.constructor(new Uint32Array(rows * columns).buffer, [rows, columns]);
const show = (image, place) => {
  drawn.data.image[0] = image;
  for (const side of ["x", "y", "dw", "dh"]) drawn.data[side][0] = place[side][0];
  drawn.change.emit();
};
const meanings = meant.data.image[0];
if (!meanings) {
  if (at.length > 1) show(blank(1, 1), drawn.data);
  return;
}
const [rows, columns] = meanings.shape;
const into = at.shape[0] === rows && at.shape[1] === columns ? at : blank(rows, columns);
const out = plain(into, Uint32Array);
"""
_END = """
show(into, meant.data);
"""


def painted(made: Surface, meant: ColumnDataSource, tables: dict[str, Any], code: str, *, under: str) -> CustomJS:
    """Add a picture to a composed map, right below a layer, and return what paints it.

    It is painted anew when the columns of `meant` or of another source change.

    Parameters
    ----------
    meant : columns `image`, (y, x) south first, `x`, `y`, `dw` and `dh`, a picture or none each
    tables : what the script knows besides `meant`
    code : script that writes to `out` the colour of every pixel; `plain` makes plain arrays of Bokeh's, and a return
        leaves what was there
    under : name of the layer
    """
    nowhere = {name: [0.0] for name in ("x", "y", "dw", "dh")}
    drawn = ColumnDataSource({"image": [np.zeros((1, 1), np.uint32)], **nowhere}, name=f"{meant.name}-drawn")
    paint = CustomJS(args={**tables, "meant": meant, "drawn": drawn}, code=f"{_BEGIN}{code}{_END}")
    for source in (meant, *(table for table in tables.values() if isinstance(table, ColumnDataSource))):
        source.js_on_change("data", paint)
    drawn.tags = [paint]  # nothing else leads from the figure to what is meant
    glyph = ImageRGBA(image="image", x="x", y="y", dw="dw", dh="dh")
    lay_under(made, GlyphRenderer(data_source=drawn, glyph=glyph, name=f"{meant.name}-picture"), under)
    return paint


def canvas_colours(colours: Sequence[str]) -> NDArray[np.uint32]:
    """Return ``#rrggbbaa`` as a canvas holds them: red in the lowest byte."""
    return np.frombuffer(b"".join(bytes.fromhex(colour[1:]) for colour in colours), "<u4").astype(np.uint32)
