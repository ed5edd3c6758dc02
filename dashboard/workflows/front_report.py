"""The front between two dates and between two providers, in numbers and on the map."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import shapely
from shapely.geometry.base import BaseGeometry

from dashboard.geo.disagreement import Disagreement, disagreement
from dashboard.geo.displacement import Displacement, displacement
from dashboard.geo.front_distance import FrontDistance, FrontRelation
from dashboard.geo.front_sides import front_length_km, sides_of
from dashboard.geo.geodesy import area_km2
from dashboard.model.frontline import FrontlineSnapshot, GroundChange
from dashboard.model.outline import Outline
from dashboard.workflows.fronts import front_at, fronts, identity, providers
from dashboard.workflows.remembered import Remembered
from dashboard.workflows.workspace import Workspace

_DAY = timedelta(days=1)
_MOVES: Remembered[Displacement] = Remembered(16)
_BANDS: Remembered[Disagreement] = Remembered(16)
_DISTANCES: Remembered[FrontDistance] = Remembered(16)


@dataclass(frozen=True, slots=True, kw_only=True)
class SideReport:
    """What became of one side between two snapshots."""

    side: str
    colour: str | None
    gained_km2: float
    lost_km2: float
    rate_km2_day: float | None
    """Net, over the time between the snapshots; None when they are valid from one moment."""
    length_before_km: float
    """Of the side's front; its whole outline where the provider names no other side that it meets."""
    length_after_km: float
    displacement: Displacement | None
    """None for a side that is named in one of the snapshots alone."""

    @property
    def net_km2(self) -> float:
        """Gained minus lost: the change of the ground held."""
        return self.gained_km2 - self.lost_km2


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRow:
    """What one side gained and lost within one administrative area."""

    name: str
    level: str
    side: str
    gained_km2: float
    lost_km2: float

    @property
    def net_km2(self) -> float:
        """Gained minus lost."""
        return self.gained_km2 - self.lost_km2


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontReport:
    """A provider's front between two dates."""

    provider: str
    before: FrontlineSnapshot
    after: FrontlineSnapshot
    days: float
    """Between the times from which the two are valid."""
    sides: tuple[SideReport, ...]
    """In order of name."""
    by_unit: tuple[UnitRow, ...]
    """In order of the outlines, then of the sides; areas and sides without change are left out."""


def report(
    workspace: Workspace,
    provider: str,
    before: datetime,
    after: datetime,
    known_at: datetime | None = None,
    outlines: bool = True,  # noqa: FBT001, FBT002
) -> FrontReport | None:
    """Return what changed between two dates; None when the provider says nothing of one of them.

    Parameters
    ----------
    known_at : what was known at this moment
    outlines : count by administrative area too, where outlines are loaded
    """
    found = fronts(workspace, provider, before, after, known_at=known_at)
    if found.before is None or found.after is None:
        return None
    old, new = found.before, found.after
    days = (new.valid_from - old.valid_from) / _DAY
    changes = {change.side: change for change in found.changes}
    sides = tuple(_side(old, new, side, changes.get(side)) for side in sorted({*sides_of(old), *sides_of(new)}))
    units = workspace.catalog.outlines.all() if outlines and found.changes else []
    return FrontReport(
        provider=provider,
        before=old,
        after=new,
        days=days,
        sides=sides,
        by_unit=tuple(row for unit in units for row in _unit(unit, found.changes)),
    )


def moved(before: FrontlineSnapshot, after: FrontlineSnapshot, side: str) -> Displacement | None:
    """Return how far a side's front moved, computed once per pair; None for a side that one of them does not name."""
    if side not in sides_of(before) or side not in sides_of(after):
        return None
    return _MOVES.get((identity(before), identity(after), side), lambda: displacement(before, after, side))


def band(
    workspace: Workspace,
    provider: str,
    against: str,
    moment: datetime,
    known_at: datetime | None = None,
    same: Mapping[str, str] | None = None,
) -> Disagreement | None:
    """Return where two providers contradict each other at a moment; None when one of them says nothing of it.

    Parameters
    ----------
    same : side of `against` -> side of `provider` that it stands for, beside the usual names

    Raises
    ------
    InputError
        If they have no side in common.
    """
    one = front_at(workspace, provider, moment, known_at=known_at)
    other = front_at(workspace, against, moment, known_at=known_at)
    if one is None or other is None:
        return None
    key = (identity(one), identity(other), tuple(sorted((same or {}).items())))
    return _BANDS.get(key, lambda: disagreement(one, other, same=same))


def related(
    workspace: Workspace,
    provider: str,
    items: Sequence[tuple[BaseGeometry, datetime]],
    known_at: datetime | None = None,
) -> list[FrontRelation | None]:
    """Return how far each thing lies from the front valid at its date, and on which side.

    None where the provider says nothing of the date, or the geometry is empty.

    Parameters
    ----------
    items : (geometry in degrees, when it was so)
    """
    found: list[FrontRelation | None] = [None] * len(items)
    by_moment: dict[datetime, list[int]] = defaultdict(list)
    for place, (geometry, moment) in enumerate(items):
        if not geometry.is_empty:
            by_moment[moment].append(place)
    by_snapshot: dict[str, tuple[FrontlineSnapshot, list[int]]] = {}
    for moment, places in by_moment.items():
        snapshot = front_at(workspace, provider, moment, known_at=known_at)
        if snapshot is not None:
            by_snapshot.setdefault(snapshot.id, (snapshot, []))[1].extend(places)
    for snapshot, places in by_snapshot.values():
        for place, relation in zip(places, _relate(snapshot, [items[place][0] for place in places]), strict=True):
            found[place] = relation
    return found


def related_to(
    workspace: Workspace,
    provider: str | None,
    items: Sequence[tuple[BaseGeometry, datetime]],
    known_at: datetime | None = None,
) -> list[FrontRelation | None]:
    """Return `related` for a provider, for the first there is where None is given, or nothing where there is none."""
    chosen = provider or next(iter(providers(workspace, known_at)), None)
    return [None] * len(items) if chosen is None else related(workspace, chosen, items, known_at=known_at)


def _relate(snapshot: FrontlineSnapshot, geometries: list[BaseGeometry]) -> Sequence[FrontRelation | None]:
    if all(area.geometry.is_empty for area in snapshot.areas):
        return [None] * len(geometries)
    return _DISTANCES.get(identity(snapshot), lambda: FrontDistance(snapshot)).relate(geometries)


def _side(old: FrontlineSnapshot, new: FrontlineSnapshot, side: str, change: GroundChange | None) -> SideReport:
    gained, lost = (change.gained_km2, change.lost_km2) if change is not None else (0.0, 0.0)
    days = (new.valid_from - old.valid_from) / _DAY
    colours = [area.colour for snapshot in (new, old) for area in snapshot.areas if area.side == side and area.colour]
    return SideReport(
        side=side,
        colour=next(iter(colours), None),
        gained_km2=gained,
        lost_km2=lost,
        rate_km2_day=(gained - lost) / abs(days) if days else None,
        length_before_km=front_length_km(old, side),
        length_after_km=front_length_km(new, side),
        displacement=moved(old, new, side),
    )


def _unit(unit: Outline, changes: Sequence[GroundChange]) -> list[UnitRow]:
    shapely.prepare(unit.geometry)
    rows = [
        UnitRow(
            name=unit.name,
            level=unit.level,
            side=change.side,
            gained_km2=_shared_km2(unit.geometry, change.gained),
            lost_km2=_shared_km2(unit.geometry, change.lost),
        )
        for change in changes
    ]
    return [row for row in rows if row.gained_km2 or row.lost_km2]


def _shared_km2(unit: BaseGeometry, ground: BaseGeometry) -> float:
    """Return how much of some ground lies in a unit: pieces wholly inside are not cut, which would cost most."""
    pieces = shapely.get_parts(ground)
    pieces = pieces[shapely.intersects(unit, pieces)]
    inside = shapely.contains_properly(unit, pieces)
    cut = shapely.intersection(unit, pieces[~inside])
    return sum(area_km2(piece) for piece in (*pieces[inside], *cut))
