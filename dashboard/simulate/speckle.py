"""Fully developed speckle whose one-pixel law is exactly Gamma, also when neighbours are correlated."""

import numpy as np
from numpy.typing import NDArray

from dashboard.model.errors import InputError
from dashboard.simulate.kernels import add_look

Real = NDArray[np.float32]


def speckle(
    shape: tuple[int, int], looks: float, rng: np.random.Generator, correlation_px: float = 0.0
) -> NDArray[np.float32]:
    """Draw speckle intensity of unit mean: Gamma(looks, 1 / looks) at every pixel.

    Parameters
    ----------
    shape : (rows, columns)
    looks : number of independent looks, > 0; a whole number when neighbours are correlated
    rng : the only source of randomness
    correlation_px : standard deviation in pixels of the Gaussian that filters the *complex* field of each look
        before it is squared: filtering intensity instead would change the one-pixel law

    Returns
    -------
    (y, x) float32, unit mean; the intensity's correlation at lag n is ``(sum_k taps[k] taps[k + n])**2``

    Raises
    ------
    InputError
        If looks is not positive, or not whole while a correlation is asked for.
    """
    if looks <= 0:
        msg = f"{looks:g} looks were asked for; speckle needs more than 0."
        raise InputError(msg)
    if correlation_px <= 0:
        return (rng.standard_gamma(looks, shape, dtype=np.float32) / np.float32(looks)).astype(np.float32, copy=False)
    return speckle_fields(shape, looks, rng, correlation_px)[0]


def speckle_fields(
    shape: tuple[int, int], looks: float, rng: np.random.Generator, correlation_px: float
) -> tuple[Real, Real]:
    """Return (intensity, mean real part) of averaged looks: what a steady phasor needs to interfere with.

    Raises
    ------
    InputError
        If looks is not a positive whole number: a fraction of a look has no complex field.
    """
    count = round(looks)
    if count < 1 or count != looks:
        msg = f"Correlated speckle of {looks:g} looks was asked for; it needs a whole number, at least 1."
        raise InputError(msg)
    taps = gaussian_taps(correlation_px)
    padded = (shape[0] + taps.size - 1, shape[1] + taps.size - 1)
    power = np.zeros(shape, np.float32)
    real = np.zeros(shape, np.float32)
    for _ in range(count):
        re = rng.standard_normal(padded, dtype=np.float32)
        im = rng.standard_normal(padded, dtype=np.float32)
        add_look(re, im, taps, power, real)
    # Both parts have unit variance here; circular speckle of unit power has half of it in each.
    power *= np.float32(0.5 / count)
    real *= np.float32(np.sqrt(0.5) / count)
    return power, real


def gaussian_taps(sigma_px: float) -> Real:
    """Return a sampled Gaussian of unit *energy* (squares sum to 1), one tap for sigma 0."""
    if sigma_px <= 0:
        return np.ones(1, np.float32)
    reach = int(np.ceil(3 * sigma_px))
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma_px) ** 2)
    return np.asarray(taps / np.sqrt((taps**2).sum()), np.float32)
