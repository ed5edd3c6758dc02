"""How rare an energy is when nothing happened: counted in pseudo-events inside the user's own quiet dates."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.change.tail import Survival, survival
from dashboard.model.errors import InputError

ENOUGH_IN_STRATUM = 100_000
"""Samples from which a stratum speaks for itself; with fewer, the whole scene speaks for it."""
ENOUGH_EXCEEDING = 10.0
"""Independent samples beyond a threshold from which its rate is measured rather than prolonged."""
WITHIN = 2.0
"""A law holds when its rates on pseudo-events are within this factor of the nominal ones."""
STRATA = 9
_LOWEST, _HIGHEST = -5, 15
_PER_OCTAVE = 64
_MANTISSA_BITS = 23 - 6
BINS = _PER_OCTAVE * (_HIGHEST - _LOWEST) + 2
"""One below 2**-5, one at 2**15 and above, and between them 64 for each doubling: steps of 1.6 % at most."""
_STEP = np.arange(BINS - 1)
EDGES = np.append(0.0, 2.0 ** (_STEP // _PER_OCTAVE + _LOWEST) * (1.0 + _STEP % _PER_OCTAVE / _PER_OCTAVE))
"""Lower edge of every bin, (BINS,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Placebo energies as a histogram: a few kilobytes whatever the ground, and the sum of two is that of both."""

    table: NDArray[np.int64]
    """(stratum, bin); the strata of a scene, or one."""

    @classmethod
    def of(cls, energy: NDArray[np.floating], stratum: NDArray[np.uint8] | None = None) -> "Counts":
        """Count the energies of one pseudo-event; what was not observed (NaN) does not count.

        Raises
        ------
        InputError
            If the strata are not on the grid of the energies.
        """
        flat = np.asarray(energy, np.float32).reshape(-1)
        seen = ~np.isnan(flat)
        bins = bin_of(flat[seen])
        if stratum is None:
            return cls(np.bincount(bins, minlength=BINS).astype(np.int64)[None])
        if np.shape(stratum) != np.shape(energy):
            raise InputError(f"Strata are {np.shape(stratum)} and energies {np.shape(energy)} pixels; use one grid.")
        which = np.asarray(stratum).reshape(-1)[seen].astype(np.int64)
        if which.size and which.max() >= STRATA:
            raise InputError(f"A pixel is of stratum {which.max()}; there are {STRATA}, from 0.")
        table = np.bincount(which * BINS + bins, minlength=STRATA * BINS)
        return cls(table.astype(np.int64).reshape(STRATA, BINS))

    def __add__(self, other: "Counts") -> "Counts":
        """Return the counts of both; unstratified counts only add to unstratified ones."""
        if self.table.shape != other.table.shape:
            raise InputError(f"{len(self.table)} strata cannot be added to {len(other.table)}; count both alike.")
        return Counts(self.table + other.table)

    @property
    def samples(self) -> int:
        """Pixels times pseudo-events."""
        return int(self.table.sum())


def bin_of(energy: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the bin of every energy, of any shape; none may be NaN.

    The first bits of a float are its octave and the 64th part of it, so there is no logarithm to take.
    """
    bits = np.maximum(np.ascontiguousarray(energy, np.float32), np.float32(0.0)).view(np.int32)
    place = (bits >> _MANTISSA_BITS) - np.int32((127 + _LOWEST) * _PER_OCTAVE)
    return np.asarray(np.clip(place, -1, BINS - 2), np.int64) + 1


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """P-values and thresholds of an energy, from what it did when nothing happened."""

    counts: Counts
    windows: int
    """Pseudo-events counted."""
    independent: float
    """Samples without common dates or pixels that all the counted ones are worth."""
    whole: Survival
    strata: tuple[Survival | None, ...]
    """None where a stratum has too few samples."""

    @classmethod
    def of(cls, counts: Counts, windows: int, *, independent: float | None = None) -> "Calibration":
        """Calibrate on the counts of so many pseudo-events.

        Parameters
        ----------
        counts
            Of all pseudo-events together.
        windows
            How many they were.
        independent
            `independent_samples`: p-values are those of so many; without it all are taken as independent.

        Raises
        ------
        InputError
            If nothing was counted.
        """
        own = counts.table if len(counts.table) > 1 else ()
        apart = float(counts.samples if independent is None else min(independent, counts.samples))
        worth = apart / max(counts.samples, 1)
        return cls(
            counts=counts,
            windows=windows,
            independent=apart,
            whole=survival(counts.table.sum(axis=0), EDGES, worth=worth),
            strata=tuple(survival(row, EDGES, worth=worth) if row.sum() >= ENOUGH_IN_STRATUM else None for row in own),
        )

    @property
    def samples(self) -> int:
        """Pixels times pseudo-events."""
        return self.counts.samples

    @property
    def smallest_rate(self) -> float:
        """Smallest false-alarm rate that was measured; below it the threshold is a prolonged tail."""
        return min(1.0, ENOUGH_EXCEEDING / max(self.independent, 1.0))

    def p(self, energy: NDArray[np.floating], stratum: NDArray[np.uint8] | None = None) -> NDArray[np.float64]:
        """Return the p-value of every energy, in its own stratum where that was counted enough; NaN for NaN."""
        if stratum is None or not self.strata:
            return self.whole.p(energy)
        found = np.empty(np.shape(energy))
        values = np.asarray(energy)
        for number, own in enumerate(self.strata):
            here = np.asarray(stratum) == number
            found[here] = (own or self.whole).p(values[here])
        return found

    def threshold(self, far: float) -> float:
        """Return the energy that a share `far` of pixels reach when nothing happened.

        Raises
        ------
        InputError
            If `far` is not between 0 and 1.
        """
        if not 0.0 < far < 1.0:
            raise InputError(f"The false-alarm rate is {far:g}; give a share above 0 and below 1, such as 0.001.")
        return float(self.whole.energy(np.array(far)))

    def evened(self, energy: NDArray[np.floating], stratum: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return energies as rare in the whole scene as each is in its own stratum, so that one threshold suits all.

        Beyond the last `tail.TOP` samples of a stratum the correction stays what it is there: prolonged tails are not
        compared with one another.
        """
        even = np.array(energy, np.float32)
        for number, own in enumerate(self.strata):
            if own is not None:
                here = np.asarray(stratum) == number
                even[here] = _evened(even[here], own, self.whole)
        return even


def _evened(energy: NDArray[np.float32], own: Survival, whole: Survival) -> NDArray[np.float64]:
    counted = np.minimum(np.asarray(energy, np.float64), own.start)
    there = whole.energy(own.p(counted))
    beyond = np.maximum(np.asarray(energy, np.float64) / own.start, 1.0)
    return np.where(np.isnan(energy), np.nan, there * beyond)


def independent_windows(count_before: int, count_after: int) -> float:
    """Return how many pseudo-events of `count_after` dates without a common date fit into `count_before`."""
    return max(count_before / max(count_after, 1), 1.0)


def independent_samples(samples: int, windows: int, *, worth: float, smooth_px: float) -> float:
    """Return the samples without common dates or pixels that overlapping windows of a smoothed energy are worth.

    Parameters
    ----------
    samples
        Pixels times windows.
    windows
        Pseudo-events counted.
    worth
        How many of them have no common date: `independent_windows`.
    smooth_px
        Width (sigma) of the Gauss that smoothed the energy; one independent value takes ``4 pi sigma^2`` pixels.
    """
    per_value = max(4.0 * np.pi * smooth_px**2, 1.0)
    return samples / max(windows, 1) * min(worth, windows) / per_value


def check(p_values: NDArray[np.floating], nominal: float) -> float:
    """Return by what factor p-values of a pseudo-event fall below `nominal` more often than they should.

    This is the built-in check of a theory: it may speak only where the factor `is_valid`.

    Raises
    ------
    InputError
        If `nominal` is not between 0 and 1 or no p-value is known.
    """
    known = np.asarray(p_values)[np.isfinite(p_values)]
    if not 0.0 < nominal < 1.0 or not known.size:
        raise InputError(f"{known.size} p-values cannot be held against a rate of {nominal:g}; give some, and 0 to 1.")
    return float(np.mean(known <= nominal) / nominal)


def is_valid(factor: float) -> bool:
    """Return whether a theory with this factor between got and asked rate may be used."""
    return 1.0 / WITHIN <= factor <= WITHIN
