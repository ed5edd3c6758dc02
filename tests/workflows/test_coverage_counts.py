"""How much and how late: counted once a look, as known then, never guessed; table, picture and point agree."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import shapely
from coverage_makers import DAY, HERE, HOUR, NOW, T0, taken

from dashboard.geo.mercator import extent_of, screen_geobox, to_lonlat
from dashboard.model.acquisition import Acquisition, Kind
from dashboard.model.area import Area
from dashboard.model.coverage import Coverage, Measure, Scope
from dashboard.model.errors import InputError
from dashboard.model.handling import Handling, Tlp
from dashboard.model.view import View
from dashboard.render.coverage.classes import FIRST, HATCH, ONCE
from dashboard.workflows.coverage import CoveragePicture, coverage, coverage_picture, scope_of, spot
from dashboard.workflows.coverage_looks import looks
from dashboard.workflows.coverage_table import separated
from dashboard.workflows.workspace import Workspace, open_workspace

EAST_HALF = (36.2, 48.0, 36.4, 48.2)
ELSEWHERE = (10.0, 50.0, 10.5, 50.4)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "data") as opened:
        yield opened


def record(workspace: Workspace, *acquisitions: Acquisition, over: bool = False) -> None:
    workspace.catalog.acquisitions.add_many(acquisitions, replace=over)


def over_here(workspace: Workspace, scope: Scope | None = None) -> Coverage:
    return coverage(workspace, scope or Scope(), HERE, NOW)


def drawn(workspace: Workspace, measure: Measure, scope: Scope | None = None) -> CoveragePicture:
    geobox = screen_geobox(extent_of(HERE, margin=0.0), 80, 60)
    return coverage_picture(workspace, scope or Scope(), measure, geobox, NOW)


def test_the_table_says_how_much_and_how_late(workspace) -> None:
    record(
        workspace, taken("a", 0, late_h=2), taken("b", 10, late_h=4), taken("c", 13, late_h=9), taken("d", 30),
        taken("e", 20, constellation="capella", box=EAST_HALF), taken("f", 5, box=ELSEWHERE),
    )  # fmt: skip
    found = over_here(workspace)
    assert [row.provider for row in found.rows] == ["capella", "iceye"]
    capella, iceye = found.rows
    assert (iceye.looks, iceye.products, iceye.with_pixels, iceye.known_only) == (4, 4, 0, 4)
    assert (iceye.first, iceye.last) == (T0, T0 + 30 * DAY)
    assert iceye.age_s == 10 * 86_400
    assert (iceye.gap_s, iceye.gap_from) == (17 * 86_400, T0 + 13 * DAY)
    assert iceye.revisit_s == 10 * 86_400
    assert (iceye.delay.stated, iceye.delay.not_stated) == (3, 1)
    assert (iceye.delay.median_s, iceye.delay.worst_s) == (4 * 3600, 9 * 3600)
    assert iceye.delay.p90_s == pytest.approx(8 * 3600)
    assert iceye.share == 1.0
    assert capella.share == pytest.approx(0.5, abs=2e-3)
    assert (capella.gap_s, capella.gap_from, capella.revisit_s) == (None, None, None)
    assert capella.delay.median_s is None
    assert found.total.looks == 5
    assert found.total.gap_s == 10 * 86_400
    assert found.as_of == NOW
    assert iceye.strip.starts_s.tolist() == [(T0 + day * DAY).timestamp() for day in (0, 10, 13, 30)]
    assert np.isnan(iceye.strip.delays_s).tolist() == [False, False, False, True]


def test_several_products_of_one_look_are_one_look(workspace) -> None:
    half = timedelta(seconds=6)
    record(
        workspace,
        taken("geo", 1, late_h=9, stop=T0 + DAY + half),
        taken("slc", 1, late_h=3, stop=T0 + DAY + half, box=EAST_HALF),
        taken("next-slice", 1 + 6.5 / 86_400, stop=T0 + DAY + 3 * half),
        taken("other-platform", 1, platform="iceye-2"),
        taken("no-platform", 1, platform=None),
        taken("none-either", 1, platform=None),
    )
    (row,) = over_here(workspace).rows
    assert (row.looks, row.products) == (4, 6)
    assert row.delay.worst_s == 3 * 3600  # of the product that came first
    assert (
        drawn(workspace, Measure.LOOKS).picture[2:-2, 2:-2] == FIRST + 2
    ).all()  # 4 looks are in the class of 3 to 4
    assert spot(workspace, Scope(), (36.3, 48.1), NOW).looks == 4


def test_an_end_that_cannot_be_true_swallows_no_later_look(workspace) -> None:
    record(workspace, taken("a", 0, stop=T0 + 300 * DAY), taken("b", 1), taken("c", 2))
    assert over_here(workspace).total.looks == 3


def test_the_period_is_of_the_start_of_looks_and_ages_count_from_its_end(workspace) -> None:
    record(workspace, taken("a", 0), taken("b", 10), taken("c", 20))
    scope = Scope(start=T0 + 5 * DAY, end=T0 + 15 * DAY)
    found = over_here(workspace, scope)
    assert found.total.looks == 1
    assert found.total.age_s == 5 * 86_400
    assert found.as_of == T0 + 15 * DAY
    future = over_here(workspace, Scope(start=T0, end=NOW + 100 * DAY))
    assert future.as_of == NOW
    edge = over_here(workspace, Scope(start=T0 + 10 * DAY, end=T0 + 20 * DAY))
    assert edge.total.looks == 2
    with pytest.raises(InputError, match=r"ends .* before it begins"):
        Scope(start=NOW, end=T0)


def test_what_had_not_arrived_is_not_there(workspace) -> None:
    record(workspace, taken("a", 0, late_h=1), taken("b", 1, late_h=72), taken("slc", 1, late_h=96), taken("c", 2))

    def known(at: datetime) -> tuple[int, int]:
        total = over_here(workspace, Scope(known_at=at)).total
        return total.looks, total.products

    assert known(T0) == (0, 0)
    assert known(T0 + 2 * DAY) == (1, 1)
    assert known(T0 + 2 * DAY + HOUR) == (2, 2)  # c states no arrival: known from its end on
    assert known(T0 + 4 * DAY) == (3, 3)
    assert known(T0 + 5 * DAY) == (3, 4)
    assert over_here(workspace, Scope(known_at=T0 + 2 * DAY)).as_of == T0 + 2 * DAY
    late = spot(workspace, Scope(known_at=T0 + 2 * DAY), (36.1, 48.1), NOW)
    assert (late.looks, late.last) == (1, T0)
    assert (drawn(workspace, Measure.LOOKS, Scope(known_at=T0)).picture < FIRST).all()


def test_hidden_constellations_and_visible_bands_do_not_count(workspace) -> None:
    record(
        workspace, taken("a", 0), taken("b", 1, constellation="capella"),
        taken("c", 2, constellation="maxar", kind=Kind.OPTICAL),
        taken("d", 3, constellation="maxar", kind=Kind.OPTICAL),
    )  # fmt: skip
    found = over_here(workspace)
    assert ([row.provider for row in found.rows], found.optical) == (["capella", "iceye"], 2)
    only = over_here(workspace, Scope(constellations=("iceye",)))
    assert ([row.provider for row in only.rows], only.total.looks, only.optical) == (["iceye"], 1, 0)
    assert spot(workspace, Scope(), (36.1, 48.1), NOW).by_provider == (("capella", 1), ("iceye", 1))
    assert (drawn(workspace, Measure.PROVIDERS).picture[2:-2, 2:-2] == FIRST + 1).all()
    only_one = drawn(workspace, Measure.PROVIDERS, Scope(constellations=("iceye",))).picture
    assert (only_one[2:-2, 2:-2] == FIRST).all()


def test_the_picture_says_age_gap_and_where_nobody_looked(workspace) -> None:
    record(workspace, taken("a", 0), taken("b", 39.9, box=EAST_HALF), taken("c", 25, box=EAST_HALF))
    age, gap, count = (drawn(workspace, measure).picture for measure in (Measure.AGE, Measure.GAP, Measure.LOOKS))
    west, east = np.s_[5:-5, 5:35], np.s_[5:-5, 45:-5]
    assert (age[west] == FIRST + 1).all()  # 40 days: under 90
    assert (age[east] == FIRST + 7).all()  # 2.4 hours: under 6
    assert (gap[west] == ONCE).all()
    assert (gap[east] == FIRST + 2).all()  # 25 days: under 30
    assert (count[east] == FIRST + 2).all()
    nobody = drawn(workspace, Measure.AGE, Scope(start=T0 + DAY)).picture
    assert set(np.unique(nobody[west])) <= {0, HATCH}
    assert (nobody[east] >= FIRST).all()
    assert drawn(workspace, Measure.AGE, Scope(start=NOW - HOUR)).count == 0


def test_picture_and_point_agree_everywhere(workspace) -> None:
    rng = np.random.default_rng(4)
    places = rng.uniform((0, 35.9, 47.9, 0.02, 0.02), (39, 36.3, 48.1, 0.3, 0.3), (150, 5))
    many = [
        taken(f"n{at}", day, constellation=("iceye", "capella", "umbra")[at % 3],
              box=(x, y, x + w, y + h), platform=f"p{at % 7}")
        for at, (day, x, y, w, h) in enumerate(places)
    ]  # fmt: skip
    record(workspace, *many)
    geobox = screen_geobox(extent_of(HERE, margin=0.0), 90, 70)
    seen = {m: coverage_picture(workspace, Scope(), m, geobox, NOW) for m in Measure}
    x0, y0, x1, y1 = seen[Measure.LOOKS].bounds
    height, width = seen[Measure.LOOKS].picture.shape
    for row, column in rng.integers((0, 0), (height, width), (60, 2)):
        across, down = (column + 0.5) / width, (row + 0.5) / height
        place = to_lonlat(float(x0 + across * (x1 - x0)), float(y1 - down * (y1 - y0)))
        found = spot(workspace, Scope(), place, NOW)
        at = {m: int(picture.picture[row, column]) for m, picture in seen.items()}
        if not found.looks:
            assert max(at.values()) < ONCE
            continue
        assert at[Measure.LOOKS] - FIRST == np.searchsorted((1, 2, 3, 5, 9, 17, 33, 65), found.looks, "right") - 1
        assert at[Measure.PROVIDERS] - FIRST == len(found.by_provider) - 1
        assert (at[Measure.GAP] == ONCE) == (found.gap_s is None)
        inside = [acq for acq in many if acq.footprint.contains(shapely.Point(place))]
        assert found.looks == len(inside)
        assert found.last == max(acq.start for acq in inside)


def test_both_sides_of_the_antimeridian_are_one_area(workspace) -> None:
    split = shapely.MultiPolygon([shapely.box(179, 10, 180, 12), shapely.box(-180, 10, -179, 12)])
    record(workspace, taken("a", 0, footprint=split), taken("b", 1, footprint=shapely.box(179, 10, 181, 12)))
    found = coverage(workspace, Scope(), (179.0, 10.0, -179.0, 12.0), NOW)
    assert (found.total.looks, found.total.share) == (2, 1.0)
    wider = coverage(workspace, Scope(), (178.0, 10.0, -178.0, 12.0), NOW)
    assert wider.total.share == pytest.approx(0.5, abs=5e-3)
    assert [spot(workspace, Scope(), (lon, 11.0), NOW).looks for lon in (179.5, -179.5, 180.5, 0.0)] == [2, 2, 2, 0]


def test_a_footprint_that_crosses_itself_is_counted_where_it_has_ground(workspace) -> None:
    tie = shapely.Polygon([(36.0, 48.0), (36.4, 48.2), (36.4, 48.0), (36.0, 48.2)])
    record(workspace, taken("a", 0, footprint=tie))
    assert spot(workspace, Scope(), (36.05, 48.1), NOW).looks == 1
    assert spot(workspace, Scope(), (36.2, 48.02), NOW).looks == 0
    assert over_here(workspace).total.share == pytest.approx(0.5, abs=0.01)


def test_a_write_is_heard_of_and_one_about_something_else_rebuilds_nothing(workspace) -> None:
    record(workspace, taken("a", 0))
    before = looks(workspace)
    workspace.catalog.areas.add(Area("x", HERE))
    assert looks(workspace) is before
    record(workspace, taken("b", 1))
    assert len(looks(workspace)) == 2
    moved = replace(taken("b", 1), footprint=shapely.box(*ELSEWHERE))
    record(workspace, moved, over=True)
    assert over_here(workspace).total.looks == 1


def test_nothing_recorded_is_nothing_seen(workspace) -> None:
    found = over_here(workspace)
    assert (found.rows, found.total.looks, found.total.share, found.total.age_s) == ((), 0, 0.0, None)
    assert spot(workspace, Scope(), (36.1, 48.1), NOW).last is None
    assert (drawn(workspace, Measure.GAP).picture <= HATCH).all()
    with pytest.raises(InputError, match="not \\(west, south, east, north\\)"):
        coverage(workspace, Scope(), (1.0, 5.0, 2.0, 4.0), NOW)


def test_the_strictest_handling_of_what_was_counted_goes_with_it(workspace) -> None:
    record(
        workspace, taken("a", 0, handling=Handling(tlp=Tlp.GREEN)), taken("b", 1, handling=Handling(tlp=Tlp.AMBER)),
        taken("c", 2, box=ELSEWHERE, handling=Handling(tlp=Tlp.RED)),
    )  # fmt: skip
    assert over_here(workspace).handling.tlp is Tlp.AMBER
    assert over_here(workspace, Scope(end=T0 + DAY / 2)).handling.tlp is Tlp.GREEN
    assert drawn(workspace, Measure.LOOKS).handling.tlp is Tlp.AMBER
    assert "AMBER" in separated(over_here(workspace))


def test_the_table_as_text_is_read_back_by_a_spreadsheet(workspace) -> None:
    record(workspace, taken("a", 0, late_h=2), taken("b", 10), taken("e", 20, constellation="capella"))
    found = over_here(workspace, Scope(start=T0))
    rows = list(csv.DictReader(io.StringIO(separated(found, ","))))
    assert [row["provider"] for row in rows] == ["capella", "iceye", "all"]
    assert rows[1] | {"looks": "2", "delay_not_stated": "1", "delay_median_s": "7200"} == rows[1]
    assert (rows[1]["longest_gap_s"], rows[0]["longest_gap_s"]) == ("864000", "")
    assert (rows[2]["from"], rows[2]["until"]) == ("2024-03-01T00:00:00Z", "2024-04-10T00:00:00Z")
    assert list(csv.reader(io.StringIO(separated(found)), delimiter="\t"))[1][0] == "capella"


def test_a_view_counts_its_brush_else_its_window(workspace) -> None:
    seen = View(extent=extent_of(HERE), constellations=("iceye",), known_at=NOW)
    assert scope_of(seen) == Scope(constellations=("iceye",), known_at=NOW)
    window, brush = (T0, T0 + DAY), (T0 + DAY, T0 + 2 * DAY)
    assert (scope_of(replace(seen, period=window)).start, scope_of(replace(seen, period=window)).end) == window
    both = scope_of(replace(seen, period=window, brush=brush))
    assert (both.start, both.end) == brush
