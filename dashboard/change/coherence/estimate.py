"""The coherence of two complex images over a moving window."""

import os
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from dashboard.change.coherence import kernels
from dashboard.model.errors import GridMismatchError, InputError

FEWEST = 0.5
"""Share of the window that must hold both looks, as it does everywhere but in a corner of the image."""
_ROWS = 128
_THREADS = max(1, os.cpu_count() or 1)


class Estimator(StrEnum):
    """How coherence is estimated from the looks of a window."""

    SAMPLE = "sample"
    """|sum a b*| / sqrt(sum |a|² sum |b|²): the maximum likelihood estimate, whose law is in `thresholds`."""
    EQUAL_VARIANCE = "equal-variance"
    """2 |sum a b*| / (sum |a|² + sum |b|²): never more, and less where brightness changed as well."""


def coherence(
    a: xr.DataArray, b: xr.DataArray, window: int | tuple[int, int] = 5, *, estimator: Estimator = Estimator.SAMPLE
) -> xr.DataArray:
    """Return the coherence of two complex images that lie pixel on pixel.

    Parameters
    ----------
    a, b
        (y, x) complex amplitude, coregistered and without the phase of orbit and terrain; NaN where not observed.
    window
        Rows and columns of the moving window, both odd.
    estimator
        What is divided by; see `Estimator`.

    Returns
    -------
    xr.DataArray
        (y, x) float32 in 0 to 1; NaN where the pixel itself or more than half of its window was not observed twice, or
        no power came back.

    Raises
    ------
    GridMismatchError
        If the shapes differ.
    InputError
        If the images are not complex and flat, or the window is not odd.

    References
    ----------
    R. Touzi, A. Lopes, J. Bruniquel, P. W. Vachon, "Coherence estimation for SAR imagery", IEEE Trans. Geosci. Remote
    Sens. 37(1), 1999. M. Cha, R. D. Phillips, P. J. Wolfe, C. D. Richmond, "Two-stage change detection for synthetic
    aperture radar", IEEE Trans. Geosci. Remote Sens. 53(12), 2015: the estimator for equal variances, after Berger.
    """
    height, width = (window, window) if isinstance(window, int) else window
    if min(height, width) < 1 or height % 2 == 0 or width % 2 == 0:
        raise InputError(f"The window is {height} x {width} pixels; both numbers must be odd, such as 5 x 5.")
    if a.shape != b.shape:
        raise GridMismatchError(f"The images are {a.shape} and {b.shape} pixels; put both on one grid.")
    out = np.empty(a.shape, np.float32)
    first, second = _parts(a), _parts(b)
    reach, fewest, equal = (height // 2, width // 2), FEWEST * height * width, estimator is Estimator.EQUAL_VARIANCE

    def some(top: int) -> None:
        rows = top, min(top + _ROWS, a.shape[0])
        kernels.coherence(first, second, reach, fewest, equal, rows, out)

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(some, range(0, a.shape[0], _ROWS)))
    return xr.DataArray(out, dims=a.dims, coords=a.coords)


def _parts(image: xr.DataArray) -> NDArray[np.float32]:
    """Return real and imaginary parts in turn along each row, read only, of one memory where it can be."""
    if image.ndim != 2 or image.dtype.kind != "c":
        raise InputError(f"An image is {image.dtype} with {image.ndim} dimensions; coherence needs complex (y, x).")
    parts = np.ascontiguousarray(image.values, np.complex64).view(np.float32)
    parts.flags.writeable = False
    return parts
