"""Coverage in words and pictures: every number of the table is there, and words from data are text."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from dashboard.model.coverage import Coverage, Delay, Measure, ProviderCoverage, Spot, Strip
from dashboard.model.handling import Handling
from dashboard.model.palette import tokens
from dashboard.render.coverage.classes import labels, palette
from dashboard.views.coverage import period
from dashboard.views.coveragetext import legend, strips, table, tip

T0 = datetime(2024, 3, 1, tzinfo=UTC)
DARK = tokens("dark")
HOUR = 3_600.0


def row(name: str, looks: int, *, stated: int) -> ProviderCoverage:
    starts = T0.timestamp() + np.arange(looks) * 86_400.0
    delays = np.where(np.arange(looks) < stated, HOUR * 3, np.nan)
    late = (3 * HOUR, 5 * HOUR, 9 * HOUR) if stated else (None, None, None)
    return ProviderCoverage(
        provider=name, looks=looks, products=looks + 2, with_pixels=1, first=T0, last=T0 + timedelta(days=looks - 1),
        age_s=50 * HOUR, gap_s=240 * HOUR, gap_from=T0, revisit_s=30 * HOUR, share=0.42,
        delay=Delay(stated=stated, not_stated=looks - stated, median_s=late[0], p90_s=late[1], worst_s=late[2]),
        strip=Strip(starts_s=starts, delays_s=delays),
    )  # fmt: skip


def found(*rows: ProviderCoverage) -> Coverage:
    return Coverage(
        bbox=(36.0, 48.0, 36.4, 48.2), start=T0, as_of=T0 + timedelta(days=40), rows=rows,
        total=replace(rows[0], provider="") if rows else replace(row("", 1, stated=0), looks=0, first=None, last=None),
        handling=Handling(), optical=3,
    )  # fmt: skip


def test_the_table_has_every_number_and_a_row_for_all() -> None:
    said = table(found(row("iceye", 7, stated=5), row("capella", 3, stated=0)))
    for words in (
        "iceye",
        "capella",
        ">all<",
        ">7<",
        ">8<",
        "42 %",
        "2.1 d",
        "10 d",
        "30 h",
        "3 h",
        "5 h",
        "9 h",
        ">2<",
    ):
        assert words in said
    assert "3 visible-band: not counted" in said
    assert table(found(row("iceye", 7, stated=5))).count("iceye") == 3
    assert ">all<" not in table(found(row("iceye", 7, stated=5)))


def test_no_look_is_said_in_words() -> None:
    assert "No look at this area" in table(found())
    assert strips(found(), DARK) == ""


def test_the_picture_has_a_bar_a_look_and_grey_where_no_arrival_is_stated() -> None:
    said = strips(found(row("iceye", 7, stated=5)), DARK)
    bars = re.findall(r'<rect [^>]*height="([\d.]+)" fill="(#\w+)"', said)
    assert [colour for _, colour in bars] == [DARK.accent] * 5 + [DARK.muted] * 2
    assert all(3 <= float(height) <= 20 for height, _ in bars)
    assert "full height 3 h late" in said
    assert "no arrival is stated" in strips(found(row("iceye", 4, stated=0)), DARK)


def test_words_from_data_are_text() -> None:
    bad = row("<script>", 2, stated=1)
    for said in (table(found(bad)), strips(found(bad), DARK)):
        assert "<script>" not in said
        assert "&lt;script&gt;" in said
    spot = Spot(
        lon=1.0, lat=2.0, as_of=T0, looks=1, by_provider=(("<b>x", 1),), last=T0, last_by="<i>y", gap_s=None,
        gap_from=None,
    )  # fmt: skip
    assert "<i>y" not in tip(spot)
    assert "<b>x" not in tip(spot)


def test_the_tip_says_who_when_and_the_gap() -> None:
    spot = Spot(
        lon=1.0, lat=2.0, as_of=T0 + timedelta(days=4), looks=1_200, by_provider=(("iceye", 1_000), ("capella", 200)),
        last=T0, last_by="iceye-x42", gap_s=90 * HOUR, gap_from=T0 - timedelta(days=9),
    )  # fmt: skip
    said = tip(spot)
    for words in (
        "1,200 looks",
        "iceye 1,000 · capella 200",
        "4 d old",
        "iceye-x42",
        "010000ZMAR24",
        "3.8 d",
        "210000ZFEB24",
    ):
        assert words in said
    assert "no gap" in tip(replace(spot, looks=1, gap_s=None, gap_from=None))
    assert "No look here" in tip(replace(spot, looks=0, last=None))


@pytest.mark.parametrize("measure", list(Measure))
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_legend_names_every_class_with_its_colour(measure, theme) -> None:
    colours = tokens(theme)
    said = legend(measure, "all", 4, colours)
    shades = palette(measure, colours.mixed, colours.unobserved)[3:]
    for shade, label in zip(shades, labels(measure), strict=True):
        assert f'background:{shade[:7]}"></i>{label}<' in said
    assert ("one look only" in said) == (measure is Measure.GAP)
    assert "no look" in said
    assert "4 × 4 pixels" in said
    assert "pixels" not in legend(measure, "all", 1, colours)


def test_the_period_is_said_as_date_time_groups() -> None:
    seen = found(row("iceye", 1, stated=1))
    assert period(seen) == "010000ZMAR24 to 100000ZAPR24"
    assert period(replace(seen, start=None)) == "all until 100000ZAPR24"
