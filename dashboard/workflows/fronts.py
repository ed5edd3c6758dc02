"""The frontline before and after, and the ground that changed hands between them."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from dashboard.geo.control import ground_changes
from dashboard.model.frontline import FrontlineSnapshot, GroundChange
from dashboard.workflows.workspace import Workspace

_REMEMBERED = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Fronts:
    """What one provider says about two moments."""

    before: FrontlineSnapshot | None = None
    """Valid at the earlier moment; None when nothing was known yet or no moment was asked."""
    after: FrontlineSnapshot | None = None
    changes: tuple[GroundChange, ...] = ()
    """Per side; empty unless both snapshots are there."""


def fronts(workspace: Workspace, provider: str | None, before: datetime | None, after: datetime | None) -> Fronts:
    """Return a provider's frontline at two moments; ground changes are computed once per pair of snapshots.

    Parameters
    ----------
    provider : None means the first there is
    before, after : aware times, or None where nothing is shown
    """
    frontlines = workspace.catalog.frontlines
    if provider is None:
        provider = next(iter(frontlines.providers()), None)
    if provider is None:
        return Fronts()
    old = None if before is None else frontlines.at(provider, before)
    new = None if after is None else frontlines.at(provider, after)
    changes = () if old is None or new is None else _changes(_Pair(old, new))
    return Fronts(before=old, after=new, changes=changes)


class _Pair:
    """Two snapshots that compare by what they hold: ids do, as snapshots never change, and areas are costly to hash."""

    __slots__ = ("after", "before", "key")

    def __init__(self, before: FrontlineSnapshot, after: FrontlineSnapshot) -> None:
        self.before = before
        self.after = after
        self.key = (before.id, before.sha256, after.id, after.sha256)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Pair) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@lru_cache(maxsize=_REMEMBERED)
def _changes(pair: _Pair) -> tuple[GroundChange, ...]:
    if pair.before.id == pair.after.id:
        return ()
    return ground_changes(pair.before, pair.after)
