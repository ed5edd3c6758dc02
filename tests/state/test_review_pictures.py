"""The pictures of a change in hand: there, or the reason; a file that is gone is told in their place, not shouted."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import shapely

from dashboard.geo.mercator import extent_of
from dashboard.model.change import ChangeRun, ChangeSign, DetectedChange
from dashboard.model.view import View
from dashboard.state.background import Immediate
from dashboard.state.session import Session
from dashboard.workflows.blank import Blank
from dashboard.workflows.chips import Chips
from dashboard.workflows.extent import box_of
from dashboard.workflows.workspace import Workspace, open_workspace
from tests.workflows.pair_workspace import START, acquisition, add, grid

GROUND = shapely.box(*box_of(grid((4, 4), down=40, right=40)))


@pytest.fixture(name="workspace")
def _workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path) as opened:
        for name, day in (("early", 0.0), ("late", 12.0)):
            add(opened, acquisition(name, day=day), np.full((90, 90), 0.05))
        run = ChangeRun(
            id="run", created=START, method="change-tstat", parameters=(), before="early", after="late",
            extent=GROUND.bounds, observed_km2=1.0, software="nightglass", inputs=(),
        )  # fmt: skip
        change = DetectedChange(
            id="c", run_id="run", geometry=GROUND, area_m2=1600.0, pixels=16, after=START,
            before=START + timedelta(days=12), magnitude_db=3.0, sign=ChangeSign.BRIGHTER, p_value=1e-9,
            evidence=("early", "late"), score=4.0,
        )  # fmt: skip
        opened.catalog.changes.add_run(run, [change])
        yield opened


def begun(workspace: Workspace) -> Session:
    session = Session(workspace, View(extent=extent_of(GROUND.bounds, margin=1.0), a="early", b="late"), Immediate())
    session.start()
    session.reviewing.pick("c")
    return session


def test_they_are_there_when_the_files_are(workspace: Workspace) -> None:
    reviewing = begun(workspace).reviewing
    assert isinstance(reviewing.chips, Chips)
    assert len(reviewing.lines) == 1
    reviewing.pick(None)
    assert (reviewing.chips, reviewing.lines) == (None, ())


def test_a_file_that_is_gone_is_the_reason_in_their_place(workspace: Workspace) -> None:
    for path in workspace.archive.root.rglob("late/VV.tif"):
        path.unlink()
    session = begun(workspace)
    for shown in (session.reviewing.chips, session.reviewing.lines):
        assert isinstance(shown, Blank)
        assert "not on disk" in shown.why
    assert session.notices.current is None
