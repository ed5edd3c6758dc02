"""What one may ask the catalogue for; every field narrows, None and empty mean anything."""

from dataclasses import dataclass
from datetime import datetime

from dashboard.model.acquisition import Acquisition
from dashboard.model.errors import InputError

Box = tuple[float, float, float, float]
"""(west, south, east, north) in degrees; west > east crosses the antimeridian."""


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
    limit: int | None = None
    """At most so many, in the order of `Changes.find`."""

    def __post_init__(self) -> None:
        _check_limit(self.limit)


def _check_limit(limit: int | None) -> None:
    if limit is not None and limit < 1:
        msg = f"At most {limit} records were asked for; give 1 or more, or None for all."
        raise InputError(msg)
