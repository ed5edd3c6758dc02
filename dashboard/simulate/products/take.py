"""Who took a picture, when and how: what a product's metadata is written from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from shapely.geometry.base import BaseGeometry

from dashboard.model.acquisition import LookSide, PassDirection

CAVEAT = "EXERCISE - SYNTHETIC DATA"
ASCENDING_DEG, DESCENDING_DEG = 348.0, 192.0
"""Headings over middle latitudes of satellites in near-polar orbits, clockwise from north."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """One imaging event."""

    constellation: str
    platform: str
    """As the catalogue will name it, e.g. ``iceye-x42``."""
    start: datetime = datetime(2024, 6, 12, 17, 43, 39, 250000, tzinfo=UTC)
    duration: timedelta = timedelta(seconds=4)
    received: datetime | None = datetime(2024, 6, 12, 21, 5, 0, tzinfo=UTC)
    """When the product was made or published, where the format says so."""
    mode: str = "SM"
    """The vendor's code."""
    polarisations: tuple[str, ...] = ("VV",)
    look: LookSide = LookSide.RIGHT
    pass_direction: PassDirection = PassDirection.DESCENDING
    incidence_deg: float = 33.0
    """At the middle of the scene."""
    frequency_ghz: float = 9.65
    resolution_m: float = 3.0
    looks: float = 1.0
    track: int | None = None
    orbit_number: int = 12345
    altitude_m: float = 560_000.0
    handling: Mapping[str, Any] = field(default_factory=dict)
    """Words for the format's security fields, where it has any: ``marking`` (R, C, U), ``releasable_to``, ..."""

    @property
    def stop(self) -> datetime:
        """Last echo."""
        return self.start + self.duration

    @property
    def middle(self) -> datetime:
        """Half way."""
        return self.start + self.duration / 2

    @property
    def heading_deg(self) -> float:
        """Direction of flight, clockwise from north."""
        return ASCENDING_DEG if self.pass_direction is PassDirection.ASCENDING else DESCENDING_DEG

    @property
    def look_azimuth_deg(self) -> float:
        """Direction in which the radar looks, clockwise from north."""
        return (self.heading_deg + (90.0 if self.look is LookSide.RIGHT else -90.0)) % 360.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A product on disk and the truth about it."""

    path: Path
    """The file (or folder) that a person would hand over."""
    files: tuple[Path, ...]
    """Every file of the product."""
    expected: Mapping[str, Any]
    """Attribute of `Acquisition` -> value that a right reader finds; ``details`` as a mapping, key by key."""
    quantity: str | None
    """``sigma0``, ``beta0`` or ``gamma0`` of calibrated power; None where statistics must refuse it."""
    footprint: BaseGeometry
    """Lon/lat outline of what holds data."""
    handling: Mapping[str, Any] = field(default_factory=dict)
    """Attribute of `Handling` -> value, where the product carries markings."""
    spacing_m: float | None = None
    """Expected pixel size on the map; None where the reader chooses."""
