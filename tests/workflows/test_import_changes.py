"""Change products of others become runs with the producer's words: no more is claimed than was stated."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from dashboard.catalog.query import ChangeQuery
from dashboard.cli.main import run as command
from dashboard.geo.geodesy import area_m2
from dashboard.model.change import Basis, ChangeRun, ChangeSign, ChangeStatus, DetectedChange
from dashboard.model.errors import CancelledError, InputError, ResourceError
from dashboard.model.handling import Handling
from dashboard.model.progress import CancelToken
from dashboard.model.review import Verdict
from dashboard.simulate.products.dist_alert import (
    GRID,
    TIME,
    Disturbance,
    Pass,
    looks_after,
    looks_before,
    write_dist_alert,
)
from dashboard.sources.dist_alert import dist_alerts, read_dist_alert
from dashboard.workflows import import_changes as module
from dashboard.workflows.chips import change_series, chips
from dashboard.workflows.detection.export import write_changes
from dashboard.workflows.import_changes import ImportOptions, import_changes, stated
from dashboard.workflows.review import Order, Sieve, page, queue, summary
from dashboard.workflows.review_columns import columns
from dashboard.workflows.workspace import Workspace, open_workspace

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "opera-dist-s1-chile-fire"
PRIOR = "OPERA_L3_DIST-ALERT-S1_T19HBD_20240214T100429Z_20240215T000000Z_S1A_30_v0.1"
PRIOR_TIME = datetime(2024, 2, 14, 10, 4, 29, tzinfo=UTC)
TAKEN = replace(Pass(), prior=PRIOR)


@pytest.fixture(name="workspace")
def _workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "w") as workspace:
        yield workspace


def at(row: int, col: int, status: int, **facts: object) -> Disturbance:
    """Three by four pixels."""
    place = {"rows": slice(row, row + 3), "cols": slice(col, col + 4)}
    return Disturbance(**place, status=status, **{"first": TIME, **facts})


def told(folder: Path, *disturbances: Disturbance, taken: Pass = TAKEN) -> tuple[ChangeRun, tuple[DetectedChange, ...]]:
    written = write_dist_alert(folder, disturbances, taken)
    return stated(read_dist_alert(written.name, written))


def pixel_box(row: int, col: int) -> shapely.Polygon:
    x, y = GRID.affine * (col, row)
    to = Transformer.from_crs(GRID.crs.to_wkt(), "EPSG:4326", always_xy=True)
    ring = [(x, y), (x + 120, y), (x + 120, y - 90), (x, y - 90)]
    return shapely.Polygon([to.transform(*each) for each in ring])


def test_every_state_of_the_producer_has_its_status(tmp_path: Path) -> None:
    _, changes = told(tmp_path, *(at(5 * state, 10, state, metric=2.0 + state) for state in range(1, 9)))
    by_state = [change.status.value for change in sorted(changes, key=lambda change: change.score)]
    assert by_state == ["first", "provisional", "confirmed", "first", "provisional", "confirmed", "ended", "ended"]
    assert [change.score for change in changes] == sorted((change.score for change in changes), reverse=True)


def test_a_change_is_where_when_and_as_strong_as_stated(tmp_path: Path) -> None:
    where = at(10, 20, 6, first=TIME - timedelta(days=12), count=4, percent=66, metric=7.25)
    run, (change,) = told(tmp_path, where)
    truth = pixel_box(10, 20)
    assert shapely.symmetric_difference(change.geometry, truth).area < 1e-6 * truth.area
    assert change.area_m2 == pytest.approx(area_m2(truth), rel=1e-6)
    assert change.area_m2 == pytest.approx(12 * 900, rel=5e-3)
    assert (change.pixels, change.score, change.status) == (12, 7.25, ChangeStatus.CONFIRMED)
    assert (change.confirming, change.looks) == (4, (3, 6))
    assert change.before == datetime(2024, 2, 4, 23, 59, 59, tzinfo=UTC)  # a day is all the product states
    assert change.after == TIME - timedelta(days=365) + timedelta(seconds=2)
    assert change.date_range is None
    assert change.evidence == looks_after(TAKEN)
    assert change.run_id == run.id


def test_nothing_is_claimed_that_is_not_stated(tmp_path: Path) -> None:
    run, (change,) = told(tmp_path, at(10, 20, 3))
    assert (run.basis, run.announced, run.method) == (Basis.STATED, None, "opera-dist-alert-s1")
    assert change.confidence is None
    assert (change.sign, change.magnitude_db, change.magnitudes, change.p_value) == (ChangeSign.MIXED, 0.0, (), 1.0)
    words = " ".join(run.remarks)
    assert "OPERA DIST-ALERT-S1 0.1" in words
    assert "dist-s1 2.0.6" in words
    assert "no magnitude" in words
    assert "low from 2.5, high from 4.5" in words
    assert run.software == "dist-s1 2.0.6"
    assert dict(run.parameters)["product"] == TAKEN.name
    assert list(run.parameters) == sorted(run.parameters)
    assert (run.looked_before, run.looked_after) == (looks_before(TAKEN), looks_after(TAKEN))
    assert (run.before, run.after) == (looks_before(TAKEN)[-1], looks_after(TAKEN)[0])
    assert run.handling == Handling(caveats=frozenset({"EXERCISE - SYNTHETIC DATA"})) == change.handling


def test_looks_that_are_named_give_their_moment_and_others_their_day(tmp_path: Path) -> None:
    _, changes = told(
        tmp_path,
        at(5, 5, 4, first=TIME, metric=9.0),
        at(15, 5, 5, first=PRIOR_TIME, last=PRIOR_TIME, metric=8.0),
        at(25, 5, 6, first=TIME - timedelta(days=20), metric=7.0),
    )
    assert [change.before for change in changes] == [
        TIME, PRIOR_TIME, datetime(2024, 1, 27, 23, 59, 59, tzinfo=UTC),
    ]  # fmt: skip
    assert [change.evidence for change in changes] == [looks_after(TAKEN), (PRIOR,), looks_after(TAKEN)]
    assert all(change.after < change.before for change in changes)


def test_states_never_share_a_polygon_and_corners_join(tmp_path: Path) -> None:
    _, changes = told(tmp_path, at(10, 10, 6), at(13, 10, 5), at(16, 14, 5), at(20, 14, 5))
    assert sorted((change.status.value, change.pixels) for change in changes) == [
        ("confirmed", 12), ("provisional", 12), ("provisional", 24),
    ]  # fmt: skip


def test_an_area_of_several_days_has_that_of_most_pixels_and_an_interval(tmp_path: Path) -> None:
    early, late = TIME - timedelta(days=24), TIME - timedelta(days=12)
    one = Disturbance(rows=slice(10, 12), cols=slice(10, 20), status=6, first=early)
    two = Disturbance(rows=slice(12, 18), cols=slice(10, 20), status=6, first=late)
    _, (change,) = told(tmp_path, one, two)
    assert change.before.date() == late.date()
    assert change.date_range is not None
    assert change.date_range[0] <= change.after < change.before
    assert change.date_range[1] == change.before
    _, (turned,) = told(tmp_path / "b", replace(one, rows=slice(10, 17)), replace(two, rows=slice(17, 18)))
    assert turned.before.date() == early.date()
    assert turned.date_range is not None
    assert turned.date_range[1].date() == late.date()


def test_ground_without_data_is_unobserved_and_never_no_change(tmp_path: Path) -> None:
    whole, _ = told(tmp_path / "a", at(40, 40, 6))
    run, (change,) = told(tmp_path / "b", at(40, 40, 6), taken=replace(TAKEN, unseen=(slice(0, 30), slice(0, 80))))
    assert whole.unobserved is None
    assert run.unobserved is not None
    assert run.observed_km2 == pytest.approx(whole.observed_km2 / 2, rel=1e-3)
    assert whole.observed_km2 == pytest.approx(60 * 80 * 900e-6, rel=5e-3)
    assert not run.unobserved.intersects(change.geometry)
    assert any("50.0% of the tile has no data" in each for each in run.remarks)
    west, south, east, north = run.extent
    assert shapely.box(west - 1e-9, south - 1e-9, east + 1e-9, north + 1e-9).covers(run.unobserved)


def test_a_pass_that_did_not_look_here_says_so(tmp_path: Path) -> None:
    looked, _ = told(tmp_path / "a", at(5, 5, 6, last=PRIOR_TIME, first=PRIOR_TIME))
    run, (change,) = told(
        tmp_path / "b", at(5, 5, 6, last=PRIOR_TIME, first=PRIOR_TIME), taken=replace(TAKEN, looked=False)
    )
    said = "did not look at 100% of the observed ground"
    assert any(said in each and PRIOR in each for each in run.remarks)
    assert not any("did not look" in each for each in looked.remarks)
    assert change.evidence == (PRIOR,)


def test_a_quiet_product_is_a_run_without_changes(tmp_path: Path) -> None:
    run, changes = told(tmp_path)
    assert changes == ()
    assert run.observed_km2 > 0


def test_small_areas_are_left_out_and_counted(tmp_path: Path) -> None:
    speck = Disturbance(rows=slice(30, 31), cols=slice(30, 31), status=1, first=TIME)
    written = write_dist_alert(tmp_path, [at(10, 10, 6), speck], TAKEN)
    product = read_dist_alert(written.name, written)
    every, some = stated(product), stated(product, least_pixels=2)
    assert (len(every[1]), len(some[1])) == (2, 1)
    assert some[1][0].pixels == 12
    assert "1 areas were left out as too small." in some[0].remarks
    assert every[0].id != some[0].id
    assert every[0].observed_km2 == some[0].observed_km2
    with pytest.raises(InputError, match="0 pixels"):
        ImportOptions(least_pixels=0)


def test_more_than_anyone_reviews_is_refused_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CHANGES", 1)
    with pytest.raises(ResourceError, match=r"holds 2 areas; one run holds 1\. .* least number of pixels"):
        told(tmp_path, at(10, 10, 6), at(20, 20, 6))


def test_importing_reads_nothing_into_its_input(tmp_path: Path) -> None:
    written = write_dist_alert(tmp_path, [at(10, 10, 6), at(13, 10, 2)], TAKEN)
    product = read_dist_alert(written.name, written)
    for name in ("status", "first_day", "last_day", "count", "percent", "metric", "metric_max"):
        getattr(product, name).flags.writeable = False
    assert stated(product) == stated(product)


def test_a_metric_that_is_missing_scores_nothing(tmp_path: Path) -> None:
    _, (change,) = told(tmp_path, at(10, 10, 6, metric=np.nan))
    assert change.score == 0.0


def test_a_product_is_known_by_its_content(workspace: Workspace, tmp_path: Path) -> None:
    first = write_dist_alert(tmp_path / "in", [at(10, 10, 6), at(20, 10, 1)], TAKEN)
    copy = write_dist_alert(tmp_path / "copy", [at(10, 10, 6), at(20, 10, 1)], TAKEN)
    would = import_changes(workspace, [first], options=ImportOptions(dry_run=True))
    assert [entry.status for entry in would] == ["would add"]
    assert workspace.catalog.changes.runs() == []
    before = datetime.now(UTC)
    entries = [*import_changes(workspace, [first]), *import_changes(workspace, [copy, copy])]
    assert [entry.status for entry in entries] == ["added", "already there"]
    assert entries[0].id == entries[1].id
    (run,) = workspace.catalog.changes.runs()
    said, changes = stated(read_dist_alert(first.name, first))
    assert before <= run.created <= datetime.now(UTC)  # known since it was imported, not since it was made
    assert replace(run, created=said.created) == said
    assert said.created == TAKEN.made
    assert sorted(workspace.catalog.changes.find(ChangeQuery()), key=lambda each: each.id) == sorted(
        changes, key=lambda each: each.id
    )
    other = write_dist_alert(tmp_path / "other", [at(10, 10, 6)], TAKEN)
    assert [entry.status for entry in import_changes(workspace, [other])] == ["added"]
    assert len(workspace.catalog.changes.runs()) == 2


def test_an_imported_run_is_reviewed_and_exported_like_ones_own(workspace: Workspace, tmp_path: Path) -> None:
    written = write_dist_alert(tmp_path / "in", [at(10, 10, 6, metric=9.0), at(20, 10, 1, metric=3.0)], TAKEN)
    (entry,) = import_changes(workspace, [written])
    assert entry.id is not None
    (run,) = workspace.catalog.changes.runs()
    seen = columns(workspace, entry.id, reviewer="first")
    assert [seen.ids[row] for row in queue(seen, Sieve(min_score=4.5), Order.CONFIDENCE)] == [
        change.id for change in workspace.catalog.changes.find(ChangeQuery()) if change.score == 9.0
    ]
    (strong,) = page(workspace, seen, queue(seen, Sieve(statuses=frozenset({ChangeStatus.CONFIRMED})), Order.SIZE))
    workspace.catalog.reviews.judge(strong.id, "first", Verdict.DAMAGE, "", base=0, event_id="one")
    known = columns(workspace, entry.id, reviewer="first")
    counted = summary(known, queue(known, Sieve(), Order.SIZE))
    assert (counted.count, counted.precision.real, counted.expected_false) == (2, 1, None)
    assert chips(workspace, strong, run, polarisation=None) is None  # its looks are not here
    assert change_series(workspace, strong, run) == ()
    told_to = json.loads(write_changes(workspace, entry.id, tmp_path / "out.geojson").read_text())
    assert len(told_to["features"]) == 2
    text = json.dumps(told_to)
    assert "stated" in text
    assert "OPERA DIST-ALERT-S1" in text
    assert "EXERCISE - SYNTHETIC DATA" in text


def test_one_damaged_product_stops_no_other(workspace: Workspace, tmp_path: Path) -> None:
    good = write_dist_alert(tmp_path / "in", [at(10, 10, 6)], TAKEN)
    bad = write_dist_alert(tmp_path / "in", [], replace(TAKEN, time=TIME + timedelta(days=5)))
    next(bad.glob("*GEN-DIST-DATE.tif")).write_bytes(b"II*\0")
    entries = import_changes(workspace, [tmp_path / "in"])
    assert [entry.status.split(":")[0] for entry in entries] == ["added", "failed"]
    assert (entries[0].path, entries[1].exit_code) == (good, 4)
    assert "GEN-DIST-DATE" in entries[1].message
    assert len(workspace.catalog.changes.runs()) == 1


def test_a_stop_and_a_wrong_path_record_nothing(workspace: Workspace, tmp_path: Path) -> None:
    written = write_dist_alert(tmp_path / "in", [at(10, 10, 6)], TAKEN)
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        import_changes(workspace, [written], cancel=cancel)
    with pytest.raises(InputError, match="does not exist"):
        import_changes(workspace, [tmp_path / "nowhere"])
    assert workspace.catalog.changes.runs() == []


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "220")
    written = write_dist_alert(tmp_path / "in", [at(10, 10, 6)], TAKEN)
    words = ["nightglass", "import-changes", str(written), "--data", str(tmp_path / "data")]
    for expected in ("1 added", "1 already there"):
        monkeypatch.setattr("sys.argv", words)
        with pytest.raises(SystemExit) as left:
            command()
        assert left.value.code == 0
        assert expected in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["nightglass", "ingest", str(written), "--data", str(tmp_path / "data")])
    with pytest.raises(SystemExit) as left:
        command()
    assert left.value.code == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "import-changes" in out
    assert "1 skipped" in out


@pytest.mark.skipif(not REAL.is_dir(), reason="the real DIST-ALERT-S1 products are not on this machine")
def test_the_real_fire() -> None:
    found = [stated(read_dist_alert(*each)) for each in dist_alerts(REAL)[3:]]
    assert [len(changes) for _, changes in found] == [282, 282, 676, 944, 944, 1166, 1333]
    for run, changes in found:
        assert sum(change.pixels for change in changes) < 40_000
        assert all(change.after < change.before and change.geometry.is_valid for change in changes)
        assert run.observed_km2 == pytest.approx(36.0, rel=2e-3)
    run, changes = found[-1]
    largest = max(changes, key=lambda change: change.area_m2)
    assert largest.status is ChangeStatus.CONFIRMED
    assert largest.before.date().isoformat() == "2024-02-04"  # the first pass after the fire of 2 and 3 February
    assert largest.area_m2 == pytest.approx(largest.pixels * 900, rel=5e-3)
    assert [any("did not look at 100%" in each for each in run.remarks) for run, _ in found] == [
        False, True, False, False, True, False, False,
    ]  # fmt: skip
