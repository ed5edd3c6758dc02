"""From stored numbers to sigma0 for the first generation; the reason why not for everything else.

Method: the calibration note of the products' distributor (e-GEOS): power is the squared number, times the reference
slant range to twice its exponent where spreading was compensated, times the sine of the reference incidence where that
was compensated, over the squared rescaling factor, over the calibration constant where it was not applied yet.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.model.acquisition import AMPLITUDE_SCALE, Calibration, Quantity
from dashboard.model.errors import DamagedProductError
from dashboard.sources.cosmo.attributes import Stated
from dashboard.sources.hdf5.pixels import H5Native, sample
from dashboard.sources.units import relative_formula

SECOND_GENERATION = (
    "sources contradict each other on the calibration of the second generation (calibration flag 77, rescaling factor "
    "of the raster); it stays uncalibrated until its distributor confirms one"
)
UNBALANCED = "the product is unbalanced (_U): the antenna pattern is not compensated"
SAME = 1e-6
"""Relative difference up to which sub-swaths count as calibrated alike."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What squared numbers are multiplied by."""

    factor: float
    calibration: Calibration


def scale(root: Stated, groups: Sequence[Stated], mission: str, product_type: str) -> Scale:
    """Return the factor from squared numbers to sigma0, or 1 and the reason why there is none.

    Parameters
    ----------
    root : attributes of the root
    groups : attributes of each sub-swath (or polarisation) that the image is made of
    mission : ``CSK`` or ``CSG``
    product_type : such as ``DGM_B``

    Raises
    ------
    DamagedProductError
        If a constant is no positive number.
    """
    if mission != "CSK":
        return _none(SECOND_GENERATION)
    if product_type.endswith("_U"):
        return _none(UNBALANCED)
    if not product_type.endswith("_B"):
        return _none(f"the product type {product_type[:20]} does not say whether it is balanced (_B)")
    factor, absent = _common(root)
    constants, also = _constants(root, groups)
    if absent or also:
        return _none(f"the product states no {absent or also}")
    if max(constants) - min(constants) > SAME * max(constants):
        return _none("its sub-swaths have different calibration constants and are joined in one image")
    return _known(root.file, factor / constants[0])


def relative(native: H5Native) -> tuple[float, float]:
    """Return the factor and the archive scale that bring numbers without units into the range of pictures."""
    formula, archive_scale = relative_formula(sample(native))
    return formula.relative**2, archive_scale if np.isfinite(archive_scale) else AMPLITUDE_SCALE


def note(root: Stated, *, calibrated: bool) -> str | None:
    """Return what the product says of its radiometry, for people."""
    parts = [
        f"{what} {stated.lower()}"
        for name, what in (
            ("Range Spreading Loss Compensation Geometry", "spreading loss compensated on the"),
            ("Incidence Angle Compensation Geometry", "incidence compensated on the"),
            ("Range Antenna Pattern Compensation Geometry", "antenna pattern compensated on the"),
        )
        if (stated := root.word(name)) not in {"", "NONE"}
    ]
    if calibrated:
        applied = root.whole("Calibration Constant Compensation Flag")
        parts.append("calibration constant applied " + ("by the producer" if applied else "on reading"))
    return ", ".join(parts) or None


def _common(root: Stated) -> tuple[float, str | None]:
    """Return the part of the factor that all sub-swaths share, or the name of what is missing for it."""
    factor = 1.0
    for name in ("Range Spreading Loss Compensation Geometry", "Incidence Angle Compensation Geometry"):
        if not root.word(name):
            return factor, name
    if root.word("Range Spreading Loss Compensation Geometry") != "NONE":
        distance, exponent = root.positive("Reference Slant Range"), root.number("Reference Slant Range Exponent")
        if distance is None or exponent is None:
            return factor, "Reference Slant Range" + ("" if distance is None else " Exponent")
        factor *= _power(root.file, distance, 2.0 * exponent)
    if root.word("Incidence Angle Compensation Geometry") != "NONE":
        incidence = root.positive("Reference Incidence Angle")
        if incidence is None:
            return factor, "Reference Incidence Angle"
        factor *= math.sin(math.radians(incidence))
    rescaling = root.positive("Rescaling Factor")
    if rescaling is None:
        return factor, "Rescaling Factor"
    return factor / rescaling / rescaling, None


def _constants(root: Stated, groups: Sequence[Stated]) -> tuple[list[float], str | None]:
    """Return what each sub-swath divides by: its calibration constant, or 1 where it was applied already."""
    applied = root.whole("Calibration Constant Compensation Flag")
    if applied is None:
        return [], "Calibration Constant Compensation Flag"
    if applied != 0:
        return [1.0], None
    found = [group.positive("Calibration Constant") for group in groups]
    stated = [value for value in found if value is not None]
    return stated, None if stated and len(stated) == len(found) else "Calibration Constant"


def _power(file: str, base: float, exponent: float) -> float:
    try:
        return float(base**exponent)
    except OverflowError as error:
        msg = f"{file}: Reference Slant Range {base:g} to the power of {exponent:g} is no number."
        raise DamagedProductError(msg) from error


def _known(file: str, factor: float) -> Scale:
    if not (math.isfinite(factor) and 1e-30 < factor < 1e30):
        msg = f"{file}: Rescaling Factor and the other constants give a scale of {factor:g}; the product is damaged."
        raise DamagedProductError(msg)
    return Scale(factor, Calibration(valid=True, quantity=Quantity.SIGMA0))


def _none(reason: str) -> Scale:
    return Scale(1.0, Calibration(valid=False, why_not=reason))
