"""Methods that are asked for by name, made ready, each with what its numbers rest on."""

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from dashboard.change.periods import FEWEST_BEFORE
from dashboard.change.placebo import is_valid
from dashboard.change.ratio import ratio_db
from dashboard.model.errors import InputError
from dashboard.workflows.calibrate import speckle
from dashboard.workflows.detection.laws import ExactLaw, Law, PlaceboLaw
from dashboard.workflows.detection.measures import Measure
from dashboard.workflows.detection.placebos import Limits, past
from dashboard.workflows.detection.published import Published
from dashboard.workflows.detection.question import Method
from dashboard.workflows.detection.scans import Scan, Sequential
from dashboard.workflows.detection.simulated import DrawnP, correlation_px
from dashboard.workflows.detection.stacks import ChosenStack

if TYPE_CHECKING:
    from dashboard.workflows.detection.methods import Case

_PUBLISHED = Limits(pixels=300_000, windows=8)
"""Its pseudo-events cost as much as the question each."""

Ready = tuple[Method, Measure, Law, tuple[str, ...]]


def other_method(case: "Case") -> Ready:
    """Return a method that is asked for by name, made ready.

    Raises
    ------
    InputError
        If there are too few looks for it.
    CancelledError
        If the case was cancelled.
    """
    if case.question.method is Method.SEQUENTIAL:
        return _sequential(case)
    before, _ = case.looks
    if before < FEWEST_BEFORE:
        what = f"{case.question.method.value} is calibrated on looks before: there are {before}, {FEWEST_BEFORE} needed"
        raise InputError(f"{what}. Begin the period before earlier, or use the method {Method.AUTO.value}.")
    return _scan(case) if case.question.method is Method.CHANGE_POINT else _published(case)


def _scan(case: "Case") -> Ready:
    fixed = case.setting
    measure = Scan(periods=fixed.periods, options=fixed.options, reference=case.reference(), looks=(1, 1))
    law = _calibrated(case, measure)
    said = "false alarms were counted once, at any instant of the looks before: expect rather fewer than announced"
    return Method.CHANGE_POINT, measure, law, (said,)


def _published(case: "Case") -> Ready:
    measure = Published(
        periods=case.setting.periods, looks=case.looks, pixel_m=float(np.sqrt(case.setting.areas.middle_m2))
    )
    law = _calibrated(replace(case, limits=_PUBLISHED), measure)
    said = "the published PWTT statistic; thresholds are calibrated on looks before, in place of its fixed T > 3.3"
    return Method.PWTT, measure, law, (said,)


def _calibrated(case: "Case", measure: Measure) -> PlaceboLaw:
    found = past(measure, case.arrays, case.setting, case.limits, case.cancel)
    if found is None:
        raise InputError(f"No ground here was seen often enough before to calibrate {case.question.method.value}.")
    return PlaceboLaw(past=found, stratified=False)


def _sequential(case: "Case") -> Ready:
    fixed, ground = case.setting, case.ground()
    looks = tuple(
        _looks_each(array, one, fixed.areas.middle_m2) for array, one in zip(ground, case.chosen, strict=True)
    )
    measure = Sequential(periods=fixed.periods, looks=case.looks, looks_each=looks, far=case.question.far)
    parameters: dict[str, str | float | int | bool] = {
        f"{one.anchor.id} {name} looks_each": count
        for one, counts in zip(case.chosen, looks, strict=True)
        for name, count in counts.items()
    }
    sigma = correlation_px(ground[0])
    law = ExactLaw(draw=DrawnP(1, sigma), parameters=parameters | {"correlation_px": round(sigma, 3)})
    said = "for surfaces that hardly vary, such as water, bare soil and ports: seasons count as changes"
    return Method.SEQUENTIAL, measure, law, (said, _checked(case, measure))


def _looks_each(array: xr.DataArray, one: ChosenStack, pixel_m2: float) -> dict[str, float]:
    """Looks of one date by polarisation, measured between neighbouring dates: the median of all pairs."""
    found = {}
    for plane, name in enumerate(one.polarisations):
        power = array.values[:, plane]
        pairs = [at for at, (a, b) in enumerate(pairwise(power)) if np.isfinite(ratio_db(a, b)).any()]
        if not pairs:
            raise InputError(f"{one.anchor.constellation} has no two dates over the same ground in {name}.")
        ratios = (ratio_db(power[at], power[at + 1]) for at in pairs[:: max(1, len(pairs) // 8)])
        found[name] = float(np.median([speckle(each, one.anchor, one.anchor, pixel_m2).after for each in ratios]))
    return found


def _checked(case: "Case", measure: Sequential) -> str:
    """Whether the law holds in the looks before, in words."""
    before, _ = case.looks
    if before < 3:
        return f"its law could not be checked: there are only {before} looks before"
    ground = case.ground()
    height, width = ground[0].shape[2:]
    step = max(1, int(np.sqrt(height * width / case.limits.pixels)))
    part = [each[:, :, ::step, ::step] for each in ground]
    _, field = next(measure.placebos(part, 1))
    known = field[np.isfinite(field)]
    factor = float(np.mean(known >= -np.log10(measure.far)) / measure.far) if known.size else 1.0
    often = f"in the looks before it fired {factor:.1f} times as often as it says"
    return f"its check held: {often}" if is_valid(factor) else f"its check failed: {often}"
