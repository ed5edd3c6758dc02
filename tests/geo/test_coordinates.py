"""Positions are read in every form people write, exactly, or refused."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mgrs import MGRS

from dashboard.geo import utm
from dashboard.geo.coordinates import latlon, parse_position, to_mgrs
from dashboard.geo.geodesy import distance_m
from dashboard.model.errors import InputError

LONGITUDES = st.floats(-180, 180)
#: Everywhere, and as near to zone borders as floats go.
NEAR_BORDERS = st.builds(
    lambda zone, d: max(-180.0, min(180.0, 6.0 * zone + d)), st.integers(-30, 30), st.floats(-1e-5, 1e-5)
)
NEAR_BANDS = st.builds(
    lambda band, d: max(-80.0, min(84.0, 8.0 * band + d)), st.integers(-10, 10), st.floats(-1e-5, 1e-5)
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(LONGITUDES, NEAR_BORDERS), st.one_of(st.floats(-80, 84), NEAR_BANDS))
@example(-163.30234238115062, -5.4e-08)
@example(0.0, -1e-100)
@example(180.0, 0.0)
@example(180.0, 84.0)
@example(3.0, 60.0)
@example(33.0, -80.0)
def test_a_position_and_its_square_are_within_a_metre(lon, lat):
    again = parse_position(to_mgrs(lon, lat))
    assert again.kind == "mgrs"
    assert distance_m(lon, lat, again.lon, again.lat) < 0.75


@settings(max_examples=200, deadline=None)
@given(LONGITUDES, st.floats(-80, 84), st.integers(0, 4))
def test_coarse_squares_are_cut_from_fine_ones(lon, lat, digits):
    zone, square, easting, northing = to_mgrs(lon, lat).split()
    assert to_mgrs(lon, lat, digits).split() == [
        part for part in (zone, square, easting[:digits], northing[:digits]) if part
    ]


def test_squares_agree_with_the_library_away_from_the_borders_where_it_rounds():
    for lon, lat in np.random.default_rng(5).uniform((-180, -79.9), (180, 83.9), (400, 2)).tolist():
        theirs = parse_position(MGRS().toMGRS(lat, lon, MGRSPrecision=5))
        ours = parse_position(to_mgrs(lon, lat))
        assert distance_m(ours.lon, ours.lat, theirs.lon, theirs.lat) < 1.5


@pytest.mark.parametrize(
    ("lon", "lat", "expected"),
    [
        (-77.0352, 38.8895, "18S UJ 23480 06480"),  # Washington Monument
        (5.0, 60.0, "32V"),
        (2.9, 60.0, "31V"),
        (10.0, 79.0, "33X"),
        (22.0, 79.0, "35X"),
        (0.0, -85.0, "B AT"),
        (0.0, 90.0, "Z AH"),
        (-60.0, 85.0, "Y"),
    ],
)
def test_known_squares(lon, lat, expected):
    found = to_mgrs(lon, lat)
    if len(expected) > 8:
        a, b = parse_position(found), parse_position(expected)
        assert distance_m(a.lon, a.lat, b.lon, b.lat) < 20
        assert found[:6] == expected[:6]
    else:
        assert found.startswith(expected)


def test_polar_squares_come_back():
    again = parse_position(to_mgrs(100.0, 88.0))
    assert distance_m(100.0, 88.0, again.lon, again.lat) < 2


@pytest.mark.parametrize(
    "text",
    ["37U DQ 12345 67890", "37UDQ1234567890", "37u dq 12345 67890", " 37UDQ 1234567890 ", "37 U DQ 12345\u00a067890"],
)
def test_one_square_in_many_writings(text):
    expected = parse_position("37UDQ1234567890")
    assert parse_position(text) == expected
    assert to_mgrs(expected.lon, expected.lat) == "37U DQ 12345 67890"


@pytest.mark.parametrize(("text", "side_m"), [("37U DQ 12 67", 1000), ("37UDQ16", 10_000), ("37UDQ", 100_000)])
def test_the_middle_of_a_coarse_square_is_returned(text, side_m):
    found = parse_position(text)
    easting, northing = utm.to_utm(37, south=False).transform(found.lon, found.lat)
    assert easting % side_m == pytest.approx(side_m / 2, abs=0.01)
    assert northing % side_m == pytest.approx(side_m / 2, abs=0.01)


@pytest.mark.parametrize(
    ("text", "lon", "lat", "kind"),
    [
        ("48.6, 38.1", 38.1, 48.6, "decimal"),
        ("48.6 38.1", 38.1, 48.6, "decimal"),
        ("48.6;38.1", 38.1, 48.6, "decimal"),
        ("48,6 38,1", 38.1, 48.6, "decimal"),
        ("48,6; 38,1", 38.1, 48.6, "decimal"),
        ("48.6N 38.1E", 38.1, 48.6, "decimal"),
        ("38.1E 48.6N", 38.1, 48.6, "decimal"),
        ("38.1e,48.6n", 38.1, 48.6, "decimal"),
        ("N48.6 E38.1", 38.1, 48.6, "decimal"),
        ("E38.1 N48.6", 38.1, 48.6, "decimal"),
        ("48.6° N 38.1° E", 38.1, 48.6, "decimal"),
        ("48.6°, -38.1°", -38.1, 48.6, "decimal"),
        ("48.6°N, 38.1°W", -38.1, 48.6, "decimal"),
        ("-12.5 140", 140.0, -12.5, "decimal"),
        ("\u221212.5 140", 140.0, -12.5, "decimal"),
        ("48°36'12.5\"N 38°6'0\"E", 38.1, 48.6034722, "dms"),
        ("48°36′12.5″N, 38°6′0″E", 38.1, 48.6034722, "dms"),
        ("48°36’12.5” N 38°6’0” E", 38.1, 48.6034722, "dms"),
        ("48°36'12.5'' N 38°6'0'' E", 38.1, 48.6034722, "dms"),
        ("48°36'12.5\" 38°6'0\"", 38.1, 48.6034722, "dms"),
        ("-48°36.5' 38°6'", 38.1, -48.6083333, "dms"),
        ("483612N 0380600E", 38.1, 48.6033333, "dms"),
        ("483612.5N0380600E", 38.1, 48.6034722, "dms"),
        ("4836N 03806E", 38.1, 48.6, "dms"),
        ("N 48 36 12 E 38 06 00", 38.1, 48.6033333, "dms"),
        ("48:36:12S 38:06:00W", -38.1, -48.6033333, "dms"),
    ],
)
def test_latitude_and_longitude_in_many_writings(text, lon, lat, kind):
    found = parse_position(text)
    assert (found.lon, found.lat) == pytest.approx((lon, lat), abs=1e-7)
    assert found.kind == kind


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "one way only"),
        ("Kyiv", "one way only"),
        ("48.6", "one way only"),
        ("48 36 12 38 6 0", "one way only"),
        ("48,6", "one number or two"),
        ("1e3 4", "one way only"),
        ("nan, nan", "one way only"),
        ("-48.6N 38E", "one way only"),
        ("48.5°36' 38°6'", "one way only"),
        ("48.6N 38.1N", "one of E or W"),
        ("48°75'N 38°E", "below 60"),
        ("140 -12.5", "latitude 140"),
        ("91N 10E", "latitude 91"),
        ("48, 181", "longitude 181"),
        ("37UDQ12345", "same number"),
        ("37U DQ 123 45678", "3 and 5"),
        ("37U DQ 123456 123456", "at most 5"),
        ("37U XX 12 12", "does not exist"),
        ("37U DK 12 12", "does not exist"),
        ("61U DQ 12 12", "does not exist"),
        ("Z XX 12 12", "does not exist"),
        ("A AA 12 12", "does not exist"),
        ("32X MK 12 12", "does not exist"),
        ("1" * 100, "too long"),
    ],
)
def test_what_cannot_be_read_in_one_way_is_refused(text, reason):
    with pytest.raises(InputError, match=reason):
        parse_position(text)


@given(st.text(max_size=40))
def test_any_text_is_a_position_or_an_input_error(text):
    try:
        found = parse_position(text)
    except InputError:
        return
    assert abs(found.lat) <= 90
    assert abs(found.lon) <= 180


@given(st.text(alphabet="0123456789NSEW°'\"., -37UDQ", max_size=25))
def test_any_text_like_a_position_is_one_or_an_input_error(text):
    test_any_text_is_a_position_or_an_input_error.hypothesis.inner_test(text)


@given(LONGITUDES, st.floats(-90, 90))
def test_what_is_shown_can_be_pasted_back(lon, lat):
    again = parse_position(latlon(lon, lat))
    assert (again.lon, again.lat) == pytest.approx((lon, lat), abs=5.1e-5)


def test_latlon_text_and_digit_limits():
    assert latlon(145.05, 43.28) == "43.2800° N 145.0500° E"
    assert latlon(-70.0, -33.0) == "33.0000° S 70.0000° W"
    with pytest.raises(InputError, match="give 0"):
        to_mgrs(0, 0, 6)
    with pytest.raises(InputError, match="latitude 95"):
        to_mgrs(0, 95)
