"""Objects of an area that was cut: the same, pixel for pixel and figure for figure, as of one that was not."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from dashboard.workflows.detection import area_seams
from dashboard.workflows.detection.area_seams import Pixels, Rule, divide, neighbourhoods
from dashboard.workflows.detection.area_tiles import Layout


def field(shape, seed, holes=0.0):
    """Energy like that of real change: smooth, a few strong objects, some ground never observed."""
    draw = np.random.default_rng(seed)
    energy = ndimage.gaussian_filter(draw.exponential(1.0, shape), 1.0).astype(np.float32)
    energy += np.float32(8.0) * ndimage.gaussian_filter((draw.random(shape) < 0.004).astype(np.float32), 1.6) * 20.0
    energy[draw.random(shape) < holes] = np.nan
    return energy


def steps(energy, seed):
    draw = np.random.default_rng(seed + 1)
    image = draw.normal(0, 3, (2, *energy.shape)).astype(np.float32)
    image[:, np.isnan(energy)] = np.nan
    return image


def array(image):
    return xr.DataArray(image, dims=("polarisation", "y", "x"), coords={"polarisation": ["VV", "VH"]})


def facts(patches, tile, area):
    """Every object by its pixels in the area and what is said of it, without its number."""
    found = {}
    for patch in patches.found:
        rows, cols = np.nonzero(patches.labels == patch.label)
        place = frozenset(((rows + tile.top) * area[1] + cols + tile.left).tolist())
        found[place] = (patch.score, patch.seeds, patch.peak, patch.sign, patch.magnitudes)
    return found


def cut(energy, step, layout, rule, order=None):
    """Search an area tile by tile; return the objects and how many were put together across borders."""
    layers = np.concatenate([energy[None], step])
    layers.flags.writeable = False
    found, parts = {}, []
    tiles = list(layout.tiles())
    for tile in tiles if order is None else [tiles[n] for n in order]:
        wide = tile.widened(rule.ring, layout.shape)
        own, handed = divide(layers[:, *wide.slices], tile, wide, layout.shape, rule)
        found |= facts(rule.search(own, array(layers[1:, *wide.slices])), wide, layout.shape)
        parts.append(handed)
    across = 0
    for near in neighbourhoods(Pixels.of(parts), layout.shape, rule):
        image = near.image(layout.shape)
        more = facts(rule.search(image[0], array(image[1:])), near.around(layout.shape), layout.shape)
        assert not set(more) & set(found)
        across += len(more)
        found |= more
    return found, across


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**20),
    st.sampled_from([64, 96, 128]),
    st.tuples(st.integers(0, 40), st.integers(0, 40)),
    st.sampled_from([(1, 1.0), (4, 1.0), (9, 2.0), (16, 3.4)]),
    st.sampled_from([0.0, 0.02]),
)
def test_cut_equals_whole(seed, side, phase, size, holes):
    least, resolution = size
    rule = Rule(seed=3.0, grow=1.6, least_px=least, resolution_px=resolution)
    energy = field((250, 270), seed, holes)
    step = steps(energy, seed)
    whole = facts(rule.search(energy, array(step)), next(Layout(shape=energy.shape, side=1024).tiles()), energy.shape)
    found, _ = cut(energy, step, Layout(shape=energy.shape, side=side, phase=phase), rule)
    assert found == whole


def test_objects_do_cross_borders_here_and_the_order_of_tiles_is_nothing():
    rule = Rule(seed=3.0, grow=1.6, least_px=4, resolution_px=1.0)
    energy = field((450, 470), 5)
    layout = Layout(shape=energy.shape, side=96)
    found, across = cut(energy, steps(energy, 5), layout, rule)
    order = np.random.default_rng(0).permutation(layout.count)
    assert cut(energy, steps(energy, 5), layout, rule, order) == (found, across)
    assert across > 10
    assert len(found) - across > 10


def test_an_object_across_the_whole_area_is_one():
    rule = Rule(seed=3.0, grow=1.6, least_px=4, resolution_px=1.0)
    energy = np.ones((300, 300), np.float32)
    energy[140:160] = 2.0
    energy[:, 100] = 2.0
    energy[150, 7] = 5.0
    found, across = cut(energy, steps(energy, 1), Layout(shape=energy.shape, side=64), rule)
    assert across == len(found) == 1
    assert len(next(iter(found))) == 20 * 300 + 280


def test_what_chance_leaves_at_borders_is_not_kept():
    rule = Rule(seed=9.0, grow=1.2, least_px=4, resolution_px=1.0)
    energy = field((150, 170), 7) % 3.0
    energy[:, 40:70] = 2.0  # seen to no end by any tile, and without a seed
    layers = np.concatenate([energy[None], steps(energy, 7)])
    parts = []
    for tile in (layout := Layout(shape=energy.shape, side=32)).tiles():
        wide = tile.widened(rule.ring, layout.shape)
        parts.append(divide(layers[:, *wide.slices], tile, wide, layout.shape, rule)[1])
    assert Pixels.of(parts).place.size > 1000
    assert list(neighbourhoods(Pixels.of(parts), layout.shape, rule)) == []


def test_an_object_too_large_for_one_window_is_cut_along_the_areas_own_lines(monkeypatch):
    monkeypatch.setattr(area_seams, "MOST_WINDOW", 5000)
    monkeypatch.setattr(area_seams, "CUT", 50)
    rule = Rule(seed=3.0, grow=1.6, least_px=4, resolution_px=1.0)
    energy = np.ones((120, 120), np.float32)
    energy[20:110, 30:40] = 5.0
    energy[60:70, 30:110] = 5.0
    by_side = [cut(energy, steps(energy, 1), Layout(shape=energy.shape, side=side), rule)[0] for side in (32, 64)]
    assert by_side[0] == by_side[1]
    assert len(by_side[0]) > 1


def test_nothing_handed_over_is_nothing_found():
    empty = Pixels(place=np.empty(0, np.int64), values=np.empty((3, 0), np.float32))
    rule = Rule(seed=3.0, grow=1.6, least_px=4, resolution_px=1.0)
    assert list(neighbourhoods(Pixels.of([empty, empty]), (10, 10), rule)) == []


@pytest.mark.parametrize(("resolution", "least"), [(1.0, 4), (5.0, 25)])
def test_a_tile_sees_further_than_anything_reaches(resolution, least):
    rule = Rule(seed=3.0, grow=1.6, least_px=least, resolution_px=resolution)
    assert rule.ring > 2 * rule.reach > resolution
