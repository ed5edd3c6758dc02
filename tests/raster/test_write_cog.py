import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.model.errors import CancelledError, DamagedProductError, DiskFullError, InputError
from dashboard.model.progress import CancelToken
from dashboard.raster.kernels import power_to_amplitude
from dashboard.raster.write import SCALE_TAG, write_cog

# odc-geo multiplies affines with `*`, which affine 3.1 will drop.
pytestmark = pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")


def overviews(path: Path) -> list[np.ndarray]:
    with rasterio.open(path) as full:
        count = len(full.overviews(1))
    found = []
    for level in range(count):
        with rasterio.open(path, overview_level=level) as overview:
            found.append(overview.read(1))
    return found


@given(st.floats(0, 1e6, width=32), st.sampled_from([1e4, 100.0, 1.0]))
@settings(deadline=None)
def test_one_pixel_is_the_rounded_scaled_root_never_zero_and_never_past_the_end(power: float, scale: float) -> None:
    out = np.empty((1, 1), np.uint16)
    valid, saturated = power_to_amplitude(np.array([[power]], np.float32), scale, out)
    exact = scale * np.sqrt(np.float64(np.float32(power)))
    assert valid == 1
    assert saturated == (exact >= 65535.5)
    assert abs(int(out[0, 0]) - np.clip(exact, 1, 65535)) <= 0.5 + 1e-6


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_no_data(value: float) -> None:
    out = np.ones((1, 1), np.uint16)
    assert power_to_amplitude(np.array([[value]], np.float32), 1e4, out) == (0, 0)
    assert out[0, 0] == 0


def test_noise_below_zero_is_a_look_that_saw_nothing_and_not_a_gap() -> None:
    out = np.zeros((1, 2), np.uint16)
    assert power_to_amplitude(np.array([[-0.01, 0.0]], np.float32), 1e4, out) == (2, 0)
    assert out.tolist() == [[1, 1]]


def test_facts_and_layout_are_those_of_the_file(tmp_path, make_source, speckle) -> None:
    power = speckle((1300, 1100)).copy()
    power[1200:1210, 5] = 100.0
    facts = write_cog(make_source(power), "VV", tmp_path / "deep" / "er" / "VV.tif")
    path = tmp_path / "deep" / "er" / "VV.tif"
    assert [p.name for p in path.parent.iterdir()] == ["VV.tif"]
    assert facts.bytes == path.stat().st_size
    assert facts.valid_pixels == np.isfinite(power).sum()
    assert facts.saturated_pixels == 10
    with rasterio.open(path) as cog:
        assert cog.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert cog.tags()[SCALE_TAG] == "10000.0"
        assert (cog.nodata, cog.dtypes, cog.block_shapes) == (0, ("uint16",), [(512, 512)])
        assert cog.tags(ns="IMAGE_STRUCTURE")["COMPRESSION"] == "DEFLATE"
        assert ((cog.read(1) == 0) == np.isnan(power)).all()
    assert max(overviews(path)[-1].shape) <= 512


def test_overviews_keep_the_mean_power_of_full_blocks(tmp_path, make_source, speckle) -> None:
    power = speckle((2048, 2048), gaps=False)
    write_cog(make_source(power), "VV", tmp_path / "x.tif")
    for n, level in enumerate(overviews(tmp_path / "x.tif"), start=1):
        factor = 2**n
        expected = power.reshape(2048 // factor, factor, 2048 // factor, factor).mean(axis=(1, 3), dtype=np.float64)
        # The archive rounds by half a DN, each level by another half, and a root mean square enlarges no error.
        assert np.abs(level - 1e4 * np.sqrt(expected)).max() <= 0.5 * (n + 1) + 0.01
        assert ((level / 1e4) ** 2).mean() == pytest.approx(power.mean(dtype=np.float64), rel=1e-4)


def test_an_overview_pixel_is_valid_exactly_when_a_child_is_and_ignores_the_gaps(tmp_path, make_source) -> None:
    rng = np.random.default_rng(5)
    power = np.full((1024, 1024), 0.04, np.float32)
    power[rng.random(power.shape) < 0.7] = np.nan
    power[:512, :512] = np.nan
    power[7, 7] = 0.04
    write_cog(make_source(power), "VV", tmp_path / "x.tif")
    children = np.isfinite(power).reshape(512, 2, 512, 2).any(axis=(1, 3))
    level = overviews(tmp_path / "x.tif")[0]
    assert ((level > 0) == children).all()
    assert set(np.unique(level)) == {0, 2000}


@pytest.mark.parametrize("shape", [(1, 1), (513, 3), (1025, 1537), (700, 2100)])
def test_every_shape_comes_back_within_half_a_step(tmp_path, make_source, speckle, shape) -> None:
    power = speckle(shape)
    write_cog(make_source(power), "VV", tmp_path / "x.tif")
    with rasterio.open(tmp_path / "x.tif") as cog:
        amplitude = cog.read(1).astype(float)
    seen = np.isfinite(power)
    assert ((amplitude > 0) == seen).all()
    root = 1e4 * np.sqrt(power[seen].astype(float))
    assert np.abs(amplitude[seen] - np.maximum(root, 1)).max() <= 0.5 + 1e-6


def test_the_source_is_asked_once_for_every_pixel_in_rows_of_blocks(tmp_path, make_source, speckle) -> None:
    source = make_source(speckle((1300, 40)))
    write_cog(source, "VV", tmp_path / "x.tif")
    assert [(r.start, r.stop) for r, _ in source.asked] == [(0, 512), (512, 1024), (1024, 1300)]
    assert {(c.start, c.stop) for _, c in source.asked} == {(0, 40)}


def test_progress_grows_to_one(tmp_path, make_source, speckle) -> None:
    seen = []
    write_cog(make_source(speckle((1100, 10))), "VV", tmp_path / "x.tif", report=seen.append)
    done = [p.done for p in seen]
    assert done == sorted(done)
    assert done[-1] == 1.0


class Breaking:
    """Gives the first rows, then does what it was told."""

    polarisations = ("VV",)

    def __init__(self, source, then) -> None:
        self.geobox, self._source, self._then = source.geobox, source, then

    def read(self, polarisation, rows, cols):
        if rows.start > 0:
            return self._then(self._source.read(polarisation, rows, cols))
        return self._source.read(polarisation, rows, cols)


def boom(_):
    raise RuntimeError("sensor on fire")


@pytest.mark.parametrize(("then", "error"), [(boom, RuntimeError), (lambda a: a[:3], DamagedProductError)])
def test_a_failed_write_leaves_the_folder_as_it_was(tmp_path, make_source, speckle, then, error) -> None:
    old = tmp_path / "x.tif"
    old.write_bytes(b"the old file")
    with pytest.raises(error):
        write_cog(Breaking(make_source(speckle((1300, 64))), then), "VV", old)
    assert [p.name for p in tmp_path.iterdir()] == ["x.tif"]
    assert old.read_bytes() == b"the old file"


@pytest.mark.parametrize("after", [1, 2, 3, 4])
def test_a_cancelled_write_leaves_nothing(tmp_path, make_source, speckle, after) -> None:
    cancel = CancelToken()
    reports = []

    def stop(progress) -> None:
        reports.append(progress)
        if len(reports) == after:
            cancel.cancel()

    with pytest.raises(CancelledError):
        write_cog(make_source(speckle((1300, 64))), "VV", tmp_path / "x.tif", report=stop, cancel=cancel)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("scale", [0.0, -1.0, np.nan, np.inf])
def test_an_impossible_scale_is_refused(tmp_path, make_source, scale) -> None:
    with pytest.raises(InputError, match="positive"):
        write_cog(make_source(np.ones((2, 2))), "VV", tmp_path / "x.tif", scale=scale)


def test_a_missing_polarisation_is_refused_by_name(tmp_path, make_source) -> None:
    with pytest.raises(InputError, match=r"'HH'.*VV"):
        write_cog(make_source(np.ones((2, 2))), "HH", tmp_path / "x.tif")


SMALL_DISK = """
    import sys
    from pathlib import Path
    import numpy as np
    from affine import Affine
    from odc.geo.geobox import GeoBox
    from dashboard.model.errors import DiskFullError
    from dashboard.raster.write import write_cog

    class Source:
        geobox = GeoBox((2048, 2048), Affine(10, 0, 5e5, 0, -10, 5e6), "EPSG:32655")
        polarisations = ("VV",)
        def read(self, polarisation, rows, cols):
            shape = rows.stop - rows.start, cols.stop - cols.start
            return np.random.default_rng(rows.start).exponential(size=shape).astype("f4")

    folder = Path(sys.argv[1])
    try:
        write_cog(Source(), "VV", folder / "VV.tif")
    except DiskFullError as error:
        assert list(folder.iterdir()) == [], list(folder.iterdir())
        print(error)
"""


@pytest.mark.parametrize("megabytes", [5, 12])
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path, megabytes) -> None:
    """5 MB end while the pixels are written (8 MB flat), 12 MB while the pyramid is made."""
    mount = f"mount -t tmpfs -o size={megabytes}m none {tmp_path}"
    if subprocess.run(["unshare", "-Urm", "sh", "-c", mount], check=False, capture_output=True).returncode != 0:
        pytest.skip("this system lets nobody mount a small file system of their own")
    script = tmp_path.parent / f"small_disk_{megabytes}.py"
    script.write_text(textwrap.dedent(SMALL_DISK))
    run = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", f"{mount} && exec {sys.executable} {script} {tmp_path}"],
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": "/usr/bin:/bin"},
    )
    assert run.returncode == 0, run.stderr
    assert "No room to write" in run.stdout
    assert str(tmp_path / "VV.tif") in run.stdout
    assert issubclass(DiskFullError, OSError)
