"""What a sheet shows: the very pixels of the screen's picture, every mode, and every word that a reader needs."""

import io
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from PIL import Image
from pypdf import PdfReader

from dashboard.briefing.column import Entry, Swatch, flow
from dashboard.briefing.files import render
from dashboard.briefing.furniture import bar_mm
from dashboard.briefing.layout import MM_PER_PX, Box, Page, arrange, fill
from dashboard.briefing.margin import column_entries
from dashboard.briefing.page import draw, printing
from dashboard.briefing.paper import Ink, Paper
from dashboard.briefing.sheet import Sheet
from dashboard.geo.geodesy import distance_m
from dashboard.geo.mercator import screen_geobox, to_lonlat
from dashboard.model.dtg import dtg
from dashboard.model.handling import UNMARKED, Handling, Rank, Tlp
from dashboard.model.palette import tokens
from dashboard.model.view import CompareMode, Extent, Layer, View
from dashboard.workflows.brief import SnapshotOptions, sheet_of
from dashboard.workflows.frames import picture
from tests.briefing.sheet_workspace import TIMES

# rasterio 1.4 and odc-geo multiply affine 3.1's matrices with *, which it would rather see as @.
pytestmark = pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")

BARE = frozenset({Layer.IMAGERY})


def pixels_of(sheet: Sheet) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(render(sheet, "png"))))


def map_of(sheet: Sheet, image: np.ndarray) -> np.ndarray:
    left, top, width, height = sheet.layout.map_px
    return image[top : top + height, left : left + width]


def colour_at(image: np.ndarray, box: Box) -> tuple[int, ...]:
    row, col = round((box.y + 0.6) / MM_PER_PX), round((box.x + 1.0) / MM_PER_PX)
    return tuple(int(v) for v in image[row, col])


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(round(255 * part) for part in to_rgb(colour))


@pytest.mark.parametrize("mode", [CompareMode.A, CompareMode.B, CompareMode.TWO_COLOUR, CompareMode.LOG_RATIO])
def test_the_printed_picture_is_the_picture_pixel_for_pixel(workspace, view, mode) -> None:
    bare = replace(view, compare=mode, layers=BARE)
    sheet = sheet_of(workspace, bare, SnapshotOptions())
    _, _, width, height = sheet.layout.map_px
    expected = picture(workspace, bare, screen_geobox(sheet.extent, width, height))
    printed = map_of(sheet, pixels_of(sheet))
    inner = (slice(20, -20), slice(20, -20))  # the frame's line and ticks lie on the edge
    assert (expected[inner][..., 3] == 255).all()
    np.testing.assert_array_equal(printed[inner], expected[inner][..., :3])


def test_the_swipe_is_cut_where_the_view_cuts_it(workspace, view) -> None:
    bare = replace(view, compare=CompareMode.SWIPE, layers=BARE, split=0.3)
    sheet = sheet_of(workspace, bare, SnapshotOptions())
    a, b = (
        sheet_of(workspace, replace(bare, compare=mode), SnapshotOptions()) for mode in (CompareMode.A, CompareMode.B)
    )
    assert sheet.imagery is not None
    seen = sheet.view.extent
    share = (seen.x0 + 0.3 * (seen.x1 - seen.x0) - sheet.extent.x0) / (sheet.extent.x1 - sheet.extent.x0)
    column = round(share * sheet.layout.map_px[2])
    fixed = sheet.imagery.rgba
    assert a.imagery is not None
    assert b.imagery is not None
    changed = (fixed[:, :-1] != fixed[:, 1:]).any(axis=-1)
    assert changed[:, column - 1].any()
    # A and B alone have their own palettes, so nearness is asked for, not equality.
    left = np.abs(fixed[:, : column - 2].astype(int) - a.imagery.rgba[:, : column - 2]).mean()
    right = np.abs(fixed[:, column + 2 :].astype(int) - b.imagery.rgba[:, column + 2 :]).mean()
    assert left < 3
    assert right < 3


@pytest.mark.parametrize("mode", CompareMode)
def test_every_mode_prints_a_picture(workspace, view, mode) -> None:
    page = Page.WIDE if mode in (CompareMode.SWIPE, CompareMode.BLINK) else Page.A4
    layers = frozenset(Layer)
    theme = "dark" if mode is CompareMode.BLINK else "light"
    sheet = sheet_of(workspace, replace(view, compare=mode, layers=layers), SnapshotOptions(page=page, theme=theme))
    image = pixels_of(sheet)
    assert image.shape == (*sheet.layout.size_px[::-1], 3)
    assert map_of(sheet, image).std() > 20
    assert colour_at(image, sheet.layout.banner_top) == rgb(tokens(theme).exercise)
    assert colour_at(image, sheet.layout.banner_bottom) == rgb(tokens(theme).exercise)


def test_a_pdf_says_in_words_what_it_is(workspace, view) -> None:
    sheet = sheet_of(workspace, view, SnapshotOptions(format="pdf", title="The line moved west", author="QZ"))
    reader = PdfReader(io.BytesIO(render(sheet, "pdf")))
    text = " ".join(reader.pages[0].extract_text().split())
    assert len(reader.pages) == 1
    assert text.count("EXERCISE - SYNTHETIC DATA") == 2
    for words in (
        "The line moved west",
        "Nemuro exercise area",
        dtg(TIMES[0]),
        dtg(TIMES[1]),
        "iceye-x42",
        "descending",
        "looks right towards 281°",
        "incidence 34.2°",
        "resolution 3 m",
        "calibrated (sigma0)",
        "gained by ORANGE",
        "not proof of damage",
        "1 : ",
        sheet.export_id,
        "by QZ",
        "Synthetic radar: Nightglass exercise",
    ):
        assert words in text, words
    assert reader.metadata is not None
    assert reader.metadata.title == "The line moved west"
    assert reader.metadata.subject == "EXERCISE - SYNTHETIC DATA"
    width, height = (float(value) / 72 * 25.4 for value in reader.pages[0].mediabox[2:])
    assert (width, height) == pytest.approx(sheet.layout.size_mm, abs=0.1)


def test_a_png_states_size_handling_and_software(workspace, view) -> None:
    sheet = sheet_of(workspace, view, SnapshotOptions())
    image = Image.open(io.BytesIO(render(sheet, "png")))
    image.load()
    assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    assert image.text["nightglass:handling"] == "EXERCISE - SYNTHETIC DATA"
    assert image.text["nightglass:software"].startswith("Nightglass ")
    assert image.text["nightglass:export"] == sheet.export_id


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(Page), st.floats(-170, 170), st.floats(-70, 70), st.floats(300, 3e5))
def test_the_scale_bar_is_as_long_as_the_ground(page, lon, lat, width) -> None:
    from dashboard.geo.mercator import to_mercator

    layout = arrange(page, "Title")
    x, y = to_mercator(lon, lat)
    extent = fill(Extent(x, y, x + width, y + width / 2), layout)
    sheet = bare_sheet(layout, extent, UNMARKED)
    on_paper, on_ground = bar_mm(sheet)
    metres = on_paper / layout.map.width * (extent.x1 - extent.x0)
    cx, cy = extent.centre
    true = distance_m(*to_lonlat(cx - metres / 2, cy), *to_lonlat(cx + metres / 2, cy))
    assert true == pytest.approx(on_ground, rel=0.01)
    assert on_paper < layout.map.width / 2


def bare_sheet(layout, extent: Extent, handling: Handling, **more) -> Sheet:
    return Sheet(
        view=View(extent=extent),
        layout=layout,
        extent=extent,
        title="Title",
        area="Area",
        made=TIMES[1],
        software="Nightglass 0",
        handling=handling,
        **more,
    )


@pytest.mark.parametrize(
    "handling",
    [
        UNMARKED,
        Handling(rank=Rank.SECRET, tlp=Tlp.AMBER_STRICT, releasable_to=frozenset({"JPN", "UKR"})),
        Handling(caveats=frozenset(f"A CAVEAT OF MANY WORDS, NUMBER {n}" for n in range(12))),
    ],
)
def test_every_word_of_a_banner_is_printed_inside_it(handling) -> None:
    layout = arrange(Page.A4, "Title")
    sheet = bare_sheet(layout, fill(Extent(0, 0, 5000, 4000), layout), handling)
    figure = draw(sheet)
    renderer = FigureCanvasAgg(figure).get_renderer()
    height = layout.size_px[1]
    inside = {"banner_top": [], "banner_bottom": []}
    for text in figure.axes[0].texts:
        box = text.get_window_extent(renderer)
        middle = (height - (box.y0 + box.y1) / 2) * MM_PER_PX
        for name, words in inside.items():
            frame = getattr(layout, name)
            if frame.y <= middle <= frame.bottom:
                words.append(text.get_text())
                assert frame.x <= box.x0 * MM_PER_PX
                assert box.x1 * MM_PER_PX <= frame.right
    for words in inside.values():
        assert " ".join(words) == handling.banner


def test_no_two_texts_of_a_full_sheet_overlap(workspace, view) -> None:
    everything = replace(view, layers=frozenset(Layer))
    sheet = sheet_of(workspace, everything, SnapshotOptions(title="A title that is long enough " * 3, author="QZ"))
    sheet = replace(sheet, mismatches=("mode: SLF / SLH", "incidence: 24.0° / 41.0° (limit 5°)"))
    with printing():
        figure = draw(sheet)
        renderer = FigureCanvasAgg(figure).get_renderer()
        texts = [
            (text.get_text(), text.get_window_extent(renderer)) for text in figure.axes[0].texts if text.get_text()
        ]
    assert any("Different stacks" in words for words, _ in texts)
    for (one, a), (two, b) in combinations(texts, 2):
        wide, high = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        assert wide <= 1 or high <= 6, f"{one!r} overlaps {two!r}"  # 6 px: ascenders' room, half a millimetre
    width, height = sheet.layout.size_px
    assert all(box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height for _, box in texts)


def words_of(sheet: Sheet) -> str:
    return " ".join(entry.words for entry in column_entries(sheet, tokens(sheet.theme)))


def test_the_legend_lists_what_is_visible_only(workspace, view) -> None:
    sheet = sheet_of(workspace, replace(view, compare=CompareMode.B), SnapshotOptions())
    words = words_of(sheet)
    for expected in (
        "held by BLUE",
        "held by ORANGE",
        "line at A",
        "gained by ORANGE",
        "darker after (1)",
        "Backscatter B",
    ):
        assert expected in words
    assert "not observed" not in words
    for layer, gone in (
        (Layer.CHANGES, "darker after"),
        (Layer.GHOST, "line at A"),
        (Layer.GROUND, "gained by"),
        (Layer.FRONTLINE, "held by"),
        (Layer.IMAGERY, "Backscatter"),
    ):
        without = sheet_of(workspace, replace(sheet.view, layers=view.layers - {layer}), SnapshotOptions())
        assert gone not in words_of(without), layer


def test_what_lies_beside_the_map_is_not_in_its_legend(workspace, view) -> None:
    seen = view.extent
    west = Extent(seen.x0, seen.y0, seen.x0 + 1000, seen.y0 + 700)
    words = words_of(sheet_of(workspace, replace(view, extent=west), SnapshotOptions()))
    assert "held by BLUE: all of this map" in words
    for gone in ("held by ORANGE", "line at A", "gained by", "darker after"):
        assert gone not in words


def test_an_acquisition_without_pixels_is_named_and_not_called_drawn(workspace, view) -> None:
    sheet = sheet_of(workspace, replace(view, compare=CompareMode.B), SnapshotOptions())
    assert sheet.after is not None
    hollow = replace(sheet, after=replace(sheet.after, pixels=None))
    assert hollow.drawn == ()
    assert "after, not drawn" in words_of(hollow)
    assert "Backscatter" not in words_of(hollow)


def test_dates_that_run_backwards_are_said_so(workspace, view) -> None:
    sheet = sheet_of(workspace, replace(view, a=view.b, b=view.a), SnapshotOptions())
    words = words_of(sheet)
    assert "B is earlier than A" in words
    assert "(before" not in words
    assert "(after" not in words


def test_a_legend_of_sixty_lines_is_shrunk_and_not_clipped() -> None:
    layout = arrange(Page.WIDE, "Title")
    paper = Paper.of(layout, "light")
    entries = [
        Entry(words=f"held by side {n} " * 3, ink=Ink("sans", 6.8), swatch=Swatch(kind="fill", colour="#123456"))
        for n in range(60)
    ]
    scale = flow(paper, layout.column, entries)
    assert scale < layout.scale
    renderer = FigureCanvasAgg(paper.figure).get_renderer()
    boxes = [text.get_window_extent(renderer) for text in paper.axes.texts]
    drawn = " ".join(text.get_text() for text in paper.axes.texts)
    assert all(f"side {n} " in drawn for n in range(60))
    assert min(box.y0 for box in boxes) * MM_PER_PX >= layout.size_mm[1] - layout.column.bottom
    assert max(box.x1 for box in boxes) * MM_PER_PX <= layout.column.right + 0.2
