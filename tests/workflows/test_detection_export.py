"""Detected changes leave with everything they were found from, marked, whole or not at all."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyogrio
import pytest
import shapely
from pair_workspace import acquisition

from dashboard.model.change import Announced, Basis, ChangeRun, ChangeSign, ChangeStatus, DetectedChange
from dashboard.model.errors import AccessError, InputError, NotFoundError, ResourceError
from dashboard.model.handling import Handling, Tlp
from dashboard.model.review import Verdict
from dashboard.workflows.detection.export import write_changes
from dashboard.workflows.workspace import open_workspace

T0 = datetime(2026, 2, 1, 9, 30, tzinfo=UTC)
MARKED = Handling(tlp=Tlp.AMBER, caveats=frozenset({"EXERCISE"}))


def made_run(**changes):
    run = ChangeRun(
        id="change-tstat-1", created=T0 + timedelta(days=40), method="change-tstat",
        parameters=(("far", 1e-3), ("seed", 5.5)), before="a", after="b", extent=(36.0, 48.0, 36.2, 48.1),
        observed_km2=12.5, software="nightglass 0.1.0", inputs=(("x/a/VV.tif", "0" * 64), ("x/b/VV.tif", "1" * 64)),
        handling=MARKED, basis=Basis.PLACEBO, remarks=("2 dates were left out",), looked_before=("z", "a"),
        looked_after=("b",), unobserved=shapely.box(36.15, 48.0, 36.2, 48.1),
        announced=Announced(scores=(0.0, 3.0, 9.0), per_100km2=(30.0, 4.0, 0.5), windows=12, area_km2=12.5),
    )  # fmt: skip
    return replace(run, **changes)


def made_change(number, **changes):
    x = 36.0 + 0.01 * number
    change = DetectedChange(
        id=f"change-{number}", run_id="change-tstat-1", geometry=shapely.box(x, 48.0, x + 0.005, 48.004).reverse(),
        area_m2=1234.5, pixels=12, after=T0 + timedelta(days=12, microseconds=0), before=T0 + timedelta(days=24),
        magnitude_db=-4.5, sign=ChangeSign.DARKER, p_value=1e-7, evidence=("z", "a", "b"), handling=MARKED,
        score=2.0 * number, confidence=0.9, magnitudes=(("VV", -4.5, 6.0),),
        date_range=(T0, T0 + timedelta(days=24)), status=ChangeStatus.CONFIRMED, looks=(20, 3), confirming=3,
        stacks=(1, 2),
    )  # fmt: skip
    return replace(change, **changes)


@pytest.fixture
def world(tmp_path):
    with open_workspace(tmp_path / "data") as opened:
        for name in "zab":
            opened.catalog.acquisitions.add(acquisition(name, handling=MARKED))
        opened.catalog.changes.add_run(made_run(), [made_change(n) for n in range(4)])
        opened.catalog.reviews.judge("change-3", "anna", Verdict.DAMAGE, "roof gone", base=0, event_id="1")
        opened.catalog.reviews.judge("change-3", "ben", Verdict.FALSE_ALARM, "", base=0, event_id="2")
        opened.catalog.reviews.judge("change-2", "anna", Verdict.WATER, "", base=0, event_id="3")
        yield opened


def read(path):
    text = json.loads(path.read_text())
    return text["nightglass"], {each["id"]: each for each in text["features"]}


def test_geojson_says_of_every_change_how_it_was_found(world, tmp_path):
    facts, features = read(write_changes(world, "change-tstat-1", tmp_path / "out.geojson"))
    assert list(features) == ["change-3", "change-2", "change-1", "change-0"]
    said = features["change-3"]["properties"]
    assert said["evidence"] == ["z", "a", "b"]
    assert (said["score"], said["confidence"], said["expected_false_per_100km2"]) == (6.0, 0.9, 4.0)
    assert (said["looks_before"], said["looks_after"], said["confirming"]) == (20, 3, 3)
    assert (said["sign"], said["status"], said["basis"]) == ("darker", "confirmed", "placebo")
    assert (said["after"], said["happened_to"]) == ("2026-02-13T09:30:00Z", "2026-02-25T09:30:00Z")
    assert said["magnitudes"] == [{"polarisation": "VV", "median_db": -4.5, "p95_db": 6.0}]
    assert said["banner"] == MARKED.banner == facts["banner"]
    assert said["handling"]["rel:tlp"] == "TLP:AMBER"
    verdicts = [(each["reviewer"], each["verdict"]) for each in said["verdicts"]]
    assert verdicts == [("anna", "damage"), ("ben", "false-alarm")]
    assert said["disputed"] is True
    ring = shapely.geometry.shape(features["change-3"]["geometry"])
    assert ring.exterior.is_ccw
    assert ring.equals(made_change(3).geometry)


def test_the_file_says_how_to_repeat_and_judge_the_run(world, tmp_path):
    facts, _ = read(write_changes(world, "change-tstat-1", tmp_path / "out.geojson"))
    assert facts["parameters"] == {"far": 1e-3, "seed": 5.5}
    assert facts["inputs"][1] == {"path": "x/b/VV.tif", "sha256": "1" * 64}
    assert (facts["acquisitions_before"], facts["acquisitions_after"]) == (["z", "a"], ["b"])
    assert (facts["method"], facts["basis"], facts["run_software"]) == ("change-tstat", "placebo", "nightglass 0.1.0")
    assert facts["announced"]["expected_false_per_100km2"] == [30.0, 4.0, 0.5]
    assert facts["remarks"] == ["2 dates were left out"]
    assert shapely.from_wkt(facts["unobserved"]).equals(made_run().unobserved)
    assert (facts["precision"]["reviewed"], facts["precision"]["disputed"]) == (1, 1)
    chosen = facts["precision"]["chosen"]
    assert (chosen["of"], chosen["scores_of_all"]) == (4, [0.0, 6.0])
    assert chosen["how"] in {"too few to tell", "the surest"}
    assert (facts["found"], facts["written"], facts["observed_km2"]) == (4, 4, 12.5)


def test_a_threshold_leaves_the_weak_out_and_says_so(world, tmp_path):
    facts, features = read(write_changes(world, "change-tstat-1", tmp_path / "out.geojson", min_score=4.0))
    assert list(features) == ["change-3", "change-2"]
    assert (facts["found"], facts["written"], facts["min_score"]) == (4, 2, 4.0)


def test_a_geopackage_holds_the_same(world, tmp_path):
    path = write_changes(world, "change-tstat-1", tmp_path / "out.gpkg")
    assert {name for name, _ in pyogrio.list_layers(path)} == {"changes", "unobserved", "inputs", "nightglass"}
    rows = pyogrio.read_dataframe(path, layer="changes").set_index("id")
    _, features = read(write_changes(world, "change-tstat-1", tmp_path / "out.geojson"))
    for id_, feature in features.items():
        said = feature["properties"]
        for name in ("score", "confidence", "area_m2", "magnitude_db", "p_value", "looks_before", "stacks", "sign"):
            assert rows.loc[id_, name] == said[name], name
        assert json.loads(rows.loc[id_, "evidence"]) == said["evidence"]
        assert rows.loc[id_, "before"].isoformat() == "2026-02-25T09:30:00+00:00"
        assert rows.loc[id_, "geometry"].equals(shapely.geometry.shape(feature["geometry"]))
    inputs = pyogrio.read_dataframe(path, layer="inputs", read_geometry=False)
    assert list(inputs["sha256"]) == ["0" * 64, "1" * 64]
    about = pyogrio.read_dataframe(path, layer="nightglass", read_geometry=False).set_index("name")["value"]
    assert about["banner"] == MARKED.banner
    assert json.loads(about["parameters"]) == {"far": 1e-3, "seed": 5.5}
    assert pyogrio.read_info(path, layer="changes")["layer_metadata"]["BANNER"] == MARKED.banner
    assert pyogrio.read_dataframe(path, layer="unobserved").geometry[0].equals(made_run().unobserved)


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg"])
def test_a_run_that_found_nothing_is_a_file_too(world, tmp_path, suffix):
    empty = made_run(id="empty", unobserved=None, announced=None, looked_before=(), looked_after=())
    world.catalog.changes.add_run(empty, [])
    path = write_changes(world, "empty", tmp_path / f"out{suffix}")
    if suffix == ".gpkg":
        assert len(pyogrio.read_dataframe(path, layer="changes")) == 0
    else:
        facts, features = read(path)
        assert features == {}
        assert (facts["acquisitions_before"], facts["found"]) == (["a"], 0)


def test_one_look_that_may_not_leave_keeps_all_of_it_here(world, tmp_path):
    closed = Handling(derivatives=False)
    later = Handling(embargo_until=datetime.now(UTC) + timedelta(days=1))
    world.catalog.acquisitions.add(acquisition("closed", handling=closed))
    run = made_run(id="shut", looked_before=("z", "closed"), handling=closed & MARKED)
    world.catalog.changes.add_run(run, [])
    with pytest.raises(AccessError, match="closed: its licence allows no derived products"):
        write_changes(world, "shut", tmp_path / "out.gpkg")
    world.catalog.changes.add_run(made_run(id="soon", handling=later, looked_before=("gone",)), [])
    with pytest.raises(AccessError, match="soon: under embargo until"):
        write_changes(world, "soon", tmp_path / "out.gpkg")
    change = replace(made_change(9, handling=later), run_id="by-change")
    world.catalog.changes.add_run(made_run(id="by-change"), [change])
    with pytest.raises(AccessError, match="under embargo"):
        write_changes(world, "by-change", tmp_path / "out.gpkg")
    assert list(tmp_path.glob("*out*")) == []


def test_what_cannot_be_written_is_refused_and_leaves_what_was_there(world, tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"out.shp is none of .gpkg, .geojson"):
        write_changes(world, "change-tstat-1", tmp_path / "out.shp")
    with pytest.raises(NotFoundError, match="no-such-run"):
        write_changes(world, "no-such-run", tmp_path / "out.gpkg")
    with pytest.raises(ResourceError, match="cannot be written"):
        write_changes(world, "change-tstat-1", tmp_path / "nowhere" / "out.geojson")
    kept = tmp_path / "kept.geojson"
    kept.write_text("before")
    monkeypatch.setattr(json, "dumps", lambda *_, **__: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(ResourceError, match="No room"):
        write_changes(world, "change-tstat-1", kept)
    assert kept.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
