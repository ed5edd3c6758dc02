"""The answer on one grid: which method the dates allow, what it saw, how rare that is by chance, the objects."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from dashboard.change.patches import Patches, patches
from dashboard.model.change import Announced, Basis
from dashboard.model.errors import InputError
from dashboard.model.progress import CancelToken, Progress, Report, silent
from dashboard.workflows.detection.laws import Law
from dashboard.workflows.detection.measures import Measure, Seen
from dashboard.workflows.detection.methods import Case, chosen_method
from dashboard.workflows.detection.placebos import RECORDED, Limits
from dashboard.workflows.detection.question import Method, Question
from dashboard.workflows.detection.setting import Setting, grow_rate, setting
from dashboard.workflows.detection.stacks import ChosenStack

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
    even = law.evened(seen.field, measure.strata(arrays) if law.stratified else None)
    return Examined(
        method=method, setting=fixed, measure=measure, seen=seen, law=law, even=even, remarks=remarks
    )  # fmt: skip


def decide(examined: Examined, far: float) -> Solved:
    """Grow objects at a false-alarm rate and say how many false ones to expect."""
    fixed, law = examined.setting, examined.law
    grow_far = grow_rate(far)
    seed, grow = law.threshold(far), law.threshold(grow_far)
    found = patches(
        examined.even, examined.seen.step_db,
        seed=seed, grow=min(grow, seed), least_px=fixed.least_px, resolution_px=fixed.resolution_px,
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
            "resolution_px": round(fixed.resolution_px, 3),
            "smooth_px": round(fixed.options.smooth_px, 3),
            "prior_dof": fixed.options.prior_dof,
            **law.parameters,
        },
    )


def _check(cancel: CancelToken | None) -> None:
    if cancel is not None:
        cancel.check()
