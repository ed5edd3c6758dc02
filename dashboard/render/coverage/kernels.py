"""Compiled inner loops of coverage. Private to this package; callers check shapes and types.

A footprint covers a pixel whose centre lies inside it. Rows of pixels lie on parallels, so an edge that is straight in
longitude and latitude is cut exactly where it is straight: nothing is densified. Rows and columns are half open, so two
footprints that share an edge share no pixel. All kernels run on one thread and release the interpreter lock.
"""

import math
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

jit = numba.njit(nogil=True, cache=True, error_model="numpy")

RADIUS_M = 6_378_137.0
SMALL_PX = 4.0
"""A footprint at most this wide and high is looked at whole: it counts though it lie between all centres."""
MOST_CUTS = 64
"""Of one row of pixels with a small footprint's outline; one of more is never lost, for it holds a centre or is drawn
at its spot."""


class Outlines(NamedTuple):
    """Footprints taken apart: outer rings counter-clockwise, holes clockwise, each ring closed."""

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    y: NDArray[np.float64]
    """Mercator metres of `lat`."""
    rings: NDArray[np.int64]
    """(rings + 1,) where each ring's vertices begin."""
    shapes: NDArray[np.int64]
    """(shapes + 1,) where each shape's rings begin."""
    boxes: NDArray[np.float64]
    """(shapes, 4) west, south, east, north: degrees, and Mercator metres for south and north."""
    spots: NDArray[np.float64]
    """(shapes, 2) a point inside: longitude, Mercator metres."""


class Grid(NamedTuple):
    """Pixels of the screen: columns evenly spaced in longitude, rows in Mercator metres."""

    west: float
    """Degrees."""
    step: float
    """Degrees a column."""
    north: float
    """Mercator metres."""
    size: float
    """Mercator metres a row."""
    width: int
    height: int


@jit
def _row(y: float, grid: Grid) -> int:
    """Return the first row whose centre lies south of y, not cut to the grid."""
    return math.floor((grid.north - y) / grid.size - 0.5) + 1


@jit
def _column(lon: float, grid: Grid) -> int:
    """Return the first column whose centre does not lie west of a longitude, not cut to the grid."""
    return math.ceil((lon - grid.west) / grid.step - 0.5)


@jit
def _latitude(row: int, grid: Grid) -> float:
    return math.degrees(math.atan(math.sinh((grid.north - (row + 0.5) * grid.size) / RADIUS_M)))


@jit
def _cut(shapes: Outlines, at: int, latitude: float) -> float:
    """Return the longitude at which the edge from vertex `at` to the next crosses a parallel."""
    share = min(max((latitude - shapes.lat[at]) / (shapes.lat[at + 1] - shapes.lat[at]), 0.0), 1.0)
    return float(shapes.lon[at] + share * (shapes.lon[at + 1] - shapes.lon[at]))


@jit
def _is_small(shapes: Outlines, one: int, grid: Grid) -> bool:
    west, south, east, north = shapes.boxes[one]
    return bool((east - west) <= SMALL_PX * grid.step and (north - south) <= SMALL_PX * grid.size)


@jit
def _holds_centre(shapes: Outlines, one: int, grid: Grid, cuts: NDArray[np.int32]) -> bool:
    """Return whether a small footprint covers the centre of any pixel, of the grid or around it."""
    for row in range(_row(shapes.boxes[one, 3], grid), _row(shapes.boxes[one, 1], grid)):
        found = _cuts_of_row(shapes, one, row, grid, cuts)
        for pair in range(0, found - 1, 2):
            if cuts[pair] < cuts[pair + 1]:
                return True
    return False


@jit
def _cuts_of_row(shapes: Outlines, one: int, row: int, grid: Grid, cuts: NDArray[np.int32]) -> int:
    """Write the columns at which one row enters and leaves a footprint, sorted; return how many."""
    latitude, found = _latitude(row, grid), 0
    for ring in range(shapes.shapes[one], shapes.shapes[one + 1]):
        for at in range(shapes.rings[ring], shapes.rings[ring + 1] - 1):
            low, high = _row(shapes.y[at], grid), _row(shapes.y[at + 1], grid)
            if (low <= row) != (high <= row) and found < cuts.size:
                cuts[found] = _column(_cut(shapes, at, latitude), grid)
                found += 1
    _sort(cuts, 0, found)
    return found


@jit
def _spot(shapes: Outlines, one: int, grid: Grid) -> tuple[int, int]:
    """Return the row and column of a footprint's spot, (-1, -1) off the grid."""
    lon, y = shapes.spots[one]
    row = math.floor((grid.north - y) / grid.size)
    column = math.floor((lon - grid.west) / grid.step)
    if 0 <= row < grid.height and 0 <= column < grid.width:
        return row, column
    return -1, -1


@jit
def count(
    shapes: Outlines, order: NDArray[np.int64], grid: Grid, latitudes: NDArray[np.float64], steps: NDArray[np.int32],
    small: bool,  # noqa: FBT001 - what is compiled takes no keywords
) -> None:  # fmt: skip
    """Add to `steps` (height, width + 1) by how much the number of footprints grows from each column to the next."""
    cuts = np.empty(MOST_CUTS, np.int32)
    for one in order:
        if small and _is_small(shapes, one, grid) and not _holds_centre(shapes, one, grid, cuts):
            row, column = _spot(shapes, one, grid)
            if row >= 0:
                steps[row, column] += 1
                steps[row, column + 1] -= 1
            continue
        for ring in range(shapes.shapes[one], shapes.shapes[one + 1]):
            for at in range(shapes.rings[ring], shapes.rings[ring + 1] - 1):
                _step(shapes, at, grid, latitudes, steps)


@jit
def _step(shapes: Outlines, at: int, grid: Grid, latitudes: NDArray[np.float64], steps: NDArray[np.int32]) -> None:
    # Going south means that the inside lies to the east: outer rings turn counter-clockwise, holes back.
    first, last = _row(shapes.y[at], grid), _row(shapes.y[at + 1], grid)
    if first == last:
        return
    sign = 1 if first < last else -1
    edge = _edge(shapes, at, grid)
    for row in range(max(min(first, last), 0), min(max(first, last), grid.height)):
        steps[row, _crossed(edge, latitudes[row], grid.width)] += sign


class Edge(NamedTuple):
    """An edge of an outline in columns: linear in latitude."""

    begin: float
    """Column of its first vertex, half a column less: rounded up it is the first whose middle lies east of it."""
    slope: float
    """Columns a degree north."""
    latitude: float
    """Of its first vertex."""
    least: float
    most: float
    """Between which it stays, whatever rounding says."""


@jit
def _edge(shapes: Outlines, at: int, grid: Grid) -> Edge:
    """Return the edge from a vertex to the next; the two differ in latitude."""
    begin = (shapes.lon[at] - grid.west) / grid.step - 0.5
    end = (shapes.lon[at + 1] - grid.west) / grid.step - 0.5
    slope = (end - begin) / (shapes.lat[at + 1] - shapes.lat[at])
    return Edge(begin, slope, shapes.lat[at], min(begin, end), max(begin, end))


@jit
def _crossed(edge: Edge, latitude: float, width: int) -> int:
    """Return the first column whose middle does not lie west of an edge, 0 to `width`."""
    place = edge.begin + edge.slope * (latitude - edge.latitude)
    place = min(max(place, edge.least), edge.most)
    return math.ceil(min(max(place, 0.0), float(width)))


class Rows(NamedTuple):
    """Where each row enters and leaves a footprint: a pair of columns for each time."""

    top: int
    """The first row."""
    height: int
    starts: NDArray[np.int64]
    """Row `top + r` has the cuts from ``starts[r]`` to ``starts[r + 1]``."""
    cuts: NDArray[np.int32]
    """Columns, sorted within a row."""


@jit
def rows_of(
    shapes: Outlines, one: int, grid: Grid, latitudes: NDArray[np.float64], starts: NDArray[np.int64],
    cuts: NDArray[np.int32],
) -> Rows:  # fmt: skip
    """Return the rows of a footprint; `starts` and `cuts` are memory to use, `cuts` grows where it must."""
    if _is_small(shapes, one, grid) and not _holds_centre(shapes, one, grid, cuts):
        row, column = _spot(shapes, one, grid)
        starts[0], starts[1], cuts[0], cuts[1] = 0, 2, column, column + 1
        return Rows(max(row, 0), 1 if row >= 0 else 0, starts, cuts)
    top = min(max(_row(shapes.boxes[one, 3], grid), 0), grid.height)
    bottom = min(max(_row(shapes.boxes[one, 1], grid), 0), grid.height)
    count = max(bottom - top, 0)
    starts[: count + 2] = 0
    _edges(shapes, one, grid, Rows(top, count, starts, cuts), latitudes, False)
    for row in range(count):
        starts[row + 2] += starts[row + 1]
    if starts[count + 1] > cuts.size:
        cuts = np.empty(2 * starts[count + 1], np.int32)
    _edges(shapes, one, grid, Rows(top, count, starts, cuts), latitudes, True)
    for row in range(count):
        _sort(cuts, starts[row], starts[row + 1])
    return Rows(top, count, starts, cuts)


@jit
def _sort(cuts: NDArray[np.int32], first: int, until: int) -> None:
    # By insertion: a row has two cuts with most footprints, and hardly ever more than a dozen.
    for at in range(first + 1, until):
        value, to = cuts[at], at
        while to > first and cuts[to - 1] > value:
            cuts[to] = cuts[to - 1]
            to -= 1
        cuts[to] = value


@jit
def _edges(
    shapes: Outlines, one: int, grid: Grid, rows: Rows, latitudes: NDArray[np.float64],
    write: bool,  # noqa: FBT001 - as above
) -> None:  # fmt: skip
    """Count the cuts of every row, two places ahead of it, or write them where the counts have made room."""
    for ring in range(shapes.shapes[one], shapes.shapes[one + 1]):
        for at in range(shapes.rings[ring], shapes.rings[ring + 1] - 1):
            a, b = _row(shapes.y[at], grid), _row(shapes.y[at + 1], grid)
            if a == b:
                continue
            edge = _edge(shapes, at, grid)
            for row in range(max(min(a, b), rows.top), min(max(a, b), rows.top + rows.height)):
                place = row - rows.top + 1
                if write:
                    rows.cuts[rows.starts[place]] = _crossed(edge, latitudes[row], grid.width)
                    rows.starts[place] += 1
                else:
                    rows.starts[place + 1] += 1
