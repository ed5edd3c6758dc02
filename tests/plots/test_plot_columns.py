"""What the timeline, the series and the vector layers are drawn from: columns of plain values."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from dashboard.model.acquisition import Acquisition, Calibration, Origin, PassDirection, PixelFile, Pixels
from dashboard.model.palette import tokens
from dashboard.model.view import Extent
from dashboard.plots.columns import area_columns, line_columns, path_columns
from dashboard.plots.lanes import FRONT, NOTES, front_columns
from dashboard.plots.series import draw_series, mark, series_plot
from dashboard.plots.surface import ABOVE, BELOW, PICTURE, recolour, surface
from dashboard.plots.timeline import (
    CHANGES,
    facts,
    lanes,
    lay_lanes,
    tick_columns,
    timeline,
)

START = datetime(2026, 5, 4, 9, 12, tzinfo=UTC)
DARK, LIGHT = tokens("dark"), tokens("light")
PIXELS = Pixels(
    crs="EPSG:32655", transform=(10.0, 0, 0, 0, -10.0, 0), shape=(10, 10),
    files=(PixelFile(polarisation="VV", path="a/VV.tif", sha256="0"),),
)  # fmt: skip


def acquisition(name: str, day: float = 0.0, **changes: object) -> Acquisition:
    start = START + timedelta(days=day)
    made = Acquisition(
        id=name, constellation="iceye", start=start, stop=start, footprint=shapely.box(0, 0, 1, 1),
        calibration=Calibration(valid=True), origin=Origin(reader="test", reader_version="0", product_sha256=name),
        pixels=PIXELS, pass_direction=PassDirection.ASCENDING,
    )  # fmt: skip
    return replace(made, **changes)


MIXED = (
    acquisition("one"),
    acquisition("two", 1.0, constellation="alos", pass_direction=PassDirection.DESCENDING),
    acquisition("three", 2.0, pixels=None, pass_direction=None),
)


def test_lanes_are_the_constellations_by_name_then_changes_fronts_and_notes() -> None:
    assert lanes(MIXED, fronts=["control"]) == ["alos", "iceye", CHANGES, FRONT, NOTES]
    assert lanes((), fronts=[]) == [CHANGES, NOTES]


def test_a_tick_stands_at_its_start_in_its_lane_and_is_hollow_without_pixels() -> None:
    names = lanes(MIXED, fronts=["control"])
    columns = tick_columns(MIXED, names, DARK)
    assert columns["x"] == [acq.start.timestamp() * 1000 for acq in MIXED]
    assert [names[len(names) - 1 - y] for y in columns["y"]] == ["iceye", "alos", "iceye"]
    assert columns["id"] == ["one", "two", "three"]
    assert [fill > 0 for fill in columns["fill"]] == [True, True, False]
    assert columns["colour"] == [DARK.ascending, DARK.descending, DARK.muted]
    assert len({len(column) for column in columns.values()}) == 1
    assert columns["dtg"][0] == "040912ZMAY26"


def test_no_acquisitions_make_empty_columns() -> None:
    columns = tick_columns((), lanes((), fronts=[]), DARK)
    assert set(map(len, columns.values())) == {0}


def test_the_figure_has_a_line_of_pixels_for_each_lane() -> None:
    plot = timeline((START, START + timedelta(days=1)), DARK)
    names = lanes(MIXED, fronts=["control"])
    lay_lanes(plot, names)
    assert (plot.figure.y_range.start, plot.figure.y_range.end) == (-0.5, 4.5)
    assert plot.figure.yaxis[0].major_label_overrides == {4: "alos", 3: "iceye", 2: CHANGES, 1: FRONT, 0: NOTES}
    assert set(plot.ticks.data) == set(tick_columns(MIXED, names, DARK))


@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=20), st.integers(0, 6))
def test_the_line_of_the_front_stays_in_its_lane_and_steps_at_its_times(areas: list[float], level: int) -> None:
    rows = [(START + timedelta(days=n), "BLUE", km2) for n, km2 in enumerate(areas)]
    until = START + timedelta(days=len(areas) + 3)
    columns = front_columns(rows, level, {"BLUE": DARK.blue_force}, until)
    (x,), (y,) = columns["xs"], columns["ys"]
    assert x == sorted(x)
    assert x[0] == START.timestamp() * 1000
    assert x[-1] == until.timestamp() * 1000
    assert all(abs(value - level) <= 0.3600001 for value in y)
    assert y[::2] == y[1::2]
    assert columns["colour"] == [DARK.blue_force]


def test_facts_leave_out_what_is_missing_and_say_what_is_not_there() -> None:
    assert facts(acquisition("one", mode="SM", incidence_deg=32.4)) == "SM · ascending · 32°"
    assert "not ingested" in facts(MIXED[2])
    assert "uncalibrated" in facts(acquisition("x", calibration=Calibration(valid=False, why_not="no units")))


class TestSeries:
    moments = tuple(START + timedelta(days=day) for day in range(4))

    def test_a_gap_stays_a_gap(self) -> None:
        plot = series_plot(DARK)
        values = np.array([-10.0, np.nan, -9.0, -8.0])
        values.flags.writeable = False
        draw_series(plot, self.moments, {"VV": values}, "sigma0 dB")
        (line,) = plot.lines.data["ys"]
        np.testing.assert_array_equal(line, values)
        assert plot.points.data["y"] == [-10.0, -9.0, -8.0]
        assert len(plot.points.data["x"]) == 3
        assert plot.figure.yaxis[0].axis_label == "sigma0 dB"
        assert plot.figure.y_range.start < -10.0
        assert plot.figure.y_range.end > -8.0

    def test_only_gaps_and_nothing_at_all_draw_no_points(self) -> None:
        plot = series_plot(DARK)
        draw_series(plot, self.moments, {"VV": np.full(4, np.nan)}, "dB")
        assert plot.points.data["y"] == []
        draw_series(plot, (), {}, "dB")
        assert plot.lines.data["xs"] == []

    def test_polarisations_differ_by_dash(self) -> None:
        plot = series_plot(LIGHT)
        draw_series(plot, self.moments, {"VV": np.zeros(4), "VH": np.ones(4)}, "dB")
        assert len(set(plot.lines.data["dash"])) == 2
        assert plot.points.data["polarisation"] == ["VV"] * 4 + ["VH"] * 4

    def test_marks_come_and_go(self) -> None:
        plot = series_plot(DARK)
        mark(plot, START, None)
        assert plot.a.location == START.timestamp() * 1000
        assert plot.b.location is None


class TestColumns:
    def test_areas_keep_their_holes_and_parts(self) -> None:
        holed = shapely.box(0, 0, 4, 4).difference(shapely.box(1, 1, 2, 2))
        both = shapely.MultiPolygon([holed, shapely.box(10, 10, 11, 11)])
        columns = area_columns([both, shapely.Polygon()], colour=["x", "y"])
        assert [len(polygons) for polygons in columns["xs"]] == [2, 0]
        assert [len(rings) for rings in columns["xs"][0]] == [2, 1]
        assert columns["colour"] == ["x", "y"]

    def test_areas_hold_every_vertex_in_its_place(self) -> None:
        small, large = shapely.Point(5, 5).buffer(2, quad_segs=3), shapely.Point(9, 9).buffer(2, quad_segs=40)
        shapes = [small, shapely.MultiPolygon(), shapely.MultiPolygon([large, shapely.box(20, 0, 21, 1)])]
        columns = area_columns(iter(shapes))
        assert area_columns([]) == {"xs": [], "ys": []}
        assert [len(polygons) for polygons in columns["xs"]] == [1, 0, 2]
        for shape, xs, ys in zip(shapes, columns["xs"], columns["ys"], strict=True):
            for part, x, y in zip(shapely.get_parts(shape), xs, ys, strict=True):
                np.testing.assert_array_equal(np.column_stack([x[0], y[0]]), part.exterior.coords)
        assert isinstance(columns["xs"][0][0][0], list)  # an array a ring would be a message a ring
        assert isinstance(columns["xs"][2][0][0], np.ndarray)

    def test_every_line_of_a_feature_has_its_colour(self) -> None:
        holed = shapely.box(0, 0, 4, 4).difference(shapely.box(1, 1, 2, 2))
        columns = line_columns([holed, shapely.LineString([(0, 0), (1, 1)])], ["x", "y"])
        assert columns["colour"] == ["x", "x", "y"]
        assert len(columns["xs"]) == len(columns["ys"]) == 3

    def test_paths_of_one_point_are_left_out(self) -> None:
        columns = path_columns([np.zeros((1, 2)), np.ones((3, 2))])
        assert [len(x) for x in columns["xs"]] == [3]


class TestSurface:
    extent = Extent(0, 0, 1000, 500)

    def test_every_layer_is_there_empty_and_named(self) -> None:
        made = surface(self.extent, DARK)
        names = {PICTURE, *(sheet.name for sheet in (*BELOW, *ABOVE))}
        assert set(made.sources) == names
        assert len(made.sources["sea"].data["xs"]) == 1  # what is not land is water
        for name in names - {PICTURE, "sea"}:
            assert not any(len(column) for column in made.sources[name].data.values()), name
            assert made.sources[name].name == name

    def test_a_layer_moves_alone_and_only_when_it_is_another_one(self) -> None:
        made = surface(self.extent, DARK)
        before = {name: source.data for name, source in made.sources.items()}
        asked: list[int] = []

        def make() -> dict[str, list[list[float]]]:
            asked.append(1)
            return {"xs": [[0.0, 1.0]], "ys": [[0.0, 1.0]]}

        for _ in range(3):
            made.put("footprints", "key", make)
        assert asked == [1]
        changed = {name for name, source in made.sources.items() if source.data is not before[name]}
        assert changed == {"footprints"}
        made.put("footprints", "another", make)
        assert asked == [1, 1]

    def test_a_theme_changes_colours_in_place(self) -> None:
        made, light = surface(self.extent, DARK), surface(self.extent, LIGHT)
        figure = made.figure
        recolour(made, LIGHT)
        assert made.figure is figure
        assert figure.background_fill_color == light.figure.background_fill_color
        for name in ("land", "water", "roads"):
            one, other = made.glyphs[name].glyph, light.glyphs[name].glyph
            assert one.line_color == other.line_color
