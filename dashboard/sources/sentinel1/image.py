"""Calibrated power of Sentinel-1 images by line and sample, polarisation by polarisation."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.model.errors import DamagedProductError
from dashboard.sources.geocode.native import Native, TiffNative
from dashboard.sources.power import Band
from dashboard.sources.sentinel1.annotation import Annotation
from dashboard.sources.sentinel1.lut import Noise, Table

BORDER_PX = 512
"""Columns at either side in which older processors left noise instead of nothing."""
RUN_PX = 8
"""Columns whose mean decides: with the looks of a detected image some 30 samples."""
BELOW_NOISE = 0.5
"""Ground returns at least the thermal noise; what lies on average below this share of it is no ground."""


class Calibrated:
    """Turns the numbers of one image into sigma0."""

    def __init__(self, amplitude: Table, noise: Noise | None) -> None:
        self._amplitude = amplitude
        self.noise = noise

    def __call__(self, values: NDArray[Any], rows: slice, cols: slice) -> NDArray[np.float32]:
        """Return ``(|DN|² - noise) / A²``, at least zero; NaN where the number is zero."""
        power = square(values)
        empty = power == 0
        if self.noise is not None:
            power -= self.noise.at(rows, cols)
            np.maximum(power, 0.0, out=power)
        scale = self._amplitude.at(rows, cols)
        power /= scale * scale
        power[empty] = np.nan
        return power


class Detected:
    """One polarisation of a ground range image, the noise at its borders taken off."""

    def __init__(self, path: Path, annotation: Annotation, calibrated: Calibrated, *, trim: bool) -> None:
        self._tiff = image(path, annotation, calibrated)
        self._raw = image(path, annotation, _raw) if trim else None
        self._noise = calibrated.noise
        self.shape = annotation.shape
        self.polarisations = self._tiff.polarisations

    def read(self, polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:
        """Return (y, x) sigma0 of a window, NaN where there is no data."""
        power = self._tiff.read(polarisation, rows, cols)
        if self._raw is not None:
            first, last = self._edges(polarisation, rows, cols)
            at = np.arange(cols.start, cols.stop)
            power[(at < first[:, None]) | (at >= last[:, None])] = np.nan
        return power

    def close(self) -> None:
        """Close the file; reading again opens it again."""
        self._tiff.close()
        if self._raw is not None:
            self._raw.close()

    def _edges(self, polarisation: str, rows: slice, cols: slice) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the first column with ground of every line, and the one after the last; only borders are read."""
        width, count = self.shape[1], rows.stop - rows.start
        first, last = np.zeros(count, np.intp), np.full(count, width, np.intp)
        reach = min(BORDER_PX, width // 4)
        if cols.start < reach:
            first = self._empty(polarisation, rows, slice(0, reach))
        if cols.stop > width - reach:
            last = width - self._empty(polarisation, rows, slice(width - reach, width), mirrored=True)
        return first, last

    def _empty(self, polarisation: str, rows: slice, cols: slice, *, mirrored: bool = False) -> NDArray[np.intp]:
        """Return how many columns from the image's edge hold less than the thermal noise can be."""
        if self._raw is None or self._noise is None:
            return np.zeros(rows.stop - rows.start, np.intp)
        power = self._raw.read(polarisation, rows, cols).astype(np.float64)
        share = power / np.maximum(self._noise.at(rows, cols), 1e-6)
        share = share[:, ::-1] if mirrored else share
        # The mean of the columns before each one, so that bright ground farther in does not hide the border.
        total = np.cumsum(share, axis=1)
        total[:, RUN_PX:] -= total[:, :-RUN_PX].copy()
        ground = total > BELOW_NOISE * np.minimum(np.arange(1, share.shape[1] + 1), RUN_PX)
        found: NDArray[np.intp] = np.where(ground.any(axis=1), ground.argmax(axis=1), share.shape[1])
        return found


class Polarisations:
    """A `Native` of one image for each polarisation."""

    def __init__(self, images: Mapping[str, Native]) -> None:
        """Check that they agree in size.

        Raises
        ------
        DamagedProductError
            If they do not.
        """
        shapes = {name: image.shape for name, image in images.items()}
        if len(set(shapes.values())) != 1:
            msg = f"The polarisations differ in lines and samples ({shapes}); the product is damaged."
            raise DamagedProductError(msg)
        self._images = dict(images)
        self.polarisations = tuple(images)
        self.shape = next(iter(shapes.values()))

    def read(self, polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:
        """Return (y, x) sigma0 of a window, NaN where there is no data."""
        return self._images[polarisation].read(polarisation, rows, cols)

    def close(self) -> None:
        """Close the files; reading again opens them again."""
        for image_ in self._images.values():
            image_.close()


def image(path: Path, annotation: Annotation, calibrate: Any) -> TiffNative:  # noqa: ANN401  see `Calibrate`
    """Return the pixels of one measurement file.

    Raises
    ------
    DamagedProductError
        If it cannot be opened or has another size than its annotation states.
    """
    found = TiffNative([Band(annotation.polarisation, path)], calibrate)
    if found.shape != annotation.shape:
        msg = (
            f"{path.name} has {found.shape[0]:,} x {found.shape[1]:,} pixels; {annotation.name} states numberOfLines "
            f"{annotation.shape[0]:,} and numberOfSamples {annotation.shape[1]:,}. The product is damaged."
        )
        raise DamagedProductError(msg)
    return found


def _raw(values: NDArray[Any], rows: slice, cols: slice) -> NDArray[np.float32]:  # noqa: ARG001  see `Calibrate`
    return square(values)


def square(values: NDArray[Any]) -> NDArray[np.float32]:
    """Return |DN|², float32."""
    if np.iscomplexobj(values):
        found: NDArray[np.float32] = values.real.astype(np.float32) ** 2 + values.imag.astype(np.float32) ** 2
        return found
    plain = values.astype(np.float32)
    return plain * plain
