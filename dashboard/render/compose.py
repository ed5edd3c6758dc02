"""Pictures from display bytes: RGBA arrays (y, x, 4), uint8, alpha 0 where nothing was observed.

Every picture is one table look-up per pixel, the look-up the browser does too; so screen and export show equal pixels.
"""

from functools import cache

import colorcet
import numpy as np
from numpy.typing import NDArray

from dashboard.model.errors import GridMismatchError, InputError
from dashboard.render import kernels
from dashboard.render.levels import RATIO_LIMIT_DB

Rgba = NDArray[np.uint8]

_RATIO_MAP = "diverging_linear_bjy_30_90_c45"
"""Blue, grey, yellow (P. Kovesi, via colorcet): darker is dark, brighter is bright, safe for colour-blind eyes."""


def grey(levels: NDArray[np.uint8], palette: NDArray[np.uint8]) -> Rgba:
    """Return display bytes drawn through a palette of 256 greys, or of (256, 3) colours."""
    table = np.full((256, 4), 255, np.uint8)
    table[:, :3] = palette[:, None] if palette.ndim == 1 else palette
    return _painted(levels, table)


def two_colour(
    levels_a: NDArray[np.uint8],
    levels_b: NDArray[np.uint8],
    palette_a: NDArray[np.uint8],
    palette_b: NDArray[np.uint8],
) -> Rgba:
    """Return A in red and B in cyan: what went is red, what came is cyan, what stayed is grey.

    Colours of an optical picture count by their brightness.

    Transparent unless both were observed: a missing look must not read as a change.

    Raises
    ------
    GridMismatchError
        If the two shapes differ.
    """
    if levels_a.shape != levels_b.shape:
        raise GridMismatchError(f"A is {levels_a.shape} pixels and B is {levels_b.shape}; read both on one grid.")
    tables = np.zeros((2, 256, 4), np.uint8)
    tables[0, :, 0] = _greys(palette_a)
    tables[1, :, 1] = tables[1, :, 2] = _greys(palette_b)
    tables[1, :, 3] = 255
    out = np.empty((*levels_a.shape, 4), np.uint8)
    a, b = np.ascontiguousarray(levels_a).reshape(-1), np.ascontiguousarray(levels_b).reshape(-1)
    kernels.look_up_both(a, b, tables.view(np.uint32)[..., 0], out.reshape(-1).view(np.uint32))
    return out


def log_ratio(ratio_levels: NDArray[np.uint8], limit_db: float = RATIO_LIMIT_DB) -> Rgba:
    """Return log-ratio bytes in the diverging palette.

    Parameters
    ----------
    ratio_levels
        (y, x) as from `levels.ratio_levels` at its default limit.
    limit_db
        Change that gets the end colours; below `RATIO_LIMIT_DB` it spreads the colours over weaker changes.

    Raises
    ------
    InputError
        If `limit_db` is not positive.
    """
    if not limit_db > 0:
        raise InputError(f"The log-ratio limit is {limit_db:g} dB; give one above 0.")
    spread = 128 + (np.arange(256) - 128) * (RATIO_LIMIT_DB / limit_db)
    colours = np.array([_rgb(colour) for colour in ratio_palette()], np.uint8)
    table = np.full((256, 4), 255, np.uint8)
    table[:, :3] = colours[np.clip(np.rint(spread), 1, 255).astype(np.intp)]
    return _painted(ratio_levels, table)


def swipe(rgba_a: Rgba, rgba_b: Rgba, split: float) -> Rgba:
    """Return A left of the line at `split` of the width and B right of it.

    Raises
    ------
    GridMismatchError
        If the two shapes differ.
    """
    if rgba_a.shape != rgba_b.shape:
        raise GridMismatchError(f"A is {rgba_a.shape[:2]} pixels and B is {rgba_b.shape[:2]}; read both on one grid.")
    column = swipe_column(rgba_a.shape[1], split)
    return np.concatenate([rgba_a[:, :column], rgba_b[:, column:]], axis=1)


def swipe_column(width: int, split: float) -> int:
    """Return the first column that belongs to B: the pixel edge nearest to the line."""
    return min(max(int(np.floor(split * width + 0.5)), 0), width)


def ratio_palette() -> list[str]:
    """Return 256 hex colours of the log-ratio bytes: 1 darkest, 128 the grey of no change, 255 brightest.

    Entry 0 stands for not observed and is never drawn.
    """
    return list(_ratio_colours())


@cache
def _ratio_colours() -> tuple[str, ...]:
    anchors = np.array(getattr(colorcet, _RATIO_MAP), np.float64) * 255.0
    # 256 anchors have no middle one; 255 steps about byte 128 do, so the map is read between its anchors.
    position = np.clip((np.arange(256) - 1) / 254, 0, 1) * (len(anchors) - 1)
    colours = [np.interp(position, np.arange(len(anchors)), anchors[:, channel]) for channel in range(3)]
    return tuple("#{:02x}{:02x}{:02x}".format(*rgb) for rgb in np.rint(np.stack(colours, axis=1)).astype(int))


def _greys(palette: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the brightness of every entry; in whole numbers, so that the browser finds the same ones."""
    if palette.ndim == 1:
        return palette
    red, green, blue = (palette[:, band].astype(np.uint32) for band in range(3))
    return ((red * 77 + green * 151 + blue * 28) >> 8).astype(np.uint8)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _painted(levels: NDArray[np.uint8], table: NDArray[np.uint8]) -> Rgba:
    colours = table.copy()
    colours[0] = 0
    out = np.empty((*levels.shape, 4), np.uint8)
    flat = np.ascontiguousarray(levels).reshape(-1)
    kernels.look_up(flat, colours.view(np.uint32).reshape(-1), out.reshape(-1).view(np.uint32))
    return out
