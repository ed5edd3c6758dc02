"""The fast path of pictures against the slow truth: every pixel projected on its own."""

from dataclasses import replace

import numpy as np
import pytest
import rasterio
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from dashboard.model.acquisition import Pixels
from dashboard.model.errors import DamagedProductError, InputError, NotFoundError
from dashboard.raster.archive import Archive
from dashboard.raster.placement import MAX_ERROR_PX, grid_of, place

# odc-geo multiplies affines with `*`, which affine 3.1 will drop.
pytestmark = pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")

SHAPE = (1700, 2300)


@pytest.fixture(scope="module", params=["EPSG:32655", "EPSG:3857", "EPSG:4326"])
def scene(request, tmp_path_factory, make_scene, speckle):
    places = {
        "EPSG:32655": {"spacing": 10.0, "at": (640_000.0, 4_790_000.0)},
        "EPSG:3857": {"spacing": 14.0, "at": (16_200_000.0, 5_360_000.0)},
        "EPSG:4326": {"spacing": 1e-4, "at": (145.0, 43.4)},
    }
    root = tmp_path_factory.mktemp("archive")
    return root, make_scene(root, speckle(SHAPE), crs=request.param, **places[request.param])


def around(scene, pixel_factor: float, shape=(240, 320), *, crs="EPSG:3857", turn=0.0) -> GeoBox:
    """A picture about the scene's middle whose pixels are so many native pixels wide."""
    corners = Affine(*scene.pixels.transform) @ (np.array([0, 0, SHAPE[1], SHAPE[1]]), np.array([0, SHAPE[0]] * 2))
    x, y = Transformer.from_crs(scene.pixels.crs, crs, always_xy=True).transform(*corners)
    size = pixel_factor * np.ptp(x) / SHAPE[1]
    x, y = np.mean(x), np.mean(y)
    corner = Affine.translation(-shape[1] / 2, -shape[0] / 2)
    return GeoBox(shape, Affine.translation(x, y) @ Affine.rotation(turn) @ Affine.scale(size, -size) @ corner, crs)


def oracle(path, pixels: Pixels, geobox: GeoBox, level: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the level's image, the exact column and row of every picture pixel in it, and the nearest picture."""
    with rasterio.open(path, **({} if level == 0 else {"overview_level": level - 1})) as file:
        image, transform = file.read(1), file.transform
    row, col = np.meshgrid(*(np.arange(n) + 0.5 for n in geobox.shape), indexing="ij")
    x, y = geobox.affine @ (col, row)
    x, y = Transformer.from_crs(str(geobox.crs), pixels.crs, always_xy=True).transform(x, y)
    col, row = ~transform @ (x, y)
    inside = (col >= 0) & (row >= 0) & (col < image.shape[1]) & (row < image.shape[0])
    at = np.where(inside, row, 0).astype(int), np.where(inside, col, 0).astype(int)
    return image, col, row, np.where(inside, image[at], 0)


def levels_of(archive: Archive, pixels: Pixels, geobox: GeoBox) -> int:
    """The rule in words: the coarsest level whose pixels are no larger than the picture's."""
    placement = place(grid_of(pixels), geobox)
    factors = archive._files.factors(pixels.files[0])
    return max(n for n, factor in enumerate(factors) if n == 0 or factor <= placement.ratio)


@pytest.mark.parametrize("factor", [0.05, 0.43, 1.0, 1.9, 2.2, 4.5, 9.0, 60.0])
@pytest.mark.parametrize("turn", [0.0, 33.0])
def test_a_picture_equals_the_projection_of_every_pixel(scene, factor, turn) -> None:
    root, made = scene
    geobox = around(made, factor, turn=turn)
    with Archive(root) as archive:
        got = archive.amplitude(made.pixels, "VV", geobox)
        level = levels_of(archive, made.pixels, geobox)
    image, col, row, expected = oracle(root / "x.tif", made.pixels, geobox, level)
    assert (expected > 0).sum() > 10
    assert np.mean(got == expected) >= 0.999
    for at in np.argwhere(got != expected):
        r, c = int(np.floor(row[tuple(at)])), int(np.floor(col[tuple(at)]))
        near = image[max(r - 1, 0) : r + 2, max(c - 1, 0) : c + 2]
        edge = not (0 < r < image.shape[0] - 1 and 0 < c < image.shape[1] - 1)
        assert edge or got[tuple(at)] in near


@pytest.mark.parametrize("factor", [0.3, 3.0, 30.0])
@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:4326", "EPSG:32654"])
def test_interpolated_coordinates_are_within_the_stated_error(scene, factor, crs) -> None:
    _, made = scene
    geobox = around(made, factor, (500, 700), crs=crs)
    placement = place(grid_of(made.pixels), geobox)
    row, col = np.meshgrid(*(np.arange(s.start, s.stop) for s in (placement.rows, placement.cols)), indexing="ij")
    x, y = geobox.affine @ (col + 0.5, row + 0.5)
    x, y = Transformer.from_crs(crs, made.pixels.crs, always_xy=True).transform(x, y)
    exact = np.stack(~Affine(*made.pixels.transform) @ (x, y))
    down, right = (np.arange(n) / placement.step for n in row.shape)
    i, j = (part.astype(int) for part in (down, right))
    v, u = (down - i)[:, None], (right - j)[None, :]
    n = placement.nodes
    a, b = n[:, i][:, :, j], n[:, i][:, :, j + 1]
    c, d = n[:, i + 1][:, :, j], n[:, i + 1][:, :, j + 1]
    bilinear = (a * (1 - u) + b * u) * (1 - v) + (c * (1 - u) + d * u) * v
    assert np.abs(bilinear - exact).max() < MAX_ERROR_PX * max(placement.ratio, 1.0)


def test_the_level_is_never_coarser_than_the_screen_and_never_twice_finer(scene) -> None:
    root, made = scene
    with Archive(root) as archive:
        factors = archive._files.factors(made.pixels.files[0])
        assert len(factors) > 2
        for factor in np.geomspace(0.2, 20, 23):
            geobox = around(made, float(factor), (64, 64))
            chosen = factors[levels_of(archive, made.pixels, geobox)]
            ratio = place(grid_of(made.pixels), geobox).ratio
            assert chosen == 1 or chosen <= ratio
            assert chosen == factors[-1] or 2 * chosen > ratio


class CountingFiles:
    """Passes reads on and counts them."""

    def __init__(self, files) -> None:
        self._files, self.read = files, []

    def __getattr__(self, name):
        return getattr(self._files, name)

    def read_block(self, file, level, row, col):
        self.read.append((level, row, col))
        return self._files.read_block(file, level, row, col)


def test_pixels_outside_the_raster_read_nothing(scene) -> None:
    root, made = scene
    with Archive(root) as archive:
        archive._windows._files = counting = CountingFiles(archive._windows._files)
        box = around(made, 1.0)
        for shift in (-9000, 9000):
            away = GeoBox(box.shape, Affine.translation(shift * box.resolution.x, 0) @ box.affine, box.crs)
            assert not archive.amplitude(made.pixels, "VV", away).any()
        assert not archive.amplitude(made.pixels, "VV", GeoBox.from_bbox((0, 0, 1e6, 1e6), "EPSG:3857", shape=64)).any()
        assert counting.read == []


def test_a_picture_reads_its_own_blocks_once_and_the_next_one_none(scene) -> None:
    root, made = scene
    with Archive(root) as archive:
        archive._windows._files = counting = CountingFiles(archive._windows._files)
        # Inside block (1, 2) of full resolution, on the acquisition's own grid.
        box = made.geobox[600:900, 1100:1400]
        first = archive.amplitude(made.pixels, "VV", box)
        assert counting.read == [(0, 1, 2)]
        again = archive.amplitude(made.pixels, "VV", box)
        assert counting.read == [(0, 1, 2)]
        assert (first == again).all()


def test_the_acquisitions_own_grid_gives_the_archived_pixels_themselves(scene) -> None:
    root, made = scene
    with rasterio.open(root / "x.tif") as file:
        image = file.read(1)
    with Archive(root) as archive:
        assert (archive.amplitude(made.pixels, "VV", made.geobox) == image).all()


def test_padding_and_cropping_commute_with_reading(scene) -> None:
    root, made = scene
    box = made.geobox[100:400, 200:600]
    with Archive(root) as archive:
        plain = archive.amplitude(made.pixels, "VV", box)
        assert (archive.amplitude(made.pixels, "VV", box.pad(37))[37:-37, 37:-37] == plain).all()
        assert (archive.amplitude(made.pixels, "VV", box[13:70, 20:90]) == plain[13:70, 20:90]).all()
        beyond = archive.amplitude(made.pixels, "VV", made.geobox.pad(11))
        assert not beyond[:11].any()
        assert not beyond[:, -11:].any()


def test_windows_partition_the_picture(scene) -> None:
    root, made = scene
    whole_box = made.geobox[:1536, :2048]
    with Archive(root) as archive:
        whole = archive.amplitude(made.pixels, "VV", whole_box)
        parts = np.zeros_like(whole)
        for top in range(0, 1536, 700):
            for left in range(0, 2048, 900):
                roi = np.s_[top : min(top + 700, 1536), left : min(left + 900, 2048)]
                parts[roi] += archive.amplitude(made.pixels, "VV", whole_box[roi])
    assert (parts == whole).all()


def test_the_whole_world_on_a_small_map_is_quiet_and_right(scene) -> None:
    root, made = scene
    world = GeoBox.from_bbox((-20037508, -20037508, 20037508, 20037508), "EPSG:3857", shape=(400, 400))
    with Archive(root) as archive:
        picture = archive.amplitude(made.pixels, "VV", world)
    assert picture.shape == (400, 400)
    assert (picture > 0).sum() <= 4


def test_a_polarisation_that_is_not_archived_is_refused_by_name(scene) -> None:
    root, made = scene
    with Archive(root) as archive, pytest.raises(InputError, match=r"'HV'.*VV"):
        archive.amplitude(made.pixels, "HV", made.geobox)


def test_missing_damaged_and_foreign_files_are_said(tmp_path, make_scene, speckle) -> None:
    made = make_scene(tmp_path, speckle((600, 600)))
    whole = (tmp_path / "x.tif").read_bytes()
    with Archive(tmp_path) as archive:
        (tmp_path / "x.tif").unlink()
        with pytest.raises(NotFoundError, match="bring it back"):
            archive.amplitude(made.pixels, "VV", made.geobox)
        (tmp_path / "x.tif").write_bytes(b"not a tiff")
        with pytest.raises(DamagedProductError, match="ingest"):
            archive.amplitude(made.pixels, "VV", made.geobox)
        (tmp_path / "x.tif").write_bytes(whole[: len(whole) // 2])
        with pytest.raises(DamagedProductError):
            archive.amplitude(made.pixels, "VV", made.geobox)


@pytest.mark.parametrize("path", ["../x.tif", "/etc/passwd", "a/../../x.tif"])
def test_a_path_that_leads_out_of_the_archive_is_refused(tmp_path, make_scene, speckle, path) -> None:
    made = make_scene(tmp_path, speckle((20, 20)))
    pixels = replace(made.pixels, files=(replace(made.pixels.files[0], path=path),))
    with Archive(tmp_path / "below") as archive, pytest.raises(InputError, match="out of the archive"):
        archive.amplitude(pixels, "VV", made.geobox)
