"""Which objects are worth a record: those among which chance does not drown what happened."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dashboard.change.patches import Patches
from dashboard.model.change import Announced
from dashboard.workflows.detection.setting import Setting

MOST_FALSE = 100.0
"""False objects expected at most in 100 km2, or on all ground where that is less."""
MOST_OBJECTS = 50_000
"""Objects of one run, whatever its ground: more than this nobody reviews."""


def least_score(announced: Announced | None, area_km2: float) -> float:
    """Return the score from which objects of a run over so much ground are recorded; minus infinity for all."""
    if announced is None:
        return -math.inf
    units = area_km2 / 100.0
    least = announced.score_for(min(MOST_FALSE * max(1.0, 1.0 / units), MOST_OBJECTS / units))
    return -math.inf if least <= announced.scores[0] else least


def searched_km2(setting: Setting, shape: Sequence[int]) -> float:
    """Return the ground of a grid."""
    return int(shape[0]) * int(shape[1]) * setting.pixel_km2


def from_score(found: Patches, score: float) -> Patches:
    """Return the objects with at least a score, numbered anew in the same order."""
    kept = np.array([each.score >= score for each in found.found], np.bool_)
    if kept.all():
        return found
    number = np.zeros(kept.size + 1, np.int32)
    number[1:][kept] = np.arange(1, int(kept.sum()) + 1)
    stay = (each for each, stays in zip(found.found, kept, strict=True) if stays)
    return Patches(
        labels=number[found.labels], found=tuple(replace(each, label=at) for at, each in enumerate(stay, start=1))
    )


def crowded(scores: Sequence[float], least: float) -> float:
    """Return `least`, or the higher score that leaves no more objects than a run holds."""
    if len(scores) <= MOST_OBJECTS:
        return least
    ordered = np.sort(np.asarray(scores, np.float64))[::-1]
    return float(np.nextafter(ordered[MOST_OBJECTS], np.inf))


def left_out(least: float) -> tuple[str, ...]:
    """Say from which score on objects were recorded, where not all were."""
    if least == -math.inf:
        return ()
    return (f"recorded from a score of {least:.3g} on: below it, more of the objects are chance than anyone can sift",)
