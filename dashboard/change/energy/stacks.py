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

    power: NDArray[Any]
    """(time, polarisation, y, x) linear power, read only, all dates of the stack."""
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

    def bits(self, rows: slice) -> tuple[NDArray[np.int32], int]:
        """Return power as bits and the number of the first row: the whole, or a copy of the strip where it must be."""
        whole = self.power.dtype == np.float32 and self.power.flags.c_contiguous
        part = self.power if whole else np.ascontiguousarray(self.power[:, :, rows], np.float32)
        view = part.view(np.int32)
        view.flags.writeable = False
        return view, rows.start if whole else 0


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
        power = stack.values.view()
        power.flags.writeable = False
        names = tuple(str(name) for name in stack["polarisation"].values)
        y, x = map_coordinates(stack)
        found.append(
            Asked(
                power=power,
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
