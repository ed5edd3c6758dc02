"""The statistic in plain numpy and double precision: what the compiled kernels are held to."""

import warnings

import numpy as np
from scipy import ndimage

from dashboard.change.energy import HALO_PX


def logs(stack, common):
    """Ln of positive finite power less the common mode, else NaN."""
    power = stack.values.astype(np.float64)
    valid = (power > 0) & np.isfinite(power)
    y, x = stack["y"].values, stack["x"].values
    return np.log(np.where(valid, power, np.nan)) - common.on(y, x)


def t_squared(series, before, after, variance, options):
    """Moderated t squared over its mean, (polarisation, y, x); and the counts and the step."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        n1, n2 = (np.isfinite(series[dates]).sum(axis=0) for dates in (before, after))
        m1, m2 = (
            np.nanmean(series[dates], axis=0) if len(dates) else np.full(n1.shape, np.nan) for dates in (before, after)
        )
        q = np.nansum((series[before] - m1) ** 2, axis=0) + np.nansum((series[after] - m2) ** 2, axis=0)
        nu = options.prior_dof + n1 + n2 - 2
        moderated = (options.prior_dof * variance[:, None, None] + q) / nu
        t2 = (m2 - m1) ** 2 / (moderated * (1 / n1 + 1 / n2)) / (nu / (nu - 2))
    return np.where((n1 >= 3) & (n2 >= 1) & (nu > 2), t2, np.nan), n1, n2, m2 - m1


def mean_of_known(parts):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanmean(parts, axis=0)


def smoothed(energy, options):
    """Gaussian of what is known over the Gaussian of knowing."""
    if not options.smooth_px:
        return energy
    known = np.isfinite(energy)
    blur = [
        ndimage.gaussian_filter(a, options.smooth_px, mode="constant", radius=HALO_PX(options))
        for a in (np.where(known, energy, 0.0), known.astype(float))
    ]
    with np.errstate(all="ignore"):
        return np.where(known, blur[0] / blur[1], np.nan)


def energy(stacks, masks, reference, options):
    """The energy (y, x) where masks are (before, after) indices for each stack."""
    parts = [
        t_squared(logs(stack, common), before, after, variance, options)[0]
        for stack, common, variance, (before, after) in zip(
            stacks, reference.common, reference.variance, masks, strict=True
        )
    ]
    return smoothed(mean_of_known(np.concatenate(parts)), options)
