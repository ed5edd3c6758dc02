"""Laws of the log and of annotations, whatever the order of edits, removals, decisions, retries and clocks."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.catalog.annotations import Annotations
from dashboard.catalog.catalog import AnnotationQuery, Catalog
from dashboard.catalog.engine import Database
from dashboard.catalog.forces import Forces
from dashboard.catalog.log import EventLog
from dashboard.catalog.revisions import Revisions
from dashboard.model.annotation import Annotation, AnnotationKind, Force, Revision
from dashboard.model.event import Event, Outcome
from dashboard.model.sketch import Shape

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
IDS = ("a", "b", "c")
MADE = AnnotationQuery(order="title", limit=None)
NEAR = AnnotationQuery(order="title", limit=None, bbox=(36.0, 48.0, 36.5, 48.5))
LATER = AnnotationQuery(order="title", limit=None, valid_at=NOON + 40 * HOUR)


@dataclass
class World:
    """A catalogue, the clock on its wall, and what was done."""

    log: EventLog
    notes: Annotations
    now: datetime = NOON
    done: list[Event] = field(default_factory=list)
    again: list[Callable[[], Event]] = field(default_factory=list)
    believed: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)

    def do(self, action: Callable[[], Event]) -> Event:
        self.done.append(action())
        self.again.append(action)
        self.believed.append((self.done[-1].at, self.picture()))
        return self.done[-1]

    def picture(self, known_at: datetime | None = None) -> dict[str, Any]:
        """Return everything that can be seen of annotations at one state of knowledge."""
        queries = [replace(query, known_at=known_at) for query in (MADE, NEAR, LATER)]
        return {
            "found": [self.notes.find(query) for query in queries],
            "counted": [self.notes.count(query) for query in queries],
            "drawn": [list(self.notes.drawn(query).titles) for query in queries],
            "histories": {id_: self.notes.history(id_, known_at=known_at) for id_ in IDS},
        }

    def everything(self) -> dict[str, Any]:
        return {**self.picture(), "conflicts": self.notes.conflicts(), "forces": self.notes.forces()}


@pytest.fixture(name="empty", scope="module")
def _empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "c.sqlite"
    Catalog.open(path).close()
    return path


@contextmanager
def world(empty: Path) -> Iterator[World]:
    path = Path(tempfile.mkdtemp(dir=empty.parent)) / "c.sqlite"
    shutil.copy(empty, path)
    database = Database(path)
    made: list[World] = []
    log = EventLog(database, (Revisions(), Forces()), lambda: made[0].now)
    made.append(World(log, Annotations(database, log)))
    try:
        yield made[0]
    finally:
        database.close()


def note(id_: str, title: str, place: float) -> Annotation:
    return Annotation(
        id=id_,
        kind=AnnotationKind.POSITION,
        shape=Shape.POINT,
        geometry=shapely.Point(36 + place, 48 + place),
        title=title,
        valid_from=NOON + place * 50 * HOUR,
        valid_to=None if place < 0.5 else NOON + (place * 50 + 9) * HOUR,
    )


ACTIONS = ("save", "save", "stale", "remove", "decide", "keep", "force")
_steps = st.lists(
    st.tuples(st.sampled_from(ACTIONS), st.sampled_from(IDS), st.floats(0, 1), st.integers(-3, 5)), max_size=14
)


def live(world: World, steps: list[tuple[str, str, float, int]]) -> None:
    """Do what can be done of some steps; the clock goes forth, back or stands."""
    for number, (action, id_, place, hours) in enumerate(steps):
        world.now += hours * HOUR
        act = step(world, action, note(id_, f"{number:02}", place), f"e{number}")
        if act is not None:
            world.do(act)


def step(world: World, action: str, wanted: Annotation, event: str) -> Callable[[], Event] | None:
    notes, id_ = world.notes, wanted.id
    version = world.log.version(f"annotation:{id_}")
    there = bool(version) and not notes.get(id_).removed
    if action == "save":
        return lambda: notes.save(wanted, author="ann", base=version, event_id=event)
    if action == "stale" and version:
        return lambda: notes.save(wanted, author="bob", base=version - 1, event_id=event)
    if action == "remove" and there:
        return lambda: notes.remove(id_, author="ann", base=version, event_id=event)
    if action == "force":
        world.notes.save_force(Force(wanted.title, "#00ff00"), author="ann")
        return None
    torn = notes.conflicts(id_) if action in {"decide", "keep"} else []
    choice = wanted if action == "decide" else None
    return (
        (lambda: notes.resolve(torn[0].version, choice, author="cid", base=version, event_id=event)) if torn else None
    )


@given(steps=_steps)
@settings(max_examples=25, deadline=None)
def test_replaying_the_log_gives_the_state(steps: list[tuple[str, str, float, int]], empty: Path) -> None:
    with world(empty) as one:
        live(one, steps)
        before, head = one.everything(), one.log.head()
        assert one.log.verify() == head[0] == one.log.replay()
        fresh = World(one.log, Annotations(one.notes._database, one.log))  # remembers nothing
        assert fresh.everything() == before
        assert one.log.verify() == head[0]
        assert one.log.head() == head


@given(steps=_steps)
@settings(max_examples=25, deadline=None)
def test_as_known_at_never_shows_the_future(steps: list[tuple[str, str, float, int]], empty: Path) -> None:
    with world(empty) as one:
        live(one, steps)
        believed = dict(one.believed)  # of events at one moment the last counts
        times = [event.at for event in one.done]
        assert times == sorted(times)
        for at, picture in believed.items():
            assert one.picture(at) == picture
            later = min((time for time in times if time > at), default=at + HOUR)
            assert one.picture(later - timedelta(microseconds=1)) == picture
        first = min(times, default=NOON)
        assert one.picture(first - timedelta(microseconds=1)) == World(one.log, one.notes).picture(NOON - 9999 * HOUR)
        for at in times:
            seen = [revision for found in one.picture(at)["found"] for revision in found]
            assert all(revision.known_from <= at and revision.known_until is None for revision in seen)


@given(steps=_steps)
@settings(max_examples=20, deadline=None)
def test_bringing_back_undoes_removing(steps: list[tuple[str, str, float, int]], empty: Path) -> None:
    with world(empty) as one:
        live(one, steps)
        before = one.notes.find(MADE)
        for revision in before:
            gone = one.notes.remove(revision.annotation.id, author="ann", base=revision.version)
            assert one.notes.count(MADE) == len(before) - 1
            one.notes.save(revision.annotation, author="ann", base=gone.number)
        assert [one.annotation for one in one.notes.find(MADE)] == [one.annotation for one in before]
        assert one.log.verify() == one.log.head()[0]


@given(steps=_steps, data=st.data())
@settings(max_examples=20, deadline=None)
def test_retries_in_any_order_change_nothing(
    steps: list[tuple[str, str, float, int]], data: st.DataObject, empty: Path
) -> None:
    with world(empty) as one:
        live(one, steps)
        before, head = one.everything(), one.log.head()
        every = list(zip(one.again, one.done, strict=True))
        for action, event in data.draw(st.lists(st.sampled_from(every), max_size=12)) if every else []:
            one.now += HOUR
            assert action() == event
        assert (one.everything(), one.log.head()) == (before, head)


@given(steps=_steps)
@settings(max_examples=20, deadline=None)
def test_every_edit_is_somewhere(steps: list[tuple[str, str, float, int]], empty: Path) -> None:
    with world(empty) as one:
        live(one, steps)
        shown: set[int] = {revision.version for id_ in IDS for revision in one.notes.history(id_)}
        waiting = {conflict.version for conflict in one.notes.conflicts()}
        decided = {event.body["conflict"] for event in one.done if "conflict" in event.body and applied(event)}
        assert shown == {event.number for event in one.done if applied(event)}
        assert not waiting & (shown | decided)
        assert shown | waiting | decided == {event.number for event in one.done}
        present: dict[str, Revision] = {id_: one.notes.history(id_)[-1] for id_ in IDS if one.notes.history(id_)}
        assert all(one.notes.get(id_) == revision for id_, revision in present.items())


def applied(event: Event) -> bool:
    return event.outcome is Outcome.APPLIED
