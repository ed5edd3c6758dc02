"""What may be chosen about the statistic."""

from dataclasses import dataclass
from math import ceil

from dashboard.model.errors import InputError

FEWEST_BEFORE = 3
"""Looks before without which a pixel of a stack says nothing: two leave one degree of freedom."""
_REACH = 3.0
"""Standard deviations at which the smoothing ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the energy is computed; the same for the question and for its pseudo-events."""

    prior_dof: float = 7.0
    """Degrees of freedom that the whole scene's variance counts for beside the pixel's own; 5 to 10 serve."""
    smooth_px: float = 1.0
    """Standard deviation of the Gaussian over the energy in pixels: one resolution cell; 0 smooths nothing."""
    common_mode: bool = True
    """Whether what neighbouring ground shares on a date (rain, soil moisture, calibration) is taken out."""
    common_mode_cell: float = 750.0
    """Width of the smallest ground that shares it, in units of the grid: metres; 16 pixels at least."""
    common_mode_limit: float = 4.0
    """Robust standard deviations of its own past beyond which a cell's departure is an event and stays in."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.prior_dof <= 1e6:
            raise InputError(f"The prior counts for {self.prior_dof:g} degrees of freedom; give 0 to 1e6, such as 7.")
        if not 0.0 <= self.smooth_px <= 64.0:
            raise InputError(f"The smoothing is {self.smooth_px:g} pixels wide; give 0 to 64, such as 1.")
        if not (self.common_mode_cell > 0.0 and self.common_mode_limit >= 0.0):
            msg = f"The common mode's cell is {self.common_mode_cell:g} wide and its limit {self.common_mode_limit:g}"
            raise InputError(f"{msg}; give a width above 0, such as 750 m, and a limit of 0 or more, such as 4.")


def HALO_PX(options: Options) -> int:  # noqa: N802 -- read as a constant of the options
    """Return how many pixels beyond its border a tile needs so that its energies are those of the whole."""
    return ceil(_REACH * options.smooth_px)
