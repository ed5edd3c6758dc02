"""Detection from archive to catalogue: known changes found, nothing claimed where nothing was seen."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from pair_workspace import SPACING_M, acquisition, add, grid

from dashboard.catalog.changes import ChangeQuery
from dashboard.geo.geodesy import area_m2
from dashboard.geo.mercator import extent_of, screen_geobox
from dashboard.model.acquisition import UNCALIBRATED
from dashboard.model.change import ChangeSign
from dashboard.model.errors import (
    CancelledError,
    InputError,
    NotComparableError,
    ResourceError,
    UnknownUnitsError,
)
from dashboard.model.progress import CancelToken
from dashboard.simulate.speckle import speckle
from dashboard.workflows import detect as detect_module
from dashboard.workflows import searched
from dashboard.workflows.detect import detect
from dashboard.workflows.extent import box_of
from dashboard.workflows.workspace import open_workspace

SHAPE = (300, 400)
LOOKS = 25.0
ON = (slice(60, 72), slice(100, 115))
OFF = (slice(200, 210), slice(310, 320))
UNSEEN = (slice(0, 80), slice(300, 400))


def scenes(seed: int = 11) -> tuple[np.ndarray, np.ndarray]:
    """Two looks at one ground: one block 6 dB brighter, one 6 dB darker, 1.5 dB more everywhere, a corner unseen."""
    rng = np.random.default_rng(seed)
    ground = 0.03 * rng.lognormal(0, 1, SHAPE)
    before, after = (ground * speckle(SHAPE, LOOKS, rng) for _ in range(2))
    after *= 10**0.15
    after[ON] *= 10**0.6
    after[OFF] /= 10**0.6
    after[UNSEEN] = np.nan
    return before, after


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with open_workspace(tmp_path_factory.mktemp("detect")) as opened:
        before, after = scenes()
        a = add(opened, acquisition("before", day=0, looks=LOOKS), before)
        b = add(opened, acquisition("after", day=12, looks=LOOKS), after)
        yield opened, a, b


def run(world, **options):
    opened, a, b = world
    return detect(opened, a, b, **{"polarisation": "VV", "far": 1e-4, **options})


def block(place: tuple[slice, slice]) -> shapely.Geometry:
    rows, cols = place
    lattice = grid((rows.stop - rows.start, cols.stop - cols.start), down=rows.start, right=cols.start)
    return shapely.box(*box_of(lattice))


def overlap(a: shapely.Geometry, b: shapely.Geometry) -> float:
    return a.intersection(b).area / a.union(b).area


def test_the_known_changes_are_found_and_described(world):
    _, a, b = world
    found, changes = run(world)
    for place, sign in ((ON, ChangeSign.BRIGHTER), (OFF, ChangeSign.DARKER)):
        best = max(changes, key=lambda change: overlap(change.geometry, block(place)))
        assert overlap(best.geometry, block(place)) > 0.8
        assert best.sign is sign
        assert abs(best.magnitude_db) == pytest.approx(6, abs=0.5)
        assert (best.magnitude_db > 0) is (sign is ChangeSign.BRIGHTER)
        assert (best.after, best.before) == (a.start, b.start)
        assert best.evidence == ("before", "after")
        assert best.p_value < 1e-8
        assert best.area_m2 == pytest.approx(area_m2(best.geometry))
        assert best.area_m2 == pytest.approx(best.pixels * SPACING_M**2, rel=2e-3)
    assert len(changes) <= 4
    assert found.handling.attributions == {"before", "after"}
    assert all(change.handling == found.handling for change in changes)


def test_what_is_known_of_chance_stands_beside_every_change(world):
    _, a, b = world
    found, changes = run(world)
    assert found.announced.windows == 0
    assert "could not be checked" in found.remarks[0]
    assert (found.looked_before, found.looked_after) == (("before",), ("after",))
    assert found.unobserved.intersection(block(UNSEEN)).area > 0.95 * block(UNSEEN).area
    strongest = changes[0]
    assert strongest.score == pytest.approx(-np.log10(strongest.p_value), rel=1e-6)
    assert strongest.confidence > 0.5
    assert [name for name, *_ in strongest.magnitudes] == ["VV"]
    assert strongest.date_range == (a.start, b.start)


def test_the_run_says_how_to_repeat_it(world):
    opened, a, b = world
    found, changes = run(world)
    named = dict(found.parameters)
    assert list(named) == sorted(named)
    assert named["far"] == 1e-4
    assert named["min_pixels"] == 4
    assert named["looks_stated"] == LOOKS
    assert named["looks_used"] <= LOOKS
    assert named["looks_used"] == pytest.approx(LOOKS, rel=0.03)
    assert named["common_mode_db"] == pytest.approx(1.5, abs=0.05)
    assert found.inputs == tuple((acq.pixels.files[0].path, acq.pixels.files[0].sha256) for acq in (a, b))
    assert found.software.startswith("nightglass ")
    assert (found.before, found.after) == ("before", "after")
    assert opened.catalog.changes.find(ChangeQuery(run_id=found.id)) != []
    assert {c.id for c in opened.catalog.changes.find(ChangeQuery(run_id=found.id))} == {c.id for c in changes}


def test_only_ground_seen_twice_counts_as_observed(world):
    found, changes = run(world)
    unseen = (UNSEEN[0].stop - UNSEEN[0].start) * (UNSEEN[1].stop - UNSEEN[1].start)
    expected = (SHAPE[0] * SHAPE[1] - unseen) * SPACING_M**2 / 1e6
    assert found.observed_km2 == pytest.approx(expected, rel=2e-3)
    assert not any(change.geometry.intersects(block(UNSEEN).buffer(-1e-4)) for change in changes)


def test_the_same_run_again_records_nothing_new(world):
    opened, *_ = world
    first = run(world)
    count, revision = len(opened.catalog.changes.runs()), opened.catalog.revision
    assert run(world) == first
    assert (len(opened.catalog.changes.runs()), opened.catalog.revision) == (count, revision)
    other = run(world, far=3e-4)
    assert other[0].id != first[0].id


def test_tiles_do_not_show(world, monkeypatch):
    whole = run(world)
    monkeypatch.setattr(detect_module, "TILE", 64)
    assert run(world) == whole


def test_detection_on_the_screen_sees_the_same_blocks(world):
    screen = screen_geobox(extent_of(box_of(grid(SHAPE)), margin=0.05), 640, 480)
    found, changes = run(world, geobox=screen)
    for place in (ON, OFF):
        assert max(overlap(change.geometry, block(place)) for change in changes) > 0.75
    full, _ = run(world)
    assert found.observed_km2 == pytest.approx(full.observed_km2, rel=0.01)
    assert dict(found.parameters)["looks_used"] == pytest.approx(LOOKS, rel=0.05)


def test_a_pixel_drawn_many_times_is_not_many_pixels(world):
    west, south, east, north = box_of(grid(SHAPE))
    part = (west, south, west + (east - west) / 2, south + (north - south) / 2)
    found, changes = run(world, geobox=screen_geobox(extent_of(part), 900, 700), far=1e-3)
    named = dict(found.parameters)
    assert named["min_pixels"] >= 4 * SPACING_M**2 / named["pixel_m2"]
    assert all(change.area_m2 > 3.5 * SPACING_M**2 for change in changes)


def test_a_box_crops_the_search(world):
    crop = shapely.box(*box_of(grid((120, 200)))).bounds
    found, changes = run(world, bbox=crop)
    assert found.observed_km2 == pytest.approx(120 * 200 * SPACING_M**2 / 1e6, rel=0.1)
    assert any(overlap(change.geometry, block(ON)) > 0.8 for change in changes)
    assert not any(change.geometry.intersects(block(OFF)) for change in changes)


def test_few_pixels_are_tested_with_the_stated_looks(world):
    crop = box_of(grid((60, 60), down=100, right=100))
    found, _ = run(world, bbox=crop)
    named = dict(found.parameters)
    assert (named["looks_from"], named["looks_used"], named["common_mode_db"]) == ("stated", LOOKS, 0.0)


def test_few_pixels_without_stated_looks_are_refused(world):
    opened, a, b = world
    with pytest.raises(InputError, match=r"before and after"):
        run((opened, replace(a, looks=None), b), bbox=box_of(grid((60, 60), down=100, right=100)))


def test_identical_pixels_do_not_make_looks_out_of_nothing(world):
    opened, a, _ = world
    twin = replace(a, id="twin", start=a.start.replace(month=3), stop=a.stop.replace(month=3))
    found, changes = run((opened, a, twin))
    assert changes == ()
    assert dict(found.parameters)["looks_used"] == LOOKS


@pytest.mark.parametrize(
    ("fault", "error", "says"),
    [
        ({"calibration": UNCALIBRATED}, UnknownUnitsError, "after is uncalibrated: units are not stated"),
        ({"track": 12}, NotComparableError, "track: 46 / 12"),
        ({"mode": "SLF"}, NotComparableError, "mode: SM / SLF"),
        ({"pixels": None}, NotComparableError, "after has no pixels here"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_the_reason(world, fault, error, says):
    opened, a, b = world
    runs = len(opened.catalog.changes.runs())
    with pytest.raises(error, match=says) as caught:
        run((opened, a, replace(b, **fault)))
    assert "before and after" in str(caught.value)
    assert len(opened.catalog.changes.runs()) == runs


def test_a_missing_polarisation_is_named(world):
    with pytest.raises(NotComparableError, match="before has no pixels in HH"):
        run(world, polarisation="HH")


def test_ground_that_was_not_seen_twice_is_an_error_and_not_no_change(world):
    seen_once = box_of(grid((60, 80), down=5, right=310))
    with pytest.raises(InputError, match="no common observed ground"):
        run(world, bbox=seen_once)
    with pytest.raises(InputError, match="no common ground"):
        run(world, bbox=(0.0, 0.0, 1.0, 1.0))


def test_a_grid_or_a_box_but_not_both(world):
    with pytest.raises(InputError, match="give one of them"):
        run(world, geobox=grid(SHAPE), bbox=box_of(grid(SHAPE)))


def test_too_large_an_area_or_too_many_objects_are_refused(world, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(searched, "MOST_PIXELS", 1000)
        with pytest.raises(ResourceError, match="smaller bounding box"):
            run(world)
    monkeypatch.setattr(detect_module, "MOST_OBJECTS", 1)
    with pytest.raises(ResourceError, match="smaller rate"):
        run(world)


def test_a_cancelled_run_leaves_nothing(world):
    opened, *_ = world
    cancel, runs, told = CancelToken(), len(opened.catalog.changes.runs()), []

    def report(progress):
        told.append(progress.done)
        if progress.done > 0.7:
            cancel.cancel()

    with pytest.raises(CancelledError):
        run(world, far=2e-4, report=report, cancel=cancel)
    assert len(opened.catalog.changes.runs()) == runs
    assert told == sorted(told)


def test_progress_rises_to_one(world):
    told = []
    run(world, report=lambda progress: told.append(progress.done))
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_pass_is_searched_as_one(tmp_path):
    rng = np.random.default_rng(3)
    wide = 0.05 * np.stack([speckle((150, 260), LOOKS, rng) for _ in range(2)])
    wide[1, 60:72, 130:150] *= 10**0.6
    with open_workspace(tmp_path) as opened:
        made = {}
        for index, day in enumerate((0.0, 12.0)):
            for side, cols in (("west", slice(0, 140)), ("east", slice(140, 260))):
                acq = acquisition(f"{side}-{index}", day=day + (20 / 86400 if side == "east" else 0), looks=LOOKS)
                place = grid((150, cols.stop - cols.start), right=cols.start)
                made[side, index] = add(opened, acq, wide[index][:, cols], place)
        found, changes = detect(opened, made["west", 0], made["west", 1], polarisation="VV", far=1e-4)
    assert found.observed_km2 == pytest.approx(150 * 260 * SPACING_M**2 / 1e6, rel=2e-3)
    assert len(found.inputs) == 4
    whole = max(changes, key=lambda change: change.pixels)
    assert whole.pixels == pytest.approx(12 * 20, rel=0.15)
    assert whole.evidence == ("west-0", "east-0", "west-1", "east-1")
    assert whole.after == made["west", 0].start
    assert whole.before == made["east", 1].start
