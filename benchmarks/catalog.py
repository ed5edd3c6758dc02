"""Promise: a catalogue query costs O(log n + hits): 20 ms for up to 200 hits among 100,000 acquisitions.

Peers, over the same records and queries in the same run: GeoParquet with a bounding-box column, read and filtered by
geopandas from disk; and a linear scan of the same table in memory. Both peers return a table; the catalogue returns
whole `Acquisition` objects.

Run: ``python -m benchmarks.catalog [--count 100000] [--queries 200]``
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import shapely
from shapely import box
from shapely.affinity import rotate

from benchmarks.table import Row, p50_p95, show
from dashboard.catalog.catalog import AcquisitionQuery, Catalog
from dashboard.model.acquisition import (
    Acquisition,
    Calibration,
    LookSide,
    Origin,
    PassDirection,
    PixelFile,
    Pixels,
    Quantity,
)
from dashboard.model.handling import Handling, Tlp

T0 = datetime(2016, 1, 1, tzinfo=UTC)
YEARS = timedelta(days=3650)
HANDLING = Handling(tlp=Tlp.GREEN, attributions=frozenset({"Contains modified Copernicus Sentinel data"}))
AREA = (37.0, 48.0, 38.0, 48.6)
AREA_RECORDS = 3_000
QUICK = "<= 20 ms up to 200 hits"
TARGETS = {
    "box and period": QUICK,
    "with constellation": QUICK,
    "stack over a box": QUICK,
    "area over years": "<= 400 ms for 3,000",
}

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One kind of question."""

    name: str
    queries: list[AcquisitionQuery]
    peers: bool = True
    """Whether the peers can answer it too."""


def acquisition(rng: random.Random, number: int, centre: tuple[float, float]) -> Acquisition:
    lon, lat = centre
    start = T0 + rng.random() * YEARS
    digest = f"{rng.getrandbits(256):064x}"
    id_ = f"S1A_IW_GRDH_1SDV_{start:%Y%m%dT%H%M%S}_{number:06d}"
    files = tuple(
        PixelFile(polarisation=pol, path=f"sentinel-1/{id_}/{pol}.tif", sha256=digest) for pol in ("VV", "VH")
    )
    grid = Pixels(crs="EPSG:32637", transform=(10.0, 0.0, 4e5, 0.0, -10.0, 5.4e6), shape=(20_000, 25_000), files=files)
    return Acquisition(
        id=id_,
        constellation=rng.choice(["sentinel-1", "iceye", "capella", "alos"]),
        platform="sentinel-1a",
        start=start,
        stop=start + timedelta(seconds=25),
        mode="IW",
        polarisations=("VV", "VH"),
        look=LookSide.RIGHT,
        pass_direction=rng.choice(list(PassDirection)),
        track=rng.choice((14, 43, 87, 116)),
        incidence_deg=rng.uniform(29, 46),
        resolution_m=20.0,
        looks=4.4,
        frequency_ghz=5.405,
        level="GRD",
        footprint=rotate(box(lon - 0.4, lat - 0.3, lon + 0.4, lat + 0.3), -12.0),
        calibration=Calibration(valid=True, quantity=Quantity.GAMMA0),
        handling=HANDLING,
        received=start + timedelta(hours=3),
        origin=Origin(reader="s1", reader_version="0.1.0", product_sha256=digest, files=(("manifest.safe", digest),)),
        pixels=grid if rng.random() < 0.5 else None,
    )


def population(rng: random.Random, count: int) -> list[Acquisition]:
    """Return acquisitions around 300 places people watch, and 3,000 over one area."""
    places = [(rng.uniform(-175, 175), rng.uniform(-55, 70)) for _ in range(300)]
    found = []
    for number in range(count):
        lon, lat = (37.5, 48.3) if number < AREA_RECORDS else rng.choice(places)
        spread = 0.3 if number < AREA_RECORDS else 3.0
        found.append(acquisition(rng, number, (lon + rng.uniform(-spread, spread), lat + rng.uniform(-spread, spread))))
    return found


def cases(rng: random.Random, everyone: list[Acquisition], count: int) -> list[Case]:
    plain, named, stacked = [], [], []
    for _ in range(count):
        anchor = rng.choice(everyone)
        lon, lat = anchor.footprint.centroid.x, anchor.footprint.centroid.y
        bbox = (lon - 2.0, lat - 2.0, lon + 2.0, lat + 2.0)
        period = (anchor.start - timedelta(days=1400), anchor.start + timedelta(days=1400))
        plain.append(AcquisitionQuery(bbox=bbox, period=period))
        named.append(AcquisitionQuery(bbox=bbox, period=period, constellations=(anchor.constellation,)))
        stacked.append(AcquisitionQuery(bbox=bbox, stack_with=anchor))
    return [
        Case(name="box and period", queries=plain),
        Case(name="with constellation", queries=named),
        Case(name="stack over a box", queries=stacked, peers=False),
        Case(name="area over years", queries=[AcquisitionQuery(bbox=AREA)] * 10),
        Case(name="latest 5,000 of the world", queries=[AcquisitionQuery(bbox=(-180, -85, 180, 85), limit=5000)] * 3),
    ]


def table(everyone: list[Acquisition]) -> geopandas.GeoDataFrame:
    columns = {
        "id": [acq.id for acq in everyone],
        "start": pd.to_datetime([acq.start for acq in everyone]),
        "constellation": [acq.constellation for acq in everyone],
    }
    return geopandas.GeoDataFrame(columns, geometry=[acq.footprint for acq in everyone], crs="EPSG:4326")


def narrowed(frame: geopandas.GeoDataFrame, query: AcquisitionQuery) -> geopandas.GeoDataFrame:
    keep = np.ones(len(frame), dtype=bool)
    if query.period is not None:
        keep &= ((frame["start"] >= query.period[0]) & (frame["start"] <= query.period[1])).to_numpy()
    if query.constellations:
        keep &= frame["constellation"].isin(query.constellations).to_numpy()
    frame = frame[keep]
    touched = shapely.intersects(frame.geometry.to_numpy(), box(*(query.bbox or (-180, -90, 180, 90))))
    return frame[touched].sort_values(["start", "id"]).tail(query.limit or len(frame))


def timed(ask: Callable[[AcquisitionQuery], object], queries: list[AcquisitionQuery]) -> list[float]:
    """Return the seconds of each query, after one that is not counted."""
    ask(queries[0])
    times = []
    for query in queries:
        begin = time.perf_counter()
        ask(query)
        times.append(time.perf_counter() - begin)
    return times


def first(catalog: Catalog, query: AcquisitionQuery) -> list[Acquisition]:
    """Ask as if nothing had been read before, the operating system's cache aside."""
    catalog.acquisitions.forget()
    return catalog.acquisitions.find(query)


def run(folder: Path, count: int = 100_000, queries: int = 200) -> list[Row]:
    """Measure every kind of question over a new catalogue in a folder."""
    rng = random.Random(2026)
    everyone = population(rng, count)
    with Catalog.open(folder / "catalog.sqlite") as catalog:
        begin = time.perf_counter()
        catalog.acquisitions.add_many(everyone)
        took = time.perf_counter() - begin
        note = f"{count:,} acquisitions, {queries} queries; peers: geopandas over GeoParquet on disk / over memory"
        size = f"{catalog.path.stat().st_size / 2**20:.0f} MiB"
        rows = [Row(promise="record all", figure=f"{took:.1f} s, {size}", target="", peer="", note=note)]
        frame = table(everyone)
        parquet = folder / "catalog.parquet"
        frame.to_parquet(parquet, write_covering_bbox=True, row_group_size=4096)
        peers = (
            lambda query: narrowed(geopandas.read_parquet(parquet, bbox=query.bbox), query),
            lambda query: narrowed(frame, query),
        )
        for case in cases(rng, everyone, queries):
            hits = int(np.median([len(catalog.acquisitions.find(query)) for query in case.queries]))
            theirs = [np.median(timed(ask, case.queries[:20])) * 1e3 for ask in peers] if case.peers else []
            rows.append(
                Row(
                    promise=f"{case.name}, {hits:,} hits",
                    figure=p50_p95(timed(lambda query: first(catalog, query), case.queries)),
                    target=TARGETS.get(case.name, ""),
                    peer=" / ".join(f"{each:.0f} ms" for each in theirs),
                    note=note,
                )
            )
            again = timed(catalog.acquisitions.find, case.queries[-1:] * len(case.queries))
            rows.append(Row(promise="  the same again", figure=p50_p95(again), target="", peer=""))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        show("Catalogue", run(Path(folder), options.count, options.queries))


if __name__ == "__main__":
    main()
