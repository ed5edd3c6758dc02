"""Power, in units of nothing, of images made to be looked at: values are read as amplitude."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.sources.nitf.header import Image
from dashboard.sources.nitf.pixels import SegmentedImage
from dashboard.sources.units import relative_formula

SAMPLED_ROWS = 64
SAMPLED_COLS = 512


class DisplayNative:
    """A `Native` over a grey or coloured image, through its look-up table where it has one.

    The amplitude of a coloured pixel is the mean of its colours. Exact zeros are taken as no data.
    """

    def __init__(self, image: SegmentedImage, first: Image, polarisation: str) -> None:
        """Look at some rows to bring the values into the range that pictures show.

        Parameters
        ----------
        image : pixels
        first : its first segment, whose look-up tables hold for all
        polarisation : under which name they are read
        """
        self.shape = image.shape
        self.polarisations: tuple[str, ...] = (polarisation,)
        self._image = image
        self._table = _table(first)
        self._complex = {"I", "Q"} <= {band.meaning for band in first.bands}
        rows, cols = self.shape
        step, thin = max(1, rows // SAMPLED_ROWS), max(1, cols // SAMPLED_COLS)
        some = [self._amplitude(slice(r, r + 1), slice(0, cols))[:, ::thin] for r in range(0, rows, step)]
        formula, _ = relative_formula(np.concatenate(some))
        self._gain = np.float32(formula.relative)

    def read(self, polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:  # noqa: ARG002  there is one
        """Return (y, x) squared amplitude of a window, NaN where a pixel is exactly zero."""
        amplitude = self._amplitude(rows, cols) * self._gain
        amplitude[amplitude == 0] = np.nan
        power: NDArray[np.float32] = np.square(amplitude)
        return power

    def close(self) -> None:
        """Close the file; reading again opens it again."""
        self._image.close()

    def _amplitude(self, rows: slice, cols: slice) -> NDArray[np.float32]:
        values: NDArray[Any] = self._image.read(rows, cols)
        if self._complex:
            found: NDArray[np.float32] = np.hypot(values[..., 0].astype(np.float32), values[..., 1].astype(np.float32))
            return found
        if self._table is not None:
            looked_up: NDArray[np.float32] = self._table[np.minimum(values[..., 0], len(self._table) - 1)]
            return looked_up
        mean: NDArray[np.float32] = values.mean(axis=-1, dtype=np.float32)
        return mean


def _table(image: Image) -> NDArray[np.float32] | None:
    """Return what each value of a one-band image of bytes stands for: grey of 8 or 16 bits, or the mean of colours."""
    luts = image.bands[0].luts
    if not luts or len(image.bands) > 1 or image.bits > 16 or image.fields["PVTYPE"] != "INT":
        return None
    parts = [np.frombuffer(lut, np.uint8).astype(np.float32) for lut in luts]
    if len(parts) == 2:  # high bytes, low bytes
        return parts[0] * np.float32(256.0) + parts[1]
    found: NDArray[np.float32] = np.mean(parts, axis=0, dtype=np.float32)
    return found
