"""Power of SICD pixels: their three types, and the radiometric polynomials that make them backscatter."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.model.acquisition import Calibration, Quantity
from dashboard.model.errors import DamagedProductError
from dashboard.sources.nitf.pixels import SegmentedImage
from dashboard.sources.units import relative_formula
from dashboard.sources.xml import Element, as_number, find_all, number_at, required_number, required_text

TYPES = {"RE32F_IM32F": ">f4", "RE16I_IM16I": ">i2", "AMP8I_PHS8I": ">u1"}
"""PixelType -> type of each of its two numbers."""
POLYNOMIALS = (
    ("SigmaZeroSFPoly", Quantity.SIGMA0),
    ("GammaZeroSFPoly", Quantity.GAMMA0),
    ("BetaZeroSFPoly", Quantity.BETA0),
)
"""In the order in which they are taken."""
MOST_ORDER = 20
SAMPLED_ROWS = 64
Power = Callable[[NDArray[Any]], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Scale:
    """Factor from |pixel|² to backscatter, a polynomial over the image."""

    coefficients: NDArray[np.float64]
    """(i, j) of x^i y^j in metres from the scene centre."""
    origin: tuple[float, float]
    """Row and column of the scene centre in this image."""
    spacing: tuple[float, float]
    """Metres."""

    def at(self, rows: slice, cols: slice) -> NDArray[np.float32]:
        """Return the factor over a window, (y, x), or (1, 1) where it is constant; NaN where it is not positive."""
        if self.coefficients.size == 1:
            found: NDArray[np.floating[Any]] = self.coefficients
        else:
            x = (np.arange(rows.start, rows.stop) - self.origin[0]) * self.spacing[0]
            y = (np.arange(cols.start, cols.stop) - self.origin[1]) * self.spacing[1]
            with np.errstate(all="ignore"):
                found = np.polynomial.polynomial.polygrid2d(x, y, self.coefficients)
        return np.where(found > 0, found, np.nan).astype(np.float32)


class SicdNative:
    """A `Native` over the one polarisation of a SICD."""

    def __init__(self, image: SegmentedImage, polarisation: str, power: Power, scale: Scale) -> None:
        self.shape = image.shape
        self.polarisations: tuple[str, ...] = (polarisation,)
        self._image = image
        self._power = power
        self._scale = scale

    def read(self, polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:  # noqa: ARG002  there is one
        """Return (y, x) linear power of a window, NaN where a pixel is exactly zero."""
        power = self._power(self._image.read(rows, cols))
        power[power == 0] = np.nan  # what processors write outside the scene
        power *= self._scale.at(rows, cols)
        return power

    def close(self) -> None:
        """Close the file; reading again opens it again."""
        self._image.close()


def sicd_native(root: Element, image: SegmentedImage, polarisation: str, name: str) -> tuple[SicdNative, Calibration]:
    """Return the pixels' power and what it is.

    Raises
    ------
    DamagedProductError
        If the metadata contradict the pixels.
    """
    _fits(root, image, name)
    power = _power_of(root, name)
    scale, calibration = _calibration(root, name)
    if scale is None:
        scale = _relative(image, power)
    return SicdNative(image, polarisation, power, scale), calibration


def _fits(root: Element, image: SegmentedImage, name: str) -> None:
    stated = required_text(root, "ImageData/PixelType", name)
    if stated not in TYPES:
        msg = f"{name} has pixels of type {stated[:20]!r} (ImageData/PixelType); Nightglass reads {', '.join(TYPES)}."
        raise DamagedProductError(msg)
    shape = tuple(int(required_number(root, f"ImageData/{side}", name)) for side in ("NumRows", "NumCols"))
    if image.shape != shape or image.bands != 2 or image.dtype != np.dtype(TYPES[stated]):
        msg = (
            f"{name}: its metadata state {shape[0]:,} x {shape[1]:,} pixels of {stated} (ImageData), its image "
            f"segments hold {image.shape[0]:,} x {image.shape[1]:,} of {image.bands} x {image.dtype.name}. Damaged."
        )
        raise DamagedProductError(msg)


def _power_of(root: Element, name: str) -> Power:
    if required_text(root, "ImageData/PixelType", name) != "AMP8I_PHS8I":
        return _square
    table = np.arange(256, dtype=np.float64)
    entries = find_all(root, "ImageData/AmpTable/Amplitude")
    for entry in entries:
        index = as_number(str(entry.get("index")), "ImageData/AmpTable/Amplitude index", name)
        if not (0 <= index <= 255 and index == int(index)):
            msg = f"{name} has the index {index:g} in ImageData/AmpTable; 0 to 255 can be meant. The file is damaged."
            raise DamagedProductError(msg)
        table[int(index)] = as_number(str(entry.text), "ImageData/AmpTable/Amplitude", name)
    squares = np.square(table).astype(np.float32)
    return lambda values: squares[values[..., 0]]


def _square(values: NDArray[Any]) -> NDArray[np.float32]:
    parts = values.astype(np.float32, copy=False)
    with np.errstate(over="ignore", invalid="ignore"):
        found: NDArray[np.float32] = np.einsum("yxk,yxk->yx", parts, parts)
    return found


def _calibration(root: Element, name: str) -> tuple[Scale | None, Calibration]:
    for element, quantity in POLYNOMIALS:
        found = find_all(root, f"Radiometric/{element}")
        if found:
            coefficients = _coefficients(found[0], f"Radiometric/{element}", name)
            if not (np.isfinite(coefficients).all() and coefficients[0, 0] > 0):
                msg = (
                    f"{name} has a scale factor of {coefficients[0, 0]:g} (Radiometric/{element}); it must be positive."
                )
                raise DamagedProductError(msg)
            return _scale(root, coefficients, name), Calibration(valid=True, quantity=quantity)
    why = "no Radiometric block in the SICD"
    if find_all(root, "Radiometric"):
        why = "the Radiometric block of the SICD has no polynomial for sigma0, gamma0 or beta0"
    return None, Calibration(valid=False, why_not=why)


def _scale(root: Element, coefficients: NDArray[np.float64], name: str) -> Scale:
    first = [number_at(root, f"ImageData/{side}", name) or 0.0 for side in ("FirstRow", "FirstCol")]
    centre = [required_number(root, f"ImageData/SCPPixel/{axis}", name) for axis in ("Row", "Col")]
    spacing = [required_number(root, f"Grid/{axis}/SS", name) for axis in ("Row", "Col")]
    return Scale(coefficients, (centre[0] - first[0], centre[1] - first[1]), (spacing[0], spacing[1]))


def _coefficients(element: Element, field: str, name: str) -> NDArray[np.float64]:
    orders = [as_number(str(element.get(f"order{k}")), f"{field} order{k}", name) for k in (1, 2)]
    if not all(0 <= order <= MOST_ORDER for order in orders):
        msg = f"{name} has a polynomial of order {max(orders):g} ({field}); up to {MOST_ORDER} can be meant."
        raise DamagedProductError(msg)
    found = np.zeros((int(orders[0]) + 1, int(orders[1]) + 1))
    for term in find_all(element, "Coef"):
        i, j = (int(as_number(str(term.get(f"exponent{k}")), f"{field} exponent{k}", name)) for k in (1, 2))
        if not (0 <= i < found.shape[0] and 0 <= j < found.shape[1]):
            msg = f"{name} has a term x^{i} y^{j} beyond the order of its polynomial ({field}); the file is damaged."
            raise DamagedProductError(msg)
        found[i, j] = as_number(str(term.text), field, name)
    return found


def _relative(image: SegmentedImage, power: Power) -> Scale:
    """Return the factor that brings uncalibrated pixels into the range that pictures show, from rows here and there."""
    rows, cols = image.shape
    step = max(1, rows // SAMPLED_ROWS)
    thin = max(1, cols // 512)
    some = [np.sqrt(power(image.read(slice(r, r + 1), slice(0, cols)))[:, ::thin]) for r in range(0, rows, step)]
    formula, _ = relative_formula(np.concatenate(some))
    return Scale(np.array([[formula.relative**2]]), (0.0, 0.0), (1.0, 1.0))
