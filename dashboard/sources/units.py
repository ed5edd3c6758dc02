"""From stored numbers to linear power: the calibration formulas, and what is done where there is none."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.model.acquisition import AMPLITUDE_SCALE, UNCALIBRATED, Calibration, Quantity
from dashboard.model.errors import DamagedProductError, UnknownUnitsError
from dashboard.sources.values import number

KINDS = ("none", "scale", "scale_sq", "linear_power", "cf_db", "db")
NEEDS_K = frozenset({"scale", "scale_sq", "cf_db"})
UNITS = re.compile(r"(?P<kind>linear power|power|intensity|amplitude|db)(?:\s+(?P<quantity>(?:beta|sigma|gamma)0))?")


@dataclass(frozen=True, slots=True)
class Formula:
    """How a stored value becomes linear power."""

    kind: str = "none"
    """``scale``: k |v|², ``scale_sq``: k² |v|², ``linear_power``: v, ``cf_db``: |v|² 10^(k/10), ``db``: 10^(v/10)."""
    k: float = 1.0
    relative: float = 1.0
    """Factor on amplitude that brings values without units into the range that pictures show."""

    def power(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Return linear power, float32; negative power (noise removed) becomes 0, NaN stays NaN."""
        with np.errstate(over="ignore", invalid="ignore"):  # damaged numbers become inf or NaN: no data, not noise
            return self._linear(values)

    def _linear(self, values: NDArray[Any]) -> NDArray[np.float32]:
        if self.kind == "db":
            linear: NDArray[np.float32] = np.power(np.float32(10.0), values.astype(np.float32) / np.float32(10.0))
            return linear
        if self.kind == "linear_power":
            return np.maximum(values.astype(np.float32), np.float32(0.0))
        square = np.abs(values.astype(np.complex64 if np.iscomplexobj(values) else np.float32)) ** 2
        return (square * np.float32(self._gain())).astype(np.float32, copy=False)

    def _gain(self) -> float:
        if self.kind == "scale":
            return self.k
        if self.kind == "scale_sq":
            return self.k**2
        if self.kind == "cf_db":
            return float(10.0 ** (self.k / 10.0))
        return self.relative**2


def stated(cal: object) -> tuple[Formula, Calibration]:
    """Return the formula and the calibration that a side-car's ``proc:cal`` states.

    Raises
    ------
    UnknownUnitsError
        If the kind or the quantity is not one that Nightglass knows.
    DamagedProductError
        If the constant is missing or no positive number.
    """
    if cal is None:
        return Formula(), UNCALIBRATED
    if not isinstance(cal, Mapping):
        raise DamagedProductError('proc:cal is no object; give {"kind": ..., "quantity": ..., "valid": ...}.')
    kind = str(cal.get("kind") or "none").lower()
    if kind not in KINDS:
        msg = f"proc:cal.kind is {kind[:40]!r}; Nightglass knows {', '.join(KINDS)}."
        raise UnknownUnitsError(msg)
    formula = Formula(kind, _constant(kind, cal.get("params")))
    quantity = _quantity(cal.get("quantity"))
    return formula, _calibration(kind, quantity, valid=cal.get("valid"), why_not=str(cal.get("why_not") or ""))


def from_units(units: str) -> dict[str, Any]:
    """Return ``proc:cal`` for the words of a plain side-car, e.g. ``linear power gamma0`` or ``dB sigma0``.

    Raises
    ------
    UnknownUnitsError
        If the words are not understood.
    """
    match = UNITS.fullmatch(" ".join(units.lower().replace("_", " ").split()))
    if match is None:
        msg = (
            f"units is {units[:60]!r}; write 'linear power', 'amplitude' or 'dB' and a quantity "
            "(beta0, sigma0, gamma0), e.g. 'linear power gamma0'."
        )
        raise UnknownUnitsError(msg)
    kind = {"amplitude": "scale", "db": "db"}.get(match["kind"], "linear_power")
    return {"kind": kind, "quantity": match["quantity"], "params": {"k": 1.0}}


def relative_formula(sample: NDArray[Any]) -> tuple[Formula, float]:
    """Return the formula and archive scale for values without units.

    Values are taken as amplitude and multiplied by a power of ten that puts their median between -20 and 0 dB, the
    middle of what pictures show. Integers keep their own numbers in the archive: there the power of ten is the scale.

    Parameters
    ----------
    sample : valid values, any shape, possibly complex
    """
    magnitude = np.abs(sample)
    magnitude = magnitude[np.isfinite(magnitude) & (magnitude > 0)]
    if magnitude.size == 0:
        return Formula(), AMPLITUDE_SCALE
    divisor = 10.0 ** round(math.log10(float(np.median(magnitude))) + 0.5)
    archive_scale = divisor if np.issubdtype(sample.dtype, np.integer) else AMPLITUDE_SCALE
    return Formula("none", relative=1.0 / divisor), archive_scale


def _constant(kind: str, params: object) -> float:
    if kind not in NEEDS_K:
        return 1.0
    k = number(params.get("k")) if isinstance(params, Mapping) else None
    if k is None or (kind != "cf_db" and k <= 0):
        msg = f"proc:cal of kind {kind} needs params.k, a {'number' if kind == 'cf_db' else 'positive number'}."
        raise DamagedProductError(msg)
    return k


def _quantity(value: object) -> Quantity | None:
    if value is None or value == "":
        return None
    name = str(value).lower().replace("_nought", "0")
    if name not in set(Quantity):
        msg = f"proc:cal.quantity is {str(value)[:40]!r}; it must be beta0, sigma0 or gamma0."
        raise UnknownUnitsError(msg)
    return Quantity(name)


def _calibration(kind: str, quantity: Quantity | None, *, valid: object, why_not: str) -> Calibration:
    if valid is False:
        return Calibration(valid=False, why_not=why_not or "the product says that it is not calibrated")
    if kind == "none":
        return Calibration(valid=False, why_not=why_not or UNCALIBRATED.why_not)
    if quantity is None:
        return Calibration(valid=False, why_not="the quantity (beta0, sigma0, gamma0) is not stated in the product")
    return Calibration(valid=True, quantity=quantity)
