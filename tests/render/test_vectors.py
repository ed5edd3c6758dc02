"""Shapes as pictures: counted on a layout drawn by hand."""

import numpy as np
import pytest
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox

from dashboard.model.errors import GridMismatchError, InputError
from dashboard.model.view import Stretch
from dashboard.render import kernels
from dashboard.render.compose import grey, log_ratio, two_colour
from dashboard.render.levels import decibel_bytes, histogram, palette, ratio_levels
from dashboard.render.vectors import cover, density, polygons_image
from dashboard.render.warm import warm_up

GRID = GeoBox((8, 10), Affine(1, 0, 100, 0, -1, 208), "EPSG:3857")


def square(x0: float, y0: float, x1: float, y1: float) -> shapely.Polygon:
    return shapely.box(100 + x0, 200 + y0, 100 + x1, 200 + y1)


LAYOUT = [square(1, 1, 4, 3), square(3, 2, 6, 7), square(2, 2, 8, 7).difference(square(4, 4, 6, 6))]


def test_pixels_count_the_polygons_over_them():
    expected = np.zeros((8, 10), int)
    expected[5:7, 1:4] += 1
    expected[1:6, 3:6] += 1
    expected[1:6, 2:8] += 1
    expected[2:4, 4:6] -= 1
    np.testing.assert_array_equal(cover(LAYOUT, GRID), expected)


def test_a_shape_smaller_than_a_pixel_still_shows():
    seen = cover([square(8.6, 0.6, 8.7, 0.7)], GRID)
    assert seen[7, 8] == 1
    assert seen.sum() == 1


def test_shapes_off_the_grid_show_nothing():
    assert not cover([square(50, 50, 60, 60)], GRID).any()
    assert not cover([], GRID).any()


def test_parts_of_one_shape_are_all_drawn():
    both = shapely.MultiPolygon([square(0, 0, 2, 2), square(7, 5, 9, 8)])
    assert cover([both], GRID).sum() == 4 + 6


def test_the_later_colour_is_on_top_and_alpha_only_where_drawn():
    drawn = polygons_image(LAYOUT[:2], ["#ff0000", "#0000ff"], GRID, alpha=128)
    assert tuple(drawn[6, 1]) == (255, 0, 0, 128)
    assert tuple(drawn[5, 3]) == (0, 0, 255, 128)
    assert (drawn[..., 3] > 0).sum() == (cover(LAYOUT[:2], GRID) > 0).sum()
    with pytest.raises(InputError):
        polygons_image(LAYOUT, ["#ff0000"], GRID)


def test_points_are_counted_where_they_are():
    x, y = np.array([100.5, 100.6, 109.5, 105.1, 300.0]), np.array([207.5, 207.4, 200.5, 203.9, 203.0])
    counts = density(x, y, GRID)
    assert counts[0, 0] == 2
    assert counts[7, 9] == 1
    assert counts[4, 5] == 1
    assert counts.sum() == 4


def test_a_grid_that_is_not_north_up_is_refused():
    with pytest.raises(GridMismatchError):
        cover(LAYOUT, GeoBox((8, 10), Affine(1, 0, 100, 0, 1, 200), "EPSG:3857"))


def test_warming_up_leaves_nothing_to_compile():
    warm_up()
    compiled = [kernels.look_up, kernels.look_up_both, kernels.difference_levels, kernels.count_levels]
    before = [len(kernel.signatures) for kernel in compiled]
    assert all(before)
    amplitude = np.arange(64, dtype=np.uint16).reshape(8, 8)
    levels = decibel_bytes(amplitude)
    greys = palette(Stretch(), histogram(levels))
    two_colour(levels, levels, greys, greys)
    log_ratio(ratio_levels(amplitude, amplitude))
    grey(levels, greys)
    assert [len(kernel.signatures) for kernel in compiled] == before
