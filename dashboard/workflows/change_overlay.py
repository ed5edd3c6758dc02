"""The changes of a run over the map: one by one while they are few, as a picture when they are many; none left out.

Both reach a little beyond the screen, so that most pans find there what they come to. A picture knows of every pixel
which rank of score is seen there: it is the same at every threshold, which only says from which rank on it is shown.
"""

import threading
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from dashboard.geo.mercator import to_mercator
from dashboard.model.change import DetectedChange
from dashboard.model.errors import GridMismatchError
from dashboard.render.fills import Areas, Ranking, ranking, seen
from dashboard.render.panned import Laid, Planes, laid
from dashboard.render.strokes import Window, strokes
from dashboard.workflows.ahead import AHEAD, LEAST_AHEAD, grown
from dashboard.workflows.remembered import Remembered
from dashboard.workflows.review import Order, Rows, Sieve, page, queue
from dashboard.workflows.review_columns import ChangeColumns, columns
from dashboard.workflows.workspace import Workspace

GLYPH_LIMIT = 2_000
"""Changes up to which the map draws each by itself."""
VERTEX_LIMIT = 60_000
"""Vertices up to which it does."""
_REMEMBERED_CHANGES = 300_000
_REMEMBERED_VIEWS = 6
"""Zooms and filters whose last picture is kept: 10 MB each."""
_SIZE_DIGITS = 9
"""Of a pixel's size: a millionth of a pixel across the screen."""


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
    """Changes as ranks of score, whatever the threshold."""

    ranks: NDArray[np.uint16]
    """(y, x) north first: 0 for none."""
    outlines: NDArray[np.bool_]
    """(y, x) whether what is seen is an outline."""
    ranking: Ranking
    """What the ranks stand for."""
    bounds: tuple[float, float, float, float]
    """(x0, y0, x1, y1), Mercator metres."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChangeOverlay:
    """What the layer of detected changes shows."""

    count: int
    """Changes on the screen."""
    changes: tuple[DetectedChange, ...]
    """Each of them and of those around, the largest first, where they are few enough to be shapes."""
    picture: ChangePicture | None
    """All of them, where they are not."""
    bounds: tuple[float, float, float, float]
    """(x0, y0, x1, y1), Mercator metres: within it nothing is missing."""


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """The polygons of a run, taken apart for drawing once: what never changes of it."""

    geometry: NDArray[np.object_]
    areas: Areas
    vertices: NDArray[np.int64]
    ranking: Ranking

    def __len__(self) -> int:
        return len(self.geometry)

    def among(self, rows: Rows, window: Window) -> Rows:
        """Return those of some rows whose boxes touch a window."""
        return rows[self.areas.strokes.inside(*window.bounds)[rows]]


@dataclass(slots=True, eq=False)
class _Held:
    """What was last drawn at one zoom and choice of changes; equal answers are the same objects."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    laid: Laid | None = None
    picture: ChangePicture | None = None
    around: Window | None = None
    """Where the shapes lie."""
    changes: tuple[DetectedChange, ...] = ()


def change_overlay(workspace: Workspace, asked: Asked, geobox: GeoBox, *, beyond: bool = False) -> ChangeOverlay:
    """Return the changes of a run on a screen: the last answer while that has them all, the same objects then.

    Parameters
    ----------
    geobox : the screen, EPSG:3857, north up
    beyond : draw more than the screen, for the next pans

    Raises
    ------
    GridMismatchError
        If the grid is rotated or not north up.
    NotFoundError
        If there is no such run.
    """
    window, drawn = _window(geobox), _of_run(workspace, asked.run_id)
    every, rows = _asked(workspace, asked)
    here = drawn.among(rows, window)
    place = _Place(window, LEAST_AHEAD, AHEAD) if beyond else _Place(window, 0.0, 0.0)
    if _few(drawn, here):
        shapes, around = _shapes(workspace, every, drawn, rows, place)
        return ChangeOverlay(count=len(here), changes=shapes, picture=None, bounds=around.bounds)
    _, whole = _asked(workspace, replace(asked, sieve=replace(asked.sieve, min_score=float("-inf"))))
    picture = _picture(workspace, every, drawn, whole, place)
    return ChangeOverlay(count=len(here), changes=(), picture=picture, bounds=picture.bounds)


@dataclass(frozen=True, slots=True)
class _Place:
    """A screen, and how much around it must be drawn, and is drawn when it is not."""

    window: Window
    least: float
    ahead: float

    @property
    def wanted(self) -> Window:
        return grown(self.window, self.least)

    @property
    def target(self) -> Window:
        return grown(self.window, self.ahead)


def _few(drawn: _Drawn, rows: Rows) -> bool:
    return bool(len(rows) <= GLYPH_LIMIT and drawn.vertices[rows].sum() <= VERTEX_LIMIT)


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
    rows = rows[drawn.areas.strokes.inside(x - radius_m, y - radius_m, x + radius_m, y + radius_m)[rows]]
    if not len(rows):
        return None
    away = shapely.distance(shapely.transform(drawn.geometry[rows], _metres), shapely.Point(x, y))
    best = np.lexsort((-every.score[rows], away))[0]
    return str(every.ids[rows[best]]) if away[best] <= radius_m else None


def forget() -> None:
    """Forget the polygons and pictures of every run: for measurements."""
    _RUNS.clear()
    _PICTURES.clear()
    _SHAPES.clear()


_RUNS: Remembered[_Drawn] = Remembered(_REMEMBERED_CHANGES, lambda run: max(len(run), 1))
_PICTURES: Remembered[_Held] = Remembered(_REMEMBERED_VIEWS)
_SHAPES: Remembered[_Held] = Remembered(_REMEMBERED_VIEWS)


def _of_run(workspace: Workspace, run_id: str) -> _Drawn:
    return _RUNS.get((workspace.catalog.path, run_id), lambda: _read(workspace, run_id))


def _read(workspace: Workspace, run_id: str) -> _Drawn:
    found = workspace.catalog.changes.columns(run_id)
    return _Drawn(
        found.geometry,
        Areas.of(strokes(found.geometry, np.ones(len(found.geometry), np.uint8), metres=_metres)),
        shapely.get_num_coordinates(found.geometry).astype(np.int64),
        ranking(found.score, found.sign),
    )


def _asked(workspace: Workspace, asked: Asked) -> tuple[ChangeColumns, Rows]:
    every = columns(workspace, asked.run_id, reviewer=asked.reviewer, provider=asked.provider, known_at=asked.known_at)
    return every, queue(every, replace(asked.sieve, bbox=None), Order.SIZE)


def _chosen(workspace: Workspace, every: ChangeColumns, rows: Rows, window: Window) -> Hashable:
    """Return what stands for just these rows at this zoom; how they came to be chosen does not matter."""
    digest = blake2b(np.ascontiguousarray(rows).tobytes(), digest_size=16).digest()
    return workspace.catalog.path, every.run.id, digest, window.sizes


def _shapes(
    workspace: Workspace, every: ChangeColumns, drawn: _Drawn, rows: Rows, place: _Place
) -> tuple[tuple[DetectedChange, ...], Window]:
    held = _SHAPES.get(_chosen(workspace, every, rows, place.window), _Held)
    with held.lock:
        if held.around is None or not _covers(held.around, place.wanted):
            around = place.target if _few(drawn, drawn.among(rows, place.target)) else place.window
            if held.around is None or not _covers(held.around, around):
                held.changes = tuple(page(workspace, every, drawn.among(rows, around)))
                held.around = around
        return held.changes, held.around


def _picture(workspace: Workspace, every: ChangeColumns, drawn: _Drawn, rows: Rows, place: _Place) -> ChangePicture:
    held = _PICTURES.get(_chosen(workspace, every, rows, place.window), _Held)
    with held.lock:  # of two who come together, one draws and the other has it
        if held.picture is not None and held.laid is not None and held.laid.covers(place.wanted):
            return held.picture
        ranks = np.zeros(len(drawn), np.uint16)
        ranks[rows] = drawn.ranking.ranks[rows]

        def draw(part: Window) -> Planes:
            found = seen(drawn.areas, ranks, part)
            return found.ranks, found.outlines

        held.laid = laid(held.laid, place.target, draw)
        levels, outlines = held.laid.planes
        held.picture = ChangePicture(
            ranks=levels, outlines=outlines, ranking=drawn.ranking, bounds=held.laid.window.bounds
        )
        return held.picture


def _covers(whole: Window, part: Window) -> bool:
    (x0, y0, x1, y1), (u0, v0, u1, v1) = whole.bounds, part.bounds
    return x0 <= u0 and y0 <= v0 and x1 >= u1 and y1 >= v1


def _window(geobox: GeoBox) -> Window:
    """Return the pixels of the world's own grid that lie nearest to a screen's."""
    across, turn, west, tilt, down, north = tuple(geobox.affine)[:6]
    if turn != 0 or tilt != 0 or across <= 0 or down >= 0:
        raise GridMismatchError("The grid is rotated or not north up; draw changes on a north-up grid.")
    height, width = geobox.shape
    # A dragged map has pixels of the same size but for rounding: without it no picture would be found again.
    across, down = (float(f"{size:.{_SIZE_DIGITS}g}") for size in (across, -down))
    return Window(round(west / across), round(-north / down), width, height, (across, down))


def _metres(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack(to_mercator(points[:, 0], points[:, 1]))
