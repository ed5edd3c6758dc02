"""Coloured sub-aperture images: three bands, each a part of the aperture, shown as one picture of their mean power."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from dashboard.sources.geocode.native import TiffNative
from dashboard.sources.power import TiffPower

PARTS = ("R", "G", "B")
"""Names of the bands, first to last part of the aperture."""


class MeanNative:
    """A `Native` whose one polarisation is the mean of three bands."""

    def __init__(self, parts: TiffNative, polarisation: str) -> None:
        self._parts = parts
        self.shape = parts.shape
        self.polarisations: tuple[str, ...] = (polarisation,)

    def read(self, polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:  # noqa: ARG002  there is one
        """Return (y, x) mean power of a window."""
        return _mean(lambda part: self._parts.read(part, rows, cols))

    def close(self) -> None:
        """Close the file; reading again opens it again."""
        self._parts.close()


class MeanPower:
    """An `OpenPower` on a map whose one polarisation is the mean of three bands."""

    def __init__(self, parts: TiffPower, polarisation: str) -> None:
        self._parts = parts
        self.polarisations: tuple[str, ...] = (polarisation,)

    @property
    def geobox(self) -> GeoBox:
        """Grid of the pixels, north up, metres."""
        return self._parts.geobox

    def read(self, polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:  # noqa: ARG002  there is one
        """Return (y, x) mean power of a window."""
        return _mean(lambda part: self._parts.read(part, rows, cols))

    def close(self) -> None:
        """Close the file; reading again opens it again."""
        self._parts.close()


def _mean(read: Callable[[str], NDArray[Any]]) -> NDArray[np.float32]:
    """Return the mean of the parts; a part without data counts as dark, for a colour may be missing."""
    powers = np.stack([read(part) for part in PARTS])
    seen = np.isfinite(powers)
    mean = np.where(seen, powers, np.float32(0)).mean(axis=0, dtype=np.float32)
    found: NDArray[np.float32] = np.where(seen.any(axis=0), mean, np.float32(np.nan))
    return found
