"""What the steps of an area run are told: one job for all, one part of it for each."""

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path

from odc.geo.geobox import GeoBox

from dashboard.change.energy import Options
from dashboard.workflows.detection.area_borders import Members
from dashboard.workflows.detection.area_known import known_of
from dashboard.workflows.detection.area_seams import Rule
from dashboard.workflows.detection.area_store import Store
from dashboard.workflows.detection.area_tiles import Layout, Tile
from dashboard.workflows.detection.looks import ChosenStack
from dashboard.workflows.detection.measures import Measure

CACHE_BYTES = 8 * 2**20
"""Decoded blocks that one worker keeps: those of the layer in hand. The next layer shares none, and the next tile comes
after all layers."""
DATED_PX = 1024
"""An object that is wider is dated by its part within so many pixels, about the strongest pixel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Everything that the steps of one run share."""

    archive: Path
    """The archive's folder, the same path for every worker."""
    store: Store
    stacks: tuple[ChosenStack, ...]
    geobox: GeoBox
    layout: Layout
    bare: Measure
    """The method, without what it needs of the whole area."""
    options: Options
    names: tuple[str, ...]
    """Polarisations of the steps."""
    rule: Rule
    lax: float
    """Energies from here on are counted: as many as in the past, unless the whole scene changed."""
    least: float = -math.inf
    """Score from which objects are kept."""
    dated_px: int = DATED_PX
    """`DATED_PX`, or less where stacks are so deep that a square of it would not fit in memory."""

    @property
    def measure(self) -> Measure:
        """The method, with what it needs of the whole area from the store."""
        return known_of(self.store).given(self.bare)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One step: a tile to search, or some neighbourhoods across borders to finish."""

    job: Job
    tile: Tile
    members: Members = ()
    """What tiles handed over of neighbourhoods that lie in `tile`; nothing for a tile to search."""

    @property
    def name(self) -> str:
        """Return the name of the piece that the step leaves."""
        if not self.members:
            return f"tile-{self.tile.name}"
        return f"seam-{self.tile.name}-{hashlib.sha256(repr(self.members).encode()).hexdigest()[:16]}"


def edge_of(tile: str) -> str:
    """Return the name of the piece that holds the pixels which a tile handed over."""
    return f"edge-{tile}"
