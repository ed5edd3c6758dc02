"""Damaged GeoTIFFs with side-cars, and alone: read, or refused in words."""

import json
from pathlib import Path

from product_makers import item, speckle, write_json, write_tiff
from product_mutants import assault

from dashboard.simulate.products.scene import mini_scene
from dashboard.simulate.products.take import Written


def written(path: Path, *files: Path) -> Written:
    return Written(path=path, files=files, expected={}, quantity=None, footprint=mini_scene().footprint)


def test_mutants_of_a_geotiff_with_its_side_car(tmp_path: Path) -> None:
    folder = tmp_path / "product"
    folder.mkdir()
    image = write_tiff(folder / "x_VV.tif", speckle())
    side_car = write_json(folder / "x.json", item())
    alone = tmp_path / "alone"
    alone.mkdir()
    tagged = write_tiff(alone / "y_VV.tif", speckle())
    plain = write_json(
        alone / "y_VV.json",
        json.loads('{"constellation": "iceye", "start": "2024-06-12T17:43:39Z", "units": "dB sigma0", "look": "left"}'),
    )
    assault(tmp_path, written(image, image, side_car), written(tagged, tagged, plain))
