"""Damaged GeoParquet of STAC items: read, or refused in words."""

from pathlib import Path

import stac_geoparquet.arrow
from product_makers import item
from product_mutants import assault

from dashboard.simulate.products.scene import mini_scene
from dashboard.simulate.products.take import Written


def test_mutants_of_a_table(tmp_path: Path) -> None:
    rows = [{**item(name, datetime="2024-05-06T15:30:02Z"), "bbox": [30.2, 49.6, 30.3, 49.7]} for name in "abcdef"]
    path = tmp_path / "table" / "t.parquet"
    path.parent.mkdir()
    stac_geoparquet.arrow.to_parquet(stac_geoparquet.arrow.parse_stac_items_to_arrow(rows), path)
    truth = Written(path=path, files=(path,), expected={}, quantity=None, footprint=mini_scene().footprint)
    assault(tmp_path, truth)
