"""`nightglass annotations`: files in, files out, one line when it cannot be."""

import datetime as dt
import json
from pathlib import Path

import pytest
import shapely
from typer.testing import CliRunner

from dashboard.cli.main import app
from dashboard.model.annotation import Annotation, AnnotationKind
from dashboard.model.errors import AccessError, InputError, NightglassError, UnknownProductError
from dashboard.model.handling import Handling
from dashboard.model.sketch import Shape
from dashboard.workflows.workspace import open_workspace

BOW = [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]


def feature(kind: str, coordinates: object, **properties: object) -> dict[str, object]:
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "properties": {"date": "2024-05-06", **properties}, "geometry": geometry}


LINES = {
    "type": "FeatureCollection",
    "features": [feature("Point", [30, 50], name="bridge", speed=3), feature("Polygon", BOW, name="bow")],
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    open_workspace(tmp_path / "data").close()
    (tmp_path / "in.geojson").write_text(json.dumps(LINES))
    return tmp_path


def run(root: Path, *words: str) -> str:
    done = CliRunner().invoke(app, ["annotations", *words, "--data", str(root / "data")])
    if done.exception is not None:
        raise done.exception
    return done.output


def test_in_and_out_again(root: Path) -> None:
    said = run(root, "import", str(root / "in.geojson"), "--author", "ANNA", "--tlp", "amber")
    assert "1 recorded, 1 kept as drafts" in said
    assert "'speed' went into the notes" in said
    out = root / "out.kml"
    assert "1 annotations, TLP:AMBER" in run(root, "export", str(out), "--bbox", "29,49,31,51", "--kind", "note")
    assert "bridge" in out.read_text()
    for option, value, count in (
        ("--bbox", "0,0,1,1", 0),
        ("--valid-at", "2024-05-05T00:00Z", 0),
        ("--valid-at", "061530ZMAY24", 1),
        ("--known-at", "2020-01-01", 0),
        ("--kind", "route", 0),
    ):
        assert f"{count} annotations" in run(root, "export", str(root / "few.gpkg"), option, value)


@pytest.mark.parametrize(
    ("words", "kind", "text"),
    [
        (["import", "missing.geojson"], InputError, "does not exist"),
        (["import", "a.shp"], UnknownProductError, "none of .geojson"),
        (["import", "in.geojson", "--tlp", "pink"], InputError, "--tlp is 'pink'"),
        (["export", "x.geojson", "--bbox", "1,2,3"], InputError, "give west,south,east,north"),
        (["export", "x.geojson", "--bbox", "1,2,3,nan"], InputError, "no box on the globe"),
        (["export", "x.geojson", "--valid-at", "noon"], InputError, "is no time"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    root: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], kind: type[NightglassError], text: str
) -> None:
    monkeypatch.chdir(root)
    with pytest.raises(kind, match=text):
        run(root, *words)


def test_what_may_not_leave_is_refused_with_its_exit_code(root: Path) -> None:
    with open_workspace(root / "data") as workspace:
        held = Annotation(
            id="a1",
            kind=AnnotationKind.NOTE,
            shape=Shape.POINT,
            geometry=shapely.Point(30, 50),
            title="Held",
            valid_from=dt.datetime(2024, 5, 6, tzinfo=dt.UTC),
            handling=Handling(derivatives=False),
        )
        workspace.catalog.annotations.save(held, author="ANNA", base=0)
    with pytest.raises(AccessError, match="Held: its licence"):
        run(root, "export", str(root / "x.gpkg"))
    assert not (root / "x.gpkg").exists()
