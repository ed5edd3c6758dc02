"""Cutting an area: nothing twice, nothing missed, and what is counted does not depend on the cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.model.errors import InputError
from dashboard.workflows.detection.area_tiles import CELL, Layout, Tile, side_for, spread

SIDES = st.integers(1, 12).map(lambda n: n * CELL)


@st.composite
def layouts(draw):
    shape = draw(st.tuples(st.integers(1, 400), st.integers(1, 400)))
    phase = draw(st.tuples(st.integers(0, 511), st.integers(0, 511)))
    return Layout(shape=shape, side=draw(SIDES), phase=phase)


@settings(max_examples=80, deadline=None)
@given(layouts())
def test_tiles_partition_the_area_in_reading_order(layout):
    seen = np.zeros(layout.shape, int)
    tiles = list(layout.tiles())
    for tile in tiles:
        seen[tile.slices] += 1
        assert max(tile.height, tile.width) <= layout.side
    assert (seen == 1).all()
    assert len(tiles) == layout.count
    assert tiles == sorted(tiles)
    assert len({tile.name for tile in tiles}) == len(tiles)


@settings(max_examples=80, deadline=None)
@given(layouts(), st.integers(0, 40))
def test_a_widened_tile_stays_in_the_area_and_knows_where_it_was(layout, pixels):
    values = np.arange(layout.shape[0] * layout.shape[1]).reshape(layout.shape)
    for tile in layout.tiles():
        wide = tile.widened(pixels, layout.shape)
        np.testing.assert_array_equal(values[wide.slices][tile.inside(wide)], values[tile.slices])
        assert wide.height <= tile.height + 2 * pixels


@settings(max_examples=60, deadline=None)
@given(layouts(), st.integers(0, 2**32 - 1))
def test_counts_by_cell_are_the_same_however_the_area_is_cut(layout, seed):
    chosen = np.random.default_rng(seed).random(layout.shape) < 0.5
    rows, cols = layout.cells
    counts = np.zeros((len(rows) - 1, len(cols) - 1), int)
    for tile in layout.tiles():
        (row, col), part = layout.cell_counts(tile, chosen[tile.slices])
        counts[row : row + part.shape[0], col : col + part.shape[1]] += part
    whole = np.add.reduceat(np.add.reduceat(chosen, rows[:-1], axis=0, dtype=int), cols[:-1], axis=1)
    np.testing.assert_array_equal(counts, whole)


@settings(max_examples=60, deadline=None)
@given(layouts(), st.integers(1, 20))
def test_sampled_ground_is_the_same_however_the_area_is_cut(layout, most):
    other = Layout(shape=layout.shape, side=CELL, phase=layout.phase)
    chosen = spread(layout, 64, most, "a question")
    assert chosen == spread(other, 64, most, "a question")
    assert len(set(chosen)) == len(chosen) == min(most, Layout(shape=layout.shape, side=64, phase=layout.phase).count)


def test_tiles_shrink_with_the_number_of_looks_and_never_to_nothing():
    sides = [side_for(layers, 2**30) for layers in (1, 60, 120, 240, 10_000)]
    assert sides == sorted(sides, reverse=True)
    assert sides[0] == 1024
    assert all(side % CELL == 0 for side in sides)
    assert sides[-1] == 256


def test_a_side_that_cells_do_not_fit_is_refused():
    with pytest.raises(InputError, match="multiple of 32"):
        Layout(shape=(10, 10), side=100)


def test_a_name_tells_place_and_size():
    assert Tile(512, 0, 256, 100).name == "000512-000000-256x100"
