"""Labels that avoid each other: the important ones first, each at the first of its places that is free.

Greedy placement over a fixed list of candidate positions, after Christensen, Marks and Shieber (1995), "An empirical
study of algorithms for point-feature label placement", ACM Transactions on Graphics 14(3).
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dashboard.geo.advances import LETTERS, UNITS
from dashboard.geo.kernels import place_boxes
from dashboard.model.errors import InputError
from dashboard.model.view import Extent

APART_PX = 2.0
"""Room kept between two labels, and between a label and its symbol."""
FARTHER = (1.5, 3.0)
"""How much farther out the places with a leader lie, in heights of the label."""

# The eight places round an anchor, best first: east, west, north, south, then the corners; y runs down the screen.
_ROUND = np.array([(1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (1, 1), (-1, -1), (-1, 1)], dtype=np.float64)
_ADVANCES = {letter: width for width, letters in LETTERS.items() for letter in letters}
_OTHER = 600
_WIDE = 1000
"""Ideographs fill the em square."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A text that wants a place near a point."""

    x: float
    """Anchor, Mercator metres."""
    y: float
    text: str = ""
    width_px: float
    """Of the text as drawn; `text_width` estimates it."""
    height_px: float
    priority: float = 0.0
    """Higher ones are placed first; of equal ones the earlier."""
    avoid: float = 0.0
    """Half the side, pixels, of the square round the anchor that the symbol there fills; no other label covers it."""
    centred: bool = False
    """Whether its best place is on the anchor itself, as for a text or the name of an area."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a label found its place."""

    index: int
    """Of the label among those given."""
    x: float
    """Centre of its box, Mercator metres."""
    y: float
    leader: bool
    """Whether it lies so far from its anchor that a line must lead to it."""


def place(labels: Sequence[Label], extent: Extent, width_px: int, height_px: int) -> list[Placed]:
    """Return the labels that find a place on the screen, in the order given; the others are to be left out.

    Boxes never overlap each other or another's symbol and lie wholly on the screen; a label whose anchor is off the
    screen has no place. The same labels on the same screen always find the same places.

    Parameters
    ----------
    labels : anchors in Mercator metres, boxes in pixels
    extent : what the screen shows
    width_px, height_px : size of the screen

    Raises
    ------
    InputError
        If the screen has no pixels, or a label has a negative size.
    """
    if width_px < 1 or height_px < 1:
        msg = f"A screen of {width_px} x {height_px} pixels has no room for labels; give at least 1 x 1."
        raise InputError(msg)
    table = np.array(
        [(each.x, each.y, each.width_px, each.height_px, each.avoid, each.priority, each.centred) for each in labels],
        dtype=np.float64,
    ).reshape(-1, 7)
    if not (table[:, 2:5] >= 0).all():
        msg = f"A label is {table[:, 2:5].min():g} pixels wide, high or apart from its symbol; give 0 or more."
        raise InputError(msg)
    across, down = (extent.x1 - extent.x0) / width_px, (extent.y1 - extent.y0) / height_px
    anchors = np.column_stack([(table[:, 0] - extent.x0) / across, (extent.y1 - table[:, 1]) / down])
    shown = np.logical_and(anchors >= 0, anchors <= (width_px, height_px)).all(axis=1)
    order = np.argsort(-table[:, 5], kind="stable")
    order = order[np.take(shown, order)]
    centres = _candidates(anchors[order], table[order])
    chosen = _choose(anchors[order], table[order], centres, np.array([width_px, height_px], dtype=np.float64))
    found = [
        Placed(int(i), float(extent.x0 + x * across), float(extent.y1 - y * down), bool(c > len(_ROUND)))
        for i, c, (x, y) in zip(order, chosen, centres[np.arange(len(order)), chosen], strict=True)
        if c >= 0
    ]
    return sorted(found, key=lambda placed: placed.index)


def _candidates(anchors: Floats, table: Floats) -> Floats:
    """Return (n, 25, 2) centres of boxes, best first: on the anchor, round it, round it farther out.

    The first is NaN for labels that are not centred.
    """
    half, reach = table[:, 2:4] / 2, table[:, 4:5] + APART_PX
    rings = [_ROUND[None] * (half + reach + far * table[:, 3:4])[:, None] for far in (0.0, *FARTHER)]
    here = np.where(table[:, 6] > 0, 0.0, np.nan)[:, None, None] * np.ones((1, 1, 2))
    centres: Floats = anchors[:, None] + np.concatenate([here, *rings], axis=1)
    return centres


def _choose(anchors: Floats, table: Floats, centres: Floats, screen: Floats) -> NDArray[np.int64]:
    """Return the number of each label's place, -1 for none."""
    half = table[:, 2:4] / 2 + APART_PX / 2
    symbols = np.flatnonzero(table[:, 4] > 0)
    spot, reach = anchors[symbols], table[symbols, 4:5]
    fixed = np.column_stack([spot - reach, spot + reach, symbols.astype(np.float64)])
    wanted = np.concatenate([centres - half[:, None], centres + half[:, None]], axis=2)
    chosen = np.empty(len(table), np.int64)
    place_boxes(fixed, wanted, screen, chosen)
    return chosen


@lru_cache(maxsize=4096)
def text_width(text: str, size_px: float) -> float:
    """Return how wide a line of text is in IBM Plex Sans Regular, pixels, from the advance widths of its letters.

    Pairs that the face draws closer together are not looked up, which makes it a little too wide rather than too
    narrow. Letters that the face lacks count as 0.6 em, ideographs as one em, marks over letters as nothing.
    """
    return sum(_ADVANCES.get(letter, 0) or _fallback(letter) for letter in text) * size_px / UNITS


def _fallback(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in {"Mn", "Me", "Cf", "Cc"}:
        return 0
    return _WIDE if unicodedata.east_asian_width(letter) in "WF" else _OTHER
