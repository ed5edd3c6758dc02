"""Real records: what the coverage says of Kilauea and Rosamond is what pandas and shapely say of the same tables."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely

from dashboard.geo.mercator import extent_of, screen_geobox, to_lonlat
from dashboard.model.coverage import Box, Measure, Scope
from dashboard.render.coverage.classes import FIRST, limits
from dashboard.workflows.coverage import coverage, coverage_picture, spot
from dashboard.workflows.ingest import ingest
from dashboard.workflows.workspace import Workspace, open_workspace

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "sar-stac-commercial"
FILES = ("capella_GEO.parquet", "capella_SLC.parquet", "iceye.parquet")
PLACES: dict[str, Box] = {"Kilauea": (-155.45, 19.3, -155.1, 19.5), "Rosamond": (-118.3, 34.7, -117.9, 35.0)}
NOW = datetime(2026, 8, 1, tzinfo=UTC)
YEAR = Scope(start=datetime(2024, 1, 1, tzinfo=UTC), end=datetime(2025, 1, 1, tzinfo=UTC))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (DATA / FILES[0]).exists(), reason=f"the real records are not there: {DATA}"),
]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with open_workspace(tmp_path_factory.mktemp("real") / "data") as opened:
        ingest(opened, [DATA / name for name in FILES])
        yield opened


@pytest.fixture(scope="module")
def capella() -> geopandas.GeoDataFrame:
    """Return every Capella product; `capella:collect_id` says which of them are of one look."""
    frames = [geopandas.read_parquet(DATA / name) for name in FILES[:2]]
    found = pd.concat(frames)[["id", "capella:collect_id", "start_datetime", "geometry"]]
    return found.rename(columns={"capella:collect_id": "look", "start_datetime": "start"})


def within(products: geopandas.GeoDataFrame, scope: Scope) -> geopandas.GeoDataFrame:
    """Return the products of looks that began in a period: a look begins with the first of its products."""
    begins = products.groupby("look")["start"].transform("min")
    return products[(begins >= (scope.start or begins.min())) & (begins <= (scope.end or NOW))]


def starts(products: geopandas.GeoDataFrame) -> pd.Series:
    return products.groupby("look")["start"].min().sort_values()


def test_every_record_is_there_and_products_of_one_collect_are_one_look(workspace, capella) -> None:
    whole = coverage(workspace, Scope(), (-180.0, -90.0 + 5.1, 180.0, 85.0), NOW)
    by_name = {row.provider: row for row in whole.rows}
    assert set(by_name) == {"capella", "iceye"}
    # Two pairs of collects follow each other without a pause: sensing that goes on is one look.
    assert 0 <= capella["look"].nunique() - by_name["capella"].looks <= 2
    assert by_name["capella"].products == len(capella)
    assert by_name["capella"].delay.stated == 0  # no record of it states when the product was there
    assert by_name["capella"].delay.not_stated == by_name["capella"].looks
    table = geopandas.read_parquet(DATA / FILES[2])
    late = (table["created"] - table["start_datetime"]).dt.total_seconds()
    assert by_name["iceye"].delay.worst_s == pytest.approx(late.max())
    assert by_name["iceye"].delay.median_s == pytest.approx(late.median(), rel=0.05)


@pytest.mark.parametrize("scope", [Scope(), YEAR], ids=["all", "2024"])
@pytest.mark.parametrize("place", PLACES)
def test_the_table_is_what_pandas_says(workspace, capella, place, scope) -> None:
    bbox = PLACES[place]
    found = coverage(workspace, scope, bbox, NOW)
    area = shapely.box(*bbox)
    there = within(capella, scope)
    there = there[there["look"].isin(there[there.intersects(area)]["look"])]
    expected = starts(capella[capella["look"].isin(there["look"])])
    (row,) = found.rows
    assert row.looks == len(expected) > 20
    assert row.products == len(there)
    assert row.last == expected.iloc[-1].to_pydatetime()
    between = expected.diff().dt.total_seconds().dropna()
    assert row.gap_s == pytest.approx(between.max(), abs=1e-5)
    assert row.revisit_s == pytest.approx(between.median(), abs=1e-5)
    assert row.age_s == pytest.approx(((scope.end or NOW) - expected.iloc[-1]).total_seconds(), abs=1e-5)
    equal_area = geopandas.GeoSeries([area, area.intersection(there.union_all())], crs=4326).to_crs(6933).area
    assert row.share == pytest.approx(equal_area[1] / equal_area[0], abs=3e-3)


@pytest.mark.parametrize("place", PLACES)
def test_the_map_counts_what_points_in_polygons_count(workspace, capella, place) -> None:
    geobox = screen_geobox(extent_of(PLACES[place], margin=0.0, aspect=1.5), 600, 400)
    seen = coverage_picture(workspace, Scope(), Measure.LOOKS, geobox, NOW)
    height, width = seen.picture.shape
    rng = np.random.default_rng(9)
    rows, columns = rng.integers(0, height, 300), rng.integers(0, width, 300)
    x0, y0, x1, y1 = seen.bounds
    lon, lat = to_lonlat(x0 + (columns + 0.5) / width * (x1 - x0), y1 - (rows + 0.5) / height * (y1 - y0))
    points = geopandas.GeoDataFrame({"at": np.arange(300)}, geometry=geopandas.points_from_xy(lon, lat), crs=4326)
    joined = points.sjoin(capella.set_crs(4326), predicate="within")
    truth = joined.groupby("at")["look"].nunique().reindex(np.arange(300), fill_value=0).to_numpy()
    assert truth.max() > 50
    expected = FIRST + np.searchsorted(limits(Measure.LOOKS), truth, side="right") - 1
    found = seen.picture[rows, columns]
    np.testing.assert_array_equal(found[truth > 0], expected[truth > 0])
    assert (found[truth == 0] < FIRST).all()
    for at in np.flatnonzero(truth)[:40]:
        here = spot(workspace, Scope(), (float(lon[at]), float(lat[at])), NOW)
        assert here.looks == truth[at]
        mine = starts(capella[capella["look"].isin(joined[joined["at"] == at]["look"])])
        assert here.last == mine.iloc[-1].to_pydatetime()
        gap = mine.diff().dt.total_seconds().max()
        assert (here.gap_s is None and len(mine) == 1) or here.gap_s == pytest.approx(gap, abs=1e-5)
