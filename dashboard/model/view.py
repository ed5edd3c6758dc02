"""The view: everything needed to draw the screen again, frozen, versioned, one token."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dashboard.model.coverage import Measure
from dashboard.model.errors import InputError

MERCATOR_LIMIT_M = 20_037_508.342789244
"""Half the circumference of the Mercator world, metres (EPSG:3857)."""


class CompareMode(StrEnum):
    """How before and after share the map."""

    A = "a"
    B = "b"
    SWIPE = "swipe"
    BLINK = "blink"
    TWO_COLOUR = "two-colour"
    LOG_RATIO = "log-ratio"


class StretchKind(StrEnum):
    """How decibels become brightness."""

    PERCENTILE = "percentile"
    FIXED = "fixed"
    EQUALISE = "equalise"


class Layer(StrEnum):
    """What can be switched on and off over the basemap."""

    BASEMAP = "basemap"
    PLACES = "places"
    IMAGERY = "imagery"
    FOOTPRINTS = "footprints"
    CHANGES = "changes"
    FRONTLINE = "frontline"
    GHOST = "ghost"
    GROUND = "ground"
    ANNOTATIONS = "annotations"
    DISPLACEMENT = "displacement"
    """How far the front moved between A and B, as a ribbon along it."""
    DISAGREEMENT = "disagreement"
    """Ground on which two providers differ."""
    COVERAGE = "coverage"
    """How often, how lately and by whom ground was looked at."""
    LIVE = "live"
    """What changed between A and B, worked out anew for every screen."""
    GRID = "grid"


_ASKED_FOR = {
    Layer.GRID, Layer.FOOTPRINTS, Layer.DISPLACEMENT, Layer.DISAGREEMENT, Layer.COVERAGE, Layer.LIVE,
}  # fmt: skip
DEFAULT_LAYERS = frozenset(Layer) - _ASKED_FOR


@dataclass(frozen=True, slots=True)
class Extent:
    """A rectangle in Mercator metres (EPSG:3857)."""

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        inside = (
            -MERCATOR_LIMIT_M <= self.x0 < self.x1 <= MERCATOR_LIMIT_M
            and -MERCATOR_LIMIT_M <= self.y0 < self.y1 <= MERCATOR_LIMIT_M
        )
        if not inside:
            msg = (
                f"Extent ({self.x0:g}, {self.y0:g}, {self.x1:g}, {self.y1:g}) is empty or leaves the Mercator world "
                f"(±{MERCATOR_LIMIT_M:.0f} m); give x0 < x1 and y0 < y1 inside it."
            )
            raise InputError(msg)

    @property
    def centre(self) -> tuple[float, float]:
        """Centre (x, y), Mercator metres."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2


@dataclass(frozen=True, slots=True)
class Stretch:
    """From decibels to brightness."""

    kind: StretchKind = StretchKind.PERCENTILE
    low: float = 2.0
    """Percentile for PERCENTILE, dB for FIXED; unused for EQUALISE."""
    high: float = 98.0

    def __post_init__(self) -> None:
        if self.kind is not StretchKind.EQUALISE and not self.low < self.high:
            msg = f"Stretch from {self.low:g} to {self.high:g} is empty; give low < high."
            raise InputError(msg)
        if self.kind is StretchKind.PERCENTILE and not (self.low >= 0 and self.high <= 100):
            msg = f"Percentiles {self.low:g} and {self.high:g} must lie between 0 and 100."
            raise InputError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What is on the screen. The URL, a saved scene and an exported file all carry exactly this."""

    extent: Extent
    a: str | None = None
    """Acquisition id of before."""
    b: str | None = None
    """Acquisition id of after."""
    compare: CompareMode = CompareMode.B
    split: float = 0.5
    """Swipe line as a share of the map's width from the left: A left of it, B right of it."""
    polarisation: str = "VV"
    stretch: Stretch = Stretch()
    opacity: float = 1.0
    """Of the imagery, 0 to 1."""
    layers: frozenset[Layer] = DEFAULT_LAYERS
    provider: str | None = None
    """Frontline provider shown; None means the first there is."""
    against: str | None = None
    """Provider that the shown one is compared with; None means any other."""
    valid_at: datetime | None = None
    """Moment for which fronts and annotations are shown, UTC; None follows B."""
    known_at: datetime | None = None
    """The map as it was believed at this moment, UTC; None means as it is known now."""
    period: tuple[datetime, datetime] | None = None
    """Time window of the timeline, UTC; None means everything."""
    brush: tuple[datetime, datetime] | None = None
    """Period that the coverage is of, UTC; None follows the timeline's window."""
    measure: Measure = Measure.LOOKS
    """What the coverage layer shows."""
    constellations: tuple[str, ...] = ()
    """Shown constellations, sorted; empty means all."""
    pixel: tuple[float, float] | None = None
    """Longitude, latitude of the inspected point."""
    folded: frozenset[str] = frozenset()
    """Panels folded away: ``layers``, ``inspector``, ``timeline``."""

    def __post_init__(self) -> None:
        for name, value in (("split", self.split), ("opacity", self.opacity)):
            if not 0.0 <= value <= 1.0:
                msg = f"View {name} is {value:g}; it must lie between 0 and 1."
                raise InputError(msg)
        for name, period in (("period", self.period), ("brushed period", self.brush)):
            if period is not None and not period[0] < period[1]:
                msg = f"The view's {name} ends before it starts; give an earlier start."
                raise InputError(msg)
