"""A small stack of images of one place with a step of known size at a known time: truth for statistics."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from dashboard.model.errors import InputError
from dashboard.simulate.speckle import speckle


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A change of backscatter injected into a stack."""

    db: float
    """10 log10 (after / before) inside the mask."""
    mask: NDArray[np.bool_]
    """(y, x), True where it happens."""
    first: int
    """Index of the first image with it."""
    flipped: float = 0.0
    """Share of changed pixels with the opposite sign, as destroyed buildings have."""


def stack(  # noqa: PLR0913 - each is one knob of the same experiment
    times: int,
    shape: tuple[int, int],
    *,
    looks: float = 4.0,
    mean_db: float = -10.0,
    step: Step | None = None,
    correlation_px: float = 0.0,
    seed: int = 0,
) -> xr.DataArray:
    """Simulate linear power (time, y, x) of a uniform surface under speckle, with at most one step.

    Returns
    -------
    (time, y, x) float32 linear power; ``time`` is naive UTC, 12 days apart; attributes ``looks`` and ``units``

    Raises
    ------
    InputError
        If the step's mask is not of the images' shape or its first image is not in the stack.
    """
    rng = np.random.default_rng(seed)
    power = np.stack([speckle(shape, looks, rng, correlation_px) for _ in range(times)])
    power *= np.float32(10 ** (mean_db / 10))
    if step is not None:
        power[step.first :] *= _factor(step, times, shape, rng)
    start = np.datetime64("2026-01-01T06:00:00", "ns")
    when = start + np.arange(times) * np.timedelta64(12, "D")
    return xr.DataArray(power, dims=("time", "y", "x"), coords={"time": when}, attrs={"looks": looks, "units": "1"})


def _factor(step: Step, times: int, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    if step.mask.shape != shape:
        msg = f"The step's mask is {step.mask.shape}, the images are {shape}; give one of the same shape."
        raise InputError(msg)
    if not 0 <= step.first < times:
        msg = f"The step starts at image {step.first} of {times}; give an index from 0 to {times - 1}."
        raise InputError(msg)
    sign = np.where(rng.random(shape) < step.flipped, -1.0, 1.0)
    return np.where(step.mask, 10 ** (sign * step.db / 10), 1.0).astype(np.float32)
