"""How many independent looks a window of coherence really holds."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import ndimage

from dashboard.model.errors import InputError

_BACKGROUND = 15
"""Pixels of the square whose mean power is divided out before correlating, so that bright ground does not outvote."""
_REACH = 8
"""Neighbours at which correlation is measured."""
_FEWEST = 1000
"""Pixels without which a correlation is not measured."""


def effective_looks(window: int | tuple[int, int], oversampled: tuple[float, float]) -> float:
    """Return the independent looks in a window whose pixels are finer than the resolution.

    The looks of n neighbours with correlation rho are ``n² / sum |rho|²`` over all pairs: the number of independent
    ones whose mean product varies as much. For an even band sampled s times finer than needed, rho at lag l is
    ``sinc(l / s)``. Rows and columns are taken as independent, as the two axes of a radar image are.

    Parameters
    ----------
    window
        Rows and columns.
    oversampled
        Resolution over pixel spacing of rows and columns, 1 where neighbours are independent; see `oversampling`.

    Raises
    ------
    InputError
        If either is out of range.
    """
    sizes = (window, window) if isinstance(window, int) else window
    if min(sizes) < 1 or not all(1.0 <= s < 100.0 for s in oversampled):
        cell = f"{oversampled[0]:g} x {oversampled[1]:g}"
        msg = f"A window of {sizes[0]} x {sizes[1]} pixels has a resolution cell of {cell}"
        raise InputError(f"{msg}; the window needs 1 x 1 or more and the cell 1 to 100.")
    return float(np.prod([_along(n, s) for n, s in zip(sizes, oversampled, strict=True)]))


def oversampling(image: xr.DataArray) -> tuple[float, float]:
    """Measure how much finer than the resolution the rows and columns of a complex image lie.

    The squared correlation between neighbours up to 8 pixels apart is summed; for an even band that sum is the
    oversampling. Measure it on one image, before any multilooking.

    Parameters
    ----------
    image
        (y, x) complex amplitude, NaN where not observed.

    Returns
    -------
    tuple of float
        Of rows (between lines, along y) and of columns, 1 or more.

    Raises
    ------
    InputError
        If the image is not complex (y, x), or has too few pixels.
    """
    if image.ndim != 2 or image.dtype.kind != "c":
        raise InputError(f"An image is {image.dtype} with {image.ndim} dimensions; oversampling needs complex (y, x).")
    values = np.asarray(image.values, np.complex64)
    there = np.isfinite(values.real) & np.isfinite(values.imag)
    if there.sum() < _FEWEST or min(values.shape) <= _REACH:
        raise InputError(f"{int(there.sum())} pixels are too few to measure oversampling; {_FEWEST} are the fewest.")
    filled = np.where(there, values, np.complex64(0.0))
    power, count = (
        ndimage.uniform_filter(part.astype(np.float32), _BACKGROUND, mode="constant")
        for part in (np.abs(filled) ** 2, there)
    )
    background = np.sqrt(power / np.maximum(count, 1e-6))
    even = np.where(background > 0, filled / np.maximum(background, 1e-30), 0.0)
    return max(1.0, _summed(even, there)), max(1.0, _summed(even.T, there.T))


def _along(size: int, oversampled: float) -> float:
    lags = np.arange(1, size)
    pairs = size + 2.0 * ((size - lags) * np.sinc(lags / oversampled) ** 2).sum()
    return size**2 / float(pairs)


def _summed(image: NDArray[np.complex64], there: NDArray[np.bool_]) -> float:
    """Sum of the squared correlation over lags along the first axis, both ways, without what noise adds to it."""
    power = float((np.abs(image) ** 2).sum() / there.sum())
    total = 1.0
    for lag in range(1, _REACH + 1):
        pairs = int((there[lag:] & there[:-lag]).sum())
        rho = np.abs((image[lag:] * image[:-lag].conj()).sum()) / max(pairs, 1) / power
        total += 2.0 * max(float(rho) ** 2 - 1.0 / max(pairs, 1), 0.0)
    return total
