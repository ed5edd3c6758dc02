"""Compiled loops of the change point of an object. Private to this package; callers check shapes and values.

Single-threaded and without the interpreter lock: several threads may run them at once. A look of a polarisation counts
where its power is above 0 and finite; everything else is no look.
"""

import numba
import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float32]
Counts = NDArray[np.int16]


@numba.njit(inline="always", error_model="numpy")
def ln(x: np.float32) -> np.float32:
    """Natural logarithm of a positive normal single, within 4e-6: polynomial, so that loops of it vectorise."""
    bits = np.float32(x).view(np.int32)
    exponent = np.int32(np.int32(bits - np.int32(0x3F3504F3)) >> np.int32(23))
    m = np.int32(bits - np.int32(exponent << np.int32(23))).view(np.float32) - np.float32(1.0)
    p = np.float32(-0.14106186)
    p = p * m + np.float32(0.2207074)
    p = p * m + np.float32(-0.25458884)
    p = p * m + np.float32(0.33262361)
    p = p * m + np.float32(-0.49987506)
    return m + m * m * p + np.float32(exponent) * np.float32(0.6931471805599453)


@numba.njit(nogil=True, cache=True, error_model="numpy")
def running(
    power: Real,
    members: NDArray[np.int64],
    scene: tuple[Real, NDArray[np.int64], Real],
    sums: Real,
    counts: Counts,
    squares: Real,
) -> None:
    """Fill running sums and counts of the log series of some pixels, about each one's first look.

    `power` is (time, polarisation, y, x), `members` pixel numbers in it, `scene` the common mode's field with the node
    row and weight of each row. `sums` and `counts` are (member, polarisation, time + 1) with entry k for the looks
    before date k, `squares` (member, polarisation) the sum of squares.
    """
    field, low, weight = scene
    dates, bands, width = power.shape[0], power.shape[1], power.shape[3]
    for m in range(members.size):
        row, column = members[m] // width, members[m] % width
        above, w = low[row], weight[row]
        below = min(above + 1, field.shape[2] - 1)
        for b in range(bands):
            total, square, first = np.float32(0.0), np.float32(0.0), np.float32(0.0)
            count = 0
            sums[m, b, 0] = 0.0
            counts[m, b, 0] = 0
            for t in range(dates):
                value = power[t, b, row, column]
                if value > 0.0 and value < np.inf:
                    shared = field[t, b, above, column] * (np.float32(1.0) - w) + field[t, b, below, column] * w
                    x = np.float32(np.log(value)) - shared
                    if count == 0:
                        first = x  # sums about the first look keep single precision for dark water too
                    x -= first
                    total += x
                    square += x * x
                    count += 1
                sums[m, b, t + 1] = total
                counts[m, b, t + 1] = count
            squares[m, b] = square


@numba.njit(nogil=True, cache=True, error_model="numpy")
def profile(  # noqa: PLR0913, PLR0917 -- a kernel takes its sums and its outputs as they are
    sums: Real,
    counts: Counts,
    squares: Real,
    offsets: NDArray[np.int64],
    splits: NDArray[np.int64],
    other: NDArray[np.int64],
    prior: tuple[float, NDArray[np.float64]],
    out: NDArray[np.float64],
    weight: NDArray[np.float64],
    series: NDArray[np.float64],
) -> None:
    """Add to ``out[object, k]`` twice the log likelihood ratio of "another level between instants k and other[object]".

    To `weight`, of the same shape, is added how many looks the comparison is worth, and to ``series[object]`` how many
    series were compared: those of a pixel and polarisation with three looks or more.

    The members of object i are offsets[i] to offsets[i + 1]. ``splits[k]`` is how many of the stack's dates lie before
    instant k, for k up to the number of instants, which is the end of the series.
    """
    dof, scene = prior
    bands, instants = sums.shape[1], out.shape[1]
    last = sums.shape[2] - 1
    row = np.empty(instants, np.float32)
    for i in range(offsets.size - 1):
        fixed = splits[other[i]]
        for m in range(offsets[i], offsets[i + 1]):
            for b in range(bands):
                n, total = np.float32(counts[m, b, last]), sums[m, b, last]
                if n < 3:
                    continue
                series[i] += 1.0
                spread = max(squares[m, b] - total * total / n, np.float32(0.0))
                base = np.float32(dof * scene[b]) + spread
                mean, scale = total / n, np.float32(dof) + n
                for k in range(instants):
                    # Counts and sums change sign together where k is the end of the stretch: their square does not.
                    many = np.float32(counts[m, b, fixed] - counts[m, b, splits[k]])
                    gap = sums[m, b, fixed] - sums[m, b, splits[k]] - many * mean
                    many = np.abs(many)
                    worth = many * (n - many) / n
                    between = gap * gap / worth if worth > 0.0 else np.float32(0.0)
                    weight[i, k] += worth
                    row[k] = base - min(between, spread)
                level = ln(base)
                for k in range(instants):
                    out[i, k] += scale * (level - ln(row[k]))


@numba.njit(nogil=True, cache=True, error_model="numpy")
def projections(  # noqa: PLR0913, PLR0917 -- as above
    sums: Real,
    counts: Counts,
    squares: Real,
    offsets: NDArray[np.int64],
    edges: tuple[NDArray[np.int64], NDArray[np.int64]],
    prior: tuple[float, NDArray[np.float64]],
    along: NDArray[np.float64],
    length: NDArray[np.float64],
) -> None:
    """Add how far each date lies along the way from the old level to the new one: along / length, 0 old and 1 new.

    The old level is the mean of the looks before date ``edges[0][object]``, the new one that of the looks from there to
    before date ``edges[1][object]``, pixel by pixel and polarisation by polarisation. `along` and `length` are
    (object, time).
    """
    dof, scene = prior
    bands, dates = sums.shape[1], sums.shape[2] - 1
    for i in range(offsets.size - 1):
        start, stop = edges[0][i], edges[1][i]
        for m in range(offsets[i], offsets[i + 1]):
            for b in range(bands):
                n = counts[m, b, dates]
                old, new = counts[m, b, start], counts[m, b, stop] - counts[m, b, start]
                if n < 3 or old < 1 or new < 1:
                    continue
                total = sums[m, b, dates]
                low = sums[m, b, start] / old
                step = (sums[m, b, stop] - sums[m, b, start]) / new - low
                spread = squares[m, b] - total * total / n
                weight = (dof + n) / (dof * scene[b] + max(spread, np.float32(0.0)))
                for t in range(dates):
                    if counts[m, b, t + 1] > counts[m, b, t]:
                        along[i, t] += (sums[m, b, t + 1] - sums[m, b, t] - low) * step * weight
                        length[i, t] += step * step * weight
