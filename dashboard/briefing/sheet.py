"""One sheet: everything that is printed on it, as plain values."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from dashboard.briefing.layout import Layout
from dashboard.geo.basemap import Basemap
from dashboard.geo.disagreement import Disagreement
from dashboard.geo.displacement import Displacement
from dashboard.model.acquisition import Acquisition
from dashboard.model.annotation import Force, Revision
from dashboard.model.change import ChangeRun, DetectedChange
from dashboard.model.coverage import Coverage, Measure
from dashboard.model.dtg import iso
from dashboard.model.frontline import FrontlineSnapshot, GroundChange
from dashboard.model.handling import Handling
from dashboard.model.palette import Theme
from dashboard.model.review import Precision
from dashboard.model.sampling import Sampling
from dashboard.model.token import encode
from dashboard.model.view import CompareMode, Extent, Layer, View

CAVEAT = "Change is a change of backscatter, not proof of damage. No change is not proof that nothing happened."


@dataclass(frozen=True, slots=True, kw_only=True)
class Imagery:
    """The picture and the limits its legend states."""

    rgba: NDArray[np.uint8]
    """(y, x, 4) on the map's own page pixels; alpha 0 where nothing was observed."""
    limits_a: tuple[float, float] | None = None
    """dB drawn black and white in A."""
    limits_b: tuple[float, float] | None = None
    """dB drawn black and white in B."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Covered:
    """How often, how lately and by whom the map's ground was looked at."""

    measure: Measure
    picture: NDArray[np.uint8]
    """(y, x) north first; values as `dashboard.render.coverage.classes` says."""
    bounds: tuple[float, float, float, float]
    """(x0, y0, x1, y1) of the picture, Mercator metres: up to a pixel beyond the map."""
    block: int
    """Pixels a side for which one gap was worked out; 1: for every pixel."""
    table: Coverage
    """Who looked at the map's ground; its period is the picture's."""
    handling: Handling
    """The strictest of all products that were counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sifted:
    """Which of a detection's changes are shown, and what is known of those."""

    held: int
    """Changes of the run on the map, whatever the filters."""
    least: float
    """Least score that is shown; minus infinity for all."""
    filters: tuple[str, ...] = ()
    """The others, in words."""
    expected: float | None = None
    """False polygons expected in 100 km2 with at least that score; None where it was not measured."""
    precision: Precision = field(default_factory=lambda: Precision(0, 0))
    """Of what was reviewed of the run at this setting."""
    sampling: Sampling = field(default_factory=Sampling)
    """How those reviewed lie among all of the run at this setting."""
    verdicts: tuple[tuple[str, int], ...] = ()
    """(what people said in words, how many) of the changes shown, those with any."""
    unreviewed: int = 0
    """Changes shown of which nobody said anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The basemaps beneath the map and in its locator."""

    map: Basemap
    locator: Basemap
    locator_extent: Extent


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Everything printed. Drawing it opens nothing and asks nobody."""

    view: View
    layout: Layout
    extent: Extent
    """What the map shows: the view's extent grown to the map's aspect, Mercator metres."""
    title: str
    area: str
    made: datetime
    software: str
    handling: Handling
    """The strictest of everything shown."""
    theme: Theme = "light"
    author: str = ""
    before: Acquisition | None = None
    after: Acquisition | None = None
    mismatches: tuple[str, ...] = ()
    """Why A and B are not of one stack."""
    imagery: Imagery | None = None
    surroundings: Surroundings | None = None
    front_before: FrontlineSnapshot | None = None
    front_after: FrontlineSnapshot | None = None
    ground: tuple[GroundChange, ...] = ()
    changes: tuple[DetectedChange, ...] = ()
    run: ChangeRun | None = None
    """The detection that found the changes."""
    sifted: Sifted | None = None
    """Which of its changes are shown; None without a detection."""
    footprints: tuple[Acquisition, ...] = ()
    coverage: Covered | None = None
    """None while the layer is off."""
    annotations: tuple[Revision, ...] = ()
    """Valid at `moment` and known at the view's, in the order of drawing."""
    forces: tuple[Force, ...] = ()
    """The sides there are and their colours."""
    moment: datetime | None = None
    """Of which fronts and annotations speak: the view's own, else B's, else A's."""
    displacement: Displacement | None = None
    """How far the front moved from A to `moment`, as the side sees it that gained most."""
    disagreement: Disagreement | None = None
    """With another provider, at `moment`."""
    rival: str = ""
    """That provider."""
    incomparable: str = ""
    """Why the two cannot be compared."""
    credits: tuple[str, ...] = ()
    """Credit lines of everything visible."""

    @property
    def token(self) -> str:
        """The view as one token: what opens it again."""
        return encode(self.view)

    @property
    def export_id(self) -> str:
        """Eight characters that name this very export, printed and in the metadata."""
        return hashlib.sha256((self.token + iso(self.made)).encode()).hexdigest()[:8]

    @property
    def drawn(self) -> tuple[Acquisition, ...]:
        """The acquisitions whose pixels are in the picture, A first."""
        if Layer.IMAGERY not in self.view.layers:
            return ()
        both = {CompareMode.A: (self.before,), CompareMode.B: (self.after,), CompareMode.BLINK: (self.after,)}
        chosen = both.get(self.view.compare, (self.before, self.after))
        return tuple(acq for acq in chosen if acq is not None and acq.pixels is not None)

    @property
    def as_of(self) -> datetime | None:
        """The time of the newest thing shown: imagery, frontline, change, annotation or look that is counted."""
        moments = [acq.start for acq in self.drawn]
        if self.front_after is not None and self.view.layers & {Layer.FRONTLINE, Layer.GROUND}:
            moments.append(self.front_after.valid_from)
        if self.has(Layer.CHANGES):
            moments += [change.before for change in self.changes]
        moments += [one.annotation.valid_from for one in self.annotations]
        if self.coverage is not None and self.coverage.table.total.last is not None:
            moments.append(self.coverage.table.total.last)
        return max(moments, default=None)

    def has(self, layer: Layer) -> bool:
        """Whether a layer is switched on."""
        return layer in self.view.layers
