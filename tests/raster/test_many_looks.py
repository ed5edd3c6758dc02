"""Looks of a stack: what is read for many at once is what is read for each."""

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from dashboard.model.errors import DamagedProductError
from dashboard.raster.archive import Archive
from dashboard.raster.blocks import BlockCache
from dashboard.raster.windows import MOST_KEPT

pytestmark = pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")

SHAPE = (1400, 1700)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    with Archive(tmp_path_factory.mktemp("looks")) as opened:
        yield opened


@pytest.fixture(scope="module")
def scenes(archive, make_scene, speckle):
    return [make_scene(archive.root, speckle(SHAPE, seed), f"acq/{seed}.tif") for seed in range(2)]


def into(archive, scene, box, *, checked=True):
    out = np.full(tuple(box.shape), 7, np.uint16)
    archive.amplitude_into(scene.pixels, "VV", box, out, checked=checked)
    return out


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(st.floats(146.9, 147.3), st.floats(43.0, 43.4)),
    st.floats(0.001, 0.3),
    st.sampled_from(["EPSG:4326", "EPSG:3857"]),
    st.tuples(st.integers(1, 300), st.integers(1, 300)),
)
def test_any_grid_is_filled_as_one_look_alone(archive, scenes, corner, size, crs, shape) -> None:
    to_grid = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    west, south = to_grid.transform(*corner)
    east, north = to_grid.transform(corner[0] + size, corner[1] + size)
    box = GeoBox.from_bbox((west, south, east, north), crs, shape=shape)
    for scene in scenes:
        np.testing.assert_array_equal(into(archive, scene, box), archive.amplitude(scene.pixels, "VV", box))


def test_the_whole_and_its_parts_agree_whether_kept_or_passing(archive, scenes) -> None:
    scene = scenes[0]
    archive.forget()
    whole = into(archive, scene, scene.geobox)
    assert archive.cached_bytes == 0
    np.testing.assert_array_equal(whole, archive.amplitude(scene.pixels, "VV", scene.geobox))
    archive.forget()
    part = into(archive, scene, scene.geobox[500:700, 500:700])
    assert 0 < archive.cached_bytes <= MOST_KEPT * 512 * 512 * 2
    np.testing.assert_array_equal(part, whole[500:700, 500:700])
    out = np.full((400, 300), 9, np.uint16)
    archive.amplitude_into(scene.pixels, "VV", scene.geobox[500:700, 500:700], out[100:300, 50:250])
    np.testing.assert_array_equal(out[100:300, 50:250], part)
    assert (out[:100] == 9).all()
    assert (out[:, 250:] == 9).all()


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(st.integers(0, 1399), st.integers(0, 1699)),
    st.tuples(st.integers(1, 1400), st.integers(1, 1700)),
    st.integers(0, 2),
)
def test_a_quick_look_is_the_same(archive, scenes, corner, size, level) -> None:
    file, files = scenes[0].pixels.files[0], archive._files
    (top, left), (height, width) = corner, size
    rows, cols = (min(n, -(-size // 2**level) - 1) for n, size in zip((top, left), SHAPE, strict=True))
    high, wide = files.shape(file, level)
    part = slice(rows, min(rows + height, high)), slice(cols, min(cols + width, wide))
    quick, whole = (files.read_window(file, level, *part, checked=checked) for checked in (False, True))
    np.testing.assert_array_equal(quick, whole)


def test_a_quick_look_inflates_no_further_than_it_must_and_a_checked_one_to_the_end(
    tmp_path, make_scene, speckle
) -> None:
    scene = make_scene(tmp_path, speckle((1536, 1600)))
    path, file = tmp_path / scene.pixels.files[0].path, scene.pixels.files[0]
    with rasterio.open(path) as handle:
        offset, size = (int(handle.get_tag_item(f"BLOCK_{what}_1_2", "TIFF", bidx=1)) for what in ("OFFSET", "SIZE"))
    part = slice(0, 1030), slice(0, 1600)
    with Archive(tmp_path) as opened:
        whole = opened._files.read_window(file, 0, *part)
    raw = bytearray(path.read_bytes())
    raw[offset + size - 1] ^= 1
    path.write_bytes(raw)
    with Archive(tmp_path) as opened:
        np.testing.assert_array_equal(opened._files.read_window(file, 0, *part, checked=False), whole)
        with pytest.raises(DamagedProductError, match="damaged in rows 0 to 1030"):
            opened._files.read_window(file, 0, *part)
    raw[offset : offset + size] = bytes(size)
    path.write_bytes(raw)
    with Archive(tmp_path) as opened, pytest.raises(DamagedProductError, match="ingest the product again"):
        opened._files.read_window(file, 0, *part, checked=False)


def test_blocks_that_were_left_out_are_empty(tmp_path, make_scene, speckle) -> None:
    power = speckle((1100, 1600))
    power[1024:, :512] = np.nan
    scene = make_scene(tmp_path, power)
    with Archive(tmp_path) as opened:
        found = into(opened, scene, scene.geobox, checked=False)
        np.testing.assert_array_equal(found, opened.amplitude(scene.pixels, "VV", scene.geobox))
    assert not found[1024:, :512].any()


def test_what_lies_beside_or_nowhere_near_is_0(archive, scenes) -> None:
    scene = scenes[1]
    wide = scene.geobox.pad(30)
    np.testing.assert_array_equal(into(archive, scene, wide), archive.amplitude(scene.pixels, "VV", wide))
    away = GeoBox.from_bbox((10.0, 10.0, 10.1, 10.1), "EPSG:4326", shape=(20, 30))
    assert not into(archive, scene, away).any()


def test_blocks_that_pictures_hold_are_used(archive, scenes, monkeypatch) -> None:
    scene = scenes[0]
    archive.amplitude(scene.pixels, "VV", scene.geobox)
    held, put = archive.cached_bytes, []
    monkeypatch.setattr(BlockCache, "put", lambda *_: put.append(1))
    into(archive, scene, scene.geobox)
    assert (archive.cached_bytes, put) == (held, [])
