"""Detection on real Sentinel-1 data, from products to changes: a building site that the stack itself confirms."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.features import geometry_mask
from rasterio.warp import transform_geom

from dashboard.catalog.query import AcquisitionQuery
from dashboard.model.change import ChangeSign
from dashboard.workflows.detect import detect
from dashboard.workflows.ingest import ingest
from dashboard.workflows.workspace import open_workspace

STACK = Path(__file__).parents[2].parent / "shared" / "data" / "opera-rtc-s1-california"
SUBURBS = "T137-292319-IW2"
pytestmark = pytest.mark.skipif(not STACK.is_dir(), reason=f"the real Sentinel-1 stack is not at {STACK}")


def mean_power(outline, first: date, last: date) -> float:
    """Mean VV power inside an outline over the dates from first to last: what the pair did not see."""
    values = []
    for path in STACK.glob(f"*/*{SUBURBS}*_VV.tif"):
        if first <= date.fromisoformat(path.parent.name) <= last:
            with rasterio.open(path) as opened:
                shape = transform_geom("EPSG:4326", opened.crs, outline.__geo_interface__)
                values.append(opened.read(1)[geometry_mask([shape], opened.shape, opened.transform, invert=True)])
    return float(np.nanmean(values))


def test_the_strongest_change_is_one_that_every_other_date_confirms(tmp_path):
    products = [path for day in ("2023-12-27", "2024-12-21") for path in (STACK / day).glob(f"*{SUBURBS}*_VV.tif")]
    with open_workspace(tmp_path) as workspace:
        assert {entry.status for entry in ingest(workspace, products)} == {"added"}
        before, after = workspace.catalog.acquisitions.find(AcquisitionQuery())
        _, changes = detect(workspace, before, after, polarisation="VV", far=1e-3)
    strongest = changes[0]
    assert strongest.sign is ChangeSign.BRIGHTER
    assert (strongest.after, strongest.before) == (before.start, after.start)
    earlier = mean_power(strongest.geometry, date(2021, 1, 1), date(2023, 12, 26))
    later = mean_power(strongest.geometry, date(2025, 1, 1), date(2025, 12, 31))
    assert 10 * np.log10(later / earlier) > 5
