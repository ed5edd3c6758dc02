"""What a pixel says of coverage is what geometry says of its middle: every look, the last one, the longest gap."""

import dataclasses

import numpy as np
import pytest
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox

from dashboard.geo.mercator import extent_of, project, screen_geobox, to_lonlat
from dashboard.model.coverage import Measure
from dashboard.model.errors import GridMismatchError, InputError
from dashboard.render.coverage import classes as shown
from dashboard.render.coverage import footprints as module
from dashboard.render.coverage.classes import CLEAR, FIRST, HATCH, ONCE, classes, labels, limits, palette, words
from dashboard.render.coverage.footprints import Footprints, Window, counts, footprints, gaps, kinds, latest
from dashboard.render.vectors import cover

BOX = (30.0, 47.0, 34.0, 50.0)
COUNT = 1_500
SIZE = (360, 240)


def quadrilaterals(rng: np.random.Generator, count: int) -> np.ndarray:
    """Return turned footprints from 30 m to 800 km: most far smaller than the box, some far larger."""
    x, y = rng.uniform(BOX[0] - 1, BOX[2] + 1, count), rng.uniform(BOX[1] - 1, BOX[3] + 1, count)
    size = np.clip(rng.lognormal(-2.3, 1.6, count), 3e-4, 8.0)
    turn = rng.uniform(0, 2 * np.pi, count)[:, None] + np.array([0, 0.5, 1, 1.5, 0]) * np.pi
    reach = size[:, None] * np.array([1, 0.6, 1, 0.6, 1])
    points = np.stack([x[:, None] + reach * np.cos(turn), y[:, None] + reach * np.sin(turn)], axis=-1)
    return shapely.polygons(np.clip(points, [-180, -84], [180, 84]))


def with_parts_and_holes(rng: np.random.Generator, count: int) -> np.ndarray:
    """Return MultiPolygons of two parts, of which the first has a hole."""
    shapes = np.empty(count, dtype=object)
    for at in range(count):
        x, y = rng.uniform(BOX[0], BOX[2]), rng.uniform(BOX[1], BOX[3])
        ring = shapely.Point(x, y).buffer(0.3, 6).difference(shapely.Point(x + 0.05, y).buffer(0.12, 5))
        shapes[at] = shapely.union_all([ring, shapely.box(x + 0.5, y - 0.1, x + 0.7, y + 0.2)])
    return shapes


@pytest.fixture(scope="module")
def geometries() -> np.ndarray:
    rng = np.random.default_rng(7)
    found = np.concatenate([quadrilaterals(rng, COUNT), with_parts_and_holes(rng, 40)])
    return found[rng.permutation(len(found))]


@pytest.fixture(scope="module")
def shapes(geometries: np.ndarray) -> Footprints:
    made = footprints(geometries)
    for array in (*made.outlines, made.boxes):
        array.flags.writeable = False
    return made


@pytest.fixture(scope="module")
def order(geometries: np.ndarray) -> np.ndarray:
    every = np.arange(len(geometries))
    every.flags.writeable = False
    return every


@pytest.fixture(scope="module")
def times(geometries: np.ndarray) -> np.ndarray:
    found = np.sort(np.random.default_rng(3).integers(1_600_000_000, 1_700_000_000, len(geometries)))
    found.flags.writeable = False
    return found


def screen(box: tuple[float, float, float, float], size: tuple[int, int] = SIZE) -> GeoBox:
    return screen_geobox(extent_of(box, margin=0.0), *size)


def probes(window: Window, count: int = 700, block: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows and columns of random pixels, and the middles of them or of their blocks as points in degrees."""
    rng = np.random.default_rng(11)
    rows, columns = rng.integers(0, window.height, count), rng.integers(0, window.width, count)
    across, down = window.sizes
    x = ((window.col + columns) // block + 0.5) * across * block
    y = -((window.row + rows) // block + 0.5) * down * block
    return rows, columns, shapely.points(*to_lonlat(x, y))


def over(points: np.ndarray, geometries: np.ndarray) -> list[np.ndarray]:
    """Return which geometries contain each point, in order."""
    of_point, found = shapely.STRtree(geometries).query(points, predicate="within")
    return [np.sort(found[of_point == at]) for at in range(len(points))]


WHERE = (BOX, (31.0, 48.0, 31.9, 48.6), (32.0, 48.5, 32.02, 48.512))


@pytest.mark.parametrize("box", WHERE)
def test_counts_and_last_looks_are_those_of_points_in_polygons(shapes, order, geometries, box) -> None:
    # Small ones count in a pixel though they miss its middle: they are left out here and have a test of their own.
    window = Window.of(screen(box))
    rows, columns, points = probes(window)
    truth = over(points, geometries)
    assert max(map(len, truth)) > 3
    found = counts(shapes, order, window, small=False)
    assert found[rows, columns].tolist() == [len(hits) for hits in truth]
    wide = order[(shapes.boxes[:, 2] - shapes.boxes[:, 0]) > 5 * window.sizes[0]]
    truth = [hits[np.isin(hits, wide)] for hits in truth]
    assert counts(shapes, wide, window)[rows, columns].tolist() == [len(hits) for hits in truth]
    last = latest(shapes, wide, window)[rows, columns]
    assert [int(wide[at]) if at >= 0 else -1 for at in last] == [int(hits[-1]) if len(hits) else -1 for hits in truth]


@pytest.mark.parametrize(("box", "most"), [(box, most) for box in WHERE for most in (10**9, 200_000)])
def test_gaps_are_those_of_the_looks_over_the_middle_of_the_pixel(shapes, times, geometries, box, most) -> None:
    order = np.arange(len(geometries))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "MOST_VISITS", most)
        check_gaps(shapes, order, times, geometries, (box, most))


def check_gaps(shapes, order, times, geometries, case) -> None:
    box, most = case
    window = Window.of(screen(box))
    wide = order[(shapes.boxes[:, 2] - shapes.boxes[:, 0]) > 80 * window.sizes[0]]
    found = gaps(shapes, wide, times[wide], window)
    assert (found.block > 1) == (most < 10**9)
    rows, columns, points = probes(window, block=found.block)
    for row, column, hits in zip(rows, columns, over(points, geometries), strict=True):
        mine = times[hits[np.isin(hits, wide)]]
        assert found.seen[row, column] == (len(mine) > 0)
        assert found.gap[row, column] == (np.diff(mine).max() if len(mine) > 1 else -1)


def test_kinds_counts_each_kind_once(shapes, order, geometries) -> None:
    window = Window.of(screen(BOX))
    kind = order % 5
    wide = order[(shapes.boxes[:, 2] - shapes.boxes[:, 0]) > 5 * window.sizes[0]]
    rows, columns, points = probes(window)
    truth = [len(set((hits[np.isin(hits, wide)] % 5).tolist())) for hits in over(points, geometries)]
    assert kinds(shapes, wide, kind, window)[rows, columns].tolist() == truth


def test_neighbours_that_share_edges_share_no_pixel_and_leave_none_out() -> None:
    rng = np.random.default_rng(5)
    corners = shapely.MultiPoint(rng.uniform((30, 47), (34, 50), (200, 2)))
    tiles = np.array(shapely.get_parts(shapely.voronoi_polygons(corners, extend_to=shapely.box(25, 42, 39, 55))))
    window = Window.of(screen((30.0, 47.0, 34.0, 50.0)))
    found = counts(footprints(tiles), np.arange(len(tiles)), window, small=False)
    assert (found == 1).all()


def test_it_agrees_with_datashader_where_edges_are_short(geometries) -> None:
    box = (31.0, 48.0, 31.9, 48.6)
    geobox = screen(box)
    dense = shapely.segmentize(geometries[shapely.intersects(geometries, shapely.box(*box))], 0.02)
    near = dense[(shapely.area(dense) > 1e-3) & (shapely.area(dense) < 9)]
    window = Window.exactly(geobox)
    ours = counts(footprints(near), np.arange(len(near)), window)
    theirs = cover([project(shape) for shape in near], geobox)
    assert ours.max() > 5
    assert (ours != theirs).mean() < 2e-3


def test_what_is_too_small_to_cover_a_middle_is_one_pixel_and_no_area() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.uniform(-150, 150, 60), rng.uniform(-60, 60, 60)
    dots = shapely.box(x, y, x + 0.01, y + 0.01)
    window = Window.of(screen((-180.0, -70.0, 180.0, 70.0)))
    shapes, order = footprints(dots), np.arange(60)
    found = counts(shapes, order, window)
    assert found.sum() == 60
    assert counts(shapes, order, window, small=False).sum() < 3
    last = latest(shapes, order, window)
    np.testing.assert_array_equal(last >= 0, found > 0)
    assert (gaps(shapes, order, order, window).seen == (found > 0)).all()
    west, _, _, north = window.bounds
    middle = shapely.get_coordinates(project(shapely.multipoints(shapely.points(x + 0.005, y + 0.005))))
    rows = ((north - middle[:, 1]) / window.sizes[1]).astype(int)
    columns = ((middle[:, 0] - west) / window.sizes[0]).astype(int)
    assert (found[rows, columns] > 0).all()


def test_a_footprint_over_the_antimeridian_is_on_both_sides() -> None:
    beyond = shapely.Polygon([(178, 10), (183, 10), (183, 14), (178, 14)])
    split = shapely.MultiPolygon([shapely.box(178, 10, 180, 14), shapely.box(-180, 10, -177, 14)])
    for box in ((176.0, 8.0, 180.0, 16.0), (-180.0, 8.0, -175.0, 16.0)):
        window = Window.of(screen(box))
        one, other = (counts(footprints([shape]), np.array([0]), window) for shape in (beyond, split))
        np.testing.assert_array_equal(one, other)
        assert 0 < one.mean() < 1


def test_a_footprint_larger_than_the_screen_covers_all_of_it() -> None:
    window = Window.of(screen((10.0, 50.0, 10.1, 50.05)))
    shapes = footprints([shapely.box(-170, -80, 170, 80)])
    assert (counts(shapes, np.array([0]), window) == 1).all()
    assert (latest(shapes, np.array([0]), window) == 0).all()


def test_a_dragged_map_shows_the_same_pixels(shapes, order, times) -> None:
    geobox = screen((31.0, 48.0, 31.9, 48.6))
    moved = GeoBox(geobox.shape, geobox.affine @ Affine.translation(37, -21), geobox.crs)
    one, other = Window.of(geobox), Window.of(moved)
    col, row = round(other.col - one.col), round(other.row - one.row)
    assert (col, row) == (37, -21)
    for found in (
        lambda window: counts(shapes, order, window),
        lambda window: latest(shapes, order, window),
        lambda window: gaps(shapes, order, times, window).gap,
    ):
        before, after = found(one), found(other)
        np.testing.assert_array_equal(before[:-21, 37:][:200, :300], after[21:, :-37][:200, :300])


def test_nothing_chosen_is_nothing_seen(shapes) -> None:
    window, none = Window.of(screen(BOX)), np.zeros(0, np.int64)
    assert not counts(shapes, none, window).any()
    assert (latest(shapes, none, window) == -1).all()
    assert not gaps(shapes, none, none, window).seen.any()
    assert len(footprints([])) == 0


def test_what_is_no_polygon_or_no_screen_is_refused(shapes, order) -> None:
    with pytest.raises(InputError, match="no polygon"):
        footprints([shapely.Point(1, 2)])
    turned = GeoBox((10, 10), Affine.rotation(20), "EPSG:3857")
    with pytest.raises(GridMismatchError, match="north up"):
        Window.of(turned)
    with pytest.raises(InputError, match="68 years"):
        gaps(shapes, order, np.linspace(0, 3e9, len(order)).astype(np.int64), Window.of(screen(BOX)))


# Classes


def plain(values: list[int], dtype: type = np.int32) -> np.ndarray:
    return np.array([values], dtype)


def test_classes_begin_at_their_limits() -> None:
    window = Window(0, 1, 4, 1, (1.0, 1.0))
    for measure in (Measure.LOOKS, Measure.PROVIDERS):
        starts = limits(measure)
        found = classes(measure, plain(list(starts)), window)[0]
        assert found.tolist() == [FIRST + at for at in range(len(starts))]
        assert classes(measure, plain([starts[1] - 1, 10**6]), window)[0].tolist() == [FIRST, FIRST + len(starts) - 1]


@pytest.mark.parametrize("measure", [Measure.AGE, Measure.GAP])
def test_the_shorter_the_time_the_higher_the_class(measure) -> None:
    window = Window(0, 1, 4, 1, (1.0, 1.0))
    times = [0, 3600 * 6 - 1, 3600 * 6, 86_400, 100 * 86_400]
    found = classes(measure, plain(times), window)[0].tolist()
    assert found == [FIRST + 7, FIRST + 7, FIRST + 6, FIRST + 5, FIRST]
    assert labels(measure)[found[1] - FIRST] == "under 6 h"
    assert labels(measure)[0] == "90 d or more"
    once = classes(measure, plain([np.iinfo(np.int32).max]), window)[0, 0]
    assert once == ONCE


def test_ground_without_a_look_is_hatched_and_the_hatch_moves_with_the_map() -> None:
    empty = np.zeros((30, 40), np.int32)
    window = Window(1000, -77, 40, 30, (1.0, 1.0))
    here = classes(Measure.LOOKS, empty, window)
    assert set(np.unique(here)) == {CLEAR, HATCH}
    assert (here == HATCH).mean() == pytest.approx(1 / shown.HATCH_PX, abs=0.02)
    there = classes(Measure.LOOKS, empty, dataclasses.replace(window, col=1005))
    np.testing.assert_array_equal(here[:, 5:], there[:, :-5])
    assert classes(Measure.AGE, empty - 1, window).tolist() == here.tolist()
    assert (classes(Measure.AGE, empty, window) >= FIRST).all()


@pytest.mark.parametrize("measure", list(Measure))
def test_every_class_has_a_label_and_a_colour_of_its_own(measure) -> None:
    colours = palette(measure, "#112233", "#445566")
    assert len(colours) == FIRST + len(labels(measure)) == len(set(colours))
    assert colours[CLEAR].endswith("00")
    assert all(len(colour) == 9 for colour in colours)


def test_labels_of_counts_say_their_range() -> None:
    assert labels(Measure.LOOKS) == ("1", "2", "3–4", "5–8", "9–16", "17–32", "33–64", "65 or more")
    assert labels(Measure.PROVIDERS)[-1] == "5 or more"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 min"), (90, "2 min"), (3600, "60 min"), (7200, "2 h"), (86_400, "1 d"), (90_000, "25 h"),
     (200_000, "2.3 d"), (10 * 86_400, "10 d"), (1e7, "116 d")],
)  # fmt: skip
def test_durations_have_two_digits_or_so(seconds, said) -> None:
    assert words(seconds) == said
