"""Putting an area together: the same objects as all at once, without ever holding all of it."""

import math
import tracemalloc

import numpy as np
import pytest
import shapely
from pair_workspace import grid

from dashboard.change.energy import Options
from dashboard.change.patches import Patch
from dashboard.model.change import ChangeSign
from dashboard.model.errors import ResourceError
from dashboard.workflows.detection import area_gather, floor
from dashboard.workflows.detection.area_borders import Groups
from dashboard.workflows.detection.area_found import Placed, facts
from dashboard.workflows.detection.area_gather import all_parts, collected, gather
from dashboard.workflows.detection.area_job import Job, Part, edge_of
from dashboard.workflows.detection.area_seams import Pixels, Rule
from dashboard.workflows.detection.area_store import Piece, Store
from dashboard.workflows.detection.area_tiles import Layout
from dashboard.workflows.detection.scans import Sequential

RULE = Rule(seed=3.0, grow=1.6, least_px=4, resolution_px=1.0)
SIDE = 128


def job_of(folder, shape):
    asked = Sequential(periods=None, looks=(1, 1), looks_each=(), far=1e-3)
    return Job(
        archive=folder, store=Store(folder / "runs", "a" * 64), stacks=(), geobox=grid(shape),
        layout=Layout(shape=shape, side=SIDE), bare=asked, options=Options(), names=("VV",), rule=RULE, lax=math.inf,
    )  # fmt: skip


def placed(place, score):
    patch = Patch(
        label=1, pixels=9, seeds=3, score=score, sign=ChangeSign.MIXED, magnitudes=(("VV", 1.0, 2.0),), peak=9.0
    )
    return Placed(place=place, patch=patch, looks=(9, 3), dated=None, outline=shapely.box(0, 0, 1, 1))


def leave(job, tile, objects, handed):
    """Leave the pieces of one searched tile."""
    groups = Groups.of(handed, tile, job.layout.shape, job.rule)
    (row, col), counts = job.layout.cell_counts(tile, np.ones((tile.height, tile.width), np.bool_))
    job.store.put(edge_of(tile.name), Piece(arrays={"place": handed.place, "values": handed.values}))
    job.store.put(
        Part(job=job, tile=tile).name,
        Piece(
            facts={"objects": facts(objects), "cell": [row, col], "lax": 7},
            arrays={"observed": counts, "table": groups.table, "place": groups.place, "group": groups.group},
        ),
    )


def all_of(tile, area):
    """Every pixel of a tile handed over, as where everything changed."""
    rows, cols = np.mgrid[tile.slices]
    place = (rows * area[1] + cols).reshape(-1)
    values = np.full((5, place.size), 5.0, np.float32)
    return Pixels(place=place, values=values, group=np.ones(place.size, np.int32))


def filled(folder, tiles, objects=10):
    """A job all of whose tiles are done; everything changed."""
    job = job_of(folder, (SIDE * tiles, SIDE * 4))
    job.store.folder.mkdir(parents=True)
    draw = np.random.default_rng(3)
    bytes_ = 0
    for number, tile in enumerate(job.layout.tiles()):
        handed = all_of(tile, job.layout.shape)
        bytes_ += handed.place.nbytes + handed.values.nbytes
        leave(job, tile, [placed(number * 1000 + at, float(draw.gamma(2.0))) for at in range(objects)], handed)
    return job, bytes_


def highest(work):
    tracemalloc.start()
    try:
        found = work()
        return found, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_tiles_where_everything_changed(tmp_path):
    small, large = (filled(tmp_path / str(tiles), tiles) for tiles in (5, 20))
    gather(small[0])  # what is imported on the way is not of the area
    (one, less), (other, more) = (highest(lambda job=job: gather(job)) for job, _ in (small, large))
    assert large[1] - small[1] > 20e6
    assert more - less < 0.01 * (large[1] - small[1])
    assert len(one.seams) == len(other.seams) == 1
    assert (other.objects, other.lax) == (800, 7 * 80)
    assert (other.observed == 32 * 32).all()


def test_one_change_across_everything_is_one_neighbourhood_of_all_tiles(tmp_path):
    job, _ = filled(tmp_path / "job", 3)
    (seam,) = gather(job).seams
    assert (seam.tile.height, seam.tile.width) == job.layout.shape
    assert [name for name, _ in seam.members] == [tile.name for tile in job.layout.tiles()]
    assert all(groups == (1,) for _, groups in seam.members)


@pytest.mark.parametrize("most", [7, 60, 119, 120, 1000])
@pytest.mark.parametrize("ties", [False, True])
def test_the_strongest_are_kept_as_if_all_had_been_held(tmp_path, monkeypatch, most, ties):
    monkeypatch.setattr(floor, "MOST_OBJECTS", most)
    monkeypatch.setattr(area_gather, "MOST_OBJECTS", most)
    job = job_of(tmp_path, (SIDE * 3, SIDE * 4))
    job.store.folder.mkdir()
    draw = np.random.default_rng(most)
    every = []
    for number, tile in enumerate(job.layout.tiles()):
        scores = draw.gamma(2.0, size=10).round(1 if ties else 9)
        own = [placed(number * 1000 + at, float(score)) for at, score in enumerate(scores)]
        leave(job, tile, own, all_of(tile, job.layout.shape))
        every += own
    found, least = collected(job, all_parts(job, ()))
    wanted = floor.crowded([each.patch.score for each in every], job.least)
    assert least == wanted
    assert found == [each for each in every if each.patch.score >= wanted]
    assert len(found) <= most


def test_a_piece_that_is_gone_is_named(tmp_path):
    job, _ = filled(tmp_path / "job", 1)
    tile = list(job.layout.tiles())[2]
    (job.store.folder / f"tile-{tile.name}.piece").unlink()
    with pytest.raises(ResourceError, match=rf"tile-{tile.name} is gone .* run the same again"):
        gather(job)
