"""Compiled scan of every instant at every pixel. Private to this package; callers check shapes and values.

Single-threaded and without the interpreter lock: threads run it on different rows at once. Time is the outer loop and
pixels the inner one, few arrays each, so that the inner loops vectorise. A look counts where the power of every
polarisation is above 0 and finite.
"""

import numba
import numpy as np
from numpy.typing import NDArray

from dashboard.change.points.kernels import ln

Real = NDArray[np.float32]
Whole = NDArray[np.int16]
Scene = tuple[Real, NDArray[np.int64], Real, NDArray[np.float64], float]
"""Common mode's field, node row and weight of each row, variance of each polarisation, prior degrees of freedom."""


@numba.njit(nogil=True, cache=True, error_model="numpy")
def shared_by_row(scene: Scene, date: int, band: int, place: tuple[int, int], out: Real) -> None:
    """Set `out` to the common mode of part of a row."""
    y, left = place
    field, above, w = scene[0], scene[1][y], scene[2][y]
    out[:] = field[date, band, above, left : left + out.size]
    if w > 0:
        v = np.float32(1.0) - w
        below = field[date, band, above + 1, left : left + out.size]
        for x in range(out.size):
            out[x] = out[x] * v + below[x] * w


@numba.njit(nogil=True, cache=True, error_model="numpy")
def sums_of_all(power: Real, scene: Scene, band: int, place: tuple[int, int], sums: Real, squares: Real) -> None:
    """Fill running sums of a row's log series about its first date, taking every look to be there.

    `sums` is (time + 1, pixel), `squares` (pixel,): NaN where a look is not there.
    """
    y, left = place
    width = squares.size
    shared, first, looks = np.empty(width, np.float32), np.zeros(width, np.float32), np.empty(width, np.float32)
    squares[:] = np.float32(0.0)
    sums[0] = np.float32(0.0)
    for t in range(power.shape[0]):
        looks[:] = power[t, band, y, left : left + width]
        shared_by_row(scene, t, band, place, shared)
        series(looks, shared)
        if t == 0:
            first[:] = shared
        add(shared, first, sums[t], sums[t + 1], squares)


@numba.njit(nogil=True, cache=True, error_model="numpy")
def series(looks: Real, shared: Real) -> None:
    """Set `shared` to the log of looks without what is shared; NaN where there is no look."""
    for x in range(looks.size):
        there = looks[x] > np.float32(0.0) and looks[x] < np.float32(np.inf)
        shared[x] = ln(looks[x]) - shared[x] if there else np.float32(np.nan)


@numba.njit(nogil=True, cache=True, error_model="numpy")
def add(values: Real, first: Real, before: Real, now: Real, squares: Real) -> None:
    """Add one date to running sums about the first."""
    for x in range(values.size):
        values[x] -= first[x]
        squares[x] += values[x] * values[x]
    for x in range(values.size):
        now[x] = before[x] + values[x]


@numba.njit(nogil=True, cache=True, error_model="numpy")
def sums_of_some(power: Real, scene: Scene, place: tuple[int, int], counts: Real, sums: Real, squares: Real) -> None:
    """Fill the same of all polarisations, and `counts` (time + 1, pixel), where looks are missing."""
    y, left = place
    dates, bands, width = power.shape[0], power.shape[1], counts.shape[1]
    first, looks = np.zeros((bands, width), np.float32), np.empty(width, np.float32)
    squares[:] = np.float32(0.0)
    sums[:, 0] = np.float32(0.0)
    counts[0] = np.float32(0.0)
    for t in range(dates):
        there = counts[t + 1]
        there[:] = np.float32(1.0)
        for b in range(bands):
            values = sums[b, t + 1]
            looks[:] = power[t, b, y, left : left + width]
            shared_by_row(scene, t, b, place, values)
            series(looks, values)
            known(values, there)
        for b in range(bands):
            begin(sums[b, t + 1], there, counts[t], first[b])
            add(sums[b, t + 1], first[b], sums[b, t], sums[b, t + 1], squares[b])
        for x in range(width):
            there[x] += counts[t, x]


@numba.njit(nogil=True, cache=True, error_model="numpy")
def sums_of_row(power: Real, scene: Scene, place: tuple[int, int], counts: Real, sums: Real, squares: Real) -> None:
    """Fill the same, whether looks are missing or not."""
    for b in range(sums.shape[0]):
        sums_of_all(power, scene, b, place, sums[b], squares[b])
    if np.isnan(squares).any():
        sums_of_some(power, scene, place, counts, sums, squares)
        return
    for t in range(counts.shape[0]):
        counts[t] = np.float32(t)


@numba.njit(nogil=True, cache=True, error_model="numpy")
def known(values: Real, there: Real) -> None:
    """Set `there` to 0 where a value is NaN."""
    for x in range(values.size):
        there[x] = np.float32(0.0) if np.isnan(values[x]) else there[x]


@numba.njit(nogil=True, cache=True, error_model="numpy")
def begin(values: Real, there: Real, count: Real, first: Real) -> None:
    """Keep the first value of each pixel, and let values that are not there add nothing."""
    for x in range(values.size):
        first[x] = values[x] if there[x] > np.float32(0.0) and count[x] == np.float32(0.0) else first[x]
    for x in range(values.size):
        values[x] = values[x] if there[x] > np.float32(0.0) else first[x]


@numba.njit(nogil=True, cache=True, error_model="numpy")
def profile_of_all(scene: Scene, sums: Real, squares: Real, out: Real) -> None:
    """Set ``out[k - 1, x]`` to twice the log likelihood ratio of a step between dates k - 1 and k.

    `sums` is (polarisation, time + 1, pixel): every look is there.
    """
    bands, dates, width = sums.shape[0], sums.shape[1] - 1, sums.shape[2]
    n = np.float32(dates)
    scale = np.float32(scene[4]) + n
    base, mean = np.empty((bands, width), np.float32), np.empty((bands, width), np.float32)
    level = np.ones(width, np.float32)
    for b in range(bands):
        floor = np.float32(scene[4] * scene[3][b])
        for x in range(width):
            mean[b, x] = sums[b, dates, x] / n
            base[b, x] = floor + max(squares[b, x] - sums[b, dates, x] * mean[b, x], np.float32(0.0))
            level[x] *= base[b, x]
    for x in range(width):
        level[x] = ln(level[x]) * scale
    product = np.empty(width, np.float32)
    for k in range(1, dates):
        share, many = n / np.float32(k * (dates - k)), np.float32(k)
        product[:] = np.float32(1.0)
        for b in range(bands):
            floor = np.float32(scene[4] * scene[3][b])
            _shrink(sums[b, k], mean[b], base[b], product, (many, share, floor))
        for x in range(width):
            out[k - 1, x] = level[x] - scale * ln(product[x])


@numba.njit(nogil=True, cache=True, error_model="numpy", inline="always")
def _shrink(sums: Real, mean: Real, base: Real, product: Real, terms: tuple[float, float, float]) -> None:
    many, share, floor = terms
    for x in range(product.size):
        gap = sums[x] - many * mean[x]
        product[x] *= max(base[x] - gap * gap * share, floor)


@numba.njit(nogil=True, cache=True, error_model="numpy")
def profile_of_some(scene: Scene, counts: Real, sums: Real, squares: Real, out: Real) -> None:
    """Set the same where looks are missing; 0 where there are fewer than three.

    Step by step as `profile_of_all`, so that a pixel with all its looks has the same to the last bit whichever of the
    two its row went through: a row is a tile's, and what is missing may lie in another tile.
    """
    bands, dates, width = sums.shape[0], sums.shape[1] - 1, sums.shape[2]
    base, mean = np.empty((bands, width), np.float32), np.empty((bands, width), np.float32)
    level, scale = np.ones(width, np.float32), np.empty(width, np.float32)
    for b in range(bands):
        floor = np.float32(scene[4] * scene[3][b])
        for x in range(width):
            mean[b, x] = sums[b, dates, x] / max(counts[dates, x], np.float32(1.0))
            base[b, x] = floor + max(squares[b, x] - sums[b, dates, x] * mean[b, x], np.float32(0.0))
            level[x] *= base[b, x]
    for x in range(width):
        n = counts[dates, x]
        scale[x] = np.float32(scene[4]) + n if n >= np.float32(3.0) else np.float32(0.0)
        level[x] = ln(level[x]) * scale[x]
    product, share = np.empty(width, np.float32), np.empty(width, np.float32)
    for k in range(1, dates):
        product[:] = np.float32(1.0)
        _shares(counts[k], counts[dates], share)
        for b in range(bands):
            _shrink_some(sums[b, k], mean[b], counts[k], share, base[b])
            for x in range(width):
                product[x] *= max(sums[b, k, x], np.float32(scene[4] * scene[3][b]))
        for x in range(width):
            out[k - 1, x] = level[x] - scale[x] * ln(product[x])


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _shares(many: Real, all_looks: Real, share: Real) -> None:
    """Set `share` to the inverse of what a comparison of looks before and after is worth, 0 with none on one side."""
    for x in range(share.size):
        worth = many[x] * (all_looks[x] - many[x])
        share[x] = all_looks[x] / worth if worth > np.float32(0.0) else np.float32(0.0)


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _shrink_some(sums: Real, mean: Real, many: Real, share: Real, base: Real) -> None:
    """Replace sums by the sum of squares that a step there leaves."""
    for x in range(sums.size):
        sums[x] -= many[x] * mean[x]
    for x in range(sums.size):
        sums[x] = base[x] - sums[x] * sums[x] * share[x]
