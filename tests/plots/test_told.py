"""What a hovered tick says: everything that was asked for, and what is missing named as missing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import shapely

from dashboard.model.acquisition import (
    Acquisition,
    Calibration,
    Kind,
    LookSide,
    Origin,
    PassDirection,
    Quantity,
)
from dashboard.model.palette import tokens
from dashboard.plots.lanes import NOTES
from dashboard.plots.timeline import (
    AXIS_PX,
    CHANGES,
    LANE_PX,
    LEAST_LANE_PX,
    lanes,
    lay_lanes,
    tick_columns,
    timeline,
)
from dashboard.plots.told import NOT_STATED, delay, provider, told

START = datetime(2024, 5, 6, 15, 30, tzinfo=UTC)
FULL = Acquisition(
    id="one", constellation="capella", platform="capella-14", start=START, stop=START + timedelta(seconds=9),
    mode="SP", polarisations=("HH",), look=LookSide.RIGHT, pass_direction=PassDirection.DESCENDING, incidence_deg=33.6,
    level="GEO", footprint=shapely.box(36, 48, 37, 49), received=START + timedelta(hours=7),
    calibration=Calibration(valid=True, quantity=Quantity.SIGMA0),
    origin=Origin(reader="test", reader_version="0", product_sha256="0" * 64),
)  # fmt: skip
BARE = Acquisition(
    id="two", constellation="sarah", start=START, stop=START, footprint=shapely.box(36, 48, 37, 49), origin=FULL.origin
)


@pytest.mark.parametrize(
    ("late", "words"), [(timedelta(minutes=40), "40 min"), (timedelta(hours=5), "5 h"), (timedelta(days=4), "4 d")]
)
def test_the_delay_is_told_in_a_sensible_unit(late: timedelta, words: str) -> None:
    assert delay(replace(FULL, received=START + late)) == f"arrived {words} after sensing"


def test_an_arrival_that_is_not_stated_is_said_and_never_made_up() -> None:
    assert delay(BARE) == NOT_STATED
    assert "before sensing" in delay(replace(FULL, received=START - timedelta(days=1)))


def test_a_tick_says_everything() -> None:
    said = told(FULL)
    for words in ("arrived 7 h after", "mode SP", "look right", "pass descending", "incidence 34°", "level GEO", "HH"):
        assert words in said
    assert "sigma0 calibrated" in said
    assert "known only" in said
    assert provider(FULL) == "capella-14"


def test_what_is_not_stated_is_named() -> None:
    said = told(BARE)
    for words in ("mode –", "look –", "pass –", "incidence –", "level –", "polarisation –", NOT_STATED):
        assert words in said
    assert "not calibrated: units are not stated" in said
    assert provider(BARE) == "sarah"
    assert provider(replace(BARE, platform="igs-1")) == "sarah · igs-1"
    assert "visible bands" in told(replace(BARE, kind=Kind.OPTICAL))


def test_words_from_a_product_are_text_and_no_markup() -> None:
    said = told(replace(FULL, mode="<img src=x>", level="<b>"))
    assert "<img" not in said
    assert "<b>" not in said
    columns = tick_columns([replace(FULL, platform="<i>")], ["capella"], tokens("dark"))
    assert columns["title"] == ["capella · <i>"]  # the tooltip's own field: the page writes it as text


@pytest.mark.parametrize("count", [1, 4, 8, 13, 30])
def test_lanes_grow_narrower_before_the_panel_scrolls(count: int) -> None:
    made = timeline((START, START + timedelta(days=9)), tokens("dark"))
    acquisitions = [replace(BARE, constellation=f"c{number:02}") for number in range(count)]
    names = lanes(acquisitions, fronts=("one",))
    assert len(names) == count + 3
    assert {CHANGES, NOTES} < set(names)
    lay_lanes(made, names)
    lane = (made.figure.height - AXIS_PX) / len(names)
    assert LEAST_LANE_PX <= lane <= LANE_PX
    assert lane in (LANE_PX, LEAST_LANE_PX) or made.figure.height <= 300
    if count == 13:
        assert made.figure.height < 34 * 900 / 100  # a third of the page: no scrolling
