"""Compiled loops of the sequential omnibus test. Private to this room; callers check shapes and values.

Single-threaded and without the interpreter lock: several threads may run them at once, each on pixels of its own.
Pixels are innermost and logarithms are polynomials, so that the loops vectorise.
"""

import math
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

TILE = 256
"""Pixels worked on at once: their running sums stay in the second-level cache."""
BLOCK = 8
"""Dates whose product is taken before one logarithm: 8 values of single precision cannot leave double precision."""

Single = NDArray[np.float32]
Double = NDArray[np.float64]
_OPTIONS = {"nogil": True, "cache": True, "error_model": "numpy"}
_ONE, _ZERO, _INFINITE = np.float32(1.0), np.float32(0.0), np.float32(np.inf)
_SMALLEST = np.finfo(np.float32).tiny
"""Smallest power that counts as observed: below it a single loses its digits."""


class Tables(NamedTuple):
    """Thresholds: `gate[k, m]` for the last m of a pixel's k dates, `step[k, j]` for date j of a segment."""

    gate: Double
    """Of -2 ln Q."""
    step: Double
    """Of -2 ln R_j; row 0 is infinite: a finished pixel points at it."""
    least: float
    """The smallest entry of `step`."""
    gated: bool
    """Whether Q must open each segment."""


class Found(NamedTuple):
    """What is found: per pixel, and per change and pixel."""

    q: Double
    """-2 ln Q of all dates; untouched below two dates."""
    usable: NDArray[np.int16]
    """Dates at which every polarisation was observed."""
    changes: NDArray[np.int16]
    """Number of changes."""
    last: NDArray[np.int16]
    """Index of the first date with the last change."""
    dates: NDArray[np.int16]
    """(change, pixel) index of the first date with it."""
    before: NDArray[np.int16]
    """(change, pixel) index of the last date without it."""
    direction: NDArray[np.uint8]
    """(change, pixel) 1 brighter, 2 darker, 3 mixed."""


class _Sums(NamedTuple):
    """What the dates before every block amount to, for the pixels of a tile; the last entry is all dates."""

    value: Double
    """(block, polarisation, pixel) sums."""
    log: Double
    """(block, polarisation, pixel) sums of logarithms."""
    usable: NDArray[np.int32]
    """(block, pixel) usable dates."""


class _Segments(NamedTuple):
    """The segment that each scanned pixel of a tile is in."""

    packed: Single
    """(time, polarisation, pixel) the scanned pixels' power."""
    column: NDArray[np.int32]
    """Their places in the tile."""
    row: NDArray[np.int32]
    """Their rows of the thresholds."""
    mean: Single
    """(polarisation, pixel) mean of the segment so far."""
    length: Single
    """Its number of dates."""
    seen: Single
    """1 where the present date was observed, else 0."""
    statistic: Single
    """-2 ln R of the present date."""
    previous: NDArray[np.int16]
    """Index of the last observed date."""


@numba.njit(**_OPTIONS)
def _ln(x: np.float32) -> np.float32:
    """Natural log of a positive normal number, within 1.2e-7 of the larger of 1 and |ln x|."""
    bits = np.float32(x).view(np.int32)
    # The exponent of x / sqrt(1/2), so that what is left lies between sqrt(1/2) and sqrt(2).
    exponent = np.int32(np.int32(bits - np.int32(0x3F3504F3)) >> np.int32(23))
    f = np.int32(bits - np.int32(exponent << np.int32(23))).view(np.float32) - _ONE
    # ln((1 + s) / (1 - s)) = 2 (s + s^3/3 + ...), |s| < 0.172
    s = f / (np.float32(2.0) + f)
    q = s * s
    series = np.float32(2.0 / 7.0) + q * np.float32(2.0 / 9.0)
    series = np.float32(2.0 / 3.0) + q * (np.float32(2.0 / 5.0) + q * series)
    return np.float32(np.float32(exponent) * np.float32(0.6931471805599453) + s * (np.float32(2.0) + q * series))


@numba.njit(**_OPTIONS)
def _mark(power: Single, start: int, width: int, seen: Single) -> None:
    """1 where every polarisation (row of `power`) was observed, else 0."""
    seen[:] = _ONE
    for p in range(power.shape[0]):
        # A contiguous slice instead of an index that is added up, here and below: only then do the loops vectorise.
        x = power[p, start : start + width]
        for i in range(width):
            seen[i] = seen[i] if (x[i] >= _SMALLEST) & (x[i] < _INFINITE) else _ZERO


@numba.njit(**_OPTIONS)
def _add(x: Single, seen: Single, value: Double, product: Double) -> None:
    """Add one date of one polarisation to a sum and multiply it into a product, where it was observed."""
    for i in range(x.size):
        value[i] += np.float64(x[i] if seen[i] > _ZERO else _ZERO)
        product[i] *= np.float64(x[i] if seen[i] > _ZERO else _ONE)


@numba.njit(**_OPTIONS)
def _accumulate(stack: Single, start: int, width: int, sums: _Sums, seen: Single) -> None:
    """Fill the sums of a tile. A logarithm is taken of products of up to 8 dates: fewer, and none underflows."""
    sums.value[0], sums.log[0], sums.usable[0] = 0.0, 0.0, 0
    for b in range(sums.usable.shape[0] - 1):
        value, product, count = sums.value[b + 1], sums.log[b + 1], sums.usable[b + 1]
        value[:], product[:], count[:] = sums.value[b], 1.0, sums.usable[b]
        for t in range(b * BLOCK, min((b + 1) * BLOCK, stack.shape[0])):
            _mark(stack[t], start, width, seen)
            for i in range(width):
                count[i] += np.int32(seen[i])
            for p in range(stack.shape[1]):
                _add(stack[t, p, start : start + width], seen, value[p], product[p])
        for p in range(stack.shape[1]):
            for i in range(width):
                product[p, i] = sums.log[b, p, i] + math.log(product[p, i])


@numba.njit(**_OPTIONS)
def _remaining(stack: Single, at: int, column: int, t: int, looks: Double, sums: _Sums) -> tuple[int, float]:
    """Number of usable dates from date `t` on and -2 ln Q of them; `column` is the pixel's place in the tile."""
    block, end = t // BLOCK, sums.usable.shape[0] - 1
    left = sums.usable[end, column] - sums.usable[block, column]
    for s in range(block * BLOCK, t):
        left -= _usable(stack, s, at)
    q = 0.0
    for p in range(looks.size if left > 1 else 0):
        total = sums.value[end, p, column] - sums.value[block, p, column]
        product = 1.0
        for s in range(block * BLOCK, t):
            if _usable(stack, s, at):
                product *= stack[s, p, at]
                total -= stack[s, p, at]
        log = sums.log[end, p, column] - sums.log[block, p, column] - math.log(product)
        q += -2.0 * looks[p] * (log - left * math.log(total / left))
    return left, q


@numba.njit(**_OPTIONS)
def _usable(stack: Single, t: int, at: int) -> bool:
    """Whether every polarisation of one pixel was observed at one date."""
    seen = True
    for p in range(stack.shape[1]):
        seen &= (stack[t, p, at] >= _SMALLEST) & (stack[t, p, at] < _INFINITE)
    return seen


@numba.njit(**_OPTIONS)
def _test_date(segments: _Segments, t: int, width: int, looks: Double) -> None:
    """-2 ln R of date `t` of every scanned pixel against its segment's mean, 0 where not seen or nothing is before it.

    With r = x / mean and j dates so far, ln R = looks (ln r - (j + 1) ln((j + r) / (j + 1))): a ratio of means,
    so nothing grows with the number of dates.
    """
    packed, mean, length, seen, found = (
        segments.packed[t], segments.mean, segments.length, segments.seen, segments.statistic
    )  # fmt: skip
    _mark(packed, 0, width, seen)
    for i in range(width):
        found[i] = _ZERO
    for p in range(looks.size):
        n = np.float32(-2.0 * looks[p])
        x, m = packed[p], mean[p]
        for i in range(width):
            after = length[i] + _ONE
            r = x[i] / m[i] if seen[i] > _ZERO else _ONE
            found[i] += n * (_ln(r) - after * _ln((length[i] + r) / after))


@numba.njit(**_OPTIONS)
def _follow(segments: _Segments, t: int, width: int) -> None:
    """Take date `t` into the running means of the segments."""
    length, seen = segments.length, segments.seen
    for p in range(segments.mean.shape[0]):
        x, m = segments.packed[t, p], segments.mean[p]
        for i in range(width):
            new = x[i] if seen[i] > _ZERO else m[i]
            # The first date is the mean as it is: no trace of an earlier, brighter segment in its last digits.
            m[i] = m[i] + (new - m[i]) / (length[i] + _ONE) if length[i] > _ZERO else new
    for i in range(width):
        length[i] += seen[i]
        segments.previous[i] = t if seen[i] > _ZERO else segments.previous[i]


@numba.njit(**_OPTIONS)
def _report(segments: _Segments, t: int, i: int, at: int, found: Found) -> None:
    """Write down a change of scanned pixel `i` and begin a new segment; its direction is Loewner's order."""
    n = found.changes[at]
    if n < found.dates.shape[0]:
        up = down = 0
        for p in range(segments.mean.shape[0]):
            up += segments.packed[t, p, i] > segments.mean[p, i]
            down += segments.packed[t, p, i] < segments.mean[p, i]
        found.dates[n, at], found.before[n, at] = t, segments.previous[i]
        found.direction[n, at] = 1 if down == 0 else 2 if up == 0 else 3
    found.changes[at], found.last[at] = n + 1, t
    segments.length[i] = _ZERO


@numba.njit(**_OPTIONS)
def _choose(sums: _Sums, looks: Double, tables: Tables, found: Found, start: int, column: NDArray[np.int32]) -> int:
    """Write -2 ln Q and the number of usable dates of every pixel; list and count those to scan."""
    end, chosen = sums.usable.shape[0] - 1, 0
    for i in range(min(TILE, found.q.size - start)):
        k = sums.usable[end, i]
        found.usable[start + i] = k
        if k < 2:
            continue
        q = 0.0
        for p in range(looks.size):
            q += -2.0 * looks[p] * (sums.log[end, p, i] - k * math.log(sums.value[end, p, i] / k))
        found.q[start + i] = q
        if not tables.gated or q > tables.gate[k, k]:
            column[chosen] = i
            chosen += 1
    return chosen


@numba.njit(**_OPTIONS)
def _begin(stack: Single, start: int, width: int, sums: _Sums, segments: _Segments) -> None:
    """Gather the scanned pixels side by side, each before its first segment."""
    end = sums.usable.shape[0] - 1
    for i in range(width):
        segments.row[i] = sums.usable[end, segments.column[i]]
        segments.length[i], segments.previous[i] = _ZERO, -1
    segments.mean[:] = _ONE
    for t in range(stack.shape[0]):
        for p in range(stack.shape[1]):
            for i in range(width):
                segments.packed[t, p, i] = stack[t, p, start + segments.column[i]]


@numba.njit(**_OPTIONS)
def sequential(stack: Single, looks: Double, tables: Tables, found: Found, start_at: int, stop_at: int) -> None:
    """Find the changes of intensities (time, polarisation, pixel) in whole tiles of pixels from `start_at` on."""
    times, pols, _ = stack.shape
    blocks = (times + BLOCK - 1) // BLOCK + 1
    sums = _Sums(np.empty((blocks, pols, TILE)), np.empty((blocks, pols, TILE)), np.empty((blocks, TILE), np.int32))
    segments = _Segments(
        np.empty((times, pols, TILE), np.float32), np.empty(TILE, np.int32), np.empty(TILE, np.int32),
        np.empty((pols, TILE), np.float32), np.empty(TILE, np.float32), np.empty(TILE, np.float32),
        np.empty(TILE, np.float32), np.empty(TILE, np.int16),
    )  # fmt: skip
    for start in range(start_at, stop_at, TILE):
        _accumulate(stack, start, min(TILE, stop_at - start), sums, segments.seen)
        width = _choose(sums, looks, tables, found, start, segments.column)
        _begin(stack, start, width, sums, segments)
        for t in range(times if width > 0 else 0):
            _test_date(segments, t, width, looks)
            for i in range(width):
                if segments.statistic[i] <= tables.least:
                    continue
                if segments.statistic[i] <= tables.step[segments.row[i], int(segments.length[i]) + 1]:
                    continue
                at = start + segments.column[i]
                _report(segments, t, i, at, found)
                if tables.gated:
                    left, q = _remaining(stack, at, segments.column[i], t, looks, sums)
                    if left < 2 or q <= tables.gate[segments.row[i], left]:
                        segments.row[i] = 0
            _follow(segments, t, width)


@numba.njit(**_OPTIONS)
def p_values(found: Found, row: NDArray[np.int32], ends: Double, log_p: Double, out: Double) -> None:
    """P-values of -2 ln Q: row `row[k]` of `log_p` holds ln p for k dates, from ends[row, 0] in steps ends[row, 1]."""
    last = log_p.shape[1] - 2
    for i in range(out.size):
        k = row[found.usable[i]]
        if k < 0:
            out[i] = np.nan
            continue
        position = max((math.sqrt(max(found.q[i], 0.0)) - ends[k, 0]) / ends[k, 1], 0.0)
        j = min(int(position), last)
        out[i] = math.exp(min(log_p[k, j] + (position - j) * (log_p[k, j + 1] - log_p[k, j]), 0.0))
