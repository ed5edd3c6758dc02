"""From an energy to objects that a person can review: seeds, growth, holes, shrinking, facts and a score."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from dashboard.change import outlines
from dashboard.change.facts import median_p95, share, sign_of
from dashboard.model.change import ChangeSign
from dashboard.model.errors import GridMismatchError, InputError

UNDATED = -1
"""In `dates`: the pixel says nothing of when, and belongs to whichever object surrounds it."""
_EIGHT = np.ones((3, 3), np.int8)
_HIGHEST = np.float32(1e30)
"""Infinite energies count as this, so that a score stays a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """One object on the analysis grid."""

    label: int
    pixels: int
    """Inside, holes filled."""
    seeds: int
    """Pixels at or above the seed threshold by themselves."""
    score: float
    """See `scores`."""
    sign: ChangeSign
    magnitudes: tuple[tuple[str, float, float], ...]
    """(polarisation, signed median in dB, 95th percentile of the size in dB), NaN where never observed."""
    peak: float
    """Highest energy inside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patches:
    """Every object of a scene."""

    labels: NDArray[np.int32]
    """(y, x), 1 to the number of objects, 0 elsewhere."""
    found: tuple[Patch, ...]
    """In order of label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """What makes an object, checked."""

    seed: float
    grow: float
    least_px: int
    resolution_px: float

    def __post_init__(self) -> None:
        if not 0.0 < self.grow <= self.seed < np.inf:
            what = f"Objects cannot be seeded at an energy of {self.seed:g} and grown at {self.grow:g}"
            raise InputError(f"{what}; growth must be above 0 and no higher than the seed.")
        if self.least_px < 1:
            raise InputError(f"The smallest object has {self.least_px} pixels; give at least 1.")
        if not 0.0 < self.resolution_px < np.inf:
            raise InputError(f"A resolution cell is {self.resolution_px:g} pixels wide; give more than 0.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grown:
    """The pixels of every object before its outline is tidied; everything about chance is decided on these."""

    members: NDArray[np.int64]
    """Flat index of every pixel, in reading order."""
    inside: NDArray[np.int32]
    """Its object, from 1."""
    energy: NDArray[np.float32]
    seeds: NDArray[np.int64]
    """Per object."""
    score: NDArray[np.float64]
    """Per object."""
    peak: NDArray[np.float64]
    """Per object."""


def patches(  # noqa: PLR0913 -- four numbers and two arrays make the rule, and callers name each
    energy: xr.DataArray | NDArray[np.floating],
    step_db: xr.DataArray,
    *,
    seed: float,
    grow: float,
    least_px: int,
    resolution_px: float,
    dates: ArrayLike | None = None,
) -> Patches:
    """Group pixels of high energy into objects and describe each.

    An object is an 8-connected patch at or above `grow` that holds a pixel at or above `seed` and `least_px` pixels in
    all; patches nearer than a resolution cell are one. These pixels alone give the score, so that `scores` of a
    pseudo-event counts what this counts. Then the outline is made honest: smoothing spreads an object by its own
    width, so it is cut back to half of the maximum near each pixel (never below `grow`); gaps of one pixel
    are closed where the ground itself is above `grow`; holes smaller than `least_px` are filled where observed.

    Parameters
    ----------
    energy
        (y, x), NaN where not observed.
    step_db
        (polarisation, y, x) mean after minus mean before, dB; NaN where not observed.
    seed, grow
        Thresholds of the energy, ``0 < grow <= seed``.
    least_px
        Pixels of the smallest object before it is cut back.
    resolution_px
        Width of a resolution cell in pixels.
    dates
        (y, x) index of the first acquisition with the change, `UNDATED` where unknown. Touching pixels that differ by
        more than one part an object, unless a part would be no object by itself.

    Raises
    ------
    InputError
        If the thresholds or sizes are impossible.
    GridMismatchError
        If the arrays are not of one grid.
    """
    rule = _Rule(seed=seed, grow=grow, least_px=least_px, resolution_px=resolution_px)
    values = _plain(energy)
    when = None if dates is None else np.asarray(dates)
    for name, shape in (("step", step_db.shape[1:]), ("date", values.shape if when is None else when.shape)):
        if tuple(shape) != values.shape:
            raise GridMismatchError(
                f"Energy is {values.shape} and {name} {tuple(shape)} pixels; give both on one grid."
            )
    grown = _grown(values, rule, when)
    labels = _outlined(values, grown, rule)
    return Patches(labels=labels, found=_described(grown, labels, step_db))


def scores(
    energy: xr.DataArray | NDArray[np.floating], *, seed: float, grow: float, least_px: int, resolution_px: float
) -> NDArray[np.float64]:
    """Return the score of every object, unsorted: what a pseudo-event is searched for.

    The score is the sum over the seed pixels of ln(energy / seed): it rises with strength and with size, and strength
    that is shared by several pixels counts most. It is 0 for an object that just reaches the threshold. Of eight such
    measures it kept most real objects at a low share of false ones (docs/methods/confidence.md).

    Raises
    ------
    InputError
        If the thresholds or sizes are impossible.
    """
    rule = _Rule(seed=seed, grow=grow, least_px=least_px, resolution_px=resolution_px)
    return _grown(_plain(energy), rule, None).score


def _plain(energy: xr.DataArray | NDArray[np.floating]) -> NDArray[np.float32]:
    values = np.asarray(energy, np.float32)
    if values.ndim != 2:
        raise InputError(f"The energy has {values.ndim} dimensions; give one image (y, x).")
    return values


def _grown(values: NDArray[np.float32], rule: _Rule, dates: NDArray[np.generic] | None) -> _Grown:
    mask = values >= np.float32(rule.grow)  # NaN compares false: what was not observed is in no object
    labels = np.zeros(values.shape, np.int32)
    ndimage.label(outlines.widened(mask, _half_cell(rule)), structure=_EIGHT, output=labels)
    members = np.flatnonzero(mask)
    inside, energy = labels.reshape(-1)[members], np.minimum(values.reshape(-1)[members], _HIGHEST)
    inside, stays = _objects(inside, energy, rule)
    members, inside, energy = members[stays], inside[stays], energy[stays]
    if dates is not None and members.size:
        inside = _split(members, inside, energy, dates, rule)
    return _counted(members, inside, energy, rule)


def _objects(
    inside: NDArray[np.int32], energy: NDArray[np.float32], rule: _Rule
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """New numbers from 1 for the patches that are objects, 0 for the pixels of others, and which pixels stay."""
    total = int(inside.max(initial=0)) + 1
    pixels = np.bincount(inside, minlength=total)
    seeded = np.bincount(inside[energy >= np.float32(rule.seed)], minlength=total)
    kept = (pixels >= rule.least_px) & (seeded > 0)
    number = np.zeros(total, np.int32)
    number[kept] = np.arange(1, int(kept.sum()) + 1)
    number = number[inside]
    return number, number > 0


def _counted(members: NDArray[np.int64], inside: NDArray[np.int32], energy: NDArray[np.float32], rule: _Rule) -> _Grown:
    total = int(inside.max(initial=0)) + 1
    is_seed = energy >= np.float32(rule.seed)
    excess = np.log(energy[is_seed].astype(np.float64) / rule.seed).clip(0.0)
    peak = np.zeros(total)
    np.maximum.at(peak, inside, energy)
    summed = np.bincount(inside[is_seed], weights=excess, minlength=total)
    seeds = np.bincount(inside[is_seed], minlength=total)[1:]
    score = np.asarray(summed[1:], np.float64)
    return _Grown(members=members, inside=inside, energy=energy, seeds=seeds, score=score, peak=peak[1:])


def _split(
    members: NDArray[np.int64],
    inside: NDArray[np.int32],
    energy: NDArray[np.float32],
    dates: NDArray[np.generic],
    rule: _Rule,
) -> NDArray[np.int32]:
    plain = np.asarray(dates, np.float64)
    when = np.where(np.isfinite(plain), plain, UNDATED).astype(np.int64).reshape(-1)[members]
    seeds = energy >= np.float32(rule.seed)
    return outlines.split(members, inside, when, seeds, shape=_two(plain.shape), least_px=rule.least_px)


def _outlined(values: NDArray[np.float32], grown: _Grown, rule: _Rule) -> NDArray[np.int32]:
    """Labels after cutting objects back, closing gaps and filling holes."""
    labels = np.zeros(values.shape, np.int32)
    flat = labels.reshape(-1)
    flat[grown.members] = grown.inside
    members, inside = grown.members, grown.inside
    if members.size:
        radius = int(np.ceil(2.0 * rule.resolution_px))
        kept = outlines.half_maximum(values, labels, members, radius_px=radius)
        mask = np.zeros(values.shape, np.bool_)
        mask.reshape(-1)[members[kept]] = True
        kept |= outlines.closed(mask).reshape(-1)[members]
        flat[members[~kept]] = 0
        members, inside = members[kept], inside[kept]
        pixels, around = outlines.holes(members, inside, _two(values.shape), rule.least_px)
        seen = np.isfinite(values.reshape(-1)[pixels])
        flat[pixels[seen]] = around[seen]
    return labels


def _described(grown: _Grown, labels: NDArray[np.int32], step_db: xr.DataArray) -> tuple[Patch, ...]:
    members = np.flatnonzero(labels)
    label = labels.reshape(-1)[members]
    count = grown.score.size
    pixels = np.bincount(label, minlength=count + 1)[1:]
    names = [str(name) for name in step_db["polarisation"].values]
    steps = [np.asarray(image, np.float32).reshape(-1)[members] for image in step_db.values]
    sizes = [median_p95(label, step, count) for step in steps]
    brighter, darker = (share(label, side, count) for side in _sides(steps))
    return tuple(
        Patch(
            label=index + 1,
            pixels=int(pixels[index]),
            seeds=int(grown.seeds[index]),
            score=float(grown.score[index]),
            sign=sign_of(float(brighter[index]), float(darker[index])),
            magnitudes=tuple(
                (name, float(median[index]), float(p95[index]))
                for name, (median, p95) in zip(names, sizes, strict=True)
            ),
            peak=float(grown.peak[index]),
        )
        for index in range(count)
    )


def _sides(steps: list[NDArray[np.float32]]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where the larger of the steps in any polarisation goes up, and where it goes down."""
    every = np.nan_to_num(np.stack(steps))
    leading = np.take_along_axis(every, np.abs(every).argmax(axis=0)[None], axis=0)[0]
    return leading > 0, leading < 0


def _half_cell(rule: _Rule) -> int:
    """How far to widen patches so that those nearer than a resolution cell touch."""
    return (int(np.ceil(rule.resolution_px)) - 1) // 2


def _two(shape: tuple[int, ...]) -> tuple[int, int]:
    return shape[0], shape[1]
