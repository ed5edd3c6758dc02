"""One session among others: what it shows of itself, what it sees, and whom it follows."""

import gc
import math
import weakref
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.model.person import colours
from dashboard.model.view import CompareMode, Extent, Layer, Stretch, StretchKind, View
from dashboard.state.background import Immediate
from dashboard.state.company import Company
from dashboard.state.following import LAG_S, Track, fitted
from dashboard.state.hub import Hub
from dashboard.state.notices import Notices, Weight
from dashboard.state.viewing import Viewing

HERE = View(extent=Extent(16_144_000.0, 5_353_000.0, 16_150_000.0, 5_357_000.0), a="one", b="two")
THERE = replace(
    HERE,
    extent=Extent(4_000_000.0, 6_000_000.0, 4_010_000.0, 6_009_000.0),
    a="three",
    b="four",
    valid_at=datetime(2026, 6, 1, tzinfo=UTC),
    known_at=datetime(2026, 6, 3, tzinfo=UTC),
    compare=CompareMode.SWIPE,
    layers=frozenset({Layer.GRID}),
    stretch=Stretch(StretchKind.FIXED, -20.0, 0.0),
)


class Desk:
    """One session's company with what it needs, and the browser's half of following."""

    def __init__(self, hub: Hub, view: View = HERE, size: tuple[int, int] = (1000, 700)) -> None:
        self.viewing = Viewing(view)
        self.viewing.resized(*size)
        self.notices = Notices()
        self.company = Company(hub, self.viewing, Immediate(), self.notices)
        self.company.join()

    @property
    def id(self) -> str:
        return str(self.company.me.id)

    def report(self) -> None:
        """Say what the browser shows of the extent that it was sent to."""
        self.viewing.moved(Extent(*fitted(self.viewing.view.extent, self.viewing.size)))


@pytest.fixture
def hub() -> Hub:
    return Hub()


def two(hub: Hub) -> tuple[Desk, Desk]:
    one, other = Desk(hub, THERE), Desk(hub, HERE)
    hub.deliver()
    return one, other


def test_people_see_each_other_and_not_themselves(hub: Hub) -> None:
    one, other = two(hub)
    assert [each.id for each in one.company.people] == [other.id]
    assert [each.id for each in other.company.people] == [one.id]
    assert one.company.people[0].view == HERE
    assert one.company.me.colour != other.company.me.colour
    one.company.leave()
    hub.deliver()
    assert other.company.people == ()


def test_the_author_has_a_name_before_he_gives_one(hub: Hub) -> None:
    desk = Desk(hub)
    word, letters = desk.company.me.name.split()
    assert word == "analyst"
    assert len(letters) == 2
    assert letters.isalpha()


@pytest.mark.parametrize(
    ("typed", "name"), [("Kim", "Kim"), ("  Kim \n Lee\t", "Kim Lee"), ("K" * 90, "K" * 40), ("\x00Kim\u202e", "Kim")]
)
def test_a_name_is_taken_on_one_line(hub: Hub, typed: str, name: str) -> None:
    one, other = two(hub)
    one.company.introduce(typed, "pink")
    hub.deliver()
    assert one.company.me.name == other.company.people[0].name == name
    assert other.company.people[0].colour == "pink"


@pytest.mark.parametrize("typed", ["", "  \n", "\u200b"])
def test_no_name_is_an_unnamed_one(hub: Hub, typed: str) -> None:
    desk = Desk(hub)
    desk.company.introduce(typed)
    assert desk.company.me.name.startswith("analyst ")


@pytest.mark.parametrize("colour", [None, "", "red", "url(evil)", "#123456"])
def test_a_colour_that_is_none_of_ours_is_not_taken(hub: Hub, colour: str | None) -> None:
    desk = Desk(hub)
    before = desk.company.me.colour
    desk.company.introduce("Kim", colour)
    assert desk.company.me.colour == before
    assert before in colours()


@given(st.floats(), st.floats())
def test_only_a_place_in_the_world_is_a_cursor(lon: float, lat: float) -> None:
    desk = Desk(Hub())
    desk.company.point((lon, lat))
    inside = math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90
    assert desk.company.me.cursor == ((lon, lat) if inside else None)


def test_a_pointer_that_is_not_shared_is_not_sent(hub: Hub) -> None:
    one, other = two(hub)
    one.company.point((37.0, 48.0))
    hub.deliver()
    assert other.company.people[0].cursor == (37.0, 48.0)
    one.company.share(on=False)
    hub.deliver()
    assert other.company.people[0].cursor is None
    one.company.point((37.0, 48.0))
    hub.deliver()
    assert other.company.people[0].cursor is None
    one.company.share(on=True)
    one.company.point((37.0, 48.0))
    one.company.point(None)
    hub.deliver()
    assert other.company.people[0].cursor is None


def test_who_edits_what_is_known(hub: Hub) -> None:
    one, other = two(hub)
    one.company.edit("annotation:7", "drawing Bridge 4")
    hub.deliver()
    assert other.company.editors("annotation:7") == other.company.people
    assert other.company.people[0].doing == "drawing Bridge 4"
    assert other.company.editors("annotation:8") == ()
    assert one.company.editors("annotation:7") == ()
    one.company.edit("")
    hub.deliver()
    assert other.company.editors("annotation:7") == ()


def test_a_write_of_one_is_heard_by_all_once(hub: Hub) -> None:
    one, other = two(hub)
    heard: list[int] = []
    other.company.param.watch(lambda event: heard.append(event.new), "revision")
    one.company.wrote(12)
    hub.deliver()
    hub.deliver()
    assert heard == [12]
    assert one.company.revision == 12


def test_nothing_new_is_no_event(hub: Hub) -> None:
    one, other = two(hub)
    events: list[str] = []
    other.company.param.watch(lambda event: events.append(event.name), ["me", "people", "revision"])
    hub.deliver()
    hub.look()
    hub.deliver()
    other.company.introduce(other.company.me.name)
    other.company.point(None)
    other.company.unfollow()
    assert events == []
    one.company.point((1.0, 1.0))
    hub.deliver()
    assert events == ["people"]


# Following

_extents = st.tuples(st.floats(-1e7, 1e7), st.floats(-1e7, 1e7), st.floats(100, 1e6), st.floats(100, 1e6)).map(
    lambda v: Extent(v[0], v[1], v[0] + v[2], v[1] + v[3])
)
_moments = st.none() | st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))
_places = st.builds(
    lambda extent, a, b, valid, known: replace(THERE, extent=extent, a=a, b=b, valid_at=valid, known_at=known),
    _extents, st.none() | st.just("a"), st.sampled_from(["b", "c"]), _moments, _moments,
)  # fmt: skip
_sizes = st.tuples(st.integers(200, 3000), st.integers(200, 2000))


def box(extent: Extent) -> tuple[float, float, float, float]:
    return extent.x0, extent.y0, extent.x1, extent.y1


def tracked(view: View) -> tuple[object, ...]:
    return view.extent, view.a, view.b, view.valid_at, view.known_at


@given(st.lists(_places, min_size=1, max_size=8), _sizes)
def test_a_follower_is_where_the_leader_is_whatever_the_size_of_his_map(path: list[View], size) -> None:
    hub = Hub()
    leader, follower = Desk(hub, THERE), Desk(hub, HERE, size)
    hub.deliver()
    follower.company.follow(leader.id)
    for view in path:
        leader.viewing.follow(view)
        hub.deliver()
        mine = follower.viewing.view
        assert tracked(mine)[1:] == tracked(view)[1:]
        # The same place twice is no move: what the browser said it shows stands.
        shown = fitted(view.extent, size)
        assert mine.extent == view.extent or box(mine.extent) == pytest.approx(shown, rel=1e-9, abs=1e-6)
        assert (mine.compare, mine.layers, mine.stretch) == (HERE.compare, HERE.layers, HERE.stretch)
        follower.report()
        assert follower.company.following == leader.id


def test_a_report_that_comes_late_does_not_end_following(hub: Hub) -> None:
    leader, follower = two(hub)
    follower.company.follow(leader.id)
    late = Extent(*fitted(THERE.extent, follower.viewing.size))
    leader.viewing.moved(replace(THERE.extent, x1=THERE.extent.x1 + 9_000))
    hub.deliver()
    follower.viewing.moved(late)
    assert follower.company.following == leader.id


def test_a_map_of_another_size_still_follows(hub: Hub) -> None:
    leader, follower = two(hub)
    follower.company.follow(leader.id)
    follower.report()
    before, (width, height) = follower.viewing.view.extent, follower.viewing.size
    follower.viewing.resized(width - 360, height)
    (x, y), scale = before.centre, (before.x1 - before.x0) / width
    half_x, half_y = scale * (width - 360) / 2, scale * height / 2
    follower.viewing.moved(Extent(x - half_x, y - half_y, x + half_x, y + half_y))
    assert follower.company.following == leader.id


def shifted(extent: Extent, share: float) -> Extent:
    by = share * (extent.x1 - extent.x0)
    return Extent(extent.x0 + by, extent.y0, extent.x1 + by, extent.y1)


OWN = {
    "pan": lambda viewing: viewing.moved(shifted(viewing.view.extent, 0.05)),
    "zoom": lambda viewing: viewing.moved(replace(viewing.view.extent, x1=viewing.view.extent.x1 + 5_000)),
    "go to": lambda viewing: viewing.go_to_point(10.0, 50.0),
    "choose B": lambda viewing: viewing.choose(b="seven"),
    "exchange": lambda viewing: viewing.exchange(),
    "undo": lambda viewing: viewing.undo(),
}


@pytest.mark.parametrize("what", OWN)
def test_going_ones_own_way_ends_following_and_is_not_undone_by_the_leader(hub: Hub, what: str) -> None:
    leader, follower = two(hub)
    follower.viewing.go_to_point(1.0, 1.0)  # something to undo
    follower.company.follow(leader.id)
    OWN[what](follower.viewing)
    assert follower.company.following is None
    mine = follower.viewing.view
    leader.viewing.choose(b="nine")
    hub.deliver()
    assert follower.viewing.view == mine


NOT_OWN = {
    "inspect": lambda viewing: viewing.inspect(10.0, 50.0),
    "compare": lambda viewing: viewing.compare(CompareMode.BLINK),
    "opacity": lambda viewing: viewing.opacity(0.5),
    "fold": lambda viewing: viewing.fold("layers"),
    "layer": lambda viewing: viewing.show(Layer.GRID, on=True),
}


@pytest.mark.parametrize("what", NOT_OWN)
def test_what_is_neither_place_nor_date_does_not_end_following(hub: Hub, what: str) -> None:
    leader, follower = two(hub)
    follower.company.follow(leader.id)
    NOT_OWN[what](follower.viewing)
    assert follower.company.following == leader.id
    leader.viewing.choose(b="nine")
    hub.deliver()
    assert follower.viewing.view.b == "nine"


def test_a_leader_who_only_points_moves_nobodys_map(hub: Hub) -> None:
    leader, follower = two(hub)
    follower.company.follow(leader.id)
    follower.report()
    seen: list[View] = []
    follower.viewing.param.watch(lambda event: seen.append(event.new), "view")
    for step in range(5):
        leader.company.point((float(step), 1.0))
        hub.deliver()
    assert seen == []


def test_stopping_leaves_the_map_where_it_is(hub: Hub) -> None:
    leader, follower = two(hub)
    follower.company.follow(leader.id)
    assert follower.company.leader is not None
    follower.company.unfollow()
    assert follower.company.leader is None
    assert tracked(follower.viewing.view) == tracked(THERE)
    leader.viewing.choose(b="nine")
    hub.deliver()
    assert follower.viewing.view.b == "four"


def test_a_leader_who_leaves_is_named_and_followed_no_more(hub: Hub) -> None:
    leader, follower = two(hub)
    leader.company.introduce("Kim")
    hub.deliver()
    follower.company.follow(leader.id)
    leader.company.leave()
    hub.deliver()
    assert follower.company.following is None
    assert follower.notices.current.text == "Kim has left; you follow nobody now."
    follower.company.follow(leader.id)
    assert follower.company.following is None
    assert "has left" in follower.notices.current.text


def test_two_cannot_follow_each_other(hub: Hub) -> None:
    one, other = two(hub)
    one.company.introduce("Kim")
    hub.deliver()
    one.company.follow(other.id)
    other.company.follow(one.id)
    assert other.company.following is None
    assert other.notices.current.weight is Weight.ERROR
    assert other.notices.current.text == "Kim already follows you; one of you has to lead."


def test_three_in_a_row_are_all_in_one_place(hub: Hub) -> None:
    desks = [Desk(hub, replace(HERE, b=str(n)), (900 + 100 * n, 500)) for n in range(3)]
    hub.deliver()
    desks[1].company.follow(desks[0].id)
    desks[2].company.follow(desks[1].id)
    desks[0].viewing.choose(b="new")
    hub.deliver()
    hub.deliver()
    assert [desk.viewing.view.b for desk in desks] == ["new"] * 3


def test_a_place_is_forgotten_after_a_while_except_the_last() -> None:
    now = [100.0]
    track = Track(clock=lambda: now[0])
    track.put(HERE, (1000, 700))
    elsewhere = replace(HERE, extent=THERE.extent)
    track.put(elsewhere, (1000, 700))
    assert track.holds(HERE)
    now[0] += LAG_S + 1
    assert track.holds(HERE), "as old as the last one: both were put at the same moment"
    track.put(elsewhere, (1000, 700))
    assert not track.holds(HERE)
    assert track.holds(elsewhere)
    now[0] += 1e6
    assert track.holds(elsewhere)
    assert not track.holds(replace(elsewhere, b="another"))


def test_a_page_that_is_complete_too_late_does_not_join(hub: Hub) -> None:
    one, other = two(hub)
    other.company.leave()
    other.company.join()
    hub.deliver()
    assert one.company.people == ()


def test_a_session_that_has_ended_is_forgotten(hub: Hub) -> None:
    one, other = two(hub)
    other.company.follow(one.id)
    gone = weakref.ref(other.company)
    other.company.leave()
    hub.deliver()
    del other
    gc.collect()
    assert gone() is None
    assert one.company.people == ()
