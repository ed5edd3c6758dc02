"""The queue of changes to review: filtered, ordered, paged and counted. Pure, but for reading a page."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import combinations
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from dashboard.catalog.change_columns import SIGNS, STATUSES
from dashboard.catalog.codec import micros
from dashboard.catalog.query import Box
from dashboard.geo.front_distance import FrontRelation
from dashboard.model.change import ChangeSign, ChangeStatus, DetectedChange
from dashboard.model.review import Precision, kappa
from dashboard.model.sampling import Sampling, sampling
from dashboard.workflows.review_columns import ChangeColumns
from dashboard.workflows.reviewed import STANDINGS, VERDICTS
from dashboard.workflows.workspace import Workspace

Rows = NDArray[np.int64]
"""Rows of the columns, in the order of a queue."""
Mask = NDArray[np.bool_]


class Order(StrEnum):
    """How the queue is ordered; equal ones by score, then in the order of recording."""

    CONFIDENCE = "confidence"
    """The surest first."""
    SIZE = "size"
    """The largest first."""
    FRONT = "front"
    """The nearest to the front first; those without a front last."""
    DATE = "date"
    """The earliest first."""
    STRENGTH = "strength"
    """The greatest change of backscatter first, either way."""
    LOT = "lot"
    """At random, and for everybody the same: what is reviewed in this order stands for the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sieve:
    """Which changes are in the queue; every field narrows, empty means all."""

    min_score: float = float("-inf")
    signs: frozenset[ChangeSign] = frozenset()
    statuses: frozenset[ChangeStatus] = frozenset()
    verdicts: frozenset[str] = frozenset()
    """Of `STANDINGS`."""
    period: tuple[datetime, datetime] | None = None
    """It may have happened between these times."""
    bbox: Box | None = None
    """(west, south, east, north), degrees: its bounds meet this box."""
    min_area_m2: float = 0.0
    within_km: float | None = None
    """Of the front valid when it was first seen."""
    side: str = ""
    """Whose ground it lies on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a queue holds and what was said of it."""

    count: int = 0
    found: int = 0
    """Changes of the run, whatever is asked for."""
    by_verdict: tuple[tuple[str, int], ...] = ()
    """(word of `STANDINGS`, how many), all of them, in their order."""
    precision: Precision = field(default_factory=lambda: Precision(0, 0))
    sampling: Sampling = field(default_factory=Sampling)
    """How the reviewed ones on which `precision` rests lie among all."""
    kappa: float | None = None
    """Cohen's, of the two reviewers below; None where chance alone would agree always, or nothing was judged twice."""
    doubly: int = 0
    """How many both of them judged."""
    reviewers: tuple[str, ...] = ()
    """The two who judged the most in common; empty without such."""
    expected_false: float | None = None
    """False polygons that the run itself expects with at least the lowest score asked for, over all that it saw."""


def queue(columns: ChangeColumns, sieve: Sieve, order: Order) -> Rows:
    """Return the rows that pass a sieve, in an order."""
    kept = _kept(columns, sieve)
    if order is Order.FRONT:
        return columns.front.nearest(np.flatnonzero(kept))
    ranked = _ranked(columns, order)
    return ranked[kept[ranked]]


def page(workspace: Workspace, columns: ChangeColumns, indices: Rows) -> list[DetectedChange]:
    """Return the changes of some rows, in their order."""
    return workspace.catalog.changes.get_many([str(id_) for id_ in columns.ids[indices]])


def relations(columns: ChangeColumns, indices: Rows) -> list[FrontRelation | None]:
    """Return where the changes of some rows lie with regard to the front; None where none is known."""
    km, sides = columns.front.on(indices)
    pairs = zip(km.tolist(), sides, strict=True)
    return [None if np.isnan(far) else FrontRelation(far, str(side)) for far, side in pairs]


def summary(columns: ChangeColumns, indices: Rows, *, min_score: float = float("-inf")) -> Summary:
    """Count a queue by verdict, and measure precision and agreement on what was reviewed of it.

    Parameters
    ----------
    min_score : the threshold for which false polygons are expected
    """
    inside = columns.reviewed.on(indices)
    real, false = inside.sides(len(columns))
    counts = np.bincount(columns.verdict[indices], minlength=len(STANDINGS))
    names, pairs = _pairs(columns, indices)
    run = columns.run
    return Summary(
        count=len(indices),
        found=len(columns),
        by_verdict=tuple(zip(STANDINGS, counts.tolist(), strict=True)),
        precision=Precision(int((real ^ false).sum()), int((real & ~false).sum()), int((real & false).sum())),
        sampling=sampling(columns.score[indices], (real ^ false)[indices]),
        kappa=kappa([(VERDICTS[a - 1], VERDICTS[b - 1]) for a, b in pairs]),
        doubly=len(pairs),
        reviewers=names,
        expected_false=None if run.announced is None else run.announced.at(min_score) * run.observed_km2 / 100.0,
    )


def over_time(columns: ChangeColumns, indices: Rows, edges: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return (k, 7) counts of the queue by interval and verdict, an entry of `STANDINGS` a column.

    Parameters
    ----------
    edges : (k + 1,) rising, microseconds since 1970; a change is counted where it was first seen, an interval without
        its end
    """
    intervals = len(edges) - 1
    place = np.searchsorted(edges, columns.before[indices], side="right") - 1
    inside = (place >= 0) & (place < intervals)
    width = len(STANDINGS)
    cells = place[inside] * width + columns.verdict[indices][inside]
    return np.bincount(cells, minlength=intervals * width).reshape(intervals, width)


def lots(run_id: str, count: int) -> Rows:
    """Return the place of every change of a run in an order by lot: always the same for one run."""
    return np.random.default_rng(crc32(run_id.encode())).permutation(count)


def _ranked(columns: ChangeColumns, order: Order) -> Rows:
    found = columns.memo.get(order)
    if found is None:
        surest = -columns.score
        keys: dict[Order, NDArray[np.generic]] = {
            Order.CONFIDENCE: surest,
            Order.SIZE: -columns.area_m2,
            Order.DATE: columns.before,
            Order.STRENGTH: -np.abs(columns.magnitude_db),
            Order.LOT: lots(columns.run.id, len(columns)),
        }
        found = columns.memo[order] = np.lexsort((surest, keys[order]))
    return found


def _kept(columns: ChangeColumns, sieve: Sieve) -> Mask:
    kept = columns.score >= sieve.min_score
    if sieve.min_area_m2 > 0:
        kept &= columns.area_m2 >= sieve.min_area_m2
    if sieve.signs:
        kept &= _among(columns.sign, [sign in sieve.signs for sign in SIGNS])
    if sieve.statuses:
        kept &= _among(columns.status, [status in sieve.statuses for status in STATUSES])
    if sieve.verdicts:
        kept &= _among(columns.verdict, [word in sieve.verdicts for word in STANDINGS])
    if sieve.period is not None:
        first, last = (micros(each) for each in sieve.period)
        kept &= (columns.after <= last) & (columns.before >= first)
    if sieve.bbox is not None:
        kept &= _touching(columns, sieve.bbox)
    return _near(columns, kept, sieve) if sieve.side or sieve.within_km is not None else kept


def _near(columns: ChangeColumns, kept: Mask, sieve: Sieve) -> Mask:
    """Return which of those kept so far are near the front, or on somebody's ground: only they are measured."""
    rows = np.flatnonzero(kept)
    km, side = columns.front.on(rows)
    near = np.ones(len(rows), dtype=bool) if sieve.within_km is None else km <= sieve.within_km
    found = np.zeros(len(columns), dtype=bool)
    found[rows] = near & (side == sieve.side) if sieve.side else near
    return found


def _among(codes: NDArray[np.uint8], wanted: list[bool]) -> Mask:
    return np.array(wanted)[codes]


def _touching(columns: ChangeColumns, bbox: Box) -> Mask:
    west, south, east, north = bbox
    left, bottom, right, top = columns.bounds.T
    across = (right >= west) & (left <= east) if west <= east else (right >= west) | (left <= east)
    met: Mask = across & (top >= south) & (bottom <= north)
    return met


def _pairs(columns: ChangeColumns, indices: Rows) -> tuple[tuple[str, ...], list[tuple[int, int]]]:
    """Return the two reviewers with the most in common among some rows, and their verdicts on each of those."""
    inside = columns.reviewed.on(indices)
    by_row: dict[int, dict[int, int]] = {}
    rows, counts = np.unique(inside.row, return_counts=True)
    twice = np.isin(inside.row, rows[counts > 1])
    for row, who, verdict in zip(
        *(each[twice].tolist() for each in (inside.row, inside.who, inside.verdict)), strict=True
    ):
        by_row.setdefault(row, {})[who] = verdict
    common = Counter(pair for given in by_row.values() for pair in combinations(sorted(given), 2))
    if not common:
        return (), []
    one, other = min(common, key=lambda pair: (-common[pair], pair))
    pairs = [(given[one], given[other]) for given in by_row.values() if one in given and other in given]
    return (inside.names[one], inside.names[other]), pairs
