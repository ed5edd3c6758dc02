"""How bright each kind of ground is: mean backscatter by band, polarisation and incidence.

The levels are typical published values, rounded: a test needs them known, not right.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.simulate.ground import Ground

REFERENCE_DEG = 35.0

_DB: dict[Ground, tuple[float, float, float, float, float, float]] = {
    # X VV, X HH, C VV, C VH, L HH, L HV at 35 degrees
    Ground.GRASS: (-11.5, -12.0, -13.0, -20.0, -18.0, -28.0),
    Ground.FIELD: (-10.5, -11.0, -11.8, -19.0, -15.5, -25.5),
    Ground.FOREST: (-7.6, -7.9, -8.3, -13.8, -8.2, -13.2),
    Ground.WATER: (-20.0, -22.5, -20.5, -29.0, -26.0, -36.0),
    Ground.BUILT: (-11.5, -11.5, -11.0, -17.5, -10.0, -19.0),
    Ground.ROAD: (-17.0, -17.8, -17.5, -26.0, -22.0, -33.0),
    Ground.RUNWAY: (-20.5, -21.5, -21.0, -29.0, -25.5, -36.0),
    Ground.APRON: (-17.5, -18.0, -18.5, -27.0, -23.0, -34.0),
    Ground.GRAVEL: (-13.0, -13.3, -14.5, -23.0, -19.0, -30.0),
    Ground.BERM: (-4.0, -4.3, -5.0, -13.0, -7.5, -17.5),
    Ground.FLOOD: (-20.5, -22.0, -20.5, -29.0, -25.5, -35.0),
}
_COLUMNS = {("X", "VV"): 0, ("X", "HH"): 1, ("C", "VV"): 2, ("C", "VH"): 3, ("L", "HH"): 4, ("L", "HV"): 5}
_SLOPE = {
    Ground.WATER: 5.0,
    Ground.FLOOD: 5.0,
    Ground.RUNWAY: 4.0,
    Ground.ROAD: 4.0,
    Ground.FOREST: 1.0,
    Ground.BUILT: 1.0,
}
"""Exponent of the cosine of the incidence; 1.8 where not listed."""
_TEXTURE = {
    Ground.FOREST: 1.0,
    Ground.BUILT: 1.0,
    Ground.GRASS: 0.3,
    Ground.GRAVEL: 0.5,
    Ground.WATER: 0.08,
    Ground.FLOOD: 0.08,
}
"""How much of the static K texture shows; 0.22 where not listed."""


@dataclass(frozen=True, slots=True)
class Band:
    """What differs between radar bands besides the levels."""

    floor_db: float
    """Noise-equivalent backscatter, dB."""
    aspect_deg: float
    """Half width of the angles between wall and look in which a corner reflection is strong."""
    corner: float
    """Strength of corner reflections relative to X band."""


BANDS = {"X": Band(-23.0, 9.0, 1.0), "C": Band(-25.0, 11.0, 0.7), "L": Band(-32.0, 15.0, 1.3)}
CROSS_CORNER = 0.04
"""Cross-polarised share of a corner's reflection."""


def sigma0_db(ground: Ground, band: str, polarisation: str, incidence_deg: float) -> float:
    """Return mean sigma nought of a kind of ground in dB."""
    level = _DB[ground][_COLUMNS[band, polarisation]]
    fall = np.cos(np.radians(incidence_deg)) / np.cos(np.radians(REFERENCE_DEG))
    return float(level + 10 * _SLOPE.get(ground, 1.8) * np.log10(fall))


def table(band: str, polarisation: str, incidence_deg: float) -> NDArray[np.float32]:
    """Return (kinds, 2): mean power and the share of texture, by number of `Ground`."""
    rows = [(10 ** (sigma0_db(g, band, polarisation, incidence_deg) / 10), _TEXTURE.get(g, 0.22)) for g in Ground]
    return np.asarray(rows, np.float32)
