"""Compiled loop of the sequential omnibus test on 2 x 2 covariance matrices. Private; callers check shapes and values.

Single-threaded and without the interpreter lock: several threads may run it at once, each on pixels of its own.
"""

import math

import numba
import numpy as np
from numpy.typing import NDArray

from dashboard.change.omnibus.kernels import Found, Tables

_SINGULAR = 1e-6
"""A determinant below this share of the product of powers is rounding of single precision, not a measurement."""

Single = NDArray[np.float32]
Double = NDArray[np.float64]
_OPTIONS = {"nogil": True, "cache": True, "error_model": "numpy"}


@numba.njit(**_OPTIONS)
def _gather(power: Single, off: Single, at: int, dates: NDArray[np.int16], values: Double) -> int:
    """Copy the usable dates of one pixel: index, two powers, real and imaginary covariance, ln determinant."""
    k = 0
    for t in range(power.shape[0]):
        a, b = np.float64(power[t, 0, at]), np.float64(power[t, 1, at])
        re, im = np.float64(off[t, 0, at]), np.float64(off[t, 1, at])
        left = a * b - re * re - im * im
        # Also false where anything is not a number.
        if a > 0.0 and b > 0.0 and left > _SINGULAR * a * b and left < np.inf:
            dates[k] = t
            values[k, 0], values[k, 1], values[k, 2], values[k, 3], values[k, 4] = a, b, re, im, math.log(left)
            k += 1
    return k


@numba.njit(**_OPTIONS)
def _quotient(values: Double, first: int, stop: int, looks: float) -> float:
    """-2 ln Q of the usable dates from `first` to before `stop`."""
    n = stop - first
    a = b = re = im = log = 0.0
    for i in range(first, stop):
        a += values[i, 0]
        b += values[i, 1]
        re += values[i, 2]
        im += values[i, 3]
        log += values[i, 4]
    return -2.0 * looks * float(log - n * math.log((a * b - re * re - im * im) / (n * n)))


@numba.njit(**_OPTIONS)
def _direction(values: Double, i: int, mean: Double) -> int:
    """1 where the difference to the mean is positive definite, 2 where negative definite, 3 otherwise."""
    a, b = values[i, 0] - mean[0], values[i, 1] - mean[1]
    re, im = values[i, 2] - mean[2], values[i, 3] - mean[3]
    if a * b - re * re - im * im <= 0.0:
        return 3
    return 1 if a > 0.0 else 2


@numba.njit(**_OPTIONS)
def _latest(values: Double, i: int, mean: Double, segment: int, looks: float) -> float:
    """-2 ln R of one date against the mean of the `segment` dates before it."""
    inverse = 1.0 / (segment + 1)
    a, b = mean[0] + (values[i, 0] - mean[0]) * inverse, mean[1] + (values[i, 1] - mean[1]) * inverse
    re, im = mean[2] + (values[i, 2] - mean[2]) * inverse, mean[3] + (values[i, 3] - mean[3]) * inverse
    log_mean = math.log(mean[0] * mean[1] - mean[2] * mean[2] - mean[3] * mean[3])
    log_new = math.log(a * b - re * re - im * im)
    return -2.0 * looks * float(values[i, 4] - log_mean - (segment + 1) * (log_new - log_mean))


@numba.njit(**_OPTIONS)
def sequential(  # noqa: PLR0913, PLR0917 -- as the kernel of intensities
    power: Single, off: Single, looks: float, tables: Tables, found: Found, start_at: int, stop_at: int
) -> None:
    """Find the changes of matrices, given as powers and off-diagonal parts (time, 2, pixel), in a range of pixels."""
    index, values = np.empty(power.shape[0], np.int16), np.empty((power.shape[0], 5))
    for at in range(start_at, stop_at):
        k = _gather(power, off, at, index, values)
        found.usable[at] = k
        if k > 1:
            found.q[at] = _quotient(values, 0, k, looks)
            if not tables.gated or found.q[at] > tables.gate[k, k]:
                _scan(index[:k], values, looks, tables, found, at)


@numba.njit(**_OPTIONS)
def _scan(index: NDArray[np.int16], values: Double, looks: float, tables: Tables, found: Found, at: int) -> None:
    """Go through the usable dates of one pixel."""
    k, segment = index.size, 0
    mean = np.zeros(4)
    for i in range(k):
        statistic = _latest(values, i, mean, segment, looks) if segment > 0 else 0.0
        if statistic > tables.least and statistic > tables.step[k, segment + 1]:
            n = found.changes[at]
            if n < found.dates.shape[0]:
                found.dates[n, at], found.before[n, at] = index[i], index[i - 1]
                found.direction[n, at] = _direction(values, i, mean)
            found.changes[at], found.last[at] = n + 1, index[i]
            segment = 0
            mean[:] = 0.0
            if tables.gated and (k - i < 2 or _quotient(values, i, k, looks) <= tables.gate[k, k - i]):
                return
        segment += 1
        for c in range(4):
            mean[c] += (values[i, c] - mean[c]) / segment
