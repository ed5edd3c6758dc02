"""The ratio of means over few dates, by the law of speckle as it is measured on the very pair of means."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from dashboard.change.periods import Periods
from dashboard.change.placebo import check, is_valid
from dashboard.change.ratio import common_mode, log_ratio_means
from dashboard.workflows.calibrate import Speckle, speckle
from dashboard.workflows.detection.laws import ExactLaw, Parameters
from dashboard.workflows.detection.measures import Field, Seen
from dashboard.workflows.detection.scans import valid_looks
from dashboard.workflows.detection.setting import Setting
from dashboard.workflows.detection.simulated import DrawnP, combined, sigma_of
from dashboard.workflows.detection.stacks import ChosenStack

CHECKED_AT = 0.01
"""Rate at which the law is held against the past."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StackSpeckle:
    """What one stack's scene says about its means: measured once, the same for every part of it."""

    common_db: NDArray[np.float64]
    """(time, polarisation) what the scene shares on each date."""
    looks: Mapping[str, float]
    """Equivalent looks of one date, for every polarisation."""
    seen: tuple[str, ...]
    """Polarisations that were observed both before and after anywhere."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Means:
    """The log ratio of the means after and before: every stack and polarisation tested by itself, then together."""

    periods: Periods
    looks: tuple[int, int]
    speckle: tuple[StackSpeckle | None, ...]
    """One for each stack; None for those without a look before or without one after."""
    halo: int = 0
    spread_px: float = 0.0

    @property
    def names(self) -> tuple[str, ...]:
        """Polarisations of the steps, whatever part is looked at."""
        seen = dict.fromkeys(name for own in self.speckle if own is not None for name in own.seen)
        return tuple(seen) or ("none",)

    def see(self, arrays: Sequence[xr.DataArray]) -> Seen:
        """Answer the question: each pixel by the law of its own numbers of looks."""
        shape = arrays[0].shape[2:]
        nothing = np.full(shape, np.nan, np.float32)
        looks = np.zeros((2, *shape), np.int16)
        p: list[NDArray[np.float64]] = []
        fields: list[Field] = []
        steps: dict[str, list[NDArray[np.float32]]] = {}
        for array, known in zip(arrays, self.speckle, strict=True):
            own: list[NDArray[np.float64]] = []
            if known is not None:
                tested = _tested(array, self.periods, known)
                for name in known.seen:
                    own.append(tested["p_value"].sel(polarisation=name).values)
                    steps.setdefault(name, []).append(tested["ratio_db"].sel(polarisation=name).values)
                looks += valid_looks(array, self.periods)
            fields.append(combined(own) if own else nothing)
            p += own
        planes = np.stack([_nanmean(steps[name]) if name in steps else nothing for name in self.names])
        return Seen(
            field=combined(p) if p else nothing,
            step_db=xr.DataArray(planes, dims=("polarisation", "y", "x"), coords={"polarisation": list(self.names)}),
            looks_before=looks[0],
            looks_after=looks[1],
            stack_fields=np.stack(fields),
        )

    def placebos(self, arrays: Sequence[xr.DataArray], most: int) -> Iterator[tuple[int, Field]]:  # noqa: ARG002
        """Give none: too few dates are what this method is for."""
        return iter(())

    def strata(self, arrays: Sequence[xr.DataArray]) -> NDArray[np.uint8]:
        """Return one stratum."""
        return np.zeros(arrays[0].shape[2:], np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Measured:
    """One stack's speckle, and what is said of it in the record."""

    known: StackSpeckle
    parameters: Parameters
    sigmas: tuple[float, ...]
    factor: float | None
    """By what factor its law fires too often between dates before; None where there is but one."""


def means(
    arrays: Sequence[xr.DataArray], chosen: Sequence[ChosenStack], setting: Setting, looks: tuple[int, int]
) -> tuple[Means, ExactLaw, tuple[str, ...]]:
    """Test the ratio of the means of few dates, its looks and common mode measured on the ratio itself.

    Parameters
    ----------
    arrays
        The stacks, or a fair sample of their ground: what is measured holds for all of it.
    chosen, setting, looks
        What they are of, what is asked, and how many looks there are before and after.

    Returns
    -------
    tuple
        The method ready for any part of the ground, the law it tests by, and remarks: whether the law held between
        dates before, where there were two.

    Raises
    ------
    InputError
        If looks are neither stated nor measurable.
    """
    made = [_measured(array, one, setting) for array, one in zip(arrays, chosen, strict=True)]
    there = [each for each in made if each is not None]
    parameters: Parameters = {}
    for each in there:
        parameters |= each.parameters
    tests = sum(len(each.known.seen) for each in there)
    sigma = max((sigma for each in there for sigma in each.sigmas), default=0.0)
    measure = Means(
        periods=setting.periods, looks=looks, speckle=tuple(None if each is None else each.known for each in made)
    )
    law = ExactLaw(draw=DrawnP(max(tests, 1), sigma), parameters=parameters)
    return measure, law, _said([each.factor for each in there if each.factor is not None])


def _measured(array: xr.DataArray, one: ChosenStack, setting: Setting) -> _Measured | None:
    first, second = setting.periods.split(array["time"].values)
    dates = int(first.sum()), int(second.sum())
    if min(dates) == 0:
        return None
    known, laws, ratio = _speckle(array, one, setting.periods, setting.areas.middle_m2, dates)
    parameters: Parameters = {}
    for name in known.seen:
        prefix = f"{one.anchor.id} {name} "
        parameters |= {prefix + key: value for key, value in laws[name].parameters}
    planes = [ratio[one.polarisations.index(name)] for name in known.seen]
    checked = dates[0] >= 2 and bool(known.seen)
    return _Measured(
        known=known,
        parameters=parameters,
        sigmas=tuple(sigma_of(np.where(np.abs(each) < 3.0 * np.nanstd(each), each, np.nan)) for each in planes),
        factor=_factor(array, one, setting, np.flatnonzero(first)) if checked else None,
    )


def _speckle(
    array: xr.DataArray, one: ChosenStack, periods: Periods, pixel_m2: float, dates: tuple[int, int]
) -> tuple[StackSpeckle, dict[str, Speckle], NDArray[np.float32]]:
    """Measure looks on the very ratio that is tested; also the law of every polarisation seen, and that ratio in dB."""
    common = common_mode(array, periods)
    usual = one.anchor.looks or 1.0
    ratio = log_ratio_means(array, periods, usual, common_mode_db=common)["ratio_db"].values
    laws = {
        name: speckle(ratio[plane], one.anchor, one.anchor, pixel_m2, dates=dates)
        for plane, name in enumerate(one.polarisations)
        if np.isfinite(ratio[plane]).any()
    }
    looks = {name: laws[name].after / dates[1] if name in laws else usual for name in one.polarisations}
    return StackSpeckle(common_db=common.values, looks=looks, seen=tuple(laws)), laws, ratio


def _tested(array: xr.DataArray, periods: Periods, known: StackSpeckle) -> xr.Dataset:
    common = xr.DataArray(known.common_db, dims=array.dims[:2])
    return log_ratio_means(array, periods, known.looks, common_mode_db=common)


def _factor(array: xr.DataArray, one: ChosenStack, setting: Setting, before: NDArray[np.intp]) -> float:
    """By what factor the law fires too often between the last look before and the others."""
    times = array["time"].values
    periods = Periods(before=(times[before[0]], times[before[-2]]), after=(times[before[-1]], times[before[-1]]))
    past = array[before]
    known, laws, _ = _speckle(past, one, periods, setting.areas.middle_m2, (before.size - 1, 1))
    return check(_tested(past, periods, known)["p_value"].values, CHECKED_AT) if laws else 1.0


def _said(factors: Sequence[float]) -> tuple[str, ...]:
    if not factors:
        return ("the law of speckle could not be checked: one look before is no past",)
    worst = max(factors)
    if is_valid(worst):
        return (f"between looks before, the law of speckle fired {worst:.1f} times as often as it says",)
    often = f"the law of speckle fired {worst:.1f} times as often as it says, where nothing happened"
    expected = "more" if worst > 1.0 else "fewer"
    return (f"its check failed: between looks before, {often}; expect {expected} false alarms than announced",)


def _nanmean(layers: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    stack = np.asarray(layers, np.float32)
    known = np.isfinite(stack)
    count = known.sum(axis=0)
    total = np.where(known, stack, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)
