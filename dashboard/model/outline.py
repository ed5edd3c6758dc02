"""An administrative area by which ground is counted."""

from dataclasses import dataclass

from shapely.geometry.base import BaseGeometry


@dataclass(frozen=True, slots=True)
class Outline:
    """A unit of administration and its ground."""

    name: str
    """Unique in the catalogue."""
    level: str
    """What kind of unit it is, e.g. ``oblast``, ``sector``; empty when not stated."""
    geometry: BaseGeometry
    """MultiPolygon, longitude and latitude in degrees, valid."""
