"""Changes in the order and within the distance to the front that an analyst asks for. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dashboard.geo.front_distance import FrontRelation
from dashboard.model.change import DetectedChange

Related = tuple[DetectedChange, FrontRelation | None]
_FAR = float("inf")
ORDERS: dict[str, Callable[[Related], tuple[float, ...]]] = {
    "size": lambda pair: (-pair[0].area_m2,),
    "front": lambda pair: (pair[1].km if pair[1] else _FAR, -pair[0].area_m2),
    "strength": lambda pair: (-abs(pair[0].magnitude_db),),
    "date": lambda pair: (pair[0].before.timestamp(), -pair[0].area_m2),
}
"""How a list of changes can be ordered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """Order and filter of the changes."""

    order: str = "size"
    within_km: float | None = None
    """Of the front that was valid when the change was first seen; None for any distance."""
    side: str = ""
    """Whose ground it lies on; empty for anybody's."""


@dataclass(frozen=True, slots=True)
class Arranged:
    """Changes with their relation to the front, as asked for."""

    changes: tuple[DetectedChange, ...] = ()
    relations: dict[str, FrontRelation | None] = field(default_factory=dict)
    """By id of the change."""


def arrange(
    changes: Sequence[DetectedChange], relations: Sequence[FrontRelation | None], wanted: Arrangement
) -> Arranged:
    """Return the changes that are wanted, in the order that is wanted; without a front nothing is near one."""
    pairs = [pair for pair in zip(changes, relations, strict=True) if _wanted(pair[1], wanted)]
    pairs.sort(key=ORDERS[wanted.order])
    return Arranged(tuple(change for change, _ in pairs), {change.id: relation for change, relation in pairs})


def _wanted(relation: FrontRelation | None, wanted: Arrangement) -> bool:
    if wanted.within_km is not None and (relation is None or relation.km > wanted.within_km):
        return False
    return not wanted.side or (relation is not None and relation.side == wanted.side)
