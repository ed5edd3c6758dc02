"""What one may ask the catalogue for; every field narrows, None and empty mean anything."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from dashboard.model.acquisition import Acquisition
from dashboard.model.annotation import AnnotationKind
from dashboard.model.errors import InputError

Box = tuple[float, float, float, float]
"""(west, south, east, north) in degrees; west > east crosses the antimeridian."""

Order = Literal["recent", "title", "valid_from", "grade", "kind"]
"""Latest recorded first, or in rising order of a field; equal ones in order of recording."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquisitionQuery:
    """Acquisitions by place, time and geometry."""

    bbox: Box | None = None
    """The footprint shares a point with this box."""
    period: tuple[datetime, datetime] | None = None
    """First and last start, both included."""
    constellations: tuple[str, ...] = ()
    with_pixels: bool | None = None
    """True: ingested only; False: known but not ingested only."""
    stack_with: Acquisition | None = None
    """Only acquisitions that can be compared pixel by pixel with this one (itself included)."""
    limit: int | None = None
    """At most so many, the latest."""

    def __post_init__(self) -> None:
        _check_limit(self.limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeQuery:
    """Detected changes by place, time and run."""

    bbox: Box | None = None
    """The polygon shares a point with this box."""
    period: tuple[datetime, datetime] | None = None
    """The change may have happened between these times, both included."""
    run_id: str | None = None
    min_score: float | None = None
    limit: int | None = None
    """At most so many, in the order of `Changes.find`."""

    def __post_init__(self) -> None:
        _check_limit(self.limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotationQuery:
    """Annotations by place, by both times and by what they say; removed ones are never found."""

    bbox: Box | None = None
    """The drawing shares a point with this box."""
    valid_at: datetime | None = None
    """Said to be so on the ground at this moment."""
    valid_during: tuple[datetime, datetime] | None = None
    """Said to be so at some moment between these, both included."""
    known_at: datetime | None = None
    """The state of the log at this moment, as if no later event existed; None: the present state."""
    kinds: tuple[AnnotationKind, ...] = ()
    sides: tuple[str, ...] = ()
    text: str = ""
    """Every word of it is part of the title, notes, sides or author, in whatever case."""
    author: str | None = None
    """Who made the revision that is found."""
    ids: tuple[str, ...] = ()
    order: Order = "recent"
    limit: int | None = 5000
    """At most so many, from the front of the order."""
    offset: int = 0
    """How many to leave out at the front of the order: for pages."""

    def __post_init__(self) -> None:
        _check_limit(self.limit)
        if self.offset < 0:
            msg = f"A page cannot begin at {self.offset}; give 0 or more."
            raise InputError(msg)
        if self.order not in get_args(Order):
            msg = f"Annotations are not listed by {self.order!r}; give one of {', '.join(get_args(Order))}."
            raise InputError(msg)
        if self.valid_during is not None and self.valid_during[0] > self.valid_during[1]:
            msg = f"The period ends ({self.valid_during[1]}) before it begins ({self.valid_during[0]}); exchange them."
            raise InputError(msg)


def _check_limit(limit: int | None) -> None:
    if limit is not None and limit < 1:
        msg = f"At most {limit} records were asked for; give 1 or more, or None for all."
        raise InputError(msg)
