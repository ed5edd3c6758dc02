"""Annotations from files and into files, as a session does it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk_makers import LINE, T0, begin, on_the_map, said, saved

from dashboard.geo.mercator import extent_of
from dashboard.model.errors import InputError
from dashboard.model.sketch import Shape
from dashboard.state.exchanging import FORMATS, MOST_SAID, UPLOADS, _said
from dashboard.state.session import Session
from dashboard.workflows.workspace import Workspace, open_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "desk") as opened:
        yield opened


@pytest.fixture
def session(workspace: Workspace) -> Session:
    return begin(workspace)


def upload(session: Session, name: str, content: bytes) -> Path:
    folder = session.workspace.root / UPLOADS
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("words", FORMATS)
def test_what_is_exported_comes_back_elsewhere(session: Session, tmp_path: Path, words: str) -> None:
    there = saved(session, *LINE, title="Line <1>", notes="ü", grade="B2")
    session.exchanging.export(words)
    ready = session.exchanging.ready
    assert ready is not None
    assert ready.suffix == f".{FORMATS[words]}"
    assert session.exchanging.said[0] == "Exported 1 annotations."
    with open_workspace(tmp_path / "elsewhere") as other:
        receiver = begin(other, "Ada")
        upload(receiver, ready.name, ready.read_bytes())
        receiver.exchanging.take(ready.name)
        (found,) = on_the_map(receiver).values()
        assert (found.title, found.notes, found.grade) == ("Line <1>", "ü", "B2")
        assert found.geometry.equals_exact(there.annotation.geometry, 1e-7)
        assert "Imported 1 annotations" in receiver.exchanging.said[0]
        assert receiver.noting.listing.total == 1
        assert not (other.root / UPLOADS / ready.name).exists(), "an upload is read once"


def test_an_export_is_the_map_at_its_two_clocks(session: Session) -> None:
    saved(session, *LINE, title="here")
    saved(
        session, (36.3, 48.15), shape=Shape.POINT, title="over", valid_to="2024-02-01T01:00Z", valid_from="2024-02-01"
    )
    session.viewing.choose_moment(T0)
    session.exchanging.export("GeoJSON")
    assert session.exchanging.ready is not None
    features = json.loads(session.exchanging.ready.read_text())["features"]
    assert [feature["properties"]["title"] for feature in features] == ["over"]
    session.viewing.moved(extent_of((10.0, 50.0, 11.0, 51.0)))
    session.exchanging.export("GeoJSON")
    assert session.exchanging.said[0] == "Exported 0 annotations."


def test_importing_the_same_twice_changes_nothing_and_says_so(session: Session) -> None:
    saved(session, *LINE)
    session.exchanging.export("GeoJSON")
    assert session.exchanging.ready is not None
    content, before = session.exchanging.ready.read_bytes(), on_the_map(session)
    upload(session, "again.geojson", content)
    session.exchanging.take("again.geojson")
    assert on_the_map(session) == before
    assert "1 known already" in session.exchanging.said[0]


def test_an_import_of_what_was_edited_here_meanwhile_is_a_conflict_and_told(session: Session) -> None:
    there = saved(session, *LINE, title="base")
    session.exchanging.export("GeoJSON")
    assert session.exchanging.ready is not None
    made = json.loads(session.exchanging.ready.read_text())
    made["features"][0]["properties"]["title"] = "edited outside"
    session.edit_annotation()
    session.drawing.fill("title", "edited here")
    session.recording.save()
    upload(session, "edited.geojson", json.dumps(made).encode())
    session.exchanging.take("edited.geojson")
    assert on_the_map(session)[there.annotation.id].title == "edited here"
    assert len(session.noting.conflicts) == 1
    assert "1 in conflict" in session.exchanging.said[0]


def test_what_cannot_be_recorded_as_it_is_drawn_is_offered_as_a_draft(session: Session) -> None:
    bow_tie = [[36.1, 48.05], [36.2, 48.15], [36.2, 48.05], [36.1, 48.15], [36.1, 48.05]]
    made = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {"title": "crossed", "valid_from": "2024-02-01T00:00:00Z"},
             "geometry": {"type": "Polygon", "coordinates": [bow_tie]}},
        ],
    }  # fmt: skip
    upload(session, "crossed.geojson", json.dumps(made).encode())
    session.exchanging.take("crossed.geojson")
    assert on_the_map(session) == {}
    (draft,) = session.recording.drafts
    assert draft.reason
    assert "1 kept as drafts" in session.exchanging.said[0]
    session.recording.resume(draft.id)
    assert session.drawing.wrong is not None
    session.drawing.repair()
    session.recording.save()
    assert len(on_the_map(session)) == 1


@pytest.mark.parametrize("content", [b"", b"{", b"PK\x03\x04", b"\x00" * 100, b'{"type": "FeatureCollection"}'])
def test_a_file_that_cannot_be_read_is_told_removed_and_the_next_one_works(session: Session, content: bytes) -> None:
    path = upload(session, "broken.geojson", content)
    session.exchanging.take("broken.geojson")
    assert on_the_map(session) == {}
    assert session.notices.current is not None or session.exchanging.said[0].startswith("Imported 0")
    assert "inside Nightglass" not in said(session)
    assert not path.exists()
    assert session.exchanging.job.progress is None


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../catalog.sqlite", "/etc/passwd", "not-there.kml", "a/b.kml", "a\0b"]
)
def test_a_name_that_is_no_upload_is_refused_and_nothing_is_touched(session: Session, name: str) -> None:
    before = sorted(session.workspace.root.rglob("*"))
    with pytest.raises(InputError, match="no uploaded file"):
        session.exchanging.take(name)
    assert sorted(session.workspace.root.rglob("*")) == before


def test_losses_are_named_and_the_rest_is_counted() -> None:
    lines = _said("Done.", tuple(str(n) for n in range(40)))
    assert lines[0] == "Done."
    assert len(lines) == MOST_SAID + 2
    assert lines[-1] == f"and {40 - MOST_SAID} more"
    assert _said("Done.", ()) == ("Done.",)
