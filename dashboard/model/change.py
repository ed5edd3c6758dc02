"""Detected changes and the run that found them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shapely.geometry.base import BaseGeometry

from dashboard.model.handling import UNMARKED, Handling


class ChangeSign(StrEnum):
    """Direction of a change of backscatter."""

    BRIGHTER = "brighter"
    DARKER = "darker"
    MIXED = "mixed"


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
