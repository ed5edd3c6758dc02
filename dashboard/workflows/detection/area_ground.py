"""What is measured of a whole area without reading it whole: on a coarse copy, or on blocks spread over it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from dashboard.change.energy import Reference, merged, reference
from dashboard.model.progress import CancelToken
from dashboard.raster.archive import Archive
from dashboard.workflows.detection.area_grid import AreaGrid
from dashboard.workflows.detection.area_lazy import lazy_stack
from dashboard.workflows.detection.placebos import Block, blocks
from dashboard.workflows.detection.setting import Setting
from dashboard.workflows.detection.stacks import ChosenStack, read_stack

COARSE_BYTES = 600_000_000
"""Of the copy of one stack on which its common mode is measured; its cells are 16 pixels wide or more."""
SAMPLE_PX = 500_000
"""Pixels at full resolution on which variances, strata and speckle are measured, about."""
_BYTES = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ground:
    """The stacks of an area, whose pixels are read when they are asked for."""

    archive: Archive
    stacks: tuple[ChosenStack, ...]
    grid: AreaGrid
    setting: Setting
    cancel: CancelToken

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        height, width = self.grid.geobox.shape
        return int(height), int(width)

    def lazy(self) -> list[xr.DataArray]:
        """Return the stacks; a part is read when its values are used."""
        return [lazy_stack(self.archive, one, self.grid.geobox, self.cancel) for one in self.stacks]

    def sample(self) -> list[xr.DataArray]:
        """Return the stacks on blocks side by side, nothing between them; all of the area where it is no larger."""
        lazy, places = self.lazy(), blocks(self.shape, self._fitting(SAMPLE_PX))
        if len(places) == 1:
            return [each[(..., *places[0])].load() for each in lazy]
        return [_side_by_side(each, places) for each in lazy]

    def reference(self) -> Reference:
        """Measure the common mode on a coarse copy, and variances and strata on blocks; a small area as a whole."""
        fixed, geobox = self.setting, self.grid.geobox
        if self.shape[0] * self.shape[1] <= self._fitting(self.shape[0] * self.shape[1]):
            arrays = [read_stack(self.archive, one, geobox, self.cancel) for one in self.stacks]
            return reference(arrays, fixed.periods, fixed.options)
        parts = []
        for one in self.stacks:
            coarse = read_stack(self.archive, one, geobox.zoom_out(_step(one, self.shape)), self.cancel)
            parts.append(reference([coarse], fixed.periods, fixed.options))
            del coarse
        common = replace(
            parts[0],
            common=tuple(mode for each in parts for mode in each.common),
            variance=tuple(level for each in parts for level in each.variance),
        )
        whole = self._samples()
        return merged(common, whole) if whole else common

    def _samples(self) -> list[Reference]:
        """References of blocks that were observed well enough to have variances."""
        found, lazy = [], self.lazy()
        for place in blocks(self.shape, SAMPLE_PX):
            part = [each[(..., *place)] for each in lazy]
            if _seen_twice(part):
                found.append(reference(part, self.setting.periods, self.setting.options))
        return [each for each in found if np.isfinite([each.brightness_edges, each.variability_edges]).all()]

    def _fitting(self, pixels: int) -> int:
        """So many pixels, or fewer where the stacks are so deep that they would not fit."""
        layers = sum(len(one.passes) * len(one.polarisations) for one in self.stacks)
        return min(pixels, int(COARSE_BYTES / (_BYTES * max(layers, 1))))


def _side_by_side(lazy: xr.DataArray, places: Sequence[Block]) -> xr.DataArray:
    """Blocks in one array, with a column of nothing after each: they are no neighbours."""
    height = max(rows.stop - rows.start for rows, _ in places)
    width = sum(cols.stop - cols.start + 1 for _, cols in places)
    power = np.full((*lazy.shape[:2], height, width), np.nan, np.float32)
    left = 0
    for rows, cols in places:
        part = lazy[..., rows, cols].values
        power[:, :, : part.shape[2], left : left + part.shape[3]] = part
        left += part.shape[3] + 1
    return xr.DataArray(power, coords={name: lazy[name] for name in ("time", "polarisation")}, dims=lazy.dims)


def _step(one: ChosenStack, shape: tuple[int, int]) -> int:
    """By how much coarser the copy of a stack must be."""
    most = COARSE_BYTES / (_BYTES * len(one.passes) * len(one.polarisations))
    return max(1, math.ceil(math.sqrt(shape[0] * shape[1] / most)))


def _seen_twice(part: Sequence[xr.DataArray]) -> bool:
    """Whether some tenth of a block was observed on three dates, so that it has a variance."""
    return any(((np.isfinite(each.values).sum(axis=0) >= 3).mean(axis=(1, 2)) > 0.1).all() for each in part)
