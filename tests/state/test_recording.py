"""From the desk into the log: drafts, saving, undo of what was saved, and the decision of conflicts."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from desk_makers import BOW_TIE, LINE, T0, begin, draw, on_the_map, said, saved
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.model.annotation import Force
from dashboard.model.errors import DiskFullError
from dashboard.model.event import Outcome
from dashboard.model.sketch import Draft, Shape, Sketch
from dashboard.state.background import attempt
from dashboard.state.drawing import Drawing, Work, draft_of
from dashboard.state.notices import Weight
from dashboard.state.session import Session
from dashboard.workflows.workspace import Workspace, open_workspace

CRASH = """
import os, sys
from pathlib import Path
from desk_makers import LINE, begin, draw
from dashboard.workflows.workspace import open_workspace
session = begin(open_workspace(Path(sys.argv[1])))
draw(session, *LINE, title="kept")
session.recording.autosave()
os._exit(0)
"""
"""Draws and ends without closing anything."""


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "desk") as opened:
        yield opened


@pytest.fixture
def session(workspace: Workspace) -> Session:
    return begin(workspace)


def titled(session: Session, title: str) -> None:
    """Edit the chosen annotation's title and save."""
    session.edit_annotation()
    session.drawing.fill("title", title)
    session.recording.save()


class TestDrafts:
    def test_an_empty_sheet_is_no_draft(self, session: Session) -> None:
        session.begin_drawing(Shape.LINE)
        session.recording.autosave()
        assert session.workspace.catalog.drafts.all() == []

    def test_what_lay_on_the_desk_is_offered_to_the_next_session_and_restored_to_the_last_bit(
        self, session: Session, workspace: Workspace
    ) -> None:
        draw(session, *LINE, title="Half done", notes="Zeile 1\nZeile 2 ü")
        work = session.drawing.work
        assert work is not None
        session.recording.autosave()
        # The session is gone as after kill -9: nothing is told, nothing is closed.
        later = begin(workspace, "somebody else")
        assert [draft.id for draft in later.recording.drafts] == [work.id]
        assert later.recording.drafts[0].author == "Kim"
        later.recording.resume(work.id)
        again = later.drawing.work
        assert again is not None
        assert repr((again.id, again.base, again.sketch, again.fields)) == repr(
            (work.id, work.base, work.sketch, work.fields)
        )
        assert later.recording.drafts == ()

    def test_a_draft_survives_the_process(self, tmp_path: Path) -> None:
        root = tmp_path / "crash"
        here = Path(__file__).parent
        paths = os.pathsep.join(str(path) for path in (here, here.parents[1]))
        subprocess.run([sys.executable, "-c", CRASH, str(root)], check=True, env={**os.environ, "PYTHONPATH": paths})
        with open_workspace(root) as workspace:
            session = begin(workspace)
            assert [dict(draft.fields)["title"] for draft in session.recording.drafts] == ["kept"]

    def test_autosave_writes_once_per_change(self, session: Session) -> None:
        draw(session, *LINE)
        session.recording.autosave()
        (first,) = session.workspace.catalog.drafts.all()
        session.recording.autosave()
        assert session.workspace.catalog.drafts.all() == [first]
        session.drawing.fill("title", "now")
        session.recording.autosave()
        (second,) = session.workspace.catalog.drafts.all()
        assert second.updated > first.updated
        assert dict(second.fields)["title"] == "now"

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        shape=st.sampled_from(Shape),
        path=st.lists(st.tuples(st.floats(), st.floats()), min_size=1, max_size=8).map(tuple),
        title=st.text(st.characters(exclude_categories=("Cs",)), max_size=8),
    )
    def test_any_drawing_comes_back_as_it_was(self, workspace: Workspace, shape, path, title) -> None:
        session = begin(workspace)
        session.drawing.resume(Draft(id="odd", author="Kim", updated=T0, base=0, sketch=Sketch(shape, ((path,),))))
        session.drawing.fill("title", title)
        work = session.drawing.work
        assert work is not None
        session.recording.put_aside()
        assert session.drawing.work is None
        session.recording.resume("odd")
        assert session.drawing.work is not None
        assert repr((session.drawing.work.sketch, session.drawing.work.form)) == repr((work.sketch, work.form))
        session.drawing.clear()

    def test_resuming_puts_aside_what_is_on_the_desk(self, session: Session) -> None:
        draw(session, *LINE, title="first")
        session.recording.put_aside()
        draw(session, *LINE[:2], title="second")
        (first,) = session.recording.drafts
        session.recording.resume(first.id)
        assert session.drawing.work is not None
        assert session.drawing.work.form["title"] == "first"
        assert [dict(draft.fields)["title"] for draft in session.recording.drafts] == ["second"]

    def test_a_draft_that_is_thrown_away_is_gone(self, session: Session) -> None:
        draw(session, *LINE)
        session.recording.put_aside()
        session.recording.discard(session.recording.drafts[0].id)
        assert session.recording.drafts == ()
        assert session.workspace.catalog.drafts.all() == []

    def test_what_was_recorded_is_no_draft_any_more(self, session: Session) -> None:
        draw(session, *LINE)
        session.recording.autosave()
        session.recording.save()
        assert session.workspace.catalog.drafts.all() == []

    def test_redoing_a_save_leaves_no_draft_of_it_either(self, session: Session) -> None:
        saved(session, *LINE)
        session.undo()
        session.drawing.open = True
        session.undo()
        session.recording.autosave()
        session.redo()
        session.redo()
        assert session.drawing.work is None
        assert session.workspace.catalog.drafts.all() == []

    def test_pieces_cut_off_are_kept_with_the_rest(self, session: Session) -> None:
        draw(session, *LINE)
        session.drawing.split(0, 0, 1)
        session.recording.put_aside()
        assert len(session.recording.drafts) == 2
        assert {draft.sketch.vertices for draft in session.recording.drafts} == {2}


class TestWhatCannotBeRecorded:
    def test_a_bow_tie_is_kept_with_its_reason_and_mended_with_one_click(self, session: Session) -> None:
        draw(session, *BOW_TIE, shape=Shape.AREA, title="pocket")
        session.recording.save()
        work = session.drawing.work
        assert work is not None, "it stays on the desk"
        assert session.drawing.wrong is not None
        assert session.notices.current is not None
        assert session.notices.current.weight is Weight.ERROR
        (draft,) = session.workspace.catalog.drafts.all()
        assert draft.reason == session.drawing.wrong.reason
        assert draft.sketch == work.sketch
        assert on_the_map(session) == {}
        session.drawing.repair()
        session.recording.save()
        assert session.drawing.work is None
        (there,) = on_the_map(session).values()
        assert there.geometry.is_valid
        assert there.title == "pocket"
        assert session.workspace.catalog.drafts.all() == []

    def test_the_reason_is_that_of_the_drawing_that_is_kept(self, session: Session) -> None:
        draw(session, *BOW_TIE, shape=Shape.AREA)
        session.drawing.finish()
        session.recording.put_aside()
        (draft,) = session.recording.drafts
        assert draft.reason
        session.recording.resume(draft.id)
        assert session.drawing.wrong is not None
        assert session.drawing.wrong.reason == draft.reason

    @pytest.mark.parametrize(
        ("name", "text", "told"),
        [
            ("valid_from", "yesterday", "Valid from"),
            ("valid_from", "", "Valid from"),
            ("valid_to", "31FEB", "Valid to"),
            ("valid_to", "2024-01-01", "ends"),
            ("evidence", "rumour:x", "rumour:x"),
            ("evidence", "acquisition:not-here", "not-here"),
            ("tlp", "TLP:PURPLE", "TLP:PURPLE"),
            ("title", "x" * 300, "300"),
            ("grade", "Z9", "Z9"),
        ],
    )
    def test_a_field_that_cannot_be_read_is_named_and_the_work_stays(
        self, session: Session, name: str, text: str, told: str
    ) -> None:
        draw(session, *LINE, **{name: text})
        session.recording.save()
        assert told in said(session)
        assert session.drawing.work is not None
        assert session.drawing.work.form[name] == text
        assert len(session.workspace.catalog.drafts.all()) == 1
        assert on_the_map(session) == {}

    def test_saving_nothing_does_nothing(self, session: Session) -> None:
        session.recording.save()
        assert session.notices.current is None
        assert session.workspace.catalog.log.head()[0] == 0


class TestUndoOfWhatWasRecorded:
    def test_a_save_that_is_undone_is_off_the_map_and_redo_brings_it_back(self, session: Session) -> None:
        there = saved(session, *LINE, title="new")
        session.drawing.open = True
        session.undo()
        assert on_the_map(session) == {}
        assert session.drawing.work is not None, "the drawing lies on the desk again"
        session.redo()
        assert on_the_map(session) == {there.annotation.id: there.annotation}
        assert session.drawing.work is None
        assert [one.removed for one in session.workspace.catalog.annotations.history(there.annotation.id)] == [
            False,
            True,
            False,
        ]

    def test_what_was_undone_may_be_edited_and_saved_again(self, session: Session) -> None:
        there = saved(session, *LINE, title="new")
        session.drawing.open = True
        session.undo()
        session.drawing.fill("title", "newer")
        session.recording.save()
        assert on_the_map(session)[there.annotation.id].title == "newer"
        assert session.noting.conflicts == ()

    def test_undoing_an_edit_restores_the_geometry_to_the_last_bit(self, session: Session) -> None:
        there = saved(session, *LINE, title="as it was")
        before = there.annotation.geometry.wkb
        session.edit_annotation()
        session.drawing.shift(1234.5, -77.25)
        session.recording.save()
        assert on_the_map(session)[there.annotation.id].geometry.wkb != before
        session.undo()
        assert on_the_map(session)[there.annotation.id].geometry.wkb == before

    def test_undoing_a_removal_brings_back(self, session: Session) -> None:
        there = saved(session, *LINE)
        session.recording.remove(there)
        assert on_the_map(session) == {}
        session.drawing.open = True
        session.undo()
        assert on_the_map(session) == {there.annotation.id: there.annotation}

    def test_undo_never_takes_away_what_somebody_else_did_since(self, workspace: Workspace) -> None:
        mine, theirs = begin(workspace, "Kim"), begin(workspace, "Ada")
        there = saved(mine, *LINE, title="mine")
        theirs.noting.choose(there.annotation.id)
        titled(theirs, "theirs")
        mine.drawing.open = True
        mine.undo()
        assert on_the_map(mine)[there.annotation.id].title == "theirs"
        (conflict,) = workspace.catalog.annotations.conflicts()
        assert conflict.mine is None
        assert conflict.author == "Kim"
        assert mine.drawing.work is None
        assert "decide in Notes" in said(mine)

    def test_nor_does_redo(self, workspace: Workspace) -> None:
        mine, theirs = begin(workspace, "Kim"), begin(workspace, "Ada")
        there = saved(mine, *LINE, title="one")
        titled(mine, "two")
        mine.undo()
        theirs.noting.choose(there.annotation.id)
        titled(theirs, "theirs")
        mine.redo()
        assert on_the_map(mine)[there.annotation.id].title == "theirs"
        assert len(workspace.catalog.annotations.conflicts()) == 1


class TestConflicts:
    @pytest.fixture
    def two(self, workspace: Workspace) -> tuple[Session, Session]:
        """Two sessions: Ada saved while Kim was drawing, then Kim saved."""
        kim, ada = begin(workspace, "Kim"), begin(workspace, "Ada")
        there = saved(kim, *LINE, title="base")
        for session in (kim, ada):
            session.noting.choose(there.annotation.id)
            session.edit_annotation()
        ada.drawing.fill("title", "Ada's")
        ada.recording.save()
        kim.drawing.fill("title", "Kim's")
        kim.drawing.shift(500.0, 0.0)
        kim.recording.save()
        return kim, ada

    def test_a_stale_save_is_kept_beside_and_told(self, two) -> None:
        kim, ada = two
        (there,) = on_the_map(kim).values()
        assert there.title == "Ada's"
        (conflict,) = kim.noting.conflicts
        assert conflict.base is not None
        assert conflict.mine is not None
        assert (conflict.base.annotation.title, conflict.mine.title, conflict.theirs.annotation.title) == (
            "base",
            "Kim's",
            "Ada's",
        )
        assert "decide in Notes" in said(kim)
        ada.refresh()
        assert [each.version for each in ada.noting.conflicts] == [conflict.version]

    @pytest.mark.parametrize(("take", "title"), [(True, "Kim's"), (False, "Ada's")])
    def test_a_person_decides_either_way_and_nothing_is_lost(self, two, take: bool, title: str) -> None:
        kim, ada = two
        ada.refresh()
        (conflict,) = ada.noting.conflicts
        ada.recording.decide(conflict, take=take)
        (there,) = on_the_map(ada).values()
        assert there.title == title
        assert ada.noting.conflicts == ()
        kim.refresh()
        assert kim.noting.conflicts == ()
        events = ada.workspace.catalog.log.events(subject=f"annotation:{there.id}")
        assert [event.outcome for event in events].count(Outcome.CONFLICT) == 1
        assert {"base", "Ada's", "Kim's"} <= {str(event.body.get("title")) for event in events}

    def test_a_decision_on_what_has_changed_meanwhile_is_a_conflict_again(self, two) -> None:
        kim, ada = two
        (conflict,) = kim.noting.conflicts
        ada.noting.choose(conflict.theirs.annotation.id)
        titled(ada, "Ada's second")
        kim.recording.decide(conflict, take=True)
        (there,) = on_the_map(kim).values()
        assert there.title == "Ada's second"
        assert kim.noting.conflicts

    def test_a_decision_made_twice_is_refused_in_words(self, two) -> None:
        kim, ada = two
        (conflict,) = kim.noting.conflicts
        kim.recording.decide(conflict, take=True)
        ada.recording.decide(conflict, take=False)
        (there,) = on_the_map(kim).values()
        assert there.title == "Kim's"
        assert ada.notices.current is not None

    @pytest.mark.parametrize("take", [True, False])
    def test_a_removal_on_a_stale_version_waits_too(self, workspace: Workspace, take: bool) -> None:
        kim, ada = begin(workspace, "Kim"), begin(workspace, "Ada")
        stale = saved(kim, *LINE, title="base")
        ada.noting.choose(stale.annotation.id)
        titled(ada, "still needed")
        kim.recording.remove(stale)
        assert on_the_map(kim)[stale.annotation.id].title == "still needed"
        (conflict,) = kim.noting.conflicts
        assert conflict.mine is None
        kim.recording.decide(conflict, take=take)
        assert (stale.annotation.id in on_the_map(kim)) is not take
        assert kim.noting.conflicts == ()

    def test_bringing_back_what_one_has_seen_is_a_conflict_when_there_is_more(self, workspace: Workspace) -> None:
        kim, ada = begin(workspace, "Kim"), begin(workspace, "Ada")
        first = saved(kim, *LINE, title="first")
        titled(kim, "second")
        seen = kim.noting.chosen
        assert seen is not None
        ada.noting.choose(first.annotation.id)
        titled(ada, "third")
        kim.recording.bring_back(seen.history[0])
        assert on_the_map(kim)[first.annotation.id].title == "third"
        assert len(kim.noting.conflicts) == 1

    def test_two_who_split_and_join_overwrite_nothing(self, workspace: Workspace) -> None:
        kim, ada = begin(workspace, "Kim"), begin(workspace, "Ada")
        there = saved(kim, *LINE, title="base")
        for session in (kim, ada):
            session.noting.choose(there.annotation.id)
            session.edit_annotation()
        ada.drawing.split(0, 0, 1)
        ada.recording.save()
        kim.drawing.shift(100.0, 100.0)
        kim.recording.save()
        assert len(on_the_map(kim)) == 2
        assert len(kim.noting.conflicts) == 1


class TestHistory:
    def test_an_earlier_revision_comes_back_as_a_new_one(self, session: Session) -> None:
        first = saved(session, *LINE, title="first")
        titled(session, "second")
        assert session.noting.chosen is not None
        session.recording.bring_back(session.noting.chosen.history[0])
        assert on_the_map(session)[first.annotation.id] == first.annotation
        assert [one.annotation.title for one in session.noting.chosen.history] == ["first", "second", "first"]

    def test_a_removed_one_comes_back(self, session: Session) -> None:
        there = saved(session, *LINE)
        session.recording.remove(there)
        assert session.noting.chosen is not None
        assert session.noting.chosen.now.removed
        session.recording.bring_back(session.noting.chosen.history[0])
        assert on_the_map(session) == {there.annotation.id: there.annotation}

    def test_everything_is_signed_and_told_to_others_at_once(self, session: Session) -> None:
        told: list[int] = []
        session.recording.wrote = lambda: told.append(session.workspace.catalog.revision)
        there = saved(session, *LINE)
        session.recording.remove(there)
        session.recording.add_force(Force("GREEN", "#00aa44"))
        assert len(told) == 3
        assert {event.author for event in session.workspace.catalog.log.events()} == {"Kim"}
        assert "GREEN" in {force.name for force in session.noting.forces}


class Slow:
    """A background that works when it is told to, in whatever order."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], Any], Callable[[Any], None]]] = []

    def __call__(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self.waiting.append((work, done))

    def later(self, call: Callable[[], None]) -> None:
        call()

    def run(self) -> None:
        while self.waiting:
            work, done = self.waiting.pop(0)
            done(attempt(work))


class TestSlowDisk:
    def test_a_second_save_while_the_first_is_on_its_way_saves_once(self, session: Session) -> None:
        slow = Slow()
        session.recording._background = slow
        draw(session, *LINE)
        session.recording.save()
        session.recording.save()
        slow.run()
        assert session.workspace.catalog.log.head()[0] == 1
        assert session.drawing.work is None

    def test_a_second_undo_while_the_first_is_on_its_way_waits_for_it(self, session: Session) -> None:
        first = saved(session, *LINE, title="first")
        titled(session, "second")
        slow = Slow()
        session.recording._background = slow
        session.drawing.open = True
        session.undo()
        session.undo()
        slow.run()
        assert on_the_map(session)[first.annotation.id].title == "first"
        assert session.noting.conflicts == ()
        assert session.workspace.catalog.annotations.conflicts() == []

    def test_what_is_drawn_while_a_save_is_on_its_way_is_not_lost(self, session: Session) -> None:
        slow = Slow()
        session.recording._background = slow
        draw(session, *LINE, title="early")
        session.recording.save()
        session.drawing.fill("title", "late")
        slow.run()
        titles = {annotation.title for annotation in on_the_map(session).values()}
        drafts = {dict(draft.fields)["title"] for draft in session.workspace.catalog.drafts.all()}
        desk = {session.drawing.work.form["title"]} if session.drawing.work else set()
        assert "late" in titles | drafts | desk

    def test_an_undo_that_could_not_be_written_is_still_to_be_taken(self, session: Session) -> None:
        first = saved(session, *LINE, title="first")
        titled(session, "second")
        slow = Slow()
        session.recording._background = slow
        session.drawing.open = True
        session.undo()
        slow.waiting.pop()[1](DiskFullError("The disk is full; free some room."))
        slow.run()
        assert on_the_map(session)[first.annotation.id].title == "second"
        session.undo()
        slow.run()
        assert on_the_map(session)[first.annotation.id].title == "first"
        assert session.noting.conflicts == ()

    def test_a_failed_write_keeps_the_work_and_says_so(self, session: Session) -> None:
        draw(session, *LINE, title="kept")
        work = session.drawing.work
        slow = Slow()
        session.recording._background = slow
        session.recording.save()
        (_, done) = slow.waiting.pop()
        done(DiskFullError("The disk is full; free some room."))
        slow.run()
        assert session.drawing.work is not None
        assert session.drawing.work.sketch == (work.sketch if work else None)
        assert "disk is full" in said(session)
        assert [dict(draft.fields)["title"] for draft in session.workspace.catalog.drafts.all()] == ["kept"]
        session.recording.save()
        slow.run()
        assert len(on_the_map(session)) == 1


def test_a_draft_remembers_what_was_joined_to_it() -> None:
    work = Work(
        id="one", base=4, sketch=Sketch(Shape.LINE, ((((30.0, 48.0), (31.0, 48.0)),),)), fields=(("title", "x"),),
        absorbed=(("two", 7), ("a=b", 9)),
    )  # fmt: skip
    drawing = Drawing()
    drawing.resume(draft_of(work, "ANNA"))
    assert drawing.work is not None
    assert drawing.work.absorbed == work.absorbed
    assert drawing.work.fields == work.fields
