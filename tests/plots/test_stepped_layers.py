"""Layers of scores: where they lie, what their values stand for, and that a hatch stays on its ground."""

from dataclasses import replace

import numpy as np
import pytest
from bokeh.models import Range1d
from shapely import box

from dashboard.model.palette import tokens
from dashboard.model.view import Extent
from dashboard.plots.changes import UNOBSERVED, Ranked, change_layers
from dashboard.plots.coverage import coverage_layer
from dashboard.plots.live import FIRST, HATCH, HATCH_PX, STEPS, live_layer, live_picture, live_shades
from dashboard.plots.stepped import LEVELS, NOTHING
from dashboard.plots.surface import ABOVE, Surface, sift, surface
from dashboard.workflows.detection.live import FIRST_LEVEL, SCORES

DARK, LIGHT = tokens("dark"), tokens("light")
SIGNS = ("#111111", "#222222", "#333333")


@pytest.fixture(scope="module")
def made() -> Surface:
    return surface(Extent(0.0, 0.0, 100.0, 50.0), DARK)


def test_the_layers_lie_between_imagery_and_what_is_drawn(made) -> None:
    coverage_layer(made)
    least = sift(made, "changes", "least")
    changes, live = change_layers(made, least, DARK), live_layer(made, least)
    names = [renderer.name for renderer in made.figure.renderers]
    first = names.index(f"{ABOVE[0].name}-shapes")
    assert names.index("coverage-picture") < names.index("live-picture") < first
    assert names.index(f"{UNOBSERVED}-shapes") < first
    assert names.index("change-picture-picture") == names.index("changes-shapes") - 1
    live.put(np.arange(6, dtype=np.uint8).reshape(2, 3), (0.0, 0.0, 3.0, 2.0))
    assert live.source.data["image"][0].tolist() == [[3, 4, 5], [0, 1, 2]]
    live.clear()
    assert live.source.data["image"] == []
    changes.hatched(box(0, 0, 10, 10))
    assert len(changes.unobserved.data["xs"]) == 1
    changes.hatched(None)
    assert changes.unobserved.data["xs"] == []
    changes.recolour(LIGHT)
    assert changes.hatch.hatch_color == LIGHT.unobserved


def test_every_level_of_a_search_has_its_sign_and_score() -> None:
    scores, colours = live_shades(SCORES, SIGNS, "#999999")
    assert (len(scores), len(colours)) == (LEVELS, LEVELS)
    for sign, first in zip(SIGNS, FIRST_LEVEL.values(), strict=True):
        assert {colour[:7] for colour in colours[first : first + len(SCORES)]} == {sign}
        np.testing.assert_array_equal(scores[first : first + len(SCORES)], SCORES)
    assert colours[0] == colours[1] == NOTHING
    assert min(FIRST_LEVEL.values()) == FIRST
    assert (colours[HATCH][:7], scores[HATCH]) == ("#999999", np.inf)  # no threshold hides it


def test_ranks_travel_with_what_they_stand_for_only_when_that_is_new() -> None:
    layers = change_layers(surface(Extent(0.0, 0.0, 100.0, 50.0), DARK), Range1d(0, 1), DARK)
    ranks, outlines = np.arange(12, dtype=np.uint16).reshape(3, 4), np.eye(3, 4, dtype=bool)
    for each in (ranks, outlines):
        each.flags.writeable = False
    scores, kinds = np.linspace(-1.0, 1.0, 12), np.arange(12, dtype=np.uint8) % 3
    found = Ranked(ranks=ranks, outlines=outlines, bounds=(0.0, 0.0, 8.0, 6.0), scores=scores, signs=kinds)
    layer = layers.picture
    layer.put(found, SIGNS)
    assert layer.source.data["image"][0].tolist() == ranks[::-1].tolist()
    packed = np.unpackbits(layer.source.data["outlines"][0], count=12, bitorder="little")
    np.testing.assert_array_equal(packed.reshape(3, 4), outlines[::-1])
    assert layer.ranking.data["sign"][0] is kinds
    assert layer.ranking.data["outline"][0].tolist() == [0xFF111111, 0xFF222222, 0xFF333333]
    meant = layer.ranking.data
    layer.put(replace(found, bounds=(1.0, 0.0, 9.0, 6.0)), SIGNS)
    assert layer.ranking.data is meant
    assert layer.source.data["stamp"] == meant["stamp"]
    layer.put(found, ("#111111", "#222222", "#444444"))
    assert layer.ranking.data["stamp"] != [meant["stamp"]]
    assert layer.source.data["stamp"] == layer.ranking.data["stamp"]
    layer.clear()
    assert layer.source.data["image"] == []


def test_the_hatch_lies_where_nothing_was_seen_and_stays_on_its_ground() -> None:
    levels = np.ones((40, 60), np.uint8)
    levels[:, :30] = 0
    levels.flags.writeable = False
    found = live_picture(levels, (0.0, 0.0, 600.0, 400.0), (120, 80))
    assert found.shape == (80, 120)
    assert set(np.unique(found[:, :60])) == {0, HATCH}
    assert (found[:, :60] == HATCH).mean() == pytest.approx(1 / HATCH_PX, rel=0.1)
    assert set(np.unique(found[:, 60:])) == {1}
    moved = live_picture(levels, (50.0, -100.0, 650.0, 300.0), (120, 80))  # 10 pixels east, 20 south
    np.testing.assert_array_equal(moved[:60, :50] == HATCH, found[20:, 10:60] == HATCH)


def test_a_picture_without_gaps_is_as_it_was() -> None:
    levels = np.full((40, 60), 7, np.uint8)
    assert live_picture(levels, (0.0, 0.0, 600.0, 400.0), (60, 40)) is levels


def test_mixed_change_is_striped_in_both_colours_of_its_own_step_wherever_the_map_is() -> None:
    levels = np.ones((8, 12), np.uint8)
    levels[2:6, 3:9] = FIRST + 2 * STEPS + 40
    levels.flags.writeable = False
    found = live_picture(levels, (0.0, 0.0, 120.0, 80.0), (12, 8))
    inside = found[2:6, 3:9]
    assert set(np.unique(inside)) == {FIRST + 40, FIRST + STEPS + 40}
    assert (found[levels == 1] == 1).all()
    assert len(SCORES) == STEPS
    moved = live_picture(levels[1:], (0.0, 0.0, 120.0, 70.0), (12, 7))
    np.testing.assert_array_equal(moved, found[1:])
