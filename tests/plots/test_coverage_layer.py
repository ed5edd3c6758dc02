"""The coverage layer lies between imagery and everything drawn; the ruler shows the brushed period and nothing else."""

from datetime import UTC, datetime, timedelta

import numpy as np
from bokeh.models import ColumnDataSource, RangeTool

from dashboard.model.palette import tokens
from dashboard.model.view import Extent
from dashboard.plots.coverage import COVERAGE, coverage_layer
from dashboard.plots.ruler import ruler
from dashboard.plots.surface import ABOVE, PICTURE, surface
from dashboard.plots.timeline import timeline

T0 = datetime(2024, 3, 1, tzinfo=UTC)
DARK, LIGHT = tokens("dark"), tokens("light")


def test_the_layer_lies_over_the_imagery_and_under_the_rest() -> None:
    made = surface(Extent(0.0, 0.0, 100.0, 50.0), DARK)
    layer = coverage_layer(made)
    names = [renderer.name for renderer in made.figure.renderers]
    at = names.index(f"{COVERAGE}-picture")
    assert made.figure.renderers[at - 1] is made.glyphs[PICTURE]
    assert made.figure.renderers[at + 1] is made.glyphs[ABOVE[0].name]
    assert layer.source.name == COVERAGE
    assert {layer.source, layer.shades} <= made.figure.references()  # else the page would never hear of them


def test_a_picture_is_turned_south_first_and_taken_away_again() -> None:
    layer = coverage_layer(surface(Extent(0.0, 0.0, 100.0, 50.0), DARK))
    picture = np.arange(6, dtype=np.uint8).reshape(2, 3)
    picture.flags.writeable = False
    layer.put(picture, (10.0, 20.0, 40.0, 60.0))
    (image,) = layer.source.data["image"]
    assert image.tolist() == [[3, 4, 5], [0, 1, 2]]
    assert {name: layer.source.data[name] for name in ("x", "y", "dw", "dh")} == {
        "x": [10.0], "y": [20.0], "dw": [30.0], "dh": [40.0],
    }  # fmt: skip
    layer.clear()
    assert layer.source.data["image"] == []


def test_every_value_of_a_picture_has_the_colour_of_its_place() -> None:
    layer = coverage_layer(surface(Extent(0.0, 0.0, 100.0, 50.0), DARK))
    layer.colour(["#01020304", "#ff000080"])
    assert layer.shades.data["colour"][0].tolist() == [0x04030201, 0x800000FF]
    sent = layer.shades.data
    layer.colour(["#01020304", "#ff000080"])
    assert layer.shades.data is sent


def test_the_ruler_shares_the_window_and_shows_the_brush() -> None:
    lanes = timeline((T0, T0 + timedelta(days=30)), DARK)
    made = ruler(lanes, ColumnDataSource({"json": []}, name="mailbox"), DARK)
    assert made.figure.x_range is lanes.figure.x_range
    assert made.figure.min_border_left == lanes.figure.min_border_left
    (tool,) = (found for found in made.figure.tools if isinstance(found, RangeTool))
    assert tool.x_range is made.brush
    changes: list[str] = []
    made.brush.on_change("start", lambda attr, old, new: changes.append(attr))
    period = (T0 + timedelta(days=2), T0 + timedelta(days=5))
    made.show(period)
    assert (made.brush.start, made.brush.end) == tuple(moment.timestamp() * 1000 for moment in period)
    made.show(period)
    assert changes == ["start"]
    made.show(None)
    assert made.brush.start == made.brush.end == 0


def test_the_ruler_takes_the_theme() -> None:
    lanes = timeline((T0, T0 + timedelta(days=30)), DARK)
    made = ruler(lanes, ColumnDataSource({"json": []}), DARK)
    made.dress(LIGHT)
    assert (made.shade.fill_color, made.track.fill_color, made.hint.text_color) == (
        LIGHT.accent, LIGHT.line, LIGHT.muted,
    )  # fmt: skip
