"""The look direction is stated, derived for sun-synchronous orbits, or unknown."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import shapely

from dashboard.geo.look import look_azimuth
from dashboard.model.acquisition import Acquisition, LookSide, Origin, PassDirection

NOW = datetime(2024, 2, 1, tzinfo=UTC)
AT_38_N = Acquisition(
    id="one",
    constellation="sentinel-1",
    start=NOW,
    stop=NOW,
    look=LookSide.RIGHT,
    pass_direction=PassDirection.DESCENDING,
    footprint=shapely.box(20, 37.8, 22, 38.9),
    origin=Origin(reader="test", reader_version="0", product_sha256="0" * 64),
)


def test_a_statement_comes_first():
    assert look_azimuth(replace(AT_38_N, look_azimuth_deg=-77.5)) == 282.5


def test_a_derived_azimuth_agrees_with_a_real_product():
    # A Sentinel-1A product of 2015-02-03 over 37.8 to 38.9° N states a platform heading of -166.69°.
    assert look_azimuth(AT_38_N) == pytest.approx(-166.69 + 90 + 360, abs=1.5)


@pytest.mark.parametrize(
    ("pass_direction", "side", "roughly"),
    [("ascending", "right", 77), ("ascending", "left", 257), ("descending", "right", 283), ("descending", "left", 103)],
)
def test_the_four_geometries_look_four_ways(pass_direction, side, roughly):
    acquisition = replace(AT_38_N, pass_direction=PassDirection(pass_direction), look=LookSide(side))
    assert look_azimuth(acquisition) == pytest.approx(roughly, abs=3)


def test_ascending_and_descending_mirror_each_other():
    up = look_azimuth(replace(AT_38_N, pass_direction=PassDirection.ASCENDING))
    assert look_azimuth(AT_38_N) == pytest.approx(360 - up)


@pytest.mark.parametrize(
    "change",
    [
        {"look": None},
        {"pass_direction": None},
        {"constellation": "capella"},
        {"footprint": shapely.box(0, 84, 1, 85)},
    ],
)
def test_what_cannot_be_known_is_not_guessed(change):
    assert look_azimuth(replace(AT_38_N, **change)) is None
