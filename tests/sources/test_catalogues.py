from datetime import UTC, datetime
from pathlib import Path

import pytest
import shapely
from product_makers import DATA, item, speckle, write_json, write_tiff

from dashboard.model.errors import DamagedProductError
from dashboard.sources.footprint import clean_footprint
from dashboard.sources.product import NotRead, Product
from dashboard.sources.record import Placed, acquisition
from dashboard.sources.registry import products

HOLLOW = {"VV": {"href": "https://example.com/a.tif", "roles": ["data"]}}


def hollow(name: str, **properties: object) -> dict[str, object]:
    return {**item(name, **properties), "assets": HOLLOW}


def test_a_catalogue_tree_is_followed_downward(tmp_path: Path) -> None:
    child = tmp_path / "2024"
    child.mkdir()
    write_json(child / "a.json", hollow("a"))
    write_tiff(child / "b_VV.tif", speckle())
    write_json(child / "b.json", item("b"))
    links = [
        {"rel": "item", "href": "./a.json"},
        {"rel": "item", "href": "b.json"},
        {"rel": "root", "href": "../catalog.json"},
        {"rel": "item", "href": "https://example.com/c.json"},
    ]
    write_json(child / "collection.json", {"type": "Collection", "stac_version": "1.1.0", "id": "c", "links": links})
    root = {"type": "Catalog", "stac_version": "1.1.0", "id": "r"}
    down = [{"rel": "child", "href": "./2024/collection.json"}, {"rel": "child", "href": "./catalog.json"}]
    write_json(tmp_path / "catalog.json", {**root, "links": down})
    for path in (tmp_path / "catalog.json", tmp_path):
        found = list(products(path))
        names = {f.acquisition.id: f.power is not None for f in found if isinstance(f, Product)}
        assert names == {"a": False, "b": True}
        assert not [f for f in found if isinstance(f, NotRead)]


def test_a_catalogue_does_not_lead_out_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    write_json(tmp_path / "secret.json", hollow("secret"))
    links = [{"rel": "item", "href": "../secret.json"}]
    content = {"type": "Catalog", "stac_version": "1.1.0", "id": "r", "links": links}
    (found,) = products(write_json(tmp_path / "in" / "catalog.json", content))
    assert isinstance(found, NotRead)
    assert isinstance(found.error, DamagedProductError)


def test_an_item_collection_skips_what_is_no_acquisition(tmp_path: Path) -> None:
    features = [hollow("a"), {**hollow("b"), "geometry": None}, {**hollow("c"), "id": "c/../d"}, {"type": "Feature"}]
    path = write_json(tmp_path / "all.json", {"type": "FeatureCollection", "features": features, "stac_version": "1"})
    found = list(products(path))
    assert [f.acquisition.id for f in found if isinstance(f, Product)] == ["a", "c-..-d"]
    skipped = [f for f in found if isinstance(f, NotRead)]
    assert all(f.error is None for f in skipped)
    assert "footprint" in skipped[0].reason


@pytest.mark.parametrize(
    ("constellation", "expected"),
    [("capella", 281.1), ("iceye", 101.1), ("umbra", 101.1)],
)
def test_viewing_azimuth_is_turned_where_the_vendor_writes_the_opposite(
    tmp_path: Path, constellation: str, expected: float
) -> None:
    content = hollow("a", constellation=constellation, **{"view:azimuth": 101.1})
    (found,) = products(write_json(tmp_path / "a.json", content))
    assert found.acquisition.look_azimuth_deg == pytest.approx(expected)


def test_capella_azimuths_agree_with_pass_and_look_once_turned() -> None:
    path = DATA / "sar-stac-commercial" / "capella_GEO.parquet"
    if not path.exists():
        pytest.skip("the shared sample data is not here")
    agree = total = 0
    for found in products(path):
        acq = found.acquisition
        if acq.look_azimuth_deg is None or abs(acq.footprint.centroid.y) > 60:
            continue
        # A platform flying north looks east to its right and west to its left; flying south the other way round.
        eastward = (acq.pass_direction == "ascending") == (acq.look == "right")
        total += 1
        agree += eastward == (acq.look_azimuth_deg < 180)
    assert total > 2000
    assert agree / total > 0.95


def test_footprints_are_flattened_and_cut_at_the_antimeridian() -> None:
    ring = [[179.5, 10, 5], [-179.5, 10, 5], [-179.5, 11, 5], [179.5, 11, 5], [179.5, 10, 5]]
    found = clean_footprint({"type": "Polygon", "coordinates": [ring]})
    assert not found.has_z
    assert found.area == pytest.approx(1.0)
    assert found.bounds == (-180.0, 10.0, 180.0, 11.0)
    assert len(found.geoms) == 2


@pytest.mark.parametrize(
    "geometry",
    [
        None,
        {},
        {"type": "Polygon"},
        {"type": "Point", "coordinates": [1, 2]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[[0, 0], [0, 95], [1, 1], [0, 0]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [float("nan"), 1], [1, 1], [0, 0]]]},
    ],
)
def test_broken_footprints_are_damage(geometry: object) -> None:
    with pytest.raises(DamagedProductError, match="footprint"):
        clean_footprint(geometry)


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("view:incidence_angle", 120.0, "incidence"),
        ("sar:polarizations", ["XX"], "Polarisation"),
        ("start_datetime", "yesterday", "start_datetime"),
        ("end_datetime", "2024-05-06T15:00:00Z", "before"),
    ],
)
def test_fields_that_contradict_are_named(tmp_path: Path, field: str, value: object, word: str) -> None:
    with pytest.raises(DamagedProductError, match=word):
        list(products(write_json(tmp_path / "a.json", hollow("a", **{field: value}))))


def test_nothing_is_defaulted(tmp_path: Path) -> None:
    (found,) = products(write_json(tmp_path / "a.json", hollow("a")))
    acq = found.acquisition
    unstated = (acq.look, acq.pass_direction, acq.track, acq.incidence_deg, acq.look_azimuth_deg, acq.looks, acq.mode)
    assert unstated == (None,) * 7
    assert acq.received is None
    assert acq.frequency_ghz is None


def test_an_id_becomes_a_safe_name(tmp_path: Path) -> None:
    (found,) = products(write_json(tmp_path / "a.json", hollow("../../etc/passwd\0 x")))
    assert set(found.acquisition.id) <= set("etcpasswdx-.")
    assert not found.acquisition.id.startswith(".")


def test_truncated_json_and_parquet_are_damage(tmp_path: Path) -> None:
    cut = tmp_path / "a.json"
    cut.write_text('{"type": "Feature", "stac_version": "1.1.0", "properties": {')
    with pytest.raises(DamagedProductError, match=r"a\.json"):
        list(products(cut))
    table = tmp_path / "t.parquet"
    table.write_bytes(b"PAR1" + b"\0" * 100)
    with pytest.raises(DamagedProductError, match=r"t\.parquet"):
        list(products(table))


def test_the_whole_of_a_made_record(tmp_path: Path) -> None:
    (found,) = products(write_json(tmp_path / "a.json", hollow("a")))
    placed = Placed(
        footprint=shapely.box(0, 0, 1, 1), origin=found.acquisition.origin, time=datetime(2024, 1, 1, tzinfo=UTC)
    )
    acq = acquisition("z", {"platform": "Sentinel-1A"}, placed)
    assert (acq.constellation, acq.platform, acq.start) == ("sentinel-1", "sentinel-1a", placed.time)


def test_opera_tags_of_complete_products_are_read(tmp_path: Path) -> None:
    import rasterio

    stem = "OPERA_L2_RTC-S1_T137-292319-IW2_20231203T015908Z_20231203T124004Z_S1A_30_v1.0"
    for name in ("VH", "VV"):
        path = write_tiff(tmp_path / f"{stem}_{name}.tif", speckle())
        with rasterio.open(path, "r+") as dataset:
            dataset.update_tags(ORBIT_PASS_DIRECTION="DESCENDING", ZERO_DOPPLER_END_TIME="2023-12-03T01:59:11.5Z")
    write_tiff(tmp_path / f"{stem}_mask.tif", speckle())
    (tmp_path / f"{stem}.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    *passed_over, found = sorted(products(tmp_path), key=lambda f: isinstance(f, Product))
    assert [p.error for p in passed_over] == [None, None]
    acq = found.acquisition
    assert (acq.id, acq.polarisations, acq.pass_direction) == (stem, ("VV", "VH"), "descending")
    assert acq.stop == datetime(2023, 12, 3, 1, 59, 11, 500_000, tzinfo=UTC)
    assert acq.origin.guessed == frozenset()
    assert (acq.look, acq.mode, acq.track, acq.incidence_deg) == ("right", "IW", 137, None)
    found.close()
