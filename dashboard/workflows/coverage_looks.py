"""Looks from products: one pass of one platform over a place is one look, in however many products it was delivered."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import count

import numpy as np
import shapely
from numpy.typing import NDArray

from dashboard.catalog.catalog import Catalog
from dashboard.catalog.codec import micros
from dashboard.catalog.coverage import NOT_STATED, LookRows
from dashboard.catalog.engine import Kind
from dashboard.model.coverage import Scope
from dashboard.model.handling import Handling, combine
from dashboard.render.coverage.footprints import Footprints, footprints
from dashboard.workflows.remembered import Remembered
from dashboard.workflows.workspace import Workspace

PAUSE_US = 1_000_000
"""Sensing that goes on within a second is the same look: slices and bursts of a pass, or several products of it."""
LONGEST_US = 1_800_000_000
"""No pass senses for longer than half an hour: an end that says so does not swallow what follows."""
_REMEMBERED = 3
"""Moments of knowledge: a hundred thousand looks take 60 MB each."""
_KEYS = count()


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """Every look that could be known at one moment, oldest first."""

    key: int
    """Unlike that of any other, for what is remembered about them."""
    starts: NDArray[np.int64]
    """(looks,) when sensing began, microseconds since 1970."""
    arrivals: NDArray[np.int64]
    """(looks,) when the first product that says so arrived; `NOT_STATED` where none does."""
    providers: NDArray[np.int64]
    """(looks,) place in `names`."""
    platforms: NDArray[np.object_]
    """(looks,) empty where it is not stated."""
    geometry: NDArray[np.object_]
    """(looks,) ground that any of the look's products shows, degrees."""
    footprints: Footprints
    tree: shapely.STRtree
    products: NDArray[np.int64]
    """(looks,) how many products it came in."""
    with_pixels: NDArray[np.int64]
    """(looks,) how many of those can be drawn here."""
    names: tuple[str, ...]
    """Constellations."""
    marked: NDArray[np.int64]
    """(products, 2) the look that each is of, and the place of its handling."""
    handlings: tuple[Handling, ...]
    optical: NDArray[np.object_]
    """Footprints of visible-band acquisitions, which are no looks of a radar."""
    optical_starts: NDArray[np.int64]
    optical_names: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.starts)

    def chosen(self, scope: Scope, until: datetime) -> NDArray[np.int64]:
        """Return the looks of a period and of the shown constellations, oldest first."""
        kept = _within(self.starts, scope, until)
        if scope.constellations:
            kept &= np.isin(self.providers, [at for at, name in enumerate(self.names) if name in scope.constellations])
        return np.flatnonzero(kept)

    def handling(self, order: NDArray[np.int64]) -> Handling:
        """Return the strictest handling of some looks."""
        mine = np.isin(self.marked[:, 0], order)
        return combine([self.handlings[at] for at in np.unique(self.marked[mine, 1]).tolist()])

    def chosen_optical(self, scope: Scope, until: datetime) -> NDArray[np.int64]:
        """Return the visible-band acquisitions likewise."""
        kept = _within(self.optical_starts, scope, until)
        if scope.constellations:
            kept &= np.isin(self.optical_names, list(scope.constellations))
        return np.flatnonzero(kept)


def _within(starts: NDArray[np.int64], scope: Scope, until: datetime) -> NDArray[np.bool_]:
    kept: NDArray[np.bool_] = starts <= micros(until)
    return kept if scope.start is None else kept & (starts >= micros(scope.start))


class _Followed:
    """The rows of one catalogue and the looks made of them, read again when something was written."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        """Kept alive: its identity is the key."""
        self._lock = threading.Lock()
        self._revision: int | None = None
        self._rows: LookRows | None = None
        self._numbers = np.zeros(0, np.int64)
        self._looks: Remembered[Looks] = Remembered(_REMEMBERED)

    def now(self, known_at: datetime | None) -> Looks:
        with self._lock:  # of two who come first together, one reads and the other waits for it
            revision = self._catalog.revision_of(Kind.ACQUISITIONS)
            if self._rows is None or revision != self._revision:
                rows = self._catalog.coverage.rows()
                if self._rows is None or not _same(rows, self._rows):
                    self._rows, self._numbers = rows, look_numbers(rows)
                    self._looks.clear()
                self._revision = revision
            rows, numbered = self._rows, self._numbers
            return self._looks.get(known_at, lambda: _looks(rows, numbered, known_at))


_followed: Remembered[_Followed] = Remembered(4)


def looks(workspace: Workspace, known_at: datetime | None = None) -> Looks:
    """Return the looks that were known at a moment; None is now.

    The first call reads every acquisition, a second for a hundred thousand; later ones do after a write.
    """
    catalog = workspace.catalog
    return _followed.get(id(catalog), lambda: _Followed(catalog)).now(known_at)


def look_numbers(rows: LookRows) -> NDArray[np.int64]:
    """Return the number of the look that each product shows, (products,).

    Products of one platform show one look where their sensing times overlap or follow each other within `PAUSE_US`.
    Without a platform every product is a look of its own.
    """
    if not len(rows):
        return np.zeros(0, np.int64)
    same = (rows.constellations[1:] == rows.constellations[:-1]) & (rows.platforms[1:] == rows.platforms[:-1])
    same &= (rows.platforms[1:] != "") & (rows.optical[1:] == rows.optical[:-1])
    ends = np.minimum(rows.stops, rows.starts + LONGEST_US)
    parts = np.split(ends, np.flatnonzero(~same) + 1)
    latest = np.concatenate([np.maximum.accumulate(part) for part in parts])
    goes_on = same & (rows.starts[1:] <= latest[:-1] + PAUSE_US)
    return np.concatenate([[0], np.cumsum(~goes_on)]).astype(np.int64)


def _looks(rows: LookRows, numbered: NDArray[np.int64], known_at: datetime | None) -> Looks:
    arrived = np.where(rows.received == NOT_STATED, rows.stops, rows.received)
    known = np.ones(len(rows), bool) if known_at is None else arrived <= micros(known_at)
    radar, seen = np.flatnonzero(known & ~rows.optical), np.flatnonzero(known & rows.optical)
    numbers, first, each = np.unique(numbered[radar], return_index=True, return_inverse=True)
    size = len(numbers)
    starts = _least(rows.starts[radar], each, size)
    stated = rows.received[radar]
    arrivals = _least(np.where(stated == NOT_STATED, np.iinfo(np.int64).max, stated), each, size)
    order = np.lexsort((numbers, starts))
    names, providers = np.unique(rows.constellations[radar][first].astype(str), return_inverse=True)
    geometry = _union(rows.footprints[radar], each, size)[order]
    return Looks(
        key=next(_KEYS),
        starts=starts[order],
        arrivals=np.where(arrivals == np.iinfo(np.int64).max, NOT_STATED, arrivals)[order],
        providers=providers[order].astype(np.int64),
        platforms=rows.platforms[radar][first][order],
        geometry=geometry,
        footprints=footprints(geometry),
        tree=shapely.STRtree(geometry),
        products=np.bincount(each, minlength=size)[order],
        with_pixels=np.bincount(each, weights=rows.with_pixels[radar], minlength=size).astype(np.int64)[order],
        names=tuple(names.tolist()),
        marked=np.stack([np.argsort(order)[each], rows.handling[radar]], axis=1),
        handlings=rows.handlings,
        optical=rows.footprints[seen],
        optical_starts=rows.starts[seen],
        optical_names=rows.constellations[seen],
    )


def _least(values: NDArray[np.int64], each: NDArray[np.intp], size: int) -> NDArray[np.int64]:
    found = np.full(size, np.iinfo(np.int64).max)
    np.minimum.at(found, each, values)
    return found


def _union(shapes: NDArray[np.object_], each: NDArray[np.intp], size: int) -> NDArray[np.object_]:
    """Return the ground of every look as valid polygons: what its products cover together."""
    shapes = _areas(shapes)
    found = np.empty(size, dtype=object)
    order = np.argsort(each, kind="stable")
    begins = np.searchsorted(each[order], np.arange(size))
    numbers = np.bincount(each, minlength=size)
    single, pair = numbers == 1, numbers == 2
    found[single] = shapes[order[begins[single]]]
    found[pair] = shapely.union(shapes[order[begins[pair]]], shapes[order[begins[pair] + 1]])
    for at in np.flatnonzero(numbers > 2):
        found[at] = shapely.union_all(shapes[order[begins[at] : begins[at] + numbers[at]]])
    return _areas(found)


def _areas(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return what of each shape is ground: outlines that cross themselves are mended, lines and points dropped."""
    wrong = np.flatnonzero(~shapely.is_valid(shapes) | ~np.isin(shapely.get_type_id(shapes), (3, 6)))
    if not len(wrong):
        return shapes
    shapes = shapes.copy()
    for at in wrong:
        parts = shapely.get_parts(shapely.get_parts(shapely.make_valid(shapes[at])))
        shapes[at] = shapely.MultiPolygon([part for part in parts if part.geom_type == "Polygon"])
    return shapes


def _same(one: LookRows, other: LookRows) -> bool:
    """Return whether nothing that coverage is made of has changed: a write may have been about something else."""
    fields: tuple[Callable[[LookRows], NDArray[np.generic]], ...] = (
        lambda rows: rows.ids, lambda rows: rows.constellations, lambda rows: rows.platforms, lambda rows: rows.starts,
        lambda rows: rows.stops, lambda rows: rows.received, lambda rows: rows.with_pixels, lambda rows: rows.optical,
        _marks, lambda rows: shapely.to_wkb(rows.footprints),
    )  # fmt: skip
    return len(one) == len(other) and all(np.array_equal(field(one), field(other)) for field in fields)


def _marks(rows: LookRows) -> NDArray[np.object_]:
    """Return the handling of every product, (products,)."""
    table = np.empty(len(rows.handlings), dtype=object)
    table[:] = rows.handlings
    return table[rows.handling] if len(rows) else table
