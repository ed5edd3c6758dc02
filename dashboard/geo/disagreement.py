"""Where two providers differ about who holds which ground at one time."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import shapely
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from dashboard.geo.control import drawn_and_km2
from dashboard.geo.front_sides import ground_of, sides_of
from dashboard.model.errors import InputError
from dashboard.model.frontline import FrontlineSnapshot

ALIASES = (
    ("orange", "occupied", "occupied before 2022", "ru", "rus", "russia", "russian"),
    ("blue", "ua", "ukr", "ukraine", "ukrainian"),
)
"""Names that stand for one side, in small letters; the first of each row stands for the rest."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Ground that one provider gives to one side and the other to another."""

    one: str
    """As the first provider names the side; empty where it gives the ground to none that it names."""
    other: str
    geometry: BaseGeometry
    """MultiPolygon, longitude and latitude in degrees, without slivers."""
    km2: float
    """Geodesic, slivers included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """The band between two providers' fronts."""

    one: str
    """Id of the first snapshot."""
    other: str
    band: BaseGeometry
    """MultiPolygon, longitude and latitude in degrees, without slivers."""
    km2: float
    """Geodesic, slivers included; ground in several contradictions counts once."""
    pairs: tuple[Contradiction, ...]
    """By sides, the largest first; they overlap only where one provider's own sides do."""
    compared: tuple[tuple[str, str], ...]
    """Sides taken as the same: (names of the first, names of the other)."""
    note: str
    """Which ground was compared, for people."""


@dataclass(frozen=True, slots=True)
class _Side:
    names: str
    ground: BaseGeometry


def disagreement(
    one: FrontlineSnapshot, other: FrontlineSnapshot, *, same: Mapping[str, str] | None = None
) -> Disagreement:
    """Return where two snapshots contradict each other about the sides that both name.

    Ground that both give to sides which only one of them names is no contradiction. A provider of several sides is
    taken at its word within the box around all its ground; a provider of one side alone is taken to say of every place
    whether that side holds it.

    Parameters
    ----------
    same : side of `other` -> side of `one` that it stands for, beside `ALIASES` and equal names

    Raises
    ------
    InputError
        If they have no side in common: then nothing can be compared.
    """
    mine, theirs = _by_key(one, {}), _by_key(other, same or {})
    shared = mine.keys() & theirs.keys()
    if not shared:
        msg = (
            f"{one.provider} ({', '.join(sides_of(one))}) and {other.provider} ({', '.join(sides_of(other))}) name no "
            "side in common; say which side of one stands for which of the other."
        )
        raise InputError(msg)
    window, note = _window((one, mine), (other, theirs))
    found = [
        _contradiction((mine, a), (theirs, b), window)
        for a, b in product((*mine, None), (*theirs, None))
        if a != b and ({a, b} & shared)
    ]
    pairs = sorted((pair for pair in found if pair.km2 > 0), key=lambda pair: -pair.km2)
    band, km2 = _whole(pairs)
    return Disagreement(
        one=one.id,
        other=other.id,
        band=band,
        km2=km2,
        pairs=tuple(pairs),
        compared=tuple((mine[key].names, theirs[key].names) for key in sorted(shared)),
        note=note,
    )


def side_key(side: str) -> str:
    """Return what a side is compared by: the first of its aliases, or its own name in small letters."""
    name = side.strip().casefold()
    return next((row[0] for row in ALIASES if name in row), name)


def _by_key(snapshot: FrontlineSnapshot, same: Mapping[str, str]) -> dict[str, _Side]:
    names: dict[str, list[str]] = {}
    for side in sides_of(snapshot):
        names.setdefault(side_key(same.get(side, side)), []).append(side)
    return {
        key: _Side(" + ".join(sides), shapely.union_all([ground_of(snapshot, side) for side in sides]))
        for key, sides in names.items()
    }


def _window(*providers: tuple[FrontlineSnapshot, dict[str, _Side]]) -> tuple[BaseGeometry, str]:
    """Return the ground on which both say something, and the words for it."""
    window: BaseGeometry = shapely.box(-540.0, -90.0, 540.0, 90.0)
    words = []
    for snapshot, sides in providers:
        if len(sides) > 1:
            window = window & shapely.box(*shapely.total_bounds([side.ground for side in sides.values()]))
            words.append(snapshot.provider)
    limits = f"within the ground that {' and '.join(words)} map" if words else "everywhere"
    return window, f"compared {limits}"


def _contradiction(
    one: tuple[dict[str, _Side], str | None], other: tuple[dict[str, _Side], str | None], window: BaseGeometry
) -> Contradiction:
    (mine, a), (theirs, b) = one, other
    ground = shapely.intersection(mine[a].ground, window) if a is not None else window
    # What a provider gives to nobody is what is left of the other's ground, never the world around it.
    ground = ground & theirs[b].ground if b is not None else ground - _all(theirs)
    if a is None:
        ground = ground - _all(mine)
    drawn, km2 = drawn_and_km2(ground)
    return Contradiction(mine[a].names if a is not None else "", theirs[b].names if b is not None else "", drawn, km2)


def _all(sides: dict[str, _Side]) -> BaseGeometry:
    return shapely.union_all([side.ground for side in sides.values()])


def _whole(pairs: list[Contradiction]) -> tuple[BaseGeometry, float]:
    if not pairs:
        return MultiPolygon(), 0.0
    drawn, km2 = drawn_and_km2(shapely.union_all([pair.geometry for pair in pairs]))
    # Slivers left out of each pair's drawing still count; where pairs overlap, only once.
    stated, shown = sum(pair.km2 for pair in pairs), sum(drawn_and_km2(pair.geometry)[1] for pair in pairs)
    return drawn, km2 + max(0.0, stated - shown)
