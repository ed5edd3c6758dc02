"""What an analyst of the exercise would have drawn: places, lines and areas with the words that go with them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shapely import LineString, Polygon, simplify
from shapely.geometry.base import BaseGeometry

from dashboard.simulate.events import BRIDGE_CUT_DAY, FLOOD_DAYS, TRENCHES, Event, events, moment
from dashboard.simulate.front import fronts
from dashboard.simulate.ground import to_degrees

FRONT_WEEK = 7
_SMOOTH_M = 60.0
_ROUGH_M = 12.0
"""As coarse as a hand draws, metres."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """One annotation to be."""

    id: str
    kind: str
    """As annotations name their kinds."""
    geometry: BaseGeometry
    """Longitude and latitude in degrees."""
    title: str
    notes: str
    grade: str
    valid_from: datetime
    valid_to: datetime | None = None
    side: str = ""
    opposing: str = ""
    seen_after: datetime | None = None
    """The pictures from then on show it; None where none does."""


def notes(seed: int) -> tuple[Noted, ...]:
    """Return the annotations, in order of validity."""
    happened = {event.id: event for event in events(seed)}
    front = next(found for week, found in enumerate(fronts(seed)) if week == FRONT_WEEK)
    found = [
        _of_event(
            happened["strike-1"], kind="damage", title="Destroyed block", grade="B2",
            notes="Roofs gone, walls standing in part. Two radars agree.",
        ),
        _of_event(
            happened["bridge"], kind="damage", title="Bridge cut", grade="B1",
            notes="The middle of the deck is missing; no crossing for vehicles."
        ),
        _of_event(
            happened["flood-high"], kind="note", title="Flooded meadows", grade="B2",
            notes="High water; tracks off the road are not passable.", valid_to=moment(FLOOD_DAYS[1]),
        ),
        _of_event(
            happened["depot"], kind="position", title="Vehicles in the depot", grade="C3", side="ORANGE",
            notes="Rows of vehicles, number not counted.", point=True,
        ),
        _trench("trench-east", 0, "Trench, east bank", ("ORANGE", "BLUE")),
        _trench("trench-west", 1, "Trench, west of the town", ("BLUE", "ORANGE")),
        Noted(
            id="exercise-detour", kind="route", title="Detour over the northern bridge", grade="C3", side="BLUE",
            geometry=to_degrees(LineString([(-2600, -900), (-1500, 300), (-600, 1500), (700, 2100), (1700, 1900)])),
            notes="Used since the southern bridge was cut.", valid_from=moment(BRIDGE_CUT_DAY + 1),
        ),
        Noted(
            id="exercise-line", kind="frontline", title="Line of contact, own estimate", grade="C2", side="BLUE",
            opposing="ORANGE", geometry=to_degrees(simplify(_contact(front.blue), _SMOOTH_M)),
            notes="Drawn from radar and reports; differs from the control map by what is not yet confirmed.",
            valid_from=front.valid_from,
        ),
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda note: (note.valid_from, note.id)))


def _of_event(event: Event, *, point: bool = False, **told: Any) -> Noted:  # noqa: ANN401 - fields of Noted
    """Return what is said about an event: its outline, its time and its pictures, unless told otherwise."""
    around = event.outline.convex_hull.buffer(15.0, quad_segs=2).simplify(_ROUGH_M)
    shape: BaseGeometry = event.outline.centroid if point else around
    start = moment(event.start)
    when = {
        "valid_from": start,
        "valid_to": None if event.end is None else moment(event.end),
        "seen_after": start,
    }
    return Noted(id=f"exercise-{event.id}", geometry=to_degrees(shape), **{**when, **told})


def _trench(name: str, which: int, title: str, sides: tuple[str, str]) -> Noted:
    day, course = TRENCHES[which]
    return Noted(
        id=f"exercise-{name}", kind="obstacle", title=title, grade="B2", side=sides[0], opposing=sides[1],
        geometry=to_degrees(LineString(course)), notes="Fresh earth, bright in radar.", valid_from=moment(day),
        seen_after=moment(day),
    )  # fmt: skip


def _contact(blue: Polygon) -> LineString:
    """Return the side of BLUE's ground that faces ORANGE, with ORANGE to its right: from south to north."""
    ring = list(blue.exterior.coords)  # the line from the south comes first, then the western corners
    return LineString(ring[: len(ring) - 3])
