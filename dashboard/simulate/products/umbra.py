"""Umbra's GEC and CSI with both side-cars."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from shapely.geometry import mapping

from dashboard.simulate.products.moments import iso
from dashboard.simulate.products.scene import Scene
from dashboard.simulate.products.take import CAVEAT, Take, Written
from dashboard.simulate.products.tiff import quantised, write_tiff

COUNTS = 2000.0
SMALL_COUNTS = 99.5
"""DN of an amplitude of one, in 16 and in 8 bits."""
BOTH = ("legacy", "stac")


def write_gec(folder: Path, scene: Scene, take: Take, side_cars: tuple[str, ...] = BOTH) -> Written:
    """Write amplitude on the scene's map, as placed on the ellipsoid."""
    return _write(folder, scene, take, "GEC", side_cars)


def write_csi(folder: Path, scene: Scene, take: Take, side_cars: tuple[str, ...] = BOTH) -> Written:
    """Write three parts of the aperture in three colours, eight bits each."""
    return _write(folder, scene, take, "CSI", side_cars)


def _write(folder: Path, scene: Scene, take: Take, form: str, side_cars: tuple[str, ...]) -> Written:
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{take.start:%Y-%m-%d-%H-%M-%S}_UMBRA-{take.platform.rpartition('-')[2]}"
    amplitude = np.sqrt(scene.array(take.polarisations[0]))
    empty = ~np.isfinite(amplitude)
    counts, dtype = (SMALL_COUNTS, "uint8") if form == "CSI" else (COUNTS, "uint16")
    stored = quantised(np.where(empty, 1, amplitude * counts), dtype)
    stored[empty] = 0
    path = folder / f"{stem}_{form}.tif"
    write_tiff(path, [stored] * (3 if form == "CSI" else 1), geobox=scene.geobox, nodata=0, cog=True)
    files = [path]
    for kind, end, make in (("legacy", "_METADATA.json", _legacy), ("stac", ".stac.v2.json", _stac)):
        if kind in side_cars:
            files.append(folder / f"{stem}{end}")
            files[-1].write_text(json.dumps(make(scene, take, stem), indent=1), encoding="utf-8")
    return Written(
        path=path,
        files=tuple(files),
        expected=_expected(take, form, legacy="legacy" in side_cars),
        quantity=None,
        footprint=scene.footprint,
        handling={"caveats": frozenset({CAVEAT})},
        spacing_m=abs(float(scene.geobox.affine.a)),
    )


def _polygon(scene: Scene) -> dict[str, Any]:
    """Return the footprint with heights, as the vendor writes it."""
    ring = [[float(x), float(y), scene.height_m] for x, y in scene.footprint.exterior.coords]
    return {"type": "Polygon", "coordinates": [ring]}


def _legacy(scene: Scene, take: Take, stem: str) -> dict[str, Any]:
    fine = {"azimuthMeters": take.resolution_m * 0.9, "rangeMeters": take.resolution_m * 0.9}
    collect = {
        "id": "5f0c0f9e-0000-4000-8000-000000000001",
        "startAtUTC": iso(take.start),
        "endAtUTC": iso(take.stop),
        "polarizations": list(take.polarisations),
        "observationDirection": take.look.value.upper(),
        "satelliteTrack": take.pass_direction.value.upper(),
        "angleIncidenceDegrees": take.incidence_deg,
        "angleGrazingDegrees": 90.0 - take.incidence_deg,
        "angleAzimuthDegrees": (take.look_azimuth_deg + 180.0) % 360.0,
        "angleSquintDegrees": 91.5,
        "slantRangeMeters": 655_000.0,
        "maxGroundResolution": fine,
        "radarBand": "X",
        "radarCenterFrequencyHz": take.frequency_ghz * 1e9,
        "footprintPolygonLla": _polygon(scene),
        "taskId": "6a1d0000-0000-4000-8000-000000000002",
    }
    coarse = {"azimuthMeters": take.resolution_m, "rangeMeters": take.resolution_m}
    made = None if take.received is None else iso(take.received)
    return {
        "version": "1.0.0", "vendor": "Umbra Space", "umbraSatelliteName": f"UMBRA_{take.platform.rpartition('-')[2]}",
        "imagingMode": take.mode, "orderType": "SNAPSHOT", "productSku": "UMB-SNAPSHOT-1", "baseIpr": 0, "targetIpr": 4,
        "notes": CAVEAT, "baseName": stem, "collects": [collect], "createdAtUTC": made,
        "derivedProducts": {"GEC": [{"groundResolution": coarse, "createdAtUTC": made}]},
    }  # fmt: skip


def _stac(scene: Scene, take: Take, stem: str) -> dict[str, Any]:
    properties = {
        "datetime": iso(take.middle), "start_datetime": iso(take.start), "end_datetime": iso(take.stop),
        "platform": f"Umbra-{take.platform.rpartition('-')[2]}", "constellation": "Umbra",
        "created": None if take.received is None else iso(take.received),
        "sar:instrument_mode": take.mode, "sar:polarizations": list(take.polarisations),
        "sar:observation_direction": take.look.value, "sat:orbit_state": take.pass_direction.value,
        "view:incidence_angle": take.incidence_deg, "umbra:grazing_angle_degrees": 90.0 - take.incidence_deg,
        "umbra:target_azimuth_angle_degrees": (take.look_azimuth_deg + 180.0) % 360.0,
        "umbra:squint_angle_degrees_off_broadside": 1.5, "umbra:slant_range_meters": 655_000.0,
        "umbra:best_resolution_range_meters": take.resolution_m * 0.9,
        "umbra:best_resolution_azimuth_meters": take.resolution_m * 0.9,
        "sar:resolution_range": take.resolution_m, "sar:resolution_azimuth": take.resolution_m,
        "sar:center_frequency": take.frequency_ghz, "umbra:collect_ids": ["5f0c0f9e-0000-4000-8000-000000000001"],
        "umbra:task_id": "6a1d0000-0000-4000-8000-000000000002", "umbra:product_sku": "UMB-SNAPSHOT-1",
        "description": CAVEAT, "rel:caveats": [CAVEAT],
    }  # fmt: skip
    hidden = f"s3://private-delivery-bucket/{stem}"
    return {
        "type": "Feature", "stac_version": "1.0.0", "stac_extensions": [], "id": stem,
        "geometry": _polygon(scene), "bbox": list(scene.footprint.bounds), "properties": properties, "links": [],
        "assets": {"GEC": {"href": f"{hidden}_GEC.tif", "type": "image/tiff; application=geotiff"}},
        "centroid": mapping(scene.footprint.centroid),
    }  # fmt: skip


def _expected(take: Take, form: str, *, legacy: bool) -> dict[str, Any]:
    extra = {"proc:metadata_version": "1.0.0", "processing:facility": "Umbra Space"} if legacy else {}
    return {
        "constellation": "umbra", "platform": take.platform, "start": take.start, "stop": take.stop,
        "mode": take.mode, "polarisations": take.polarisations, "look": take.look,
        "pass_direction": take.pass_direction, "incidence_deg": take.incidence_deg,
        "look_azimuth_deg": take.look_azimuth_deg, "resolution_m": take.resolution_m,
        "frequency_ghz": take.frequency_ghz, "level": form, "received": take.received,
        "details": {"proc:product_sku": "UMB-SNAPSHOT-1", **extra},
    }  # fmt: skip
