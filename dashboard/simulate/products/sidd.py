"""SIDD in NITF and NSIF: detected pictures on a tilted plane and on a grid of degrees, remapped for display."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lxml.etree
import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer
from sarkit import sidd

from dashboard.simulate.products.nitf_words import as_nsif, collector, quiet, security, security_truth
from dashboard.simulate.products.orbit import ecef, orbit_over, up_at
from dashboard.simulate.products.scene import Scene
from dashboard.simulate.products.sidd_xml import Floats, SiddPlane, sidd_xml
from dashboard.simulate.products.take import Take, Written

MARGIN_PX = 4
LEVELS = {"MONO8I": 90.0, "MONO8LU": 90.0, "RGB24I": 90.0, "RGB8LU": 90.0, "MONO16I": 9_000.0}
"""Pixel type -> value of 0 dB."""
STEP = 37
"""Of the look-up table of MONO8LU, 16 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiddForm:
    """Which of the ways to write a SIDD."""

    pixels: str = "MONO16I"
    geographic: bool = False
    """A grid of degrees, else a plane turned by `turn_deg`."""
    turn_deg: float = 25.0
    nsif: bool = False
    version: str = "3.0.0"
    spacing_m: float = 1.0
    images: int = 1
    seed: int = 6


def write_sidd(folder: Path, scene: Scene, take: Take, form: SiddForm = SiddForm()) -> Written:
    """Write a detected picture of a scene, linear in amplitude, and return it with the truth."""
    plane, (lon, lat) = _degrees(scene, form) if form.geographic else _turned(scene, form)
    amplitude = np.sqrt(np.nan_to_num(scene.sample(take.polarisations[0], lon, lat))) * LEVELS[form.pixels]
    orbit = orbit_over(*scene.centre, scene.height_m, take)
    stem = f"{take.platform.upper()}_SIDD_{take.mode}_{take.start:%Y%m%dT%H%M%S}"
    path = folder / f"{stem}{'.nsf' if form.nsif else '.nitf'}"
    handled = security(take)
    picture = quantised(amplitude, form)
    with quiet():
        images = [
            sidd.NitfProductImageMetadata(
                xmltree=lxml.etree.fromstring(
                    sidd_xml(take, plane, orbit, form.pixels, form.version, f"{stem}_{number}")
                ).getroottree(),
                im_subheader_part=sidd.NitfImSubheaderPart(security=handled),
                de_subheader_part=sidd.NitfDeSubheaderPart(security=handled),
                lookup_table=table(form.pixels),
            )
            for number in range(form.images)
        ]
        header = sidd.NitfFileHeaderPart(ostaid="SIMULATE", ftitle=f"SIDD: {stem}", security=handled)
        with path.open("wb") as stream:
            writer = sidd.NitfWriter(stream, sidd.NitfMetadata(file_header_part=header, images=images))
            with writer:
                for number in range(form.images):
                    writer.write_image(number, picture)
    if form.nsif:
        as_nsif(path)
    return _written(path, scene, take, f"{stem}_0")


def quantised(amplitude: Floats, form: SiddForm) -> NDArray[Any]:
    """Return whole numbers, rounded up or down by chance so that the mean is kept; 0 stays 0."""
    rng = np.random.default_rng(form.seed)
    whole = np.floor(amplitude) + (rng.uniform(size=amplitude.shape) < amplitude % 1)
    if form.pixels == "MONO16I":
        levels: NDArray[Any] = whole.astype(np.uint16)
        return levels
    grey: NDArray[Any] = np.minimum(whole, 255).astype(np.uint8)
    if form.pixels != "RGB24I":
        return grey
    found: NDArray[Any] = np.zeros(grey.shape, sidd.PIXEL_TYPES["RGB24I"]["dtype"])
    for colour in "RGB":
        found[colour] = grey
    return found


def table(pixels: str) -> NDArray[Any] | None:
    """Return the look-up table of pixel types that have one: linear, in grey."""
    levels = np.arange(256)
    if pixels == "MONO8LU":
        return (levels * STEP).astype(np.uint16)
    if pixels != "RGB8LU":
        return None
    found = np.zeros(256, sidd.PIXEL_TYPES["RGB24I"]["dtype"])
    for colour in "RGB":
        found[colour] = levels
    return found


def _turned(scene: Scene, form: SiddForm) -> tuple[SiddPlane, tuple[Floats, Floats]]:
    """Return the plane that touches the ground in the middle, turned clockwise, and the place of every pixel."""
    lon, lat = scene.centre
    place = ecef(np.array(lon), np.array(lat), scene.height_m)
    up = up_at(lon, lat)
    east = np.array([-math.sin(math.radians(lon)), math.cos(math.radians(lon)), 0.0])
    north = np.cross(up, east)
    turn = math.radians(form.turn_deg)
    right = math.cos(turn) * east - math.sin(turn) * north
    down = -(math.cos(turn) * north + math.sin(turn) * east)
    lons, lats = np.array(scene.footprint.exterior.coords).T
    ring = ecef(lons, lats, scene.height_m) - place
    reach = [math.ceil(float(np.abs(ring @ axis).max()) / form.spacing_m) + MARGIN_PX for axis in (down, right)]
    shape = 2 * reach[0] + 1, 2 * reach[1] + 1
    # The middle of the scene lies a quarter and a third of a pixel off a pixel's centre.
    point = reach[0] + 0.25, reach[1] - 1 / 3
    y = (np.arange(shape[0]) - point[0])[:, None, None] * form.spacing_m * down
    x = (np.arange(shape[1]) - point[1])[None, :, None] * form.spacing_m * right
    lons, lats = _lonlat(place + y + x)
    plane = SiddPlane(
        shape=shape, point=point, place=place, spacing=(form.spacing_m, form.spacing_m), down=down, right=right,
        corners=_corners(lons, lats), valid=_valid(scene),
    )  # fmt: skip
    return plane, (lons, lats)


def _degrees(scene: Scene, form: SiddForm) -> tuple[SiddPlane, tuple[Floats, Floats]]:
    lon, lat = scene.centre
    seconds = form.spacing_m / 30.9
    west, south, east, north = scene.footprint.bounds
    wide = seconds / math.cos(math.radians(lat))
    rows = math.ceil((north - south) * 3600 / seconds) + 2 * MARGIN_PX
    cols = math.ceil((east - west) * 3600 / wide) + 2 * MARGIN_PX
    point = (north - lat) * 3600 / seconds + MARGIN_PX, (lon - west) * 3600 / wide + MARGIN_PX
    lats = lat - (np.arange(rows) - point[0])[:, None] * seconds / 3600 + np.zeros((1, cols))
    lons = lon + (np.arange(cols) - point[1])[None, :] * wide / 3600 + np.zeros((rows, 1))
    plane = SiddPlane(
        shape=(rows, cols), point=point, place=ecef(np.array(lon), np.array(lat), scene.height_m),
        spacing=(seconds, wide), down=None, right=None, corners=_corners(lons, lats), valid=_valid(scene),
    )  # fmt: skip
    return plane, (lons, lats)


def _corners(lon: Floats, lat: Floats) -> list[tuple[float, float]]:
    return [(float(lon[r, c]), float(lat[r, c])) for r, c in ((0, 0), (0, -1), (-1, -1), (-1, 0))]


def _valid(scene: Scene) -> list[tuple[float, float]]:
    """Return the four corners of the scene, clockwise from the upper left."""
    left, bottom, right, top = scene.bounds
    to_lonlat = Transformer.from_crs(str(scene.geobox.crs), "OGC:CRS84", always_xy=True)
    found = [to_lonlat.transform(x, y) for x, y in ((left, top), (right, top), (right, bottom), (left, bottom))]
    return [(float(lon), float(lat)) for lon, lat in found]


def _lonlat(place: Floats) -> tuple[Floats, Floats]:
    to_lonlat = Transformer.from_crs("EPSG:4978", "EPSG:4979", always_xy=True)
    lon, lat, _ = to_lonlat.transform(place[..., 0], place[..., 1], place[..., 2])
    return lon, lat


def _written(path: Path, scene: Scene, take: Take, name: str) -> Written:
    expected: dict[str, Any] = {
        "id": name,
        "constellation": take.constellation,
        "platform": take.platform,
        "start": take.start,
        "stop": take.stop,
        "mode": take.mode,
        "polarisations": take.polarisations[:1],
        "look": take.look,
        "pass_direction": take.pass_direction,
        "incidence_deg": take.incidence_deg,
        "look_azimuth_deg": take.look_azimuth_deg,
        "resolution_m": take.resolution_m,
        "received": take.received,
        "level": "SIDD",
        "details": {"proc:raw_platform": collector(take), "processing:software": "Nightglass simulate"},
    }
    return Written(
        path=path,
        files=(path,),
        expected=expected,
        quantity=None,
        footprint=scene.footprint,
        handling=security_truth(take),
    )
