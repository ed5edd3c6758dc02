"""The front that is drawn here: areas of control among the annotations, as one provider beside the others."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

import shapely
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from dashboard.catalog.engine import Kind
from dashboard.catalog.frontlines import FrontArea
from dashboard.catalog.query import AnnotationQuery
from dashboard.geo.geodesy import area_km2
from dashboard.model.annotation import AnnotationKind, Revision
from dashboard.model.frontline import OWN, ControlArea, FrontlineSnapshot
from dashboard.model.handling import combine
from dashboard.model.sketch import Shape
from dashboard.workflows.remembered import Remembered
from dashboard.workflows.workspace import Workspace

UNSTATED = "side not stated"
"""Name of the side of areas that state none."""
MOST_AREAS = 200
"""Areas of control that make a front; more are a collection of drawings, whose union at every date says nothing and
takes minutes."""
_SERIES: Remembered[list[FrontArea]] = Remembered(8)
_AREAS: Remembered[tuple[Revision, ...]] = Remembered(16)


def has_own(workspace: Workspace, known_at: datetime | None = None) -> bool:
    """Return whether areas of control are drawn that make a front, as known at a moment: 1 to `MOST_AREAS` of them."""
    return bool(_areas(workspace, known_at=known_at))


def own_front(workspace: Workspace, moment: datetime, known_at: datetime | None = None) -> FrontlineSnapshot | None:
    """Return the drawn areas of control valid at a moment as a snapshot; None where there is none.

    Its id and hash follow from the revisions that it shows: the same revisions give the same snapshot. It is valid
    from the last time before `moment` at which one of them, or one that ended since, changed what is shown, and known
    since the latest of its revisions.
    """
    every = _areas(workspace, known_at=known_at)
    shown = [one for one in every if one.annotation.valid_at(moment)]
    if not shown:
        return None
    return _snapshot(workspace, shown, max(time for time in _times(every) if time <= moment))


def own_moments(workspace: Workspace, known_at: datetime | None = None) -> list[datetime]:
    """Return the times at which what is drawn changes, in order; nothing is shown from some of them on."""
    return sorted(_times(_areas(workspace, known_at=known_at)))


def own_series(workspace: Workspace, known_at: datetime | None = None) -> list[FrontArea]:
    """Return the ground that each drawn side holds over time, in order of time, then side.

    A side that ends is given 0 km2 from then on, so that its step is seen.
    """
    catalog = workspace.catalog
    key = (catalog.path, catalog.revision_of(Kind.ANNOTATIONS), known_at)
    return _SERIES.get(key, lambda: _series(workspace, known_at))


def _series(workspace: Workspace, known_at: datetime | None) -> list[FrontArea]:
    every = _areas(workspace, known_at=known_at)
    colours = _colours(workspace)
    rows: list[FrontArea] = []
    named: set[str] = set()
    for time in sorted(_times(every)):
        shown = [one for one in every if one.annotation.valid_at(time)]
        grounds = _grounds(shown)
        ended = named - grounds.keys()
        km2 = {side: area_km2(ground) for side, ground in grounds.items()} | dict.fromkeys(ended, 0.0)
        named = set(grounds)
        rows += [
            FrontArea(valid_from=time, side=side, km2=km2[side], snapshot_id=_identity(shown, time, colours)[0])
            for side in sorted(km2)
        ]
    return rows


def _areas(workspace: Workspace, *, known_at: datetime | None) -> tuple[Revision, ...]:
    """Return every drawn area of control in a state of knowledge, asked for once per revision of the catalogue."""
    catalog = workspace.catalog

    def found() -> tuple[Revision, ...]:
        query = AnnotationQuery(kinds=(AnnotationKind.CONTROL,), known_at=known_at, limit=MOST_AREAS + 1)
        drawn = catalog.annotations.find(query)
        areas = (one for one in drawn if one.annotation.shape is Shape.AREA)
        return tuple(one for one in areas if not one.annotation.geometry.is_empty) if len(drawn) <= MOST_AREAS else ()

    return _AREAS.get((catalog.path, catalog.revision_of(Kind.ANNOTATIONS), known_at), found)


def _times(revisions: Iterable[Revision]) -> set[datetime]:
    ends = ((one.annotation.valid_from, one.annotation.valid_to) for one in revisions)
    return {time for pair in ends for time in pair if time is not None}


def _grounds(shown: Sequence[Revision]) -> dict[str, BaseGeometry]:
    """Return the ground of each side, valid, in order of name."""
    sides: dict[str, list[BaseGeometry]] = {}
    for one in shown:
        ground = one.annotation.geometry
        valid = ground if ground.is_valid else shapely.make_valid(ground, method="structure")
        sides.setdefault(one.annotation.side or UNSTATED, []).append(valid)
    return {side: _polygons(shapely.union_all(parts)) for side, parts in sorted(sides.items())}


def _polygons(ground: BaseGeometry) -> BaseGeometry:
    return MultiPolygon([part for part in shapely.get_parts(ground) if part.geom_type == "Polygon"])


def _colours(workspace: Workspace) -> dict[str, str]:
    return {force.name: force.colour for force in workspace.catalog.annotations.forces()}


def _identity(shown: Sequence[Revision], valid_from: datetime, colours: dict[str, str]) -> tuple[str, str]:
    """Return the id and the hash that revisions give: a force in another colour is another picture."""
    said = sorted((one.annotation.id, one.version, colours.get(one.annotation.side, "")) for one in shown)
    sha256 = hashlib.sha256(repr(said).encode()).hexdigest()
    return f"own-drawing-{valid_from:%Y%m%dT%H%MZ}-{sha256[:8]}", sha256


def _snapshot(workspace: Workspace, shown: Sequence[Revision], valid_from: datetime) -> FrontlineSnapshot:
    colours = _colours(workspace)
    id_, sha256 = _identity(shown, valid_from, colours)
    return FrontlineSnapshot(
        id=id_,
        provider=OWN,
        valid_from=valid_from,
        areas=tuple(
            ControlArea(side=side, geometry=ground, colour=colours.get(side))
            for side, ground in _grounds(shown).items()
        ),
        sha256=sha256,
        retrieved=max(one.known_from for one in shown),
        handling=combine([one.annotation.handling for one in shown]),
    )
