"""Which of the ways to write a SICD, and the numbers that its pixels and its metadata share."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BANDWIDTH_HZ = 300e6
WIDTH = 1.2
"""Resolution over spacing."""
SLOPE = 0.08
"""Change of the radiometric factor over the picture, in range and in azimuth, relative."""
PEAK_DB = 9.0
"""Above the brightest target: full scale of integers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SicdForm:
    """Which of the ways to write a SICD."""

    polar: bool = False
    """RGAZIM by the polar format algorithm, else RGZERO by range migration."""
    pixels: str = "RE32F_IM32F"
    table: bool = True
    """Whether 8-bit amplitudes come with their table."""
    quantity: str | None = "sigma0"
    """What the radiometric polynomial leads to; None: no Radiometric block."""
    nsif: bool = False
    version: str = "urn:SICD:1.3.0"
    squint_s: float = 0.0
    """Seconds between the middle of a point's aperture and its closest approach (range-Doppler)."""
    spacing: tuple[float, float] = (0.55, 0.65)
    chip: tuple[int, int] = (0, 0)
    """First row and column of the full image that are delivered."""
    seed: int = 5


USUAL = SicdForm()


def base() -> float:
    """Return the radiometric factor at the middle: amplitude 20,000 is `PEAK_DB` over 0 dB."""
    return float(10 ** ((PEAK_DB + 4.0) / 10) / 20_000**2)


def amplitude_table() -> NDArray[np.float64]:
    """Return the amplitude of each of 256 levels: 0, then equal steps in decibels."""
    return np.concatenate([[0.0], 20_000 * 10 ** (np.linspace(-45.0, 0.0, 255) / 20)])
