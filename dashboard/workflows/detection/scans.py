"""Methods that look at every instant of a series: the change-point scan and the sequential omnibus test."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from dashboard.change.energy import HALO_PX, Options, Reference
from dashboard.change.omnibus import sequential_omnibus
from dashboard.change.periods import Periods
from dashboard.change.points import change_point
from dashboard.workflows.detection.measures import Field, Seen

_ANY_ENERGY = 1e-6
"""Gate that every pixel passes: the best instant of each is wanted, however faint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """The energy of the likeliest instant of a change of level, where that lies after the first period."""

    periods: Periods
    options: Options
    reference: Reference
    looks: tuple[int, int]

    @property
    def halo(self) -> int:
        """Pixels that the scan of one change reaches."""
        return 2 * HALO_PX(self.options)

    @property
    def spread_px(self) -> float:
        """Sigma of the smoothing."""
        return self.options.smooth_px

    def see(self, arrays: Sequence[xr.DataArray]) -> Seen:
        """Answer the question: stacks add up, as they are independent."""
        fields, steps = [], []
        for number, array in enumerate(arrays):
            field, step = self._scanned(array, number, np.ones(array.sizes["time"], bool))
            fields.append(field)
            steps.append(step)
        return seen_of(arrays, self.periods, fields, steps)

    def placebos(self, arrays: Sequence[xr.DataArray], most: int) -> Iterator[tuple[int, Field]]:  # noqa: ARG002
        """Scan the looks before alone: one pseudo-event, in which any instant counts."""
        fields = []
        for number, array in enumerate(arrays):
            before, _ = self.periods.split(array["time"].values)
            fields.append(self._scanned(array, number, before, anywhere=True)[0])
        yield 0, total(fields)

    def strata(self, arrays: Sequence[xr.DataArray]) -> NDArray[np.uint8]:
        """Return one stratum: the scan has one measure of chance."""
        return np.zeros(arrays[0].shape[2:], np.uint8)

    def _scanned(
        self, array: xr.DataArray, number: int, dates: NDArray[np.bool_], *, anywhere: bool = False
    ) -> tuple[Field, xr.DataArray]:
        part = chosen_dates(array, dates)
        only = self.reference.only(number)
        found = change_point(part, reference=only, options=self.options, most=1, gate=_ANY_ENERGY)
        index, energy = found["index"].values[0], found["energy"].values[0]
        late = anywhere | (part["time"].values[np.maximum(index, 0)] > self.periods.before[1])
        field = np.where((index >= 0) & late, np.nan_to_num(energy), 0.0)
        field = np.where(np.isfinite(found["peak"].values), field, np.nan).astype(np.float32)
        if not anywhere:
            field = np.where(both(array, self.periods), field, np.nan).astype(np.float32)
        return field, found["step_db"][0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequential:
    """-log10 of the omnibus p-value of no change at all, where the sequence puts a change after the first period."""

    periods: Periods
    looks: tuple[int, int]
    looks_each: tuple[Mapping[str, float], ...]
    """Equivalent looks of one date, stack by stack and polarisation by polarisation."""
    far: float

    @property
    def halo(self) -> int:
        """Pixels are tested one by one."""
        return 0

    @property
    def spread_px(self) -> float:
        """Nothing is smoothed."""
        return 0.0

    def see(self, arrays: Sequence[xr.DataArray]) -> Seen:
        """Answer the question; of several stacks the one that says most counts, corrected for their number."""
        fields = [
            self._tested(array, number, np.ones(array.sizes["time"], bool)) for number, array in enumerate(arrays)
        ]
        steps = [steps_of(array, self.periods) for array in arrays]
        return seen_of(arrays, self.periods, fields, steps, together=_best)

    def placebos(self, arrays: Sequence[xr.DataArray], most: int) -> Iterator[tuple[int, Field]]:  # noqa: ARG002
        """Test the looks before alone."""
        fields = []
        for number, array in enumerate(arrays):
            before, _ = self.periods.split(array["time"].values)
            fields.append(self._tested(array, number, before, anywhere=True))
        yield 0, _best(fields)

    def strata(self, arrays: Sequence[xr.DataArray]) -> NDArray[np.uint8]:
        """Return one stratum: the law is the same everywhere."""
        return np.zeros(arrays[0].shape[2:], np.uint8)

    def _tested(self, array: xr.DataArray, number: int, dates: NDArray[np.bool_], *, anywhere: bool = False) -> Field:
        part = chosen_dates(array, dates)
        found = sequential_omnibus(part, self.looks_each[number], far=self.far, threads=2)
        last = found["last"].values
        late = anywhere | (part["time"].values[np.maximum(last, 0)] > self.periods.before[1])
        with np.errstate(divide="ignore"):
            surprise = -np.log10(np.maximum(found["p_value"].values, 1e-300))
        field = np.where((last >= 0) & late, surprise, 0.0)
        known = np.isfinite(found["p_value"].values) & (anywhere | both(array, self.periods))
        return np.where(known, field, np.nan).astype(np.float32)


def seen_of(
    arrays: Sequence[xr.DataArray],
    periods: Periods,
    fields: Sequence[Field],
    steps: Sequence[xr.DataArray],
    *,
    together: object = None,
) -> Seen:
    """Return an answer from the fields and steps of every stack."""
    looks = sum((valid_looks(array, periods) for array in arrays[1:]), valid_looks(arrays[0], periods))
    names = list(dict.fromkeys(str(name) for step in steps for name in step["polarisation"].values))
    planes = []
    for name in names:
        each = [step.sel(polarisation=name).values for step in steps if name in step["polarisation"].values]
        planes.append(_mean(each))
    join = together if callable(together) else total
    return Seen(
        field=join(fields),
        step_db=xr.DataArray(np.stack(planes), dims=("polarisation", "y", "x"), coords={"polarisation": names}),
        looks_before=looks[0],
        looks_after=looks[1],
        stack_fields=np.stack(list(fields)),
    )


def chosen_dates(array: xr.DataArray, dates: NDArray[np.bool_]) -> xr.DataArray:
    """Return some dates of a stack; the stack itself, not a copy, where that is all of them."""
    return array if dates.all() else array[dates]


def valid_looks(array: xr.DataArray, periods: Periods) -> NDArray[np.int16]:
    """(2, y, x): valid looks before and after, counted date by date: a mask of all dates would be a quarter more."""
    counts = np.zeros((2, *array.shape[2:]), np.int16)
    power = array.values
    for count, chosen in zip(counts, periods.split(array["time"].values), strict=True):
        for date in np.flatnonzero(chosen):
            np.add(count, np.isfinite(power[date]).any(axis=0), out=count)
    return counts


def both(array: xr.DataArray, periods: Periods) -> NDArray[np.bool_]:
    """(y, x): where a stack has a valid look before and one after."""
    before, after = valid_looks(array, periods)
    return np.asarray((before > 0) & (after > 0))


def total(fields: Sequence[Field]) -> Field:
    """Sum of what is known; NaN where nothing is."""
    stack = np.stack(list(fields))
    known = np.isfinite(stack)
    return np.where(known.any(axis=0), np.where(known, stack, 0.0).sum(axis=0), np.nan).astype(np.float32)


def _best(fields: Sequence[Field]) -> Field:
    """The most surprising stack, its p-value taken as often as there are stacks (C. E. Bonferroni 1936)."""
    stack = np.stack(list(fields))
    known = np.isfinite(stack)
    highest = np.where(known, stack, -np.inf).max(axis=0)
    corrected = np.maximum(highest - np.log10(np.maximum(known.sum(axis=0), 1)), 0.0)
    return np.where(known.any(axis=0), corrected, np.nan).astype(np.float32)


def steps_of(array: xr.DataArray, periods: Periods) -> xr.DataArray:
    """Mean after minus mean before, dB, as it was observed."""
    power = array.values
    before, after = (
        _mean(power[date] for date in np.flatnonzero(mask)) for mask in periods.split(array["time"].values)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        step = (10.0 * np.log10(after / before)).astype(np.float32)
    names = [str(name) for name in array["polarisation"].values]
    step = np.where(np.isfinite(step), step, np.nan)
    return xr.DataArray(step, dims=("polarisation", "y", "x"), coords={"polarisation": names})


def _mean(layers: Iterable[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Mean of what is known, layer by layer: memory is that of one."""
    every = iter(layers)
    summed = next(every)
    known = np.isfinite(summed)
    summed, count = np.where(known, summed, np.float32(0)), known.astype(np.int16)
    for layer in every:
        known = np.isfinite(layer)
        np.add(summed, layer, out=summed, where=known)
        count += known
    return np.where(count > 0, summed / np.maximum(count, 1), np.nan).astype(np.float32)
