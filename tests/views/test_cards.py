"""Cards: whatever comes from data is text in them, and every control says something that is heard."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.catalog.frontlines import HeldSnapshot
from dashboard.geo.disagreement import disagreement
from dashboard.geo.displacement import displacement
from dashboard.geo.front_distance import FrontRelation
from dashboard.model.annotation import (
    Annotation,
    AnnotationKind,
    Conflict,
    Evidence,
    EvidenceKind,
    Force,
    Revision,
)
from dashboard.model.errors import InputError
from dashboard.model.frontline import ControlArea, FrontlineSnapshot
from dashboard.model.handling import Handling
from dashboard.model.palette import tokens
from dashboard.model.progress import Progress
from dashboard.model.sketch import Draft, Shape, Sketch
from dashboard.state.background import Immediate
from dashboard.state.drawing import Work
from dashboard.state.noting import Chosen
from dashboard.state.session import Session
from dashboard.views.amounts import kilometres
from dashboard.views.app import App
from dashboard.views.card import button, chosen, said, written
from dashboard.views.fronttext import band_text, held_text, profile, report_text
from dashboard.views.notetext import (
    conflict_card,
    details,
    difference,
    draft_card,
    files_card,
    force_form,
    form,
    revision_rows,
)
from dashboard.views.outlines import outlines
from dashboard.workflows.annotate import fields_of
from dashboard.workflows.areas import default_view
from dashboard.workflows.front_report import FrontReport, SideReport, UnitRow
from dashboard.workflows.workspace import open_workspace

T0 = datetime(2024, 2, 1, tzinfo=UTC)
COLOURS = tokens("dark")
LINE = shapely.LineString([(36.0, 48.0), (36.1, 48.1)])
TAGS = {
    "h3", "div", "label", "input", "textarea", "select", "option", "button", "p", "b", "i", "br", "span", "table", "tr",
    "th", "td", "del", "ins", "svg", "title", "path", "circle", "rect", "line", "text", "a",
}  # fmt: skip
HOSTILE = st.sampled_from([
    "<script>alert(1)</script>", "</textarea><script>x</script>", '" onmouseover="x', "' onclick='x",
    "<img src=x onerror=x>",
    "&lt;script&gt;", "</select><iframe src=x>", "javascript:alert(1)", "]]><svg onload=x>", "{{x}}", "\\u003cscript>",
]) | st.text(max_size=15)  # fmt: skip


class Read(HTMLParser):
    """Every tag with its attributes, and all text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute twice in {tag}"
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    @property
    def messages(self) -> list[dict[str, object]]:
        return [json.loads(attrs["data-say"] or "") for _, attrs in self.tags if "data-say" in attrs]


def snapshot(text: str, east: float) -> FrontlineSnapshot:
    ground = {text or "BLUE": shapely.box(35, 47, east, 49), "ORANGE": shapely.box(east, 47, 37, 49)}
    areas = tuple(ControlArea(side=s, geometry=shapely.MultiPolygon([area])) for s, area in ground.items())
    return FrontlineSnapshot(id=text + str(east), provider=text, valid_from=T0, areas=areas, sha256="x", retrieved=T0)


def revision(text: str, version: int, **changes: object) -> Revision:
    annotation = Annotation(
        id=text or "n", kind=AnnotationKind.FRONTLINE, shape=Shape.LINE, geometry=LINE, title=text, side=text,
        opposing=text, valid_from=T0, valid_to=T0 + timedelta(days=1), sources=(text,), grade="A2", notes=text,
        evidence=(Evidence(EvidenceKind.CHANGE, text),), handling=Handling(marking=text, caveats=frozenset({text})),
    )  # fmt: skip
    return Revision(annotation=replace(annotation, **changes), version=version, author=text, known_from=T0)


def moved(text: str):
    """Return a displacement and a band under hostile names."""
    before, after = snapshot("BLUE", 36.0), snapshot("BLUE", 36.2)
    found = displacement(before, after, "BLUE")
    band = disagreement(before, after)
    return replace(found, side=text), replace(
        band, note=text, pairs=tuple(replace(pair, one=text, other=text) for pair in band.pairs)
    )


PARTS = moved("BLUE")


def cards(text: str) -> dict[str, str]:
    """Return every card there is, with a text in every place that data can fill."""
    one, two = revision(text, 1), revision(text, 2, geometry=LINE.reverse(), notes=text + "!", grade="B3")
    removed = replace(two, version=3, removed=True)
    conflict = Conflict(version=4, author=text, at=T0, mine=two.annotation, base=one, theirs=removed)
    fields = tuple(sorted({**fields_of(one.annotation), "kind": text, "tlp": text}.items()))
    sketch = Sketch(Shape.LINE, ((((36.0, 48.0), (36.1, 48.1)),),))
    work = Work(id=text, base=1, sketch=sketch, fields=fields)
    draft = Draft(id=text, author=text, updated=T0, base=0, sketch=sketch, fields=fields, reason=text)
    shift, band = (replace(PARTS[0], side=text), replace(
        PARTS[1], note=text, pairs=tuple(replace(pair, one=text, other=text) for pair in PARTS[1].pairs)
    ))  # fmt: skip
    side = SideReport(
        side=text, colour=text, gained_km2=1, lost_km2=2, rate_km2_day=3, length_before_km=4, length_after_km=5,
        displacement=shift,
    )  # fmt: skip
    unit = UnitRow(name=text, level=text, side=text, gained_km2=1, lost_km2=2)
    before, after = snapshot(text, 36.0), snapshot(text, 36.2)
    found = FrontReport(provider=text, before=before, after=after, days=2.0, sides=(side,), by_unit=(unit,) * 20)
    held = HeldSnapshot(id=text, provider=text, valid_from=T0, retrieved=T0, reason=text)
    return {
        "form": form(work, [Force(text, "#ffffff")]),
        "force": force_form(COLOURS),
        "details": details(Chosen(text, (one, two), (conflict,)), COLOURS, 2, past=False),
        "removed": details(Chosen(text, (one, two, removed), ()), COLOURS, 3, past=False),
        "past": details(Chosen(text, (one,), ()), COLOURS, None, past=True),
        "conflict": conflict_card(conflict, COLOURS),
        "conflict on removal": conflict_card(replace(conflict, mine=None, base=None, theirs=one), COLOURS),
        "drafts": draft_card([draft]),
        "files": files_card(None, [text], Path(text.replace("/", "").replace("\0", "") or "x")),
        "running": files_card(Progress(0.5, text), (), None),
        "report": report_text(found, COLOURS),
        "band": band_text(band, text),
        "held": held_text([held]),
        "controls": written(text, text, text, said(text, value=text), tip=text, lines=2)
        + written(text, text, text, said(text)) + chosen(text, text, text, {text: text}, said(text))
        + button(text, said(text), tip=text),
    }  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(HOSTILE)
def test_what_comes_from_data_is_text_and_nothing_else(text: str) -> None:
    plain = {name: [tag for tag, _ in Read(html).tags] for name, html in cards("plain").items()}
    for name, html in cards(text).items():
        read = Read(html)
        assert "<script" not in html.lower()
        assert {tag for tag, _ in read.tags} <= TAGS, name
        assert not [key for _, attrs in read.tags for key in attrs if key.startswith("on")], name
        links = [attrs.get("href") or "" for tag, attrs in read.tags if tag == "a"]
        assert all(link.startswith("exports/") for link in links)
        if text and name not in {"form", "controls"}:  # an unlisted value is an option more
            assert [tag for tag, _ in read.tags] == plain[name], f"{name} is built otherwise"


@given(HOSTILE)
def test_a_message_arrives_as_it_was_meant(text: str) -> None:
    (message,) = Read(button("x", said("kind", value=text, number=3, on=True))).messages
    assert message == {"type": "kind", "value": text, "number": 3, "on": True}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with open_workspace(tmp_path_factory.mktemp("cards") / "desk") as workspace:
        session = Session(workspace, default_view(workspace), Immediate())
        made = App(session)
        session.start()
        made.panels.mailbox.open()
        yield made


def test_whatever_a_control_says_is_heard(app: App) -> None:
    heard = app.panels.mailbox._handlers
    shown = [html for name, html in cards("plain").items() if name != "controls"]
    notes, front = app.panels.inspector.notes, app.panels.inspector.front
    shown += [card.html for card in (notes._top, notes._desk, notes._filter, notes._files, front._clock, front._moved)]
    kinds = {str(message["type"]) for html in shown for message in Read(html).messages}
    assert {"note-field", "note-decide", "draft-resume", "front-held", "clock", "export", "pen"} <= kinds
    assert kinds <= set(heard), kinds - set(heard)


def test_whatever_a_pen_button_says_is_done(app: App) -> None:
    gestures = app.panels.pen._gestures
    said_ = {m["op"] for html in cards("plain").values() for m in Read(html).messages if m["type"] == "pen"}
    assert said_
    assert {str(op) for op in said_} <= set(gestures)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["", "B", "Z9", "A1B", "é"]))
def test_a_form_is_shown_whatever_a_draft_has_for_a_grade(grade: str) -> None:
    work = Work(id="n", base=0, sketch=Sketch(Shape.LINE), fields=(("grade", grade),))
    assert "Information" in form(work, ())


class TestHistory:
    def test_each_revision_says_what_changed_and_is_compared_with_the_one_before(self) -> None:
        one, two = revision("a", 1), revision("a", 2, title="new <title>", geometry=LINE.reverse())
        assert difference(one.annotation, two.annotation) == ["geometry", "title"]
        assert difference(one.annotation, one.annotation) == []
        html = details(Chosen("a", (one, two), ()), COLOURS, 2, past=False)
        assert "geometry, title" in html
        assert html.count("<svg") == 1
        assert "<del>a</del></td><td><ins>new &lt;title&gt;</ins>" in html

    def test_in_the_past_nothing_can_be_changed(self) -> None:
        removed = replace(revision("a", 2), removed=True)
        for history in ((revision("a", 1),), (revision("a", 1), removed)):
            kinds = {m["type"] for m in Read(details(Chosen("a", history, ()), COLOURS, None, past=True)).messages}
            assert kinds == {"note-compare"}

    def test_every_revision_but_the_present_can_be_brought_back_and_a_removed_one_too(self) -> None:
        one, two = revision("a", 1), revision("a", 2)

        def back(*history: Revision) -> list[object]:
            read = Read(details(Chosen("a", history, ()), COLOURS, None, past=False))
            return [message["version"] for message in read.messages if message["type"] == "note-back"]

        assert back(one, two) == [1]
        assert 1 in back(one, replace(two, removed=True))

    def test_a_name_is_said_to_be_self_declared(self) -> None:
        assert "self-declared" in details(Chosen("a", (revision("a", 1),), ()), COLOURS, None, past=False)


class TestPictures:
    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (None, LINE), (LINE, None), (shapely.Point(36, 48), shapely.Point(36.1, 48)),
            (shapely.box(36, 48, 37, 49).difference(shapely.box(36.2, 48.2, 36.4, 48.4)), LINE),
            (shapely.MultiPoint([(36, 48), (36, 48)]), shapely.Point(36, 48)), (shapely.Polygon(), LINE),
        ],
    )  # fmt: skip
    def test_both_outlines_lie_inside_the_picture(self, old, new) -> None:
        html = outlines(old, new, COLOURS, "a change")
        numbers = [
            [float(value) for value in pair.split(",")]
            for tag, attrs in Read(html).tags if tag == "path"
            for piece in (attrs["d"] or "").split("M") for pair in piece.split("L") if pair
        ]  # fmt: skip
        assert "NaN" not in html
        assert "nan" not in html.replace("name", "")
        if numbers:
            xy = np.array(numbers)
            assert (xy >= 0).all()
            assert (xy[:, 0] <= 320).all()
            assert (xy[:, 1] <= 180).all()

    def test_of_nothing_there_is_no_picture(self) -> None:
        assert outlines(None, None, COLOURS, "x") == ""
        assert outlines(shapely.Polygon(), None, COLOURS, "x") == ""

    def test_the_profile_rises_where_the_side_gained(self) -> None:
        html = profile(PARTS[0], COLOURS)
        bars = [attrs for tag, attrs in Read(html).tags if tag == "rect"]
        assert bars
        middle = 8 + (130 - 8 - 20) / 2
        assert all(float(bar["y"] or 0) <= middle for bar in bars)
        assert "did not move" in profile(displacement(snapshot("BLUE", 36.0), snapshot("BLUE", 36.0), "BLUE"), COLOURS)


@pytest.mark.parametrize(("text", "km"), [("", None), (" 5 km ", 5.0), ("0", 0.0), ("2.5", 2.5)])
def test_kilometres_are_read(text: str, km: float | None) -> None:
    assert kilometres(text) == km


@given(st.text(max_size=10))
def test_what_is_no_distance_is_refused(text: str) -> None:
    try:
        found = kilometres(text)
    except InputError:
        return
    assert found is None or 0 <= found < 100_000


def test_rows_are_one_a_revision_and_say_where_it_lies() -> None:
    rows = revision_rows([revision("a", 1), revision("b", 2)], [FrontRelation(0.4, "BLUE"), None])
    assert [row[0] for row in rows] == ["a", "b"]
    assert [row[-1] for row in rows] == ["400 m BLUE", "–"]
