"""Which speckle law a pair is tested against: what its products state, what its own pixels say, and which was used."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.change.looks import ENOUGH, EffectiveLooks, effective_looks
from dashboard.model.acquisition import Acquisition
from dashboard.model.errors import InputError

Parameters = tuple[tuple[str, str | float | int | bool], ...]
"""Sorted (name, value) pairs, as a change run keeps them."""

_SAME = 1.1
"""Areas nearer than this are one pixel size: a map grid's scale alone makes them differ by less than a percent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speckle:
    """The law that a test uses."""

    before: float
    """Equivalent looks of one grid pixel before."""
    after: float
    common_mode_db: float
    """Change of the whole scene, taken out before the test; 0 where there were too few pixels to tell."""
    repeats: float
    """Grid pixels that show one native pixel; 1 or more."""
    parameters: Parameters
    """All of this and where it came from, for the record of the run."""


def speckle(
    ratio_db: NDArray[np.float32],
    before: Acquisition,
    after: Acquisition,
    pixel_m2: float,
    *,
    dates: tuple[int, int] = (1, 1),
) -> Speckle:
    """Return the law for a pair, or for the means of several looks on either side, on a grid.

    The looks are measured from the pair. They are never taken above what the products state times the native pixels
    that one grid pixel averages: a pair cannot be better than its speckle, and identical inputs must not make it so.
    Where there are too few pixels to measure, the stated looks are used as they are and no common change is removed.

    Parameters
    ----------
    ratio_db
        (y, x) log ratio in dB, NaN where not observed.
    before, after
        The acquisitions, for their stated looks and native pixels.
    pixel_m2
        Ground area of one grid pixel.
    dates
        Looks that were averaged before and after: a mean of n looks has n times the looks of one.

    Raises
    ------
    InputError
        If looks are neither stated nor measurable.
    """
    native = max(_native_m2(acq) or pixel_m2 for acq in (before, after))
    repeats = native / pixel_m2 if native > _SAME * pixel_m2 else 1.0
    stated = before.looks, after.looks
    known = stated[0] is not None and stated[1] is not None
    proportion = (stated[0] / stated[1] if stated[0] and stated[1] else 1.0) * dates[0] / dates[1]
    most = after.looks * dates[1] if known and after.looks is not None else None
    measured = effective_looks(ratio_db, proportion=proportion, repeats=repeats)
    if measured is None and not known:
        what = f"Looks are not stated for {before.id} and {after.id} together"
        raise InputError(f"{what} and fewer than {ENOUGH} pixels were seen twice here; search a larger area.")
    looks_after, source = _used(measured, most, _averaged(pixel_m2 / native))
    found: dict[str, str | float | int | bool] = {
        "common_mode_db": 0.0 if measured is None else measured.common_mode_db,
        "looks_from": source,
        "looks_stated": "not stated" if after.looks is None else after.looks,
        "looks_stated_before": "not stated" if before.looks is None else before.looks,
        "looks_used": looks_after,
        "looks_used_before": looks_after * proportion,
    }
    if measured is not None:
        found |= {
            "looks_measured": measured.after,
            "looks_measured_high": measured.high,
            "looks_measured_low": measured.low,
            "looks_measured_on": round(measured.pixels),
        }
    return Speckle(
        before=looks_after * proportion,
        after=looks_after,
        common_mode_db=0.0 if measured is None else measured.common_mode_db,
        repeats=repeats,
        parameters=tuple(sorted(found.items())),
    )


def _used(measured: EffectiveLooks | None, stated: float | None, averaged: float) -> tuple[float, str]:
    if measured is None:
        return float(stated or 1.0), "stated"
    if stated is not None and measured.after > stated * averaged:
        return stated * averaged, "stated, as the most possible"
    return measured.after, "measured"


def _averaged(natives: float) -> float:
    """Native pixels behind one grid pixel: overviews halve the resolution; the one no coarser than asked is read."""
    return 4.0 ** math.floor(math.log2(max(natives, 1.0)) / 2.0 + 1e-3)


def _native_m2(acq: Acquisition) -> float | None:
    if acq.pixels is None:
        return None
    a, b, _, d, e, _ = acq.pixels.transform
    return abs(a * e - b * d)
