"""The changes of a run over the map: one by one while they are few, as a picture when they are many; none left out."""

from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from dashboard.catalog.change_columns import SIGNS
from dashboard.geo.mercator import to_mercator
from dashboard.model.change import DetectedChange
from dashboard.model.errors import GridMismatchError
from dashboard.render.fills import mark_apart
from dashboard.render.strokes import MARGIN_PX, Strokes, Window, strokes
from dashboard.workflows.remembered import Remembered
from dashboard.workflows.review import Order, Rows, Sieve, page, queue
from dashboard.workflows.review_columns import ChangeColumns, columns
from dashboard.workflows.workspace import Workspace

GLYPH_LIMIT = 2_000
"""Changes in view up to which the map draws each by itself."""
VERTEX_LIMIT = 60_000
"""Vertices in view up to which it does."""
STEPS = 42
"""Scores that a picture tells apart: as many as three signs, for ground and outline, leave in a byte."""
_REMEMBERED_CHANGES = 300_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which changes, and to whom."""

    run_id: str
    sieve: Sieve = field(default_factory=Sieve)
    reviewer: str | None = None
    """None sees every verdict."""
    provider: str | None = None
    """Whose front distances are to."""
    known_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChangePicture:
    """Changes as a picture of a byte a pixel."""

    levels: NDArray[np.uint8]
    """(y, x) north first: 0 for none; `dashboard.plots.changes.change_shades` says what the others are."""
    scores: NDArray[np.float64]
    """(42,) lowest score of each step, rising; the steps hold about as many changes of the run each."""
    bounds: tuple[float, float, float, float]
    """(x0, y0, x1, y1), Mercator metres."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChangeOverlay:
    """What the layer of detected changes shows."""

    count: int
    """Changes in view."""
    changes: tuple[DetectedChange, ...]
    """Each of them, the largest first, where they are few enough to be shapes."""
    picture: ChangePicture | None
    """All of them, where they are not."""


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """The polygons of a run, taken apart for drawing once: what never changes of it."""

    geometry: NDArray[np.object_]
    strokes: Strokes
    vertices: NDArray[np.int64]
    scores: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.geometry)


def change_overlay(workspace: Workspace, asked: Asked, geobox: GeoBox) -> ChangeOverlay:
    """Return the changes of a run on a screen.

    Parameters
    ----------
    geobox : the screen, EPSG:3857, north up

    Raises
    ------
    GridMismatchError
        If the grid is rotated or not north up.
    NotFoundError
        If there is no such run.
    """
    window, drawn = _window(geobox), _of_run(workspace, asked.run_id)
    every, rows = _asked(workspace, asked)
    inside = drawn.strokes.inside(*window.bounds)
    rows = rows[inside[rows]]
    if len(rows) <= GLYPH_LIMIT and drawn.vertices[rows].sum() <= VERTEX_LIMIT:
        return ChangeOverlay(count=len(rows), changes=tuple(page(workspace, every, rows)), picture=None)
    return ChangeOverlay(count=len(rows), changes=(), picture=_picture(drawn, rows, window))


def change_at(workspace: Workspace, asked: Asked, place: tuple[float, float], radius_m: float) -> str | None:
    """Return the id of the change at a place: what a click means, whatever it is drawn as; None where there is none.

    Of several that hold the place the one with the highest score is meant, which is the one that is seen.

    Parameters
    ----------
    place : Mercator (x, y) in metres
    radius_m : how far beside a change a click still means it, Mercator metres
    """
    x, y = place
    drawn = _of_run(workspace, asked.run_id)
    every, rows = _asked(workspace, asked)
    rows = rows[drawn.strokes.inside(x - radius_m, y - radius_m, x + radius_m, y + radius_m)[rows]]
    if not len(rows):
        return None
    away = shapely.distance(shapely.transform(drawn.geometry[rows], _metres), shapely.Point(x, y))
    best = np.lexsort((-every.score[rows], away))[0]
    return str(every.ids[rows[best]]) if away[best] <= radius_m else None


def forget() -> None:
    """Forget the polygons of every run: for measurements."""
    _RUNS.clear()


_RUNS: Remembered[_Drawn] = Remembered(_REMEMBERED_CHANGES, lambda run: max(len(run), 1))


def _of_run(workspace: Workspace, run_id: str) -> _Drawn:
    return _RUNS.get((workspace.catalog.path, run_id), lambda: _read(workspace, run_id))


def _read(workspace: Workspace, run_id: str) -> _Drawn:
    found = workspace.catalog.changes.columns(run_id)
    scores = steps(found.score)
    step = np.clip(np.searchsorted(scores, found.score, side="right") - 1, 0, STEPS - 1)
    # The greater rank is seen: of two that meet in a pixel the higher score, so that a threshold hides no other.
    ranks = (1 + step * len(SIGNS) + found.sign).astype(np.uint8)
    return _Drawn(
        found.geometry,
        strokes(found.geometry, ranks, metres=_metres),
        shapely.get_num_coordinates(found.geometry).astype(np.int64),
        scores,
    )


def steps(score: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (42,) lowest scores of steps that hold about equally many of some changes each."""
    if not len(score):
        return np.zeros(STEPS)
    known = np.sort(score)
    return known[(np.arange(STEPS) * len(known)) // STEPS]


def _asked(workspace: Workspace, asked: Asked) -> tuple[ChangeColumns, Rows]:
    every = columns(workspace, asked.run_id, reviewer=asked.reviewer, provider=asked.provider, known_at=asked.known_at)
    return every, queue(every, replace(asked.sieve, bbox=None), Order.SIZE)


def _picture(drawn: _Drawn, rows: Rows, window: Window) -> ChangePicture:
    hidden = np.ones(len(drawn), bool)
    hidden[rows] = False
    marks = mark_apart(drawn.strokes, window.grown(MARGIN_PX), hidden=hidden)
    lines = _doubled(marks.lines)
    margin = slice(MARGIN_PX, -MARGIN_PX)
    levels = np.where(lines > 0, lines + np.uint8(STEPS * len(SIGNS)), marks.fills[margin, margin])
    return ChangePicture(levels=levels, scores=drawn.scores, bounds=window.bounds)


def _doubled(lines: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return lines two pixels wide, without the margin."""
    high = np.maximum(lines[:-1], lines[1:])[MARGIN_PX - 1 : -MARGIN_PX]
    return np.maximum(high[:, :-1], high[:, 1:])[:, MARGIN_PX - 1 : -MARGIN_PX]


def _window(geobox: GeoBox) -> Window:
    """Return the pixels of the world's own grid that lie nearest to a screen's."""
    across, turn, west, tilt, down, north = tuple(geobox.affine)[:6]
    if turn != 0 or tilt != 0 or across <= 0 or down >= 0:
        raise GridMismatchError("The grid is rotated or not north up; draw changes on a north-up grid.")
    height, width = geobox.shape
    return Window(round(west / across), round(north / down), width, height, (across, -down))


def _metres(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack(to_mercator(points[:, 0], points[:, 1]))
