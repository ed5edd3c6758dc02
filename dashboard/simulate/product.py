"""Simulated acquisitions as products on disk: GeoTIFFs with the STAC side-car that the ordinary reader understands."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import rasterio
from shapely import box, to_geojson

from dashboard.model.acquisition import AMPLITUDE_SCALE
from dashboard.simulate.ground import to_degrees
from dashboard.simulate.image import Shot, draw
from dashboard.simulate.kernels import to_numbers
from dashboard.simulate.plan import Planned

CAVEAT = "EXERCISE - SYNTHETIC DATA"
WHY_NOT = "calibration constant not supplied"
DURATION = timedelta(seconds=9)
EXTENSIONS = ("sar/v1.3.0", "sat/v1.1.0", "view/v1.0.0", "projection/v2.0.0", "product/v1.1.0")


def write_product(planned: Planned, folder: Path, seed: int) -> Path:
    """Simulate one acquisition and write it into an empty folder.

    Returns
    -------
    The first GeoTIFF: uint16 amplitude, its side-car beside it. Uncalibrated stacks say so in the side-car.
    """
    files = {pol: folder / f"{planned.id}_{pol}.tif" for pol in planned.stack.polarisations}
    for polarisation, path in files.items():
        _write_tiff(planned, polarisation, path, seed)
    assets = {
        pol: {"href": f"./{path.name}", "type": "image/tiff; application=geotiff", "roles": ["data", "amplitude"]}
        for pol, path in files.items()
    }
    write_json(folder / f"{planned.id}.json", _item(planned, assets))
    return next(iter(files.values()))


def write_hollow(planned: Planned, folder: Path) -> Path:
    """Write the STAC item of a pass whose pixels were not delivered."""
    path = folder / f"{planned.id}.json"
    write_json(path, _item(planned, {}))
    return path


def _write_tiff(planned: Planned, polarisation: str, path: Path, seed: int) -> None:
    stack = planned.stack
    shot = Shot(
        seed=seed,
        number=planned.number,
        day=planned.day,
        grid=planned.grid,
        look=stack.geometry,
        band=stack.band,
        polarisation=polarisation,
        looks=stack.looks,
    )
    numbers = to_numbers(draw(shot), AMPLITUDE_SCALE)
    geobox = planned.grid.geobox
    rows, columns = geobox.shape
    profile = {"driver": "GTiff", "width": columns, "height": rows, "count": 1, "dtype": "uint16", "nodata": 0}
    with rasterio.open(path, "w", crs=str(geobox.crs), transform=geobox.affine, **profile) as dataset:
        dataset.write(numbers, 1)


def _item(planned: Planned, assets: dict[str, Any]) -> dict[str, Any]:
    half = planned.grid.half_m
    footprint = to_degrees(box(-half, -half, half, half))
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": [f"https://stac-extensions.github.io/{name}/schema.json" for name in EXTENSIONS],
        "id": planned.id,
        "geometry": json.loads(to_geojson(footprint)),
        "bbox": list(footprint.bounds),
        "properties": _properties(planned),
        "links": [],
        "assets": assets,
    }


def _properties(planned: Planned) -> dict[str, Any]:
    stack = planned.stack
    start = planned.start
    found: dict[str, Any] = {
        "datetime": (start + DURATION / 2).isoformat(),
        "start_datetime": start.isoformat(),
        "end_datetime": (start + DURATION).isoformat(),
        "received": planned.received.isoformat(),
        "platform": f"{stack.constellation}-synthetic",
        "constellation": stack.constellation,
        "instruments": ["simulated-sar"],
        "license": "CC0-1.0",
        "sar:instrument_mode": stack.mode,
        "sar:frequency_band": stack.band,
        "sar:center_frequency": stack.frequency_ghz,
        "sar:polarizations": list(stack.polarisations),
        "sar:observation_direction": stack.look.value,
        "sar:resolution_range": stack.resolution_m,
        "sar:resolution_azimuth": stack.resolution_m,
        "sar:looks_equivalent_number": stack.looks,
        "sat:orbit_state": stack.pass_direction.value,
        "view:incidence_angle": stack.incidence_deg,
        "product:type": "SYNTHETIC",
        "proc:look_azimuth": stack.azimuth_deg,
        "rel:caveats": [CAVEAT],
        "rel:regime": ["CC0-1.0"],
    }
    if stack.track is not None:
        found["sat:relative_orbit"] = stack.track
    if stack.delivered:
        found["proc:cal"] = _calibration(planned)
    return found


def _calibration(planned: Planned) -> dict[str, Any]:
    if not planned.stack.calibrated:
        return {"kind": "none", "valid": False, "why_not": WHY_NOT}
    return {"kind": "scale", "quantity": "sigma0", "params": {"k": AMPLITUDE_SCALE**-2}, "valid": True}


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write atomically: a reader never meets half a file."""
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(content, indent=1), encoding="utf-8")
    part.replace(path)
