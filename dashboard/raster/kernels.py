"""Compiled loops of the raster room. They release the GIL, use one thread each and check nothing: callers do.

No kernel is `parallel`: numba's workqueue threading layer ends the process when two Python threads enter one. Callers
that want two cores give each thread its own rows.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(nogil=True, cache=True)
def power_to_amplitude(power: NDArray[np.float32], scale: float, out: NDArray[np.uint16]) -> tuple[int, int]:
    """Fill `out` with the rounded, scaled square root; return (valid, saturated) pixels."""
    valid = 0
    saturated = 0
    for row in range(power.shape[0]):
        for col in range(power.shape[1]):
            value = power[row, col]
            if not np.isfinite(value):
                out[row, col] = 0
                continue
            valid += 1
            amplitude = scale * np.sqrt(max(float(value), 0.0)) + 0.5
            if amplitude >= 65536.0:
                saturated += 1
                out[row, col] = 65535
            else:
                out[row, col] = max(int(amplitude), 1)
    return valid, saturated


@njit(nogil=True, cache=True)
def add_up(steps: NDArray[np.uint16], left: int, out: NDArray[np.uint16]) -> None:
    """Fill `out` (y, x) with columns from `left` on of what `steps` (y, wider) are the differences of, row by row."""
    for row in range(out.shape[0]):
        value = np.uint16(0)
        for col in range(left):
            value = np.uint16(value + steps[row, col])
        for col in range(out.shape[1]):
            value = np.uint16(value + steps[row, left + col])
            out[row, col] = value


@njit(nogil=True, cache=True)
def nearest_cells(
    nodes: NDArray[np.float64],
    step: int,
    shape: tuple[int, int],
    out: NDArray[np.int32],
) -> None:
    """Fill `out` with the pixel of a window of this shape under every centre, counted row by row; -1 outside.

    `nodes` is (2, rows, cols): window column and row at every `step`-th centre, and one past the end; between
    nodes they are bilinear.
    """
    height, width = shape
    rows, cols = out.shape
    for row in range(rows):
        above = row // step
        down = (row - above * step) / step
        for cell in range((cols + step - 1) // step):
            x0 = nodes[0, above, cell] * (1.0 - down) + nodes[0, above + 1, cell] * down
            x1 = nodes[0, above, cell + 1] * (1.0 - down) + nodes[0, above + 1, cell + 1] * down
            y0 = nodes[1, above, cell] * (1.0 - down) + nodes[1, above + 1, cell] * down
            y1 = nodes[1, above, cell + 1] * (1.0 - down) + nodes[1, above + 1, cell + 1] * down
            dx = (x1 - x0) / step
            dy = (y1 - y0) / step
            start = cell * step
            for k in range(min(step, cols - start)):
                x = x0 + dx * k
                y = y0 + dy * k
                # A comparison with NaN is false, so pixels beyond the projection stay empty.
                if x >= 0.0 and y >= 0.0 and x < width and y < height:
                    out[row, start + k] = int(y) * width + int(x)
                else:
                    out[row, start + k] = -1


@njit(nogil=True, cache=True)
def take_cells(window: NDArray[np.uint16], cells: NDArray[np.int32], out: NDArray[np.uint16]) -> None:
    """Fill `out` (y, x) with the pixels of a window, in one row, at the cells (y, x); 0 where these are negative."""
    for row in range(out.shape[0]):
        for col in range(out.shape[1]):
            cell = cells[row, col]
            value = window[np.uint32(max(cell, 0))]
            out[row, col] = value if cell >= 0 else np.uint16(0)


@njit(nogil=True, cache=True)
def sample_nearest(
    window: NDArray[np.uint16],
    nodes: NDArray[np.float64],
    step: int,
    out: NDArray[np.uint16],
) -> None:
    """Fill `out` with the pixel of `window` under every centre.

    `nodes` is (2, rows, cols): window column and row at every `step`-th centre, and one past the end; between
    nodes they are bilinear. Outside the window is 0.
    """
    height, width = window.shape
    rows, cols = out.shape
    for row in range(rows):
        above = row // step
        down = (row - above * step) / step
        for cell in range((cols + step - 1) // step):
            x0 = nodes[0, above, cell] * (1.0 - down) + nodes[0, above + 1, cell] * down
            x1 = nodes[0, above, cell + 1] * (1.0 - down) + nodes[0, above + 1, cell + 1] * down
            y0 = nodes[1, above, cell] * (1.0 - down) + nodes[1, above + 1, cell] * down
            y1 = nodes[1, above, cell + 1] * (1.0 - down) + nodes[1, above + 1, cell + 1] * down
            dx = (x1 - x0) / step
            dy = (y1 - y0) / step
            start = cell * step
            for k in range(min(step, cols - start)):
                x = x0 + dx * k
                y = y0 + dy * k
                # A comparison with NaN is false, so pixels beyond the projection stay empty.
                if x >= 0.0 and y >= 0.0 and x < width and y < height:
                    out[row, start + k] = window[int(y), int(x)]
                else:
                    out[row, start + k] = 0
