"""Pixels as delivered: power on the product's own rows and columns."""

import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.io import DatasetReader
from rasterio.windows import Window

from dashboard.model.errors import DamagedProductError, GridMismatchError
from dashboard.sources.grid import DECODER_ERRORS, damaged, open_tiff, opened
from dashboard.sources.power import Band

MOST_PIXELS = 8_000_000_000
MOST_SIDE = 400_000

Calibrate = Callable[[NDArray[Any], slice, slice], NDArray[np.float32]]
"""Turns stored numbers of a window (rows, columns) into linear power, NaN where there is no data."""


class Native(Protocol):
    """A `PowerSource` before it has a map."""

    shape: tuple[int, int]
    """(rows, columns)."""
    polarisations: tuple[str, ...]

    def read(self, polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:
        """Return (y, x) linear power of a window inside the image, NaN where there is no data."""

    def close(self) -> None:
        """Close the files; reading again opens them again."""


class MapPower:
    """An `OpenPower` of an image whose rows and columns are the map's: nothing is resampled."""

    def __init__(self, native: Native, geobox: GeoBox) -> None:
        self._native = native
        self._box = geobox

    @property
    def geobox(self) -> GeoBox:
        """Grid of the pixels, north up, metres."""
        return self._box

    @property
    def polarisations(self) -> tuple[str, ...]:
        """What can be read, in the order of the product."""
        return self._native.polarisations

    def read(self, polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:
        """Return (y, x) linear power of a window, NaN where there is no data."""
        return self._native.read(polarisation, rows, cols)

    def close(self) -> None:
        """Close the file; reading again opens it again."""
        self._native.close()


class TiffNative:
    """Bands of GeoTIFFs by row and column, whatever georeference they carry."""

    def __init__(self, bands: Sequence[Band], calibrate: Calibrate) -> None:
        """Check that the bands agree in size; files open at the first read.

        Raises
        ------
        DamagedProductError
            If a file cannot be opened or announces an absurd size.
        GridMismatchError
            If polarisations differ in size, or a band is missing.
        """
        self._bands = {band.polarisation: band for band in bands}
        self._calibrate = calibrate
        self._lock = threading.Lock()
        self._open: dict[str, DatasetReader] = {}
        self.polarisations = tuple(self._bands)
        self.shape = _common_shape(bands)

    def read(self, polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:
        """Return (y, x) linear power of a window.

        Raises
        ------
        DamagedProductError
            If the file breaks off.
        """
        band = self._bands[polarisation]
        try:
            with self._lock:  # a GDAL dataset serves one thread at a time
                if polarisation not in self._open:
                    self._open[polarisation] = open_tiff(band.path)
                values = self._open[polarisation].read(band.index, window=Window.from_slices(rows, cols))
        except DECODER_ERRORS as error:
            raise damaged(band.path) from error
        return self._calibrate(values, rows, cols)

    def close(self) -> None:
        """Close the files; reading again opens them again."""
        with self._lock:
            for dataset in self._open.values():
                dataset.close()
            self._open.clear()


def sane_shape(shape: tuple[int, int], name: str) -> tuple[int, int]:
    """Return a size that can be meant.

    Raises
    ------
    DamagedProductError
        If a side is not positive or the image is absurdly large; the message names `name`.
    """
    rows, cols = shape
    if not (0 < rows <= MOST_SIDE and 0 < cols <= MOST_SIDE and rows * cols <= MOST_PIXELS):
        msg = (
            f"{name} announces {rows:,} x {cols:,} pixels; an image has 1 to {MOST_SIDE:,} a side and at most "
            f"{MOST_PIXELS:,} in all. The product is damaged."
        )
        raise DamagedProductError(msg)
    return rows, cols


def _common_shape(bands: Sequence[Band]) -> tuple[int, int]:
    shape: tuple[int, int] | None = None
    for band in bands:
        with opened(band.path) as dataset:
            if not 1 <= band.index <= dataset.count:
                msg = f"{band.path.name} has {dataset.count} bands; {band.polarisation} asks for band {band.index}."
                raise GridMismatchError(msg)
            found = sane_shape(dataset.shape, band.path.name)
        if shape is not None and found != shape:
            msg = (
                f"{band.path.name} ({band.polarisation}) has {found} pixels, {bands[0].path.name} {shape}; "
                "polarisations of one product must agree."
            )
            raise GridMismatchError(msg)
        shape = found
    if shape is None:
        raise GridMismatchError("The product names no pixels; give at least one polarisation.")
    return shape
