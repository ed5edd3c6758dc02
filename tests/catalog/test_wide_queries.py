"""A query with a limit finds the same latest records, whether it walks back in time or lists a place and sorts it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import shapely

from dashboard.catalog import acquisitions
from dashboard.catalog.catalog import Catalog
from dashboard.catalog.query import AcquisitionQuery, Box
from tests.catalog.catalog_makers import T0, acquisition

COUNT = 600
CROWDED, SPARSE, ACROSS, OLD = (30.0, 40.0, 40.0, 50.0), (0.0, 0.0, 5.0, 5.0), (179.0, 0.0, -179.0, 5.0), (60, 0, 65, 5)


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory):
    """Return a catalogue with most records in one box, a few in another, old ones in a third, some at 180 degrees."""
    rng = np.random.default_rng(4)
    records = []
    for at in range(COUNT):
        west, south, east, north = (CROWDED, CROWDED, CROWDED, CROWDED, SPARSE, OLD)[at % 6]
        if at % 40 == 7:
            west, south, east, north = 179.5, 0.0, 180.5, 5.0
        x, y = rng.uniform(west, east - 0.5), rng.uniform(south, north - 0.5)
        days = -1000.0 if at % 6 == 5 else 0.0
        start = T0 + timedelta(days=days + float(rng.integers(0, 400)))  # many at one time: the id decides
        shape = shapely.box(x, y, x + 0.5, y + 0.5)
        records.append(replace(acquisition(f"r{at:04d}"), start=start, stop=start, footprint=shape))
    folder: Path = tmp_path_factory.mktemp("wide")
    with Catalog.open(folder / "catalog.sqlite") as opened:
        opened.acquisitions.add_many(records)
        yield opened


@pytest.mark.parametrize("bbox", [CROWDED, SPARSE, ACROSS, OLD, (-180.0, -90.0, 180.0, 90.0)])
@pytest.mark.parametrize("limit", [1, 20, 300])
def test_both_ways_find_the_same(catalog, monkeypatch, bbox: Box, limit: int) -> None:
    found = catalog.acquisitions.find(AcquisitionQuery(bbox=bbox, limit=limit))
    everything = catalog.acquisitions.find(AcquisitionQuery(bbox=bbox))
    assert found == everything[-limit:]
    for walk in (True, False):
        monkeypatch.setattr(acquisitions, "_walks", lambda connection, query, walk=walk: walk)
        assert catalog.acquisitions.find(AcquisitionQuery(bbox=bbox, limit=limit)) == found


def test_it_walks_where_most_records_are_and_lists_where_few_are(catalog) -> None:
    with catalog.acquisitions._database.reading() as connection:

        def walks(bbox: Box, limit: int | None) -> bool:
            return acquisitions._walks(connection, AcquisitionQuery(bbox=bbox, limit=limit))

        assert walks(CROWDED, 20)
        assert not walks(CROWDED, 300)
        assert not walks(SPARSE, 20)
        assert not walks(CROWDED, None)
        assert walks((-180.0, -90.0, 180.0, 90.0), 300)
