"""Annotations over the map: the list pages on the server, the past shows no future, the front orders what is near."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import shapely
from desk_makers import BOX, DAY, LINE, T0, begin, click, said, saved
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.catalog.query import AnnotationQuery
from dashboard.model.annotation import Annotation, AnnotationKind
from dashboard.model.frontline import ControlArea, FrontlineSnapshot
from dashboard.model.sketch import Shape
from dashboard.model.view import Layer
from dashboard.state.noting import PAGE
from dashboard.state.session import Session
from dashboard.workflows.front_report import related_to
from dashboard.workflows.workspace import Workspace, open_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "desk") as opened:
        yield opened


def note(id_: str, lon: float = 36.2, lat: float = 48.1, **changes: object) -> Annotation:
    plain = {"id": id_, "kind": AnnotationKind.NOTE, "shape": Shape.POINT, "geometry": shapely.Point(lon, lat),
             "title": id_, "valid_from": T0}  # fmt: skip
    return Annotation(**(plain | changes))  # type: ignore[arg-type]


def scattered(count: int, seed: int = 1) -> list[Annotation]:
    rng = random.Random(seed)
    return [
        note(f"n{number:04}", rng.uniform(BOX[0], BOX[2]), rng.uniform(BOX[1], BOX[3]), title=f"{rng.random():.6f}")
        for number in range(count)
    ]


def front(workspace: Workspace, east: float = 36.2, days: int = 0, provider: str = "one") -> None:
    """Record that ORANGE holds everything east of a meridian."""
    ground = {"BLUE": shapely.box(35.5, 47.5, east, 48.7), "ORANGE": shapely.box(east, 47.5, 37, 48.7)}
    areas = tuple(ControlArea(side=side, geometry=shapely.MultiPolygon([area])) for side, area in ground.items())
    since = T0 + days * DAY
    workspace.catalog.frontlines.add(
        FrontlineSnapshot(
            id=f"{provider}-{since:%Y%m%d}-{east}", provider=provider, valid_from=since, areas=areas,
            sha256=f"{provider}{days}{east}", retrieved=since + timedelta(hours=1),
        )
    )  # fmt: skip


class TestList:
    def test_its_pages_are_all_there_is_once_and_in_order(self, workspace: Workspace) -> None:
        workspace.catalog.annotations.save_many(scattered(47), author="Kim")
        session = begin(workspace)
        session.noting.order = "title"
        seen: list[str] = []
        for page in range(5):
            session.noting.turn(page)
            listing = session.noting.listing
            assert (listing.total, listing.page) == (47, page)
            assert len(listing.rows) == len(listing.related) <= PAGE
            seen += [row.annotation.title for row in listing.rows]
        assert len(seen) == 47
        assert seen == sorted(seen)
        session.noting.turn(99)
        assert session.noting.listing.rows == ()

    def test_a_page_of_many_decodes_no_more_than_it_shows(self, workspace: Workspace) -> None:
        workspace.catalog.annotations.save_many(scattered(3000), author="Kim")
        asked: list[AnnotationQuery] = []
        session = begin(workspace)
        store = session.noting._workspace.catalog.annotations
        find = store.find

        def watched(query: AnnotationQuery | None = None):
            assert query is not None
            asked.append(query)
            return find(query)

        store.find = watched  # type: ignore[method-assign]
        session.noting.turn(200)
        assert session.noting.listing.total == 3000
        assert [query.limit for query in asked if query.offset] == [PAGE]
        assert all(query.limit is not None and query.limit <= 300 for query in asked)

    def test_words_kinds_of_order_and_everywhere(self, workspace: Workspace) -> None:
        store = workspace.catalog.annotations
        store.save(note("near", title="Bridge, east", grade="B2"), author="Kim", base=0)
        store.save(note("far", 10.0, 50.0, title="Bridge, far"), author="Kim", base=0)
        store.save(note("over", valid_to=T0 + timedelta(hours=1), title="Ferry"), author="Kim", base=0)
        noting = begin(workspace).noting

        def shown() -> set[str]:
            return {row.annotation.id for row in noting.listing.rows}

        assert shown() == {"near"}
        noting.everywhere = True
        assert shown() == {"near", "far", "over"}
        noting.words = "BRIDGE"
        assert shown() == {"near", "far"}
        noting.words = "bridge east"
        assert shown() == {"near"}
        noting.words = ""
        for order in ("recent", "title", "valid_from", "grade", "kind", "front"):
            noting.order = order
            assert shown() == {"near", "far", "over"}, order

    def test_a_new_filter_begins_at_the_first_page(self, workspace: Workspace) -> None:
        workspace.catalog.annotations.save_many(scattered(40), author="Kim")
        noting = begin(workspace).noting
        noting.turn(3)
        noting.words = "0."
        assert noting.listing.page == 0


class TestFront:
    @pytest.fixture
    def session(self, workspace: Workspace) -> Session:
        front(workspace)
        workspace.catalog.annotations.save_many(scattered(60), author="Kim")
        return begin(workspace)

    def test_nearest_the_front_first_over_all_pages(self, session: Session, workspace: Workspace) -> None:
        session.noting.order = "front"
        found: list[float] = []
        for page in range(6):
            session.noting.turn(page)
            listing = session.noting.listing
            found += [relation.km for relation in listing.related if relation is not None]
            items = [(row.annotation.geometry, row.annotation.valid_from) for row in listing.rows]
            assert list(listing.related) == related_to(workspace, "one", items)
        assert len(found) == 60
        assert found == sorted(found)
        assert found[0] < 1.0 < found[-1]

    def test_within_some_kilometres_is_exactly_those(self, session: Session) -> None:
        session.noting.order = "front"
        session.noting.within_km = 5.0
        listing = session.noting.listing
        assert 0 < listing.total < 60
        assert all(relation is not None and relation.km <= 5.0 for relation in listing.related)
        session.noting.within_km = 1000.0
        assert session.noting.listing.total == 60
        session.noting.within_km = 0.0
        assert session.noting.listing.total == 0

    def test_the_side_is_whose_ground_it_lies_on(self, session: Session) -> None:
        for page in range(6):
            session.noting.turn(page)
            for row, relation in zip(session.noting.listing.rows, session.noting.listing.related, strict=True):
                assert relation is not None
                assert relation.side == ("ORANGE" if row.annotation.geometry.x > 36.2 else "BLUE")

    def test_the_distance_is_to_the_front_of_its_own_date(self, workspace: Workspace) -> None:
        front(workspace)
        front(workspace, east=36.35, days=10)
        store = workspace.catalog.annotations
        store.save(note("early", 36.19), author="Kim", base=0)
        store.save(note("late", 36.19, valid_from=T0 + 11 * DAY), author="Kim", base=0)
        store.save(note("before", 36.19, valid_from=T0 - 11 * DAY), author="Kim", base=0)
        session = begin(workspace, valid_at=T0 + 20 * DAY)
        found = dict(
            zip((row.annotation.id for row in session.noting.listing.rows), session.noting.listing.related, strict=True)
        )
        assert found["before"] is None
        assert found["early"] is not None
        assert found["late"] is not None
        assert found["early"].km < 1.0
        assert found["late"].km > 10.0

    def test_without_a_front_there_is_no_distance_and_nothing_is_near(self, workspace: Workspace) -> None:
        workspace.catalog.annotations.save_many(scattered(5), author="Kim")
        noting = begin(workspace).noting
        assert set(noting.listing.related) == {None}
        noting.order = "front"
        assert noting.listing.total == 5
        noting.within_km = 100.0
        assert noting.listing.total == 0


class TestPast:
    def test_nothing_of_the_future_is_shown(self, workspace: Workspace) -> None:
        session = begin(workspace)
        saved(session, *LINE, title="first")
        then = datetime.now(UTC)
        saved(session, (36.3, 48.15), shape=Shape.POINT, title="later")
        session.noting.words = "first"
        session.noting.choose(session.noting.listing.rows[0].annotation.id)
        session.edit_annotation()
        session.drawing.fill("title", "first, edited")
        session.recording.save()
        session.noting.words = ""
        session.believe(then)
        assert [row.annotation.title for row in session.noting.listing.rows] == ["first"]
        assert [row.annotation.title for row in session.noting.marks] == ["first"]
        assert session.noting.chosen is not None
        assert [one.annotation.title for one in session.noting.chosen.history] == ["first"]
        assert session.overlaying.overlaid is not None
        assert session.overlaying.overlaid.count == 1
        click(session, (36.3, 48.15))
        assert session.noting.chosen.now.annotation.title == "first"
        session.believe(None)
        assert {row.annotation.title for row in session.noting.listing.rows} == {"first, edited", "later"}
        assert len(session.noting.chosen.history) == 2

    def test_what_is_chosen_and_not_known_yet_is_let_go_and_the_rest_is_shown(self, workspace: Workspace) -> None:
        session = begin(workspace)
        early = datetime.now(UTC)
        saved(session, *LINE, title="later")
        assert session.noting.chosen is not None
        session.believe(early)
        assert session.noting.chosen is None
        assert session.noting.listing.rows == ()
        assert session.noting.listing.total == 0
        assert session.notices.current is None or "inside Nightglass" not in said(session)

    def test_what_was_removed_since_is_there_again(self, workspace: Workspace) -> None:
        session = begin(workspace)
        there = saved(session, *LINE, title="was here")
        then = datetime.now(UTC)
        session.recording.remove(there)
        assert session.noting.listing.rows == ()
        session.believe(then)
        assert [row.annotation.id for row in session.noting.listing.rows] == [there.annotation.id]
        assert session.noting.chosen is not None
        assert not session.noting.chosen.now.removed

    def test_nobody_draws_in_the_past(self, workspace: Workspace) -> None:
        session = begin(workspace)
        saved(session, *LINE)
        session.believe(datetime.now(UTC))
        session.begin_drawing(Shape.LINE)
        assert session.drawing.work is None
        session.edit_annotation()
        assert session.drawing.work is None
        assert "go back to now" in said(session)

    def test_conflicts_of_today_are_not_shown_in_the_past(self, workspace: Workspace) -> None:
        session = begin(workspace)
        there = saved(session, *LINE, title="base")
        then = datetime.now(UTC)
        store = workspace.catalog.annotations
        store.save(note(there.annotation.id, title="theirs"), author="Ada", base=there.version)
        store.save(note(there.annotation.id, title="stale"), author="Bo", base=there.version)
        session.refresh()
        assert len(session.noting.conflicts) == 1
        session.believe(then)
        assert session.noting.conflicts == ()
        assert session.noting.chosen is not None
        assert session.noting.chosen.conflicts == ()


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, list[datetime]]]:
    """Return forty random events on six annotations, and moments between them."""
    rng = random.Random(7)
    with open_workspace(tmp_path_factory.mktemp("history") / "desk") as workspace:
        store, moments = workspace.catalog.annotations, [datetime.now(UTC)]
        for number in range(40):
            id_ = f"n{rng.randrange(6)}"
            past = store.history(id_)
            if past and not past[-1].removed and rng.random() < 0.3:
                store.remove(id_, author="Kim", base=past[-1].version)
            else:
                base = past[-1].version if past else 0
                store.save(note(id_, rng.uniform(36.1, 36.3), title=f"edit {number}"), author="Kim", base=base)
            moments.append(datetime.now(UTC))
        yield workspace, moments


@settings(max_examples=40, deadline=None)
@given(at=st.integers(0, 40), chosen=st.integers(0, 5))
def test_as_known_at_never_shows_the_future(history, at: int, chosen: int) -> None:
    workspace, moments = history
    session, then = begin(workspace), moments[at]
    session.noting.choose(f"n{chosen}")
    session.believe(then)
    events = [event for event in workspace.catalog.log.events() if event.at <= then]
    expected: dict[str, str] = {}
    for event in events:
        id_ = event.subject.partition(":")[2]
        if event.kind == "annotation.removed":
            expected.pop(id_, None)
        else:
            expected[id_] = str(event.body["title"])
    noting = session.noting
    assert {row.annotation.id: row.annotation.title for row in noting.listing.rows} == expected
    assert {row.annotation.id: row.annotation.title for row in noting.marks} == expected
    assert session.overlaying.overlaid is not None
    assert session.overlaying.overlaid.count == len(expected)
    shown = [one.version for one in noting.chosen.history] if noting.chosen else []
    assert shown == [event.number for event in events if event.subject == f"annotation:n{chosen}"]


class TestChoosing:
    def test_a_click_chooses_what_is_there_and_elsewhere_asks_for_the_series(self, workspace: Workspace) -> None:
        session = begin(workspace)
        there = saved(session, *LINE)
        session.noting.choose(None)
        click(session, LINE[1])
        assert session.noting.chosen is not None
        assert session.noting.chosen.id == there.annotation.id
        session.noting.choose(None)
        click(session, (36.35, 48.15))
        assert session.noting.chosen is None
        assert session.viewing.view.pixel == pytest.approx((36.35, 48.15))

    def test_a_layer_that_is_off_takes_no_clicks(self, workspace: Workspace) -> None:
        session = begin(workspace)
        saved(session, *LINE)
        session.noting.choose(None)
        session.viewing.show(Layer.ANNOTATIONS, on=False)
        click(session, LINE[1])
        assert session.noting.chosen is None

    def test_what_is_not_there_is_told_and_changes_nothing(self, workspace: Workspace) -> None:
        session = begin(workspace)
        there = saved(session, *LINE)
        session.show_annotation("no-such-thing")
        assert "no-such-thing" in said(session)
        assert session.noting.chosen is not None
        assert session.noting.chosen.id == there.annotation.id

    def test_picking_from_afar_goes_there(self, workspace: Workspace) -> None:
        workspace.catalog.annotations.save(note("far", 10.0, 50.0), author="Kim", base=0)
        session = begin(workspace)
        session.show_annotation("far")
        extent = session.viewing.view.extent
        assert extent.centre == pytest.approx((1_113_194.9, 6_446_275.8), abs=1.0)
