"""What happens during the exercise: when, where, and which sign it must have in radar. Days count from the start."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely import LineString, MultiPoint, union_all
from shapely.geometry.base import BaseGeometry

from dashboard.model.change import ChangeSign
from dashboard.simulate.terrain import AIRFIELD, DEPOT, apron, part, smooth, swath, terrain, wander
from dashboard.simulate.town import HANGAR_LOST_DAY, town

START = datetime(2026, 5, 4, tzinfo=UTC)
"""Midnight before the first day; a Monday."""
DAYS = 90
BRIDGE_CUT_DAY = 47.2
FLOOD_DAYS = (25.5, 38.0, 45.0)
"""Highest water from the first to the second day, half of it to the third."""
DEPOT_DAYS = (6.4, 31.3)
APRON_DAYS = (19.6, 54.4)
TRENCHES = (
    (17.4, [(1650, -2150), (1850, -1750), (2150, -1500), (2350, -1050), (2750, -800), (2850, -350), (3250, 50)]),
    (56.3, [(-2050, -1550), (-1850, -1150), (-1950, -700), (-1700, -350), (-1900, 100), (-1650, 500)]),
)
"""Days and courses of the two trench lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One true change of the ground."""

    id: str
    kind: str
    """``building damage``, ``bridge cut``, ``earthworks``, ``flood`` or ``vehicles``."""
    outline: BaseGeometry
    """Where it shows, local metres."""
    start: float
    """Day on which it begins."""
    end: float | None = None
    """Day on which the ground is as before again; None when it stays."""
    sign: ChangeSign
    """Of backscatter, before to after."""


def moment(day: float) -> datetime:
    """Return the time of a day of the exercise, to the minute."""
    return START + timedelta(minutes=round(day * 1440))


@lru_cache(maxsize=2)
def events(seed: int) -> tuple[Event, ...]:
    """Return everything that truly changes, in order of time."""
    buildings = town(seed)
    made = [
        Event(id=f"strike-{n + 1}", kind="building damage", outline=outline, start=day, sign=ChangeSign.MIXED)
        for n, (day, outline) in enumerate(buildings.destroyed)
    ]
    made.append(
        Event(
            id="hangar", kind="building damage", outline=buildings.hangar, start=HANGAR_LOST_DAY, sign=ChangeSign.MIXED
        )
    )
    gap = cut_deck(terrain(seed).bridges[1])[1].buffer(11.0, cap_style="flat")
    made.append(Event(id="bridge", kind="bridge cut", outline=gap, start=BRIDGE_CUT_DAY, sign=ChangeSign.DARKER))
    for n, (day, course) in enumerate(TRENCHES):
        outline = trench(course).buffer(9.0, cap_style="flat")
        made.append(
            Event(id=f"trench-{n + 1}", kind="earthworks", outline=outline, start=day, sign=ChangeSign.BRIGHTER)
        )
    wet: dict[str, Any] = {"kind": "flood", "sign": ChangeSign.DARKER}
    high, low = flood(seed, FLOOD_DAYS[0]), flood(seed, FLOOD_DAYS[1])
    if high is not None and low is not None:
        made.append(Event(id="flood-high", outline=high.difference(low), start=FLOOD_DAYS[0], end=FLOOD_DAYS[1], **wet))
        made.append(Event(id="flood-low", outline=low, start=FLOOD_DAYS[0], end=FLOOD_DAYS[2], **wet))
    for name, (first, last), places in (("depot", DEPOT_DAYS, depot_places()), ("apron", APRON_DAYS, apron_places())):
        outline = MultiPoint(places).buffer(9.0).buffer(8.0).buffer(-8.0)
        made.append(Event(id=name, kind="vehicles", outline=outline, start=first, end=last, sign=ChangeSign.BRIGHTER))
    return tuple(sorted(made, key=lambda event: (event.start, event.id)))


def flood(seed: int, day: float) -> BaseGeometry | None:
    """Return the flooded meadows of a day, local metres, or None when the river keeps to its bed."""
    if not FLOOD_DAYS[0] <= day < FLOOD_DAYS[2]:
        return None
    ground = terrain(seed)
    reach = part(ground.river, 0.52, 0.83)
    widths = wander(np.random.default_rng([seed, 3]), 160, 60.0, 560.0, 5.0)
    widths *= np.sin(np.linspace(0.15, np.pi - 0.15, 160))[:, None]
    share = 1.0 if day < FLOOD_DAYS[1] else 0.45
    wet = swath(reach, widths * share)
    dry = [p.shape for p in ground.patches if p.kind in {"river", "forest", "road", "built"}]
    return wet.difference(union_all(dry)).buffer(-8).buffer(8)


def cut_deck(deck: LineString) -> tuple[LineString, LineString, LineString]:
    """Return a bridge's deck as (kept, gap, kept)."""
    return part(deck, 0.0, 0.24), part(deck, 0.24, 0.76), part(deck, 0.76, 1.0)


def trench(course: list[tuple[int, int]]) -> LineString:
    """Return a trench's zigzag about its course."""
    line = smooth(course, 30.0)
    xy = np.asarray(line.coords)
    ahead = np.gradient(xy, axis=0)
    normal = np.column_stack([-ahead[:, 1], ahead[:, 0]]) / np.hypot(*ahead.T)[:, None]
    return LineString(xy + normal * np.where(np.arange(len(xy)) % 2, 9.0, -9.0)[:, None])


def depot_places() -> NDArray[np.float64]:
    """Return (n, 2) parked vehicles in rows in the depot."""
    return _rows(DEPOT[:2], DEPOT[4], columns=13, rows=5, pitch=(20.0, 36.0))


def apron_places() -> NDArray[np.float64]:
    """Return (n, 2) parked vehicles on the airfield's apron."""
    x, y = apron().centroid.coords[0]
    return _rows((x, y), AIRFIELD[2], columns=15, rows=3, pitch=(28.0, 42.0))


def _rows(
    centre: tuple[float, float], deg: float, *, columns: int, rows: int, pitch: tuple[float, float]
) -> NDArray[np.float64]:
    i, j = np.meshgrid(np.arange(columns) - (columns - 1) / 2, np.arange(rows) - (rows - 1) / 2)
    along, across = i.ravel() * pitch[0], j.ravel() * pitch[1]
    c, s = np.cos(np.radians(deg)), np.sin(np.radians(deg))
    return np.column_stack([centre[0] + c * along - s * across, centre[1] + s * along + c * across])
