"""The page of a session: it builds for any catalogue and theme, and a change of state moves one layer alone."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import panel as pn
import pytest
from bokeh.document import Document

from dashboard.model.handling import Handling
from dashboard.model.palette import tokens
from dashboard.model.token import encode
from dashboard.model.view import CompareMode, Layer, Stretch, StretchKind, View
from dashboard.state.background import Immediate
from dashboard.state.notices import Weight
from dashboard.state.pictures import Doing
from dashboard.state.session import Session
from dashboard.state.viewing import Viewing
from dashboard.views.app import App
from dashboard.views.layers import LABELS
from dashboard.workflows.areas import default_view
from dashboard.workflows.exercise import exercise_view
from dashboard.workflows.workspace import Workspace, open_workspace

SCREEN = (320, 190)


def built(workspace: Workspace, view: View, theme: str = "dark") -> tuple[Session, App]:
    session = Session(workspace, view, Immediate())
    app = App(session, theme)
    session.start()
    session.viewing.resized(*SCREEN)
    return session, app


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "empty") as workspace:
        yield workspace


@pytest.fixture
def page(exercise: Workspace) -> tuple[Session, App]:
    return built(exercise, replace(exercise_view(exercise), compare=CompareMode.B))


def document(app: App) -> Document:
    made = Document()
    app.page.server_doc(doc=made)
    return made


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_page_builds_over_an_exercise_with_everything_the_browser_looks_for(exercise: Workspace, theme) -> None:
    _, app = built(exercise, exercise_view(exercise), theme)
    made = document(app)
    for name in ("map", "picture", "frame-a", "frame-b", "frame-ratio", "map-x", "map-y", "ticks", "series-points"):
        assert made.get_model_by_name(name) is not None, name
    made.to_json()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_page_builds_over_an_empty_catalogue_and_says_what_to_do(empty: Workspace, theme) -> None:
    session, app = built(empty, default_view(empty), theme)
    document(app).to_json()
    assert session.pictures.status.doing is Doing.EMPTY
    assert "choose an acquisition" in session.pictures.status.why
    assert session.changing.refusals
    for step in (lambda: session.step(1), lambda: session.step_change(1), lambda: app.keyboard.press("end", None)):
        step()
    assert "No detected change" in session.notices.current.text


def test_the_banner_follows_what_somebody_states_of_what_is_shown(open_copy: Callable[[], Workspace]) -> None:
    workspace = open_copy()
    session, app = built(workspace, exercise_view(workspace))
    shown = workspace.catalog.acquisitions.get(session.viewing.view.b)
    stated = replace(shown.handling, caveats=shown.handling.caveats | {"EYES ONLY"})
    workspace.catalog.acquisitions.add(replace(shown, handling=stated), replace=True)
    session.reach.refresh()
    assert all("EYES ONLY" in pane.object for pane in (app._top, app._bottom))


def data(app: App) -> dict[str, object]:
    """Return the data object of every layer: another object means that the layer was sent again."""
    return {name: source.data for name, source in app.panels.map.surface.sources.items()}


def moved(before: dict[str, object], after: dict[str, object]) -> set[str]:
    return {name for name in before if before[name] is not after[name]}


OF_LAYER = {
    Layer.FRONTLINE: {"frontline", "sides"},
    Layer.GHOST: {"ghost"},
    Layer.GROUND: {"ground"},
    Layer.FOOTPRINTS: {"footprints"},
    Layer.GRID: {"grid", "grid-labels"},
    Layer.BASEMAP: {"land", "cover", "water", "rivers", "roads", "borders"},
    Layer.PLACES: {"places"},
    Layer.IMAGERY: set(),
}


@pytest.mark.parametrize("layer", OF_LAYER)
def test_a_switched_layer_moves_alone(page: tuple[Session, App], layer: Layer) -> None:
    session, app = page
    before = data(app)
    session.viewing.show(layer, on=layer not in session.viewing.view.layers)
    assert moved(before, data(app)) <= OF_LAYER[layer]


def test_choosing_an_acquisition_moves_no_background(page: tuple[Session, App]) -> None:
    session, app = page
    before = data(app)
    session.step(1)
    assert moved(before, data(app)) <= {"frontline", "sides", "ghost", "ground", "changes", "selected"}


def test_selecting_and_hovering_move_their_outline_only(open_copy) -> None:
    workspace = open_copy()
    session, app = built(workspace, exercise_view(workspace))
    session.changing.detect(full=False)
    before = data(app)
    session.step_change(1)
    assert moved(before, data(app)) <= {"selected", "changes"}
    assert len(app.panels.map.surface.sources["selected"].data["xs"]) == 1
    before = data(app)
    session.reach.hovered = session.viewing.view.a
    assert moved(before, data(app)) == {"lit"}


def test_changing_the_way_of_comparing_sends_no_pixels(page: tuple[Session, App]) -> None:
    session, app = page
    before = {name: source.data for name, source in app.panels.map._transports.items()}
    for mode in (CompareMode.A, CompareMode.SWIPE, CompareMode.BLINK, CompareMode.TWO_COLOUR, CompareMode.B):
        session.viewing.compare(mode)
        session.viewing.opacity(0.5)
        session.viewing.split_at(0.3)
    assert all(before[name] is source.data for name, source in app.panels.map._transports.items())


def test_a_step_sends_the_pixels_of_the_date_that_changed_only(page: tuple[Session, App]) -> None:
    session, app = page
    session.viewing.stretch(Stretch(StretchKind.FIXED, -20.0, 5.0))
    before = {name: source.data for name, source in app.panels.map._transports.items()}
    session.step(1, same_stack=True)
    after = {name: source.data for name, source in app.panels.map._transports.items()}
    assert before["a"] is after["a"]
    assert before["b"] is not after["b"]


def test_a_new_stretch_sends_palettes_and_no_pixels(page: tuple[Session, App]) -> None:
    session, app = page
    sent: list[tuple[str, int]] = []
    for name, source in app.panels.map._transports.items():
        source.on_change("data", lambda attr, old, new, name=name: sent.append((name, len(new["levels"]))))
    session.viewing.stretch(Stretch(StretchKind.FIXED, -20.0, 5.0))
    assert session.viewing.view.stretch.kind is StretchKind.FIXED
    assert [name for name, count in sent if count] == []


CHOICES = {
    "layer": lambda viewing: viewing.show(Layer.GHOST, on=False),
    "opacity": lambda viewing: viewing.opacity(0.35),
    "equalise": lambda viewing: viewing.stretch(Stretch(StretchKind.EQUALISE)),
    "compare": lambda viewing: viewing.compare(CompareMode.LOG_RATIO),
    "constellations": lambda viewing: viewing.choose_constellations(("iceye",)),
    "fold": lambda viewing: viewing.fold("layers"),
    "exchange": lambda viewing: viewing.exchange(),
    "fixed": lambda viewing: viewing.stretch(Stretch(StretchKind.FIXED, -21.0, 1.0)),
    "percentile": lambda viewing: viewing.stretch(Stretch(StretchKind.PERCENTILE, 5.0, 95.0)),
}
"""Intents that controls show as well."""


@pytest.mark.parametrize("name", CHOICES)
def test_the_controls_follow_a_choice_and_choose_nothing_in_return(page: tuple[Session, App], name: str) -> None:
    session, _ = page
    alone = Viewing(session.viewing.view)
    CHOICES[name](alone)
    CHOICES[name](session.viewing)
    assert session.viewing.view == alone.view
    assert session.viewing.undo()
    assert not session.viewing.undo()


@pytest.mark.parametrize(
    "stretch",
    [
        Stretch(StretchKind.FIXED, -21.0, 1.0),
        Stretch(StretchKind.EQUALISE),
        Stretch(StretchKind.PERCENTILE, 5.0, 95.0),
    ],
)
def test_a_link_keeps_its_stretch_when_the_controls_come_to_show_it(exercise: Workspace, stretch: Stretch) -> None:
    wanted = replace(exercise_view(exercise), stretch=stretch, opacity=0.4, constellations=("iceye",))
    session, _ = built(exercise, wanted)
    assert session.viewing.view == wanted
    other, _ = built(exercise, exercise_view(exercise))
    other.open_token(session.viewing.token)
    assert other.viewing.view == wanted


def test_undo_puts_every_control_back(page: tuple[Session, App]) -> None:
    session, app = page
    start = session.viewing.view
    session.viewing.stretch(Stretch(StretchKind.FIXED, -21.0, 1.0))
    session.viewing.show(Layer.GHOST, on=False)
    session.viewing.choose_constellations(("iceye",))
    while session.viewing.undo():
        pass
    layers = app.panels.layers
    assert session.viewing.view == start
    assert (layers._kind.value, layers._range.value) == ("Percentile", (2.0, 98.0))
    assert all(layers._switches[layer].value is (layer in start.layers) for layer in LABELS)
    assert layers._constellations.value == []


def test_the_address_is_the_token_and_the_notice_is_shown(page: tuple[Session, App]) -> None:
    session, app = page
    session.step(1)
    assert app.desk.token == session.viewing.token
    session.notices.tell("Something to say", Weight.WARNING)
    assert "Something to say" in app._notice.object
    app.keyboard.press("escape", None)
    assert app._notice.object == ""


HOSTILE = "<img src=x onerror=alert(1)>"


def html(app: App) -> str:
    """Return every piece of HTML that is in the page."""
    return "\n".join(str(pane.object) for pane in app.page.select(pn.pane.HTML)) + app.panels.map.stage.chips


def test_what_is_typed_is_told_as_text(page: tuple[Session, App]) -> None:
    session, app = page
    session.go_to(HOSTILE)
    assert session.notices.current is not None
    assert HOSTILE not in html(app)


def test_what_a_link_names_is_told_as_text(page: tuple[Session, App]) -> None:
    session, app = page
    session.open_token(encode(replace(session.viewing.view, a=HOSTILE, b=HOSTILE, provider=HOSTILE)))
    assert session.viewing.view.b == HOSTILE
    assert HOSTILE not in html(app)


def test_what_a_product_says_is_shown_as_text(open_copy) -> None:
    workspace = open_copy()
    view = exercise_view(workspace)
    acq = workspace.catalog.acquisitions.get(view.b or "")
    hostile = replace(
        acq, id="hostile", constellation=HOSTILE, platform=HOSTILE, mode=HOSTILE, level=HOSTILE,
        handling=Handling(caveats=frozenset({HOSTILE}), marking=HOSTILE),
        calibration=replace(acq.calibration, valid=False, why_not=HOSTILE),
        origin=replace(acq.origin, product_sha256="hostile", reader=HOSTILE),
    )  # fmt: skip
    workspace.catalog.acquisitions.add(hostile)
    _, app = built(workspace, replace(view, b="hostile"))
    app.panels.brief.open()
    assert "hostile" in html(app)
    assert HOSTILE not in html(app)


def test_retheming_keeps_the_view_and_changes_the_colours(page: tuple[Session, App]) -> None:
    session, app = page
    view, sea = session.viewing.view, app.panels.map.surface.glyphs["sea"].glyph
    dark = sea.fill_color
    assert dark == tokens("dark").water
    app.retheme("light")
    assert session.viewing.view == view
    assert sea.fill_color == tokens("light").water
    app.retheme("dark")
    assert sea.fill_color == dark
