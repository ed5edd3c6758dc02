"""Annotations between a catalogue and files: one transaction, nothing twice, nothing overwritten, nothing let out."""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import shapely

from dashboard.catalog.query import AnnotationQuery
from dashboard.model.annotation import Annotation, AnnotationKind, Evidence, EvidenceKind, Force
from dashboard.model.errors import AccessError, CancelledError, DamagedProductError, UnknownProductError
from dashboard.model.handling import Handling, Rank, Tlp
from dashboard.model.progress import CancelToken, Progress
from dashboard.model.sketch import Shape
from dashboard.workflows.annotate import FIELD_NAMES
from dashboard.workflows.exchange import Imported, export_annotations, import_annotations
from dashboard.workflows.exchange_plan import equal
from dashboard.workflows.workspace import Workspace, open_workspace

SUFFIXES = (".geojson", ".kml", ".kmz", ".gpkg")
START = dt.datetime(2024, 5, 6, 15, 30, 0, 123456, dt.UTC)
BOW = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}


def annotation(id_: str, **changes: object) -> Annotation:
    fields: dict[str, object] = {
        "kind": AnnotationKind.CONTROL,
        "shape": Shape.AREA,
        "geometry": shapely.box(30.123456789012345, 50, 31, 51),
        "title": id_.upper(),
        "side": "BLUE",
        "valid_from": START,
        "sources": ("https://example.org",),
        "grade": "B1",
        "notes": "seen",
        "evidence": (Evidence(EvidenceKind.ACQUISITION, "s1a-x"),),
        "handling": Handling(tlp=Tlp.GREEN),
    }
    return Annotation(id=id_, **(fields | changes))  # type: ignore[arg-type]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "here") as workspace:
        line = shapely.LineString([(30, 50), (31, 50.5), (32, 50)])
        store = workspace.catalog.annotations
        store.save(annotation("a1"), author="ANNA", base=0)
        store.save(annotation("l1", shape=Shape.LINE, geometry=line, opposing="RED"), author="BERT", base=0)
        store.save(annotation("t1", shape=Shape.TEXT, geometry=shapely.Point(33, 51)), author="ANNA", base=0)
        yield workspace


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "there") as workspace:
        yield workspace


def present(workspace: Workspace) -> dict[str, Annotation]:
    return {one.annotation.id: one.annotation for one in workspace.catalog.annotations.find()}


def counts(made: Imported) -> tuple[int, int, int, int]:
    return made.saved, made.drafts, made.skipped, made.conflicts


def features(path: Path, *geometries: object, **properties: object) -> Path:
    listed = [{"type": "Feature", "properties": properties, "geometry": geometry} for geometry in geometries]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": listed}))
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_another_catalogue_receives_everything_and_a_second_time_nothing(
    here: Workspace, there: Workspace, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"all{suffix}"
    made = export_annotations(here, AnnotationQuery(), path)
    assert (made.count, made.lost, made.handling) == (3, (), Handling(tlp=Tlp.GREEN))
    assert counts(import_annotations(there, path, author="CLEO")) == (3, 0, 0, 0)
    mine, theirs = present(here), present(there)
    assert mine.keys() == theirs.keys()
    assert all(equal(mine[id_], theirs[id_]) for id_ in mine)
    for workspace in (here, there):
        head = workspace.catalog.log.head()
        assert counts(import_annotations(workspace, path, author="CLEO")) == (0, 0, 3, 0)
        assert workspace.catalog.log.head() == head


def test_the_log_says_who_brought_it_and_who_drew_it(here: Workspace, there: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    export_annotations(here, AnnotationQuery(ids=("l1",)), path)
    import_annotations(there, path, author="CLEO")
    (event,) = there.catalog.log.events()
    assert event.author == "CLEO"
    known = here.catalog.annotations.get("l1").known_from.isoformat().replace("+00:00", "Z")
    assert event.body["note"] == f"imported from a.geojson, feature 1 (L1): by BERT, recorded {known}"


def edited(path: Path, **changes: object) -> Path:
    content = json.loads(path.read_text())
    for feature in content["features"]:
        feature["properties"] |= changes
    path.write_text(json.dumps(content))
    return path


def test_an_edit_made_in_a_file_is_the_next_revision(here: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    export_annotations(here, AnnotationQuery(ids=("a1",)), path)
    assert counts(import_annotations(here, edited(path, title="New"), author="CLEO")) == (1, 0, 0, 0)
    assert present(here)["a1"].title == "New"
    assert [one.author for one in here.catalog.annotations.history("a1")] == ["ANNA", "CLEO"]


def test_an_edit_of_what_changed_since_is_kept_beside_it(here: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    export_annotations(here, AnnotationQuery(ids=("a1",)), path)
    store = here.catalog.annotations
    store.save(annotation("a1", notes="later"), author="DORA", base=store.get("a1").version)
    assert counts(import_annotations(here, edited(path, title="New"), author="CLEO")) == (0, 0, 0, 1)
    assert present(here)["a1"].notes == "later"
    (conflict,) = store.conflicts("a1")
    assert (conflict.author, conflict.mine and conflict.mine.title) == ("CLEO", "New")


def test_what_was_taken_off_the_map_does_not_slip_back(here: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    export_annotations(here, AnnotationQuery(ids=("a1",)), path)
    here.catalog.annotations.remove("a1", author="DORA", base=here.catalog.annotations.get("a1").version)
    assert counts(import_annotations(here, path, author="CLEO")) == (0, 0, 0, 1)
    assert "a1" not in present(here)


def test_versions_of_another_catalogue_mean_nothing_here(here: Workspace, there: Workspace, tmp_path: Path) -> None:
    """Both catalogues have an event of this number on this id: only the file's origin tells them apart."""
    path = tmp_path / "a.geojson"
    there.catalog.annotations.save(annotation("a1", title="theirs"), author="EVE", base=0)
    export_annotations(here, AnnotationQuery(ids=("a1",)), path)
    assert here.catalog.log.version("annotation:a1") == there.catalog.log.version("annotation:a1")
    assert counts(import_annotations(there, path, author="CLEO")) == (0, 0, 0, 1)
    assert present(there)["a1"].title == "theirs"


def test_an_id_that_a_file_says_twice_counts_once(here: Workspace, there: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    export_annotations(here, AnnotationQuery(ids=("a1",)), path)
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"features": content["features"] * 2}))
    made = import_annotations(there, path, author="CLEO")
    assert (made.saved, len(set(made.ids))) == (2, 2)
    assert any("it got a new one" in line for line in made.lost)


def test_a_foreign_file_gets_new_ids_and_its_handling(there: Workspace, tmp_path: Path) -> None:
    path = features(tmp_path / "a.geojson", {"type": "Point", "coordinates": [1, 2]}, name="x", tlp="RED", id="mine")
    secret = Handling(rank=Rank.SECRET, attributions=frozenset({"somebody"}))
    first, second = (import_annotations(there, path, author="CLEO", handling=secret) for _ in range(2))
    assert first.ids != second.ids
    assert {one.handling for one in present(there).values()} == {secret & Handling(tlp=Tlp.RED)}


def test_a_bow_tie_becomes_a_draft_with_its_reason_and_its_marking(there: Workspace, tmp_path: Path) -> None:
    point = {"type": "Point", "coordinates": [1, 2]}
    path = features(tmp_path / "a.geojson", BOW, point, name="x", classification="SECRET", date="2024-05-06")
    made = import_annotations(there, path, author="CLEO")
    assert counts(made) == (1, 1, 0, 0)
    assert any("kept as a draft" in line for line in made.lost)
    (draft,) = there.catalog.drafts.all("CLEO")
    fields = dict(draft.fields)
    assert draft.reason
    assert draft.sketch.parts == ((((0, 0), (1, 1), (1, 0), (0, 1)),),)
    assert (fields["title"], fields["valid_from"]) == ("x", "060000ZMAY24")
    assert json.loads(fields["handling"])["rel:marking"] == "SECRET"
    assert set(FIELD_NAMES) <= set(fields)


def test_one_bad_feature_or_a_cancel_leaves_the_catalogue_as_it_was(there: Workspace, tmp_path: Path) -> None:
    point = {"type": "Point", "coordinates": [1, 2]}
    bad = features(tmp_path / "bad.geojson", point, BOW, {"type": "Point", "coordinates": [1, 200]})
    with pytest.raises(DamagedProductError, match=r"bad\.geojson, feature 3"):
        import_annotations(there, bad, author="CLEO")
    cancel = CancelToken()

    def watch(progress: Progress) -> None:
        if progress.done >= 0.5:
            cancel.cancel()

    with pytest.raises(CancelledError):
        import_annotations(
            there, features(tmp_path / "ok.geojson", point, BOW), author="A", report=watch, cancel=cancel
        )
    assert there.catalog.log.head()[0] == 0
    assert there.catalog.drafts.all() == []


def test_forces_come_along_and_keep_their_colour_here(here: Workspace, there: Workspace, tmp_path: Path) -> None:
    here.catalog.annotations.save_force(Force("RED", "#cc0000"), author="ANNA")
    here.catalog.annotations.save_force(Force("BLUE", "#0000ff"), author="ANNA")
    path = tmp_path / "a.kml"
    export_annotations(here, AnnotationQuery(), path)
    made = import_annotations(there, path, author="CLEO")
    forces = {force.name: force.colour for force in there.catalog.annotations.forces()}
    assert (forces["RED"], forces["BLUE"]) == ("#cc0000", "#5b8def")
    assert any("BLUE is #0000ff in the file and stays #5b8def here" in line for line in made.lost)


@pytest.mark.parametrize(
    ("handling", "evidence", "words"),
    [
        (Handling(derivatives=False), True, "A1: its licence allows no derived products"),
        (Handling(redistribution=False), False, "A1: its licence does not let it be passed on"),
        (Handling(redistribution=False), True, None),  # a product of what may not be passed on
        (Handling(embargo_until=dt.datetime(2999, 1, 1, tzinfo=dt.UTC)), True, "A1: under embargo until 010000ZJAN99"),
        (Handling(embargo_until=dt.datetime(2000, 1, 1, tzinfo=dt.UTC)), True, None),
    ],
)
def test_what_may_not_leave_does_not(
    here: Workspace, tmp_path: Path, handling: Handling, *, evidence: bool, words: str | None
) -> None:
    store = here.catalog.annotations
    links = annotation("a1").evidence if evidence else ()
    store.save(annotation("a1", handling=handling, evidence=links), author="ANNA", base=store.get("a1").version)
    path = tmp_path / "a.geojson"
    if words is None:
        assert export_annotations(here, AnnotationQuery(), path).count == 3
        return
    with pytest.raises(AccessError, match=words):
        export_annotations(here, AnnotationQuery(), path)
    assert not path.exists()
    assert export_annotations(here, AnnotationQuery(ids=("l1",)), path).count == 1


def test_the_query_narrows_the_export_in_both_times(here: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    before = here.catalog.annotations.get("t1").known_from
    store = here.catalog.annotations
    store.save(annotation("a1", title="Later"), author="ANNA", base=store.get("a1").version)
    for query, count in (
        (AnnotationQuery(bbox=(32.5, 50, 34, 52)), 1),
        (AnnotationQuery(valid_at=START - dt.timedelta(days=1)), 0),
        (AnnotationQuery(kinds=(AnnotationKind.ROUTE,)), 0),
        (AnnotationQuery(limit=2), 2),
    ):
        assert export_annotations(here, query, path).count == count
    export_annotations(here, AnnotationQuery(known_at=before), path)
    assert "Later" not in path.read_text()
    export_annotations(here, AnnotationQuery(), path)
    assert "Later" in path.read_text()


def test_nothing_is_still_a_marked_file(there: Workspace, tmp_path: Path) -> None:
    for suffix in SUFFIXES:
        path = tmp_path / f"none{suffix}"
        assert export_annotations(there, AnnotationQuery(), path).count == 0
        assert counts(import_annotations(there, path, author="CLEO")) == (0, 0, 0, 0)
    with pytest.raises(UnknownProductError):
        export_annotations(there, AnnotationQuery(), tmp_path / "none.shp")


def test_rings_turned_the_other_way_say_the_same() -> None:
    one = annotation("a1")
    other = replace(one, geometry=shapely.Polygon(one.geometry.exterior.coords[::-1]))
    assert equal(one, other)
    line = annotation("l1", shape=Shape.LINE, geometry=shapely.LineString([(1, 1), (0, 0)]))
    assert equal(line, replace(line))
    assert not equal(line, replace(line, geometry=line.geometry.reverse()))  # its teeth point the other way
    assert not equal(one, replace(one, geometry=shapely.box(30, 50, 31, 51)))
    assert not equal(one, replace(one, notes="other"))
