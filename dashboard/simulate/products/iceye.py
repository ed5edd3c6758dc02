"""ICEYE's current products: COG images with the tag ICEYE_PROPERTIES, and the JSON beside them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import mapping

from dashboard.simulate.products.iceye_image import FACTOR, FACTOR_KEY, USUAL, Delivery, Image
from dashboard.simulate.products.iceye_words import expected, properties
from dashboard.simulate.products.rational import control_points, fit_rpc
from dashboard.simulate.products.scene import Scene
from dashboard.simulate.products.slant import ground_grid, slant_grid
from dashboard.simulate.products.take import CAVEAT, Take, Written
from dashboard.simulate.products.tiff import quantised, write_tiff

Floats = NDArray[np.float64]

EXTENSIONS = ("https://stac-extensions.github.io/sar/v1.0.0/schema.json",)


def write_grd(folder: Path, scene: Scene, take: Take, delivery: Delivery = USUAL) -> Written:
    """Write ground-range amplitude, sigma0 = factor x DN squared."""
    grid = ground_grid(scene, take, _spacing(scene), _spacing(scene))
    amplitude = np.sqrt(grid.power("VV") / FACTOR)
    return _write(folder, Image(grid, take, delivery, "GRD"), amplitude)


def write_slc(folder: Path, scene: Scene, take: Take, delivery: Delivery = USUAL) -> Written:
    """Write slant-range amplitude and phase, beta0 = factor x DN squared."""
    grid = slant_grid(scene, take, _spacing(scene) / 2, _spacing(scene) / 2)
    beta0 = grid.power("VV") / np.sin(np.radians(grid.incidence_deg()))
    return _write(folder, Image(grid, take, delivery, "SLC"), np.sqrt(beta0 / FACTOR))


def write_csi(folder: Path, scene: Scene, take: Take, delivery: Delivery = USUAL) -> Written:
    """Write three bands of bytes, one for each part of the aperture."""
    grid = ground_grid(scene, take, _spacing(scene), _spacing(scene))
    return _write(folder, Image(grid, take, delivery, "CSI"), np.sqrt(grid.power("VV")) * 99.5)


def _write(folder: Path, image: Image, amplitude: NDArray[np.floating[Any]]) -> Written:
    delivery, scene = image.delivery, image.grid.scene
    rpc = fit_rpc(image.to_image, image.grid.footprint.bounds, scene.height_m)
    stated = {k: v for k, v in properties(image, rpc).items() if k not in delivery.without} | dict(delivery.extra)
    bands = _bands(image, amplitude)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{image.id}.tif"
    tags = {"PRODUCT_NAME": image.id}
    if delivery.tag:
        tags["ICEYE_PROPERTIES"] = json.dumps(stated)
    write_tiff(
        path,
        bands,
        gcps=control_points(image.to_ground, image.shape, scene.height_m),
        rpcs=rpc if delivery.rpcs else None,
        tags=tags,
        cog=True,
    )
    files = [path]
    footprint = image.grid.footprint
    if delivery.side_car:
        item = {"type": "Feature", "stac_version": "1.0.0", "id": image.id, "geometry": mapping(footprint)}
        item |= {"properties": stated, "assets": {}, "links": [], "stac_extensions": list(EXTENSIONS)}
        files.append(path.with_suffix(".json"))
        files[-1].write_text(json.dumps(item, indent=2), encoding="utf-8")
    calibrated = image.level != "CSI" and not image.take.mode.startswith("SC")
    return Written(
        path=path,
        files=tuple(files),
        expected=expected(image),
        quantity="sigma0" if calibrated and FACTOR_KEY not in delivery.without else None,
        footprint=footprint,
        handling={"caveats": frozenset({CAVEAT})},
    )


def _bands(image: Image, amplitude: NDArray[np.floating[Any]]) -> list[NDArray[Any]]:
    exponent = image.delivery.exponent
    laid = image.laid(amplitude)
    empty = ~np.isfinite(laid)
    if image.level == "CSI":
        stored = quantised(np.where(empty, 1, laid), "uint8")
    elif exponent is not None:
        stored = np.where(empty, 0, laid).astype(np.float64) ** exponent
        stored = stored.astype(np.float32)
    else:
        stored = quantised(np.where(empty, 1, laid))
    stored[empty] = 0
    if image.level == "CSI":
        return [stored, stored, stored]
    if image.level == "GRD":
        return [stored]
    phase = np.random.default_rng(11).integers(0, 65536, stored.shape).astype(stored.dtype)
    return [stored, phase]


def _spacing(scene: Scene) -> float:
    return abs(float(scene.geobox.affine.a))
