"""Every acquisition gives an item that the shipped schemas accept, without a network."""

import json
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.model.acquisition import (
    Acquisition,
    Calibration,
    Geocoding,
    Kind,
    LookSide,
    Origin,
    Original,
    PassDirection,
    PixelFile,
    Pixels,
    Quantity,
)
from dashboard.model.errors import DamagedProductError
from dashboard.model.handling import Handling, Rank, Tlp
from dashboard.workflows.stac_item import item_of
from dashboard.workflows.stac_properties import frequency_band
from dashboard.workflows.stac_valid import faults, is_known, require_valid, shipped, typed

T0 = datetime(2024, 5, 6, 15, 30, tzinfo=UTC)
PIXELS = Pixels(
    crs="EPSG:32636",
    transform=(10.0, 0.0, 300_000.0, 0.0, -10.0, 5_500_000.0),
    shape=(40, 60),
    files=(PixelFile(polarisation="VV", path="iceye/x/VV.tif", sha256="ab" * 32),),
)
FULL = Acquisition(
    id="ICEYE_X",
    constellation="iceye",
    platform="iceye-x42",
    start=T0,
    stop=T0 + timedelta(seconds=10),
    mode="SLF",
    polarisations=("VV",),
    look=LookSide.RIGHT,
    pass_direction=PassDirection.ASCENDING,
    track=33,
    incidence_deg=31.0,
    look_azimuth_deg=81.0,
    resolution_m=1.0,
    looks=4.0,
    frequency_ghz=9.65,
    level="GRD",
    footprint=shapely.box(30.2, 49.6, 30.3, 49.7),
    calibration=Calibration(valid=True, quantity=Quantity.SIGMA0),
    handling=Handling(rank=Rank.RESTRICTED, tlp=Tlp.AMBER, embargo_until=T0, attributions=frozenset({"ICEYE"})),
    received=T0 + timedelta(hours=2),
    geocoding=Geocoding(kind="rpc", heights="constant 120 m", error_m=3.0, shift_per_m=1.66, basis="ERR_BIAS"),
    original=Original(path="/secret/place/x.tif", sha256="cd" * 32, shape=(80, 120), complex=True),
    details=(
        ("sat:absolute_orbit", "48123"),
        ("sar:resolution_range", "0.5"),
        ("sar:resolution_azimuth", "0.25"),
        ("sar:bandwidth", "0.3"),
        ("sat:anx_datetime", "2024-05-06T15:00:00Z"),
        ("processing:facility", "Espoo"),
        ("processing:level", "L1"),
        ("instruments", "iceye-sar"),
        ("sar:looks_range", "many"),
        ("proc:squint", "0.1"),
        ("view:nonsense", "1"),
    ),
    origin=Origin(reader="iceye", reader_version="1", product_sha256="ef" * 32, files=(("x.tif", "cd" * 32),)),
    pixels=PIXELS,
)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a schema was looked for in the network")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)


def words(acq: Acquisition) -> set[str]:
    return {uri.split("/")[3] for uri in item_of(acq, {"VV": 1234})["stac_extensions"]}


def test_a_full_item_is_valid_and_declares_what_it_uses() -> None:
    item = item_of(FULL, {"VV": 1234})
    assert faults(item) == ()
    expected = {"sar", "sat", "view", "projection", "processing", "product", "raster", "file", "timestamps"}
    assert words(FULL) == expected
    properties = item["properties"]
    assert properties["datetime"] == "2024-05-06T15:30:05Z"
    assert properties["proc:geo_kind"] == "rpc"
    assert properties["proc:geocoding"]["shift_per_m"] == 1.66


def test_details_take_the_type_of_their_schema_and_the_finer_word() -> None:
    properties = item_of(FULL, {})["properties"]
    assert properties["sat:absolute_orbit"] == 48123
    assert (properties["sar:resolution_range"], properties["sar:resolution_azimuth"]) == (0.5, 0.25)
    assert properties["instruments"] == ["iceye-sar"]
    assert properties["proc:sar_looks_range"] == "many"
    assert properties["proc:squint"] == "0.1"
    assert properties["proc:view_nonsense"] == "1"
    assert "sar:looks_range" not in properties


def test_a_field_that_needs_another_is_kept_aside_without_it() -> None:
    alone = item_of(replace(FULL, details=(("product:timeliness_category", "Fast-24h"),)), {})
    assert faults(alone) == ()
    assert alone["properties"]["proc:product_timeliness_category"] == "Fast-24h"
    both = (("product:timeliness_category", "Fast-24h"), ("product:timeliness", "P1D"))
    item = item_of(replace(FULL, details=both), {})
    assert faults(item) == ()
    assert item["properties"]["product:timeliness_category"] == "Fast-24h"


def test_programs_are_told_with_their_versions() -> None:
    told = replace(FULL, details=(("processing:software", "Sentinel-1 IPF 003.40, forge v1.3.0, Some Thing"),))
    software = item_of(told, {})["properties"]["processing:software"]
    assert software == {"Sentinel-1 IPF": "003.40", "forge": "v1.3.0", "Some Thing": "unstated", "nightglass": "1"}


def test_a_detail_never_replaces_what_the_record_says() -> None:
    told = replace(FULL, details=(("sar:instrument_mode", "SM"), ("datetime", "1999-01-01T00:00:00Z"), ("id", "y")))
    item = item_of(told, {})
    assert item["properties"]["sar:instrument_mode"] == "SLF"
    assert item["properties"]["datetime"].startswith("2024")
    assert item["id"] == "ICEYE_X"
    assert faults(item) == ()


def test_no_local_path_is_told() -> None:
    text = json.dumps(item_of(replace(FULL, origin=replace(FULL.origin, files=(("/secret/x.tif", "a"),))), {}))
    assert "secret" not in text
    assert '"name": "x.tif"' in text


def test_visible_bands_say_nothing_of_radar() -> None:
    files = tuple(PixelFile(polarisation=name, path=f"maxar/x/{name}.tif", sha256="ab") for name in ("RED", "GREEN"))
    optical = replace(
        FULL, kind=Kind.OPTICAL, constellation="maxar", platform="worldview-3", frequency_ghz=None, looks=None,
        polarisations=(), mode=None, look=None, pixels=replace(PIXELS, files=files),
        details=(("eo:cloud_cover", "12.5"), ("instruments", "wv110"), ("sar:bandwidth", "0.3"), ("gsd", "0.31")),
    )  # fmt: skip
    item = item_of(optical, {})
    assert faults(item) == ()
    assert not [name for name in item["properties"] if name.startswith("sar:")]
    assert not [name for asset in item["assets"].values() for name in asset if name.startswith("sar:")]
    assert item["properties"]["instruments"] == ["wv110"]
    assert item["properties"]["eo:cloud_cover"] == 12.5
    assert item["assets"]["RED"]["eo:bands"] == [{"name": "RED", "common_name": "red"}]
    assert any("/eo/" in uri for uri in item["stac_extensions"])


def test_a_footprint_across_the_antimeridian_has_its_west_in_the_east() -> None:
    split = shapely.MultiPolygon([shapely.box(179.5, 10, 180, 11), shapely.box(-180, 10, -179.5, 11)])
    item = item_of(replace(FULL, footprint=split), {})
    assert item["bbox"] == [179.5, 10.0, -179.5, 11.0]
    assert faults(item) == ()


def test_rings_run_counter_clockwise() -> None:
    clockwise = shapely.Polygon([(30, 49), (30, 50), (31, 50), (31, 49)])
    ring = item_of(replace(FULL, footprint=clockwise), {})["geometry"]["coordinates"][0]
    assert shapely.LinearRing(ring).is_ccw


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"sar:polarizations": ["XX"]}, "XX"),
        ({"sar:looks_range": "four"}, "four"),
        ({"sar:unheard_of": 1}, "unheard_of"),
        ({"view:incidence_angle": 91.0}, "91"),
        ({"datetime": None, "start_datetime": None}, "start_datetime"),
        ({"published": "2024-13-06T15:30:00Z"}, "2024-13"),
        ({"proj:shape": [1]}, "proj:shape"),
    ],
)
def test_what_the_schemas_refuse_is_named(change: dict[str, object], word: str) -> None:
    item = item_of(FULL, {})
    item["properties"] |= change
    assert word in "; ".join(faults(item))
    with pytest.raises(DamagedProductError, match="ICEYE_X is no valid STAC"):
        require_valid(item)


def test_an_item_without_geometry_or_type_is_refused() -> None:
    item = item_of(FULL, {})
    assert faults({**item, "geometry": {"type": "Polygon"}})
    assert faults({**item, "type": "Thing"})
    assert faults({name: value for name, value in item.items() if name != "links"})


def test_an_extension_that_is_not_shipped_is_a_fault_and_is_not_fetched() -> None:
    item = item_of(FULL, {})
    item["stac_extensions"].append("https://stac-extensions.github.io/sar/v9.9.9/schema.json")
    assert "v9.9.9" in "; ".join(faults(item))
    item["stac_extensions"][-1] = "http://127.0.0.1:9/schema.json"
    assert "not shipped" in "; ".join(faults(item))


def test_every_reference_inside_the_shipped_schemas_is_shipped() -> None:
    item = item_of(FULL, {"VV": 1})
    item["properties"]["proj:projjson"] = {"type": "nonsense"}  # leads into the one schema that refers to another host
    found = "; ".join(faults(item))
    assert "proj" in found
    assert "not shipped" not in found
    assert len(shipped()) >= 20


def test_types_come_from_the_schemas() -> None:
    assert is_known("sar:bandwidth")
    assert not is_known("sar:bandwith")
    assert typed("eo:cloud_cover", "140") is None
    assert typed("sar:resolution_range", "nan") is None
    assert typed("sat:absolute_orbit", "0") is None
    assert typed("sar:beam_ids", "W1, W2") == ["W1", "W2"]
    assert typed("sat:anx_datetime", "yesterday") is None


def test_bands_have_no_gap_that_a_radar_uses() -> None:
    named = {1.27: "L", 3.2: "S", 5.405: "C", 9.65: "X", 16.7: "Ku", 35.5: "Ka"}
    assert {ghz: frequency_band(ghz) for ghz in named} == named
    assert frequency_band(None) is None


_texts = st.text(min_size=1, max_size=12)
_known_or_not = st.sampled_from(
    ["sar:looks_range", "sat:absolute_orbit", "gsd", "eo:cloud_cover", "proc:x", "platform", "title",
     "proj:shape", "product:timeliness_category",
     "processing:software", "license", "view:azimuth", "instruments", "product:timeliness", "file:size", "odd"]
)  # fmt: skip


def handlings() -> st.SearchStrategy[Handling]:
    return st.builds(
        Handling,
        rank=st.sampled_from(Rank),
        marking=_texts,
        tlp=st.none() | st.sampled_from(Tlp),
        releasable_to=st.none() | st.frozensets(_texts, max_size=2),
        caveats=st.frozensets(_texts, max_size=2),
        regimes=st.frozensets(st.sampled_from(["CC-BY-4.0", "JP-RSD", "CC-BY-NC-4.0"]), max_size=2),
        redistribution=st.booleans(),
        embargo_until=st.none() | st.just(T0),
    )


_changes = st.fixed_dictionaries(
    {},
    optional={
        "details": st.lists(st.tuples(_known_or_not, _texts | st.integers(-5, 500).map(str)), max_size=5).map(tuple),
        "kind": st.sampled_from(Kind),
        "incidence_deg": st.none() | st.floats(0, 90),
        "looks": st.none() | st.floats(0.1, 1e4),
        "frequency_ghz": st.none() | st.floats(0.5, 40),
        "resolution_m": st.none() | st.floats(0.01, 1e3),
        "track": st.none() | st.integers(-5, 200),
        "look": st.none() | st.sampled_from(LookSide),
        "pixels": st.none(),
        "polarisations": st.sampled_from([(), ("HH", "HV")]),
        "mode": st.none() | st.just("") | _texts,
        "level": st.none() | st.just("") | _texts,
        "original": st.none(),
        "geocoding": st.none(),
        "handling": handlings(),
    },
)


@settings(max_examples=60, deadline=None)
@given(_changes)
def test_whatever_is_known_the_item_is_valid(changes: dict[str, Any]) -> None:
    item = item_of(replace(FULL, **changes), {})
    assert faults(item) == ()
    assert json.loads(json.dumps(item, allow_nan=False)) == item
