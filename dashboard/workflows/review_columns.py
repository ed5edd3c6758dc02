"""The changes of a run and what was said of them, as columns: remembered, and brought up to date word by word."""

import threading
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import shapely
from numpy.typing import NDArray

from dashboard.catalog.change_columns import Columns
from dashboard.catalog.codec import moment
from dashboard.catalog.reviews import Word
from dashboard.geo.mercator import to_mercator
from dashboard.model.change import ChangeRun
from dashboard.model.review import Verdict
from dashboard.workflows.front_report import related
from dashboard.workflows.fronts import providers
from dashboard.workflows.remembered import Remembered
from dashboard.workflows.workspace import Workspace

VERDICTS = tuple(Verdict)
NONE, DISPUTED = "none", "disputed"
VERDICT_WORDS = (NONE, *(verdict.value for verdict in VERDICTS), DISPUTED)
"""What the numbers of `ChangeColumns.verdict` stand for: nothing said, the verdicts, reviewers differ on it."""
_FALSE = 1 + VERDICTS.index(Verdict.FALSE_ALARM)
_CODES = {verdict: 1 + place for place, verdict in enumerate(VERDICTS)}
_MOST_ROWS = 300_000

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reviewed:
    """Present verdicts; entry k is one of `names[who[k]]` on row `row[k]`."""

    names: tuple[str, ...] = ()
    row: NDArray[np.int64]
    who: NDArray[np.int64]
    verdict: NDArray[np.uint8]
    """1 to 5: a place in `VERDICT_WORDS`."""

    def seen_by(self, reviewer: str | None) -> "Reviewed":
        """Return what a reviewer may see: verdicts on what they judged themselves; everything for None."""
        if reviewer is None:
            return self
        mine = np.isin(self.row, self.row[self._by(reviewer)])
        return Reviewed(names=self.names, row=self.row[mine], who=self.who[mine], verdict=self.verdict[mine])

    def on(self, rows: NDArray[np.int64]) -> "Reviewed":
        """Return those on some rows."""
        kept = np.isin(self.row, rows)
        return Reviewed(names=self.names, row=self.row[kept], who=self.who[kept], verdict=self.verdict[kept])

    def codes(self, count: int, reviewer: str | None = None) -> NDArray[np.uint8]:
        """Return the verdict on each of `count` rows: the reviewer's own where they gave one; disputed if it is."""
        found = np.zeros(count, dtype=np.uint8)
        found[self.row[::-1]] = self.verdict[::-1]
        own = self._by(reviewer)
        found[self.row[own]] = self.verdict[own]
        real, false = self.sides(count)
        found[real & false] = VERDICT_WORDS.index(DISPUTED)
        return found

    def sides(self, count: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return of each of `count` rows whether somebody called it real, and whether somebody a false alarm."""
        real, false = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
        real[self.row[self.verdict != _FALSE]] = True
        false[self.row[self.verdict == _FALSE]] = True
        return real, false

    def _by(self, reviewer: str | None) -> NDArray[np.bool_]:
        return self.who == (self.names.index(reviewer) if reviewer in self.names else -1)


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
    front_km: Floats
    """To the front valid when it was first seen; NaN where none is known."""
    side: NDArray[np.object_]
    """(n,) str: whose ground it lies on; empty for nobody's."""
    verdict: NDArray[np.uint8]
    """Places in `VERDICT_WORDS`."""
    reviewed: Reviewed
    """The verdicts that the reviewer may see."""
    rows: dict[str, int]
    """Row of each id."""
    memo: dict[Hashable, NDArray[np.int64]]
    """Orders that were worked out, shared by everybody who looks at the run."""
    front_memo: dict[Hashable, NDArray[np.int64]]
    """Those that depend on the front."""

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


@dataclass(frozen=True, slots=True, eq=False)
class _Front:
    km: Floats
    side: NDArray[np.object_]
    memo: dict[Hashable, NDArray[np.int64]] = field(default_factory=dict)


_RUNS: Remembered[_Run] = Remembered(_MOST_ROWS, lambda run: max(len(run.columns), 1))
_FRONTS: Remembered[_Front] = Remembered(2 * _MOST_ROWS, lambda front: max(len(front.km), 1))


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
        x=run.x, y=run.y, bounds=run.bounds, front_km=front.km, side=front.side,
        verdict=seen.codes(len(there), reviewer), reviewed=seen, rows=run.rows, memo=run.memo, front_memo=front.memo,
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
        return _counted(_said(run, {}, store.since(run.run.id, known_at=known_at)))
    with run.lock:
        news = store.since(run.run.id, run.number)
        if news:
            run.words, run.number = _said(run, run.words, news), news[-1].number
        if run.reviewed is None or news:
            run.reviewed = _counted(run.words)
        return run.reviewed


def _said(
    run: _Run, known: dict[tuple[int, str], Verdict | None], news: list[Word]
) -> dict[tuple[int, str], Verdict | None]:
    return {**known, **{(run.rows[word.change_id], word.reviewer): word.verdict for word in news}}


def _counted(words: dict[tuple[int, str], Verdict | None]) -> Reviewed:
    names = tuple(sorted({who for _, who in words}))
    place = {name: index for index, name in enumerate(names)}
    given = [(row, place[who], _CODES[verdict]) for (row, who), verdict in words.items() if verdict is not None]
    table = np.array(given, dtype=np.int64).reshape(-1, 3)
    return Reviewed(names=names, row=table[:, 0], who=table[:, 1], verdict=table[:, 2].astype(np.uint8))


def _front(workspace: Workspace, run: _Run, provider: str | None, known_at: datetime | None) -> _Front:
    chosen = provider or next(iter(providers(workspace, known_at)), None)
    if chosen is None:
        return _Front(np.full(len(run.columns), np.nan), _words(len(run.columns)))
    # Verdicts are written all the time and move no front.
    drawn = workspace.catalog.reviews.last_other_event()
    course = workspace.catalog.frontlines.moments(chosen, known_at)
    key = (workspace.catalog.path, run.run.id, chosen, known_at, drawn, tuple(course))
    return _FRONTS.get(key, lambda: _measured(workspace, run, chosen, known_at))


def _measured(workspace: Workspace, run: _Run, provider: str, known_at: datetime | None) -> _Front:
    seen = {stamp: moment(stamp) for stamp in np.unique(run.columns.before).tolist()}
    items = [
        (shape, seen[stamp]) for shape, stamp in zip(run.columns.geometry, run.columns.before.tolist(), strict=True)
    ]
    found = related(workspace, provider, items, known_at=known_at)
    km = np.array([np.nan if each is None else each.km for each in found], dtype=np.float64)
    side = _words(len(found))
    side[:] = ["" if each is None else each.side for each in found]
    return _Front(km, side)


def _words(count: int) -> NDArray[np.object_]:
    return np.full(count, "", dtype=object)
