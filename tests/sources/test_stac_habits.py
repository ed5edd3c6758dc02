"""STAC as it is found: of every age, by every writer, and no file outside what was handed over."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pystac
import pytest
import rustac
import shapely
import stac_geoparquet.arrow
from product_makers import DATA, item, speckle, write_json, write_tiff

from dashboard.model.acquisition import Geocoding, Kind, LookSide, PassDirection
from dashboard.model.errors import DamagedProductError
from dashboard.sources.product import NotRead, Product
from dashboard.sources.stac.habits import climbed, modern, rebased
from dashboard.sources.stac.reader import StacReader

READER = StacReader()
ELSEWHERE = {"VV": {"href": "https://example.com/a.tif", "roles": ["data"]}}


def read(path: Path) -> list[Any]:
    assert READER.sniff(path) >= 0.6
    return list(READER.read(path))


def hollow(name: str, **properties: object) -> dict[str, Any]:
    return {**item(name, **properties), "assets": ELSEWHERE}


@pytest.fixture
def real() -> Path:
    if not DATA.is_dir():
        pytest.skip("the shared sample data is not here")
    return DATA


def test_a_real_collection_with_files_elsewhere_is_known(real: Path) -> None:
    found = read(real / "sentinel1" / "stac-grd" / "collection.json")
    assert all(isinstance(f, Product) and f.power is None for f in found)
    acqs = {f.acquisition.mode: f.acquisition for f in found}
    assert set(acqs) == {"EW", "IW"}
    acq = acqs["IW"]
    assert acq.id == "S1A_IW_GRDH_1SDV_20210809T173953_20210809T174018_039156_049F13"
    assert (acq.constellation, acq.platform, acq.track, acq.level) == ("sentinel-1", "sentinel-1a", 59, "GRD")
    assert (acq.look, acq.pass_direction) == (LookSide.RIGHT, PassDirection.ASCENDING)
    assert acq.start == datetime(2021, 8, 9, 17, 39, 53, 153776, tzinfo=UTC)
    details = dict(acq.details)
    assert details["sat:absolute_orbit"] == "39156"
    assert (details["sar:resolution_range"], details["sar:resolution_azimuth"]) == ("20", "22")
    assert details["sat:platform_international_designator"] == "2014-016A"
    assert not acq.calibration.valid


def test_a_real_item_that_names_files_outside_its_folder_is_refused_alone(real: Path) -> None:
    (path,) = (real / "sentinel1" / "stac-grd").glob("S1A_IW*/*.json")
    with pytest.raises(DamagedProductError, match="leaves the product's folder"):
        read(path)


def test_a_real_item_of_the_extension_is_known(real: Path) -> None:
    (found,) = read(real / "sentinel1" / "sentinel-1-grd-ew.json")
    details = dict(found.acquisition.details)
    assert details["instruments"] == "c-sar"
    assert details["sar:bandwidth"] == "0.048"
    assert details["sar:beam_ids"] == "EW"


@pytest.mark.parametrize("name", ["capella_GEO", "iceye"])
def test_real_tables_keep_their_details(real: Path, name: str) -> None:
    found = [f for f in read(real / "sar-stac-commercial" / f"{name}.parquet") if isinstance(f, Product)]
    assert len(found) > 300
    if name == "capella_GEO":
        first = next(f for f in found if f.acquisition.id == "CAPELLA_C15_SS_GEO_HH_20260629145819_20260629145831")
        details = dict(first.acquisition.details)
        assert details["capella:collection_type"] == "spotlight_wide"
        assert details["sar:pixel_spacing_range"] == "0.77"
        assert details["instruments"] == "capella-radar-15"
    else:
        assert {dict(f.acquisition.details)["proc:raw_platform"][:7] for f in found} == {"ICEYE-X"}


OLD = {
    "dtr:start_datetime": "2019-05-06T15:30:00Z",
    "dtr:end_datetime": "2019-05-06T15:30:05Z",
    "datetime": "2019-05-06T15:30:02Z",
    "sar:platform": "sentinel-1b",
    "sar:constellation": "sentinel-1",
    "sar:polarization": ["VV", "VH"],
    "sar:pass_direction": "descending",
    "sar:relative_orbit": 44,
    "sar:absolute_orbit": 16000,
    "sar:incidence_angle": 38.5,
    "sar:type": "GRD",
    "sar:instrument_mode": "IW",
    "eo:epsg": 32636,
}


def test_an_item_of_eight_years_ago_says_the_same(tmp_path: Path) -> None:
    content = {
        **item("old"),
        "stac_version": "0.8.1",
        "stac_extensions": ["sar", "datetime-range"],
        "assets": ELSEWHERE,
    }
    content["properties"] = OLD
    (found,) = read(write_json(tmp_path / "old.json", content))
    acq = found.acquisition
    assert (acq.constellation, acq.platform, acq.mode, acq.level) == ("sentinel-1", "sentinel-1b", "IW", "GRD")
    assert (acq.polarisations, acq.track, acq.incidence_deg) == (("VV", "VH"), 44, 38.5)
    assert acq.pass_direction is PassDirection.DESCENDING
    assert (acq.stop - acq.start).total_seconds() == 5
    assert dict(acq.details)["sat:absolute_orbit"] == "16000"


def test_the_newer_name_counts_and_a_number_becomes_a_code() -> None:
    properties = modern({"properties": {"sar:platform": "old", "platform": "new", "proj:epsg": 32636}})["properties"]
    assert properties == {"platform": "new", "proj:code": "EPSG:32636"}
    assert modern({"properties": {"proj:epsg": None}})["properties"] == {}
    assert modern({"properties": {"sar:polarization": ["LHH"]}})["properties"]["sar:polarizations"] == ["LH"]


def test_a_collection_of_old_shares_its_properties(tmp_path: Path) -> None:
    content = {**item("a"), "assets": ELSEWHERE, "stac_version": "0.9.0"}
    content["properties"] = {"datetime": "2019-05-06T15:30:00Z", "sar:instrument_mode": "SM"}
    write_json(tmp_path / "a.json", content)
    collection = {
        "stac_version": "0.9.0", "id": "c", "extent": {}, "links": [{"rel": "item", "href": "./a.json"}],
        "properties": {"constellation": "sentinel-1", "sar:instrument_mode": "IW"},
    }  # fmt: skip
    (found,) = read(write_json(tmp_path / "collection.json", collection))
    assert (found.acquisition.constellation, found.acquisition.mode) == ("sentinel-1", "SM")


def pystac_item(name: str) -> pystac.Item:
    return pystac.Item.from_dict({**hollow(name), "properties": {**hollow(name)["properties"], "datetime": None}})


@pytest.mark.parametrize("kind", list(pystac.CatalogType))
def test_trees_that_pystac_writes(tmp_path: Path, kind: pystac.CatalogType) -> None:
    top = pystac.Catalog(id="top", description="top")
    below = pystac.Catalog(id="below", description="below")
    top.add_child(below)
    below.add_items([pystac_item("a"), pystac_item("b")])
    top.normalize_hrefs("https://stac.example.org/published/")
    top.save(kind, dest_href=str(tmp_path / "tree"))
    found = read(tmp_path / "tree" / "catalog.json")
    assert sorted(f.acquisition.id for f in found) == ["a", "b"]


def test_a_published_tree_is_followed_where_it_was_fetched_to_and_nowhere_else(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    write_json(tree / "a.json", hollow("a"))
    write_json(tmp_path / "secret.json", hollow("secret"))
    links = [
        {"rel": "self", "href": "/home/them/stac/catalog.json"},
        {"rel": "item", "href": "/home/them/stac/a.json"},
        {"rel": "item", "href": "/home/them/stac/../secret.json"},
        {"rel": "item", "href": str(tmp_path / "secret.json")},
        {"rel": "item", "href": f"file://{tmp_path}/secret.json"},
    ]
    catalog = {"type": "Catalog", "stac_version": "1.0.0", "id": "r", "description": "r", "links": links}
    found = read(write_json(tree / "catalog.json", catalog))
    assert [f.acquisition.id for f in found if isinstance(f, Product)] == ["a"]
    refused = [f for f in found if isinstance(f, NotRead)]
    assert len(refused) == 3
    assert all("leaves the product's folder" in f.reason for f in refused)


def test_files_of_a_tree_are_read_within_its_root_only(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "items" / "a").mkdir(parents=True)
    (tree / "pixels").mkdir()
    write_tiff(tree / "pixels" / "a_VV.tif", speckle())
    write_tiff(tmp_path / "secret_VH.tif", speckle())
    content = item("a")
    content["assets"]["VV"]["href"] = "../../pixels/a_VV.tif"
    content["assets"]["VH"] = {"href": "../../../secret_VH.tif", "roles": ["data"], "sar:polarizations": ["VH"]}
    write_json(tree / "items" / "a" / "a.json", content)
    links = [{"rel": "item", "href": "./items/a/a.json"}]
    catalog = {"type": "Catalog", "stac_version": "1.0.0", "id": "r", "description": "r", "links": links}
    (found,) = read(write_json(tree / "catalog.json", catalog))
    assert found.power is not None
    found.close()
    assert found.acquisition.polarisations == ("VV",)
    assert {path.name for path in found.paths} == {"a.json", "a_VV.tif"}


def test_where_hrefs_lead() -> None:
    place = PurePosixPath("a/b")
    assert climbed(place, "../x.tif") == PurePosixPath("a/x.tif")
    assert climbed(place, "../../x.tif") == PurePosixPath("x.tif")
    assert climbed(place, "../../../x.tif") is None
    assert climbed(place, "../../../a/b/x.tif") is None
    own = {"links": [{"rel": "self", "href": "https://h/s/catalog.json"}]}
    assert rebased(own, "https://h/s/a/b.json") == "a/b.json"
    assert rebased(own, "https://h/set/b.json") == "https://h/set/b.json"
    assert rebased({"links": 7}, "x") == "x"


ROWS = [
    hollow("a", datetime="2024-05-06T15:30:02Z", platform="ICEYE-X42", **{"view:incidence_angle": 31.5}),
    hollow("b", datetime="2024-05-06T15:30:02Z", **{"sar:looks_range": 3, "sar:beam_ids": ["W1", "W2"]}),
]

for row in ROWS:
    row["bbox"] = [30.2, 49.6, 30.3, 49.7]


def check_rows(path: Path) -> None:
    found = {f.acquisition.id: f.acquisition for f in read(path)}
    assert found.keys() == {"a", "b"}
    assert found["a"].incidence_deg == 31.5
    assert found["a"].start == datetime(2024, 5, 6, 15, 30, tzinfo=UTC)
    assert found["a"].footprint.equals(shapely.box(30.2, 49.6, 30.3, 49.7))
    assert found["a"].polarisations == ("VV",)
    assert dict(found["b"].details)["sar:looks_range"] == "3"
    assert dict(found["b"].details)["sar:beam_ids"] == "W1,W2"
    assert "sar:looks_range" not in dict(found["a"].details)


def test_a_table_that_stac_geoparquet_writes(tmp_path: Path) -> None:
    reader = stac_geoparquet.arrow.parse_stac_items_to_arrow(ROWS)
    stac_geoparquet.arrow.to_parquet(reader, tmp_path / "t.parquet")
    check_rows(tmp_path / "t.parquet")


def test_a_table_that_rustac_writes(tmp_path: Path) -> None:
    async def write() -> None:
        await rustac.write(str(tmp_path / "t.parquet"), ROWS)

    with ThreadPoolExecutor(1) as aside:  # this thread may have the browser's event loop
        aside.submit(lambda: asyncio.run(write())).result()
    check_rows(tmp_path / "t.parquet")


@pytest.mark.parametrize("geometry", [None, b"", b"nonsense", 7, "POINT (1 2)"])
def test_a_row_without_a_footprint_is_passed_over(tmp_path: Path, geometry: object) -> None:
    row = {"id": "a", "datetime": "2024-05-06T15:30:02Z", "constellation": "iceye", "geometry": geometry}
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "t.parquet")
    (found,) = read(tmp_path / "t.parquet")
    assert isinstance(found, NotRead)
    assert "footprint" in found.reason


def test_properties_in_one_column_are_read(tmp_path: Path) -> None:
    properties = {"datetime": "2024-05-06T15:30:02Z", "constellation": "iceye", "gsd": 1.5}
    row = {"id": "a", "geometry": shapely.to_wkb(shapely.box(30, 49, 31, 50)), "properties": properties}
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "t.parquet")
    (found,) = read(tmp_path / "t.parquet")
    assert dict(found.acquisition.details) == {"gsd": "1.5"}


def test_an_item_collection_without_a_version_is_recognised(tmp_path: Path) -> None:
    features = [{name: value for name, value in hollow("a").items() if name != "stac_version"}]
    path = write_json(tmp_path / "all.json", {"type": "FeatureCollection", "features": features})
    (found,) = read(path)
    assert found.acquisition.id == "a"


def test_visible_bands_and_geocoding_are_told_again(tmp_path: Path) -> None:
    said = {"proc:geo_kind": "rpc", "proc:geocoding": {"heights": "constant 120 m", "error_m": 3.5, "basis": "RPB"}}
    content = hollow("a", **{"eo:cloud_cover": 12.5, **said})
    del content["properties"]["sar:polarizations"]
    (found,) = read(write_json(tmp_path / "a.json", content))
    assert found.acquisition.kind is Kind.OPTICAL
    assert found.acquisition.geocoding == Geocoding(kind="rpc", heights="constant 120 m", error_m=3.5, basis="RPB")
    (radar,) = read(write_json(tmp_path / "b.json", hollow("b", **{"eo:cloud_cover": 12.5})))
    assert radar.acquisition.kind is Kind.SAR


def test_details_are_few_and_short(tmp_path: Path) -> None:
    many = {f"proc:n{number}": "x" * 1000 for number in range(500)}
    (found,) = read(write_json(tmp_path / "a.json", hollow("a", **many, **{"proc:deep": {"a": [1]}, "proc:nan": None})))
    assert len(found.acquisition.details) == 60
    assert max(len(text) for _, text in found.acquisition.details) == 300
