"""Loops over pixels of the simulator: compiled, private, without the interpreter's lock."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Real = NDArray[np.float32]
SUBSAMPLES = 4
"""Points per pixel side at which the coverage of a quadrilateral is counted."""


@njit(cache=True, nogil=True, error_model="numpy")
def add_look(re: Real, im: Real, taps: Real, power: Real, real_sum: Real) -> None:  # pragma: no cover - compiled
    """Filter one padded complex field and add its power and its real part.

    `re` and `im` are wider than the outputs by ``taps.size - 1`` in both directions; taps have unit energy.
    """
    rows, cols = power.shape
    width = cols + taps.size - 1
    v_re = np.empty(width, np.float32)
    v_im = np.empty(width, np.float32)
    for y in range(rows):
        v_re[:] = 0.0
        v_im[:] = 0.0
        for j in range(taps.size):
            weight = taps[j]
            for x in range(width):
                v_re[x] += weight * re[y + j, x]
                v_im[x] += weight * im[y + j, x]
        for x in range(cols):
            a = np.float32(0.0)
            b = np.float32(0.0)
            for i in range(taps.size):
                a += taps[i] * v_re[x + i]
                b += taps[i] * v_im[x + i]
            power[y, x] += a * a + b * b
            real_sum[y, x] += a


@njit(cache=True, nogil=True, error_model="numpy")
def fill(out: Real, quads: NDArray[np.float64], values: Real) -> None:  # pragma: no cover - compiled
    """Add each convex quadrilateral's value times its coverage of every pixel.

    `quads` is (n, 4, 2): x, y in pixels, (0, 0) at the outer corner of the first pixel; either winding.
    """
    rows, cols = out.shape
    step = 1.0 / SUBSAMPLES
    for q in range(quads.shape[0]):
        x0 = max(int(np.floor(quads[q, :, 0].min())), 0)
        x1 = min(int(np.ceil(quads[q, :, 0].max())), cols)
        y0 = max(int(np.floor(quads[q, :, 1].min())), 0)
        y1 = min(int(np.ceil(quads[q, :, 1].max())), rows)
        weight = values[q] * step * step
        for y in range(y0, y1):
            for x in range(x0, x1):
                inside = 0
                for s in range(SUBSAMPLES * SUBSAMPLES):
                    px = x + (s % SUBSAMPLES + 0.5) * step
                    py = y + (s // SUBSAMPLES + 0.5) * step
                    left = 0
                    right = 0
                    for k in range(4):
                        ax, ay = quads[q, k]
                        bx, by = quads[q, (k + 1) % 4]
                        side = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
                        left += side > 0
                        right += side < 0
                    inside += left == 0 or right == 0
                out[y, x] += weight * inside


@njit(cache=True, nogil=True, error_model="numpy")
def illuminate(
    kinds: NDArray[np.uint8], parcels: NDArray[np.uint16], texture: Real, table: Real, gains: Real
) -> Real:  # pragma: no cover - compiled
    """Return ground backscatter: table[kind] = (power, weight of texture), times the parcel's gain."""
    rows, cols = kinds.shape
    out = np.empty((rows, cols), np.float32)
    for y in range(rows):
        for x in range(cols):
            kind = kinds[y, x]
            roughness = 1.0 + table[kind, 1] * (texture[y, x] - 1.0)
            out[y, x] = table[kind, 0] * gains[parcels[y, x]] * roughness
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def modulate(power: Real, coarse: Real) -> None:  # pragma: no cover - compiled
    """Multiply by a coarse field, bilinear, its corners on the image's corners."""
    rows, cols = power.shape
    step_y = (coarse.shape[0] - 1) / rows
    step_x = (coarse.shape[1] - 1) / cols
    for y in range(rows):
        v = (y + 0.5) * step_y
        j = min(int(v), coarse.shape[0] - 2)
        fy = np.float32(v - j)
        for x in range(cols):
            u = (x + 0.5) * step_x
            i = min(int(u), coarse.shape[1] - 2)
            fx = np.float32(u - i)
            top = coarse[j, i] * (1 - fx) + coarse[j, i + 1] * fx
            bottom = coarse[j + 1, i] * (1 - fx) + coarse[j + 1, i + 1] * fx
            power[y, x] *= top * (1 - fy) + bottom * fy


@njit(cache=True, nogil=True, error_model="numpy")
def rician(diffuse: Real, steady: Real, power: Real, real_mean: Real) -> None:  # pragma: no cover - compiled
    """Turn unit-mean speckle `power` in place into intensity: a steady phasor plus the diffuse speckle."""
    rows, cols = power.shape
    for y in range(rows):
        for x in range(cols):
            d = diffuse[y, x]
            s = steady[y, x]
            cross = 2.0 * np.sqrt(s * d) * real_mean[y, x]
            power[y, x] = max(s + cross + d * power[y, x], np.float32(0.0))


@njit(cache=True, nogil=True, error_model="numpy")
def to_numbers(power: Real, scale: float) -> NDArray[np.uint16]:  # pragma: no cover - compiled
    """Return round(scale * sqrt(power)) clipped to 1..65535: 0 is kept for no data."""
    rows, cols = power.shape
    out = np.empty((rows, cols), np.uint16)
    for y in range(rows):
        for x in range(cols):
            number = np.sqrt(power[y, x]) * scale + 0.5
            out[y, x] = np.uint16(min(max(number, 1.0), 65535.0))
    return out
