"""An area run: the answer of the whole, however it is cut, whoever does the work, and however often it is stopped."""

import os
import pickle
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from pair_workspace import grid
from stack_workspace import DAYS, OFF, ON, SHAPE, UNSEEN, block, fill, moment, overlap

from dashboard.model.change import Basis, ChangeStatus
from dashboard.model.errors import CancelledError, InputError, NotFoundError, ResourceError
from dashboard.model.progress import CancelToken
from dashboard.workflows.cluster import crew
from dashboard.workflows.detection import area_gather, area_ground, area_plan, area_steps, placebos
from dashboard.workflows.detection.area import detect_area
from dashboard.workflows.detection.area_grid import area_grid
from dashboard.workflows.detection.area_known import known_of, packed, unpacked
from dashboard.workflows.detection.question import Method, Question
from dashboard.workflows.detection.run import detect
from dashboard.workflows.detection.stacks import chosen_stacks
from dashboard.workflows.extent import box_of
from dashboard.workflows.workspace import open_workspace

BEFORE, AFTER = 12, 3
BOX = box_of(grid(SHAPE))
EVENT = DAYS * BEFORE - 1
TILES = 12
"""Of 64 pixels, over the archive's grid."""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with open_workspace(tmp_path_factory.mktemp("area")) as opened:
        fill(opened, before=BEFORE, after=AFTER, unseen_after=True)
        yield opened


@pytest.fixture(scope="module")
def workers():
    """Two worker processes behind a scheduler, as an area run finds them when the settings name one."""
    with crew(processes=2) as found:
        yield found


@pytest.fixture(scope="module")
def undisturbed(world, workers):
    return run(world, workers)


def question(**options):
    asked = {"before": (moment(-1), moment(EVENT - 1)), "after": (moment(EVENT), moment(EVENT + 60))}
    return Question(**{**asked, "anchors": ("look-00",), **options})


def run(world, workers, asked=None, **options):
    return detect_area(
        world, asked or question(), **{"bbox": BOX, "tile_px": 64, "scheduler": workers.address, **options}
    )


def same(one, other):
    """Two runs found the same: every change with every figure; and the same ground unseen."""
    (run_a, found_a), (run_b, found_b) = one, other
    assert replace(run_a, created=run_b.created, unobserved=None) == replace(run_b, unobserved=None)
    assert len(found_a) == len(found_b)
    for a, b in zip(found_a, found_b, strict=True):
        assert a == b
    assert run_a.unobserved.equals(run_b.unobserved)
    return True


def pieces(world):
    return sorted((world.root / "runs").glob("*/*/*.piece"))


def test_what_changed_is_found_where_and_when_it_did(undisturbed, world):
    found, changes = undisturbed
    on, off = (max(changes, key=lambda change: overlap(change.geometry, block(place))) for place in (ON, OFF))
    assert {on.id, off.id} == {change.id for change in changes[:2]}
    for change, place, sign in ((on, ON, "brighter"), (off, OFF, "darker")):
        assert overlap(change.geometry, block(place)) > 0.8
        assert change.sign == sign
        assert (change.after, change.before) == (moment(DAYS * (BEFORE - 1)), moment(DAYS * BEFORE))
        assert change.status is ChangeStatus.CONFIRMED
        assert change.looks == (BEFORE, AFTER)
    assert (found.basis, found.method) == (Basis.PLACEBO, "change-tstat")
    assert world.catalog.changes.run(found.id).inputs == found.inputs


def test_what_was_not_seen_after_is_not_called_unchanged(undisturbed):
    found, changes = undisturbed
    hole = block((slice(0, UNSEEN[0].stop - 32), slice(UNSEEN[1].start + 32, UNSEEN[1].stop)))
    assert found.unobserved.contains(hole)
    assert not any(change.geometry.intersects(found.unobserved) for change in changes)
    pixels = SHAPE[0] * SHAPE[1] - (UNSEEN[0].stop - UNSEEN[0].start) * (UNSEEN[1].stop - UNSEEN[1].start)
    assert found.observed_km2 == pytest.approx(pixels * 1e-4, rel=2e-3)


@pytest.mark.parametrize("side", [96, 128, 512])
def test_the_answer_does_not_depend_on_the_tiles(world, workers, undisturbed, side):
    assert same(run(world, workers, tile_px=side), undisturbed)


def test_the_answer_does_not_depend_on_the_order(world, workers, undisturbed, monkeypatch):
    shuffled = np.random.default_rng(1).permutation

    def each_shuffled(crew_, work, parts, **options):
        every = list(parts)
        return each(crew_, work, [every[n] for n in shuffled(len(every))], **options)

    from dashboard.workflows.detection import area

    each = area.each
    monkeypatch.setattr(area, "each", each_shuffled)
    assert same(run(world, workers), undisturbed)


def test_the_answer_is_that_of_the_grid_searched_at_once(world, undisturbed):
    found, changes = undisturbed
    at_once, whole = detect(world, question(), geobox=geobox_of(found))
    assert len(changes) == len(whole)
    for a, b in zip(changes, whole, strict=True):
        assert replace(a, id="", run_id="", confidence=None) == replace(b, id="", run_id="", confidence=None)
        assert a.confidence == pytest.approx(b.confidence, abs=1e-4)
    assert found.announced == at_once.announced
    assert found.remarks == at_once.remarks
    assert dict(found.parameters)["scene_excess"] == dict(at_once.parameters)["scene_excess"]
    assert found.observed_km2 == pytest.approx(at_once.observed_km2, rel=1e-4)


def geobox_of(found):
    from affine import Affine
    from odc.geo.geobox import GeoBox

    known = dict(found.parameters)
    shape = tuple(int(part) for part in known["grid_shape"].split(" x "))
    return GeoBox(shape, Affine(*map(float, known["grid_transform"].split())), known["grid_crs"])


def test_nothing_is_left_in_the_workspace(undisturbed, world):
    assert not (world.root / "runs").exists()


def test_a_worker_that_is_killed_changes_nothing(world, workers, undisturbed):
    killed = []

    def report(progress):
        if progress.text.startswith("searched 3 of") and not killed:
            killed.append(next(iter(workers.client.run(os.getpid).values())))
            os.kill(killed[0], signal.SIGKILL)

    assert same(run(world, workers, report=report), undisturbed)
    assert len(killed) == 1
    assert killed[0] not in workers.client.run(os.getpid).values()


SCRIPT = """
import sys, time
from datetime import datetime
from pathlib import Path
from dashboard.workflows.detection.area import detect_area
from dashboard.workflows.detection.question import Question
from dashboard.workflows.workspace import open_workspace

def report(progress):
    if progress.text.startswith("searched 5 of"):
        print("five", flush=True)
        time.sleep(60)

if __name__ == "__main__":
    root, box, *moments = sys.argv[1:]
    first, second, third, fourth = map(datetime.fromisoformat, moments)
    asked = Question(before=(first, second), after=(third, fourth), anchors=("look-00",))
    with open_workspace(Path(root)) as opened:
        detect_area(opened, asked, bbox=tuple(map(float, box.split(","))), tile_px=64, report=report)
"""


def killed_run(world, tmp_path):
    """Start the same run in a process of its own with workers of its own, and kill it after five tiles."""
    script = tmp_path / "run.py"
    script.write_text(SCRIPT)
    asked = question()
    moments = [moment.isoformat() for moment in (*asked.before, *asked.after)]
    arguments = [sys.executable, str(script), str(world.root), ",".join(map(repr, BOX)), *moments]
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    ) as process:
        assert process.stdout.readline() == "five\n"
        family = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    gone, alive = psutil.wait_procs(family, timeout=20)
    assert not alive
    assert len(gone) >= 2


def test_a_killed_run_goes_on_where_it_was(world, workers, undisturbed, tmp_path):
    killed_run(world, tmp_path)
    left = [path for path in pieces(world) if path.name != "known.piece"]
    assert len([path for path in left if path.name.startswith("tile-")]) >= 5
    torn = next(path for path in left if path.name.startswith("tile-"))
    place = torn.name.removeprefix("tile-")
    kept = {path: path.stat().st_mtime_ns for path in left if not path.name.endswith(place)}
    torn.write_bytes(torn.read_bytes()[:-1])
    seen = {}

    def report(progress):
        if progress.text.startswith("searched"):
            seen.update({path: path.stat().st_mtime_ns for path in pieces(world)})

    assert same(run(world, workers, report=report), undisturbed)
    assert {path: seen[path] for path in kept} == kept
    assert torn in seen
    assert len([path for path in seen if path.name.startswith("tile-")]) >= TILES
    assert not (world.root / "runs").exists()


@pytest.mark.parametrize("method", [Method.AUTO, Method.LOG_RATIO])
def test_cancelling_stops_at_once_and_keeps_what_is_done(world, workers, undisturbed, method):
    runs, cancel, told = len(world.catalog.changes.runs()), CancelToken(), []
    asked = question(far=2e-3, method=method)

    def report(progress):
        told.append(progress)
        if progress.text.startswith("searched 4 of"):
            cancel.cancel()

    with pytest.raises(CancelledError, match="goes on from there"):
        run(world, workers, asked, report=report, cancel=cancel)
    assert told[-1].text.startswith("searched 4 of")
    assert len(world.catalog.changes.runs()) == runs
    done = {path: path.stat().st_mtime_ns for path in pieces(world) if path.name.startswith("tile-")}
    assert len(done) >= 4
    seen = {}

    def again(progress):
        if progress.text.startswith("searched"):
            seen.update({path: path.stat().st_mtime_ns for path in pieces(world)})

    resumed = run(world, workers, asked, report=again)
    assert {path: seen[path] for path in done} == done
    assert resumed[0].id != undisturbed[0].id
    assert same(run(world, workers, asked, tile_px=96), resumed)
    assert pieces(world) == []


def test_progress_rises_tile_by_tile(world, workers, undisturbed):
    told = []
    run(world, workers, report=told.append)
    assert [each.done for each in told] == sorted(each.done for each in told)
    assert told[-1].done == 1.0
    assert len([each for each in told if each.text.startswith("searched")]) >= TILES


def test_a_run_is_not_made_twice_at_the_same_time(world, workers, undisturbed):
    said = []

    def report(progress):
        if progress.text.startswith("searched 2 of"):
            with pytest.raises(ResourceError, match="under way") as caught:
                run(world, workers)
            said.append(str(caught.value))

    assert same(run(world, workers, report=report), undisturbed)
    assert said


def test_a_coarser_resolution_is_searched_on_a_grid_of_its_own(world, workers):
    found, changes = run(world, workers, resolution_m=20.0)
    known = dict(found.parameters)
    assert known["grid_transform"].startswith("20.0 0.0")
    assert overlap(changes[0].geometry, block(ON)) > 0.5
    with pytest.raises(InputError, match="finer than the finest pixels"):
        run(world, workers, resolution_m=2.0)


SHORT = {"before": (moment(EVENT - 1 - 4 * DAYS), moment(EVENT - 1))}
PAIR = {"before": (moment(EVENT - 1 - DAYS), moment(EVENT - 1)), "after": (moment(EVENT), moment(EVENT + 2))}
OTHERS = {
    "means": ({"method": Method.LOG_RATIO}, "log-ratio"),
    "a pair": (PAIR, "log-ratio"),
    "a pair in one polarisation": ({**PAIR, "polarisations": ("VV",)}, "log-ratio"),
    "a short past": ({**SHORT, "method": Method.CHANGE_TSTAT}, "change-tstat"),
    "sequential": ({"method": Method.SEQUENTIAL}, "sequential-omnibus"),
    "change point": ({"method": Method.CHANGE_POINT}, "change-point"),
    "published": ({"method": Method.PWTT}, "pwtt"),
}
"""What is not answered by the default: how it is asked, and what answers."""


@pytest.mark.parametrize(("asked", "method"), OTHERS.values(), ids=OTHERS)
def test_every_method_gives_the_same_answer_however_the_area_is_cut(world, workers, asked, method):
    one, other = (run(world, workers, question(**asked), tile_px=side) for side in (64, 96))
    assert one[0].method == method
    assert same(one, other)
    assert one[1]


@pytest.mark.parametrize("name", [name for name in OTHERS if name != "a pair in one polarisation"])
def test_every_method_gives_the_answer_of_the_grid_searched_at_once(world, workers, name):
    asked, _ = OTHERS[name]
    found, changes = run(world, workers, question(**asked), tile_px=128)
    at_once, whole = detect(world, question(**asked), geobox=geobox_of(found))
    assert (found.method, found.basis, found.announced) == (at_once.method, at_once.basis, at_once.announced)
    assert found.remarks == at_once.remarks
    different = {"tiled"}
    assert {key: value for key, value in found.parameters if key not in different} == dict(at_once.parameters)
    assert len(changes) == len(whole) > 0
    for a, b in zip(changes, whole, strict=True):
        assert replace(a, id="", run_id="", confidence=None) == replace(b, id="", run_id="", confidence=None)
        assert a.confidence == pytest.approx(b.confidence, abs=1e-4)


def test_a_method_that_needs_more_looks_says_so_and_leaves_nothing(world, workers):
    asked = question(**SHORT, method=Method.PWTT)
    with pytest.raises(InputError, match="there are 4, 8 needed"):
        run(world, workers, asked)
    assert not (world.root / "runs" / asked.id).exists()


@pytest.mark.parametrize("asked", [{"method": Method.LOG_RATIO}, {"method": Method.SEQUENTIAL}, SHORT])
def test_speckle_of_a_large_area_is_measured_on_blocks(world, monkeypatch, tmp_path, asked):
    chosen = chosen_stacks(world, question(**asked), BOX, between=True)
    area = area_plan.Area(
        archive=world.archive.root,
        runs=tmp_path,
        question=question(**asked),
        stacks=chosen,
        grid=area_grid(chosen, BOX),
    )
    with area.store.held():
        whole = area_plan.plan(area)
        monkeypatch.setattr(area_ground, "SAMPLE_PX", 20_000)
        monkeypatch.setattr(placebos, "SIDE", 64)
        made = area_plan.plan(area)
    assert made.job.rule.seed == pytest.approx(whole.job.rule.seed, rel=0.1)
    assert made.job.store.key != whole.job.store.key
    looks = [
        [value for key, value in each.parameters.items() if key.endswith(("looks_used", "looks_each"))]
        for each in (made, whole)
    ]
    np.testing.assert_allclose(*looks, rtol=0.1)


def test_what_cannot_be_answered_says_so_before_any_worker_is_asked(world, workers):
    with pytest.raises(InputError, match=r"covers any of the area|No stack looked here"):
        run(world, workers, bbox=(0.0, 0.0, 1.0, 1.0))
    with pytest.raises(NotFoundError):
        run(world, workers, question(anchors=("nobody",)))


def test_ground_seen_never_after_is_an_error_and_not_no_change(world, workers):
    down, right = (slice(part.start + 5, part.stop - 5) for part in UNSEEN)
    with pytest.raises(InputError, match="No ground here was seen"):
        run(world, workers, bbox=box_of(grid(SHAPE)[down, right]))


def test_a_scheduler_that_is_not_there_is_named_with_the_remedy(world, workers, monkeypatch):
    monkeypatch.setattr("dashboard.workflows.cluster.CONNECT_S", 1.0)
    with pytest.raises(ResourceError, match=r"tcp://127\.0\.0\.1:9 .*dask_scheduler"):
        run(world, workers, scheduler="tcp://127.0.0.1:9")


def test_workers_of_ones_own_give_the_same_answer(world, undisturbed):
    assert same(detect_area(world, question(), bbox=BOX, tile_px=128), undisturbed)


def test_a_large_area_is_measured_on_a_coarse_copy_and_on_blocks(world, undisturbed, monkeypatch, tmp_path):
    chosen = chosen_stacks(world, question(), BOX, between=True)
    area = area_plan.Area(
        archive=world.archive.root, runs=tmp_path, question=question(), stacks=chosen, grid=area_grid(chosen, BOX)
    )
    with area.store.held():
        whole = area_plan.plan(area)
        known = known_of(whole.job.store)
        monkeypatch.setattr(area_ground, "COARSE_BYTES", SHAPE[0] * SHAPE[1] * 4 * 30 // 8)
        monkeypatch.setattr(area_ground, "SAMPLE_PX", 30_000)
        made = area_plan.plan(area)
    assert made.job.rule.seed == pytest.approx(whole.job.rule.seed, rel=0.1)
    assert made.job.store.key != whole.job.store.key
    coarse = known_of(made.job.store)
    np.testing.assert_allclose(coarse.reference.variance, known.reference.variance, rtol=0.1)
    for one, other in zip(coarse.reference.common, known.reference.common, strict=True):
        apart = np.median(one.values, (2, 3)) - np.median(other.values, (2, 3))
        assert np.abs(apart).mean() < 0.1  # nepers; a cell is the median of a few pixels here
    assert len(pickle.dumps(made)) < 200_000


def test_what_a_tile_handed_over_is_made_again_when_it_is_gone(world, tmp_path):
    chosen = chosen_stacks(world, question(), BOX, between=True)
    area = area_plan.Area(
        archive=world.archive.root,
        runs=tmp_path,
        question=question(),
        stacks=chosen,
        grid=area_grid(chosen, BOX),
        side=64,
    )
    with area.store.held():
        job = area_plan.plan(area).job
        parts = [area_steps.Part(job=job, tile=tile) for tile in job.layout.tiles()]
        for part in parts:
            area_steps.search(part)
        edge = next(iter(sorted(job.store.folder.glob("edge-*.piece"))))
        was = edge.read_bytes()
        edge.unlink()
        seam = next(
            one for one in area_gather.gather(job).seams if edge.stem.removeprefix("edge-") in dict(one.members)
        )
        with pytest.raises(ResourceError, match="run the same again"):
            area_steps.finish(seam)
        for part in parts:
            area_steps.search(part)
        assert edge.read_bytes() == was
        area_steps.finish(seam)


def test_what_a_tile_must_know_comes_back_to_the_last_bit(world, tmp_path):
    chosen = chosen_stacks(world, question(), BOX, between=True)
    area = area_plan.Area(
        archive=world.archive.root, runs=tmp_path, question=question(), stacks=chosen, grid=area_grid(chosen, BOX)
    )
    with area.store.held():
        made = area_plan.plan(area)
    piece = made.job.store.get("known")
    again = packed(unpacked(piece))
    assert dict(again.facts) == dict(piece.facts)
    for name, array in again.arrays.items():
        np.testing.assert_array_equal(array, piece.arrays[name])
    values = np.geomspace(0.1, 50, 99).astype(np.float32)
    np.testing.assert_array_equal(unpacked(piece).calibration.p(values), made.chance.p(values))


def test_a_wide_object_is_dated_by_its_strongest_part_and_drawn_whole(world, tmp_path):
    chosen = chosen_stacks(world, question(), BOX, between=True)
    grid_ = area_grid(chosen, BOX)
    area = area_plan.Area(
        archive=world.archive.root, runs=tmp_path, question=question(), stacks=chosen, grid=grid_, side=32
    )
    with area.store.held():
        job = area_plan.plan(area).job
        for tile in job.layout.tiles():
            area_steps.search(area_steps.Part(job=job, tile=tile))
        seams = area_gather.gather(job).seams
        names = [area_steps.finish(part) for part in seams]
        whole = [one for part in seams for one in area_gather.placed(job, part)]
        for name in names:
            (job.store.folder / f"{name}.piece").unlink()
        close = [replace(part, job=replace(job, dated_px=8)) for part in seams]
        assert [area_steps.finish(part) for part in close] == names
        narrow = [one for part in close for one in area_gather.placed(job, part)]
    assert max(max(part.tile.height, part.tile.width) for part in seams) > 8
    assert [replace(one, dated=None) for one in narrow] == [replace(one, dated=None) for one in whole]
    strong = [pair for pair in zip(whole, narrow, strict=True) if pair[0].patch.score > 100]
    assert strong
    for one, other in strong:
        assert (one.dated.after, one.dated.before) == (other.dated.after, other.dated.before)
