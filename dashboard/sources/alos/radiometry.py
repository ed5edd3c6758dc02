"""From stored numbers to sigma0: the calibration factor of the product, JAXA's formula, and its known exceptions."""

from dataclasses import dataclass
from datetime import UTC, datetime

from dashboard.model.acquisition import Calibration, Quantity

PUBLISHED_DB = -83.0
"""CF1 of both satellites, for all levels."""
COMPLEX_DB = 32.0
"""A: what level 1.1 is brighter by."""
W2_DB, W2_UNTIL = -79.0, datetime(2016, 9, 28, 7, tzinfo=UTC)
"""CF1 that JAXA gives for ScanSAR beam W2 of products ordered before this moment."""


@dataclass(frozen=True, slots=True)
class Radiometry:
    """How numbers become sigma0."""

    calibration: Calibration
    factor_db: float
    """Decibels that are added to those of the squared numbers."""
    note: str = ""
    """What a user must know of it."""

    @property
    def gain(self) -> float:
        """Factor on the squared numbers."""
        return float(10.0 ** (self.factor_db / 10.0))


def radiometry(stated_db: float | None, *, is_complex: bool, has_leader: bool = True) -> Radiometry:
    """Return the formula of a product.

    Parameters
    ----------
    stated_db : CF of the leader's radiometric record
    is_complex : whether the pixels are those of level 1.1
    has_leader : whether the form has a leader at all; GeoTIFF has none, and JAXA's published factor counts
    """
    factor = stated_db if stated_db is not None else PUBLISHED_DB
    total = factor - COMPLEX_DB if is_complex else factor
    if has_leader and stated_db is None:
        why = "the leader states no calibration factor (radiometric record, bytes 21-36)"
        return Radiometry(Calibration(valid=False, why_not=why), total)
    note = ""
    if not has_leader:
        note = f"JAXA's published factor {PUBLISHED_DB:g} dB is used: the GeoTIFF states none"
    elif factor != PUBLISHED_DB:
        note = f"the leader states {factor:g} dB, JAXA publishes {PUBLISHED_DB:g} dB"
    return Radiometry(Calibration(valid=True, quantity=Quantity.SIGMA0), total, note)


def beam_w2(factor_db: float | None, beam: str, made: datetime) -> str:
    """Return a warning on early ScanSAR products of beam W2, or nothing.

    JAXA found them too dark: products ordered before 28 September 2016, 07:00 UTC need another factor.
    """
    suspect = beam.upper().lstrip("W").lstrip("0") == "2" and made < W2_UNTIL and factor_db == PUBLISHED_DB
    if not suspect:
        return ""
    return (
        f"ScanSAR beam W2, made before {W2_UNTIL:%d %b %Y}: JAXA gives {W2_DB:g} dB where the product states "
        f"{PUBLISHED_DB:g} dB, so values may be {W2_DB - PUBLISHED_DB:g} dB too low"
    )
