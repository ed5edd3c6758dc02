"""OPERA DIST-ALERT-S1: read as written, refused where it is damaged, and never taken for an acquisition."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from odc.geo.geobox import GeoBox

from dashboard.model.errors import (
    DamagedProductError,
    GridMismatchError,
    InputError,
    NightglassError,
    NoGeoreferenceError,
)
from dashboard.simulate.products.dist_alert import (
    GRID,
    QUIET,
    TIME,
    Disturbance,
    Pass,
    looks_after,
    looks_before,
    write_dist_alert,
)
from dashboard.sources.dist_alert import KINDS, DistAlert, day_of, dist_alerts, read_dist_alert
from dashboard.sources.product import NotRead
from dashboard.sources.registry import products

FIRE = Disturbance(
    rows=slice(5, 20), cols=slice(10, 40), status=6, first=TIME - timedelta(days=12), count=3, metric=9.5
)
REAL = Path(__file__).parents[2].parent / "shared" / "data" / "opera-dist-s1-chile-fire"


def read(folder: Path) -> DistAlert:
    ((name, where),) = dist_alerts(folder)
    return read_dist_alert(name, where)


def rewrite(path: Path, change: Callable[[np.ndarray], np.ndarray], **profile: object) -> None:
    with rasterio.open(path) as dataset:
        values, kept, tags = dataset.read(1), dataset.profile, dataset.tags()
    values = change(values)
    kept.update(dtype=values.dtype, height=values.shape[0], width=values.shape[1], **profile)
    with rasterio.open(path, "w", **kept) as dataset:
        dataset.write(values, 1)
        dataset.update_tags(**tags)


def layer(folder: Path, name: str) -> Path:
    return folder / f"{folder.name}_{name}.tif"


def test_what_was_written_is_read(tmp_path: Path) -> None:
    taken = replace(Pass(), prior="OPERA_L3_DIST-ALERT-S1_T19HBD_20240214T100429Z_20240215T000000Z_S1A_30_v0.1")
    found = read(write_dist_alert(tmp_path, [FIRE], taken))
    assert (found.name, found.tile, found.sensor, found.version) == (taken.name, "19HBD", "S1A", "0.1")
    assert (found.time, found.made, found.geobox) == (taken.time, taken.made, GRID)
    burnt = np.zeros(GRID.shape, bool)
    burnt[5:20, 10:40] = True
    assert ((found.status == 6) == burnt).all()
    assert set(found.first_day[burnt]) == {day_of(FIRE.first)}
    assert set(found.last_day[burnt]) == {day_of(TIME)}
    assert set(found.count[burnt]) == {3}
    assert set(found.percent[burnt]) == {100}
    np.testing.assert_allclose(found.metric_max, np.where(burnt, np.float32(9.5), np.float32(QUIET)))
    assert found.before == looks_before(taken)
    assert found.after == looks_after(taken)
    assert found.tag("prior_dist_s1_product") == taken.prior
    assert found.tag("low_confidence_alert_threshold") == "2.5"
    assert found.tag("absent") is None
    assert [name for name, _ in found.files] == sorted(f"{taken.name}_{each}.tif" for each in KINDS)
    assert found.handling.caveats == {"EXERCISE - SYNTHETIC DATA"}


def test_the_word_none_in_a_tag_is_nothing(tmp_path: Path) -> None:
    assert read(write_dist_alert(tmp_path, [])).tag("prior_dist_s1_product") is None


def test_any_layer_any_folder_leads_to_the_product(tmp_path: Path) -> None:
    first = write_dist_alert(tmp_path / "a", [FIRE])
    second = write_dist_alert(tmp_path / "b", [], replace(Pass(), time=TIME + timedelta(days=5)))
    assert dist_alerts(layer(first, "GEN-METRIC")) == ((first.name, first),)
    assert dist_alerts(first) == ((first.name, first),)
    assert dist_alerts(tmp_path) == ((first.name, first), (second.name, second))


def test_a_folder_without_any_says_what_is_read(tmp_path: Path) -> None:
    (tmp_path / "OPERA_L3_DIST-ALERT-S1_half.tif").write_bytes(b"II*\0")
    with pytest.raises(InputError, match="OPERA DIST-ALERT-S1"):
        dist_alerts(tmp_path)


@pytest.mark.parametrize("name", KINDS)
def test_a_missing_layer_is_named(tmp_path: Path, name: str) -> None:
    folder = write_dist_alert(tmp_path, [FIRE])
    layer(folder, name).unlink()
    with pytest.raises(DamagedProductError, match=f"lacks the layers {name}; fetch"):
        read(folder)


def test_layers_that_are_not_read_may_be_missing(tmp_path: Path) -> None:
    folder = write_dist_alert(tmp_path, [FIRE])
    for name in ("GEN-DIST-CONF", "GEN-DIST-DUR", "GEN-DIST-STATUS-ACQ"):
        layer(folder, name).unlink()
    assert (read(folder).status == 6).any()


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("GEN-DIST-STATUS", 9, "GEN-DIST-STATUS holds 9"),
        ("GEN-DIST-DATE", 0, "began on no day"),
        ("GEN-DIST-DATE", -1, "began on no day"),
        ("GEN-DIST-DATE", day_of(TIME) + 1, "after their last day"),
        ("GEN-DIST-LAST-DATE", day_of(TIME) + 1, "or the pass itself"),
        ("GEN-DIST-COUNT", 0, "shown by no look"),
        ("GEN-DIST-COUNT", 255, "shown by no look"),
        ("GEN-DIST-PERC", 0, "shown by no look"),
        ("GEN-DIST-PERC", 101, "shown by no look"),
    ],
)
def test_what_the_documentation_excludes_is_refused(tmp_path: Path, name: str, value: int, error: str) -> None:
    folder = write_dist_alert(tmp_path, [FIRE])

    def spoilt(values: np.ndarray) -> np.ndarray:
        values[6, 11] = value
        return values

    rewrite(layer(folder, name), spoilt)
    with pytest.raises(DamagedProductError, match=error):
        read(folder)


def test_layers_of_another_grid_type_or_place_are_refused(tmp_path: Path) -> None:
    folder = write_dist_alert(tmp_path / "size", [FIRE])
    rewrite(layer(folder, "GEN-DIST-COUNT"), lambda values: values[:-1])
    with pytest.raises(GridMismatchError, match="GEN-DIST-COUNT"):
        read(folder)
    folder = write_dist_alert(tmp_path / "place", [FIRE])
    rewrite(layer(folder, "GEN-METRIC"), lambda values: values, transform=GRID.affine * Affine.translation(1, 0))
    with pytest.raises(GridMismatchError, match="GEN-METRIC"):
        read(folder)
    folder = write_dist_alert(tmp_path / "type", [FIRE])
    rewrite(layer(folder, "GEN-DIST-DATE"), lambda values: values.astype(np.float32))
    with pytest.raises(DamagedProductError, match="1 bands of float32; one of int16"):
        read(folder)


def test_a_product_in_degrees_or_without_a_place_is_refused(tmp_path: Path) -> None:
    degrees = GeoBox((20, 20), Affine(0.001, 0, -71.5, 0, -0.001, -33.0), "EPSG:4326")
    with pytest.raises(DamagedProductError, match="map grid in metres"):
        read(write_dist_alert(tmp_path / "degrees", [], geobox=degrees))
    folder = write_dist_alert(tmp_path / "nowhere", [])
    rewrite(layer(folder, "GEN-DIST-STATUS"), lambda values: values, crs=None)
    with pytest.raises(NoGeoreferenceError):
        read(folder)


def test_a_name_with_an_impossible_date_is_refused(tmp_path: Path) -> None:
    folder = write_dist_alert(tmp_path, [])
    wrong = folder.name.replace("20240216T232836Z", "20240231T232836Z")
    for path in folder.iterdir():
        path.rename(path.with_name(path.name.replace(folder.name, wrong)))
    with pytest.raises(DamagedProductError, match="20240231T232836"):
        read(folder)


def refusal(folder: Path) -> str | None:
    try:
        read(folder)
    except NightglassError as error:
        return str(error)
    return None


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # GDAL's own report of broken words
def test_damaged_bytes_are_refused_or_read_and_never_more(tmp_path: Path) -> None:
    folder = write_dist_alert(tmp_path, [FIRE])
    rng = np.random.default_rng(7)
    refused = 0
    for number in range(150):
        path = layer(folder, list(KINDS)[number % len(KINDS)])
        good = path.read_bytes()
        bad = bytearray(good[: rng.integers(8, len(good))] if number % 3 == 0 else good)
        for place in rng.integers(0, len(bad), 8):
            bad[place] = rng.integers(0, 256)
        path.write_bytes(bad)
        said = refusal(folder)
        assert said is None or folder.name in said
        refused += said is not None
        path.write_bytes(good)
    assert refused > 30
    assert refusal(folder) is None


def test_words_that_are_no_text_are_damage(tmp_path: Path) -> None:
    folder = write_dist_alert(tmp_path, [FIRE])
    path = layer(folder, "GEN-DIST-STATUS")
    own = GRID.crs.to_wkt(version="WKT1_GDAL").replace("WGS 84 / UTM zone 19S", "a grid of its own")
    own = own.replace(',AUTHORITY["EPSG","32719"]', "").replace('"false_easting",500000', '"false_easting",500001')
    rewrite(path, lambda values: values, crs=own)
    good = path.read_bytes()
    path.write_bytes(good.replace(b"a grid of its own", b"\xff\xfe\x9bid of its own"))
    assert path.read_bytes() != good
    with pytest.raises(DamagedProductError, match="GEN-DIST-STATUS"):
        read(folder)


def test_ingest_passes_a_product_over_once_and_names_the_command(tmp_path: Path) -> None:
    folder = write_dist_alert(tmp_path, [FIRE])
    found = list(products(tmp_path))
    assert len(found) == 1
    assert isinstance(found[0], NotRead)
    assert found[0].error is None
    assert found[0].name == folder.name
    assert "nightglass import-changes" in found[0].reason


@pytest.mark.skipif(not REAL.is_dir(), reason="the real DIST-ALERT-S1 products are not on this machine")
def test_the_real_products() -> None:
    found = [read_dist_alert(*each) for each in dist_alerts(REAL)]
    assert len(found) == 10
    assert all(each.tile == "19HBD" and each.geobox.shape == (200, 200) for each in found)
    off_track = [each.time.strftime("%m%d") for each in found if np.isnan(each.metric).all()]
    assert off_track == ["0128", "0209", "0221"]
    assert [int((each.status == 6).sum()) for each in found] == [0, 0, 0, 0, 0, 2, 3136, 3136, 11743, 12609]
    assert set(found[0].first_day[found[0].status > 0]) == {day_of(found[0].time)} == {1118}
    assert all(each.before and each.after and list(each.before) != sorted(each.before) for each in found[:1])
    assert {each.tag("version") for each in found} == {"2.0.6.dev20+gf62e9c80e"}
