"""The small laws under the ALOS reader: fields, names, polynomials, geometry of sight."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.model.acquisition import LookSide, PassDirection
from dashboard.model.errors import DamagedProductError
from dashboard.simulate.products.alos_records import SCENE, Sheet, head, volume
from dashboard.simulate.products.orbit import orbit_over
from dashboard.simulate.products.take import Take
from dashboard.sources.alos.ceos import CeosRecord, decimal, is_ceos
from dashboard.sources.alos.image import line_header
from dashboard.sources.alos.leader import Polynomials
from dashboard.sources.alos.names import parse
from dashboard.sources.alos.radiometry import radiometry
from dashboard.sources.alos.sight import implied_height, seen
from dashboard.sources.geocode.doppler import OrbitPath


@given(st.floats(-1e6, 1e6), st.integers(13, 4000))
def test_a_number_is_read_where_it_was_written(value: float, first: int) -> None:
    record = CeosRecord("x", (18, 10), Sheet(2, SCENE, 4096).science(first, 22, [value], 15).whole())
    assert record.number(first, first + 21) == pytest.approx(value, rel=1e-14, abs=1e-90)
    assert record.numbers(first, 1, 22) == (record.number(first, first + 21),)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1.5D+02", 150.0), ("  -7 ", -7.0), ("NAN", None), ("inf", None), ("", None), ("1_0", None), ("7 8", None)],
)
def test_decimals_of_fortran_are_read_and_nothing_else(text: str, value: float | None) -> None:
    assert decimal(text) == value


def test_fields_outside_their_limits_are_named() -> None:
    record = CeosRecord("LED-x", (18, 10), Sheet(2, SCENE, 4096).right(485, 492, "-3.5").whole())
    with pytest.raises(DamagedProductError, match=r"LED-x: incidence \(bytes 485-492\) is -3.5"):
        record.within("incidence", (485, 492), (0.0, 90.0))
    assert record.within("blank", (501, 516), (0.0, 1.0)) is None


@given(st.lists(st.floats(-1, 1), min_size=25, max_size=25), st.floats(-3, 3), st.floats(-3, 3))
def test_polynomials_are_those_of_the_documents(coefficients: list[float], line: float, pixel: float) -> None:
    found = Polynomials(tuple(coefficients), tuple(reversed(coefficients)), pixel=0.5, line=-0.25)
    lon, lat = found.place(np.array([line]), np.array([pixel]))
    down, across = line + 0.25, pixel - 0.5
    terms = [down ** (4 - j) * across ** (4 - i) for i in range(5) for j in range(5)]
    assert lat[0] == pytest.approx(np.dot(coefficients, terms), abs=1e-9, rel=1e-9)
    assert lon[0] == pytest.approx(np.dot(coefficients[::-1], terms), abs=1e-9, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("IMG-HV-ALOS2015976960-140909-FBDR1.5GUA", ("ALOS2", "HV", "FBD", "R", "A", "1.5", "G", "U")),
        ("IMG-HH-ALOS2403684200-200620-UBSL1.1__D", ("ALOS2", "HH", "UBS", "L", "D", "1.1", "_", "_")),
        ("IMG-HH-ALOS2210180680-180414-UBSR2.1GUA.tif", ("ALOS2", "HH", "UBS", "R", "A", "2.1", "G", "U")),
        ("IMG-HH-ALOS40182880250307UWD-RD0109-1.1__-", ("ALOS4", "HH", "UWD", "R", "D", "1.1", "_", "_")),
        ("IMG-HH-ALOS41250710250728UWDPRA0108-1.1__-", ("ALOS4", "HH", "UWD", "R", "A", "1.1", "_", "_")),
        ("IMG-HH-ALOS40650660250415FWD-RA0105-1.1__A", ("ALOS4", "HH", "FWD", "R", "A", "1.1", "_", "_")),
        ("LED-ALOS2015976960-140909-FBDR1.5GUA", ("ALOS2", None, "FBD", "R", "A", "1.5", "G", "U")),
        ("summary-ALOS41250710250728UWDPRA0108-1.1__-.txt", ("ALOS4", None, "UWD", "R", "A", "1.1", "_", "_")),
        ("BRS-HH-ALOS2015976960-140909-FBDR1.5GUA.jpg", ("ALOS2", None, "FBD", "R", "A", "1.5", "G", "U")),
        ("ALOS2015976960-140909_FBDR1.5GUA.kml", ("ALOS2", None, "FBD", "R", "A", "1.5", "G", "U")),
        ("IMG-HH-ALOS2015976960-140909-FBDR1.5GUA.tif.aux.xml", ("ALOS2", None, "FBD", "R", "A", "1.5", "G", "U")),
    ],
)
def test_names_say_what_is_inside(name: str, words: tuple[str | None, ...]) -> None:
    found = parse(name)
    assert found is not None
    stated = [found.words[key] for key in ("mode", "look", "way", "level", "option", "map")]
    assert (found.satellite, found.polarisation, *stated) == words
    assert found.look is (LookSide.LEFT if words[3] == "L" else LookSide.RIGHT)
    assert found.way is (PassDirection.ASCENDING if words[4] == "A" else PassDirection.DESCENDING)


def test_scans_are_told_apart() -> None:
    found = parse("IMG-HH-ALOS2015976960-140909-WBDR1.1__D-F3")
    assert found is not None
    assert (found.scan, found.polarisation) == ("F3", "HH")
    assert found.whole == "ALOS2015976960-140909-WBDR1.1__D-F3"


@pytest.mark.parametrize("name", ["IMG-HH-ALPSRP123450640-H1.1__A", "S1A_IW.tif", "ALOS2.txt", "summary.txt", ""])
def test_other_names_are_none_of_ours(name: str) -> None:
    assert parse(name) is None


def test_the_satellite_is_recognised_by_the_first_record() -> None:
    assert is_ceos(head((50, 192, 18, 18), "ALOS2", "CIMOP").whole())
    assert is_ceos(head((11, 192, 18, 18), "ALOS4", "CSARL").whole())
    take = Take(constellation="alos", platform="alos-2")
    assert is_ceos(volume("ALOS2", ("a", "b"), take.start, [("LED", 12, 5000)]))
    other = head((50, 192, 18, 18), "ALOS2", "CIMOP").left(49, 64, "AL1 PSRCIMOP").whole()
    assert not is_ceos(other)
    assert not is_ceos(b"II*\0" + bytes(800))
    assert not is_ceos(b"")


def test_slant_ranges_of_alos_4_are_in_centimetres() -> None:
    line = bytearray(544)
    line[116:120] = (85_000_000).to_bytes(4, "big")
    assert line_header(bytes(line), signal=True).ranges_m == (850_000.0,) * 3
    line[116:120] = (850_000).to_bytes(4, "big")
    assert line_header(bytes(line), signal=True).ranges_m == (850_000.0,) * 3


@pytest.mark.parametrize("look", LookSide)
@pytest.mark.parametrize("height", [-120.0, 0.0, 130.0, 4200.0])
def test_a_slant_range_gives_the_height_away(look: LookSide, height: float) -> None:
    take = Take(constellation="alos", platform="alos-2", look=look, incidence_deg=38.0, altitude_m=628_000.0)
    place = 36.7, 50.2
    truth = orbit_over(*place, height, take)
    states = np.arange(-240.0, 241.0, 60.0)
    path = OrbitPath(states, truth.position(states))
    _, distance = truth.zero_doppler(np.array(place[0]), np.array(place[1]), height)
    assert implied_height(path, place, float(distance)) == pytest.approx(height, abs=0.5)
    found = seen(path, place, height)
    assert found is not None
    assert found[0] == pytest.approx(take.look_azimuth_deg, abs=0.05)
    assert found[1] == pytest.approx(38.0, abs=0.01)
    assert implied_height(path, place, float(distance) * 2) is None
    assert implied_height(None, place, float(distance)) is None


def test_formulas_are_those_that_jaxa_publishes() -> None:
    assert radiometry(-83.0, is_complex=False).gain == pytest.approx(10**-8.3)
    assert radiometry(-83.0, is_complex=True).gain == pytest.approx(10**-11.5)
    assert radiometry(-83.0, is_complex=True).note == ""
    assert not radiometry(None, is_complex=False).calibration.valid
    assert radiometry(None, is_complex=False, has_leader=False).calibration.valid
