"""A stack array over a whole area whose pixels are read when a part of it is asked for."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from xarray.backends import BackendArray
from xarray.core import indexing

from dashboard.model.progress import CancelToken
from dashboard.raster.archive import Archive
from dashboard.workflows.detection.looks import ChosenStack
from dashboard.workflows.detection.stacks import read_stack, stack_array

Key = tuple[slice | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    archive: Archive
    chosen: ChosenStack
    geobox: GeoBox
    cancel: CancelToken | None

    def read(self, key: Key) -> NDArray[np.float32]:
        """Return what plain indexing of the whole would: only the rows and columns asked for are read."""
        rows, cols = (_window(part, int(size)) for part, size in zip(key[2:], self.geobox.shape, strict=True))
        if rows.stop == rows.start or cols.stop == cols.start:
            shape = len(self.chosen.passes), len(self.chosen.polarisations), *self.geobox.shape
            return np.empty(shape, np.float32)[key]
        power = read_stack(self.archive, self.chosen, self.geobox[rows, cols], self.cancel).values
        inner = tuple(_moved(part, window.start) for part, window in zip(key[2:], (rows, cols), strict=True))
        return np.asarray(power[(*key[:2], *inner)], np.float32)


class _Pixels(BackendArray):
    """xarray's own way to read later."""

    def __init__(self, shape: tuple[int, ...], read: Callable[[Key], NDArray[np.float32]]) -> None:
        self.shape, self.dtype = shape, np.dtype(np.float32)
        self._read = read

    def __getitem__(self, key: indexing.ExplicitIndexer) -> NDArray[np.float32]:
        found = indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._read)
        return np.asarray(found)


def lazy_stack(
    archive: Archive, chosen: ChosenStack, geobox: GeoBox, cancel: CancelToken | None = None
) -> xr.DataArray:
    """Return a stack array whose pixels stay in the archive; a slice of it is read when its values are used.

    Parameters and errors are those of `read_stack`; the coordinates are those of the whole grid. Use it for parts: the
    values of the whole would be all of it in memory.
    """
    shape = len(chosen.passes), len(chosen.polarisations), *map(int, geobox.shape)
    frame = stack_array(np.broadcast_to(np.float32(np.nan), shape), chosen, geobox)
    source = _Source(archive=archive, chosen=chosen, geobox=geobox, cancel=cancel)
    # As xarray opens a file: a slice keeps what it read for as long as it lives, the whole keeps nothing.
    pixels = indexing.MemoryCachedArray(  # type: ignore[no-untyped-call]
        indexing.LazilyIndexedArray(_Pixels(shape, source.read))
    )
    lazy = xr.Variable(frame.dims, pixels, frame.attrs)
    return xr.DataArray(lazy, coords=frame.coords)


def _window(part: slice | int, size: int) -> slice:
    if isinstance(part, slice):
        picked = range(size)[part]
        ends = sorted((picked[0], picked[-1])) if picked else (0, -1)
        return slice(ends[0], ends[1] + 1)
    return slice(part, part + 1)


def _moved(part: slice | int, start: int) -> slice | int:
    if not isinstance(part, slice):
        return part - start
    step = part.step or 1
    if step > 0:
        return slice(0, None, step)
    return slice(None, None, step)
