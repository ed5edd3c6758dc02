"""Annotations on paper: who says so and how surely, at the view's two clocks, marked, and clear of each other."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from PIL import Image
from pypdf import PdfReader

from dashboard.briefing.column import Entry, Swatch, flow
from dashboard.briefing.files import pixels, render
from dashboard.briefing.layout import MM_PER_PX, Page, arrange
from dashboard.briefing.margin import column_entries
from dashboard.briefing.names import names
from dashboard.briefing.page import draw, printing
from dashboard.briefing.paper import Ink, Paper
from dashboard.briefing.sheet import Sheet
from dashboard.briefing.swipe import cut_boxes
from dashboard.briefing.token import read_token
from dashboard.geo.mercator import project
from dashboard.model.annotation import Annotation, AnnotationKind, Force
from dashboard.model.dtg import dtg
from dashboard.model.errors import AccessError, InputError
from dashboard.model.handling import Handling, Tlp
from dashboard.model.palette import tokens
from dashboard.model.sketch import Shape
from dashboard.model.token import encode
from dashboard.model.view import CompareMode, Layer, View
from dashboard.workflows import brief_layers
from dashboard.workflows.brief import SnapshotOptions, sheet_of
from dashboard.workflows.workspace import Workspace, open_workspace
from tests.briefing.sheet_workspace import EXERCISE, TIMES, build, front, ground

# rasterio 1.4 and odc-geo multiply affine 3.1's matrices with *, which it would rather see as @.
pytestmark = pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")

EARLIER = datetime(2024, 1, 20, 6, tzinfo=UTC)
BARE = frozenset({Layer.ANNOTATIONS})
FAKE = "nightglass:view=v1.AAAA.00000000"


def spot(east_m: float, south_m: float) -> shapely.Point:
    return ground(east_m, south_m, east_m + 2, south_m + 2).centroid


def line(*metres: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([spot(east, south) for east, south in metres])


def note(id_: str, where: shapely.Geometry, kind: AnnotationKind = AnnotationKind.NOTE, **fields: object) -> Annotation:
    form = {"Point": Shape.POINT, "LineString": Shape.LINE}.get(where.geom_type, Shape.AREA)
    plain = Annotation(
        id=id_, kind=kind, shape=form, geometry=where, title=f"Title of {id_}", valid_from=EARLIER, handling=EXERCISE
    )
    return replace(plain, **fields)


SAID = (
    note(
        "line", line((3000, 5200), (3200, 1500)), AnnotationKind.FRONTLINE, side="BLUE", opposing="ORANGE", grade="B2"
    ),
    note("held", ground(6000, 2000, 7500, 3500), AnnotationKind.CONTROL, side="ORANGE", grade="C3"),
    note("post", spot(4000, 3000), AnnotationKind.POSITION, side="BLUE", grade="A2", sources=("Patrol 17",)),
    note("second", spot(4030, 3010), AnnotationKind.POSITION, side="BLUE"),
    note("words", spot(5000, 4800), shape=Shape.TEXT, title="Low cloud"),
    note("mines", line((5000, 2000), (6000, 2200)), AnnotationKind.OBSTACLE, title=f"Mines (or {FAKE})"),
    note("over", spot(4500, 2500), AnnotationKind.DAMAGE, valid_to=TIMES[1] - timedelta(hours=1)),
    note("far", spot(90_000, 90_000), AnnotationKind.DAMAGE),
)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, View]]:
    root: Path = tmp_path_factory.mktemp("told")
    view = build(root)
    with open_workspace(root) as workspace:
        workspace.catalog.annotations.save_many(SAID, author="kr")
        yield workspace, view


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[tuple[Workspace, View]]:
    view = build(tmp_path)
    with open_workspace(tmp_path) as workspace:
        yield workspace, view


def sheet(workspace: Workspace, view: View, **options: object) -> Sheet:
    return sheet_of(workspace, view, SnapshotOptions(**options))


def shown(found: Sheet) -> set[str]:
    return {revision.annotation.id for revision in found.annotations}


def words_of(found: Sheet) -> str:
    return " | ".join(entry.words for entry in column_entries(found, tokens(found.theme)))


def test_a_sheet_holds_what_is_valid_at_b_and_lies_on_its_map(told) -> None:
    workspace, view = told
    found = sheet(workspace, view)
    assert shown(found) == {"line", "held", "post", "second", "words", "mines"}
    assert found.moment == TIMES[1]
    before = sheet(workspace, replace(view, valid_at=TIMES[0]))
    assert shown(before) == shown(found) | {"over"}
    assert sheet(workspace, replace(view, layers=view.layers - {Layer.ANNOTATIONS})).annotations == ()
    assert sheet(workspace, replace(view, b=None)).moment == TIMES[0]


def test_the_margin_says_which_clocks_it_follows(told) -> None:
    workspace, view = told
    plain = words_of(sheet(workspace, view))
    assert "valid at" not in plain
    assert "as known at" not in plain
    now = datetime.now(UTC)
    moved = sheet(workspace, replace(view, valid_at=TIMES[0], known_at=now))
    assert f"valid at {dtg(TIMES[0])}" in words_of(moved)
    assert f"as known at {dtg(now)}" in words_of(moved)
    bare = replace(view, known_at=now, layers=frozenset({Layer.IMAGERY}))
    assert "as known at" not in words_of(sheet(workspace, bare))


def test_as_known_then_shows_the_older_revision_and_nothing_later(fresh) -> None:
    workspace, view = fresh
    catalog = workspace.catalog.annotations
    first = catalog.save(note("a", spot(4000, 3000), title="As it was"), author="kr", base=0)
    second = catalog.save(note("a", spot(4100, 3000), title="As it is"), author="mo", base=first.number)
    third = catalog.save(note("b", spot(5000, 3000)), author="mo", base=0)
    now, then = sheet(workspace, view), sheet(workspace, replace(view, known_at=first.at))
    assert {(one.annotation.title, one.author) for one in now.annotations} == {("As it is", "mo"), ("Title of b", "mo")}
    assert [(one.annotation.title, one.author) for one in then.annotations] == [("As it was", "kr")]
    catalog.remove("b", author="kr", base=third.number)
    assert shown(sheet(workspace, view)) == {"a"}
    assert shown(sheet(workspace, replace(view, known_at=third.at))) == {"a", "b"}
    assert second.number < third.number


def test_a_front_known_later_is_not_on_an_older_sheet(fresh) -> None:
    workspace, view = fresh
    late = replace(front(1), id="exercise-control-late", sha256="e" * 64, valid_from=TIMES[1] - timedelta(minutes=1))
    workspace.catalog.frontlines.add(replace(late, retrieved=TIMES[1] + timedelta(days=9)))
    after = sheet(workspace, view).front_after
    then = sheet(workspace, replace(view, known_at=TIMES[1] + timedelta(days=8))).front_after
    assert after is not None
    assert after.id == "exercise-control-late"
    assert then is not None
    assert then.id == front(1).id


def test_every_annotation_shown_is_named_in_the_column_and_in_the_file(told) -> None:
    workspace, view = told
    found = sheet(workspace, replace(view, layers=BARE), format="pdf")
    assert f"Title of post · A2 · {dtg(EARLIER)} · kr" in words_of(found)
    assert "annotations: Patrol 17" in found.credits
    image = Image.open(io.BytesIO(render(found, "png")))
    image.load()
    rows = json.loads(image.text["nightglass:annotations"])
    assert {row["id"] for row in rows} == shown(found)
    post = next(row for row in rows if row["id"] == "post")
    assert post == {
        "id": "post", "version": 3, "title": "Title of post", "author": "kr", "valid from": dtg(EARLIER),
        "grade": "A2", "sources": ["Patrol 17"],
    }  # fmt: skip
    data = render(found, "pdf")
    assert read_token(data) == encode(found.view)  # whatever a title pretends to be
    reader = PdfReader(io.BytesIO(data))
    text = " ".join(reader.pages[0].extract_text().split())
    for words in ("Title of post", "Low cloud", "A2", "frontline, BLUE", "teeth point to the opposing side"):
        assert words in text, words
    keywords = str(reader.metadata["/Keywords"]) if reader.metadata else ""
    assert json.loads(keywords.partition("nightglass:annotations=")[2]) == rows


def test_more_than_twelve_are_counted_in_the_column_and_listed_in_the_file(fresh) -> None:
    workspace, view = fresh
    many = [note(f"n{i}", spot(3000 + 300 * i, 3000), AnnotationKind.DAMAGE) for i in range(13)]
    workspace.catalog.annotations.save_many(many, author="kr")
    words = words_of(sheet(workspace, view))
    assert "damage (13)" in words
    assert "ANNOTATIONS SHOWN" not in words


def test_the_legend_has_a_line_for_every_form(fresh) -> None:
    workspace, view = fresh
    workspace.catalog.annotations.save_many(
        [
            note("a", spot(3000, 3000), AnnotationKind.DAMAGE),
            note("b", ground(4000, 3000, 4500, 3500), AnnotationKind.DAMAGE),
            note("c", line((5000, 3000), (5000, 4000)), AnnotationKind.ROUTE, side="GREEN"),
        ],
        author="kr",
    )
    words = words_of(sheet(workspace, view))
    assert "Annotations · 3" in words
    assert "damage, point" in words
    assert "damage, area" in words
    assert "route, GREEN" in words
    assert "teeth" not in words


def test_the_marking_of_an_annotation_counts_and_its_refusal_names_it(fresh) -> None:
    workspace, view = fresh
    catalog = workspace.catalog.annotations
    event = catalog.save(note("a", spot(4000, 3000), handling=Handling(tlp=Tlp.RED)), author="kr", base=0)
    assert "TLP:RED" in sheet(workspace, view).handling.banner
    assert "TLP:RED" not in sheet(workspace, replace(view, layers=view.layers - BARE)).handling.banner
    closed = note("a", spot(4000, 3000), handling=Handling(derivatives=False))
    event = catalog.save(closed, author="kr", base=event.number)
    with pytest.raises(AccessError, match="the annotation Title of a: its licence allows no derived products"):
        sheet(workspace, view)
    later = Handling(embargo_until=datetime.now(UTC) + timedelta(hours=1))
    catalog.save(replace(closed, handling=later, title=""), author="kr", base=event.number)
    with pytest.raises(AccessError, match="the annotation a: under embargo until"):
        sheet(workspace, view)


def test_too_many_are_refused_and_said(told, monkeypatch) -> None:
    workspace, view = told
    monkeypatch.setattr(brief_layers, "MAX_ANNOTATIONS", 5)
    with pytest.raises(InputError, match="6 annotations; a sheet shows at most 5"):
        sheet(workspace, view)


@pytest.mark.parametrize("page", Page)
def test_no_title_covers_another_or_a_date_or_a_place(fresh, page) -> None:
    workspace, view = fresh
    rng = np.random.default_rng(4)
    crowd = [note(f"n{i}", spot(*rng.uniform((2300, 1300), (8500, 5300)))) for i in range(60)]
    workspace.catalog.annotations.save_many(crowd, author="kr")
    found = sheet(workspace, replace(view, compare=CompareMode.SWIPE), page=page)
    placed, left_out = names(found)
    assert len(placed) + left_out == 60
    assert len(placed) > 25
    with printing():
        figure = draw(found)
        renderer = FigureCanvasAgg(figure).get_renderer()
        texts = [text for text in figure.axes[1].texts if text.get_text() and text.get_fontsize() < 40]
        boxes = {id(text): text.get_window_extent(renderer) for text in texts}
    titles = [text for text in texts if text.get_text().startswith("Title of")]
    assert len(titles) == len(placed)
    for one, other in combinations(texts, 2):
        if one not in titles and other not in titles:
            continue
        a, b = boxes[id(one)], boxes[id(other)]
        wide, high = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        # 8 px: the room that a font keeps above its letters, two thirds of a millimetre
        assert wide <= 1 or high <= 8, f"{one.get_text()!r} covers {other.get_text()!r}"
    cut, *dates = cut_boxes(found)
    assert len(dates) == 2
    for title in titles:
        box = boxes[id(title)]
        assert box.x1 * MM_PER_PX <= cut.x + 0.2 or box.x0 * MM_PER_PX >= cut.right - 0.2, title.get_text()


def coloured(found: Sheet, colour: str) -> np.ndarray:
    left, top, width, height = found.layout.map_px
    with printing():
        image = pixels(draw(found))[top : top + height, left : left + width]
    return (np.abs(image.astype(int) - np.round(255 * np.array(to_rgb(colour)))) < 12).all(axis=-1)


def beside(found: Sheet, colour: str, west_m: float, east_m: float) -> tuple[int, int]:
    """How many pixels of a colour lie more than 8 pixels west of one meridian and east of another."""
    seen = coloured(found, colour)
    extent, width = found.extent, found.layout.map_px[2]
    edges = [project(spot(metres, 3300)).x for metres in (west_m, east_m)]
    cols = [int((x - extent.x0) / (extent.x1 - extent.x0) * width) for x in edges]
    return int(seen[:, : cols[0] - 8].sum()), int(seen[:, cols[1] + 8 :].sum())


def test_teeth_stand_to_the_right_of_the_line_as_drawn(fresh) -> None:
    workspace, view = fresh
    x, south, upper = spot(4000, 3300).x, spot(4000, 5200).y, spot(4000, 1500).y
    north = shapely.LineString([(x, south), (x, upper)])
    catalog = workspace.catalog.annotations
    event = catalog.save(note("a", north, AnnotationKind.FRONTLINE, side="BLUE", title=""), author="kr", base=0)
    bare = replace(view, layers=BARE)
    found = sheet(workspace, bare)
    west, east = beside(found, tokens("light").blue_force, 4000, 4000)
    assert west == 0
    assert east > 200
    turned = note("a", shapely.reverse(north), AnnotationKind.FRONTLINE, side="BLUE", title="")
    catalog.save(turned, author="kr", base=event.number)
    west, east = beside(sheet(workspace, bare), tokens("light").blue_force, 4000, 4000)
    assert west > 200
    assert east == 0


def test_the_providers_front_has_teeth_toward_the_other_side(fresh) -> None:
    workspace, view = fresh
    found = sheet(workspace, replace(view, layers=frozenset({Layer.FRONTLINE})))
    # ORANGE holds the east and faces west, across the blue half of the line
    west, _ = beside(found, tokens("light").orange_force, 4770, 4830)
    assert west > 500


def test_a_side_has_one_colour_on_a_sheet(fresh) -> None:
    workspace, view = fresh
    workspace.catalog.annotations.save_force(Force("GREEN", "#12a84d"), author="kr")
    workspace.catalog.annotations.save(
        note("a", ground(3000, 3000, 3500, 3500), AnnotationKind.CONTROL, side="green"), author="kr", base=0
    )
    found = sheet(workspace, replace(view, layers=BARE))
    assert coloured(found, "#12a84d").sum() > 300


def test_the_movement_of_the_front_is_drawn_and_stated(told) -> None:
    workspace, view = told
    layers = (view.layers | {Layer.DISPLACEMENT}) - {Layer.ANNOTATIONS}
    found = sheet(workspace, replace(view, layers=layers))
    assert found.displacement is not None
    assert found.displacement.side == "ORANGE"
    assert max(segment.moved_km for segment in found.displacement.segments) == pytest.approx(1.2, abs=0.01)
    words = words_of(found)
    assert "How far the front moved · ORANGE" in words
    assert "forward: up to 1.2 km" in words
    assert "front 25.0 km long before, 25.0 km after" in words
    assert "beyond this map" in words
    without = sheet(workspace, replace(view, layers=view.layers - {Layer.ANNOTATIONS}))
    assert without.displacement is None
    assert "How far" not in words_of(without)


def test_the_band_between_two_providers_is_drawn_and_stated(fresh) -> None:
    workspace, view = fresh
    there = front(1)
    moved = tuple(
        replace(area, geometry=shapely.MultiPolygon([ground(*corners)]))
        for area, corners in zip(there.areas, ((-9000, -9000, 5800, 16000), (5800, -9000, 19000, 16000)), strict=True)
    )
    other = replace(
        there, id="second", provider="second-source", areas=moved, sha256="d" * 64, handling=Handling(tlp=Tlp.AMBER)
    )
    workspace.catalog.frontlines.add(other)
    on = replace(view, layers=view.layers | {Layer.DISAGREEMENT})
    found = sheet(workspace, on)
    assert found.disagreement is not None
    assert found.disagreement.km2 == pytest.approx(25.0, rel=0.01)
    assert "TLP:AMBER" in found.handling.banner
    assert "frontline: second-source" in found.credits
    words = words_of(found)
    assert "Where exercise-control and second-source differ" in words
    assert "25.0 km² in dispute" in words
    assert "ORANGE says exercise-control, BLUE says second-source: 25.0 km²" in words
    assert coloured(replace(found, imagery=None), tokens("light").warning).sum() > 1000
    assert "TLP:AMBER" not in sheet(workspace, view).handling.banner


def test_providers_that_name_no_side_in_common_are_said_so(fresh) -> None:
    workspace, view = fresh
    there = front(1)
    renamed = tuple(replace(area, side=f"side {number}") for number, area in enumerate(there.areas))
    workspace.catalog.frontlines.add(
        replace(there, id="third", provider="second-source", areas=renamed, sha256="c" * 64)
    )
    found = sheet(workspace, replace(view, layers=view.layers | {Layer.DISAGREEMENT}, against="second-source"))
    assert found.disagreement is None
    assert "not compared: exercise-control (BLUE, ORANGE) and second-source" in words_of(found)


def test_a_long_column_stands_in_two_where_that_lets_its_type_be_larger() -> None:
    layout = arrange(Page.WIDE, "Title")
    paper = Paper.of(layout, "light")
    entries = [
        Entry(words=f"Head {n}", ink=Ink("bold", 6.8), gap=2.0)
        if n % 5 == 0
        else Entry(words=f"line {n}", ink=Ink("sans", 6.8), swatch=Swatch(kind="marker", colour="#123456", letter="X"))
        for n in range(70)
    ]
    scale = flow(paper, layout.column, entries)
    renderer = FigureCanvasAgg(paper.figure).get_renderer()
    boxes = {text.get_text(): text.get_window_extent(renderer) for text in paper.axes.texts}
    assert set(boxes) == {entry.words for entry in entries}
    middle = (layout.column.x + layout.column.width / 2) / MM_PER_PX
    assert any(box.x0 > middle for box in boxes.values())
    assert min(box.y0 for box in boxes.values()) * MM_PER_PX >= layout.size_mm[1] - layout.column.bottom
    for one, other in combinations(boxes.values(), 2):
        assert min(one.x1, other.x1) <= max(one.x0, other.x0) or min(one.y1, other.y1) - max(one.y0, other.y0) <= 6
    lowest = min((box for box in boxes.values() if box.x0 < middle), key=lambda box: box.y0)
    assert not next(words for words, box in boxes.items() if box is lowest).startswith("Head")
    alone = flow(Paper.of(layout, "light"), replace(layout.column, height=layout.column.height / 2), entries[:35])
    assert scale >= 0.9 * alone
