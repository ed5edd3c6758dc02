"""The dialog of the brief says what the sheet will show and what of the screen it will not, and keeps what it made."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from review_makers import T0, changes_of, run_of

from dashboard.geo.mercator import extent_of
from dashboard.model.progress import Progress
from dashboard.model.view import Layer, View
from dashboard.state.background import Immediate
from dashboard.state.session import Session
from dashboard.views.brief import BriefView, told
from dashboard.workflows.workspace import open_workspace

VIEW = View(extent=extent_of((36.15, 48.05, 36.25, 48.15), margin=0.0), a="a", b="b", layers=frozenset({Layer.CHANGES}))


@pytest.fixture(name="session", scope="module")
def _session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with open_workspace(tmp_path_factory.mktemp("dialog")) as workspace:
        run = run_of()
        workspace.catalog.changes.add_run(run, changes_of(run, 30, (36.2, 48.1)))
        session = Session(workspace, VIEW, Immediate())
        session.start()
        yield session


@pytest.fixture(autouse=True)
def _anew(session: Session) -> None:
    session.viewing.view = VIEW


def test_it_says_marking_and_changes(session: Session) -> None:
    said = told(session)
    assert f"Marked <b>{session.handling.banner}</b>" in said
    assert "30 detected changes in the queue" in said
    assert "Live" not in said
    session.viewing.view = replace(VIEW, layers=frozenset())
    assert "detected" not in told(session)


def test_it_warns_of_what_is_not_printed_and_of_the_clock(session: Session) -> None:
    session.viewing.view = replace(VIEW, layers=VIEW.layers | {Layer.LIVE}, known_at=T0)
    assert told(session).count('class="warn"') == 2
    assert "Live detection stays on the screen" in told(session)


def test_what_runs_and_what_was_made_are_there_when_it_is_opened_again(session: Session, tmp_path: Path) -> None:
    dialog = BriefView(session)
    session.briefs.job.progress = Progress(0.4, "Drawing the sheet")
    dialog.open()
    assert "Drawing the sheet" in dialog._said.object
    assert dialog._start.disabled
    session.briefs.job.progress = None
    made = tmp_path / "sheet.png"
    made.write_bytes(b"x" * 200_000)
    session.briefs.ready = made
    dialog.close()
    dialog.open()
    assert "Save sheet.png" in dialog._said.object
    assert "0.2 MB" in dialog._said.object
    session.briefs.ready = None


def test_the_paper_is_chosen(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    dialog, asked = BriefView(session), []
    monkeypatch.setattr(session.briefs, "export", asked.append)
    dialog._export()
    dialog._paper.value = "Dark"
    dialog._export()
    assert [each.theme for each in asked] == ["light", "dark"]
