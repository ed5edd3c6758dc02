"""The changes of a run and what was said of them, as columns: remembered, and brought up to date word by word."""

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from dashboard.catalog.change_columns import Columns
from dashboard.catalog.codec import moment
from dashboard.catalog.reviews import Word
from dashboard.geo.front_distance import FrontRelation
from dashboard.geo.mercator import to_mercator
from dashboard.model.change import ChangeRun
from dashboard.model.review import Verdict
from dashboard.workflows.front_report import related
from dashboard.workflows.fronts import providers
from dashboard.workflows.remembered import Remembered
from dashboard.workflows.reviewed import Reviewed, reviewed
from dashboard.workflows.workspace import Workspace

_MOST_ROWS = 300_000

Floats = NDArray[np.float64]
Item = tuple[BaseGeometry, datetime]


class FrontColumns:
    """Where the changes of a run lie with regard to a front: each is measured once, when somebody asks."""

    def __init__(self, columns: Columns, find: Callable[[list[Item]], list[FrontRelation | None]]) -> None:
        self._columns = columns
        self._find = find
        self._km: Floats = np.full(len(columns), np.nan)
        self._side = np.full(len(columns), "", dtype=object)
        self._known = np.zeros(len(columns), dtype=bool)
        self._nearest: NDArray[np.int64] | None = None
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._columns)

    def on(self, rows: NDArray[np.int64]) -> tuple[Floats, NDArray[np.object_]]:
        """Return kilometres to the front valid when each row was first seen, and whose ground it lies on.

        NaN and empty where no front is known; empty also for nobody's ground.
        """
        with self._lock:
            missing = rows[~self._known[rows]]
            if len(missing):
                self._measure(missing)
            return self._km[rows], self._side[rows]

    def nearest(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return rows (rising) ordered by distance: the nearest first, those without a front last, equal ones by score.

        Once all of the run was measured the order is kept, and what is asked for picked from it.
        """
        km, _ = self.on(rows)
        if not self._known.all():
            return rows[np.lexsort((-self._columns.score[rows], km))]
        if self._nearest is None:
            self._nearest = np.lexsort((-self._columns.score, self._km))
        wanted = np.zeros(len(self), dtype=bool)
        wanted[rows] = True
        return self._nearest[wanted[self._nearest]]

    def _measure(self, rows: NDArray[np.int64]) -> None:
        stamps = self._columns.before[rows].tolist()
        seen = {stamp: moment(stamp) for stamp in set(stamps)}
        shapes = self._columns.geometry[rows]
        found = self._find([(shape, seen[stamp]) for shape, stamp in zip(shapes, stamps, strict=True)])
        self._km[rows] = [np.nan if each is None else each.km for each in found]
        self._side[rows] = ["" if each is None else each.side for each in found]
        self._known[rows] = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChangeColumns:
    """The changes of one run; row i of every array is one of them, in the order of recording."""

    run: ChangeRun
    ids: NDArray[np.object_]
    """(n,) str."""
    score: Floats
    confidence: Floats
    """NaN where it was not measured."""
    area_m2: Floats
    magnitude_db: Floats
    after: NDArray[np.int64]
    """Last look without the change, microseconds since 1970."""
    before: NDArray[np.int64]
    """First look with it."""
    sign: NDArray[np.uint8]
    """Places in `change_columns.SIGNS`."""
    status: NDArray[np.uint8]
    """Places in `change_columns.STATUSES`."""
    x: Floats
    """Mercator metres of the middle."""
    y: Floats
    bounds: Floats
    """(n, 4): west, south, east, north, degrees."""
    front: FrontColumns
    verdict: NDArray[np.uint8]
    """Places in `STANDINGS`."""
    reviewed: Reviewed
    """The verdicts that the reviewer may see."""
    rows: dict[str, int]
    """Row of each id."""
    memo: dict[Hashable, NDArray[np.int64]]
    """Orders that were worked out, shared by everybody who looks at the run."""

    @property
    def front_km(self) -> Floats:
        """Kilometres to the front valid when each was first seen; NaN where none is known."""
        return self.front.on(np.arange(len(self)))[0]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(slots=True, eq=False)
class _Run:
    """What never changes of a run, and the words on it as far as they were read."""

    run: ChangeRun
    columns: Columns
    x: Floats
    y: Floats
    bounds: Floats
    rows: dict[str, int]
    memo: dict[Hashable, NDArray[np.int64]] = field(default_factory=dict)
    words: dict[tuple[int, str], Verdict | None] = field(default_factory=dict)
    number: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    reviewed: Reviewed | None = None


_RUNS: Remembered[_Run] = Remembered(_MOST_ROWS, lambda run: max(len(run.columns), 1))
_FRONTS: Remembered[FrontColumns] = Remembered(2 * _MOST_ROWS, lambda front: max(len(front), 1))


def columns(
    workspace: Workspace,
    run_id: str,
    *,
    reviewer: str | None,
    provider: str | None = None,
    known_at: datetime | None = None,
) -> ChangeColumns:
    """Return the changes of a run as one reviewer may see them.

    Reviews are blind: what others said of a change counts only once the reviewer has judged it.

    Parameters
    ----------
    reviewer : who looks; None sees every verdict
    provider : whose front distances are to; None for the first there is
    known_at : fronts and verdicts as known at this moment

    Raises
    ------
    NotFoundError
        If there is no such run.
    """
    run = _RUNS.get((workspace.catalog.path, run_id), lambda: _read(workspace, run_id))
    every = _reviewed(workspace, run, known_at)
    front = _front(workspace, run, provider, known_at)
    seen, there = every.seen_by(reviewer), run.columns
    return ChangeColumns(
        run=run.run, ids=there.ids, score=there.score, confidence=there.confidence, area_m2=there.area_m2,
        magnitude_db=there.magnitude_db, after=there.after, before=there.before, sign=there.sign, status=there.status,
        x=run.x, y=run.y, bounds=run.bounds, front=front,
        verdict=seen.codes(len(there), reviewer), reviewed=seen, rows=run.rows, memo=run.memo,
    )  # fmt: skip


def forget() -> None:
    """Forget every run: for measurements."""
    _RUNS.clear()
    _FRONTS.clear()


def _read(workspace: Workspace, run_id: str) -> _Run:
    found = workspace.catalog.changes.columns(run_id)
    middle = shapely.get_coordinates(shapely.centroid(found.geometry))
    x, y = to_mercator(middle[:, 0], middle[:, 1])
    return _Run(
        run=workspace.catalog.changes.run(run_id),
        columns=found,
        x=x,
        y=y,
        bounds=shapely.bounds(found.geometry).reshape(-1, 4),
        rows={id_: row for row, id_ in enumerate(found.ids)},
    )


def _reviewed(workspace: Workspace, run: _Run, known_at: datetime | None) -> Reviewed:
    store = workspace.catalog.reviews
    if known_at is not None:
        return reviewed(_said(run, {}, store.since(run.run.id, known_at=known_at)))
    with run.lock:
        news = store.since(run.run.id, run.number)
        if news:
            run.words, run.number = _said(run, run.words, news), news[-1].number
        if run.reviewed is None or news:
            run.reviewed = reviewed(run.words)
        return run.reviewed


def _said(
    run: _Run, known: dict[tuple[int, str], Verdict | None], news: list[Word]
) -> dict[tuple[int, str], Verdict | None]:
    return {**known, **{(run.rows[word.change_id], word.reviewer): word.verdict for word in news}}


def _front(workspace: Workspace, run: _Run, provider: str | None, known_at: datetime | None) -> FrontColumns:
    chosen = provider or next(iter(providers(workspace, known_at)), None)
    if chosen is None:
        return FrontColumns(run.columns, lambda items: [None] * len(items))
    # Verdicts are written all the time and move no front.
    drawn = workspace.catalog.reviews.last_other_event()
    course = workspace.catalog.frontlines.moments(chosen, known_at)
    key = (workspace.catalog.path, run.run.id, chosen, known_at, drawn, tuple(course))
    find = partial(related, workspace, chosen, known_at=known_at)
    return _FRONTS.get(key, lambda: FrontColumns(run.columns, find))
