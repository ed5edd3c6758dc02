"""Calibrated power read piece by piece from GeoTIFFs, all polarisations on one grid."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.enums import MaskFlags
from rasterio.io import DatasetReader
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from dashboard.model.errors import GridMismatchError
from dashboard.sources.grid import DECODER_ERRORS, Grid, damaged, grid_of, open_tiff, opened, warp
from dashboard.sources.units import Formula

SAMPLE_PIXELS = 512
"""Values without units are judged by about this many pixels a side."""


@dataclass(frozen=True, slots=True)
class Band:
    """One polarisation's pixels."""

    polarisation: str
    path: Path
    index: int = 1
    """Band number within the file, from 1."""


class TiffPower:
    """A `PowerSource` over GeoTIFF bands; files open at the first read and stay open until `close`."""

    def __init__(self, bands: Sequence[Band], formula: Formula) -> None:
        self._bands = {band.polarisation: band for band in bands}
        self._formula = formula
        self._grid = common_grid(bands)
        self._lock = threading.Lock()
        self._open: dict[str, tuple[DatasetReader, DatasetReader | WarpedVRT]] = {}

    @property
    def geobox(self) -> GeoBox:
        """Grid of the pixels, north up, metres."""
        return self._grid.geobox

    @property
    def polarisations(self) -> tuple[str, ...]:
        """What can be read, in the order of the product."""
        return tuple(self._bands)

    def read(self, polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:
        """Return (y, x) linear power of a window, NaN where there is no data.

        Raises
        ------
        DamagedProductError
            If the file breaks off.
        """
        band = self._bands[polarisation]
        window = Window.from_slices(rows, cols)
        try:
            with self._lock:  # a GDAL dataset serves one thread at a time
                dataset = self._dataset(band)
                values = dataset.read(band.index, window=window)
                mask = dataset.read_masks(band.index, window=window) if _has_own_mask(dataset, band.index) else None
        except DECODER_ERRORS as error:
            raise damaged(band.path) from error
        power = self._formula.power(values)
        power[~_valid(values, dataset.nodata, self._formula) | np.isinf(power)] = np.nan
        if mask is not None:
            power[mask == 0] = np.nan
        return power

    def close(self) -> None:
        """Close the files; reading again opens them again."""
        with self._lock:
            for source, view in self._open.values():
                view.close()
                source.close()
            self._open.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _dataset(self, band: Band) -> DatasetReader | WarpedVRT:
        if band.polarisation not in self._open:
            source = open_tiff(band.path)
            view = source if self._grid.native else warp(source, self._grid, _nodata(source))
            self._open[band.polarisation] = (source, view)
        return self._open[band.polarisation][1]


def common_grid(bands: Sequence[Band]) -> Grid:
    """Return the one grid of all bands.

    Raises
    ------
    GridMismatchError
        If polarisations differ in grid.
    DamagedProductError, NoGeoreferenceError
        If a file cannot be read or placed.
    """
    first: Grid | None = None
    for band in bands:
        with opened(band.path) as dataset:
            if not 1 <= band.index <= dataset.count:
                msg = f"{band.path.name} has {dataset.count} bands; {band.polarisation} asks for band {band.index}."
                raise GridMismatchError(msg)
            grid = grid_of(dataset, band.path.name)
        if first is None:
            first = grid
        elif grid.geobox != first.geobox:
            msg = (
                f"{band.path.name} ({band.polarisation}) has another grid than {bands[0].path.name}: "
                f"{_words(grid.geobox)} instead of {_words(first.geobox)}. Give both polarisations on one grid."
            )
            raise GridMismatchError(msg)
    if first is None:
        raise GridMismatchError("The product names no pixels; give at least one polarisation.")
    return first


def sample(band: Band) -> NDArray[Any]:
    """Return about `SAMPLE_PIXELS` squared valid values of a band, thinned evenly."""
    with opened(band.path) as dataset:
        factor = max(1, max(dataset.shape) // SAMPLE_PIXELS)
        shape = tuple(max(1, side // factor) for side in dataset.shape)
        values = dataset.read(band.index, out_shape=shape)
        valid: NDArray[Any] = values[_valid(values, dataset.nodata, Formula())]
        return valid


def _valid(values: NDArray[Any], nodata: float | None, formula: Formula) -> NDArray[np.bool_]:
    """Finite, not the nodata value, and not zero: an exact zero is what processors write outside the scene."""
    valid = np.isfinite(values)
    if nodata is not None and np.isfinite(nodata):
        valid &= values != nodata
    if formula.kind != "db":  # 0 dB is a measurement like any other
        valid &= values != 0
    result: NDArray[np.bool_] = valid
    return result


def _nodata(dataset: DatasetReader) -> float | None:
    """Value that the warp writes outside the source."""
    if dataset.nodata is not None:
        return float(dataset.nodata)
    return float("nan") if dataset.dtypes[0].startswith("float") else 0.0


def _has_own_mask(dataset: DatasetReader | WarpedVRT, index: int) -> bool:
    flags = dataset.mask_flag_enums[index - 1]
    return MaskFlags.per_dataset in flags or MaskFlags.alpha in flags


def _words(geobox: GeoBox) -> str:
    rows, columns = geobox.shape
    x, y = geobox.affine.c, geobox.affine.f
    return f"{rows}x{columns} px of {abs(geobox.affine.a):g} m from ({x:.0f}, {y:.0f}) in {geobox.crs}"
