"""Coverage: how often ground was looked at, by whom, how long ago and how late that was known."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from dashboard.model.errors import InputError
from dashboard.model.handling import Handling

Box = tuple[float, float, float, float]
"""(west, south, east, north), degrees; west > east crosses the antimeridian."""


class Measure(StrEnum):
    """What the coverage layer of the map shows."""

    LOOKS = "looks"
    """How many looks."""
    AGE = "age"
    """Time since the last look."""
    GAP = "gap"
    """Longest time from one look to the next."""
    PROVIDERS = "providers"
    """How many constellations looked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which looks count. A look is one pass of one platform over a place, in however many products it was delivered."""

    start: datetime | None = None
    """Looks that began earlier do not count; None: since ever."""
    end: datetime | None = None
    """Looks that began later do not count; None: until the moment of `as_of`."""
    known_at: datetime | None = None
    """Products that arrived later do not count; None: what is known now."""
    constellations: tuple[str, ...] = ()
    """Empty means all."""

    def __post_init__(self) -> None:
        if self.start is not None and self.end is not None and not self.start < self.end:
            msg = f"The period ends ({self.end}) before it begins ({self.start}); exchange them."
            raise InputError(msg)

    def as_of(self, now: datetime) -> datetime:
        """Return the moment from which the age of a look is counted: the earliest of now, the end, and `known_at`."""
        return min(moment for moment in (now, self.end, self.known_at) if moment is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """How long after sensing looks arrived. One whose products do not state it is counted apart, never guessed."""

    stated: int
    """Looks whose arrival is stated."""
    not_stated: int
    median_s: float | None
    """None when none is stated; likewise below."""
    p90_s: float | None
    """90 % arrived within this time (linear interpolation between the two nearest)."""
    worst_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Strip:
    """The looks of a provider in order of time, for the picture of looks over time."""

    starts_s: NDArray[np.float64]
    """(looks,) when each began, seconds since 1970."""
    delays_s: NDArray[np.float64]
    """(looks,) how long after that it arrived; not a number where that is not stated."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProviderCoverage:
    """What one provider, or all together, saw of an area."""

    provider: str
    """Constellation; empty for all together."""
    looks: int
    products: int
    """Acquisitions: one look may be delivered in several."""
    with_pixels: int
    """Products that can be drawn here."""
    first: datetime | None
    last: datetime | None
    """When the first and the last look began; None where there is none."""
    age_s: float | None
    """From the last look to the moment that the coverage is of."""
    gap_s: float | None
    """Longest time from one look over any part of the area to the next; None below two looks."""
    gap_from: datetime | None
    """When that gap began."""
    revisit_s: float | None
    """Median time from one look to the next; None below two looks."""
    delay: Delay
    share: float
    """Of the area that was seen at least once, 0 to 1, by ground area."""
    strip: Strip

    @property
    def known_only(self) -> int:
        """Products that are known and have no pixels here."""
        return self.products - self.with_pixels


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Coverage:
    """Who looked at an area, how much and how late."""

    bbox: Box
    start: datetime | None
    """The period that was asked for; None: since ever."""
    as_of: datetime
    """Its end, and what ages are counted from."""
    rows: tuple[ProviderCoverage, ...]
    """In order of name; those without a look in the period are left out."""
    total: ProviderCoverage
    """All together; its share is of ground seen by anybody."""
    handling: Handling
    """The strictest of all products that it is made from."""
    optical: int
    """Visible-band acquisitions in the same area and period: not counted anywhere else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Who looked at one point."""

    lon: float
    lat: float
    as_of: datetime
    looks: int
    by_provider: tuple[tuple[str, int], ...]
    """(constellation, looks), most first."""
    last: datetime | None
    last_by: str
    """Platform, else constellation, of the last look; empty where there is none."""
    gap_s: float | None
    """Longest time from one look to the next; None below two looks."""
    gap_from: datetime | None
