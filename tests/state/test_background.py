"""Latest wins: one piece of work in flight, one waiting, nothing stale shown."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.model.errors import InputError
from dashboard.state.background import Background, Done, Immediate, Latest, Work, attempt, explain


class Manual:
    """Holds work until it is told to do the first piece."""

    def __init__(self) -> None:
        self.held: list[tuple[Work, Done]] = []

    def __call__(self, work: Work, done: Done) -> None:
        self.held.append((work, done))

    def later(self, call) -> None:
        call()

    def run(self) -> None:
        work, done = self.held.pop(0)
        done(attempt(work))


def test_immediate_hands_over_results_and_exceptions() -> None:
    got: list[object] = []
    background: Background = Immediate()
    background(lambda: 3, got.append)
    background(lambda: 1 / 0, got.append)
    assert got[0] == 3
    assert isinstance(got[1], ZeroDivisionError)


def test_superseded_work_never_runs_and_a_stale_result_is_never_shown() -> None:
    background = Manual()
    latest = Latest(background)
    ran: list[int] = []
    shown: list[int] = []
    for number in range(5):
        latest.ask(lambda number=number: ran.append(number) or number, shown.append)
    assert len(background.held) == 1
    assert latest.busy
    background.run()
    assert shown == []
    background.run()
    assert ran == [0, 4]
    assert shown == [4]
    assert latest.dropped == 4
    assert not latest.busy
    assert background.held == []


@given(st.lists(st.booleans(), max_size=40))
def test_the_last_request_is_shown_last_and_only_one_is_in_flight(steps: list[bool]) -> None:
    background = Manual()
    latest = Latest(background)
    shown: list[int] = []
    asked = 0
    for ask in steps:
        if ask:
            asked += 1
            latest.ask(lambda number=asked: number, shown.append)
        elif background.held:
            background.run()
        assert len(background.held) <= 1
        assert latest.busy is bool(background.held)
    while background.held:
        background.run()
    assert shown == sorted(shown)
    assert shown[-1:] == ([asked] if asked else [])
    assert len(shown) + latest.dropped == asked


def test_a_failure_frees_the_line() -> None:
    background = Manual()
    latest = Latest(background)
    got: list[object] = []
    latest.ask(lambda: 1 / 0, got.append)
    background.run()
    latest.ask(lambda: 2, got.append)
    background.run()
    assert isinstance(got[0], ZeroDivisionError)
    assert got[1] == 2


def test_an_authored_error_keeps_its_words_and_the_unexpected_gets_a_number(caplog: pytest.LogCaptureFixture) -> None:
    assert explain(InputError("Give less.")) == "Give less."
    with caplog.at_level(logging.ERROR):
        said = explain(ZeroDivisionError("secret detail"))
    assert "secret" not in said
    incident = said.split("incident ")[1].split(")")[0]
    assert incident in caplog.text
    assert "secret detail" in caplog.text
