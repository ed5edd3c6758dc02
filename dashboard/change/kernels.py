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
