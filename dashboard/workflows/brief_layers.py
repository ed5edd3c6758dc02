"""What a sheet shows of fronts and annotations: as valid at the view's moment, as known at its other clock."""

from dataclasses import dataclass
from datetime import datetime

from dashboard.briefing.looks import drawing_order
from dashboard.catalog.query import AnnotationQuery, Box
from dashboard.geo.disagreement import Disagreement
from dashboard.geo.displacement import Displacement
from dashboard.model.acquisition import Acquisition
from dashboard.model.annotation import Force, Revision
from dashboard.model.errors import InputError
from dashboard.model.frontline import FrontlineSnapshot
from dashboard.model.view import Layer, View
from dashboard.workflows.front_report import band, moved
from dashboard.workflows.fronts import Fronts, front_at, fronts, providers
from dashboard.workflows.moment import moment
from dashboard.workflows.workspace import Workspace

MAX_ANNOTATIONS = 20_000
MAX_SOURCES = 12
"""Citations printed at the foot; every one is in the file's metadata."""
_FRONTS = frozenset({Layer.FRONTLINE, Layer.GHOST, Layer.GROUND, Layer.DISPLACEMENT, Layer.DISAGREEMENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """Another provider, and where it contradicts the one that is shown."""

    provider: str = ""
    """Empty when there is none."""
    front: FrontlineSnapshot | None = None
    disagreement: Disagreement | None = None
    incomparable: str = ""
    """Why the two cannot be compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """Everything on a sheet that speaks of a moment."""

    moment: datetime | None
    fronts: Fronts
    annotations: tuple[Revision, ...]
    forces: tuple[Force, ...]
    displacement: Displacement | None
    rival: Rival


def dated(workspace: Workspace, view: View, before: Acquisition | None, bbox: Box) -> Dated:
    """Return the fronts and annotations of a view within a box.

    Raises
    ------
    InputError
        If there are more annotations than a sheet can show.
    """
    when = moment(workspace, view)
    held = _fronts(workspace, view, before, when)
    return Dated(
        moment=when,
        fronts=held,
        annotations=_annotations(workspace, view, bbox, when),
        forces=tuple(workspace.catalog.annotations.forces()),
        displacement=_displacement(view, held),
        rival=_rival(workspace, view, held, when),
    )


def _fronts(workspace: Workspace, view: View, before: Acquisition | None, when: datetime | None) -> Fronts:
    if not view.layers & _FRONTS:
        return Fronts()
    # Where A alone gives the moment there is nothing before it.
    first = before.start if before is not None and (view.b is not None or view.valid_at is not None) else None
    return fronts(workspace, view.provider, first, when, known_at=view.known_at)


def _annotations(workspace: Workspace, view: View, bbox: Box, when: datetime | None) -> tuple[Revision, ...]:
    if Layer.ANNOTATIONS not in view.layers:
        return ()
    query = AnnotationQuery(bbox=bbox, valid_at=when, known_at=view.known_at, limit=MAX_ANNOTATIONS)
    count = workspace.catalog.annotations.count(query)
    if count > MAX_ANNOTATIONS:
        msg = (
            f"This view holds {count:,} annotations; a sheet shows at most {MAX_ANNOTATIONS:,}. "
            "Zoom in, or switch the annotations off."
        )
        raise InputError(msg)
    return tuple(sorted(workspace.catalog.annotations.find(query), key=drawing_order))


def _displacement(view: View, held: Fronts) -> Displacement | None:
    """Return the movement as the side sees it that gained most: the other side's is the same with the other sign."""
    if Layer.DISPLACEMENT not in view.layers or held.before is None or held.after is None:
        return None
    gains = sorted(held.changes, key=lambda change: change.lost_km2 - change.gained_km2)
    found = (moved(held.before, held.after, change.side) for change in gains)
    return next((move for move in found if move is not None), None)


def _rival(workspace: Workspace, view: View, held: Fronts, when: datetime | None) -> Rival:
    if Layer.DISAGREEMENT not in view.layers or held.after is None or when is None:
        return Rival()
    own, known_at = held.after.provider, view.known_at
    others = [name for name in providers(workspace, known_at) if name != own]
    name = view.against if view.against not in (None, own) else next(iter(others), "")
    if not name:
        return Rival()
    try:
        found, why = band(workspace, own, name, when, known_at), ""
    except InputError as error:
        found, why = None, str(error)
    return Rival(
        provider=name,
        front=front_at(workspace, name, when, known_at=known_at),
        disagreement=found,
        incomparable=why,
    )


def sources(annotations: tuple[Revision, ...]) -> tuple[str, ...]:
    """Return what the annotations say they rest on, for the foot of the sheet: the most cited first."""
    cited: dict[str, int] = {}
    for revision in annotations:
        for source in revision.annotation.sources:
            cited[source] = cited.get(source, 0) + 1
    named = sorted(cited, key=lambda source: -cited[source])
    lines = [f"annotations: {source}" for source in named[:MAX_SOURCES]]
    if len(named) > MAX_SOURCES:
        lines.append(f"annotations: {len(named) - MAX_SOURCES} more sources, listed in the metadata of this file")
    return tuple(lines)
