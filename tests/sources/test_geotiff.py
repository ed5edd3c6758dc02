from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from product_makers import DATA, GRID, item, speckle, write_json, write_tiff
from pyproj import Transformer
from rasterio import Affine
from rasterio.control import GroundControlPoint

from dashboard.model.acquisition import LookSide, PassDirection, Quantity
from dashboard.model.errors import (
    DamagedProductError,
    GridMismatchError,
    InputError,
    NoGeoreferenceError,
    UnknownProductError,
    UnknownUnitsError,
)
from dashboard.model.handling import Tlp
from dashboard.sources.product import Given, NotRead, Product
from dashboard.sources.registry import products


def one(path: Path, time: datetime | None = None) -> Product:
    (found,) = products(path, Given(time=time))
    assert isinstance(found, Product)
    return found


def whole(product: Product, polarisation: str = "VV") -> np.ndarray:
    rows, columns = product.power.geobox.shape
    return product.power.read(polarisation, slice(0, rows), slice(0, columns))


def value_at(product: Product, lon: float, lat: float) -> float:
    """Return the power of the archive pixel under a position."""
    x, y = Transformer.from_crs("OGC:CRS84", str(product.power.geobox.crs), always_xy=True).transform(lon, lat)
    grid = product.power.geobox.affine
    return float(whole(product)[int((y - grid.f) / grid.e), int((x - grid.c) / grid.a)])


def smooth(shape: tuple[int, int]) -> np.ndarray:
    """Return values that say their row and column: 1 a column, 1,000 a row."""
    rows, columns = np.indices(shape)
    return (1.0 + 1000.0 * rows + columns).astype(np.float32)


def assert_placed(product: Product, values: np.ndarray, west: float, north: float) -> None:
    """Every tenth pixel of a 0.001 degree grid is found where it was, or its neighbour is."""
    for row in range(5, values.shape[0] - 5, 10):
        for column in range(5, values.shape[1] - 5, 10):
            found = value_at(product, west + 0.001 * (column + 0.5), north - 0.001 * (row + 0.5)) - 1.0
            assert abs(found // 1000 - row) <= 1
            assert abs(found % 1000 - column) <= 1


def test_a_stac_side_car_describes_both_polarisations(tmp_path: Path) -> None:
    vv, vh = speckle(seed=1), speckle(seed=2)
    write_tiff(tmp_path / "x_VV.tif", vv)
    write_tiff(tmp_path / "x_VH.tif", vh)
    described = item("x", ("VV", "VH"), **{
        "sar:observation_direction": "right", "sat:orbit_state": "ascending", "sat:relative_orbit": 12,
        "view:incidence_angle": 31.0, "proc:look_azimuth": 78.0, "sar:looks_equivalent_number": 4,
        "sar:center_frequency": 9.65e9, "published": "2024-05-06T18:00:00Z", "rel:tlp": "AMBER",
        "rel:caveats": ["EXERCISE"],
    })  # fmt: skip
    write_json(tmp_path / "x.json", described)
    for path in (tmp_path / "x_VV.tif", tmp_path / "x.json", tmp_path):
        product = one(path)
        acq = product.acquisition
        assert (acq.id, acq.constellation, acq.platform) == ("x", "iceye", "iceye-x42")
        assert (acq.polarisations, acq.look, acq.pass_direction) == (
            ("VV", "VH"), LookSide.RIGHT, PassDirection.ASCENDING,
        )  # fmt: skip
        assert (acq.track, acq.incidence_deg, acq.look_azimuth_deg, acq.looks) == (12, 31.0, 78.0, 4.0)
        assert acq.frequency_ghz == pytest.approx(9.65)
        assert acq.received == datetime(2024, 5, 6, 18, tzinfo=UTC)
        assert acq.calibration.valid
        assert acq.calibration.quantity is Quantity.GAMMA0
        assert (acq.handling.tlp, acq.handling.caveats) == (Tlp.AMBER, {"EXERCISE"})
        np.testing.assert_array_equal(whole(product, "VV"), vv)
        np.testing.assert_array_equal(whole(product, "VH"), vh)
        assert (product.power.geobox.affine, str(product.power.geobox.crs)) == (GRID, "EPSG:32636")
        product.close()


@settings(max_examples=25, deadline=None)
@given(top=st.integers(0, 39), left=st.integers(0, 59), height=st.integers(1, 40), width=st.integers(1, 60))
def test_a_window_is_the_window_of_the_whole(
    tmp_path_factory: pytest.TempPathFactory, top: int, left: int, height: int, width: int
) -> None:
    folder = tmp_path_factory.mktemp("window")
    write_tiff(folder / "x_VV.tif", speckle())
    product = one(write_json(folder / "x.json", item()))
    rows, columns = slice(top, min(top + height, 40)), slice(left, min(left + width, 60))
    np.testing.assert_array_equal(product.power.read("VV", rows, columns), whole(product)[rows, columns])
    product.close()


def test_a_plain_side_car_in_decibels(tmp_path: Path) -> None:
    power = speckle()
    write_tiff(tmp_path / "y.tif", (10 * np.log10(power)).astype(np.float32))
    write_json(tmp_path / "y.json", {
        "constellation": "Capella", "start": "2024-05-06T15:30:00", "polarisation": "HH", "units": "dB sigma0",
        "looks": 3, "look": "left", "tlp": "GREEN",
    })  # fmt: skip
    product = one(tmp_path / "y.tif")
    np.testing.assert_allclose(whole(product, "HH"), power, rtol=1e-5)
    assert product.acquisition.calibration.quantity is Quantity.SIGMA0
    assert (product.acquisition.look, product.acquisition.looks) == (LookSide.LEFT, 3.0)
    product.close()


def test_no_data_in_all_its_forms(tmp_path: Path) -> None:
    values = speckle()
    values[0, :3] = [np.nan, -9999.0, 0.0]
    write_tiff(tmp_path / "x_VV.tif", values, nodata=-9999.0)
    product = one(write_json(tmp_path / "x.json", item()))
    missing = np.isnan(whole(product))
    assert missing[0, :3].all()
    assert missing.sum() == 3
    product.close()


def test_integers_are_amplitude_with_zero_for_no_data(tmp_path: Path) -> None:
    digital = np.random.default_rng(1).integers(1, 4000, (30, 30)).astype(np.uint16)
    digital[5, 5] = 0
    write_tiff(tmp_path / "x_VV.tif", digital)
    cal = {"kind": "scale", "quantity": "sigma0", "params": {"k": 2e-8}}
    product = one(write_json(tmp_path / "x.json", item(**{"proc:cal": cal})))
    power = whole(product)
    assert np.isnan(power[5, 5])
    np.testing.assert_allclose(power[digital > 0], 2e-8 * digital[digital > 0].astype(float) ** 2, rtol=1e-5)
    product.close()


def test_alone_it_needs_a_time_and_is_shown_uncalibrated(tmp_path: Path) -> None:
    digital = np.random.default_rng(1).integers(1, 4000, (30, 30)).astype(np.uint16)
    path = write_tiff(tmp_path / "ICEYE_scene_HH.tif", digital)
    with pytest.raises(InputError, match="--time"):
        one(path)
    product = one(path, datetime(2024, 5, 6, tzinfo=UTC))
    acq = product.acquisition
    assert not acq.calibration.valid
    assert (acq.polarisations, acq.constellation) == (("HH",), "iceye")
    assert acq.origin.guessed == {"constellation"}
    np.testing.assert_array_equal(np.round(product.archive_scale * np.sqrt(whole(product, "HH"))), digital)
    product.close()


def test_the_tag_of_the_file_gives_the_time(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "scene.tif", speckle())
    with rasterio.open(path, "r+") as dataset:
        dataset.update_tags(TIFFTAG_DATETIME="2018:07:16 06:06:23")
    acq = one(path).acquisition
    assert acq.start == datetime(2018, 7, 16, 6, 6, 23, tzinfo=UTC)
    assert acq.origin.guessed >= {"start", "polarisations"}


def test_degrees_are_warped_once_to_utm_without_mixing(tmp_path: Path) -> None:
    values = smooth((80, 80))
    write_tiff(tmp_path / "x_VV.tif", values, crs="EPSG:4326", transform=Affine(0.001, 0.0, 30.0, 0.0, -0.001, 50.0))
    product = one(write_json(tmp_path / "x.json", item()))
    power = whole(product)
    assert str(product.power.geobox.crs) == "EPSG:32636"
    assert str(product.power.geobox.crs) != "EPSG:4326"
    found = power[np.isfinite(power)]
    assert found.size > 0.8 * values.size
    assert set(found.tolist()) <= set(values.ravel().tolist())
    assert_placed(product, values, 30.0, 50.0)
    west, south, east, north = product.acquisition.bbox
    assert (west, south, east, north) == pytest.approx((30.0, 49.92, 30.08, 50.0), abs=0.006)
    product.close()


def test_ground_control_points_place_the_pixels(tmp_path: Path) -> None:
    path = tmp_path / "x_VV.tif"
    values = smooth((40, 60))
    write_tiff(path, values, crs=None, transform=None)
    points = [
        GroundControlPoint(row=row, col=col, x=30.0 + 0.001 * col, y=50.0 - 0.001 * row)
        for row in (0, 20, 40)
        for col in (0, 30, 60)
    ]
    with rasterio.open(path, "r+", driver="GTiff") as dataset:
        dataset.gcps = (points, rasterio.CRS.from_epsg(4326))
    product = one(write_json(tmp_path / "x.json", item()))
    assert product.acquisition.bbox == pytest.approx((30.0, 49.96, 30.06, 50.0), abs=0.003)
    assert_placed(product, values, 30.0, 50.0)
    product.close()


def test_the_real_image_with_control_points() -> None:
    path = DATA / "sentinel1" / "cog_gcps.tif"
    if not path.exists():
        pytest.skip("the shared sample data is not here")
    product = one(path)
    assert np.isfinite(whole(product)).mean() > 0.5
    assert product.acquisition.start.year == 2018
    product.close()


def test_pixels_that_cannot_be_placed(tmp_path: Path) -> None:
    write_tiff(tmp_path / "x_VV.tif", speckle(), crs=None, transform=None)
    with pytest.raises(NoGeoreferenceError, match="ground control points"):
        one(write_json(tmp_path / "x.json", item()))


def test_polarisations_on_different_grids(tmp_path: Path) -> None:
    write_tiff(tmp_path / "x_VV.tif", speckle())
    write_tiff(tmp_path / "x_VH.tif", speckle((20, 60)))
    with pytest.raises(GridMismatchError, match=r"x_VH\.tif"):
        one(write_json(tmp_path / "x.json", item("x", ("VV", "VH"))))


def test_a_truncated_file(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "x_VV.tif", speckle((400, 400)))
    path.write_bytes(path.read_bytes()[:20_000])
    write_json(tmp_path / "x.json", item())
    with pytest.raises(DamagedProductError, match=r"x_VV\.tif"):
        whole(one(path))


def test_a_file_with_its_directory_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "x.tif"
    path.write_bytes(b"II*\0" + b"\xff" * 60)
    with pytest.raises(DamagedProductError, match=r"x\.tif"):
        one(path)


def test_unknown_units_name_the_known_ones(tmp_path: Path) -> None:
    write_tiff(tmp_path / "y.tif", speckle())
    write_json(tmp_path / "y.json", {"constellation": "x", "start": "2024-05-06", "polarisation": "VV", "units": "DN"})
    with pytest.raises(UnknownUnitsError, match="linear power"):
        one(tmp_path / "y.tif")


@pytest.mark.parametrize(
    "href", ["../x_VV.tif", "/etc/x.tif", "a/../../x.tif", "file:///etc/x.tif", "..\\x.tif", "/vsicurl/http://h/x.tif"]
)
def test_paths_that_leave_the_folder_are_refused(tmp_path: Path, href: str) -> None:
    content = item()
    content["assets"]["VV"]["href"] = href
    with pytest.raises(DamagedProductError, match="folder"):
        one(write_json(tmp_path / "x.json", content))


def test_a_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside.tif"
    write_tiff(outside, speckle())
    folder = tmp_path / "product"
    folder.mkdir()
    (folder / "x_VV.tif").symlink_to(outside)
    with pytest.raises(DamagedProductError, match="link"):
        one(write_json(folder / "x.json", item()))


def test_pixels_elsewhere_make_a_hollow_product(tmp_path: Path) -> None:
    content = item()
    content["assets"]["VV"]["href"] = "https://example.com/x_VV.tif"
    product = one(write_json(tmp_path / "x.json", content))
    assert product.power is None
    assert product.acquisition.polarisations == ("VV",)


def test_a_vrt_is_never_opened(tmp_path: Path) -> None:
    secret = write_tiff(tmp_path / "secret.tif", speckle())
    trap = f'<VRTDataset rasterXSize="60" rasterYSize="40"><VRTRasterBand dataType="Float32" band="1"><SimpleSource><SourceFilename>{secret}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>'  # noqa: E501
    path = tmp_path / "x_VV.vrt"
    path.write_text(trap)
    with pytest.raises(UnknownProductError, match="VRT"):
        one(path)
    disguised = tmp_path / "x_VV.tif"
    disguised.write_text(trap)
    with pytest.raises(InputError):
        one(write_json(tmp_path / "x.json", item()))


@pytest.mark.parametrize("head", [b"\x00\x00\x01\xba", b"plain text", b"{]"])
def test_other_files_are_refused_by_saying_what_is_looked_for(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "strange.bin"
    path.write_bytes(head + b" " * 40)
    with pytest.raises(UnknownProductError, match=r"OPERA RTC-S1.*GeoTIFF") as raised:
        one(path)
    assert "\n" not in str(raised.value)


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "x.tif"
    path.touch()
    with pytest.raises(DamagedProductError, match="0 bytes"):
        one(path)


def test_in_a_folder_the_bad_does_not_stop_the_good(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"II*\0broken")
    (tmp_path / "notes.txt").write_text("nothing to see")
    (tmp_path / "b.ntf").write_bytes(b"NITF02.10" + b" " * 40)
    write_tiff(tmp_path / "x_VV.tif", speckle(), transform=GRID)
    write_json(tmp_path / "x.json", item())
    found = list(products(tmp_path))
    assert [f.acquisition.id for f in found if isinstance(f, Product)] == ["x"]
    assert sorted(f.name for f in found if isinstance(f, NotRead)) == ["a.tif", "b.ntf"]


def test_a_folder_with_nothing_in_it(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing to see")
    with pytest.raises(UnknownProductError, match="looks for"):
        list(products(tmp_path))
