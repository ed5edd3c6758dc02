"""How high the energy of the best instant rises by chance."""

from functools import lru_cache

import numpy as np
from scipy import signal, special

from dashboard.model.errors import InputError

_STEP = 0.01
_HIGHEST = 400.0


@lru_cache(maxsize=64)
def gate(far: float, dates: int, polarisations: int, prior_dof: float, cells: int = 1) -> float:
    """Return the energy that the best of all instants exceeds in at most a share `far` of unchanged pixels.

    It is the mean over as many independent pixels as the smoothing takes in, `cells`.

    At one instant, twice the log likelihood ratio of a polarisation is ``-(dates + prior_dof) ln B`` with B of the Beta
    law with (dates + prior_dof - 2) / 2 and 1/2, for log speckle as for any nearly normal series. Polarisations are
    summed, and the bound over the instants is their number times the tail of one: neighbouring instants share most of
    their looks, so the rate is below `far` where the log of speckle is nearly normal, from some 9 looks on.

    Raises
    ------
    InputError
        If `far` is not between 0 and 1, or there are fewer than three dates or no polarisation.
    """
    if not 0.0 < far < 1.0:
        raise InputError(f"The false-alarm rate is {far:g}; give one between 0 and 1, such as 0.001.")
    if dates < 3 or polarisations < 1:
        raise InputError(f"{dates} dates in {polarisations} polarisations cannot be scanned; 3 in 1 are the fewest.")
    freedom = dates + prior_dof - 2.0
    energies = np.arange(0.0, _HIGHEST + _STEP, _STEP)
    below = special.betainc(0.5, freedom / 2.0, -np.expm1(-energies / (dates + prior_dof)))
    one = np.diff(below, prepend=0.0)
    law = one
    for _ in range(polarisations * cells - 1):
        law = np.maximum(signal.fftconvolve(law, one)[: one.size], 0.0)
    tail = np.cumsum(law[::-1])[::-1] * (dates - 1)
    return float(energies[np.argmax(tail <= far)] if (tail <= far).any() else _HIGHEST) / cells
