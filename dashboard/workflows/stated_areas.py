"""Connected areas of like state in another producer's change product, and what its layers say of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from dashboard.sources.dist_alert import HIGHEST, DistAlert

Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Areas:
    """Connected areas of like state, by columns."""

    labels: NDArray[np.int32]
    """(y, x) from 1; 0 elsewhere."""
    state: NDArray[np.int64]
    pixels: NDArray[np.int64]
    day: NDArray[np.int64]
    """That most pixels state, the earliest of equals."""
    days: NDArray[np.int64]
    """(area, 2) earliest and latest."""
    last: NDArray[np.int64]
    """Latest day with a look that shows any of it."""
    count: NDArray[np.int64]
    """Looks that show it, median."""
    looks: NDArray[np.int64]
    """All looks since it began, median."""
    score: NDArray[np.float64]
    """Highest metric; 0 where the product holds none."""
    left_out: int
    """Areas that were too small."""


def areas_of(product: DistAlert, least_pixels: int) -> Areas:
    """Return the areas (8 neighbours) of one state each that have so many pixels or more."""
    labels, found = _labelled(product.status, least_pixels)
    inside = np.flatnonzero(labels)
    order = inside[np.argsort(labels.ravel()[inside], kind="stable")]
    pixels = np.bincount(labels.ravel())[1:]
    ends = np.cumsum(pixels)[:-1]

    def column(values: NDArray[np.generic]) -> list[NDArray[np.float64]]:
        return np.split(values.ravel()[order].astype(np.float64), ends) if pixels.size else []

    first, share, shown = column(product.first_day), column(product.percent), column(product.count)
    return Areas(
        labels=labels,
        state=_each(column(product.status), np.max),
        pixels=pixels,
        day=_each(first, _mode),
        days=np.stack([_each(first, np.min), _each(first, np.max)], axis=1),
        last=_each(column(product.last_day), np.max),
        count=_each(shown, np.median),
        looks=_each([np.round(n * 100.0 / p) for n, p in zip(shown, share, strict=True)], np.median),
        score=np.array([np.max(each[np.isfinite(each)], initial=0.0) for each in column(product.metric_max)]),
        left_out=found - pixels.size,
    )


def _labelled(status: NDArray[np.uint8], least_pixels: int) -> tuple[NDArray[np.int32], int]:
    """Number the areas that are large enough, and count all: states never share an area."""
    labels = np.zeros(status.shape, np.int32)
    count = 0
    for state in range(1, HIGHEST + 1):
        here, number = ndimage.label(status == state, structure=np.ones((3, 3), np.int8))
        labels[here > 0] = here[here > 0] + count
        count += number
    stays = np.bincount(labels.ravel(), minlength=count + 1) >= least_pixels
    stays[0] = False
    return np.where(stays, np.cumsum(stays), 0).astype(np.int32)[labels], count


def _each(parts: Sequence[Column], of: Callable[[Column], np.generic]) -> NDArray[np.int64]:
    return np.array([of(part) for part in parts], np.float64).astype(np.int64)


def _mode(days: Column) -> np.generic:
    """Return what occurs most often, the lowest of equals."""
    values, counts = np.unique(days, return_counts=True)
    found: np.generic = values[np.argmax(counts)]
    return found
