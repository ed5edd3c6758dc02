"""Detected changes where there are too many to be shapes, and the ground of which nothing can be said. Pure.

Many changes are a picture of ranks. The page itself gives ranks their colours, one look-up a pixel, and leaves out
those below the least score: a slider that is dragged asks the session for nothing.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, GlyphRenderer, MultiPolygons, Range1d
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from dashboard.model.palette import Tokens
from dashboard.plots.columns import area_columns
from dashboard.plots.painted import canvas_colours, painted
from dashboard.plots.stepped import lay_under
from dashboard.plots.surface import ABOVE, Surface

PICTURE_OF_CHANGES, UNOBSERVED = "change-picture", "unobserved"
FILL, LINE = "2e", "ff"
"""Strengths of a polygon's ground and of its outline: those of the shapes."""
_COLUMNS = ("image", "outlines", "x", "y", "dw", "dh", "stamp")
_PAINTED = """
const {score, sign, ground, outline, stamp} = ranking.data;
if (meant.data.stamp[0] !== stamp[0]) return;  // of another run: what belongs to it is on its way
const [scores, signs] = [plain(score[0], Float64Array), plain(sign[0], Uint8Array)];
let first = 1;
for (let end = scores.length; first < end;) {
  const middle = (first + end) >> 1;
  if (scores[middle] < least.start) first = middle + 1;
  else end = middle;
}
const [grounds, outlines] = [ground[0], outline[0]].map((colours) => {
  const shades = new Uint32Array(scores.length);
  for (let rank = first; rank < shades.length; rank++) shades[rank] = colours[signs[rank]];
  return shades;
});
const [ranks, lines] = [plain(meanings, Uint16Array), plain(meant.data.outlines[0], Uint8Array)];
for (let i = 0; i < out.length; i++) {
  const rank = ranks[i];
  out[i] = rank === 0 ? 0 : (lines[i >> 3] >> (i & 7)) & 1 ? outlines[rank] : grounds[rank];
}
"""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Ranked:
    """A picture of ranks and what they stand for."""

    ranks: NDArray[np.uint16]
    """(y, x) north first; 0 for nothing."""
    outlines: NDArray[np.bool_]
    """(y, x) whether an outline is seen."""
    bounds: tuple[float, float, float, float]
    """(x0, y0, x1, y1), Mercator metres."""
    scores: NDArray[np.float64]
    """(ranks + 1,) rising."""
    signs: NDArray[np.uint8]
    """(ranks + 1,) place among brighter, darker and mixed."""


@dataclass(slots=True)
class RankedLayer:
    """The picture as the page has it: ranks, and what they stand for."""

    source: ColumnDataSource
    ranking: ColumnDataSource
    _meant: tuple[Any, ...] = field(default=(), repr=False)
    _stamp: int = 0

    def put(self, found: Ranked, signs: tuple[str, str, str]) -> None:
        """Show a picture; what its ranks stand for is sent when it is new.

        Parameters
        ----------
        signs : ``#rrggbb`` of brighter, darker and mixed
        """
        meant = (found.scores, found.signs, signs)
        if (
            not self._meant
            or any(new is not old for new, old in zip(meant[:2], self._meant, strict=False))
            or (signs != self._meant[2])
        ):
            self._meant, self._stamp = meant, self._stamp + 1
            self.ranking.data = {
                "score": [found.scores], "sign": [found.signs], "ground": _shades(signs, FILL),
                "outline": _shades(signs, LINE), "stamp": [self._stamp],
            }  # fmt: skip
        x0, y0, x1, y1 = found.bounds
        self.source.data = {
            "image": [np.ascontiguousarray(found.ranks[::-1])],
            "outlines": [np.packbits(found.outlines[::-1], bitorder="little")],
            "x": [x0], "y": [y0], "dw": [x1 - x0], "dh": [y1 - y0], "stamp": [self._stamp],
        }  # fmt: skip

    def clear(self) -> None:
        """Show nothing."""
        if self.source.data["image"]:
            self.source.data = {name: [] for name in _COLUMNS}


def _shades(signs: tuple[str, str, str], strength: str) -> list[NDArray[np.uint32]]:
    return [canvas_colours([f"{sign}{strength}" for sign in signs])]


def _ranked_layer(made: Surface, least: Range1d) -> RankedLayer:
    source = ColumnDataSource({name: [] for name in _COLUMNS}, name=PICTURE_OF_CHANGES)
    ranking = ColumnDataSource(
        {name: [] for name in ("score", "sign", "ground", "outline", "stamp")}, name=f"{PICTURE_OF_CHANGES}-ranking"
    )
    paint = painted(made, source, {"ranking": ranking, "least": least}, _PAINTED, under="changes")
    least.js_on_change("start", paint)
    return RankedLayer(source, ranking)


@dataclass(frozen=True, slots=True)
class ChangeLayers:
    """What the map shows of a detection besides single shapes."""

    picture: RankedLayer
    unobserved: ColumnDataSource
    hatch: MultiPolygons

    def hatched(self, ground: BaseGeometry | None) -> None:
        """Hatch ground, Mercator metres; None for none."""
        self.unobserved.data = area_columns([] if ground is None else [ground])

    def recolour(self, colours: Tokens) -> None:
        """Change the colour of the hatch."""
        self.hatch.hatch_color = colours.unobserved


def change_layers(made: Surface, least: Range1d, colours: Tokens) -> ChangeLayers:
    """Add the layers to a composed map: the picture below the shapes and the hatch below all shapes."""
    picture = _ranked_layer(made, least)
    source = ColumnDataSource(area_columns([]), name=UNOBSERVED)
    glyph = MultiPolygons(
        xs="xs", ys="ys", fill_alpha=0.0, line_alpha=0.0, hatch_pattern="right_diagonal_line",
        hatch_color=colours.unobserved, hatch_alpha=0.55, hatch_scale=9, hatch_weight=1,
    )  # fmt: skip
    renderer = GlyphRenderer(data_source=source, glyph=glyph, name=f"{UNOBSERVED}-shapes")
    lay_under(made, renderer, ABOVE[0].name)
    return ChangeLayers(picture, source, glyph)
