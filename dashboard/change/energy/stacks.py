"""The stacks of one question, checked once at the door."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from dashboard.change.periods import Periods
from dashboard.model.errors import GridMismatchError, InputError

DIMS = ("time", "polarisation", "y", "x")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The dates of one stack that a question is about."""

    values: NDArray[Any]
    """(time, polarisation, y, x), read only, all dates of the stack: linear power, or amplitude they
    are uint16; 0 is then what was not observed."""
    y: NDArray[np.float64]
    """Map coordinates of the rows' centres; their numbers where the array has none."""
    x: NDArray[np.float64]
    """The same for columns."""
    before: NDArray[np.int64]
    """Indices of the dates before, ascending."""
    after: NDArray[np.int64]
    """Indices of the dates after, ascending."""
    polarisations: tuple[str, ...]
    times: NDArray[np.datetime64]

    @property
    def exponent(self) -> float:
        """That makes power of a value: 2 of amplitude. A scale drops out of every comparison, so none is undone."""
        return 2.0 if self.values.dtype == np.uint16 else 1.0

    @property
    def power(self) -> NDArray[np.float32]:
        """Linear power up to a scale, NaN or 0 where not observed, in order in memory, read only."""
        power = np.ascontiguousarray(in_power(self.values)).view()
        power.flags.writeable = False
        return power

    def stored(self, rows: slice) -> tuple[NDArray[Any], int]:
        """Return values for the kernels and the number of the first row: the whole, or a copy of the strip if needed.

        Kernels take float32 and uint16, in order in memory.
        """
        kind = np.uint16 if self.exponent > 1.0 else np.float32
        whole = self.values.dtype == kind and self.values.flags.c_contiguous
        part = self.values.view() if whole else np.ascontiguousarray(self.values[:, :, rows], kind)
        part.flags.writeable = False
        return part, rows.start if whole else 0


def in_power(values: NDArray[Any]) -> NDArray[np.float32]:
    """Return what a stack holds as linear power: amplitudes (uint16) squared, 0 where not observed."""
    plain = np.asarray(values, np.float32)
    return np.square(plain) if values.dtype == np.uint16 else plain


def asked(stacks: Sequence[xr.DataArray], periods: Periods) -> tuple[Asked, ...]:
    """Return every stack's array and dates.

    Raises
    ------
    InputError
        If there is no stack, one has other dimensions than (time, polarisation, y, x), or its times do not rise.
    GridMismatchError
        If the stacks do not share y and x.
    """
    if not stacks:
        raise InputError("No stack was given; change is searched in one at least.")
    found = []
    for stack in stacks:
        if stack.dims != DIMS:
            raise InputError(f"A stack has the dimensions {stack.dims}; it needs {DIMS}: transpose it.")
        times = np.asarray(stack["time"].values, "datetime64[ns]")
        if not (np.diff(times) > np.timedelta64(0)).all():
            raise InputError("The times of a stack do not rise strictly; sort its dates and merge those of one pass.")
        before, after = periods.split(times)
        values = stack.values.view()
        values.flags.writeable = False
        names = tuple(str(name) for name in stack["polarisation"].values)
        y, x = map_coordinates(stack)
        found.append(
            Asked(
                values=values,
                y=y,
                x=x,
                before=np.flatnonzero(before),
                after=np.flatnonzero(after),
                polarisations=names,
                times=times,
            )
        )
    _one_grid(stacks)
    return tuple(found)


def map_coordinates(stack: xr.DataArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return y and x of the pixels' centres; their numbers where the array has no coordinates."""
    y, x = (stack[name].values if name in stack.coords else np.arange(stack.sizes[name]) for name in ("y", "x"))
    return np.asarray(y, np.float64), np.asarray(x, np.float64)


def _one_grid(stacks: Sequence[xr.DataArray]) -> None:
    first = map_coordinates(stacks[0])
    for stack in stacks[1:]:
        other = map_coordinates(stack)
        if any(
            a.shape != b.shape or not np.allclose(a, b, rtol=0, atol=1e-6) for a, b in zip(first, other, strict=True)
        ):
            sizes = [tuple(each.shape[2:]) for each in (stacks[0], stack)]
            raise GridMismatchError(f"Two stacks lie on different grids of {sizes} pixels; read all on one grid.")
