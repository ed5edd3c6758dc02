"""Compiled inner loop of the log-ratio test. Private to this room; callers check shapes and values.

Single-threaded and without the interpreter lock: several threads may run it at once.
"""

import numba
import numpy as np
from numpy.typing import NDArray


@numba.njit(nogil=True, cache=True, error_model="numpy")
def log_ratio(  # noqa: PLR0913, PLR0917 -- a kernel takes its table and its outputs as they are
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    gain: float,
    table: NDArray[np.float64],
    ends: tuple[float, float],
    ratio_db: NDArray[np.float32],
    p_value: NDArray[np.float64],
) -> None:
    """ratio_db = 10 log10(after / before / gain) and exp(table) at ln of the same; NaN unless both are above 0.

    `table` holds ln p at equal steps of the log ratio from ends[0] to ends[1]; beyond them the last step is prolonged,
    which is the law's own tail: a power of the ratio.
    """
    start, stop = ends
    last = table.size - 2
    per_step = (table.size - 1) / (stop - start)
    for i in range(before.size):
        a, b = np.float64(before[i]), np.float64(after[i])
        if not (a > 0.0 and b > 0.0 and a < np.inf and b < np.inf):
            ratio_db[i] = np.nan
            p_value[i] = np.nan
            continue
        x = np.log(b / a / gain)
        ratio_db[i] = np.float32(4.342944819032518 * x)
        position = (x - start) * per_step
        k = min(max(int(position), 0), last)
        p_value[i] = np.exp(min(table[k] + (position - k) * (table[k + 1] - table[k]), 0.0))


@numba.njit(nogil=True, cache=True, error_model="numpy")
def period_sums(
    stack: NDArray[np.float32],
    period: NDArray[np.int8],
    gain: NDArray[np.float64],
    sums: NDArray[np.float64],
    counts: NDArray[np.int16],
) -> None:
    """Add up the dates of two periods: (2, polarisation, pixel) of values over gain (time, polarisation), and how many.

    `period` (time,) is 0 for before, 1 for after and -1 for neither. Missing is what is not finite and above 0.
    """
    tile = 1024
    times, pols, pixels = stack.shape
    for start in range(0, pixels, tile):
        stop = min(start + tile, pixels)
        for t in range(times):
            if period[t] < 0:
                continue
            for p in range(pols):
                value, count = sums[period[t], p], counts[period[t], p]
                scale = 1.0 / gain[t, p]
                for i in range(start, stop):
                    x = stack[t, p, i]
                    seen = (x > 0.0) & (x < np.inf)
                    value[i] += scale * x if seen else 0.0
                    count[i] += np.int16(1 if seen else 0)


@numba.njit(nogil=True, cache=True, error_model="numpy")
def ratio_of_sums(  # noqa: PLR0913, PLR0917 -- a kernel takes its tables and its outputs as they are
    sums: NDArray[np.float64],
    counts: NDArray[np.int16],
    row: NDArray[np.int32],
    ends: NDArray[np.float64],
    tables: NDArray[np.float64],
    ratio_db: NDArray[np.float32],
    p_value: NDArray[np.float64],
) -> None:
    """10 log10 of mean after / mean before and its p-value, for one polarisation's (2, pixel) sums and counts.

    `row[n1, n2]` names the table of ln p for n1 dates before and n2 after, -1 where there is none; `ends` its ends.
    """
    last = tables.shape[1] - 2
    for i in range(ratio_db.size):
        k = row[counts[0, i], counts[1, i]]
        if k < 0:
            ratio_db[i] = np.nan
            p_value[i] = np.nan
            continue
        x = np.log(sums[1, i] / counts[1, i] / (sums[0, i] / counts[0, i]))
        ratio_db[i] = np.float32(4.342944819032518 * x)
        position = (x - ends[k, 0]) * ((last + 1) / (ends[k, 1] - ends[k, 0]))
        j = min(max(int(position), 0), last)
        p_value[i] = np.exp(min(tables[k, j] + (position - j) * (tables[k, j + 1] - tables[k, j]), 0.0))
