"""One picture of the front per day, ready to be shipped: for playing through years of days.

A frame is whole or not there: it is made of one snapshot, and what was made is shared and never changed.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from dashboard.geo.front import facing_lines
from dashboard.geo.mercator import project
from dashboard.model.errors import InputError
from dashboard.model.frontline import FrontlineSnapshot
from dashboard.model.view import Extent
from dashboard.workflows.fronts import front_at, identity
from dashboard.workflows.remembered import Remembered
from dashboard.workflows.workspace import Workspace

GRID_PX = 0.5
"""Vertices are moved onto a grid of this step: by a third of a pixel at most, and shared ones together."""
MARGIN = 0.25
"""Drawn beyond the extent on each side, as a share of it: for a pan while the clock runs."""
Sides = tuple[tuple[str, str | None, BaseGeometry], ...]
"""(side, colour, MultiPolygon in Mercator metres)."""
Lines = tuple[tuple[str, BaseGeometry], ...]
"""(side, line in Mercator metres)."""


@dataclass(frozen=True, slots=True)
class FrontFrame:
    """What one snapshot looks like on a screen."""

    snapshot_id: str
    valid_from: datetime
    sides: Sides
    """Cut to the extent and a margin; not necessarily valid."""
    lines: Lines
    """The front, cut alike, with the opposing ground to the right of its direction."""


def _vertices(frame: FrontFrame) -> int:
    shapes = [shape for *_, shape in (*frame.sides, *frame.lines)]
    return 1 + int(shapely.get_num_coordinates(np.array(shapes, dtype=object)).sum())


_FRAMES: Remembered[FrontFrame] = Remembered(2_000_000, _vertices)
_GROUND: Remembered[tuple[Sides, Lines]] = Remembered(32)


def frame_at(
    workspace: Workspace,
    provider: str,
    moment: datetime,
    screen: tuple[Extent, int],
    *,
    known_at: datetime | None = None,
) -> FrontFrame | None:
    """Return the frame of a provider's front at a moment; None before its first.

    Parameters
    ----------
    screen : (extent, width in pixels) of the map
    """
    snapshot = front_at(workspace, provider, moment, known_at=known_at)
    return None if snapshot is None else front_frame(snapshot, *screen)


def front_frame(snapshot: FrontlineSnapshot, extent: Extent, width: int) -> FrontFrame:
    """Return a snapshot as it is drawn on a map of `extent` that is `width` pixels wide; made once, safe to share.

    Raises
    ------
    InputError
        If the map has no width.
    """
    if width < 1:
        msg = f"A map {width} pixels wide shows nothing; give 1 or more."
        raise InputError(msg)
    return _FRAMES.get((identity(snapshot), extent, width), lambda: _frame(snapshot, extent, width))


def _frame(snapshot: FrontlineSnapshot, extent: Extent, width: int) -> FrontFrame:
    sides, lines = _GROUND.get(identity(snapshot), lambda: _projected(snapshot))
    across, up = extent.x1 - extent.x0, extent.y1 - extent.y0
    window = (
        extent.x0 - MARGIN * across, extent.y0 - MARGIN * up, extent.x1 + MARGIN * across, extent.y1 + MARGIN * up,
    )  # fmt: skip
    step = GRID_PX * across / width
    return FrontFrame(
        snapshot_id=snapshot.id,
        valid_from=snapshot.valid_from,
        sides=tuple((side, colour, _polygons(shape, window, step)) for side, colour, shape in sides),
        lines=tuple((side, _lines(line, window, step)) for side, line in lines),
    )


def _projected(snapshot: FrontlineSnapshot) -> tuple[Sides, Lines]:
    return (
        tuple((area.side, area.colour, project(area.geometry)) for area in snapshot.areas),
        tuple((facing.side, project(facing.line)) for facing in facing_lines(snapshot)),
    )


def _polygons(shape: BaseGeometry, window: tuple[float, float, float, float], step: float) -> BaseGeometry:
    """Return the polygons of a shape inside a window, on the grid; rings smaller than a grid step vanish."""
    parts = [p for p in shapely.get_parts(shapely.clip_by_rect(shape, *window)) if p.geom_type == "Polygon"]
    kept = []
    for part in parts:
        outer, *holes = (_on_grid(shapely.get_coordinates(ring), step) for ring in shapely.get_rings(part))
        if len(outer) >= 4:
            kept.append(shapely.Polygon(outer, [hole for hole in holes if len(hole) >= 4]))
    return shapely.MultiPolygon(kept)


def _lines(shape: BaseGeometry, window: tuple[float, float, float, float], step: float) -> BaseGeometry:
    parts = [
        _on_grid(shapely.get_coordinates(p), step) for p in shapely.get_parts(shapely.clip_by_rect(shape, *window))
    ]
    return shapely.MultiLineString([part for part in parts if len(part) >= 2])


def _on_grid(xy: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """Return vertices rounded to the grid, each place once in a row.

    Rounding moves the vertices that two sides share alike, where simplifying each side would open gaps between them.
    """
    cells = np.rint(xy / step)
    moved = np.ones(len(cells), dtype=bool)
    moved[1:] = np.any(cells[1:] != cells[:-1], axis=1)
    return cells[moved] * step
