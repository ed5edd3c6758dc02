"""What neighbouring ground did together on a date: rain, soil moisture, snow, calibration.

Three sizes of ground: the scene, districts of four by four cells, and cells. A cell did what its pixels did against
their own means before, on robust average; a district and the scene are medians of cells. A departure from the next
larger ground is believed only as far as its own past makes likely: beyond a few of its robust deviations it is an
event, not the weather, and stays in. So small objects stand out against their surroundings, and a destroyed quarter, a
flood or a fire larger than a cell is not taken for the common mode.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dashboard.change.energy.common import kernels
from dashboard.change.energy.options import Options
from dashboard.change.energy.stacks import Asked

FEWEST_PX, MOST_CELLS = 16, 128
"""A cell has at least so many pixels each way, a scene at most so many cells."""
DISTRICT = 4
"""Cells of a district each way."""
OWN_PAST = 8
"""Dates before from which a cell's own deviation is used; with fewer, the median of all cells'."""
_EACH_WAY = 8
"""Pixels of a cell each way that its level is taken from."""
_GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0
_MAD = 1.4826
_ALIGNING = 3
"""Turns in which cells and scene are aligned."""

Real = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonMode:
    """How much brighter than usual one stack was on each date, on a coarse grid."""

    times: NDArray[np.datetime64]
    """(time,) of the stack, all dates."""
    polarisations: tuple[str, ...]
    values: NDArray[np.float32]
    """(time, polarisation, row, column) in nepers of power (natural logarithm), finite."""
    y: Real
    """(row,) map coordinates of the nodes."""
    x: Real
    """(column,) map coordinates of the nodes."""

    def on(self, y: Real, x: Real) -> NDArray[np.float32]:
        """Return the common mode (time, polarisation, y, x) on a grid: bilinear between nodes, constant beyond."""
        (above, down), (left, right) = between(self.y, y), between(self.x, x)
        return _bilinear(self.values, (above, down), (left, right))


def between(nodes: Real, at: Real) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return for each position the node before it and the weight, 0 to 1, of the one after; nodes rise or fall."""
    if nodes.size == 1:
        return np.zeros(at.size, np.int64), np.zeros(at.size, np.float32)
    numbers = np.arange(nodes.size, dtype=np.float64)
    place = np.interp(at, *((nodes, numbers) if nodes[0] < nodes[-1] else (nodes[::-1], numbers[::-1])))
    low = np.clip(place.astype(np.int64), 0, nodes.size - 2)
    return low, (place - low).astype(np.float32)


def common_mode(stack: Asked, options: Options, threads: int) -> CommonMode:
    """Measure one stack's common mode on the grid that its pixels lie on."""
    edges = tuple(_edges(at.size, at, options) for at in (stack.y, stack.x))
    if not options.common_mode:
        edges = tuple(each[[0, -1]] for each in edges)
    y, x = (_middles(at, each) for at, each in zip((stack.y, stack.x), edges, strict=True))
    if options.common_mode:
        values = _nested_each(_levels(stack, edges, threads), stack, options, threads)
    else:
        values = np.zeros((*stack.values.shape[:2], 1, 1))
    return CommonMode(
        times=stack.times, polarisations=stack.polarisations, values=np.asarray(values, np.float32), y=y, x=x
    )


def _nested_each(cells: Real, stack: Asked, options: Options, threads: int) -> Real:
    """`nested`, one polarisation a thread: they have nothing to do with each other."""
    before = np.isin(np.arange(stack.times.size), stack.before)
    values = np.empty_like(cells)

    def work(plane: int) -> None:
        values[:, plane : plane + 1] = nested(cells[:, plane : plane + 1], before, options)

    in_threads(work, range(cells.shape[1]), threads)
    return values


def nested(cells: Real, before: NDArray[np.bool_], options: Options) -> Real:
    """Return the common mode of cells (time, polarisation, row, column), NaN where too little was seen, finite out."""
    with np.errstate(invalid="ignore"):
        cells, scene = _aligned(cells, before)
        districts = _districts(cells)
        shape = districts.shape[2:]
        to_cells = tuple(
            between((np.arange(n) + 0.5) * size / n - 0.5, np.arange(size, dtype=np.float64))
            for n, size in zip(shape, cells.shape[2:], strict=True)
        )
        wide = np.where(np.isfinite(districts), districts, scene)
        off = believed(districts - scene, before, options)
        near = believed(cells - _bilinear(wide, *to_cells), before, options)
    return np.nan_to_num(scene) + _bilinear(off, *to_cells) + near


def _aligned(cells: Real, before: NDArray[np.bool_]) -> tuple[Real, Real]:
    """The cells less each one's usual departure from the scene, and the scene; cells that lack dates have one."""
    scene = _median(cells, (2, 3))
    for _ in range(_ALIGNING if before.any() else 0):
        cells = cells - np.nan_to_num(_median((cells - scene)[before], 0))
        scene = _median(cells, (2, 3))
    return cells, scene


def believed(off: Real, before: NDArray[np.bool_], options: Options) -> Real:
    """Return departures about their median before, held to a few robust deviations of before; unknown ones are 0."""
    if not before.any():
        return np.zeros_like(off)
    off = off - _median(off[before], 0)
    spread = _MAD * _median(np.abs(off[before]), 0)
    if before.sum() < OWN_PAST:
        spread = np.broadcast_to(_median(spread, (1, 2)), spread.shape)
    most = options.common_mode_limit * np.nan_to_num(spread)
    return np.asarray(np.clip(np.nan_to_num(off), -most, most), np.float64)


def _edges(size: int, at: Real, options: Options) -> NDArray[np.int64]:
    """Where cells begin and end, in pixels: equal to a pixel."""
    spacing = abs(at[-1] - at[0]) / (size - 1) if size > 1 else 1.0
    wanted = max(options.common_mode_cell / max(spacing, 1e-12), FEWEST_PX)
    return np.linspace(0, size, 1 + int(np.clip(round(size / wanted), 1, MOST_CELLS))).round().astype(np.int64)


def _middles(at: Real, edges: NDArray[np.int64]) -> Real:
    return 0.5 * (at[edges[:-1]] + at[edges[1:] - 1])


def _levels(stack: Asked, edges: tuple[NDArray[np.int64], ...], threads: int) -> Real:
    down, across = edges
    before = np.isin(np.arange(stack.times.size), stack.before)
    out = np.empty((*stack.values.shape[:2], down.size - 1, across.size - 1), np.float32)
    columns = _spread(across).reshape(-1).astype(np.uint64)

    def measure(number: int) -> None:
        stored, top = stack.stored(slice(int(down[number]), int(down[number + 1])))
        rows = _spread(down[number : number + 2])[0] + (top - down[number])
        found = np.empty((out.shape[3], out.shape[1], out.shape[0]), np.float32)
        kernels.cells(stored, stack.exponent, before, rows, columns, found)
        out[:, :, number] = found.T

    in_threads(measure, range(out.shape[2]), threads)
    return out.astype(np.float64)


def _spread(edges: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pixels that are taken of each cell (cell, number): as many of each, one in each equal part, at no fixed distance.

    Furrows, streets or orchard rows as far apart as equally spread pixels would all be met, or all be missed.
    """
    starts, sizes = edges[:-1, None], np.diff(edges)[:, None]
    count = min(_EACH_WAY, int(sizes.min()))
    number = np.arange(count)
    first, last = number * sizes // count, (number + 1) * sizes // count
    place = np.mod((starts + number + 1) * _GOLDEN, 1.0)  # fills an interval evenly without any period
    return np.asarray(starts + first + (place * (last - first)).astype(np.int64), np.int64)


def in_threads(work: Callable[[int], None], numbers: range, threads: int) -> None:
    """Do the work for every number, on several threads where that helps."""
    if min(threads, len(numbers)) <= 1:
        for number in numbers:
            work(number)
        return
    with ThreadPoolExecutor(min(threads, len(numbers)), "energy") as pool:
        list(pool.map(work, numbers))


def _districts(cells: Real) -> Real:
    """Medians of districts (time, polarisation, row, column)."""
    height, width = cells.shape[2:]
    down, across = (np.linspace(0, n, 1 + max(1, round(n / DISTRICT))).round().astype(int) for n in (height, width))
    numbers = np.arange(height * width).reshape(height, width)
    inside = [numbers[a:b, c:d].ravel() for a, b in pairwise(down) for c, d in pairwise(across)]
    members = np.full((len(inside), max(each.size for each in inside)), height * width)
    for own, each in zip(members, inside, strict=True):
        own[: each.size] = each
    with_none = np.concatenate([cells.reshape(*cells.shape[:2], -1), np.full((*cells.shape[:2], 1), np.nan)], axis=2)
    return _median(with_none[:, :, members], 3).reshape(*cells.shape[:2], down.size - 1, across.size - 1)


def _median(values: Real, axis: int | tuple[int, ...]) -> Real:
    """Median of the numbers, NaN where there is none, with the axes kept if several are taken."""
    axes = axis if isinstance(axis, tuple) else (axis,)
    last = np.moveaxis(values, axes, tuple(range(-len(axes), 0)))
    rest = last.shape[: last.ndim - len(axes)]
    ordered = np.sort(last.reshape(int(np.prod(rest)), -1), axis=-1)  # whatever is no number goes last
    count = ordered.shape[1] - np.isnan(ordered).sum(axis=-1)
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, ordered.shape[1] - 1)
    row = np.arange(count.size)
    found = np.asarray(0.5 * (ordered[row, low] + ordered[row, high]), np.float64).reshape(rest)
    return np.expand_dims(found, axes) if isinstance(axis, tuple) else found


def _bilinear(
    values: NDArray[np.floating],
    rows: tuple[NDArray[np.int64], NDArray[np.float32]],
    columns: tuple[NDArray[np.int64], NDArray[np.float32]],
) -> NDArray[np.float32]:
    (above, down), (left, right) = rows, columns
    below, beside = (np.minimum(each + 1, size - 1) for each, size in zip((above, left), values.shape[2:], strict=True))
    at_rows = values[:, :, above] * (1 - down)[:, None] + values[:, :, below] * down[:, None]
    return np.asarray(at_rows[..., left] * (1 - right) + at_rows[..., beside] * right, values.dtype)
