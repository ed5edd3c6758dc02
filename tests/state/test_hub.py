"""The hub: everybody hears of everybody, from one thread, at a pace, and nothing of the gone is left."""

import gc
import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.model.errors import CatalogError, InputError
from dashboard.model.person import MAX_NAME, Person, colours, tidy_name
from dashboard.model.view import Extent, View
from dashboard.state.hub import PACE_S, POLL_S, Hub

HERE = View(extent=Extent(0.0, 0.0, 1000.0, 800.0))


def person(id_: str, **more) -> Person:
    return Person(**{"id": id_, "name": f"analyst {id_}", "colour": "lime", "view": HERE, **more})


def at_once(call: Callable[[], None]) -> None:
    call()


def wait(met: Callable[[], bool], seconds: float = 5.0) -> float:
    """Wait until something is true and return how long it took."""
    start = time.monotonic()
    while not met():
        assert time.monotonic() - start < seconds, "it did not come"
        time.sleep(0.005)
    return time.monotonic() - start


@pytest.fixture
def hub() -> Iterator[Hub]:
    """Return a running hub."""
    made = Hub()
    made.start()
    yield made
    made.close()


class Session:
    """Somebody at the hub who writes down what he heard."""

    def __init__(self, hub: Hub, id_: str) -> None:
        self.hub = hub
        self.id = id_
        self.heard: list[tuple[Person, ...]] = []
        hub.join(person(id_), self.rung, at_once)

    def rung(self) -> None:
        self.heard.append(self.hub.people())

    def sees(self, id_: str) -> bool:
        return bool(self.heard) and any(each.id == id_ for each in self.heard[-1])


def test_everybody_hears_of_who_comes_and_goes_well_within_a_second(hub: Hub) -> None:
    one = Session(hub, "one")
    Session(hub, "two")
    assert wait(lambda: one.sees("two")) < 1.0
    hub.leave("two")
    assert wait(lambda: not one.sees("two")) < 1.0
    assert [each.id for each in hub.people()] == ["one"]


def test_a_burst_rings_few_bells_and_ends_with_the_last_state(hub: Hub) -> None:
    one = Session(hub, "one")
    Session(hub, "two")
    wait(lambda: one.sees("two"))
    before, start = len(one.heard), time.monotonic()
    for step in range(400):
        hub.share(person("two", cursor=(0.0, step / 100)))
        time.sleep(0.001)
    spent = time.monotonic() - start
    wait(lambda: one.heard[-1][1].cursor == (0.0, 3.99))
    assert 1 <= len(one.heard) - before <= spent / PACE_S + 2


def test_a_slow_session_has_at_most_one_bell_on_its_way() -> None:
    hub = Hub()
    held: list[Callable[[], None]] = []
    hub.join(person("slow"), lambda: None, held.append)
    for step in range(5):
        hub.share(person("slow", cursor=(0.0, float(step))))
        hub.deliver()
    assert len(held) == 1
    held.pop()()
    hub.deliver()
    assert len(held) == 1


def test_what_is_the_same_wakes_nobody() -> None:
    hub = Hub()
    heard: list[int] = []
    hub.join(person("one"), lambda: heard.append(1), at_once)
    hub.deliver()
    assert hub._news.is_set() is False
    hub.share(person("one"))
    hub.share(person("stranger"))
    hub.leave("stranger")
    hub.wrote(0)
    assert hub._news.is_set() is False


def test_two_hundred_sessions_leave_nothing_behind(hub: Hub) -> None:
    threads = threading.active_count()
    left = []
    for number in range(200):
        session = Session(hub, str(number))
        left.append(weakref.ref(session))
        hub.share(person(str(number), cursor=(1.0, 1.0)))
        hub.leave(str(number))
        del session
    assert hub.people() == ()
    time.sleep(3 * PACE_S)  # a bell may still be on its way
    gc.collect()
    assert [ref for ref in left if ref() is not None] == []
    assert hub._seats == {}
    assert threading.active_count() == threads


def test_one_thread_serves_any_number_of_sessions_and_ends_with_the_hub() -> None:
    before = set(threading.enumerate())
    hub = Hub()
    hub.start()
    for number in range(60):
        Session(hub, str(number))
    started = set(threading.enumerate()) - before
    assert [thread.name for thread in started] == ["nightglass-hub"]
    hub.close()
    assert not any(thread.is_alive() for thread in started)
    assert hub.people() == ()


def test_a_closed_page_is_hidden_within_a_second_and_comes_back_when_it_does(hub: Hub) -> None:
    attached = threading.Event()
    attached.set()
    one = Session(hub, "one")
    hub.join(person("two"), lambda: None, at_once, attached.is_set)
    wait(lambda: one.sees("two"))
    attached.clear()
    assert wait(lambda: not one.sees("two")) < 1.0
    attached.set()
    assert wait(lambda: one.sees("two")) < 1.0


def test_a_write_is_announced_at_once_and_never_twice(hub: Hub) -> None:
    one = Session(hub, "one")
    wait(lambda: one.sees("one"))
    seen: list[int] = []
    hub.join(person("two"), lambda: seen.append(hub.revision), at_once)
    wait(lambda: seen == [0])
    hub.wrote(7)
    assert wait(lambda: seen[-1] == 7) < POLL_S
    hub.wrote(7)
    hub.wrote(3)
    time.sleep(2 * PACE_S)
    assert hub.revision == 7
    assert seen == [0, 7]


def test_writes_of_others_are_found_and_a_failure_to_look_is_said_and_survived(caplog) -> None:
    found: list[int | Exception] = [4, CatalogError("The file is gone; bring it back."), 9]

    def revision() -> int:
        now = found.pop(0) if len(found) > 1 else found[0]
        if isinstance(now, Exception):
            raise now
        return now

    hub = Hub(revision)
    hub.look()
    assert hub.revision == 0, "nobody is here: nobody asks the catalogue"
    seen: list[int] = []
    hub.join(person("one"), lambda: seen.append(hub.revision), at_once)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            hub.look()
            hub.deliver()
    assert seen == [4, 4, 9]
    assert "The file is gone" in caplog.text


def test_a_session_that_cannot_be_told_does_not_silence_the_others(hub: Hub, caplog) -> None:
    def broken(call: Callable[[], None]) -> None:
        raise RuntimeError("no thread to go to")

    with caplog.at_level(logging.ERROR):
        hub.join(person("broken"), lambda: None, broken)
        one = Session(hub, "one")
        assert wait(lambda: one.sees("broken")) < 1.0
        hub.share(person("broken", cursor=(2.0, 2.0)))
        wait(lambda: one.heard[-1][0].cursor == (2.0, 2.0))
    assert "no thread to go to" in caplog.text


@pytest.mark.parametrize("chain", [["a", "b"], ["a", "b", "c"], ["a", "b", "c", "d"]])
def test_nobody_follows_in_a_circle(chain: list[str]) -> None:
    hub = Hub()
    for id_ in chain:
        hub.join(person(id_), lambda: None, at_once)
    for follower, leader in pairwise(chain):
        hub.share(person(follower, following=leader))
    with pytest.raises(InputError, match="already follows you"):
        hub.share(person(chain[-1], following=chain[0]))
    assert hub.people()[-1].following is None


def test_any_number_of_threads_may_come_move_and_go(hub: Hub) -> None:
    def live(number: int) -> None:
        for step in range(50):
            id_ = f"{number}-{step}"
            Session(hub, id_)
            hub.share(person(id_, cursor=(float(number), float(step))))
            hub.people()
            hub.wrote(number * step)
            hub.leave(id_)

    threads = [threading.Thread(target=live, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert hub.people() == ()
    assert hub.revision == 7 * 49


def test_colours_go_round_before_one_is_given_twice() -> None:
    hub = Hub()
    for number in range(2 * len(colours())):
        hub.join(person(str(number), colour=hub.free_colour()), lambda: None, at_once)
    given_ = [each.colour for each in hub.people()]
    assert sorted(given_) == sorted([*colours(), *colours()])


@given(st.text(max_size=80))
def test_any_text_becomes_a_name_on_one_line_or_none(text: str) -> None:
    name = tidy_name(text)
    assert len(name) <= MAX_NAME
    assert name.isprintable()
    assert name == tidy_name(name)
    if name:
        assert 1 <= len(person("x", name=name).initials) <= 6


@pytest.mark.parametrize(
    ("name", "initials"), [("Kim", "KI"), ("Kim Lee", "KL"), ("Kim van der Lee", "KL"), ("k", "K")]
)
def test_initials_are_those_of_first_and_last_name(name: str, initials: str) -> None:
    assert person("x", name=name).initials == initials


@pytest.mark.parametrize("wrong", [{"name": ""}, {"name": "a\nb"}, {"name": "x" * 41}, {"colour": "puce"}])
def test_a_person_without_a_proper_name_or_colour_is_refused(wrong) -> None:
    with pytest.raises(InputError):
        person("x", **wrong)
