"""What a statistic says where nothing happened, on a sample of the ground: pseudo-events in the dates before."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from dashboard.change.patches import scores
from dashboard.change.placebo import (
    BINS,
    EDGES,
    STRATA,
    Calibration,
    Counts,
    bin_of,
    independent_samples,
    independent_windows,
)
from dashboard.change.rates import announce
from dashboard.model.change import Announced
from dashboard.model.errors import InputError
from dashboard.model.progress import CancelToken
from dashboard.workflows.detection.measures import Measure
from dashboard.workflows.detection.setting import Setting

SIDE = 192
"""Pixels along a side of a sampled block; objects of chance are a few pixels wide, so few are cut."""

_LEAST_SPREAD = 0.3
"""Below this neighbours are independent."""

Block = tuple[slice, slice]


class NoPastError(InputError):
    """No ground of a stack of amplitudes was seen often enough to know its past; other methods want power."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of the past is looked at."""

    pixels: int
    """Pixels of the sample, about."""
    windows: int
    """Pseudo-events at most."""


LIVE = Limits(pixels=110_000, windows=12)
"""Costs half of what the statistic costs on a screen."""
RECORDED = Limits(pixels=1_500_000, windows=32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Past:
    """Fields of pseudo-events on sampled blocks side by side, and what follows from them."""

    fields: tuple[NDArray[np.float32], ...]
    """One (y, x) a pseudo-event, as rare everywhere as in the whole scene; NaN between blocks."""
    raw: tuple[NDArray[np.float32], ...]
    """The same as the statistic gave them."""
    calibration: Calibration
    worth: float
    """Pseudo-events without a common date that these are worth."""

    @property
    def pixels(self) -> float:
        """Observed pixels of one pseudo-event, on average."""
        return self.calibration.samples / max(len(self.fields), 1)

    def announced(self, setting: Setting, seed: float, grow: float) -> Announced:
        """Search the pseudo-events by the rule of the question and say how many false polygons to expect."""
        found = [
            scores(each, seed=seed, grow=grow, least_px=setting.least_px, resolution_px=setting.resolution_px)
            for each in self.fields
        ]
        return announce(found, self.pixels * setting.pixel_km2, independent=min(self.worth, len(found)))


def past(
    measure: Measure,
    arrays: Sequence[xr.DataArray],
    setting: Setting,
    limits: Limits,
    cancel: CancelToken | None = None,
) -> Past | None:
    """Compute the statistic for pseudo-events on a sample of blocks; None where there are none.

    Each block is computed with the ground around it that the statistic smooths over, so a block says what the whole
    would. Fields are made as rare in every stratum as in the whole scene before objects are grown in them.

    Raises
    ------
    CancelledError
        If `cancel` was set.
    NoPastError
        If there are none and the arrays hold amplitudes, which no other method takes.
    """
    height, width = arrays[0].shape[2:]
    halo, gap = measure.halo, int(np.ceil(setting.resolution_px)) + 1
    mosaics: dict[int, list[NDArray[np.float32]]] = {}
    strata: list[NDArray[np.uint8]] = []
    for rows, cols in blocks((height, width), limits.pixels):
        if cancel is not None:
            cancel.check()
        top, left = max(rows.start - halo, 0), max(cols.start - halo, 0)
        wide = slice(top, min(rows.stop + halo, height)), slice(left, min(cols.stop + halo, width))
        part = [each[:, :, wide[0], wide[1]] for each in arrays]
        inner = slice(rows.start - top, rows.stop - top), slice(cols.start - left, cols.stop - left)
        for number, field in measure.placebos(part, limits.windows):
            mosaics.setdefault(number, []).append(_framed(field[inner], gap, np.nan))
        strata.append(_framed(measure.strata(part)[inner], gap, 0))
    if not mosaics:
        return _nothing(arrays)
    fields = [np.concatenate(parts, axis=1) for parts in mosaics.values()]
    stratum = np.concatenate(strata, axis=1)
    counts = sum((Counts.of(each, stratum) for each in fields[1:]), Counts.of(fields[0], stratum))
    if not counts.samples:
        return _nothing(arrays)
    worth = independent_windows(*measure.looks)
    independent = independent_samples(
        counts.samples, len(fields), worth=worth, smooth_px=max(measure.spread_px, _LEAST_SPREAD)
    )
    calibration = Calibration.of(counts, len(fields), independent=independent)
    return Past(
        fields=tuple(evened(calibration, each, stratum) for each in fields),
        raw=tuple(fields),
        calibration=calibration,
        worth=worth,
    )


def _nothing(arrays: Sequence[xr.DataArray]) -> Past | None:
    if any(each.dtype == np.uint16 for each in arrays):
        raise NoPastError("No ground here was seen often enough to know its past; read it as linear power.")
    return None


def evened(calibration: Calibration, values: NDArray[np.float32], stratum: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return `Calibration.evened` by a table, to half a bin (0.8 %) and twenty times as fast."""
    known = np.nan_to_num(values, nan=0.0)
    return np.asarray(values * _factors(calibration)[stratum, bin_of(known)], np.float32)


@lru_cache(maxsize=8)
def _factors(calibration: Calibration) -> NDArray[np.float32]:
    """(stratum, bin): by what a value is multiplied to be as rare in the whole scene as in its stratum."""
    middle = np.sqrt(np.maximum(EDGES, EDGES[1] / 2) * np.append(EDGES[1:], EDGES[-1] * 2)).astype(np.float32)
    factors = np.ones((STRATA, BINS), np.float32)
    for number, own in enumerate(calibration.strata):
        if own is not None:
            factors[number] = calibration.evened(middle, np.full(BINS, number, np.uint8)) / middle
    return factors


def blocks(shape: tuple[int, int], pixels: int) -> tuple[Block, ...]:
    """Return blocks spread evenly over a grid that hold about so many pixels: all of it where it has no more."""
    height, width = shape
    if height * width <= pixels:
        return ((slice(0, height), slice(0, width)),)
    wanted = max(1, round(pixels / SIDE**2))
    down = max(1, min(round(np.sqrt(wanted * height / width)), height // SIDE))
    across = max(1, min(-(-wanted // down), width // SIDE))
    return tuple(
        (slice(top, min(top + SIDE, height)), slice(left, min(left + SIDE, width)))
        for top in _starts(height, down)
        for left in _starts(width, across)
    )


def _starts(size: int, count: int) -> list[int]:
    """Starts of `count` blocks in the middles of equal parts."""
    return [max(0, min(round((n + 0.5) * size / count - SIDE / 2), size - SIDE)) for n in range(count)]


def _framed(part: NDArray[Any], gap: int, fill: float) -> NDArray[Any]:
    """A block with a gap on its right that no object bridges."""
    return np.pad(part, ((0, 0), (0, gap)), constant_values=fill)
