"""The exercise's truth: what happened is found at the usual threshold, dated right, and little else is claimed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from dashboard.model.change import ChangeRun, DetectedChange
from dashboard.simulate.delivery import deliver
from dashboard.simulate.events import Event, events, moment
from dashboard.simulate.ground import to_degrees
from dashboard.simulate.plan import Planned, plan
from dashboard.sources.product import Given
from dashboard.sources.registry import worker
from dashboard.workflows.detection.question import question_between
from dashboard.workflows.detection.run import detect
from dashboard.workflows.exercise import SYNTHETIC
from dashboard.workflows.ingest import ingest
from dashboard.workflows.searched import full_grid
from dashboard.workflows.workspace import Workspace, open_workspace

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")]

SEED, HALF_M, STACK = 2026, 3600.0, "S1-D"
PIXEL_M2 = 100.0
LEAST_PIXELS = 20
IMAGED = shapely.box(-HALF_M, -HALF_M, HALF_M, HALF_M).buffer(-100.0)
NEAR_DEG = 20.0 / 82_000.0
"""20 m east; a little more north."""

Days = tuple[float, float]


@dataclass(frozen=True)
class Asked:
    run: ChangeRun
    shown: list[DetectedChange]
    """Above the usual threshold."""


def passes() -> list[Planned]:
    found = [planned for planned in plan(half_m=HALF_M) if planned.stack.name == STACK]
    return sorted(found, key=lambda planned: planned.day)


def tellable() -> list[tuple[Event, Days]]:
    """Return every event that this stack can see, with the last look before it and the first at which it is there."""
    days = [planned.day for planned in passes()]
    found = []
    for event in events(SEED):
        earlier, later = [day for day in days if day < event.start], [day for day in days if day >= event.start]
        there = [day for day in later if event.end is None or day < event.end]
        if there and event.outline.intersection(IMAGED).area >= LEAST_PIXELS * PIXEL_M2:
            found.append((event, (earlier[-1], there[0])))
    return found


@pytest.fixture(scope="module", name="told")
def _told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Days, Asked]]:
    with open_workspace(tmp_path_factory.mktemp("truth")) as workspace:
        there = delivered(workspace, tmp_path_factory.mktemp("incoming"))
        yield {days: asked(workspace, there, days) for days in sorted({days for _, days in tellable()})}


def delivered(workspace: Workspace, incoming: Path) -> dict[float, str]:
    """Return the acquisition of every day of the stack, taken in like any delivery."""
    found = {}
    for planned in passes():
        folder = incoming / planned.id
        folder.mkdir()
        given = Given(handling=SYNTHETIC, time=planned.start)
        (entry,) = ingest(workspace, [deliver(planned, folder, SEED)], given=given)
        assert entry.id is not None, entry.message
        found[planned.day] = entry.id
    worker().end()
    return found


def asked(workspace: Workspace, there: dict[float, str], days: Days) -> Asked:
    a, b = (workspace.catalog.acquisitions.get(there[day]) for day in days)
    grid = full_grid(workspace, a, b, None, None)
    run, changes = detect(workspace, question_between(workspace, a, b), geobox=grid)
    return Asked(run, [change for change in changes if change.score >= run.usual_score])


def outline(event: Event) -> BaseGeometry:
    return to_degrees(event.outline)


def seen_of(event: Event, shown: list[DetectedChange]) -> DetectedChange | None:
    """Return the change that covers most of an event; events overlap, such as a flood and a trench in it."""
    where = outline(event)
    hits = [change for change in shown if change.geometry.intersects(where)]
    return max(hits, key=lambda change: change.geometry.intersection(where).area, default=None)


def true_between(first: datetime, last: datetime) -> list[BaseGeometry]:
    """Return where something began or ended from one moment to another: within the periods that are compared, too."""
    instants = [(event, (event.start, event.end)) for event in events(SEED)]
    return [outline(e) for e, at in instants if any(day is not None and first < moment(day) <= last for day in at)]


def test_there_is_much_to_find():
    kinds = [event.kind for event, _ in tellable()]
    assert len(kinds) >= 8
    assert {"building damage", "earthworks", "flood", "vehicles"} <= set(kinds)


def test_every_event_is_found_and_its_date_holds_the_truth(told: dict[Days, Asked]):
    missed, misdated = [], []
    for event, days in tellable():
        change = seen_of(event, told[days].shown)
        if change is None:
            missed.append((event.id, event.kind, round(event.outline.area / PIXEL_M2), days))
        elif not change.after <= moment(event.start) <= change.before:
            misdated.append((event.id, event.kind, event.start, change.after, change.before))
    assert (missed, misdated) == ([], [])


def test_little_else_is_claimed(told: dict[Days, Asked]):
    for days, one in told.items():
        run = one.run
        assert run.announced is not None
        truth = shapely.union_all(true_between(*moments_of(days)))
        false = [change for change in one.shown if change.geometry.distance(truth) > NEAR_DEG]
        announced = run.announced.at(run.usual_score) * run.observed_km2 / 100.0
        assert len(false) <= 2.0 * max(announced, 1.0), (days, run.usual_score, [change.score for change in false])


def moments_of(days: Days) -> tuple[datetime, datetime]:
    """Return the ends of the two periods that `question_between` compares."""
    return moment(days[0] - 402.0), moment(days[1] + 60.0)
