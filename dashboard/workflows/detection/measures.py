"""Statistics of change as a detection needs them: what was seen, and the same for pseudo-events in the past."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from dashboard.change.energy import HALO_PX, Options, Reference, brightness, change_tstat, placebo_energies, stratum
from dashboard.change.periods import Periods

Field = NDArray[np.float32]
"""(y, x): the higher, the less likely by chance; NaN where not observed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """What a statistic says of a question."""

    field: Field
    step_db: xr.DataArray
    """(polarisation, y, x) mean after minus mean before."""
    looks_before: NDArray[np.int16]
    """(y, x) valid looks, summed over stacks."""
    looks_after: NDArray[np.int16]
    stack_fields: NDArray[np.float32]
    """(stack, y, x): each stack alone."""
    strata: NDArray[np.uint8] | None = None
    """(y, x) of `Measure.strata`, where the answer tells them by the way."""


class Measure(Protocol):
    """One statistic for one question; what it needs of the whole scene is in it, so it may be given any part."""

    @property
    def halo(self) -> int:
        """Pixels beyond a part's border that its values depend on."""

    @property
    def spread_px(self) -> float:
        """Sigma of the Gauss that makes neighbouring values as alike as they are."""

    @property
    def looks(self) -> tuple[int, int]:
        """Looks before and after of the stack with most."""

    def see(self, arrays: Sequence[xr.DataArray]) -> Seen:
        """Answer the question."""

    def placebos(self, arrays: Sequence[xr.DataArray], most: int) -> Iterator[tuple[int, Field]]:
        """Answer it for pseudo-events among the dates before."""

    def strata(self, arrays: Sequence[xr.DataArray]) -> NDArray[np.uint8]:
        """Return the class (y, x) of ground within which chance is alike."""


VARIABILITY_CLASSES = 3
"""That `stratum` tells apart in each class of brightness."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TStat:
    """The energy of moderated t over whole stacks, the default."""

    periods: Periods
    options: Options
    reference: Reference
    looks: tuple[int, int]

    @property
    def halo(self) -> int:
        """Pixels that the smoothing reaches."""
        return HALO_PX(self.options)

    @property
    def spread_px(self) -> float:
        """Sigma of the smoothing."""
        return self.options.smooth_px

    def see(self, arrays: Sequence[xr.DataArray]) -> Seen:
        """Answer the question."""
        found = change_tstat(arrays, self.periods, reference=self.reference, options=self.options)
        return Seen(
            field=found["energy"].values,
            step_db=found["step_db"],
            looks_before=found["looks_before"].values,
            looks_after=found["looks_after"].values,
            stack_fields=found["stack_energy"].values,
            strata=brightness(found["level"].values, self.reference),
        )

    def placebos(self, arrays: Sequence[xr.DataArray], most: int) -> Iterator[tuple[int, Field]]:
        """Answer it for pseudo-events."""
        return placebo_energies(arrays, self.periods, reference=self.reference, options=self.options, most=most)

    def strata(self, arrays: Sequence[xr.DataArray]) -> NDArray[np.uint8]:
        """Return classes of brightness.

        Not of variability: a date that is unlike the others makes its pixels look variable. Pseudo-events, whose dates
        are among those, would then be compared with such pixels alone, and the question, whose dates are not, would
        pass thresholds that are too low.
        """
        every = stratum(arrays, self.periods, reference=self.reference, options=self.options)
        return np.asarray(every // VARIABILITY_CLASSES, np.uint8)


def lead_looks(arrays: Sequence[xr.DataArray], periods: Periods) -> tuple[int, int]:
    """Return how many looks before and after the stack with most pseudo-events has."""
    counts = [tuple(int(mask.sum()) for mask in periods.split(each["time"].values)) for each in arrays]
    before, after = max(counts, key=lambda each: (each[0] - each[1] if each[1] else -1, each))
    return before, after
