"""The catalogue out as STAC: whole or not at all, valid, marked, and read again as it was."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pystac
import pytest
import rasterio
import shapely
import stac_geoparquet.arrow
from rasterio import Affine

from dashboard.catalog.query import AcquisitionQuery
from dashboard.model.acquisition import Acquisition, Calibration, Kind, LookSide, Origin, PassDirection
from dashboard.model.errors import AccessError, CancelledError, InputError
from dashboard.model.handling import Handling, Rank, Tlp
from dashboard.model.progress import CancelToken
from dashboard.sources.marking import UNSTATED
from dashboard.sources.product import Product, file_sha256
from dashboard.sources.registry import products
from dashboard.workflows.ingest import ingest
from dashboard.workflows.stac_export import ExportOptions, export_items
from dashboard.workflows.stac_valid import faults
from dashboard.workflows.workspace import Workspace, open_workspace

T0 = datetime(2024, 5, 6, 15, 30, tzinfo=UTC)
LATER = datetime(2999, 1, 1, tzinfo=UTC)


def acquisition(name: str, **changes: object) -> Acquisition:
    plain = Acquisition(
        id=name,
        constellation="iceye",
        platform="iceye-x42",
        start=T0,
        stop=T0 + timedelta(seconds=7),
        mode="SLF",
        polarisations=("VV",),
        look=LookSide.LEFT,
        pass_direction=PassDirection.DESCENDING,
        incidence_deg=31.25,
        resolution_m=0.5,
        frequency_ghz=9.65,
        level="GRD",
        footprint=shapely.box(30.2, 49.6, 30.3, 49.7),
        calibration=Calibration(valid=False, why_not="the pixels are not here"),
        handling=Handling(attributions=frozenset({"ICEYE"}), tlp=Tlp.GREEN),
        received=T0 + timedelta(hours=3),
        origin=Origin(reader="test", reader_version="0", product_sha256=name),
    )
    return replace(plain, **changes)


MEMBERS = (
    acquisition("a", details=(
        ("processing:facility", "Espoo"), ("processing:software", "forge v1.3.0, Some Thing"),
        ("sat:absolute_orbit", "812"),
    )),
    acquisition("b", constellation="capella", platform="capella-14", start=T0 - timedelta(days=3)),
    acquisition(
        "c", kind=Kind.OPTICAL, constellation="maxar", platform="worldview-3", polarisations=(), mode=None, look=None,
        frequency_ghz=None, details=(("eo:cloud_cover", "12.5"),),
        footprint=shapely.MultiPolygon([shapely.box(179.5, 10, 180, 11), shapely.box(-180, 10, -179.5, 11)]),
    ),
)  # fmt: skip


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "data") as opened:
        opened.catalog.acquisitions.add_many(MEMBERS)
        yield opened


EVERYTHING = AcquisitionQuery()


def told(acq: Acquisition) -> tuple[object, ...]:
    """What must survive the way out and in again."""
    return (
        acq.id, acq.constellation, acq.platform, acq.start, acq.stop, acq.polarisations, acq.look, acq.pass_direction,
        acq.incidence_deg, acq.frequency_ghz, acq.level, acq.received, acq.handling, acq.footprint.normalize(),
        acq.kind, acq.details, acq.calibration, acq.resolution_m,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["out", "out.parquet"])
def test_what_leaves_comes_in_again(workspace: Workspace, tmp_path: Path, name: str) -> None:
    made = export_items(workspace, EVERYTHING, tmp_path / name)
    assert (made.count, made.left_out) == (3, ())
    assert made.handling.tlp is Tlp.GREEN
    path = tmp_path / name
    found = [f for f in products(path / "catalog.json" if path.is_dir() else path) if isinstance(f, Product)]
    assert sorted(told(f.acquisition) for f in found) == sorted(map(told, MEMBERS))


def test_the_folder_is_a_catalogue_for_others(workspace: Workspace, tmp_path: Path) -> None:
    export_items(workspace, EVERYTHING, tmp_path / "out")
    read = pystac.Catalog.from_file(str(tmp_path / "out" / "catalog.json"))
    assert sorted(item.id for item in read.get_items(recursive=True)) == ["a", "b", "c"]
    for path in (tmp_path / "out").rglob("*.json"):
        assert faults(json.loads(path.read_text())) == ()
    top = json.loads((tmp_path / "out" / "catalog.json").read_text())
    assert top["rel:tlp"] == "TLP:GREEN"
    assert "TLP:GREEN" in top["description"]


def test_the_table_is_one_for_others(workspace: Workspace, tmp_path: Path) -> None:
    export_items(workspace, EVERYTHING, tmp_path / "out.parquet")
    table = pq.read_table(tmp_path / "out.parquet")
    items = {item["id"]: item for item in stac_geoparquet.arrow.stac_table_to_items(table)}
    assert items.keys() == {"a", "b", "c"}
    assert items["a"]["properties"]["sat:absolute_orbit"] == 812
    assert items["a"]["properties"]["start_datetime"].startswith("2024-05-06T15:30:00")
    facts = table.schema.metadata
    assert json.loads(facts[b"geo"])["primary_column"] == "geometry"
    assert json.loads(facts[b"nightglass:handling"])["banner"] == "TLP:GREEN"


def test_place_and_time_narrow(workspace: Workspace, tmp_path: Path) -> None:
    query = AcquisitionQuery(bbox=(30.0, 49.0, 31.0, 50.0), period=(T0 - timedelta(hours=1), T0 + timedelta(hours=1)))
    assert export_items(workspace, query, tmp_path / "out").count == 1
    with pytest.raises(InputError, match="No acquisition matches"):
        export_items(workspace, AcquisitionQuery(bbox=(1.0, 1.0, 2.0, 2.0)), tmp_path / "none")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("handling", "pixels", "word"),
    [
        (Handling(embargo_until=LATER), False, "embargo"),
        (Handling(derivatives=False), False, "derived"),
        (Handling(redistribution=False), True, "passed on"),
        (Handling(regimes=frozenset({"JP-RSD"}), caveats=frozenset({UNSTATED})), False, "JP-RSD"),
    ],
)
def test_what_may_not_leave_is_refused_by_name_or_left_out(
    workspace: Workspace, tmp_path: Path, handling: Handling, pixels: bool, word: str
) -> None:
    workspace.catalog.acquisitions.add(acquisition("held", handling=handling))
    with pytest.raises(AccessError, match=f"held: .*{word}"):
        export_items(workspace, EVERYTHING, tmp_path / "out", options=ExportOptions(pixels=pixels))
    assert not (tmp_path / "out").exists()
    made = export_items(workspace, EVERYTHING, tmp_path / "out", options=ExportOptions(pixels=pixels, leave_out=True))
    assert made.count == 3
    assert len(made.left_out) == 1
    assert not list((tmp_path / "out").rglob("held*"))


def test_an_embargo_that_is_over_and_a_record_without_its_pixels_may_leave(
    workspace: Workspace, tmp_path: Path
) -> None:
    free = Handling(redistribution=False, embargo_until=T0, rank=Rank.RESTRICTED)
    workspace.catalog.acquisitions.add(acquisition("free", handling=free))
    made = export_items(workspace, EVERYTHING, tmp_path / "out")
    assert made.count == 4
    assert made.handling.rank is Rank.RESTRICTED
    item = json.loads((tmp_path / "out" / "iceye" / "free" / "free.json").read_text())
    assert item["properties"]["rel:marking"] == "RESTRICTED"
    assert item["properties"]["rel:licence_redistribution"] is False


def test_nothing_is_overwritten_and_nothing_half_written(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "out.parquet").write_text("mine")
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine").write_text("mine")
    for path in (tmp_path / "out.parquet", full):
        with pytest.raises(InputError, match="not overwritten"):
            export_items(workspace, EVERYTHING, path)
    assert (tmp_path / "out.parquet").read_text() == "mine"
    stop = CancelToken()
    stop.cancel()
    with pytest.raises(CancelledError):
        export_items(workspace, EVERYTHING, tmp_path / "stopped", cancel=stop)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data", "full", "out.parquet"]
    (tmp_path / "empty").mkdir()
    assert export_items(workspace, EVERYTHING, tmp_path / "empty").count == 3


def test_pixels_leave_beside_their_items(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    with rasterio.open(
        folder / "p_VV.tif", "w", driver="GTiff", width=60, height=40, count=1, dtype="float32", crs="EPSG:32636",
        transform=Affine(10.0, 0.0, 300_000.0, 0.0, -10.0, 5_500_000.0),
    ) as dataset:  # fmt: skip
        dataset.write(np.random.default_rng(1).gamma(4.0, 0.02, (40, 60)).astype(np.float32), 1)
    side_car = {"constellation": "iceye", "start": "2024-05-09", "polarisation": "VV", "units": "linear power gamma0"}
    (folder / "p.json").write_text(json.dumps(side_car))
    ingest(workspace, [folder])
    export_items(workspace, AcquisitionQuery(with_pixels=True), tmp_path / "out", options=ExportOptions(pixels=True))
    acq = workspace.catalog.acquisitions.get("p")
    (product,) = products(tmp_path / "out" / "catalog.json")
    assert isinstance(product, Product)
    assert product.power is not None
    product.close()
    assert product.acquisition.calibration == acq.calibration
    assert acq.pixels is not None
    (copied,) = (path for path in product.paths if path.name == "VV.tif")
    assert file_sha256(copied) == acq.pixels.files[0].sha256
    item = json.loads((tmp_path / "out" / "iceye" / "p" / "p.json").read_text())
    assert item["assets"]["VV"]["file:size"] == copied.stat().st_size
    assert faults(item) == ()
    for path in (tmp_path / "out").rglob("*.json"):
        assert str(tmp_path) not in path.read_text()  # no item tells where it was


def test_a_table_holds_no_pixels(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no pixels"):
        export_items(workspace, EVERYTHING, tmp_path / "o.parquet", options=ExportOptions(pixels=True))
