"""BlackSky's pictures: JSON, ortho images, mask, preview and licence; or an image in the camera's frame with RPCs."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rasterio.enums import ColorInterp
from rasterio.rpc import RPC
from shapely.geometry import mapping

from dashboard.model.acquisition import Kind
from dashboard.simulate.products.picture import Frame, numbers, satellite_azimuth, sun
from dashboard.simulate.products.scene import Scene
from dashboard.simulate.products.take import CAVEAT, Take, Written
from dashboard.simulate.products.tiff import write_tiff

COLOURS = {"R": ColorInterp.red, "G": ColorInterp.green, "B": ColorInterp.blue}
UNNAMED = (ColorInterp.gray, ColorInterp.undefined, ColorInterp.undefined)
CE90_M = 8.0
CLOUD, WATER = 3.0, 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a picture is delivered, where deliveries differ."""

    pan: bool | None = None
    """Panchromatic; None: as the scene was drawn, else in colour."""
    order: str = "RGB"
    """Of the bands in the file: ``RGB`` or ``BGR``."""
    coloured: bool = True
    """Whether the file says which band is which colour."""
    ortho: bool = True
    mask: bool = True
    remembered: bool = True
    """Keys that no public document shows."""


USUAL = Form()


def write_ortho(folder: Path, scene: Scene, take: Take, form: Form = USUAL) -> Written:
    """Write an ortho image on the scene's map."""
    return _write(folder, scene, take, form)


def write_frame(folder: Path, scene: Scene, take: Take, form: Form = USUAL) -> Written:
    """Write an image in the camera's frame, with a text of RPCs."""
    return _write(folder, scene, take, replace(form, ortho=False))


def _write(folder: Path, scene: Scene, take: Take, form: Form) -> Written:
    folder.mkdir(parents=True, exist_ok=True)
    pan = form.pan if form.pan is not None else scene.drawn is not None and set(scene.drawn) == {"PAN"}
    name = f"BSG-{take.platform.rpartition('-')[2]}-{take.start:%Y%m%d-%H%M%S}-{take.orbit_number}"
    word = ("ortho" if form.ortho else "non-ortho") + ("-pan" if pan else "")
    frame = Frame(scene, take)
    order = ("PAN",) if pan else tuple(form.order)
    bands = [numbers(scene, band) if form.ortho else frame.numbers(band, "uint8") for band in order]
    path = folder / f"{name}_{word}.tif"
    write_tiff(
        path,
        bands,
        geobox=scene.geobox if form.ortho else None,
        tags={"TIFFTAG_IMAGEDESCRIPTION": CAVEAT},
        colours=None if pan else [COLOURS[band] for band in order] if form.coloured else UNNAMED,
    )
    footprint = scene.footprint if form.ortho else frame.footprint
    stated = _metadata(name, take, form, abs(float(scene.geobox.affine.a)), bands[0].shape)
    stated["geometry"] = mapping(footprint)
    files = [path, folder / f"{name}_metadata.json", folder / "LicenseAgreement-1.1.txt", folder / f"{name}_browse.png"]
    files[1].write_text(json.dumps(stated, indent=2), encoding="utf-8")
    files[2].write_text(f"{CAVEAT}. This text stands where the licence agreement stands.\n", encoding="utf-8")
    files[3].write_bytes(b"\x89PNG\r\n\x1a\n")
    if form.mask and form.ortho:
        files.append(folder / f"{name}_ortho-mask.tif")
        write_tiff(files[-1], [np.full(bands[0].shape, 255, np.uint8)], geobox=scene.geobox)
    if not form.ortho:
        files.append(folder / f"{name}_{word}_rpc.txt")
        files[-1].write_text(_rpc_text(frame.rpc()), encoding="ascii")
    return Written(
        path=folder,
        files=tuple(files),
        expected=_expected(name, word, scene, take, form),
        quantity=None,
        footprint=footprint,
        handling={"caveats": frozenset({CAVEAT})},
        spacing_m=abs(float(scene.geobox.affine.a)),
    )


def _metadata(name: str, take: Take, form: Form, gsd_m: float, shape: tuple[int, ...]) -> dict[str, Any]:
    azimuth, elevation = sun(take)
    found: dict[str, Any] = {
        "id": name,
        "acquisitionDate": f"{take.start:%Y-%m-%dT%H:%M:%S.%f}",
        "sensorName": f"Global-{take.platform.rpartition('-')[2]}",
        "gsd": gsd_m,
        "cloudCoverPercent": CLOUD,
        "waterPercent": WATER,
        "georeferenced": "True",
        "orthorectified": "True" if form.ortho else "False",
        "width": shape[1],
        "height": shape[0],
        "bitsPerPixel": 8,
    }
    if not form.remembered:
        return found
    return found | {
        "offNadirAngle": round(take.incidence_deg * 0.92, 2),
        "sunAzimuth": azimuth,
        "sunElevation": elevation,
        "satelliteAzimuth": satellite_azimuth(take),
        "satelliteElevation": 90.0 - take.incidence_deg,
        "estimatedCE90": CE90_M,
    }


def _rpc_text(rpc: RPC) -> str:
    lines = []
    for key, field, unit in (
        ("LINE_OFF", "line_off", "pixels"), ("SAMP_OFF", "samp_off", "pixels"), ("LAT_OFF", "lat_off", "degrees"),
        ("LONG_OFF", "long_off", "degrees"), ("HEIGHT_OFF", "height_off", "meters"),
        ("LINE_SCALE", "line_scale", "pixels"), ("SAMP_SCALE", "samp_scale", "pixels"),
        ("LAT_SCALE", "lat_scale", "degrees"), ("LONG_SCALE", "long_scale", "degrees"),
        ("HEIGHT_SCALE", "height_scale", "meters"),
    ):  # fmt: skip
        lines.append(f"{key}: {getattr(rpc, field):+.12f} {unit}")
    for part in ("line_num", "line_den", "samp_num", "samp_den"):
        values = getattr(rpc, f"{part}_coeff")
        lines += [f"{part.upper()}_COEFF_{k}: {value:+.15E}" for k, value in enumerate(values, start=1)]
    return "\n".join([*lines, ""])


def _expected(name: str, word: str, scene: Scene, take: Take, form: Form) -> dict[str, Any]:
    azimuth, elevation = sun(take)
    known = form.remembered
    return {
        "id": name if word == "ortho" else f"{name}_{word}",
        "constellation": take.constellation,
        "kind": Kind.OPTICAL,
        "platform": take.platform,
        "start": take.start,
        "stop": take.start,
        "mode": None,
        "polarisations": ("PAN",) if word.endswith("pan") else ("R", "G", "B"),
        "incidence_deg": take.incidence_deg if known else None,
        "look_azimuth_deg": take.look_azimuth_deg if known else None,
        "resolution_m": abs(float(scene.geobox.affine.a)),
        "level": word,
        "received": None,
        "details": {
            "eo:cloud_cover": f"{CLOUD:g}",
            "proc:water_percent": f"{WATER:g}",
            "proc:orthorectified": "True" if form.ortho else "False",
            "view:sun_azimuth": f"{azimuth:.10g}" if known else None,
            "view:sun_elevation": f"{elevation:.10g}" if known else None,
        },
    }
