"""Orthomosaics of drones as the programs that join them write them: in GeoTIFF, COG, or the project of OpenDroneMap."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from rasterio.enums import ColorInterp

from dashboard.model.acquisition import Kind
from dashboard.simulate.products.picture import numbers
from dashboard.simulate.products.scene import Scene
from dashboard.simulate.products.take import CAVEAT, Take, Written
from dashboard.simulate.products.tiff import write_tiff

BETRAYING = {
    "TIFFTAG_ARTIST": "J. Pilot",
    "TIFFTAG_HOSTCOMPUTER": "laptop-of-the-pilot",
    "TIFFTAG_COPYRIGHT": "J. Pilot, 12 Some Street",
    "DRONE_SERIAL": "SN1581F5BKD",
    "TAKEOFF": "50.20011 36.70022",
    "SOURCE": "/home/pilot/flights/0612",
}
"""What programs leave in files and what no reader may take over."""
RGB = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a picture is delivered, where deliveries differ."""

    time: str | None = None
    """``tag``, ``stats`` or ``images``; None: in no file."""
    alpha: bool = True
    nodata: int | None = None
    cog: bool = False
    world: bool = False
    """Place in ``.tfw`` and ``.prj`` instead of in the file."""
    name: str = "odm_orthophoto"
    betraying: bool = True
    """Whether names, numbers and paths are left in it."""


USUAL = Form()


def write_ortho(folder: Path, scene: Scene, take: Take, form: Form = USUAL) -> Written:
    """Write an orthomosaic on the scene's map."""
    home = folder / "odm_orthophoto" if form.time in {"stats", "images"} else folder
    home.mkdir(parents=True, exist_ok=True)
    path = home / f"{form.name}.tif"
    bands = [numbers(scene, band) for band in "RGB"]
    seen = np.any(bands, axis=0)
    if form.nodata is not None:
        bands = [np.where(seen, band, np.uint8(form.nodata)) for band in bands]
    colours: tuple[ColorInterp, ...] = RGB
    if form.alpha:
        bands.append(np.where(seen, np.uint8(255), np.uint8(0)))
        colours = (*RGB, ColorInterp.alpha)
    tags = {"TIFFTAG_SOFTWARE": "ODM 3.5.4", "TIFFTAG_IMAGEDESCRIPTION": CAVEAT}
    if form.time == "tag":
        tags["TIFFTAG_DATETIME"] = f"{take.start:%Y:%m:%d %H:%M:%S}"
    write_tiff(
        path,
        bands,
        geobox=None if form.world else scene.geobox,
        tags=tags | (BETRAYING if form.betraying else {}),
        nodata=form.nodata,
        colours=colours,
        cog=form.cog,
    )
    files = [path, *(_world(path, scene) if form.world else ()), *_reports(folder, take, form.time)]
    start, stop = _period(take, form.time)
    return Written(
        path=folder,
        files=tuple(files),
        expected={
            "id": form.name,
            "constellation": take.constellation,
            "kind": Kind.OPTICAL,
            "platform": take.platform,
            "start": start,
            "stop": stop,
            "mode": None,
            "polarisations": ("R", "G", "B"),
            "resolution_m": abs(float(scene.geobox.affine.a)),
            "level": "orthomosaic",
            "received": None,
            "details": {"view:off_nadir": "0", "processing:software": "ODM 3.5.4"},
        },
        quantity=None,
        footprint=scene.footprint,
        handling={"caveats": frozenset({CAVEAT})},
        spacing_m=abs(float(scene.geobox.affine.a)),
    )


def _period(take: Take, source: str | None) -> tuple[datetime, datetime]:
    """Return first and last moment as the source keeps them: whole seconds in most."""
    whole = take.start.replace(microsecond=0)
    if source == "tag":
        return whole, whole
    if source == "stats":
        return whole, take.stop.replace(microsecond=0)
    return (take.start, take.stop) if source == "images" else (take.start, take.start)


def _world(path: Path, scene: Scene) -> list[Path]:
    grid = scene.geobox.affine
    world, projection = path.with_suffix(".tfw"), path.with_suffix(".prj")
    rows = (grid.a, grid.d, grid.b, grid.e, grid.c + grid.a / 2, grid.f + grid.e / 2)
    world.write_text("".join(f"{value:.10f}\n" for value in rows), encoding="ascii")
    projection.write_text(scene.geobox.crs.to_wkt(), encoding="utf-8")
    return [world, projection]


def _reports(folder: Path, take: Take, source: str | None) -> list[Path]:
    """Write the reports of OpenDroneMap, with the places and numbers that real ones hold."""
    if source == "stats":
        path = folder / "odm_report" / "stats.json"
        form = "%d/%m/%Y at %H:%M:%S"
        content: Any = {
            "processing_statistics": {
                "start_date": take.start.strftime(form),
                "end_date": take.stop.strftime(form),
                "date": "01/07/2024 at 10:00:00",
                "area": 12345.6,
            },
            "gps_errors": {"average_error": 0.9},
        }
    elif source == "images":
        path = folder / "images.json"
        content = [
            {
                "filename": f"DJI_{k:04d}.JPG",
                "utc_time": moment.timestamp() * 1000.0,
                "latitude": 50.20011,
                "longitude": 36.70022,
                "camera_make": "DJI",
                "serial_number": "SN1581F5BKD",
            }
            for k, moment in enumerate((take.start, take.middle, take.stop), start=1)
        ]
    else:
        return []
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return [path]
