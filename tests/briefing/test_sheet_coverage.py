"""Coverage on a sheet: the very classes of the screen, every class in the legend, who looked, and what is refused."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb, to_rgba
from PIL import Image
from pypdf import PdfReader

from dashboard.briefing.coverage import FALLING, HATCH_STEP_PX, coverage_entries, coverage_rgba, provider_entries
from dashboard.briefing.files import render
from dashboard.briefing.margin import column_entries
from dashboard.briefing.page import draw, printing
from dashboard.briefing.sheet import Sheet
from dashboard.briefing.token import read_token
from dashboard.geo.mercator import extent_of, screen_geobox
from dashboard.model.acquisition import Kind
from dashboard.model.coverage import Measure
from dashboard.model.dtg import dtg
from dashboard.model.errors import AccessError
from dashboard.model.handling import Handling, Tlp
from dashboard.model.palette import tokens
from dashboard.model.token import decode
from dashboard.model.view import Extent, Layer, View
from dashboard.render.coverage.classes import FIRST, HATCH, ONCE, labels, palette
from dashboard.workflows.brief import SnapshotOptions, sheet_of, snapshot
from dashboard.workflows.coverage import coverage_picture, scope_of
from dashboard.workflows.workspace import Workspace, open_workspace
from tests.workflows.coverage_makers import DAY, HERE, T0, taken

BARE = frozenset({Layer.COVERAGE})
VIEW = View(extent=extent_of(HERE, margin=0.25), a=None, b=None, layers=BARE, brush=(T0, T0 + 30 * DAY))
WEST, NORTH = (36.0, 48.0, 36.15, 48.2), (36.0, 48.12, 36.4, 48.2)
LATER = Handling(tlp=Tlp.AMBER, attributions=frozenset({"Radar data: the maker of the last look"}))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace of looks that cover the west twice, the north once more and the south east once."""
    root = tmp_path_factory.mktemp("coverage-sheet")
    with open_workspace(root) as workspace:
        workspace.catalog.acquisitions.add_many(
            [
                taken("whole", 2.0, late_h=3.0),
                taken("west", 9.0, constellation="umbra", box=WEST, late_h=30.0),
                taken("north", 20.0, constellation="capella", box=NORTH, handling=LATER),
                taken("after", 35.0, constellation="csg"),
                taken("light", 5.0, constellation="maxar", kind=Kind.OPTICAL),
            ]
        )
    return root


@pytest.fixture
def looked(root: Path) -> Iterator[Workspace]:
    with open_workspace(root) as workspace:
        yield workspace


def said(sheet: Sheet, *, brief: bool = False) -> list[str]:
    colours = tokens(sheet.theme)
    entries = [*coverage_entries(sheet, colours), *provider_entries(sheet, colours, brief=brief)]
    return [" ".join((entry.words, *entry.cells)) for entry in entries]


def map_of(sheet: Sheet) -> np.ndarray:
    image = np.asarray(Image.open(io.BytesIO(render(sheet, "png"))))
    left, top, width, height = sheet.layout.map_px
    return image[top : top + height, left : left + width]


def over(shade: str, ground: str) -> np.ndarray:
    """Return the colour of a shade lying over another, 0 to 255."""
    strength = to_rgba(shade)[3]
    return 255 * (strength * np.array(to_rgb(shade[:7])) + (1 - strength) * np.array(to_rgb(ground)))


@pytest.mark.parametrize(("measure", "theme"), [*zip(Measure, ["light", "dark"] * 2, strict=True)])
def test_every_printed_pixel_has_the_colour_that_the_screen_gives_its_ground(looked, measure, theme) -> None:
    sheet = sheet_of(looked, replace(VIEW, measure=measure), SnapshotOptions(theme=theme, page="16x9"))
    _, _, width, height = sheet.layout.map_px
    found = coverage_picture(looked, scope_of(VIEW), measure, screen_geobox(sheet.extent, width, height))
    x0, y0, x1, y1 = found.bounds
    extent = sheet.extent
    xs = extent.x0 + (np.arange(width) + 0.5) / width * (extent.x1 - extent.x0)
    ys = extent.y1 - (np.arange(height) + 0.5) / height * (extent.y1 - extent.y0)
    rows = ((y1 - ys) / (y1 - y0) * found.picture.shape[0]).astype(int)
    cols = ((xs - x0) / (x1 - x0) * found.picture.shape[1]).astype(int)
    classes = found.picture[np.ix_(rows, cols)]
    colours = tokens(theme)
    shades = [over(shade, colours.land) for shade in palette(measure, colours.mixed, colours.unobserved)]
    inner = (slice(20, -20), slice(20, -20))
    printed, seen = map_of(sheet)[inner].astype(float), classes[inner]
    assert len(np.unique(seen)) >= 4 - (measure is Measure.GAP)
    wanted = np.array(shades)[seen]
    wrong = np.abs(printed - wanted).max(axis=-1) > 1.5
    assert wrong[seen >= ONCE].mean() < 1e-4
    # Ground without a look is land or hatch, both of them, and nothing else.
    bare = printed[seen < ONCE]
    clear, line = (np.abs(bare - shade).max(axis=-1) <= 1.5 for shade in (over("#00000000", colours.land), shades[1]))
    assert (clear | line).mean() > 1 - 1e-4
    assert line.mean() == pytest.approx(2 / HATCH_STEP_PX, rel=0.05)


def test_the_hatch_of_no_look_falls_where_the_hatch_of_no_image_rises(looked) -> None:
    sheet = sheet_of(looked, VIEW, SnapshotOptions())
    assert sheet.coverage is not None
    picture = coverage_rgba(sheet.coverage, tokens("light"))[:40, :40, 3]
    assert (sheet.coverage.picture[:40, :40] <= HATCH).all()
    np.testing.assert_array_equal(picture[1:, 1:], picture[:-1, :-1])
    assert (picture[1:, :-1] != picture[:-1, 1:]).any()
    hatches = [entry.swatch.hatch for entry in coverage_entries(sheet, tokens("light")) if entry.swatch is not None]
    assert hatches[-1] == FALLING


@pytest.mark.parametrize("measure", list(Measure))
def test_the_legend_has_measure_period_every_class_and_no_look(looked, measure) -> None:
    sheet = sheet_of(looked, replace(VIEW, measure=measure), SnapshotOptions())
    words = said(sheet)
    assert words[1] == f"{dtg(T0)} to {dtg(T0 + 30 * DAY)}"
    assert [word for word in words if word in labels(measure)] == list(labels(measure))[::-1]
    assert ("one look only" in words) == (measure is Measure.GAP)
    assert "no look in the period" in words
    assert said(replace(sheet, view=replace(sheet.view, layers=frozenset()))) == []


def test_a_blocked_gap_and_a_filter_are_said(looked) -> None:
    narrow = replace(VIEW, constellations=("umbra", "iceye"), known_at=T0 + 10 * DAY)
    sheet = sheet_of(looked, narrow, SnapshotOptions())
    assert sheet.coverage is not None
    words = said(replace(sheet, coverage=replace(sheet.coverage, block=4)))
    assert "one value for 4 × 4 pixels" in words
    assert "only iceye, umbra" in words
    assert f"as known at {dtg(T0 + 10 * DAY)}: what arrived later is not counted" in words
    # The west was sensed on the ninth day and came thirty hours later.
    assert [row.provider for row in sheet.coverage.table.rows] == ["iceye"]


def test_the_table_says_who_looked_and_how_late(looked) -> None:
    sheet = sheet_of(looked, VIEW, SnapshotOptions())
    words = said(sheet)
    assert "iceye 1 28 d – 3 h 3 h" in words
    assert "capella 1 10 d – – –" in words
    assert "all 3 10 d 11 d 16 h 27 h" in words
    assert any("arrival not stated for 1 of 3 looks" in line and "1 visible-band" in line for line in words)
    short = said(sheet, brief=True)
    assert "capella 1 · iceye 1 · umbra 1" in short
    assert any(line.startswith("3 looks: last 10 d ago, longest gap 11 d, arrived after 16 h") for line in short)
    assert sheet.as_of == T0 + 20 * DAY


def test_an_area_that_nobody_looked_at_has_the_legend_and_no_table(looked) -> None:
    sheet = sheet_of(looked, replace(VIEW, brush=(T0, T0 + DAY)), SnapshotOptions())
    assert sheet.coverage is not None
    assert sheet.coverage.picture.max() == HATCH
    assert sheet.as_of is None
    assert "no look in the period" in said(sheet)
    assert not any(word.startswith("WHO") for word in said(sheet))


def test_the_banner_is_the_strictest_of_what_was_counted_and_credits_it(looked) -> None:
    assert sheet_of(looked, VIEW, SnapshotOptions()).handling.tlp is Tlp.AMBER
    assert LATER.attributions <= set(sheet_of(looked, VIEW, SnapshotOptions()).credits)
    before = replace(VIEW, brush=(T0, T0 + 15 * DAY))
    assert sheet_of(looked, before, SnapshotOptions()).handling.tlp is None
    off = replace(VIEW, layers=frozenset({Layer.BASEMAP}))
    assert sheet_of(looked, off, SnapshotOptions()).handling.tlp is None


@pytest.mark.parametrize(
    ("against", "reason"),
    [
        (Handling(derivatives=False), "allows no derived products"),
        (Handling(embargo_until=T0 + timedelta(days=36_500)), "under embargo"),
    ],
)
def test_a_product_that_forbids_it_is_named_while_the_layer_counts_it(tmp_path, against, reason) -> None:
    with open_workspace(tmp_path) as workspace:
        kept = taken("kept-back", 9.0, constellation="umbra", handling=against)
        workspace.catalog.acquisitions.add_many([taken("whole", 2.0), kept])
        with pytest.raises(AccessError, match=f"kept-back.*{reason}") as refused:
            sheet_of(workspace, VIEW, SnapshotOptions())
        assert "whole" not in str(refused.value)
        for other in (
            replace(VIEW, layers=frozenset({Layer.BASEMAP})),
            replace(VIEW, constellations=("iceye",)),
            replace(VIEW, brush=(T0, T0 + 5 * DAY)),
        ):
            sheet_of(workspace, other, SnapshotOptions())


@pytest.mark.parametrize(("page", "theme"), [("a4", "light"), ("16x9", "dark")])
def test_nothing_is_clipped_or_overprinted_with_many_providers(tmp_path, page, theme) -> None:
    names = ("alos", "blacksky-of-a-long-name", "capella", "cosmo-skymed", "csg", "iceye", "maxar", "qps-sar", "sarah",
             "sar-lupe", "sentinel-1", "uav", "umbra")  # fmt: skip
    with open_workspace(tmp_path) as workspace:
        workspace.catalog.acquisitions.add_many(
            taken(f"{name}-{at}", 1 + at * 7.0, constellation=name, late_h=100.0 * at)
            for name in names
            for at in (0, 1)
        )
        sheet = sheet_of(workspace, replace(VIEW, measure=Measure.GAP), SnapshotOptions(page=page, theme=theme))
    with printing():
        figure = draw(sheet)
        renderer = FigureCanvasAgg(figure).get_renderer()
        width, height = sheet.layout.size_px
        words = [text for text in figure.axes[0].texts if text.get_text()]
        boxes = [text.get_window_extent(renderer) for text in words]
    assert all(box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height for box in boxes)
    rows = [at for at, text in enumerate(words) if text.get_text() in names]
    assert len(rows) == len(names)
    for at in rows:
        cells = boxes[at : at + 6]
        assert len({text.get_fontsize() for text in words[at : at + 6]}) == 1
        assert all(one.x1 < other.x0 for one, other in pairwise(cells))


def test_a_full_column_says_it_in_words(looked) -> None:
    sheet = sheet_of(looked, VIEW, SnapshotOptions())
    full = column_entries(sheet, tokens("light"))
    assert any(entry.cells for entry in full)
    short = column_entries(sheet, tokens("light"), brief=True)
    assert not any(entry.cells for entry in short)
    assert any("3 looks" in entry.words for entry in short)


def test_a_snapshot_draws_it_and_opens_the_same_view(root, tmp_path) -> None:
    view = replace(VIEW, measure=Measure.AGE)
    path = snapshot(root, view, SnapshotOptions(format="pdf", page="16x9"), tmp_path / "coverage.pdf")
    found = decode(read_token(path.read_bytes()))
    assert (found.measure, found.brush, found.layers) == (Measure.AGE, VIEW.brush, BARE)
    words = PdfReader(path).pages[0].extract_text()
    assert all(label in words for label in (*labels(Measure.AGE), "Age of the last look", "no look in the period"))
    assert "TLP:AMBER" in words


def test_a_map_of_the_whole_world_is_drawn(looked) -> None:
    wide = extent_of((-170.0, -60.0, 170.0, 60.0), margin=0.0)
    sheet = sheet_of(looked, replace(VIEW, extent=Extent(wide.x0, wide.y0, wide.x1, wide.y1)), SnapshotOptions())
    assert sheet.coverage is not None
    assert (sheet.coverage.picture >= FIRST).any()
