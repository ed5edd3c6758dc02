"""From pixels that are surprising to objects that a person can review."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from dashboard.change.facts import median_p95, share, sign_of
from dashboard.change.ratio import p_values, thresholds
from dashboard.model.change import ChangeSign
from dashboard.model.errors import InputError

GROW = 20.0
"""A seed grows into neighbours that pass at this many times its false-alarm rate."""
MOST_GROW = 0.3
"""No neighbour above this rate is ever taken in."""
FEWEST_PIXELS = 4
"""Smallest object: below this, chance alone makes most of them where neighbouring pixels are correlated."""
_EIGHT = np.ones((3, 3), np.int8)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeObject:
    """One connected patch of change on the analysis grid."""

    label: int
    pixels: int
    seeds: int
    """Pixels that pass at the asked false-alarm rate by themselves."""
    median_db: float
    """Signed median of the log ratio inside."""
    p95_db: float
    """95th percentile of the size of the log ratio inside."""
    sign: ChangeSign
    p_value: float
    """Smallest inside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objects:
    """Every object of a scene."""

    labels: NDArray[np.int32]
    """(y, x), 1 to the number of objects in reading order, 0 elsewhere."""
    found: tuple[ChangeObject, ...]
    """In order of label."""


def objects(
    ratio_db: NDArray[np.floating],
    *,
    far: float,
    looks_before: float,
    looks_after: float,
    min_pixels: int = FEWEST_PIXELS,
) -> Objects:
    """Group surprising pixels into objects: seeds at the false-alarm rate, grown at a laxer one.

    An object is an 8-connected patch of pixels whose p-value is at most ``min(MOST_GROW, GROW * far)``, holding at
    least one at `far` or below and `min_pixels` in all. Brighter and darker pixels that touch are one object: damage
    often shows as both, and then its sign is mixed. Pixels without both looks are never inside.

    Parameters
    ----------
    ratio_db
        (y, x) log ratio after / before in dB without the common mode, NaN where not observed.
    far
        False-alarm rate of one seed pixel.
    looks_before, looks_after
        Equivalent looks, from which p-values follow.
    min_pixels
        Pixels of the smallest object, at least 1.

    Raises
    ------
    InputError
        If `far`, the looks or `min_pixels` are out of range.
    """
    if min_pixels < 1:
        raise InputError(f"The smallest object has {min_pixels} pixels; give at least 1.")
    seed = thresholds(far, looks_before, looks_after)
    grow = thresholds(min(MOST_GROW, GROW * far), looks_before, looks_after) if far < MOST_GROW else seed
    labels = np.zeros(ratio_db.shape, np.int32)
    ndimage.label(_outside(ratio_db, grow), structure=_EIGHT, output=labels)
    members = np.flatnonzero(labels)
    inside, ratio = labels.reshape(-1)[members], ratio_db.reshape(-1)[members]
    total = int(inside.max(initial=0)) + 1
    pixels = np.bincount(inside, minlength=total)
    seeds = np.bincount(inside[_outside(ratio, seed)], minlength=total)
    kept = (pixels >= min_pixels) & (seeds > 0)
    kept[0] = False
    number = np.zeros(total, np.int32)
    number[kept] = np.arange(1, int(kept.sum()) + 1)
    inside = number[inside]
    labels.reshape(-1)[members] = inside
    stays = inside > 0
    facts = _facts(inside[stays], ratio[stays].astype(np.float32), seeds[kept])
    return Objects(labels=labels, found=_described(facts, looks_before, looks_after))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    pixels: NDArray[np.int64]
    seeds: NDArray[np.int64]
    median: NDArray[np.float64]
    p95: NDArray[np.float64]
    brighter: NDArray[np.float64]
    lowest: NDArray[np.float32]
    highest: NDArray[np.float32]


def _outside(ratio_db: NDArray[np.floating], ends: tuple[float, float]) -> NDArray[np.bool_]:
    """Beyond either threshold; NaN compares false, so what was not seen twice never is."""
    return np.asarray((ratio_db <= ends[0]) | (ratio_db >= ends[1]))


def _facts(label: NDArray[np.int32], ratio: NDArray[np.float32], seeds: NDArray[np.int64]) -> _Facts:
    """Per object, from the changed pixels alone: the cost is theirs, not the scene's."""
    count = len(seeds)
    median, p95 = median_p95(label, ratio, count)
    lowest, highest = np.full(count + 1, np.inf, np.float32), np.full(count + 1, -np.inf, np.float32)
    np.minimum.at(lowest, label, ratio)
    np.maximum.at(highest, label, ratio)
    return _Facts(
        pixels=np.bincount(label, minlength=count + 1)[1:],
        seeds=seeds,
        median=median,
        p95=p95,
        brighter=share(label, ratio > 0, count),
        lowest=lowest[1:],
        highest=highest[1:],
    )


def _described(facts: _Facts, looks_before: float, looks_after: float) -> tuple[ChangeObject, ...]:
    ends = (
        p_values(each, looks_before=looks_before, looks_after=looks_after) for each in (facts.lowest, facts.highest)
    )
    smallest = np.minimum(*ends)
    return tuple(
        ChangeObject(
            label=index + 1,
            pixels=int(facts.pixels[index]),
            seeds=int(facts.seeds[index]),
            median_db=float(facts.median[index]),
            p95_db=float(facts.p95[index]),
            sign=sign_of(float(facts.brighter[index]), 1.0 - float(facts.brighter[index])),
            p_value=float(smallest[index]),
        )
        for index in range(len(facts.pixels))
    )
