"""Capella's products: GeoTIFF with the extended metadata inside and beside, and the STAC item of the bundle."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.control import GroundControlPoint
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from dashboard.simulate.products.capella_words import Words, expected, extended, name_of, polar_geometry, slant_geometry
from dashboard.simulate.products.moments import iso
from dashboard.simulate.products.polar import polar_grid
from dashboard.simulate.products.rational import control_points
from dashboard.simulate.products.scene import Scene
from dashboard.simulate.products.slant import slant_grid
from dashboard.simulate.products.take import CAVEAT, Take, Written
from dashboard.simulate.products.tiff import quantised, write_tiff

FACTOR = 0.00042
"""Scale factor of the amplitudes of GEO and GEC."""
COMPLEX = "complex_int16"
SLC_FACTOR = 0.002
"""Scale factor of the complex numbers: their noise of rounding stays small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How a product is delivered, where deliveries differ."""

    tag: bool = True
    """Extended metadata inside the image."""
    side_car: bool = True
    """Extended metadata beside the image."""
    item: bool = True
    """The STAC item of the bundle."""
    control_points: bool = False
    """Control points in an image in radar geometry, and no state vectors."""
    calibration: str = "full"
    image: Mapping[str, Any] = field(default_factory=dict)
    """Fields of ``collect.image`` that are changed."""


USUAL = Delivery()


def write_geo(folder: Path, scene: Scene, take: Take, delivery: Delivery = USUAL) -> Written:
    """Write terrain-corrected amplitude on the scene's map, sigma0."""
    return _mapped(folder, scene, Words(take, delivery.calibration, "GEO"), delivery)


def write_gec(folder: Path, scene: Scene, take: Take, delivery: Delivery = USUAL) -> Written:
    """Write amplitude on the scene's map as placed on an ellipsoid, sigma0."""
    return _mapped(folder, scene, Words(take, delivery.calibration, "GEC"), delivery)


def write_csi(folder: Path, scene: Scene, take: Take, delivery: Delivery = USUAL) -> Written:
    """Write three bands on the scene's map, one for each part of the aperture."""
    return _mapped(folder, scene, Words(take, delivery.calibration, "CSI"), delivery)


def write_slc(folder: Path, scene: Scene, take: Take, delivery: Delivery = USUAL) -> Written:
    """Write complex numbers by range and zero-Doppler time, beta0."""
    step = abs(float(scene.geobox.affine.a)) / 2
    grid = slant_grid(scene, take, step, step)
    words = Words(take, delivery.calibration, "SLC", slant_geometry(grid, take), grid.shape, grid.states)
    beta0 = grid.power(take.polarisations[0]) / np.sin(np.radians(grid.incidence_deg()))
    points = control_points(grid.place, grid.shape, scene.height_m) if delivery.control_points else None
    return _write(
        folder, words, scene, delivery, _Pixels([_complex(beta0)], grid.footprint, gcps=points, dtype=COMPLEX)
    )


def write_slc_polar(folder: Path, scene: Scene, take: Take, delivery: Delivery = USUAL) -> Written:
    """Write complex numbers in polar format, beta0."""
    step = abs(float(scene.geobox.affine.a)) / 2
    grid = polar_grid(scene, take, step, step)
    times = np.arange(-20.0, 22.0, 2.0)
    states = times, grid.orbit.position(times), grid.orbit.velocity(times)
    words = Words(take, delivery.calibration, "SLC", polar_geometry(grid, take), grid.shape, states)
    beta0 = grid.power(take.polarisations[0]) / np.sin(np.radians(take.incidence_deg))
    return _write(folder, words, scene, delivery, _Pixels([_complex(beta0)], grid.footprint, dtype=COMPLEX))


@dataclass(frozen=True)
class _Pixels:
    bands: list[NDArray[Any]]
    footprint: BaseGeometry
    geobox: GeoBox | None = None
    gcps: Sequence[GroundControlPoint] | None = None
    dtype: str | None = None


def _mapped(folder: Path, scene: Scene, words: Words, delivery: Delivery) -> Written:
    amplitude = np.sqrt(scene.array(words.take.polarisations[0]))
    empty = ~np.isfinite(amplitude)
    csi = words.level == "CSI"
    stored = quantised(np.where(empty, 1, amplitude * (99.5 if csi else 1 / FACTOR)), "uint8" if csi else "uint16")
    stored[empty] = 0
    rows, cols = scene.geobox.shape
    grid = scene.geobox.affine
    geometry = {
        "type": "geotransform",
        "geotransform": [grid.c, grid.a, grid.b, grid.f, grid.d, grid.e],
        "coordinate_system": {"type": "wkt", "wkt": scene.geobox.crs.to_wkt()},
    }
    words = Words(words.take, words.calibration, words.level, geometry, (rows, cols))
    pixels = _Pixels([stored] * (3 if csi else 1), scene.footprint, geobox=scene.geobox)
    return _write(folder, words, scene, delivery, pixels)


def _write(folder: Path, words: Words, scene: Scene, delivery: Delivery, pixels: _Pixels) -> Written:
    folder.mkdir(parents=True, exist_ok=True)
    stem = name_of(words)
    content = extended(words, scene, SLC_FACTOR if words.level == "SLC" else FACTOR)
    content["collect"]["image"] |= delivery.image
    if delivery.control_points:
        content["collect"]["state"]["state_vectors"] = []
    path = folder / f"{stem}.tif"
    tags = {"TIFFTAG_IMAGEDESCRIPTION": json.dumps(content)} if delivery.tag else {}
    write_tiff(path, pixels.bands, geobox=pixels.geobox, gcps=pixels.gcps, tags=tags, nodata=0, dtype=pixels.dtype)
    files = [path]
    if delivery.side_car:
        files.append(folder / f"{stem}_extended.json")
        files[-1].write_text(json.dumps(content), encoding="utf-8")
    if delivery.item:
        files.append(folder / f"{stem}.json")
        files[-1].write_text(json.dumps(_item(words, pixels.footprint), indent=2), encoding="utf-8")
    calibrated = delivery.calibration != "none" and words.level != "CSI"
    quantity = "beta0" if words.level == "SLC" else "sigma0"
    return Written(
        path=path,
        files=tuple(files),
        expected=expected(words),
        quantity=quantity if calibrated else None,
        footprint=pixels.footprint,
        handling={"caveats": frozenset({CAVEAT})},
        spacing_m=None if words.level == "SLC" else abs(float(scene.geobox.affine.a)),
    )


def _complex(beta0: NDArray[np.floating[Any]]) -> NDArray[np.complex64]:
    """Return whole numbers of a random phase and the power given; the phase carries no speckle."""
    phase = np.random.default_rng(5).uniform(0, 2 * np.pi, beta0.shape)
    with np.errstate(invalid="ignore"):
        values = np.sqrt(beta0) / SLC_FACTOR * np.exp(1j * phase)
    whole = np.rint(values.real) + 1j * np.rint(values.imag)
    return np.where(np.isfinite(whole), whole, 0).astype(np.complex64)


def _item(words: Words, footprint: BaseGeometry) -> dict[str, Any]:
    """Return the STAC item: like the vendor's, it uses ``sar:`` without declaring the extension."""
    take = words.take
    properties: dict[str, Any] = {
        "datetime": iso(take.middle), "start_datetime": iso(take.start), "end_datetime": iso(take.stop),
        "platform": take.platform, "constellation": "capella", "sar:product_type": words.level,
        "sar:polarizations": list(take.polarisations), "sat:orbit_state": take.pass_direction.value,
        "sat:absolute_orbit": None, "view:incidence_angle": round(take.incidence_deg, 1),
        "rel:caveats": [CAVEAT], **{f"rel:{key}": value for key, value in take.handling.items()},
    }  # fmt: skip
    href = f"./{name_of(words)}.tif"
    return {
        "type": "Feature", "stac_version": "1.0.0", "id": name_of(words), "geometry": mapping(footprint),
        "properties": properties, "links": [], "stac_extensions": [],
        "assets": {take.polarisations[0]: {"href": href, "type": "image/tiff; application=geotiff", "roles": ["data"]}},
    }  # fmt: skip
