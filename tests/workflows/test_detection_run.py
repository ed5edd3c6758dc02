"""A detection from stacks to catalogue: known changes found and dated, nothing claimed where nobody looked."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import shapely
from pair_workspace import SPACING_M, acquisition, grid
from stack_workspace import (
    LOOKS,
    OFF,
    ON,
    SHAPE,
    STEP_DB,
    UNSEEN,
    add,
    block,
    fill,
    looks,
    moment,
    overlap,
)

from dashboard.catalog.changes import ChangeQuery
from dashboard.geo.geodesy import area_m2
from dashboard.model.change import Basis, ChangeSign, ChangeStatus
from dashboard.model.errors import CancelledError, InputError, ResourceError
from dashboard.model.handling import Handling, Rank
from dashboard.model.progress import CancelToken
from dashboard.workflows.detection import floor as floor_module
from dashboard.workflows.detection import run as run_module
from dashboard.workflows.detection.question import Method, Question
from dashboard.workflows.detection.run import detect
from dashboard.workflows.workspace import open_workspace

BEFORE, AFTER = 14, 3
EVENT_DAY = 12 * BEFORE


def question(**options):
    asked = {
        "before": (moment(0), moment(EVENT_DAY - 1)),
        "after": (moment(EVENT_DAY), moment(400)),
        "anchors": ("look-00",),
    }
    return Question(**{**asked, **options})


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with open_workspace(tmp_path_factory.mktemp("run")) as opened:
        fill(opened, before=BEFORE, after=AFTER, unseen_after=True, handling=Handling(rank=Rank.RESTRICTED))
        yield opened


@pytest.fixture(scope="module")
def answer(world):
    return detect(world, question(), geobox=grid(SHAPE))


def best(changes, place):
    return max(changes, key=lambda change: overlap(change.geometry, block(place)))


def test_the_known_changes_are_found_and_described(answer):
    run, changes = answer
    for place, sign in ((ON, ChangeSign.BRIGHTER), (OFF, ChangeSign.DARKER)):
        change = best(changes, place)
        assert overlap(change.geometry, block(place)) > 0.6
        assert change.sign is sign
        assert abs(change.magnitude_db) == pytest.approx(STEP_DB, abs=1.5)
        assert [name for name, *_ in change.magnitudes] == ["VV", "VH"]
        assert change.looks == (BEFORE, AFTER)
        assert change.p_value < 1e-4
        assert change.area_m2 == pytest.approx(area_m2(change.geometry))
        assert change.confidence > 0.6
        assert change in changes[:4]
    scores = [change.score for change in changes]
    assert scores == sorted(scores, reverse=True)
    assert all(a.confidence >= b.confidence for a, b in pairwise(changes))
    assert run.basis is Basis.PLACEBO
    assert run.announced.windows > 1


def test_a_change_is_dated_by_its_looks(answer):
    _, changes = answer
    change = best(changes, ON)
    assert (change.after, change.before) == (moment(EVENT_DAY - 12), moment(EVENT_DAY))
    assert change.date_range[0] <= change.after < change.before <= change.date_range[1]
    assert change.status is ChangeStatus.CONFIRMED
    assert change.confirming == AFTER
    assert change.stacks == (1, 1)
    assert change.evidence == tuple(f"look-{n:02d}" for n in range(BEFORE + AFTER))


def test_ground_without_a_look_after_is_not_no_change(answer):
    run, changes = answer
    unseen = (UNSEEN[0].stop - UNSEEN[0].start) * (UNSEEN[1].stop - UNSEEN[1].start)
    expected = (SHAPE[0] * SHAPE[1] - unseen) * SPACING_M**2 / 1e6
    assert run.observed_km2 == pytest.approx(expected, rel=2e-3)
    assert overlap(run.unobserved, block(UNSEEN)) > 0.94
    assert not any(change.geometry.intersects(block(UNSEEN).buffer(-2e-4)) for change in changes)


def test_the_run_says_how_to_repeat_it(world, answer):
    run, changes = answer
    named = dict(run.parameters)
    assert list(named) == sorted(named)
    assert (named["far"], named["question"], named["method_asked"]) == (1e-3, question().id, "auto")
    assert named["placebo_windows"] == run.announced.windows
    assert (run.method, run.remarks) == ("change-tstat", ())
    assert run.looked_before == tuple(f"look-{n:02d}" for n in range(BEFORE))
    assert run.looked_after == tuple(f"look-{n:02d}" for n in range(BEFORE, BEFORE + AFTER))
    assert (run.before, run.after) == (run.looked_before[-1], run.looked_after[0])
    assert len(run.inputs) == 2 * (BEFORE + AFTER)
    assert run.handling.rank is Rank.RESTRICTED
    assert {change.handling for change in changes} == {run.handling}
    stored = world.catalog.changes.find(ChangeQuery(run_id=run.id))
    assert {change.id: change for change in stored} == {change.id: change for change in changes}
    assert next(old for old in world.catalog.changes.runs() if old.id == run.id) == run


def test_the_same_question_again_records_nothing_new(world, answer):
    count, revision = len(world.catalog.changes.runs()), world.catalog.revision
    assert detect(world, question(), geobox=grid(SHAPE)) == answer
    assert (len(world.catalog.changes.runs()), world.catalog.revision) == (count, revision)
    stricter, changes = detect(world, question(far=1e-4), geobox=grid(SHAPE))
    assert stricter.id != answer[0].id
    assert best(changes, ON).sign is ChangeSign.BRIGHTER


def test_looks_between_the_periods_only_date(world):
    asked = question(before=(moment(0), moment(EVENT_DAY - 20)), after=(moment(EVENT_DAY + 20), moment(400)))
    run, changes = detect(world, asked, geobox=grid(SHAPE))
    assert f"look-{BEFORE - 1:02d}" not in run.looked_before
    change = best(changes, ON)
    assert (change.after, change.before) == (moment(EVENT_DAY - 12), moment(EVENT_DAY))
    assert f"look-{BEFORE - 1:02d}" in change.evidence


def test_two_stacks_bear_each_other_out(tmp_path):
    with open_workspace(tmp_path) as opened:
        fill(opened, before=10, after=2)
        fill(opened, before=10, after=2, name="other", track=119, first_day=3, seed=9)
        asked = question(
            before=(moment(0), moment(119)), after=(moment(120), moment(400)), anchors=("look-00", "other-00")
        )
        run, changes = detect(opened, asked, geobox=grid(SHAPE))
        change = best(changes, ON)
        assert change.stacks == (2, 2)
        assert change.looks == (20, 4)
        assert change.confirming == 4
        assert {"look-11", "other-11"} <= set(change.evidence)
        assert len(run.looked_before) == 20


def test_a_grid_too_large_is_refused(world, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(run_module, "MOST_VALUES", 1000)
        with pytest.raises(ResourceError, match="Search it as an area"):
            detect(world, question(), geobox=grid(SHAPE))


def test_of_too_many_objects_the_strongest_are_recorded_and_the_run_says_so(world, monkeypatch):
    asked = question(far=2.5e-3)
    _, every = detect(world, asked, geobox=grid(SHAPE))
    assert len(every) > 2
    monkeypatch.setattr(floor_module, "MOST_OBJECTS", 2)
    run, changes = detect(world, replace(asked, far=2.6e-3), geobox=grid(SHAPE))
    assert 1 <= len(changes) <= 2
    assert any(remark.startswith("recorded from a score of") for remark in run.remarks)
    assert max(change.score for change in changes) >= max(change.score for change in every) / 2


def test_ground_seen_on_one_side_only_is_an_error(world):
    corner = grid((40, 30), down=5, right=205)
    with pytest.raises(InputError, match="seen both before and after"):
        detect(world, question(), geobox=corner)
    with pytest.raises(InputError, match="14 before, 0 after"):
        detect(world, question(after=(moment(900), moment(990))), geobox=grid(SHAPE))


def test_a_cancelled_run_leaves_nothing(world):
    cancel, runs = CancelToken(), len(world.catalog.changes.runs())

    def report(progress):
        if progress.done > 0.7:
            cancel.cancel()

    with pytest.raises(CancelledError):
        detect(world, question(far=5e-3), geobox=grid(SHAPE), report=report, cancel=cancel)
    assert len(world.catalog.changes.runs()) == runs


@pytest.mark.parametrize(
    ("before", "method", "says"),
    [
        (1, "log-ratio", "only 1 look before"),
        (2, "log-ratio", "only 2 looks before"),
        (5, "change-tstat", "only 5 looks before"),
    ],
)
def test_few_looks_before_use_a_law_and_say_so(tmp_path, before, method, says):
    with open_workspace(tmp_path) as opened:
        fill(opened, before=before, after=1)
        asked = question(before=(moment(0), moment(12 * before - 1)), after=(moment(12 * before), moment(400)))
        run, changes = detect(opened, asked, geobox=grid(SHAPE))
        assert run.basis is Basis.THEORY
        assert says in run.remarks[0]
        assert run.method == method
        assert run.announced.windows == 0
        change = best(changes, ON)
        assert overlap(change.geometry, block(ON)) > 0.4
        assert change.sign is ChangeSign.BRIGHTER
        assert shapely.is_valid(change.geometry)


def test_one_pair_of_one_polarisation_is_the_two_date_method(tmp_path):
    with open_workspace(tmp_path) as opened:
        for day, bands in zip((0, 12), looks([0, 12], event_day=12), strict=True):
            add(opened, acquisition(f"only-{day}", day=day, looks=LOOKS), {"VV": bands["VV"]})
        asked = question(before=(moment(0), moment(6)), after=(moment(10), moment(20)), anchors=("only-0",))
        run, changes = detect(opened, asked, geobox=grid(SHAPE))
        assert run.method == "log-ratio-f"
        assert best(changes, ON).sign is ChangeSign.BRIGHTER
        assert detect(opened, replace(asked, method=Method.LOG_RATIO), geobox=grid(SHAPE)) == (run, changes)


def test_nothing_is_found_where_nothing_changed(tmp_path):
    with open_workspace(tmp_path) as opened:
        fill(opened, before=BEFORE + AFTER, after=0)
        run, changes = detect(opened, question(far=1e-4), geobox=grid(SHAPE))
        expected = run.announced.at(0.0) * run.observed_km2 / 100.0
        assert len(changes) <= max(3.0, 3.0 * expected)
        assert run.unobserved is None
        assert all(np.isfinite(change.score) for change in changes)
