"""Power by row and column from images in an HDF5 file."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from dashboard.model.errors import DamagedProductError, GridMismatchError
from dashboard.sources.geocode.native import Calibrate
from dashboard.sources.hdf5.opening import BROKEN, open_h5, pixels

CACHE_BYTES = 64 << 20
"""Of unpacked chunks: neighbouring windows share them."""
SAMPLE_SIDE = 128
"""Values without units are judged by nine windows of this many pixels a side."""


@dataclass(frozen=True, slots=True)
class Turned:
    """In which order an image is stored."""

    rows: bool = False
    """Whether the last row comes first."""
    cols: bool = False
    """Whether the last column comes first."""


AS_STORED = Turned()


class H5Native:
    """A `Native`: one image per polarisation, read window by window; the file opens at the first read.

    An image is one dataset of (rows, columns) or (rows, columns, 2), or two of (rows, columns): real and imaginary.
    """

    def __init__(
        self,
        path: Path,
        images: Mapping[str, tuple[str, ...]],
        calibrate: Calibrate | Mapping[str, Calibrate],
        turned: Turned = AS_STORED,
    ) -> None:
        """Check that the images agree in size.

        Parameters
        ----------
        path : of the HDF5 file
        images : polarisation -> paths of its one or two datasets
        calibrate : gets stored numbers of a window, (y, x) or (y, x, 2), and its rows and columns; one for each
            polarisation where they differ
        turned : windows are read as if the image were stored the right way round

        Raises
        ------
        DamagedProductError
            If an image is missing or unsafe, see `hdf5.pixels`.
        GridMismatchError
            If images differ in size.
        """
        self._path = path
        self._images = dict(images)
        self._calibrate = calibrate if isinstance(calibrate, Mapping) else dict.fromkeys(images, calibrate)
        self._turned = turned
        self._lock = threading.Lock()
        self._file: h5py.File | None = None
        self.polarisations = tuple(self._images)
        with open_h5(path) as file:
            self.shape = _common_shape(file, self._images, path.name)

    def read(self, polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:
        """Return (y, x) linear power of a window inside the image, NaN where there is no data.

        Raises
        ------
        DamagedProductError
            If the file breaks off.
        """
        return self._calibrate[polarisation](self.stored(polarisation, rows, cols), rows, cols)

    def stored(self, polarisation: str, rows: slice, cols: slice) -> NDArray[Any]:
        """Return the numbers of a window as they are stored: (y, x) or (y, x, 2)."""
        down = _turn(rows, self.shape[0]) if self._turned.rows else rows
        across = _turn(cols, self.shape[1]) if self._turned.cols else cols
        try:
            with self._lock:
                parts = [self._opened()[name][down, across] for name in self._images[polarisation]]
        except BROKEN as error:
            msg = f"{self._path.name}: {self._images[polarisation][0]} breaks off. Fetch it again."
            raise DamagedProductError(msg) from error
        values = parts[0] if len(parts) == 1 else np.stack(parts, axis=-1)
        return values[:: -1 if self._turned.rows else 1, :: -1 if self._turned.cols else 1]

    def close(self) -> None:
        """Close the file; reading again opens it again."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _opened(self) -> h5py.File:
        if self._file is None:
            self._file = h5py.File(self._path, "r", locking=False, rdcc_nbytes=CACHE_BYTES)
        return self._file


def power_of(values: NDArray[Any], factor: float) -> NDArray[np.float32]:
    """Return `factor` times the square of amplitudes, or of (real, imaginary) pairs; NaN where they are zero."""
    if values.ndim == 3:
        real, imaginary = values[..., 0].astype(np.float32), values[..., 1].astype(np.float32)
        power = real * real + imaginary * imaginary
    else:
        amplitude = values.astype(np.float32)
        power = amplitude * amplitude
    power *= np.float32(factor)
    power[~(power > 0)] = np.nan
    return power


def sample(native: H5Native) -> NDArray[Any]:
    """Return the amplitudes, not zero, in nine windows of the first polarisation, evenly spread."""
    found = []
    for share_down in (0.1, 0.5, 0.9):
        for share_across in (0.1, 0.5, 0.9):
            window = [
                slice(max(0, int(side * share) - SAMPLE_SIDE // 2), min(side, int(side * share) + SAMPLE_SIDE // 2))
                for side, share in zip(native.shape, (share_down, share_across), strict=True)
            ]
            values = native.stored(native.polarisations[0], window[0], window[1])
            if values.ndim == 3:
                values = np.hypot(values[..., 0].astype(np.float32), values[..., 1].astype(np.float32))
            found.append(values[np.isfinite(values) & (values != 0)].ravel())
    joined: NDArray[Any] = np.concatenate(found)
    return joined


def _turn(part: slice, side: int) -> slice:
    """Return where a window lies when the image is counted from the other end."""
    return slice(side - part.stop, side - part.start)


def _common_shape(file: h5py.File, images: Mapping[str, tuple[str, ...]], name: str) -> tuple[int, int]:
    shapes = {
        part: tuple(int(side) for side in pixels(file, part, name).shape[:2])
        for parts in images.values()
        for part in parts
    }
    if not shapes:
        msg = f"{name} names no images; give at least one polarisation."
        raise DamagedProductError(msg)
    if len(set(shapes.values())) > 1:
        stated = ", ".join(f"{part} {rows} x {cols}" for part, (rows, cols) in shapes.items())
        msg = f"{name}: images of one product must agree in size: {stated}."
        raise GridMismatchError(msg)
    rows, cols = next(iter(shapes.values()))
    return rows, cols
