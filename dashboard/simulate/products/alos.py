"""ALOS-2 and ALOS-4 products of a known scene: CEOS of levels 1.1, 1.5 and 2.1, and GeoTIFF."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from dashboard.simulate.products.alos_image import Heard, write_image
from dashboard.simulate.products.alos_leader import Ground, Plate, leader, map_ground
from dashboard.simulate.products.alos_records import trailer, volume
from dashboard.simulate.products.alos_words import Title, expected, write_previews, write_words
from dashboard.simulate.products.orbit import orbit_over
from dashboard.simulate.products.scene import PLAIN_DB, Scene
from dashboard.simulate.products.slant import SlantGrid, ground_grid, slant_grid
from dashboard.simulate.products.take import CAVEAT, Take, Written
from dashboard.simulate.products.tiff import quantised, write_tiff

FACTOR_DB = -83.0
COMPLEX_DB = 32.0
LIGHT_M_S = 299_792_458.0
SLANT_STEP_M, LINE_M = 1.4304222, 2.1960598
"""Of level 1.1 in the 3 m modes."""
SEED = 2014
MAPS = {"U": "UTM", "P": "UPS", "M": "MER", "L": "LCC"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Make:
    """How a product departs from the usual one."""

    level: str = "1.5"
    """Of geocoded products: ``1.5`` or ``2.1``."""
    factor_db: float = FACTOR_DB
    beam: str = "7"
    scan: str = ""
    """``F1``: one scan of a ScanSAR product of level 1.1."""
    base: int = 0
    """Number of the first line and pixel in the leader's polynomials."""
    with_polynomials: bool = True
    with_places: bool = True
    """Whether lines state where they lie."""
    map: str = "U"
    """``U`` UTM, ``P`` polar stereographic, ``M`` Mercator, ``L`` Lambert."""
    crs: str = ""
    """Of a map that is not UTM."""
    turn_deg: float = 0.0
    """By which the map is turned against north."""


USUAL = Make()


def write_l11(folder: Path, scene: Scene, take: Take, make: Make = USUAL) -> Written:
    """Write single-look complex slant range."""
    title = Title(take=take, level="1.1")
    grid = slant_grid(scene, take, LINE_M, SLANT_STEP_M)
    plate = _slant_plate(grid, title, (SLANT_STEP_M, LINE_M), make)
    rng = np.random.default_rng(SEED)
    gain = 10.0 ** ((make.factor_db - COMPLEX_DB) / 20.0)
    phase = np.exp(2j * np.pi * rng.random(grid.shape, dtype=np.float32))
    pixels = {
        p: (np.sqrt(np.nan_to_num(grid.power(p))) / gain * phase).astype(np.complex64) for p in take.polarisations
    }
    return _write(folder, title, plate, pixels, _heard(grid, make), (grid.footprint, make))


def write_l15r(folder: Path, scene: Scene, take: Take, make: Make = USUAL) -> Written:
    """Write amplitude in ground range, along the track."""
    title = Title(take=take, level="1.5", option="R")
    step = float(scene.geobox.affine.a)
    grid = ground_grid(scene, take, step, step)
    plate = _slant_plate(grid, title, (step, step), make)
    pixels = {p: _numbers(grid.power(p), make) for p in take.polarisations}
    return _write(folder, title, plate, pixels, _heard(grid, make), (grid.footprint, make))


def write_map(folder: Path, scene: Scene, take: Take, make: Make = USUAL) -> Written:
    """Write amplitude on a map: level 1.5 geocoded, or 2.1."""
    title = Title(take=take, level=make.level, option="G", map=make.map)
    geobox, pictures = _on_map(scene, take, make)
    step = float(np.hypot(geobox.affine.a, geobox.affine.d))
    ground = map_ground(geobox)
    plate = Plate(
        take=take, orbit=orbit_over(*scene.centre, scene.height_m, take), scene_id=title.scene, level=make.level,
        shape=geobox.shape, spacings_m=(step, step), ground=ground, centre=scene.centre, geobox=geobox,
        designator=MAPS[make.map], factor_db=make.factor_db, beam=make.beam, base=make.base,
        with_polynomials=make.with_polynomials,
    )  # fmt: skip
    rows = geobox.shape[0]
    heard = Heard(
        seconds=np.linspace(-1.9, 1.9, rows),
        ranges_m=(700e3, 700.5e3, 701e3),
        ground=ground,
        with_places=make.with_places,
    )
    pixels = {p: _numbers(picture, make) for p, picture in pictures.items()}
    return _write(folder, title, plate, pixels, heard, (_outline(geobox), make))


def write_geotiff(folder: Path, scene: Scene, take: Take, make: Make = USUAL) -> Written:
    """Write amplitude on a map as GeoTIFF, one file per polarisation, and the summary."""
    title = Title(take=take, level=make.level, option="G", map=make.map)
    geobox, pictures = _on_map(scene, take, make)
    folder.mkdir(parents=True, exist_ok=True)
    images = [
        write_tiff(
            folder / title.file(f"IMG-{p}", ".tif"), [_numbers(picture, make)], geobox=geobox,
            tags={"TIFFTAG_IMAGEDESCRIPTION": CAVEAT},
        )
        for p, picture in pictures.items()
    ]  # fmt: skip
    footprint = _outline(geobox)
    summary = write_words(
        folder, title, [f.name for f in images], geobox.shape, _ring(map_ground(geobox), geobox.shape)
    )
    files = (*images, summary, *write_previews(folder, title, next(iter(pictures.values()))))
    more = {"frequency_ghz": None, "incidence_deg": None, "details": {"proc:range_plane": "ground"}}
    return Written(
        path=images[0], files=files, expected=expected(title, more), quantity="sigma0", footprint=footprint,
        handling=_markings(),
    )  # fmt: skip


def _slant_plate(grid: SlantGrid, title: Title, spacings_m: tuple[float, float], make: Make) -> Plate:
    return Plate(
        take=title.take, orbit=grid.orbit, scene_id=title.scene, level=title.level, shape=grid.shape,
        spacings_m=spacings_m, ground=grid.place, centre=grid.scene.centre, factor_db=make.factor_db, beam=make.beam,
        holds=None if grid.scene.drawn is None else grid.scene.geobox, sampling_mhz=LIGHT_M_S / (2e6 * SLANT_STEP_M),
        base=make.base, with_polynomials=make.with_polynomials,
    )  # fmt: skip


def _heard(grid: SlantGrid, make: Make) -> Heard:
    cols = len(grid.ranges)
    first, middle, last = (float(r) for r in grid.range_at(np.array([0, (cols - 1) / 2, cols - 1])))
    return Heard(seconds=grid.times, ranges_m=(first, middle, last), ground=grid.place, with_places=make.with_places)


def _numbers(sigma0: NDArray[Any], make: Make) -> NDArray[np.uint16]:
    """Return amplitudes in whole numbers; 0 where there is nothing."""
    amplitude = np.sqrt(np.nan_to_num(sigma0) / 10.0 ** (make.factor_db / 10.0))
    found: NDArray[np.uint16] = np.where(np.isfinite(sigma0), quantised(amplitude), 0).astype(np.uint16)
    return found


def _on_map(scene: Scene, take: Take, make: Make) -> tuple[GeoBox, dict[str, NDArray[np.float32]]]:
    """Return the map grid and the scene on it: the scene's own, or one of another projection that covers it."""
    if not make.crs and not make.turn_deg:
        return scene.geobox, {p: scene.array(p) for p in take.polarisations}
    geobox = _covering(scene, make.crs or str(scene.geobox.crs), make.turn_deg)
    rows, cols = (np.arange(side, dtype=float) for side in geobox.shape)
    lon, lat = map_ground(geobox)(*np.meshgrid(rows, cols, indexing="ij"))
    found = {}
    for p in take.polarisations:
        picture = scene.sample(p, lon, lat)
        found[p] = np.where(np.isnan(picture), 10.0 ** (PLAIN_DB[p] / 10.0), picture).astype(np.float32)
    return geobox, found


def _covering(scene: Scene, crs: str, turn_deg: float) -> GeoBox:
    """Return a grid of the scene's spacing that covers it, turned by an angle."""
    to_map = Transformer.from_crs("OGC:CRS84", crs, always_xy=True)
    points = np.stack(to_map.transform(*np.array(scene.footprint.exterior.coords).T), axis=1)
    turn = np.radians(turn_deg)
    axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    along = points @ axes.T
    step, corner = float(scene.geobox.affine.a), (along[:, 0].min(), along[:, 1].max())
    cols, rows = (int(np.ceil(np.ptp(along[:, k]) / step)) for k in (0, 1))
    origin = np.array(corner) @ axes
    across, down = axes[0] * step, -axes[1] * step
    return GeoBox((rows, cols), Affine(across[0], down[0], origin[0], across[1], down[1], origin[1]), crs)


def _outline(geobox: GeoBox) -> Polygon:
    rows, cols = geobox.shape
    sides = [np.linspace(-0.5, side - 0.5, 9) for side in (rows, cols)]
    ring = [
        (np.full(9, -0.5), sides[1]), (sides[0], np.full(9, cols - 0.5)),
        (np.full(9, rows - 0.5), sides[1][::-1]), (sides[0][::-1], np.full(9, -0.5)),
    ]  # fmt: skip
    return Polygon(np.concatenate([np.stack(map_ground(geobox)(*side), axis=1) for side in ring]))


def _write(
    folder: Path, title: Title, plate: Plate, pixels: dict[str, NDArray[Any]], heard: Heard,
    rest: tuple[BaseGeometry, Make],
) -> Written:  # fmt: skip
    footprint, make = rest
    # Drawn ground has no plain around it: its corners are those of what holds data.
    ring = (
        _ring(plate.ground, plate.shape) if plate.holds is None else _ring(map_ground(plate.holds), plate.holds.shape)
    )
    folder.mkdir(parents=True, exist_ok=True)
    tail = f"-{make.scan}" if make.scan else ""
    images = [write_image(folder / title.file(f"IMG-{p}", tail), plate, p, part, heard) for p, part in pixels.items()]
    in_leader = 10 + (plate.level != "1.1") + plate.with_polynomials
    lines = (plate.shape[0] + 1, images[0].stat().st_size // plate.shape[0])
    listed = [("LED", in_leader, 16384), *[("IMG", *lines)] * len(images), ("TRL", 1, 720)]
    others = {
        "VOL": volume(plate.satellite, (title.scene, title.product), title.take.received or title.take.stop, listed),
        "LED": leader(plate),
        "TRL": trailer(plate.satellite),
    }
    for kind, content in others.items():
        (folder / title.file(kind)).write_bytes(content)
    volume_file, leader_file, trailer_file = (folder / title.file(kind) for kind in others)
    listed_files = [volume_file, leader_file, *images, trailer_file]
    summary = write_words(folder, title, [f.name for f in listed_files], plate.shape, ring)
    files = [*listed_files, summary]
    first = next(iter(pixels.values()))
    files += write_previews(folder, title, np.abs(first) / max(float(np.abs(first).max()), 1.0))
    return Written(
        path=images[0], files=tuple(files), expected=_expected(title, plate, make), quantity="sigma0",
        footprint=footprint, handling=_markings(),
    )  # fmt: skip


def _ring(ground: Ground, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return (longitude, latitude) of an image's corners, around it."""
    rows, cols = shape
    down, across = np.array([-0.5, -0.5, rows - 0.5, rows - 0.5]), np.array([-0.5, cols - 0.5, cols - 0.5, -0.5])
    return np.stack(ground(down, across), axis=1)


def _expected(title: Title, plate: Plate, make: Make) -> dict[str, Any]:
    take = title.take
    found = expected(
        title,
        {
            "incidence_deg": round(take.incidence_deg, 3),
            "look_azimuth_deg": take.look_azimuth_deg,
            "resolution_m": take.resolution_m,
            "frequency_ghz": take.frequency_ghz,
            "details": {
                "sat:absolute_orbit": str(take.orbit_number),
                "proc:range_plane": "slant" if title.level == "1.1" else "ground",
                "proc:calibration_factor_db": f"{make.factor_db:g}",
                "proc:beam": plate.beam,
                "processing:software": "002.012",
            },
        },
    )
    return found | ({"id": f"{found['id']}-{make.scan}"} if make.scan else {})


def _markings() -> dict[str, Any]:
    return {
        "regimes": frozenset({"JP-RSD"}),
        "caveats": frozenset({CAVEAT, "JP-RSD CATEGORY TO BE STATED BY SUPPLIER"}),
    }
