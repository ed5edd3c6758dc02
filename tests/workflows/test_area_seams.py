"""Objects of an area that was cut: the same, pixel for pixel and figure for figure, as of one that was not."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from dashboard.workflows.detection import area_borders
from dashboard.workflows.detection.area_borders import Borders, Groups, together
from dashboard.workflows.detection.area_seams import Pixels, Rule, divide
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


def handed_over(layers, layout, rule, tiles=None):
    """Part every tile; return what was left in each, and what each hands over."""
    left, handed = {}, {}
    for tile in tiles or layout.tiles():
        wide = tile.widened(rule.ring, layout.shape)
        left[tile], handed[tile] = divide(layers[:, *wide.slices], tile, wide, layout.shape, rule)
    return left, handed


def joined(handed, layout, rule):
    """Return the neighbourhoods of what was handed over."""
    borders = Borders(layout.shape, rule)
    for tile in layout.tiles():
        borders.add(tile, Groups.of(handed[tile], tile, layout.shape, rule))
    return borders.neighbourhoods()


def drawn(near, handed, layers, area):
    """Return the pixels of a neighbourhood as an image over its window."""
    names = {tile.name: each for tile, each in handed.items()}
    image = np.full((layers, near.window.height, near.window.width), np.nan, np.float32)
    for name, groups in near.members:
        names[name].draw(image, near.window, area, groups)
    return image


def cut(energy, step, layout, rule, order=None, close=None):
    """Search an area tile by tile; return the objects and how many were put together across borders."""
    layers = np.concatenate([energy[None], step])
    layers.flags.writeable = False
    found = {}
    tiles = list(layout.tiles())
    left, handed = handed_over(layers, layout, rule, tiles if order is None else [tiles[n] for n in order])
    for tile, own in left.items():
        wide = tile.widened(rule.ring, layout.shape)
        found |= facts(rule.search(own, array(layers[1:, *wide.slices])), wide, layout.shape)
    across = 0
    every = joined(handed, layout, rule)
    for near in every if close is None else together(every, close):
        image = drawn(near, handed, len(layers), layout.shape)
        more = facts(rule.search(image[0], array(image[1:])), near.window, layout.shape)
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
    layout = Layout(shape=energy.shape, side=side, phase=phase)
    assert cut(energy, step, layout, rule)[0] == whole
    assert cut(energy, step, layout, rule, close=100)[0] == whole


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
    layout = Layout(shape=energy.shape, side=32)
    _, handed = handed_over(layers, layout, rule)
    assert sum(each.place.size for each in handed.values()) > 1000
    assert joined(handed, layout, rule) == []


def test_an_object_too_large_for_one_window_is_cut_along_the_areas_own_lines(monkeypatch):
    monkeypatch.setattr(area_borders, "MOST_WINDOW", 5000)
    monkeypatch.setattr(area_borders, "CUT", 50)
    rule = Rule(seed=3.0, grow=1.6, least_px=4, resolution_px=1.0)
    energy = np.ones((120, 120), np.float32)
    energy[20:110, 30:40] = 5.0
    energy[60:70, 30:110] = 5.0
    by_side = [cut(energy, steps(energy, 1), Layout(shape=energy.shape, side=side), rule)[0] for side in (32, 64)]
    assert by_side[0] == by_side[1]
    assert len(by_side[0]) > 1


def test_nothing_handed_over_is_nothing_found():
    nothing = Pixels(place=np.empty(0, np.int64), values=np.empty((3, 0), np.float32), group=np.empty(0, np.int32))
    rule = Rule(seed=3.0, grow=1.6, least_px=4, resolution_px=1.0)
    layout = Layout(shape=(64, 64), side=32)
    assert joined(dict.fromkeys(layout.tiles(), nothing), layout, rule) == []


@pytest.mark.parametrize("changed", ["blocks", "all"])
def test_who_joins_an_area_holds_a_line_of_it_and_not_all(changed):
    """Two and four times as many rows of tiles: what is held grows by numbers for each group, and by no pixel."""
    rule = Rule(seed=3.0, grow=1.6, least_px=4, resolution_px=1.0)
    side, held, pixels, groups = 64, [], [], []
    for rows in (4, 8, 16):
        layout = Layout(shape=(rows * side, 4 * side), side=side)
        energy = np.full(layout.shape, 5.0, np.float32)
        if changed == "blocks":  # on the borders, so that all of them are handed over
            down, right = (np.abs((np.arange(size) + 8) % 32 - 8) < 6 for size in layout.shape)
            energy[~(down[:, None] & right)] = 1.0
        _, handed = handed_over(np.concatenate([energy[None], steps(energy, 1)]), layout, rule)
        borders, most = Borders(layout.shape, rule), 0
        for tile in layout.tiles():
            borders.add(tile, Groups.of(handed[tile], tile, layout.shape, rule))
            most = max(most, borders.held_bytes)
        held.append(most)
        pixels.append(sum(each.place.nbytes + each.values.nbytes for each in handed.values()))
        groups.append(sum(int(each.group.max()) for each in handed.values()))
    assert pixels[2] > 3.5 * pixels[0] > 0
    assert held[2] - held[0] < 150 * (groups[2] - groups[0])
    assert held[2] - held[0] < 0.02 * (pixels[2] - pixels[0])


@pytest.mark.parametrize(("resolution", "least"), [(1.0, 4), (5.0, 25)])
def test_a_tile_sees_further_than_anything_reaches(resolution, least):
    rule = Rule(seed=3.0, grow=1.6, least_px=least, resolution_px=resolution)
    assert rule.ring > 2 * rule.reach > resolution
