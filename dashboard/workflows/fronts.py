"""The frontline before and after, and the ground that changed hands between them: as known at any moment."""

from bisect import bisect_right
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime

from dashboard.catalog.engine import Kind
from dashboard.catalog.frontlines import FrontArea
from dashboard.geo.control import ground_changes
from dashboard.model.frontline import OWN, FrontlineSnapshot, GroundChange
from dashboard.workflows.own_front import has_own, own_front, own_moments, own_series
from dashboard.workflows.remembered import Remembered
from dashboard.workflows.workspace import Workspace

_CHANGES: Remembered[tuple[GroundChange, ...]] = Remembered(256)
_SNAPSHOTS: Remembered[FrontlineSnapshot] = Remembered(128)
_COURSES: Remembered[tuple[tuple[datetime, str], ...]] = Remembered(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fronts:
    """What one provider says about two moments."""

    before: FrontlineSnapshot | None = None
    """Valid at the earlier moment; None when nothing was known yet or no moment was asked."""
    after: FrontlineSnapshot | None = None
    changes: tuple[GroundChange, ...] = ()
    """Per side; empty unless both snapshots are there."""


def fronts(
    workspace: Workspace,
    provider: str | None,
    before: datetime | None,
    after: datetime | None,
    *,
    known_at: datetime | None = None,
) -> Fronts:
    """Return a provider's frontline at two moments; ground changes are computed once per pair of snapshots.

    Parameters
    ----------
    provider : None means the first there is; `OWN` is the front that is drawn here
    before, after : aware times, or None where nothing is shown
    known_at : what was known at this moment; snapshots retrieved, drawn or accepted later do not exist
    """
    if provider is None:
        provider = next(iter(providers(workspace, known_at)), None)
    if provider is None:
        return Fronts()
    old = None if before is None else front_at(workspace, provider, before, known_at=known_at)
    new = None if after is None else front_at(workspace, provider, after, known_at=known_at)
    return Fronts(before=old, after=new, changes=() if old is None or new is None else changes_between(old, new))


def providers(workspace: Workspace, known_at: datetime | None = None) -> tuple[str, ...]:
    """Return the providers with a front that counts, in order of name; `OWN` last, when an area is drawn."""
    own = (OWN,) if has_own(workspace, known_at) else ()
    return (*workspace.catalog.frontlines.providers(known_at), *own)


def fronts_revision(workspace: Workspace) -> int:
    """Return a number that grows with every write that may move a front, drawn or not, or what it is counted by."""
    return workspace.catalog.revision_of(Kind.FRONTLINES, Kind.ANNOTATIONS, Kind.PLACES)


def front_series(workspace: Workspace, provider: str, known_at: datetime | None = None) -> tuple[FrontArea, ...]:
    """Return the ground that each side of a provider held over time, in order of time, then side."""
    if provider == OWN:
        return tuple(own_series(workspace, known_at))
    return tuple(workspace.catalog.frontlines.series(provider, known_at))


def front_at(
    workspace: Workspace, provider: str, moment: datetime, *, known_at: datetime | None = None
) -> FrontlineSnapshot | None:
    """Return a provider's snapshot valid at a moment, or None; the same object while it is remembered."""
    if provider == OWN:
        found = own_front(workspace, moment, known_at)
        return None if found is None else _SNAPSHOTS.get((workspace.catalog.path, found.id), lambda: found)
    course = front_course(workspace, provider, known_at)
    begun = bisect_right(course, moment, key=lambda step: step[0])
    return snapshot_of(workspace, course[begun - 1][1]) if begun else None


def front_course(
    workspace: Workspace, provider: str, known_at: datetime | None = None
) -> tuple[tuple[datetime, str], ...]:
    """Return (valid from, id) of everything a provider said, in order of time: what a clock steps through."""
    catalog = workspace.catalog
    key = (catalog.path, fronts_revision(workspace), provider, known_at)
    return _COURSES.get(key, lambda: tuple(_course(workspace, provider, known_at)))


def snapshot_of(workspace: Workspace, snapshot_id: str) -> FrontlineSnapshot:
    """Return a recorded snapshot, decoded once while it is remembered: snapshots never change.

    Raises
    ------
    NotFoundError
        If there is none of this id.
    """
    catalog = workspace.catalog
    return _SNAPSHOTS.get((catalog.path, snapshot_id), lambda: catalog.frontlines.get(snapshot_id))


def changes_between(before: FrontlineSnapshot, after: FrontlineSnapshot) -> tuple[GroundChange, ...]:
    """Return what each side gained and lost between two snapshots, none for the same one twice; computed once."""
    if before.id == after.id:
        return ()
    return _CHANGES.get((identity(before), identity(after)), lambda: ground_changes(before, after))


def identity(snapshot: FrontlineSnapshot) -> Hashable:
    """Return what stands for a snapshot: ids never name another one, except in another catalogue."""
    return snapshot.id, snapshot.sha256, snapshot.retrieved


def _course(workspace: Workspace, provider: str, known_at: datetime | None) -> list[tuple[datetime, str]]:
    if provider != OWN:
        return workspace.catalog.frontlines.moments(provider, known_at)
    drawn = [(time, own_front(workspace, time, known_at)) for time in own_moments(workspace, known_at)]
    return [(time, found.id) for time, found in drawn if found is not None]
