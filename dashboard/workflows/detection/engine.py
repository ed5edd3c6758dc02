"""The answer on one grid: which method the dates allow, what it saw, how rare that is by chance, the objects."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from dashboard.change.patches import Patches, patches
from dashboard.change.placebo import WITHIN
from dashboard.model.change import Announced, Basis
from dashboard.model.errors import InputError
from dashboard.model.progress import CancelToken, Progress, Report, silent
from dashboard.workflows.detection.laws import Law, PlaceboLaw
from dashboard.workflows.detection.measures import Measure, Seen, TStat
from dashboard.workflows.detection.methods import Case, chosen_method
from dashboard.workflows.detection.onset import onset
from dashboard.workflows.detection.placebos import RECORDED, Limits
from dashboard.workflows.detection.question import Method, Question
from dashboard.workflows.detection.scans import Scan
from dashboard.workflows.detection.setting import Setting, grow_rate, setting
from dashboard.workflows.detection.stacks import ChosenStack

LAX = 0.1
"""Rate at which the scene as a whole is held against its past."""

Parameters = dict[str, str | float | int | bool]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Examined:
    """What does not depend on the false-alarm rate, and so is kept while a threshold is moved."""

    method: Method
    """That was used, never `AUTO`."""
    setting: Setting
    measure: Measure
    seen: Seen
    law: Law
    even: NDArray[np.float32]
    """The field (y, x) after every stratum was made as rare as the whole."""
    remarks: tuple[str, ...]
    excess: float | None = None
    """How many times more of the whole scene passes a lax threshold than in pseudo-events on average; None: unknown."""
    trusted: bool = True
    """Whether that has been so in some pseudo-event, too; else false-alarm figures do not hold for these looks, and no
    confidence is shown."""

    @property
    def observed(self) -> NDArray[np.bool_]:
        """(y, x): there were looks enough before and after; elsewhere nothing is said."""
        return np.isfinite(self.seen.field)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solved:
    """Objects and what they rest on."""

    examined: Examined
    patches: Patches
    p_values: NDArray[np.float64]
    """Smallest inside, of every object in order of label."""
    announced: Announced | None
    parameters: Parameters = field(default_factory=dict)
    """For the record of the run."""

    @property
    def basis(self) -> Basis:
        """What the false-alarm figures rest on."""
        return self.examined.law.basis


def examine(  # noqa: PLR0913 - arrays and what they are of, how thoroughly, and who watches
    arrays: Sequence[xr.DataArray],
    question: Question,
    chosen: Sequence[ChosenStack],
    geobox: GeoBox,
    *,
    limits: Limits = RECORDED,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> Examined:
    """Compute the statistic that the dates allow and find out how rare its values are by chance.

    Parameters
    ----------
    arrays
        Stack arrays on `geobox`, one for each of `chosen`.
    question, chosen, geobox
        What is asked, and of what.
    limits
        How much of the past is looked at to calibrate.
    report, cancel
        Progress out, stop in.

    Raises
    ------
    InputError
        If no pixel has looks enough before and after, or the method asked for cannot be applied.
    CancelledError
        If `cancel` was set.
    """
    report(Progress(0.0, "measuring the whole scene"))
    fixed = setting(question, chosen, geobox)
    case = Case(arrays=arrays, question=question, chosen=chosen, setting=fixed, limits=limits, cancel=cancel)
    method, measure, law, remarks = chosen_method(case)
    report(Progress(0.6, "comparing before and after"))
    _check(cancel)
    seen = measure.see(arrays)
    if not np.isfinite(seen.field).any():
        said = f"{question.before[0]:%Y-%m-%d} to {question.after[1]:%Y-%m-%d}"
        raise InputError(f"No ground here was seen both before and after in {said}; move the map or widen the periods.")
    report(Progress(0.9, "comparing with chance"))
    even = law.evened(seen.field, _strata(measure, seen, arrays) if law.stratified else None)
    excess, usual = _excess(even, law) if isinstance(law, PlaceboLaw) else (None, 0.0)
    trusted = excess is None or excess <= max(WITHIN, usual)
    return Examined(
        method=method, setting=fixed, measure=measure, seen=seen, law=law, even=even,
        remarks=remarks if excess is None or trusted else (*remarks, whole_scene(excess, usual)),
        excess=excess, trusted=trusted,
    )  # fmt: skip


def _strata(measure: Measure, seen: Seen, arrays: Sequence[xr.DataArray]) -> NDArray[np.uint8]:
    return measure.strata(arrays) if seen.strata is None else seen.strata


def decide(examined: Examined, far: float, dates: NDArray[np.int16] | None = None) -> Solved:
    """Grow objects at a false-alarm rate and say how many false ones to expect; with `onset` dates parted by them."""
    fixed, law = examined.setting, examined.law
    grow_far = grow_rate(far)
    seed, grow = law.threshold(far), law.threshold(grow_far)
    found = patches(
        examined.even, examined.seen.step_db,
        seed=seed, grow=min(grow, seed), least_px=fixed.least_px, resolution_px=fixed.resolution_px,
        dates=dates,
    )  # fmt: skip
    peaks = np.array([each.peak for each in found.found], np.float32)
    return Solved(
        examined=examined,
        patches=found,
        p_values=law.p(peaks),
        announced=law.announced(fixed, seed, min(grow, seed)),
        parameters={
            "far": far,
            "grow_far": grow_far,
            "seed": seed,
            "grow": min(grow, seed),
            "least_px": fixed.least_px,
            "pixel_m2": round(fixed.areas.middle_m2, 3),
            "resolution_px": round(fixed.resolution_px, 3),
            "smooth_px": round(fixed.options.smooth_px, 3),
            "prior_dof": fixed.options.prior_dof,
            **({} if examined.excess is None else {"scene_excess": round(examined.excess, 3)}),
            **law.parameters,
        },
    )


def solve(  # noqa: PLR0913 - as `examine`
    arrays: Sequence[xr.DataArray],
    question: Question,
    chosen: Sequence[ChosenStack],
    geobox: GeoBox,
    *,
    limits: Limits = RECORDED,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> Solved:
    """Answer a question on one grid: `examine`, then `decide` at the question's own rate."""
    examined = examine(arrays, question, chosen, geobox, limits=limits, report=report, cancel=cancel)
    measure = examined.measure
    dates = None
    if isinstance(measure, TStat | Scan):
        report(Progress(0.95, "telling dates apart"))
        dates = onset(arrays, measure.periods, reference=measure.reference, options=measure.options)
    return decide(examined, question.far, dates)


def _excess(even: NDArray[np.float32], law: PlaceboLaw) -> tuple[float, float]:
    """By what factor more pixels reach what one in ten reached in pseudo-events, and the same in the worst of those.

    True changes are rare: where more of the scene is unlike its past than in any pseudo-event, weather or season is the
    likelier reason, and what those tell of chance does not hold.
    """
    lax = law.threshold(LAX)
    known = [each[np.isfinite(each)] for each in (even, *law.past.fields)]
    shares = [float(np.mean(each >= lax)) for each in known if each.size]
    return shares[0] / LAX, max(shares[1:], default=0.0) / LAX


def whole_scene(excess: float, usual: float) -> str:
    """Say that a scene as a whole differs from its past: by what factor, and by what it differed at most before."""
    differs = (
        f"{excess:.1f} times as much of the scene as usual differs, {usual:.1f} times at most between looks before"
    )
    return f"{differs}: weather or season may be why; expect more false alarms than announced; no confidence is given"


def _check(cancel: CancelToken | None) -> None:
    if cancel is not None:
        cancel.check()
