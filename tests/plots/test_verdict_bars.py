"""The lane of detected changes: every change of an interval is in its bar, and no bar leaves its lane."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from bokeh.plotting import figure
from hypothesis import given
from hypothesis import strategies as st

from dashboard.model.palette import tokens
from dashboard.plots.verdicts import BAR_COLUMNS, KINDS, bar_columns, kind_colours, kind_words, verdict_bars

START = datetime(2026, 6, 1, tzinfo=UTC)
DARK = tokens("dark")
COUNTS = st.integers(1, 9).flatmap(
    lambda bins: st.lists(
        st.lists(st.integers(0, 20_000), min_size=KINDS, max_size=KINDS), min_size=bins, max_size=bins
    )
)


def edges(bins: int) -> list[datetime]:
    return [START + timedelta(days=12 * each) for each in range(bins + 1)]


@given(COUNTS, st.integers(0, 12))
def test_bars_stand_on_each_other_within_their_lane_and_their_interval(counts, level: int) -> None:
    counts = np.array(counts)
    counts.flags.writeable = False
    columns = bar_columns(edges(len(counts)), counts, level, DARK)
    assert {len(column) for column in columns.values()} == {int((counts > 0).sum())}
    foot = {}
    for left, right, bottom, top in zip(*(columns[name] for name in ("left", "right", "bottom", "top")), strict=True):
        assert level - 0.5 < bottom < top < level + 0.5
        assert bottom == pytest.approx(foot.get(left, bottom))
        foot[left] = top
        index = int((left / 1000 - START.timestamp()) // (12 * 86_400))
        assert START + timedelta(days=12 * index) < datetime.fromtimestamp(left / 1000, UTC)
        assert datetime.fromtimestamp(right / 1000, UTC) < START + timedelta(days=12 * (index + 1))
    assert len(foot) == int((counts.sum(axis=1) > 0).sum())


def test_the_tallest_bar_is_the_fullest_and_its_words_count_every_kind() -> None:
    counts = np.array([[100, 10, 0, 0, 0, 30, 2], [10, 0, 0, 0, 0, 0, 0]])
    columns = bar_columns(edges(2), counts, 3, DARK)
    assert columns["title"] == ["142 changes first seen"] * 4 + ["10 changes first seen"]
    assert columns["facts"][0] == "10 confirmed damage<br>30 false alarm<br>2 disputed<br>100 not reviewed"
    tall, short = columns["top"][3] - columns["bottom"][0], columns["top"][4] - columns["bottom"][4]
    assert tall > short
    assert columns["colour"] == [DARK.verdict_damage, DARK.verdict_false, DARK.warning, DARK.muted, DARK.muted]
    assert columns["fill"][1] == 0.0
    assert columns["fill"][0] > columns["fill"][3] > 0


def test_nothing_counted_makes_no_bars() -> None:
    for counts in (np.zeros((0, KINDS), int), np.zeros((3, KINDS), int)):
        assert set(map(len, bar_columns(edges(len(counts)), counts, 0, DARK).values())) == {0}


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_kind_has_a_colour_and_a_name_of_its_own(theme) -> None:
    assert len(set(kind_colours(tokens(theme)))) == len(set(kind_words())) == KINDS


def test_the_bars_of_a_figure_know_their_columns() -> None:
    source, bars = verdict_bars(figure())
    assert set(source.data) == set(BAR_COLUMNS)
    assert bars.data_source is source
