"""The exercise's annotations: valid when they are true, resting on pictures that are there, recorded once."""

from dataclasses import replace

import pytest
import shapely

from dashboard.catalog.query import AnnotationQuery
from dashboard.model.annotation import AnnotationKind
from dashboard.model.errors import InputError
from dashboard.simulate.events import events
from dashboard.simulate.ground import to_degrees
from dashboard.simulate.notes import notes
from dashboard.workflows import exercise_notes
from dashboard.workflows.exercise_notes import take_in_notes
from dashboard.workflows.workspace import open_workspace

SEED = 2026


def test_a_note_about_an_event_lies_on_it_and_begins_with_it() -> None:
    happened = {f"exercise-{event.id}": event for event in events(SEED)}
    told = [note for note in notes(SEED) if note.id in happened]
    assert len(told) >= 4
    for note in told:
        assert shapely.intersects(note.geometry, to_degrees(happened[note.id].outline.envelope))
        assert note.valid_from == note.seen_after
        assert note.valid_to is None or note.valid_to > note.valid_from


def test_notes_are_of_known_kinds_and_valid() -> None:
    assert {note.kind for note in notes(SEED)} <= set(AnnotationKind)
    assert all(note.geometry.is_valid for note in notes(SEED))
    assert len({note.id for note in notes(SEED)}) == len(notes(SEED))


def test_they_are_marked_and_recorded_once(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    unconfirmed = tuple(replace(note, grade="C3") for note in notes(SEED))
    monkeypatch.setattr(exercise_notes, "notes", lambda _: unconfirmed)
    with open_workspace(tmp_path) as workspace:
        assert take_in_notes(workspace, SEED) == len(unconfirmed)
        assert take_in_notes(workspace, SEED) == 0
        found = workspace.catalog.annotations.find(AnnotationQuery())
        assert {revision.annotation.id for revision in found} == {note.id for note in unconfirmed}
        assert all("EXERCISE" in revision.annotation.handling.banner for revision in found)


def test_nothing_is_called_confirmed_without_pictures_of_two_providers(tmp_path) -> None:
    with open_workspace(tmp_path) as workspace, pytest.raises(InputError, match="different providers"):
        take_in_notes(workspace, SEED)
