"""Detected changes and the run that found them."""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import inf

from shapely.geometry.base import BaseGeometry

from dashboard.model.errors import InputError
from dashboard.model.handling import UNMARKED, Handling

USUAL_FALSE_PER_100KM2 = 5.0
"""Expected false polygons in 100 km2 at the threshold that a run is first shown with."""


class ChangeSign(StrEnum):
    """Direction of a change of backscatter."""

    BRIGHTER = "brighter"
    DARKER = "darker"
    MIXED = "mixed"


class ChangeStatus(StrEnum):
    """How many looks bear a change out, after the first that showed it."""

    FIRST = "first"
    """One look shows it."""
    PROVISIONAL = "provisional"
    """Two looks show it."""
    CONFIRMED = "confirmed"
    """Three looks or more show it, and most of those since it began."""
    ENDED = "ended"
    """It was there, and the latest looks are as before it."""


class Basis(StrEnum):
    """What a false-alarm figure rests on."""

    THEORY = "theory"
    """The law of the statistic; its built-in check held, or could not be made (a remark says which)."""
    PLACEBO = "placebo"
    """Pseudo-events in the user's own dates before the event."""
    STATED = "stated"
    """Another producer's own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """Expected false polygons at each score: what stands beside the threshold slider."""

    scores: tuple[float, ...]
    """Ascending, at least one."""
    per_100km2: tuple[float, ...]
    """Expected false polygons with at least that score in 100 km2 of observed ground; never rising."""
    windows: int
    """Pseudo-events that were searched; 0 when the figure comes from simulated speckle."""
    area_km2: float
    """Ground searched in each."""

    def __post_init__(self) -> None:
        rising = all(a < b for a, b in zip(self.scores, self.scores[1:], strict=False))
        falling = all(a >= b for a, b in zip(self.per_100km2, self.per_100km2[1:], strict=False))
        if not self.scores or len(self.scores) != len(self.per_100km2) or not rising or not falling:
            msg = f"{len(self.scores)} scores and {len(self.per_100km2)} figures make no announcement; scores must rise"
            raise InputError(f"{msg} and expected false polygons must not.")

    def at(self, score: float) -> float:
        """Return the expected false polygons per 100 km2 with at least `score`: those of the next lower known one."""
        index = bisect_left(self.scores, score)
        if index < len(self.scores) and self.scores[index] == score:
            return self.per_100km2[index]
        return self.per_100km2[max(index - 1, 0)]

    def score_for(self, per_100km2: float) -> float:
        """Return the lowest score at which no more false polygons are expected, or else the highest known."""
        for score, expected in zip(self.scores, self.per_100km2, strict=True):
            if expected <= per_100km2:
                return score
        return self.scores[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRun:
    """One execution of a detector: everything needed to repeat and to judge it."""

    id: str
    created: datetime
    method: str
    """E.g. ``log-ratio-f``."""
    parameters: tuple[tuple[str, str | float | int | bool], ...]
    """Sorted (name, value) pairs, the false-alarm rate among them."""
    before: str
    """Acquisition id of A."""
    after: str
    """Acquisition id of B."""
    extent: tuple[float, float, float, float]
    """(west, south, east, north) searched, degrees."""
    observed_km2: float
    """Geodesic area with a valid look at both times."""
    software: str
    """Name and version."""
    inputs: tuple[tuple[str, str], ...]
    """(path below the archive, SHA-256) of every pixel file read."""
    handling: Handling = UNMARKED
    basis: Basis = Basis.THEORY
    """What `announced` and the confidences rest on."""
    announced: Announced | None = None
    """None where nothing could be measured: then no confidence is shown."""
    remarks: tuple[str, ...] = ()
    """What a user must know: a method used instead, a check that failed, dates left out."""
    looked_before: tuple[str, ...] = ()
    """Acquisition ids before the event, in order of time; empty for a pair: A alone."""
    looked_after: tuple[str, ...] = ()
    """Acquisition ids after it."""
    unobserved: BaseGeometry | None = None
    """Ground of the extent without a valid look before or after, degrees; None when all of it was seen."""

    @property
    def usual_score(self) -> float:
        """Score from which changes are shown unless somebody chooses another; minus infinity without announcement."""
        return -inf if self.announced is None else self.announced.score_for(USUAL_FALSE_PER_100KM2)


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectedChange:
    """A polygon in which backscatter changed between two looks."""

    id: str
    run_id: str
    geometry: BaseGeometry
    """Polygon or MultiPolygon, longitude and latitude in degrees."""
    area_m2: float
    """Geodesic."""
    pixels: int
    """Analysis pixels inside."""
    after: datetime
    """Start of the last look without the change: it happened after this."""
    before: datetime
    """Start of the first look with it: it happened before this."""
    magnitude_db: float
    """Signed median of 10 log10(after / before) inside."""
    sign: ChangeSign
    p_value: float
    """Smallest pixel p-value inside."""
    evidence: tuple[str, ...]
    """Acquisition ids."""
    handling: Handling = UNMARKED
    score: float = 0.0
    """Of the whole object, in the run's own measure: the more, the less likely by chance. The slider works on it."""
    confidence: float | None = None
    """1 - expected share of false ones among all found with at least this score; None where it was not measured."""
    magnitudes: tuple[tuple[str, float, float], ...] = ()
    """(polarisation, signed median in dB, 95th percentile of the size in dB)."""
    date_range: tuple[datetime, datetime] | None = None
    """95 % interval of when it happened, as wide as `after` to `before` or wider; None where it was not estimated."""
    status: ChangeStatus = ChangeStatus.FIRST
    looks: tuple[int, int] = (1, 1)
    """Valid looks before and after, the median inside."""
    confirming: int = 1
    """Looks after the change that show it."""
    stacks: tuple[int, int] = (1, 1)
    """Stacks that show it by themselves, of all that looked."""
