"""Which method answers a question: the best that its dates allow, and in plain words what was taken instead."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import xarray as xr

from dashboard.change.energy import Reference, reference
from dashboard.change.energy.options import FEWEST_BEFORE
from dashboard.change.periods import BEFORE_EACH_AFTER, Periods, enough
from dashboard.change.periods import FEWEST_BEFORE as FEWEST_FOR_PLACEBO
from dashboard.change.placebo import check, is_valid
from dashboard.model.errors import InputError
from dashboard.model.progress import CancelToken
from dashboard.workflows.detection.laws import DrawnLaw, Law, PlaceboLaw
from dashboard.workflows.detection.means import means
from dashboard.workflows.detection.measures import Measure, TStat, lead_looks
from dashboard.workflows.detection.others import other_method
from dashboard.workflows.detection.placebos import Limits, Past, past
from dashboard.workflows.detection.question import Method, Question
from dashboard.workflows.detection.setting import Setting
from dashboard.workflows.detection.simulated import speckle_law
from dashboard.workflows.detection.stacks import ChosenStack

SEASON_DAYS = 30
"""Days of the year by which a look may be off to tell what ground does in the season of another."""
_YEAR_DAYS = 365.25
CHECKED_AT = 0.01
"""Rate at which a law is held against pseudo-events."""


class Taken(NamedTuple):
    """A method made ready for a question."""

    method: Method
    measure: Measure
    law: Law
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """A question with its pixels."""

    arrays: Sequence[xr.DataArray]
    question: Question
    chosen: Sequence[ChosenStack]
    setting: Setting
    limits: Limits
    cancel: CancelToken | None = None
    scene: Callable[[], Reference] | None = None
    """Measures what the whole scene says, where `arrays` are too large to be measured themselves."""
    sample: Callable[[], Sequence[xr.DataArray]] | None = None
    """Gives the same stacks on a fair sample of their ground, in memory, where `arrays` are not."""

    def reference(self) -> Reference:
        """Return what the whole scene says about its quiet state."""
        if self.scene is not None:
            return self.scene()
        return reference(self.arrays, self.setting.periods, self.setting.options)

    def ground(self) -> Sequence[xr.DataArray]:
        """Return what speckle is measured on: all of the ground, or a fair sample."""
        return self.arrays if self.sample is None else self.sample()

    @property
    def looks(self) -> tuple[int, int]:
        """Looks before and after of the stack with most pseudo-events."""
        return lead_looks(self.arrays, self.setting.periods)


def chosen_method(case: Case) -> Taken:
    """Return the method for a question: the one asked for, or the best that its dates allow.

    Raises
    ------
    InputError
        If the method asked for needs more looks than there are.
    CancelledError
        If the case was cancelled.
    """
    asked = case.question.method
    before, after = case.looks
    if asked is Method.LOG_RATIO:
        return _means(case, ())
    if asked not in (Method.AUTO, Method.CHANGE_TSTAT):
        return Taken(*other_method(case))
    if before < FEWEST_BEFORE:
        if asked is Method.CHANGE_TSTAT:
            what = f"{_looks(before)} before cannot tell a change from what varies anyway; {FEWEST_BEFORE} are needed"
            raise InputError(f"{what}. Begin the period before earlier, or use the method {Method.LOG_RATIO.value}.")
        return _means(case, (f"only {_looks(before)} before: the law of speckle is used, measured on this pair",))
    measure = _tstat(case)
    found = past(measure, case.arrays, case.setting, case.limits, case.cancel)
    if found is not None and enough(before, after):
        remarks = out_of_season(case.arrays, case.setting.periods)
        return Taken(Method.CHANGE_TSTAT, measure, PlaceboLaw(past=found), remarks)
    return _by_theory(case, measure, found)


def out_of_season(arrays: Sequence[xr.DataArray], periods: Periods) -> tuple[str, ...]:
    """Say if no look before is of the season of any look after: pseudo-events then know nothing of that season.

    Parameters
    ----------
    arrays
        Stacks, of which only the times are used.
    periods
        Looks before and after.
    """
    times = np.concatenate([each["time"].values for each in arrays])
    before, after = (times[mask] for mask in periods.split(times))
    if not before.size or not after.size:
        return ()
    apart = np.abs(after[:, None] - before[None, :]) / np.timedelta64(1, "D") % _YEAR_DAYS
    nearest = float(np.minimum(apart, _YEAR_DAYS - apart).min())
    if nearest <= SEASON_DAYS:
        return ()
    what = f"no look before is within {SEASON_DAYS} days of the season of the looks after ({nearest:.0f} at least)"
    return (f"{what}: what the ground does by itself then is not known; begin the period before a year earlier",)


def _tstat(case: Case) -> TStat:
    fixed = case.setting
    return TStat(
        periods=fixed.periods,
        options=fixed.options,
        reference=case.reference(),
        looks=case.looks,
    )


def _by_theory(case: Case, measure: TStat, found: Past | None) -> Taken:
    """Use simulated speckle where the few pseudo-events there are bear it out, else the ratio of means."""
    before, after = case.looks
    needed = max(FEWEST_FOR_PLACEBO, BEFORE_EACH_AFTER * after)
    few = f"only {_looks(before)} before ({needed} are needed to calibrate on {_looks(after)} after)"
    if found is None:
        if case.question.method is Method.AUTO:
            return _means(case, (f"{few}: the law of speckle is used, measured on this pair",))
        law: Law = speckle_law(measure, case.ground(), case.chosen)
        said = f"{few}: chance is that of simulated speckle, which could not be checked here"
        return Taken(Method.CHANGE_TSTAT, measure, law, (said,))
    drawn = speckle_law(measure, case.ground(), case.chosen)
    factor = held(drawn, found)
    often = f"between looks before it fired {factor:.1f} times as often as it says"
    if is_valid(factor) or case.question.method is Method.CHANGE_TSTAT:
        verdict = "which held" if is_valid(factor) else "and its check failed"
        return Taken(
            Method.CHANGE_TSTAT, measure, drawn, (f"{few}: chance is that of simulated speckle, {verdict}: {often}",)
        )
    return _means(case, (f"{few}, and simulated speckle does not hold here: {often}; the ratio of means is used",))


def held(law: DrawnLaw, found: Past) -> float:
    """Return by what factor a law fires too often on pseudo-events: its built-in check."""
    raw = np.concatenate([each[np.isfinite(each)] for each in found.raw])
    return check(law.p(raw), CHECKED_AT)


def _means(case: Case, remarks: tuple[str, ...]) -> Taken:
    measure, law, checked = means(case.ground(), case.chosen, case.setting, case.looks)
    return Taken(Method.LOG_RATIO, measure, law, (*remarks, *checked))


def _looks(count: int) -> str:
    return f"{count} look" if count == 1 else f"{count} looks"
