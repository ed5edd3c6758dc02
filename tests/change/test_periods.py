"""Periods: who belongs to which, and which parts of the past can stand in for the event."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.change.periods import Periods, enough, pseudo_events
from dashboard.model.errors import InputError


def at(day: int) -> np.datetime64:
    return np.datetime64("2024-01-01") + np.timedelta64(day, "D")


@given(st.lists(st.integers(0, 60), min_size=4, max_size=4), st.lists(st.integers(-5, 65), max_size=30))
def test_every_time_is_before_after_or_neither(ends, days):
    a, b, c, d = sorted(ends)
    if b == c:
        c, d = c + 1, d + 1
    before, after = Periods(before=(at(a), at(b)), after=(at(c), at(d))).split([at(day) for day in days])
    assert before.tolist() == [a <= day <= b for day in days]
    assert after.tolist() == [c <= day <= d for day in days]


def test_the_ends_belong_to_their_period():
    periods = Periods(before=(at(0), at(5)), after=(at(6), at(6)))
    before, after = periods.split(np.array([at(0), at(5), at(6)], "datetime64[ns]"))
    assert before.tolist() == [True, True, False]
    assert after.tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("before", "after"),
    [((5, 0), (6, 7)), ((0, 5), (7, 6)), ((0, 5), (5, 7)), ((3, 5), (0, 1)), ((0, 5), (None, 7))],
)
def test_periods_that_overlap_or_run_backwards_are_refused(before, after):
    def instants(days):
        return tuple(np.datetime64("NaT") if day is None else at(day) for day in days)

    with pytest.raises(InputError, match="each must end after it begins"):
        Periods(before=instants(before), after=instants(after))


@given(st.integers(0, 40), st.integers(-2, 40))
def test_windows_are_all_contiguous_ones_once(count_before, count_after):
    windows = pseudo_events(count_before, count_after)
    found = {tuple(range(count_before)[window]) for window in windows}
    expected = {
        tuple(range(start, start + count_after))
        for start in range(count_before)
        if 1 <= count_after <= count_before - start
    }
    assert found == expected
    assert len(windows) == len(found)


@pytest.mark.parametrize(
    ("before", "after", "is_enough"),
    [
        (7, 1, False),
        (8, 1, True),
        (8, 2, True),
        (8, 3, False),
        (9, 3, True),
        (14, 5, False),
        (15, 5, True),
        (99, 0, False),
    ],
)
def test_how_much_past_is_enough(before, after, is_enough):
    assert enough(before, after) is is_enough
