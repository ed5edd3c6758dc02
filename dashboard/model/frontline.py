"""Who holds which ground, valid from a time."""

from dataclasses import dataclass
from datetime import datetime

from shapely.geometry.base import BaseGeometry

from dashboard.model.handling import UNMARKED, Handling

OWN = "own drawing"
"""Provider of the front that is drawn here: the annotated areas of control."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlArea:
    """Ground held by one side."""

    side: str
    """As the provider names it, e.g. ``occupied``, ``ORANGE``."""
    geometry: BaseGeometry
    """MultiPolygon, longitude and latitude in degrees, valid."""
    colour: str | None = None
    """``#rrggbb`` from the data, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontlineSnapshot:
    """One provider's picture of control at one time. Immutable: a correction is a new snapshot."""

    id: str
    """``<provider>-<valid_from as YYYYMMDDTHHMMZ>-<first 8 of sha256>``."""
    provider: str
    """Layer name, e.g. ``deepstate``, ``exercise-control``."""
    valid_from: datetime
    """UTC; valid until the provider's next snapshot."""
    areas: tuple[ControlArea, ...]
    sha256: str
    """Of the file it came from."""
    retrieved: datetime
    """When it was read into the catalogue, UTC."""
    same_as: str | None = None
    """Id of the provider's previous snapshot when every area is equal to it."""
    handling: Handling = UNMARKED


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundChange:
    """Ground that one side gained and lost between two snapshots; geodesic areas."""

    side: str
    gained: BaseGeometry
    """MultiPolygon, longitude and latitude in degrees."""
    lost: BaseGeometry
    gained_km2: float
    lost_km2: float
    colour: str | None = None
