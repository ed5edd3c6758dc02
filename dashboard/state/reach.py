"""Which acquisitions the session can reach: those over the map's area, filtered, in order of time."""

from datetime import datetime, timedelta
from typing import Any

import param

from dashboard.catalog.engine import Kind
from dashboard.catalog.query import AcquisitionQuery
from dashboard.geo.mercator import bbox_of
from dashboard.model.acquisition import Acquisition
from dashboard.model.errors import NotFoundError
from dashboard.model.stack import mismatches
from dashboard.state.background import Background, Latest, attempt
from dashboard.state.notices import Notices
from dashboard.state.viewing import Viewing
from dashboard.workflows.lookup import neighbour, snap
from dashboard.workflows.workspace import Workspace

LIMIT = 5_000


class Reach(param.Parameterized):
    """Acquisitions over the extent; `everything` before the constellation filter, `shown` after it."""

    everything = param.ClassSelector(class_=tuple, default=())
    hovered = param.String(default=None, allow_None=True)
    """Id lit on map, timeline and table at once."""

    def __init__(self, workspace: Workspace, viewing: Viewing, background: Background, notices: Notices) -> None:
        super().__init__()
        self._workspace = workspace
        self._viewing = viewing
        self._notices = notices
        self._latest = Latest(background)
        self._asked: tuple[Any, ...] | None = None
        self._known: dict[str, Acquisition] = {}
        viewing.param.watch(lambda *_: self.refresh(), "view")

    def refresh(self) -> None:
        """Query the catalogue for the present extent, unless that was just done and nothing changed since."""
        view, catalog = self._viewing.view, self._workspace.catalog
        bbox = bbox_of(view.extent)
        revision = catalog.revision_of(Kind.ACQUISITIONS)
        key = (bbox, revision, view.known_at)
        if key == self._asked:
            return
        if self._asked is not None and self._asked[1] != revision:
            self._known.clear()  # somebody may have corrected what is known of A and B, wherever they lie
        self._asked = key
        query = AcquisitionQuery(bbox=bbox, limit=LIMIT)
        self._latest.ask(lambda: tuple(catalog.acquisitions.find(query)), self._found)

    def prime(self) -> None:
        """Look once in the calling thread, so that the page is built with the lanes it will have."""
        query = AcquisitionQuery(bbox=bbox_of(self._viewing.view.extent), limit=LIMIT)
        self._found(attempt(lambda: tuple(self._workspace.catalog.acquisitions.find(query))))

    def _found(self, result: Any) -> None:  # noqa: ANN401
        if isinstance(result, Exception):
            self._notices.fail(result)
            return
        self._known.update((acq.id, acq) for acq in result)
        if result != self.everything:
            self.everything = result

    @property
    def shown(self) -> tuple[Acquisition, ...]:
        """Those of the chosen constellations that had arrived at the moment whose knowledge is shown."""
        return self._arrived_by(self._viewing.view.known_at)

    def _arrived_by(self, known_at: datetime | None) -> tuple[Acquisition, ...]:
        names = self._viewing.view.constellations
        return tuple(
            acq
            for acq in self.everything
            if (not names or acq.constellation in names) and (known_at is None or acq.arrived <= known_at)
        )

    def get(self, acquisition_id: str | None) -> Acquisition | None:
        """Return an acquisition, from the catalogue if need be; None when there is no such id."""
        if acquisition_id is None:
            return None
        if acquisition_id not in self._known:
            try:
                self._known[acquisition_id] = self._workspace.catalog.acquisitions.get(acquisition_id)
            except NotFoundError:
                return None
        return self._known[acquisition_id]

    @property
    def with_pixels(self) -> tuple[Acquisition, ...]:
        """Those of `shown` that can be drawn."""
        return tuple(acq for acq in self.shown if acq.pixels is not None)

    @property
    def a(self) -> Acquisition | None:
        """Before."""
        return self.get(self._viewing.view.a)

    @property
    def b(self) -> Acquisition | None:
        """After."""
        return self.get(self._viewing.view.b)

    @property
    def mismatches(self) -> tuple[str, ...]:
        """Why A and B are not of one stack; empty when they are or when one is missing."""
        return mismatches(self.a, self.b) if self.a and self.b else ()

    def neighbour(self, step: int, *, same_stack: bool = False) -> Acquisition | None:
        """Return the acquisition with pixels `step` places after B in time, among its stack if asked."""
        among = self.with_pixels
        current = self.b
        if current is None:
            return (among[0] if step > 0 else among[-1]) if among else None
        return neighbour(_with(among, current), current.id, step, same_stack=same_stack)

    def snapped(self, moment: datetime) -> Acquisition | None:
        """Return the last acquisition with pixels at or before a time (the first one when none is earlier)."""
        return snap(self.with_pixels, moment + timedelta(seconds=1))

    def believed(self, known_at: datetime) -> dict[str, str | None]:
        """Return what takes the place of an A and a B that had not arrived at a moment: the last that had, or none."""
        among = [acq for acq in self._arrived_by(known_at) if acq.pixels is not None]
        instead: dict[str, str | None] = {}
        for letter, acq in (("a", self.a), ("b", self.b)):
            if acq is not None and acq.arrived > known_at:
                found = snap(among, acq.start)
                instead[letter] = found.id if found is not None else None
                instead |= {"polarisation": self._polarisation(found)} if found is not None else {}
        return {name: value for name, value in instead.items() if name != "polarisation" or value is not None}

    def choose_b(self, acq: Acquisition | None) -> None:
        """Make an acquisition the after picture, with a polarisation it has."""
        if acq is not None:
            self._viewing.choose(b=acq.id, polarisation=self._polarisation(acq))

    def choose_a(self, acq: Acquisition | None) -> None:
        """Make an acquisition the before picture."""
        if acq is not None:
            self._viewing.choose(a=acq.id, polarisation=self._polarisation(acq))

    def _polarisation(self, acq: Acquisition) -> str | None:
        now: str = self._viewing.view.polarisation
        held = acq.polarisations or tuple(file.polarisation for file in (acq.pixels.files if acq.pixels else ()))
        if acq.optical or not held:  # colours are no polarisation: the radar's stays chosen
            return now
        return now if now in held else held[0]


def _with(among: tuple[Acquisition, ...], current: Acquisition) -> tuple[Acquisition, ...]:
    """Return the acquisitions with the current one among them, though a filter or the map may have left it out."""
    return among if any(acq.id == current.id for acq in among) else (*among, current)
