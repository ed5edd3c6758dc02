"""The published statistic, for comparability, with pseudo-events made by relabelling the looks before."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from dashboard.change.energy.options import FEWEST_BEFORE
from dashboard.change.periods import Periods, pseudo_events
from dashboard.change.pwtt import pwtt
from dashboard.workflows.detection.measures import Field, Seen
from dashboard.workflows.detection.scans import seen_of, steps_of

REACH_M = 165.0
"""Its largest disc, its median and its filter together."""
_DISC_M = 100.0
"""Radius of its middle disc; half of it is the standard deviation of a disc along one axis."""
_PARTS_OF_A_METRE = 64
_DAY = np.timedelta64(1, "D")
_OLD, _NEW = np.datetime64("2000-01-01", "ns"), np.datetime64("2100-01-01", "ns")
_RELABELLED = Periods(before=(_OLD, _NEW - _DAY), after=(_NEW, np.datetime64("2200-01-01", "ns")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """PWTT's statistic: the package's variant, the paper's pooled variance where there is one look after."""

    periods: Periods
    looks: tuple[int, int]
    pixel_m: float
    """Side of a pixel of the grid."""

    @property
    def halo(self) -> int:
        """Pixels that its discs reach."""
        return math.ceil(REACH_M / self.pixel_m) + 1

    @property
    def spread_px(self) -> float:
        """Sigma of a Gauss as wide as its middle disc."""
        return _DISC_M / 2.0 / self.pixel_m

    def see(self, arrays: Sequence[xr.DataArray]) -> Seen:
        """Answer the question."""
        field = self._statistic(arrays, self.periods)
        steps = [steps_of(array, self.periods) for array in arrays]
        return seen_of(arrays, self.periods, [field] * len(arrays), steps, together=lambda fields: fields[0])

    def placebos(self, arrays: Sequence[xr.DataArray], most: int) -> Iterator[tuple[int, Field]]:
        """Answer it for windows of looks before, put after the other looks before, as the event's are."""
        each = [_counts(array, self.periods) for array in arrays]
        windows = max(len(pseudo_events(*counts)) for counts in each)
        for number in np.unique(np.linspace(0, windows - 1, min(windows, most)).round().astype(int)):
            share = number / max(windows - 1, 1)
            moved = [
                _relabelled(array, counts, share, self.periods)
                for array, counts in zip(arrays, each, strict=True)
                if counts[1] and counts[0] - counts[1] >= FEWEST_BEFORE
            ]
            if moved:
                yield int(number), self._statistic(moved, _RELABELLED)

    def strata(self, arrays: Sequence[xr.DataArray]) -> NDArray[np.uint8]:
        """Return one stratum."""
        return np.zeros(arrays[0].shape[2:], np.uint8)

    def _statistic(self, arrays: Sequence[xr.DataArray], periods: Periods) -> Field:
        variance: Literal["welch", "pooled"] = "welch" if self.looks[1] > 1 else "pooled"
        grids = [self._in_metres(array) for array in arrays]
        return np.asarray(pwtt(grids, periods, variance=variance)["statistic"].values, np.float32)

    def _in_metres(self, array: xr.DataArray) -> xr.DataArray:
        """The same array on a grid of metres on the ground, whatever the units of its own.

        Sixty-fourths of a metre are exact in floating point: every part of a grid has discs of the same size.
        """
        side = round(self.pixel_m * _PARTS_OF_A_METRE) / _PARTS_OF_A_METRE or self.pixel_m
        return array.assign_coords({name: np.arange(array.sizes[name]) * side for name in ("y", "x")})


def _counts(array: xr.DataArray, periods: Periods) -> tuple[int, int]:
    before, after = periods.split(array["time"].values)
    return int(before.sum()), int(after.sum())


def _relabelled(array: xr.DataArray, counts: tuple[int, int], share: float, periods: Periods) -> xr.DataArray:
    """The looks before, those of a window moved behind the others."""
    before = np.flatnonzero(periods.split(array["time"].values)[0])
    first = round(share * (counts[0] - counts[1]))
    window = slice(first, first + counts[1])
    rest = np.delete(before, window)
    times = np.concatenate([_OLD + np.arange(rest.size) * _DAY, _NEW + np.arange(counts[1]) * _DAY])
    return array[np.concatenate([rest, before[window]])].assign_coords(time=times)
