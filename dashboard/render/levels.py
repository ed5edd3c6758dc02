"""From archived amplitude to bytes that stand for decibels, and from bytes to grey.

One byte a pixel is what crosses the wire and what every picture is composed from: 0 = not observed, 1 to 255 linear
in decibels from `DB_FLOOR` to `DB_CEILING`. The stretch then is a 256-entry palette: the same table in the browser,
on an exported page and in a test.
"""

from functools import lru_cache

import numpy as np
from datashader.transfer_functions import eq_hist
from numpy.typing import NDArray

from dashboard.model.acquisition import AMPLITUDE_SCALE
from dashboard.model.errors import GridMismatchError, InputError
from dashboard.model.view import Stretch, StretchKind
from dashboard.render import kernels

DB_FLOOR = -35.0
"""Decibels of byte 1: everything observed and darker is drawn as this."""
DB_CEILING = 15.0
"""Decibels of byte 255: everything brighter is drawn as this."""
DB_STEP = (DB_CEILING - DB_FLOOR) / 254
"""Decibels from one byte to the next."""
RATIO_LIMIT_DB = 10.0
"""Default change, in decibels either way, that gets the end colours of the log-ratio palette."""
NOTHING_SEEN_DB = (-25.0, 0.0)
"""Limits of a stretch that follows the data when there is none: the usual span of land at C and X band."""
_EQUALISE_SAMPLES = 1 << 16


def decibel_bytes(amplitude: NDArray[np.uint16], scale: float = AMPLITUDE_SCALE) -> NDArray[np.uint8]:
    """Return the display byte of every archived amplitude.

    Parameters
    ----------
    amplitude
        (y, x) archive DN, ``round(scale * sqrt(power))``, 0 = no data.
    scale
        DN per unit of amplitude.

    Returns
    -------
    NDArray[np.uint8]
        (y, x), 0 = no data, 1..255 linear in decibels over `DB_FLOOR` .. `DB_CEILING`, clipped.
    """
    return _look_up(amplitude, _byte_table(float(scale)))


def byte_to_db(levels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the decibels a display byte stands for, NaN for 0 (no data)."""
    level = np.asarray(levels, np.float64)
    return np.where(level > 0, DB_FLOOR + (level - 1) * DB_STEP, np.nan)


def ratio_levels(
    amplitude_a: NDArray[np.uint16],
    amplitude_b: NDArray[np.uint16],
    limit_db: float = RATIO_LIMIT_DB,
    *,
    scale_a: float = AMPLITUDE_SCALE,
    scale_b: float = AMPLITUDE_SCALE,
) -> NDArray[np.uint8]:
    """Return the byte of every change of backscatter between two dates.

    Parameters
    ----------
    amplitude_a, amplitude_b
        (y, x) archive DN before and after, 0 = no data.
    limit_db
        Change at byte 1 (darker) and 255 (brighter); beyond it bytes are clipped.
    scale_a, scale_b
        DN per unit of amplitude.

    Returns
    -------
    NDArray[np.uint8]
        (y, x), 0 where either date was not observed, 128 = equal, 1..255 linear in ``10 log10(power b / power a)``.

    Raises
    ------
    GridMismatchError
        If the two shapes differ.
    InputError
        If `limit_db` is not positive.
    """
    _same_shape(amplitude_a, amplitude_b)
    if not limit_db > 0:
        raise InputError(f"The log-ratio limit is {limit_db:g} dB; give one above 0.")
    per_db = 127.0 / limit_db
    offset = 128.5 - per_db * 20.0 * np.log10(scale_b / scale_a)
    out = np.empty(amplitude_a.shape, np.uint8)
    a, b = np.ascontiguousarray(amplitude_a).reshape(-1), np.ascontiguousarray(amplitude_b).reshape(-1)
    kernels.difference_levels(a, b, _log_table(per_db), np.float32(offset), out.reshape(-1))
    return out


def histogram(levels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return how often every byte occurs, 256 counts; entry 0 counts the pixels without data."""
    counts = np.zeros(256, np.int64)
    kernels.count_levels(np.ascontiguousarray(levels).reshape(-1), counts)
    return counts


def limits_db(stretch: Stretch, histogram: NDArray[np.int64]) -> tuple[float, float]:
    """Return the decibels drawn black and white: what a legend prints.

    For EQUALISE these are the darkest and the brightest byte that occur; the way between them is not linear.
    """
    if stretch.kind is StretchKind.FIXED:
        return float(stretch.low), float(stretch.high)
    equalise = stretch.kind is StretchKind.EQUALISE
    low, high = (0.0, 100.0) if equalise else (stretch.low, stretch.high)
    total = np.cumsum(histogram[1:])
    if total[-1] == 0:
        return NOTHING_SEEN_DB
    ends = np.searchsorted(total, np.array([max(1.0, total[-1] * low / 100), total[-1] * high / 100]))
    first, last = (DB_FLOOR + float(end) * DB_STEP for end in ends)
    return first, max(last, first + DB_STEP)


def palette(stretch: Stretch, histogram: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return the grey of every display byte.

    Parameters
    ----------
    stretch
        How decibels become brightness.
    histogram
        256 counts of display bytes, as from `histogram`; entry 0 (no data) is left out of account.

    Returns
    -------
    NDArray[np.uint8]
        256 greys, never falling from byte 1 to 255; entry 0 stands for nothing observed and is never drawn.
    """
    if stretch.kind is StretchKind.EQUALISE and histogram[1:].any():
        return _equalised(histogram)
    low, high = limits_db(stretch, histogram)
    decibels = DB_FLOOR + np.arange(255) * DB_STEP
    grey = np.clip((decibels - low) / (high - low), 0.0, 1.0) * 255.0
    return np.concatenate([[0], np.rint(grey)]).astype(np.uint8)


def _equalised(histogram: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Histogram equalisation of the occurring bytes; datashader sees at most some 65,000 of them, in proportion."""
    counts = histogram[1:].astype(np.float64)
    counts = np.ceil(counts * min(1.0, _EQUALISE_SAMPLES / counts.sum())).astype(np.int64)
    present = np.flatnonzero(counts)
    share, _ = eq_hist(np.repeat(np.arange(255), counts))
    occurring = share[np.cumsum(counts)[present] - 1]
    ramp = np.interp(np.arange(255), present, occurring)
    ramp = (ramp - ramp[0]) / max(float(ramp[-1] - ramp[0]), 1e-9) if len(present) > 1 else ramp
    return np.concatenate([[0], np.rint(ramp * 255.0)]).astype(np.uint8)


def _look_up(values: NDArray[np.uint16], table: NDArray[np.uint8]) -> NDArray[np.uint8]:
    out = np.empty(values.shape, np.uint8)
    kernels.look_up(np.ascontiguousarray(values, np.uint16).reshape(-1), table, out.reshape(-1))
    return out


@lru_cache(maxsize=16)
def _byte_table(scale: float) -> NDArray[np.uint8]:
    dn = np.arange(1, 65536, dtype=np.float64)
    level = 1.0 + (20.0 * np.log10(dn / scale) - DB_FLOOR) / DB_STEP
    return np.concatenate([[0], np.clip(np.rint(level), 1, 255)]).astype(np.uint8)


@lru_cache(maxsize=16)
def _log_table(per_db: float) -> NDArray[np.float32]:
    dn = np.arange(1, 65536, dtype=np.float64)
    return np.concatenate([[0.0], per_db * 20.0 * np.log10(dn)]).astype(np.float32)


def _same_shape(a: NDArray[np.uint16], b: NDArray[np.uint16]) -> None:
    if a.shape != b.shape:
        raise GridMismatchError(f"Before is {a.shape} pixels and after is {b.shape}; read both on one grid.")
