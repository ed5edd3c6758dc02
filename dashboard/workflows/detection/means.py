"""The ratio of means over few dates, by the law of speckle as it is measured on the very pair of means."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from dashboard.change.periods import Periods
from dashboard.change.placebo import check, is_valid
from dashboard.change.ratio import common_mode, log_ratio_means
from dashboard.workflows.calibrate import Speckle, speckle
from dashboard.workflows.detection.laws import ExactLaw, Parameters
from dashboard.workflows.detection.measures import Field, Seen
from dashboard.workflows.detection.setting import Setting
from dashboard.workflows.detection.simulated import DrawnP, combined, sigma_of
from dashboard.workflows.detection.stacks import ChosenStack

CHECKED_AT = 0.01
"""Rate at which the law is held against the past."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Means:
    """The log ratio of the means after and before: every stack and polarisation tested by itself, then together."""

    seen: Seen
    looks: tuple[int, int]
    halo: int = 0
    spread_px: float = 0.0

    def see(self, arrays: Sequence[xr.DataArray]) -> Seen:  # noqa: ARG002
        """Return the answer: the law was measured on the whole grid, so there is only the whole grid's."""
        return self.seen

    def placebos(self, arrays: Sequence[xr.DataArray], most: int) -> Iterator[tuple[int, Field]]:  # noqa: ARG002
        """Give none: too few dates are what this method is for."""
        return iter(())

    def strata(self, arrays: Sequence[xr.DataArray]) -> NDArray[np.uint8]:
        """Return one stratum."""
        return np.zeros(arrays[0].shape[2:], np.uint8)


@dataclass(slots=True)
class _Gathered:
    p: list[NDArray[np.float64]] = field(default_factory=list)
    stack_fields: list[NDArray[np.float32]] = field(default_factory=list)
    steps: dict[str, list[NDArray[np.float32]]] = field(default_factory=dict)
    sigmas: list[float] = field(default_factory=list)
    parameters: Parameters = field(default_factory=dict)
    factors: list[float] = field(default_factory=list)


def means(
    arrays: Sequence[xr.DataArray], chosen: Sequence[ChosenStack], setting: Setting, looks: tuple[int, int]
) -> tuple[Means, ExactLaw, tuple[str, ...]]:
    """Test the ratio of the means of few dates, its looks and common mode measured on the ratio itself.

    Returns
    -------
    tuple
        The answer, the law it was tested by, and remarks: whether the law held between dates before, where there
        were two.

    Raises
    ------
    InputError
        If looks are neither stated nor measurable.
    """
    made = _Gathered()
    shape = arrays[0].shape[2:]
    before, after = np.zeros(shape, np.int16), np.zeros(shape, np.int16)
    for array, one in zip(arrays, chosen, strict=True):
        first, second = setting.periods.split(array["time"].values)
        counts = int(first.sum()), int(second.sum())
        if min(counts) == 0:
            made.stack_fields.append(np.full(shape, np.nan, np.float32))
            continue
        own = _stack(array, one, setting, made)
        made.stack_fields.append(combined(own))
        made.p += own
        seen = np.isfinite(array.values).any(axis=1)
        before += seen[first].sum(axis=0).astype(np.int16)
        after += seen[second].sum(axis=0).astype(np.int16)
    names = list(made.steps)
    nothing = np.full(shape, np.nan, np.float32)
    steps = np.stack([_nanmean(made.steps[name]) for name in names]) if names else nothing[None]
    answer = Seen(
        field=combined(made.p) if made.p else nothing,
        step_db=xr.DataArray(steps, dims=("polarisation", "y", "x"), coords={"polarisation": names or ["none"]}),
        looks_before=before,
        looks_after=after,
        stack_fields=np.stack(made.stack_fields),
    )
    draw = DrawnP(max(len(made.p), 1), max(made.sigmas, default=0.0))
    law = ExactLaw(draw=draw, parameters=made.parameters)
    return Means(seen=answer, looks=looks), law, _said(made.factors)


def _stack(array: xr.DataArray, one: ChosenStack, setting: Setting, made: _Gathered) -> list[NDArray[np.float64]]:
    """Test every polarisation of a stack, each pixel by the law of its own numbers of looks."""
    found = []
    first, second = setting.periods.split(array["time"].values)
    dates = int(first.sum()), int(second.sum())
    tested, laws = _tested(array, one, setting.periods, setting.areas.middle_m2, dates)
    for plane, name in enumerate(one.polarisations):
        ratio = tested["ratio_db"].values[plane]
        if name not in laws:
            continue
        found.append(tested["p_value"].values[plane])
        made.steps.setdefault(name, []).append(ratio)
        made.sigmas.append(sigma_of(np.where(np.abs(ratio) < 3.0 * np.nanstd(ratio), ratio, np.nan)))
        prefix = f"{one.anchor.id} {name} "
        made.parameters |= {prefix + key: value for key, value in laws[name].parameters}
    if dates[0] >= 2 and found:
        made.factors.append(_factor(array, one, setting, np.flatnonzero(first)))
    return found


def _tested(
    array: xr.DataArray, one: ChosenStack, periods: Periods, pixel_m2: float, dates: tuple[int, int]
) -> tuple[xr.Dataset, dict[str, Speckle]]:
    """Return the test with looks as they are measured on its own ratio, and the law of every polarisation seen."""
    common = common_mode(array, periods)
    usual = one.anchor.looks or 1.0
    raw = log_ratio_means(array, periods, usual, common_mode_db=common)["ratio_db"].values
    laws = {
        name: speckle(raw[plane], one.anchor, one.anchor, pixel_m2, dates=dates)
        for plane, name in enumerate(one.polarisations)
        if np.isfinite(raw[plane]).any()
    }
    looks = {name: laws[name].after / dates[1] if name in laws else usual for name in one.polarisations}
    return log_ratio_means(array, periods, looks, common_mode_db=common), laws


def _factor(array: xr.DataArray, one: ChosenStack, setting: Setting, before: NDArray[np.intp]) -> float:
    """By what factor the law fires too often between the last look before and the others."""
    times = array["time"].values
    periods = Periods(before=(times[before[0]], times[before[-2]]), after=(times[before[-1]], times[before[-1]]))
    tested, laws = _tested(array[before], one, periods, setting.areas.middle_m2, (before.size - 1, 1))
    return check(tested["p_value"].values, CHECKED_AT) if laws else 1.0


def _said(factors: Sequence[float]) -> tuple[str, ...]:
    if not factors:
        return ("the law of speckle could not be checked: one look before is no past",)
    worst = max(factors)
    if is_valid(worst):
        return (f"between looks before, the law of speckle fired {worst:.1f} times as often as it says",)
    often = f"the law of speckle fired {worst:.1f} times as often as it says, where nothing happened"
    expected = "more" if worst > 1.0 else "fewer"
    return (f"its check failed: between looks before, {often}; expect {expected} false alarms than announced",)


def _nanmean(layers: Sequence[NDArray[np.float32]] | NDArray[np.float32]) -> NDArray[np.float32]:
    stack = np.asarray(layers, np.float32)
    known = np.isfinite(stack)
    count = known.sum(axis=0)
    total = np.where(known, stack, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)
