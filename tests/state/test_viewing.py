"""Laws of the view's owner: intents are undone by undo, and equal views are silent."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.model.errors import BadTokenError
from dashboard.model.token import encode
from dashboard.model.view import CompareMode, Extent, Layer, Stretch, StretchKind, View
from dashboard.state.viewing import MAX_UNDO, Viewing

HERE = Extent(16_144_000.0, 5_353_000.0, 16_150_000.0, 5_357_000.0)
START = View(extent=HERE, a="one", b="two")

Intent = Callable[[Viewing], object]

_words = st.text("abcdefgh", min_size=1, max_size=4)
_share = st.floats(0, 1)
_extents = st.tuples(st.floats(-1e7, 1e7), st.floats(-1e7, 1e7), st.floats(10, 1e6), st.floats(10, 1e6)).map(
    lambda v: Extent(v[0], v[1], v[0] + v[2], v[1] + v[3])
)
_stretches = st.sampled_from([Stretch(), Stretch(StretchKind.FIXED, -20.0, 0.0), Stretch(StretchKind.EQUALISE)])


def _intent(name: str, *args: st.SearchStrategy, **kwargs: st.SearchStrategy) -> st.SearchStrategy[Intent]:
    return st.builds(
        lambda a, k: lambda viewing: getattr(viewing, name)(*a, **k), st.tuples(*args), st.fixed_dictionaries(kwargs)
    )


UNDOABLE = st.one_of(
    _intent("go_to", _extents),
    _intent("go_to_point", st.floats(-179, 179), st.floats(-80, 80)),
    _intent("choose", a=_words),
    _intent("choose", b=_words, polarisation=st.sampled_from(["VV", "VH", "HH"])),
    _intent("exchange"),
    _intent("compare", st.sampled_from(CompareMode)),
    _intent("stretch", _stretches),
    _intent("opacity", _share),
    _intent("show", st.sampled_from(Layer), on=st.booleans()),
    _intent("choose_provider", st.none() | _words),
    _intent("choose_constellations", st.lists(_words, max_size=3).map(tuple)),
    _intent("inspect", st.floats(-180, 180), st.floats(-90, 90)),
    _intent("fold", st.sampled_from(["layers", "inspector", "timeline"])),
)
SILENT = st.one_of(_intent("moved", _extents), _intent("split_at", st.floats(-1, 2)))


@given(UNDOABLE)
@settings(max_examples=150, deadline=None)
def test_undo_after_any_intent_is_the_view_before(intent: Intent) -> None:
    viewing = Viewing(START)
    intent(viewing)
    changed = viewing.view != START
    assert viewing.undo() is changed
    assert viewing.view == START
    assert viewing.undo() is False


@given(st.lists(UNDOABLE, min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_undo_goes_back_through_a_whole_history(intents: list[Intent]) -> None:
    viewing = Viewing(START)
    seen = [viewing.view]
    for intent in intents:
        intent(viewing)
        if viewing.view != seen[-1]:
            seen.append(viewing.view)
    for wanted in reversed(seen[:-1]):
        assert viewing.undo()
        assert viewing.view == wanted
    assert not viewing.undo()


@given(UNDOABLE | SILENT)
@settings(max_examples=100, deadline=None)
def test_an_equal_view_raises_no_event(intent: Intent) -> None:
    viewing = Viewing(START)
    intent(viewing)
    now = viewing.view
    told: list[object] = []
    viewing.param.watch(told.append, "view")
    viewing.open_token(encode(now))
    viewing.moved(now.extent)
    viewing.split_at(now.split)
    viewing.compare(now.compare)
    viewing.choose(a=now.a, b=now.b, polarisation=now.polarisation)
    assert told == []
    assert viewing.view == now


@given(SILENT)
@settings(max_examples=40, deadline=None)
def test_moving_and_swiping_are_no_undo_steps(intent: Intent) -> None:
    viewing = Viewing(START)
    intent(viewing)
    assert not viewing.undo()


@given(st.lists(UNDOABLE | SILENT, max_size=8))
@settings(max_examples=60, deadline=None)
def test_a_token_restores_the_view_in_another_session(intents: list[Intent]) -> None:
    viewing, other = Viewing(START), Viewing(View(extent=Extent(0, 0, 1, 1)))
    for intent in intents:
        intent(viewing)
    other.open_token(viewing.token)
    assert other.view == viewing.view
    assert other.token == viewing.token


@pytest.mark.parametrize("token", ["", "v1", "v0.abc.def", "v1.AAAA.00000000", "x" * 5000, "v1.é.0"])
def test_a_bad_token_changes_nothing(token: str) -> None:
    viewing = Viewing(START)
    with pytest.raises(BadTokenError):
        viewing.open_token(token)
    assert viewing.view == START
    assert not viewing.undo()


def test_a_token_cut_anywhere_is_refused() -> None:
    viewing = Viewing(START)
    for length in range(0, len(viewing.token), 7):
        with pytest.raises(BadTokenError):
            viewing.open_token(viewing.token[:length])
    assert viewing.view == START


def test_exchange_twice_is_identity() -> None:
    viewing = Viewing(START)
    viewing.exchange()
    assert (viewing.view.a, viewing.view.b) == ("two", "one")
    viewing.exchange()
    assert viewing.view == START


def test_history_is_bounded() -> None:
    viewing = Viewing(START)
    for index in range(MAX_UNDO + 30):
        viewing.choose(b=f"acq-{index}")
    steps = 0
    while viewing.undo():
        steps += 1
    assert steps == MAX_UNDO


def test_the_size_of_the_screen_is_no_part_of_the_view() -> None:
    viewing = Viewing(START)
    told: list[object] = []
    viewing.param.watch(told.append, "screen")
    token = viewing.token
    viewing.resized(800, 600)
    viewing.resized(800, 600)
    assert len(told) == 1
    assert viewing.size == (800, 600)
    assert viewing.token == token


def test_the_split_stays_between_0_and_1_and_the_period_is_no_undo_step() -> None:
    viewing = Viewing(START)
    viewing.split_at(7.0)
    assert viewing.view.split == 1.0
    period = (datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))
    viewing.choose_period(period)
    assert viewing.view.period == period
    assert not viewing.undo()


def test_equal_views_have_equal_tokens_whatever_kind_of_number_a_control_gave() -> None:
    whole, broken = (Viewing(View(extent=HERE, stretch=Stretch(StretchKind.FIXED, low, high)))
                     for low, high in ((-20, 0), (-20.0, 0.0)))  # fmt: skip
    assert whole.view == broken.view
    assert whole.token == broken.token
