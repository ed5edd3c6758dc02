"""The coverage on show follows the view, both clocks, the brush and the catalogue, and only while somebody looks."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from desk_makers import T0, begin

from dashboard.geo.mercator import extent_of, to_mercator
from dashboard.model.acquisition import Acquisition, Origin
from dashboard.model.coverage import Measure
from dashboard.model.errors import CatalogError
from dashboard.model.handling import Handling, Tlp
from dashboard.model.view import Extent, Layer
from dashboard.render.coverage.classes import FIRST
from dashboard.state import covering as module
from dashboard.state.pictures import Doing
from dashboard.state.session import Session
from dashboard.workflows.workspace import Workspace, open_workspace

DAY = timedelta(days=1)
NOW = T0 + 50 * DAY
BOX = (35.9, 47.9, 36.5, 48.3)


def taken(name: str, day: float, **changes: Any) -> Acquisition:
    start = T0 + day * DAY
    values = {"constellation": "iceye", "platform": f"p-{name}", "handling": Handling(), "received": None, **changes}
    return Acquisition(
        id=name, start=start, stop=start, footprint=shapely.box(*BOX),
        origin=Origin(reader="test", reader_version="0", product_sha256=name.ljust(64, "0")), **values,
    )  # fmt: skip


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "desk") as opened:
        late = T0 + 5 * DAY
        opened.catalog.acquisitions.add_many(
            [taken("a", 0), taken("b", 3, received=late), taken("c", 10, constellation="capella")]
        )
        yield opened


@pytest.fixture
def session(workspace: Workspace) -> Session:
    made = begin(workspace)
    made.covering.clock = lambda: NOW
    return made


def looks(session: Session) -> int:
    assert session.covering.picture is not None
    return session.covering.picture.count


def on_screen(session: Session) -> np.ndarray:
    """The part of the picture that lies on the screen."""
    found, seen = session.covering.picture, session.viewing.view.extent
    height, width = found.picture.shape
    x0, y0, x1, y1 = found.bounds
    across, down = width / (x1 - x0), height / (y1 - y0)
    rows = slice(round((y1 - seen.y1) * down), round((y1 - seen.y0) * down))
    return found.picture[rows, round((seen.x0 - x0) * across) : round((seen.x1 - x0) * across)]


def test_nothing_is_worked_out_for_nobody(session: Session) -> None:
    assert session.covering.picture is None
    session.covering.point(*to_mercator(36.2, 48.1))
    assert (session.covering.table, session.covering.spot) == (None, None)


def test_the_layer_follows_the_view_and_goes_with_it(session: Session) -> None:
    session.viewing.show(Layer.COVERAGE, on=True)
    assert looks(session) == 3
    assert (on_screen(session) >= FIRST).all()
    session.viewing.choose_constellations(("capella",))
    assert looks(session) == 1
    session.viewing.choose_constellations(())
    session.viewing.moved(extent_of((10.0, 50.0, 10.4, 50.2)))
    assert looks(session) == 0
    assert session.covering.status.doing is Doing.EMPTY
    assert "no look" in session.covering.status.why
    session.viewing.show(Layer.COVERAGE, on=False)
    assert session.covering.picture is None
    assert session.covering.status.doing is Doing.READY


def test_the_brush_goes_before_the_window_and_what_had_not_arrived_does_not_count(session: Session) -> None:
    session.viewing.show(Layer.COVERAGE, on=True)
    session.viewing.choose_period((T0 + DAY, T0 + 20 * DAY))
    assert looks(session) == 2
    session.viewing.brush((T0 + 5 * DAY, T0 + 20 * DAY))
    assert looks(session) == 1
    assert session.covering.picture.as_of == T0 + 20 * DAY
    session.viewing.brush(None)
    session.viewing.choose_period(None)
    session.viewing.believe(T0 + 4 * DAY)
    assert looks(session) == 1
    session.viewing.believe(None)
    assert looks(session) == 3


def test_a_brush_is_a_step_that_can_be_undone(session: Session) -> None:
    session.viewing.brush((T0, T0 + DAY))
    session.viewing.brush((T0, T0 + 2 * DAY))
    session.undo()
    assert session.viewing.view.brush == (T0, T0 + DAY)
    session.undo()
    assert session.viewing.view.brush is None


def test_choosing_a_measure_shows_the_layer(session: Session) -> None:
    session.viewing.choose_measure(Measure.GAP)
    assert Layer.COVERAGE in session.viewing.view.layers
    assert session.covering.picture.measure is Measure.GAP


def test_nothing_is_worked_out_again_that_has_not_changed(session: Session) -> None:
    session.viewing.show(Layer.COVERAGE, on=True)
    session.covering.watched = True
    before, table = session.covering.picture, session.covering.table
    session.covering.refresh()
    session.viewing.opacity(0.4)
    session.viewing.show(Layer.GRID, on=True)
    assert session.covering.picture is before
    assert session.covering.table is table
    session.viewing.choose_measure(Measure.AGE)
    assert session.covering.picture is not before
    assert session.covering.table is table


def test_a_pan_within_the_picture_keeps_it_and_counts_anew(session: Session) -> None:
    session.viewing.moved(extent_of(BOX, margin=0.0, aspect=1.75))
    session.viewing.show(Layer.COVERAGE, on=True)
    before, here = session.covering.picture, session.viewing.view.extent
    step = 0.1 * (here.x1 - here.x0)
    session.viewing.moved(Extent(here.x0 + step, here.y0, here.x1 + step, here.y1))
    assert session.covering.picture.picture is before.picture
    assert session.covering.picture.bounds == before.bounds
    step = 3.0 * (here.x1 - here.x0)
    session.viewing.moved(Extent(here.x0 + step, here.y0, here.x1 + step, here.y1))
    assert session.covering.picture.picture is not before.picture
    assert looks(session) == 0


def test_what_waits_for_the_picture_is_told_after_it_has_left(session: Session) -> None:
    told: list[bool] = []
    session.covering.on_made = lambda: told.append(session.covering.picture is not None and not session.covering.making)
    session.viewing.show(Layer.COVERAGE, on=True)
    assert told == [True]


def test_a_failure_beyond_the_screen_is_said(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise CatalogError("the disk is on fire")

    monkeypatch.setattr(module, "coverage_around", refuse)
    session.viewing.show(Layer.COVERAGE, on=True)
    assert session.covering.status.doing is Doing.FAILED
    assert "on fire" in session.covering.status.why


def test_what_is_ingested_meanwhile_counts_when_it_is_heard_of(session: Session, workspace: Workspace) -> None:
    session.viewing.show(Layer.COVERAGE, on=True)
    session.covering.watched = True
    workspace.catalog.acquisitions.add(taken("d", 20))
    assert looks(session) == 3
    session.refresh()
    assert looks(session) == 4
    assert session.covering.table.total.looks == 4


def test_the_table_is_of_the_visible_area_while_it_is_watched(session: Session) -> None:
    session.covering.watched = True
    table = session.covering.table
    assert [(row.provider, row.looks) for row in table.rows] == [("capella", 1), ("iceye", 2)]
    assert table.total.age_s == 40 * 86_400
    session.covering.watched = False
    session.viewing.choose_constellations(("iceye",))
    assert session.covering.table is table
    session.covering.watched = True
    assert [row.provider for row in session.covering.table.rows] == ["iceye"]


def test_the_pointer_asks_and_leaves(session: Session) -> None:
    session.viewing.show(Layer.COVERAGE, on=True)
    session.covering.point(*to_mercator(36.2, 48.1))
    spot = session.covering.spot
    assert (spot.looks, spot.last_by) == (3, "p-c")
    assert spot.lon == pytest.approx(36.2)
    session.covering.leave()
    assert session.covering.spot is None


def test_the_page_is_marked_as_what_is_counted_is(session: Session, workspace: Workspace) -> None:
    secret = replace(taken("s", 1), handling=Handling(tlp=Tlp.RED))
    workspace.catalog.acquisitions.add(secret)
    session.refresh()
    assert session.handling.tlp is None
    session.viewing.show(Layer.COVERAGE, on=True)
    assert session.handling.tlp is Tlp.RED
    session.viewing.show(Layer.COVERAGE, on=False)
    assert session.handling.tlp is None


def test_a_failure_is_said_at_the_layer_and_the_next_look_tries_again(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise CatalogError("the disk is on fire")

    with monkeypatch.context() as broken:
        broken.setattr(module, "coverage_here", refuse)
        broken.setattr(module, "coverage", refuse)
        session.viewing.show(Layer.COVERAGE, on=True)
        session.covering.watched = True
        assert session.covering.status.doing is Doing.FAILED
        assert "on fire" in session.covering.status.why
        assert "on fire" in session.notices.current.text
    session.covering.refresh()
    assert looks(session) == 3
    assert session.covering.table is not None


def test_ages_count_from_now_on_the_clock(session: Session) -> None:
    moments: list[datetime] = [NOW, NOW + 9 * DAY]
    session.covering.clock = lambda: moments.pop(0)
    session.viewing.show(Layer.COVERAGE, on=True)
    first = session.covering.picture.as_of
    session.viewing.choose_measure(Measure.AGE)
    assert session.covering.picture.as_of - first == 9 * DAY
