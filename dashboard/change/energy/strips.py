"""Strips of rows through the kernels, on several threads: memory is that of the strips under way."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.change.energy import kernels
from dashboard.change.energy.common import CommonMode, between, in_threads
from dashboard.change.energy.options import HALO_PX, Options
from dashboard.change.energy.stacks import Asked

ROWS = 64
"""Rows of a strip: the common mode is laid out once for those of them between two of its nodes."""


def each_strip(height: int, work: Callable[[slice], None], threads: int) -> None:
    """Do the work for strips that cover the rows, on several threads."""
    starts = range(0, height, ROWS)
    in_threads(
        lambda number: work(slice(starts[number], min(starts[number] + ROWS, height))), range(len(starts)), threads
    )


@dataclass(frozen=True, slots=True)
class Series:
    """The dates of one stack that a question is about, and the common mode on its grid, as the kernels want them."""

    stack: Asked
    dates: NDArray[np.int64]
    """Indices before, then those after."""
    first_after: int
    mode: NDArray[np.float32]
    """(polarisation, dates, node row, node column)."""
    rows: tuple[NDArray[np.int64], NDArray[np.float32]]
    """For each row of pixels, the node row above it and the weight of the one below."""
    columns: tuple[NDArray[np.int64], NDArray[np.float32]]
    """The same for columns."""

    @classmethod
    def of(cls, stack: Asked, common: CommonMode, *, after: bool = True) -> "Series":
        """Return the series of the dates before and after, or of those before alone."""
        dates = np.concatenate([stack.before, stack.after]) if after else stack.before
        return cls(
            stack=stack,
            dates=dates,
            first_after=stack.before.size,
            mode=np.ascontiguousarray(common.values[dates].swapaxes(0, 1)),
            rows=between(common.y, stack.y),
            columns=between(common.x, stack.x),
        )

    def moments(self, rows: slice) -> NDArray[np.float32]:
        """Return (polarisation, 5, y, x): counts and means before and after, and squares about both means."""
        stored, top = self.stack.stored(rows)
        out = np.empty((stored.shape[1], 5, rows.stop - rows.start, stored.shape[3]), np.float32)
        weights = self.rows[0][rows], self.rows[1][rows]
        exponent = self.stack.exponent
        kernels.moments(stored, exponent, top, self.dates, self.first_after, self.mode, weights, self.columns, out)
        return out

    def all_moments(self) -> NDArray[np.float32]:
        """Return the moments of every row at once; for samples."""
        return self.moments(slice(0, self.stack.y.size))


def smoothed(
    energy: NDArray[np.float32], options: Options, threads: int, out: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Return the energy smoothed by a Gaussian over what was observed; what was not stays NaN. `out` is for it."""
    out = np.empty_like(energy) if out is None else out
    reach = HALO_PX(options)
    if not reach:
        out[:] = energy
        return out
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / options.smooth_px) ** 2)
    taps = (taps / taps.sum()).astype(np.float32)
    each_strip(energy.shape[0], lambda rows: kernels.smooth(energy, taps, rows.start, out[rows]), threads)
    return out
