"""Damaged STAC: items, trees and tables are read, or refused in words."""

from pathlib import Path

from product_makers import item, speckle, write_json, write_tiff
from product_mutants import assault

from dashboard.simulate.products.scene import mini_scene
from dashboard.simulate.products.take import Written


def written(path: Path, *files: Path) -> Written:
    return Written(path=path, files=files, expected={}, quantity=None, footprint=mini_scene().footprint)


def tree(folder: Path) -> Written:
    (folder / "2024" / "a").mkdir(parents=True)
    image = write_tiff(folder / "2024" / "a" / "a_VV.tif", speckle((24, 30)))
    one = write_json(folder / "2024" / "a" / "a.json", item("a", **{"proj:epsg": 32636, "gsd": 1.5}))
    old = {**item("b"), "stac_version": "0.9.0", "assets": {}}
    other = write_json(folder / "2024" / "b.json", old)
    links = [{"rel": "item", "href": href} for href in ("./a/a.json", "./b.json")]
    below = {"stac_version": "0.9.0", "id": "c", "extent": {}, "links": links, "properties": {"sar:platform": "x-1"}}
    child = write_json(folder / "2024" / "collection.json", below)
    up = {
        "type": "Catalog",
        "stac_version": "1.1.0",
        "id": "r",
        "links": [{"rel": "child", "href": "./2024/collection.json"}],
    }
    top = write_json(folder / "catalog.json", up)
    return written(top, top, child, one, other, image)


def collection(folder: Path) -> Written:
    folder.mkdir()
    features = [{**item(name, **{"rel:tlp": "AMBER", "rel:rank": 1}), "assets": {}} for name in "abc"]
    path = write_json(folder / "all.json", {"type": "FeatureCollection", "stac_version": "1.1.0", "features": features})
    return written(path, path)


def test_mutants_of_trees_and_collections(tmp_path: Path) -> None:
    assault(tmp_path, tree(tmp_path / "tree"), collection(tmp_path / "items"))
