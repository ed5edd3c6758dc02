"""The energy of change between two periods: the default statistic."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from dashboard.change.energy import kernels
from dashboard.change.energy.options import FEWEST_BEFORE, Options
from dashboard.change.energy.reference import Reference, fitting, variance_of
from dashboard.change.energy.reference import reference as measured
from dashboard.change.energy.stacks import Asked, asked
from dashboard.change.energy.strips import Series, each_strip, smoothed
from dashboard.change.periods import Periods

_DECIBELS = 10.0 / np.log(10.0)


def change_tstat(
    stacks: Sequence[xr.DataArray],
    periods: Periods,
    *,
    reference: Reference | None = None,
    options: Options = Options(),  # noqa: B008 -- frozen
    threads: int | None = None,
) -> xr.Dataset:
    """Return how much two periods differ, pixel by pixel, in units of what they differ by chance.

    Of each stack and polarisation, ln power with the common mode out has means m1, m2 of n1 looks before and n2 after,
    and squares q about them. Its variance is moderated by the scene's, s^2 = (d0 s0^2 + q) / nu with nu = d0 + n1 +
    n2 - 2, so that few looks do not make small variances by chance. t^2 = (m2 - m1)^2 n1 n2 / (n1 + n2) / s^2 over its
    mean under no change, nu / (nu - 2), is averaged over all stacks and polarisations that say something: squares, so
    that walls that brighten and roofs that darken add up. The energy is then smoothed over one resolution cell.

    Parameters
    ----------
    stacks
        (time, polarisation, y, x), one array a stack on one grid: linear power, NaN where not observed, or amplitude
        as uint16 on any scale, 0 where not observed. Dates and polarisations may differ between stacks, and any pixel
        may lack any date.
    periods
        When the ground was as before, and when it may have changed.
    reference
        What the whole scene says; measured on the stacks themselves if not given. Tiles must be given the whole's.
    options
        The same that the reference was measured with.
    threads
        How many to use; None for as many as there are cores.

    Returns
    -------
    xr.Dataset
        ``energy`` (y, x) float32, 1 on average where nothing changed, NaN where no stack has a look after and three
        before. ``step_db`` (polarisation, y, x) float32, mean after - mean before with the common mode out, stacks
        weighted by n1 n2 / (n1 + n2). ``looks_before``, ``looks_after`` (y, x) int16, of the polarisation with the
        most, summed over stacks. ``level`` (y, x) float32, mean ln power before over stacks and polarisations, on the
        scale of the values: what `brightness` takes. ``stack_energy`` (stack, y, x) float32, each stack alone,
        smoothed in the same way.

    Raises
    ------
    InputError
        If a stack has other dimensions, its times do not rise, or the reference does not know it.
    GridMismatchError
        If the stacks do not share a grid.

    References
    ----------
    G. K. Smyth, "Linear models and empirical Bayes methods for assessing differential expression in microarray
    experiments", Statistical Applications in Genetics and Molecular Biology 3(1), 2004: the moderated t.
    O. Ballinger, "Open access battle damage detection via pixel-wise t-test on Sentinel-1 imagery", 2024: the t-test
    of ln backscatter before and after.
    """
    threads = threads or os.cpu_count() or 1
    reference = measured(stacks, periods, options, threads=threads) if reference is None else reference
    dates = asked(stacks, periods)
    sums = _Sums.of(dates)
    alone = np.empty((len(dates), *sums.sums.shape[1:]), np.float32)
    for index, each in enumerate(dates):
        series = Series.of(each, fitting(reference, index, stacks[index]))
        own = sums.add(series, variance_of(reference, index, each), options, threads)
        smoothed(own, options, threads, alone[index])
    energy = alone[0] if len(dates) == 1 else smoothed(sums.mean(threads), options, threads)
    found = _dataset(stacks[0], sums, energy, alone, sums.step_db(threads))
    return found.assign(level=(("y", "x"), sums.level(threads), {"long_name": "mean ln power before"}))


@dataclass(frozen=True, slots=True)
class _Sums:
    """What adds up over stacks."""

    names: tuple[str, ...]
    """Polarisations of any stack."""
    sums: NDArray[np.float32]
    """Of moderated t^2 over its mean and of mean ln power before, each followed by how many, (4, y, x)."""
    steps: NDArray[np.float32]
    """(polarisation, 2, y, x): sums of weighted steps in nepers, and of their weights."""
    looks: NDArray[np.int16]
    """Before and after, (2, y, x)."""

    @classmethod
    def of(cls, dates: Sequence[Asked]) -> "_Sums":
        names = tuple(dict.fromkeys(name for each in dates for name in each.polarisations))
        shape = dates[0].y.size, dates[0].x.size
        return cls(
            names,
            np.zeros((4, *shape), np.float32),
            np.zeros((len(names), 2, *shape), np.float32),
            np.zeros((2, *shape), np.int16),
        )

    def add(self, series: Series, variance: NDArray[np.float32], options: Options, threads: int) -> NDArray[np.float32]:
        """Add one stack; return its own energy (y, x), not smoothed."""
        height, width = series.stack.y.size, series.stack.x.size
        own = np.empty((height, width), np.float32)
        planes = np.array([self.names.index(name) for name in series.stack.polarisations])

        prior = options.prior_dof, float(FEWEST_BEFORE)

        def work(rows: slice) -> None:
            part = series.moments(rows)
            kernels.add_energy(
                part, rows.start, prior, variance, planes, own, self.sums, self.steps, self.looks
            )  # fmt: skip

        each_strip(height, work, threads)
        return own

    def mean(self, threads: int) -> NDArray[np.float32]:
        """Return the energy of all stacks together, not smoothed."""
        return self._mean(0, threads)

    def level(self, threads: int) -> NDArray[np.float32]:
        """Return the mean ln power before (y, x), over polarisations and stacks with looks enough; NaN without any."""
        return self._mean(2, threads)

    def _mean(self, plane: int, threads: int) -> NDArray[np.float32]:
        found = np.empty(self.sums.shape[1:], np.float32)

        def work(rows: slice) -> None:
            kernels.mean_rows(self.sums[plane], self.sums[plane + 1], (rows.start, rows.stop), found)

        each_strip(self.sums.shape[1], work, threads)
        return found

    def step_db(self, threads: int) -> NDArray[np.float32]:
        """Return the mean step (polarisation, y, x), NaN where no stack looked both before and after."""
        found = np.empty((len(self.names), *self.sums.shape[1:]), np.float32)

        def work(rows: slice) -> None:
            kernels.mean_steps(self.steps, (rows.start, rows.stop), _DECIBELS, found)

        each_strip(found.shape[1], work, threads)
        return found


def _dataset(
    first: xr.DataArray, sums: _Sums, energy: NDArray[np.float32], alone: NDArray[np.float32], step: NDArray[np.float32]
) -> xr.Dataset:
    plane = ("y", "x")
    before, after = sums.looks
    return xr.Dataset(
        {
            "energy": (plane, energy, {"long_name": "moderated t squared over its mean under no change"}),
            "step_db": (("polarisation", *plane), step, {"units": "dB", "long_name": "after - before"}),
            "looks_before": (plane, before),
            "looks_after": (plane, after),
            "stack_energy": (("stack", *plane), alone, {"long_name": "energy of each stack alone"}),
        },
        coords={
            "polarisation": list(sums.names),
            **{name: first[name] for name in plane if name in first.coords},
        },
    )
