"""From ICEYE's stored numbers to linear power: the amplitude mapping undone, the calibration factor applied.

The vendor's radiometric page: GRD ``sigma0 = CF DN^2``; SLC ``beta0 = CF |DN|^2``, ``sigma0 = beta0 sin(theta)``.
Scan modes are not calibrated, by the vendor's own statement.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.model.acquisition import AMPLITUDE_SCALE, Calibration, Quantity
from dashboard.model.errors import UnknownUnitsError
from dashboard.sources.facts import Facts
from dashboard.sources.geocode.native import Native, TiffNative
from dashboard.sources.grid import opened
from dashboard.sources.power import Band, sample
from dashboard.sources.subapertures import PARTS, MeanNative
from dashboard.sources.tiff_head import check_blocks
from dashboard.sources.units import relative_formula

SCAN_MODES = ("SC",)
"""Start of the mode names whose products the vendor calls uncalibrated: SC Scan, SCW Scan Wide."""
EXPONENTS = (0.05, 4.0)
"""Of the amplitude mapping: beyond, a float32 would not hold the amplitudes."""
WHY_SCAN = "the vendor does not calibrate Scan modes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How a stored amplitude becomes power: ``factor * (gain * value ** power + offset) ** 2 * by_row``."""

    factor: float = 1.0
    exponent: float = 1.0
    """Undoes the amplitude mapping."""
    gain: float = 1.0
    offset: float = 0.0
    """Scale and offset of the band."""
    by_row: NDArray[np.float32] | None = None
    """Factor of each row of the image, e.g. the sine of the incidence."""
    by_column: NDArray[np.float32] | None = None
    """Factor of each column."""
    nodata: float | None = None

    def power(self, values: NDArray[Any], rows: slice, cols: slice) -> NDArray[np.float32]:
        """Return linear power of a window, NaN where there is no data: zero, NaN, or the file's own mark."""
        valid = np.isfinite(values) & (values != 0)
        if self.nodata is not None:
            valid &= values != self.nodata
        amplitude = values.astype(np.float32)
        if self.exponent != 1.0:
            amplitude = np.power(np.abs(amplitude).astype(np.float64), self.exponent)
        if (self.gain, self.offset) != (1.0, 0.0):
            amplitude = amplitude * self.gain + self.offset
        with np.errstate(over="ignore", invalid="ignore"):
            power = (amplitude * amplitude * amplitude.dtype.type(self.factor)).astype(np.float32)
            if self.by_row is not None:
                power *= self.by_row[rows, None]
            if self.by_column is not None:
                power *= self.by_column[None, cols]
        power[~(valid & np.isfinite(power))] = np.nan
        return power


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Pixels of a product and what they mean."""

    native: Native
    calibration: Calibration
    note: str
    """What was done to them, for people."""
    archive_scale: float = AMPLITUDE_SCALE


def mapping_of(facts: Facts) -> tuple[float, str]:
    """Return the exponent that undoes the amplitude mapping, and why it cannot be undone (empty when it can).

    Raises
    ------
    DamagedProductError
        If its parameters are no numbers.
    """
    if facts.value("iceye:amplitude_mapping") in (None, "", {}):
        return 1.0, ""
    function = facts.text("iceye:amplitude_mapping/function") or "?"
    if function in {"identity", "linear", "none"}:
        return 1.0, ""
    if function != "power":
        return 1.0, f"the amplitude mapping {function[:20]!r} cannot be undone"
    scale = facts.number("iceye:amplitude_mapping/parameters/scale")
    if scale not in (None, 1.0):
        return 1.0, f"the meaning of the amplitude mapping's scale {scale:g} is not documented"
    exponent = facts.need_number("iceye:amplitude_mapping/parameters/exponent", *EXPONENTS)
    return 1.0 / exponent, ""


def measured(path: Path, polarisation: str, facts: Facts, level: str) -> Measured:
    """Return the pixels of an ICEYE COG as sigma0 (beta0 where an SLC states no incidence).

    Parameters
    ----------
    path : of the TIFF; its first band is amplitude, an SLC's second is phase
    polarisation : of the product
    facts : its properties
    level : ``GRD``, ``SLC`` or ``CSI``

    Raises
    ------
    DamagedProductError
        If the file cannot be read or its metadata contradict themselves.
    UnknownUnitsError
        If the pixels are complex or of another kind than amplitudes.
    """
    with opened(path) as dataset:
        check_blocks(dataset, path.name)
        kind, shape, nodata, count = dataset.dtypes[0], dataset.shape, dataset.nodata, dataset.count
        gain, offset = dataset.scales[0], dataset.offsets[0]
    if kind not in {"uint8", "uint16", "int16", "uint32", "float32"}:
        msg = f"{path.name} holds {kind}; ICEYE's amplitudes are uint16 or float32. It is another product."
        raise UnknownUnitsError(msg)
    exponent, why_not = mapping_of(facts)
    factor = facts.number("iceye:calibration_factor", 1e-30, 1e30)
    band = Band(polarisation, path)
    why_not = why_not or _why_not(facts, level, factor)
    if factor is None or level == "CSI":
        return _uncalibrated(band, count if level == "CSI" else 1, nodata, why_not)
    sines, note = _sines(facts, shape) if level == "SLC" else (None, "sigma0 = factor x amplitude squared")
    along = "by_column" if facts.text("iceye:orientation") == "native" else "by_row"
    scale = Scale(factor=factor, exponent=exponent, gain=gain, offset=offset, nodata=nodata, **{along: sines})
    quantity = Quantity.BETA0 if level == "SLC" and sines is None else Quantity.SIGMA0
    valid = Calibration(valid=True, quantity=quantity)
    calibration = Calibration(valid=False, why_not=why_not) if why_not else valid
    return Measured(native=TiffNative([band], scale.power), calibration=calibration, note=note)


def _uncalibrated(band: Band, count: int, nodata: float | None, why_not: str) -> Measured:
    """Return pixels in the range that pictures show; the three bands of a coloured image as their mean."""
    formula, archive_scale = relative_formula(sample(band))
    scale = Scale(factor=formula.relative**2, nodata=nodata)
    native: Native = TiffNative([band], scale.power)
    if count >= len(PARTS):
        parts = [Band(name, band.path, index) for index, name in enumerate(PARTS, start=1)]
        native = MeanNative(TiffNative(parts, scale.power), band.polarisation)
    calibration = Calibration(valid=False, why_not=why_not)
    return Measured(native=native, calibration=calibration, note="", archive_scale=archive_scale)


def _why_not(facts: Facts, level: str, factor: float | None) -> str:
    if level == "CSI":
        return "a coloured sub-aperture image is made for the eye: its bands are no backscatter"
    mode = facts.text("iceye:processing_mode") or ""
    if mode.startswith(SCAN_MODES) or (facts.text("sar:instrument_mode") or "") == "scan":
        return WHY_SCAN
    return "" if factor is not None else "the product states no calibration factor"


def _sines(facts: Facts, shape: tuple[int, int]) -> tuple[NDArray[np.float32] | None, str]:
    """Return the sine of the incidence of each row of an SLC, of each column where it is stored natively."""
    orientation = facts.text("iceye:orientation") or "shadows-down"
    if orientation not in {"shadows-down", "native"}:
        return None, "beta0 = factor x amplitude squared; the image is turned, so that rows are no range"
    near = facts.number("iceye:incidence_angle_near", 0.0, 90.0)
    far = facts.number("iceye:incidence_angle_far", 0.0, 90.0)
    share: NDArray[np.float64] = np.linspace(0.0, 1.0, shape[1 if orientation == "native" else 0], dtype=np.float64)
    theta: NDArray[np.float64] | None = _polynomial(facts, share)
    source = "the incidence polynomial"
    if near is not None and far is not None and (theta is None or abs(theta[0] - near) + abs(theta[-1] - far) > 0.2):
        theta, source = np.asarray(near + share * (far - near)), "the near and far incidence"
    if theta is None or not ((theta > 0) & (theta < 90)).all():
        return None, "beta0 = factor x amplitude squared; the product states no incidence"
    return np.sin(np.radians(theta)).astype(np.float32), f"sigma0 = factor x amplitude squared x sine of {source}"


def _polynomial(facts: Facts, share: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return degrees by the polynomial over ground range from the near edge, or None when a part of it is absent."""
    angles = facts.numbers("iceye:incidence_angle_coeffs")
    to_slant = facts.numbers("iceye:ground_to_slant_coeff")
    near, far = facts.number("iceye:range_near", 1e5, 5e6), facts.number("iceye:range_far", 1e5, 5e6)
    extent = facts.number("iceye:extent_range", 0.0, 1e6)
    if angles is None or to_slant is None or near is None or far is None or not extent:
        return None
    ground = np.linspace(-0.1 * extent, 1.1 * extent, 2001)
    slant = np.polynomial.polynomial.polyval(ground, to_slant)
    if not (np.diff(slant) > 0).all():
        return None
    metres = np.interp(near + share * (far - near), slant, ground)
    return np.asarray(np.polynomial.polynomial.polyval(metres, angles), np.float64)
