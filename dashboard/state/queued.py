"""What a queue of changes looks like at one moment: its page, its counts, its lane. Pure, but for reading a page."""

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from dashboard.catalog.codec import moment
from dashboard.model.change import DetectedChange
from dashboard.workflows.review import Order, Rows, Sieve, Summary, over_time, page, queue, relations, summary
from dashboard.workflows.review_columns import ChangeColumns, columns
from dashboard.workflows.reviewed import STANDINGS
from dashboard.workflows.workspace import Workspace

PAGE = 12
"""Rows of the list."""
MOST_BARS = 60
_DAYS = (1, 2, 3, 7, 14, 30, 91, 182, 365)
_DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of the list."""

    change: DetectedChange
    verdict: str
    """Of `STANDINGS`."""
    km: float | None
    """To the front; None where none is known."""
    side: str
    """Whose ground it lies on."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Counts over time; interval i runs from `edges[i]` to `edges[i + 1]`."""

    edges: tuple[datetime, ...] = ()
    counts: tuple[tuple[int, ...], ...] = ()
    """One row an interval, an entry of `STANDINGS` a column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Everything that a queue depends on; equal ones give equal queues."""

    run_id: str
    reviewer: str
    sieve: Sieve
    brush: tuple[datetime, datetime] | None
    """Narrows the sieve's period, but not the lane."""
    order: Order
    page: int
    provider: str | None
    known_at: datetime | None
    revision: int

    @property
    def brushed(self) -> Sieve:
        """The sieve within the brush."""
        return self.sieve if self.brush is None else replace(self.sieve, period=self.brush)


@dataclass(frozen=True, slots=True, eq=False)
class Queued:
    """The queue at one moment."""

    columns: ChangeColumns
    rows: Rows
    """Of the columns, in the order of the queue."""
    listed: tuple[Listed, ...]
    page: int
    summary: Summary
    lane: Lane

    def place(self, change_id: str) -> int | None:
        """Return where a change stands, from 0; None when it is not in the queue."""
        places = np.flatnonzero(self.rows == self.columns.rows.get(change_id, -1))
        return int(places[0]) if len(places) else None

    def id_at(self, place: int) -> str:
        """Return the change at a place."""
        return str(self.columns.ids[self.rows[place]])

    def verdict(self, change_id: str) -> str:
        """Return the word of `STANDINGS` for a change of the run."""
        row = self.columns.rows.get(change_id)
        return STANDINGS[0 if row is None else int(self.columns.verdict[row])]

    def unreviewed(self, start: int, but: set[str]) -> int | None:
        """Return the place of the first change without a verdict from a place on, and then from the front."""
        order = np.roll(np.arange(len(self.rows)), -start)
        for place in order[self.columns.verdict[self.rows[order]] == 0].tolist():
            if self.id_at(place) not in but:
                return int(place)
        return None


def look(workspace: Workspace, wanted: Wanted) -> Queued:
    """Return the queue as it is wanted. What people said is measured whatever the filter on verdicts."""
    found = columns(
        workspace, wanted.run_id, reviewer=wanted.reviewer, provider=wanted.provider, known_at=wanted.known_at
    )
    sieve = wanted.brushed
    rows = queue(found, sieve, wanted.order)
    said = rows if not sieve.verdicts else queue(found, replace(sieve, verdicts=frozenset()), wanted.order)
    counted = summary(found, said, min_score=sieve.min_score)
    shown = min(wanted.page, max(len(rows) - 1, 0) // PAGE)
    some = rows[shown * PAGE : (shown + 1) * PAGE]
    where = relations(found, some)
    listed = tuple(
        Listed(change, STANDINGS[found.verdict[row]], near.km if near else None, near.side if near else "")
        for row, change, near in zip(some, page(workspace, found, some), where, strict=True)
    )
    unbrushed = rows if wanted.brush is None else queue(found, wanted.sieve, wanted.order)
    return Queued(found, rows, listed, shown, replace(counted, count=len(rows)), lane(found, unbrushed))


def lane(found: ChangeColumns, rows: Rows) -> Lane:
    """Return the counts by whole days, as few of them together as leave at most `MOST_BARS` intervals."""
    if not len(rows):
        return Lane()
    seen = found.before[rows]
    first, last = int(seen.min()), int(seen.max())
    width = next((d for d in _DAYS if (last - first) // (d * _DAY_US) < MOST_BARS - 1), _DAYS[-1]) * _DAY_US
    start = first // width * width
    edges = np.arange(start, last + width + 1, width, dtype=np.int64)
    counts = over_time(found, rows, edges)
    return Lane(tuple(moment(edge) for edge in edges.tolist()), tuple(tuple(row) for row in counts.tolist()))
