"""Power out of the archive: reads, stacks, series, crops, threads."""

import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from dashboard.model.errors import InputError
from dashboard.raster.archive import Archive
from dashboard.raster.kernels import sample_nearest

# odc-geo multiplies affines with `*`, which affine 3.1 will drop.
pytestmark = pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")

SHAPE = (700, 1100)
START = datetime(2024, 2, 2, 10, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    with Archive(tmp_path_factory.mktemp("archive"), cache_bytes=40 * 2**20) as opened:
        yield opened


@pytest.fixture(scope="module")
def scenes(archive, make_scene, speckle):
    return [make_scene(archive.root, speckle(SHAPE, seed), f"acq/{seed}.tif") for seed in range(5)]


@pytest.fixture(scope="module")
def items(scenes):
    return [(START + timedelta(days=12 * n), scene.pixels) for n, scene in enumerate(scenes)]


def under(scene, row: float, col: float) -> tuple[float, float]:
    x, y = scene.geobox.affine @ (col + 0.5, row + 0.5)
    return Transformer.from_crs(scene.pixels.crs, "EPSG:4326", always_xy=True).transform(x, y)


def test_power_comes_back_within_the_step_of_the_archive_and_gaps_stay_gaps(archive, scenes) -> None:
    for scene in scenes[:2]:
        got = archive.read(scene.pixels, "VV", scene.geobox).values
        seen = np.isfinite(scene.power)
        assert (np.isfinite(got) == seen).all()
        # |DN - root| <= 1/2, so power is off by no more than root / scale plus a quarter step; then float32 rounds.
        root = np.sqrt(scene.power[seen].astype(float))
        assert (np.abs(got[seen] - root**2) <= root / 1e4 + 1e-8 + 2e-7 * root**2).all()


def test_another_scale_is_undone_too(tmp_path, make_scene, speckle) -> None:
    scene = make_scene(tmp_path, speckle((64, 64), gaps=False) * 1e6, scale=10.0)
    with Archive(tmp_path) as opened:
        got = opened.read(scene.pixels, "VV", scene.geobox).values
    np.testing.assert_allclose(got, scene.power, rtol=0.01, atol=20)


def test_a_read_says_what_and_where_it_is(archive, scenes) -> None:
    got = archive.read(scenes[0].pixels, "VV", scenes[0].geobox)
    assert got.dims == ("y", "x")
    assert got.dtype == np.float32
    assert got.attrs["units"] == "linear power"
    assert got.odc.geobox == scenes[0].geobox
    lonlat = GeoBox.from_bbox((147.0, 43.0, 147.2, 43.3), "EPSG:4326", resolution=0.01)
    assert archive.read(scenes[0].pixels, "VV", lonlat).dims == ("y", "x")


def test_a_stack_is_lazy_and_equals_its_reads(archive, scenes, items) -> None:
    box = scenes[0].geobox[90:400, 300:900]
    archive.forget()
    lazy = archive.stack(items, "VV", box)
    assert archive.cached_bytes == 0
    assert lazy.dims == ("time", "y", "x")
    assert lazy.dtype == np.float32
    np.testing.assert_array_equal(
        lazy.compute().values, np.stack([archive.read(pixels, "VV", box).values for _, pixels in items])
    )
    assert archive.cached_bytes > 0


def test_a_large_stack_comes_in_tiles_and_one_tile_reads_one_tile(archive, scenes, items) -> None:
    box = scenes[0].geobox.pad(2100)
    lazy = archive.stack(items, "VV", box)
    assert max(max(chunks) for chunks in lazy.chunks[1:]) <= 2048
    assert set(lazy.chunks[0]) == {1}
    archive.forget()
    lazy[0, :300, :300].compute()
    assert archive.cached_bytes == 0
    whole = lazy[1].compute().values
    np.testing.assert_array_equal(whole, archive.read(items[1][1], "VV", box).values)


def test_a_stack_of_nothing_is_an_empty_stack(archive, scenes) -> None:
    assert archive.stack([], "VV", scenes[0].geobox).shape == (0, *SHAPE)


def test_times_are_naive_utc_whatever_the_clock_said(archive, scenes) -> None:
    tokyo = START.astimezone(timezone(timedelta(hours=9)))
    moments = [START, tokyo, START.replace(tzinfo=None)]
    series = archive.series([(m, scenes[0].pixels) for m in moments], "VV", *under(scenes[0], 5, 5))
    assert series.time.dtype == np.dtype("datetime64[ns]")
    assert set(series.time.values) == {np.datetime64("2024-02-02T10:15:00", "ns")}


@given(row=st.integers(0, SHAPE[0] - 1), col=st.integers(0, SHAPE[1] - 1))
def test_a_series_is_the_read_of_that_pixel(archive, scenes, items, row, col) -> None:
    series = archive.series(items, "VV", *under(scenes[0], row, col))
    pixel = scenes[0].geobox[row : row + 1, col : col + 1]
    expected = [archive.read(pixels, "VV", pixel).item() for _, pixels in items]
    np.testing.assert_array_equal(series.values, np.array(expected, np.float32))


def test_a_series_has_a_gap_outside_and_where_the_polarisation_is_missing(archive, scenes, items) -> None:
    assert np.isnan(archive.series(items, "VV", 0.0, 0.0)).all()
    assert np.isnan(archive.series(items, "VV", *under(scenes[0], -0.6, 5))).all()
    assert np.isnan(archive.series(items, "HH", *under(scenes[0], 600, 5))).all()
    without = replace(items[1][1], files=())
    mixed = archive.series([items[0], (items[1][0], without), items[2]], "VV", *under(scenes[0], 600, 5))
    assert np.isnan(mixed.values).tolist() == [False, True, False]


def test_a_series_of_nothing_is_empty(archive) -> None:
    assert archive.series([], "VV", 147.0, 43.0).shape == (0,)


def test_a_stack_needs_the_polarisation_everywhere(archive, scenes, items) -> None:
    with pytest.raises(InputError, match="'HH'"):
        archive.stack(items, "HH", scenes[0].geobox)


def test_the_native_grid_is_cropped_to_whole_pixels_that_cover_the_box(archive, scenes) -> None:
    scene = scenes[0]
    assert archive.native_geobox(scene.pixels) == scene.geobox
    west, south = under(scene, 500, 200)
    east, north = under(scene, 300, 420)
    crop = archive.native_geobox(scene.pixels, (west, south, east, north))
    (top, left) = (round(v) for v in (~scene.geobox.affine @ (crop.affine.c, crop.affine.f))[::-1])
    assert scene.geobox[top : top + crop.shape.y, left : left + crop.shape.x] == crop
    assert top <= 300
    assert top + crop.shape.y > 500
    assert left <= 200
    assert left + crop.shape.x > 420
    assert crop.shape.y < 215
    assert archive.native_geobox(scene.pixels, (-170.0, 80.0, -169.0, 81.0)) is None
    assert archive.native_geobox(scene.pixels, (100.0, 10.0, 170.0, 70.0)) == scene.geobox


def test_four_threads_see_what_one_sees(archive, scenes) -> None:
    boxes = [GeoBox.from_bbox((147.0, 43.2 + n / 200, 147.1, 43.3), "EPSG:4326", shape=(90, 120)) for n in range(6)]
    jobs = [(scene.pixels, box) for scene in scenes for box in boxes] * 3
    archive.forget()
    alone = [archive.amplitude(pixels, "VV", box) for pixels, box in jobs]
    assert any(picture.any() for picture in alone)
    archive.forget()
    gate = threading.Barrier(4)

    def share(n: int) -> list[np.ndarray]:
        gate.wait()
        return [archive.amplitude(pixels, "VV", box) for pixels, box in jobs[n::4]]

    with ThreadPoolExecutor(4) as pool:
        shares = list(pool.map(share, range(4)))
    for n in range(4):
        for got, expected in zip(shares[n], alone[n::4], strict=True):
            np.testing.assert_array_equal(got, expected)


COLD_THREADS = """
    import sys, threading
    from pathlib import Path
    import numpy as np
    from dashboard.raster.kernels import sample_nearest

    window = np.arange(600 * 900, dtype=np.uint16).reshape(600, 900)
    nodes = np.stack(np.meshgrid(np.arange(30) * 32.0 + 0.5, np.arange(20) * 32.0 + 0.5))
    outs = [np.zeros((600, 900), np.uint16) for _ in range(4)]

    def work(out):
        for _ in range(50):
            sample_nearest(window, nodes, 32, out)

    threads = [threading.Thread(target=work, args=(out,)) for out in outs]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert all((out == window).all() for out in outs)
    print("alive")
"""


def test_a_fresh_process_survives_four_threads_in_one_kernel(tmp_path) -> None:
    """Numba's default threading layer ends the process here when a kernel is parallel."""
    script = tmp_path / "cold_threads.py"
    script.write_text(textwrap.dedent(COLD_THREADS))
    root = str(Path(__file__).parents[2])
    command = [sys.executable, script]
    run = subprocess.run(command, check=False, capture_output=True, text=True, cwd=root, env={"PYTHONPATH": root})
    assert (run.returncode, run.stdout.strip()) == (0, "alive"), run.stderr


def test_memory_of_blocks_stays_below_the_limit_over_many_reads(tmp_path, make_scene, speckle) -> None:
    scene = make_scene(tmp_path, speckle((2048, 2048)))
    limit = 3 * 512 * 512 * 2
    with Archive(tmp_path, cache_bytes=limit) as small, Archive(tmp_path) as large:
        for row in range(0, 2048, 300):
            box = scene.geobox[row : row + 300, :]
            assert (small.amplitude(scene.pixels, "VV", box) == large.amplitude(scene.pixels, "VV", box)).all()
            assert 0 < small.cached_bytes <= limit


def test_a_file_written_anew_is_seen_by_its_hash(tmp_path, make_scene, speckle) -> None:
    with Archive(tmp_path) as opened:
        old = make_scene(tmp_path, speckle((64, 64), 1))
        before = opened.read(old.pixels, "VV", old.geobox).values
        new = make_scene(tmp_path, speckle((64, 64), 2))
        after = opened.read(new.pixels, "VV", new.geobox).values
    assert old.pixels.files[0].path == new.pixels.files[0].path
    assert not np.array_equal(before, after, equal_nan=True)
    np.testing.assert_allclose(after, new.power, atol=1e-4)


def test_after_warm_up_no_frame_compiles(tmp_path, make_scene, speckle) -> None:
    scene = make_scene(tmp_path, speckle((64, 64)))
    with Archive(tmp_path) as opened:
        opened.warm_up()
        before = list(sample_nearest.signatures)
        for box in (
            scene.geobox,
            scene.geobox.pad(20),
            scene.geobox[:5, 60:],
            GeoBox((9, 9), scene.geobox.affine, 3857),
        ):
            opened.amplitude(scene.pixels, "VV", box)
        assert sample_nearest.signatures == before


def test_a_closed_archive_holds_nothing(tmp_path, make_scene, speckle) -> None:
    scene = make_scene(tmp_path, speckle((64, 64)))
    opened = Archive(tmp_path)
    opened.amplitude(scene.pixels, "VV", scene.geobox)
    assert opened.cached_bytes > 0
    opened.close()
    assert opened.cached_bytes == 0
