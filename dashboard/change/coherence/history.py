"""How unusual a coherence is beside those of pairs before the event."""

import numpy as np
import xarray as xr

from dashboard.model.errors import GridMismatchError, InputError

FEWEST_PAIRS = 4
"""Pairs before the event without which a pixel's own history judges nothing."""
PRIOR_DOF = 4.0
"""Degrees of freedom that the whole scene's variance counts for beside the pixel's own."""
_HIGHEST = 0.9999


def history_score(history: xr.DataArray, event: xr.DataArray, *, prior_dof: float = PRIOR_DOF) -> xr.DataArray:
    """Return by how many standard deviations the coherence over an event is off that of the pairs before it.

    Coherences are taken by their inverse hyperbolic tangent, whose spread hardly depends on their level. The variance
    of a pixel is moderated by the median of the scene. Below 0 coherence was lost. Without change the score passes the
    thresholds of Student's law with ``prior_dof`` plus pairs minus 1 degrees of freedom no more often than it says,
    where all pairs span alike times.

    Parameters
    ----------
    history
        (pair, y, x) coherences of pairs that both lie before the event, as far apart in time as the event's pair.
    event
        (y, x) coherence of the pair across the event, estimated over the same window.
    prior_dof
        Weight of the scene's variance.

    Returns
    -------
    xr.DataArray
        (y, x) float32; NaN where the event's pair or all but three of the others were not observed.

    Raises
    ------
    InputError
        If there are fewer than four pairs before.
    GridMismatchError
        If the shapes differ.

    References
    ----------
    C. Scher, J. Van Den Hoek, "Active InSAR monitoring of building damage in Gaza during the Israel-Hamas war", 2025:
    why a long history of coherence beats a single pair.
    """
    if history.ndim != 3 or history.shape[0] < FEWEST_PAIRS:
        pairs = history.shape[0] if history.ndim == 3 else 0
        raise InputError(
            f"There are {pairs} pairs before the event; a history needs {FEWEST_PAIRS}: compare two pairs."
        )
    if history.shape[1:] != event.shape:
        raise GridMismatchError(f"The history is {history.shape[1:]} pixels and the event's pair {event.shape}.")
    before = np.arctanh(np.clip(history.values.astype(np.float64), 0.0, _HIGHEST))
    after = np.arctanh(np.clip(event.values.astype(np.float64), 0.0, _HIGHEST))
    count = np.isfinite(before).sum(axis=0)
    enough = count >= FEWEST_PAIRS
    n = np.maximum(count, 1)
    mean = np.nansum(before, axis=0) / n
    squares = np.nansum((before - mean) ** 2, axis=0)
    own = squares[enough] / (n[enough] - 1)
    scene = float(np.median(own)) if own.size else 1.0
    variance = (prior_dof * scene + squares) / (prior_dof + n - 1)
    usable = enough & np.isfinite(after) & (variance > 0)
    score = (after - mean) / np.sqrt(np.where(usable, variance, 1.0) * (1.0 + 1.0 / n))
    return xr.DataArray(np.where(usable, score, np.nan).astype(np.float32), dims=event.dims, coords=event.coords)
