"""Optical pictures as display bytes: one byte a pixel into a palette of colours, so that they travel as radar does."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dashboard.model.errors import GridMismatchError

DARK, BRIGHT = 1.0, 99.0
"""Percentiles of brightness drawn black and white."""
COLOURS = 255
"""Entry 0 stands for not observed."""


def brightness(bands: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Return the mean of the bands, (y, x), at least 1 where any band holds data and 0 elsewhere.

    Parameters
    ----------
    bands : (band, y, x), 0 = no data
    """
    seen = bands.any(axis=0)
    mean = bands.mean(axis=0, dtype=np.float32)
    result: NDArray[np.uint16] = np.where(seen, np.maximum(np.rint(mean), 1), 0).astype(np.uint16)
    return result


def limits(bands: NDArray[np.uint16]) -> tuple[float, float]:
    """Return the numbers drawn black and white: the same for all bands, so that colours keep their balance."""
    seen = bands[:, bands.any(axis=0)]
    if seen.size == 0:
        return 0.0, 1.0
    low, high = np.percentile(seen, (DARK, BRIGHT))
    return float(low), float(max(high, low + 1.0))


def indexed(bands: NDArray[np.uint16], ends: tuple[float, float]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the display byte of every pixel and the colours that the bytes stand for.

    Parameters
    ----------
    bands : (1 or 3, y, x): panchromatic, or red, green and blue; 0 in all bands = no data
    ends : numbers drawn black and white

    Returns
    -------
    (y, x) bytes, 0 = not observed, and (256, 3) colours; for three bands the 255 that fit this picture best

    Raises
    ------
    GridMismatchError
        If there are neither one nor three bands.
    """
    if bands.ndim != 3 or bands.shape[0] not in {1, 3}:
        raise GridMismatchError(f"An optical picture has 1 or 3 bands; these have the shape {bands.shape}.")
    low, high = ends
    share = np.clip((bands.astype(np.float32) - np.float32(low)) / np.float32(high - low), 0, 1)
    seen = bands.any(axis=0)
    if bands.shape[0] == 1:
        levels = np.where(seen, 1 + np.rint(share[0] * 254), 0).astype(np.uint8)
        ramp = np.clip(np.rint((np.arange(256) - 1) * (255 / 254)), 0, 255).astype(np.uint8)
        return levels, np.repeat(ramp[:, None], 3, axis=1)
    picture = Image.fromarray(np.ascontiguousarray(np.moveaxis(np.rint(share * 255).astype(np.uint8), 0, -1)))
    found = picture.quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    colours = np.zeros((256, 3), np.uint8)
    listed = np.array(found.getpalette() or [], np.uint8).reshape(-1, 3)[:COLOURS]
    colours[1 : 1 + len(listed)] = listed
    return np.where(seen, np.asarray(found, np.uint8) + np.uint8(1), 0).astype(np.uint8), colours
