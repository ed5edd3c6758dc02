"""The map grid of a geocoded image: its UTM zone, round pixels, an origin that passes over one place share."""

import math
from collections.abc import Sequence

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox

from dashboard.model.errors import DamagedProductError, NoGeoreferenceError
from dashboard.sources.geocode.sensor import Sensor, centre, ground_spacing, outline
from dashboard.sources.geocode.terrain import Terrain
from dashboard.sources.transformers import LONLAT, between

STEPS = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
"""Pixel sizes within a decade: passes whose geometry differs a little still share one grid."""
SQUARE = 1.5
"""Pixels whose sides differ by more than this factor are looked together."""
MOST_PIXELS = 4_000_000_000
"""Of one polarisation on the map."""


def looks_for_square(sensor: Sensor, *, complex_pixels: bool) -> tuple[int, int]:
    """Return how many (rows, columns) go into one look-averaged pixel so that it is about square on the ground.

    Complex pixels take at least two looks where that costs no more than a factor of `SQUARE` in resolution.
    """
    down, across = ground_spacing(sensor)
    if not (math.isfinite(down) and math.isfinite(across) and min(down, across) > 0):
        raise NoGeoreferenceError("The pixels have no size on the ground; the geometry of the product is wrong.")
    coarse = max(down, across)
    factors = max(1, round(coarse / down)), max(1, round(coarse / across))
    if complex_pixels and factors == (1, 1):
        return (2, 2)
    return factors


def lattice(sensor: Sensor, terrain: Terrain, looks: tuple[int, int]) -> GeoBox:
    """Return the grid: north up, metres, round pixel size, origin at a multiple of it.

    Raises
    ------
    NoGeoreferenceError
        If the geometry does not describe a place on the globe.
    DamagedProductError
        If the image would cover more pixels than can be meant.
    """
    zone = utm_zone(*centre(sensor))
    spacing = round_spacing([side * look for side, look in zip(ground_spacing(sensor), looks, strict=True)])
    xs, ys = _edges(sensor, terrain, zone)
    left, bottom = (math.floor(v.min() / spacing) for v in (xs, ys))
    right, top = (math.ceil(v.max() / spacing) for v in (xs, ys))
    columns, rows = right - left, top - bottom
    if not 0 < rows * columns <= MOST_PIXELS:
        msg = (
            f"The image would cover {rows:,} x {columns:,} pixels of {spacing:g} m on the map; the limit is "
            f"{MOST_PIXELS:,}. Its geometry or its size is wrong."
        )
        raise DamagedProductError(msg)
    return GeoBox((rows, columns), Affine(spacing, 0, left * spacing, 0, -spacing, top * spacing), f"EPSG:{zone}")


def round_spacing(sides_m: Sequence[float]) -> float:
    """Return the round pixel size nearest to the larger side, by ratio.

    Raises
    ------
    NoGeoreferenceError
        If a side is not a length between a centimetre and 100 km.
    """
    wanted = max(sides_m)
    if not (math.isfinite(wanted) and 0.01 <= wanted <= 1e5):
        msg = f"A pixel would measure {wanted:g} m on the ground; the geometry of the product is wrong."
        raise NoGeoreferenceError(msg)
    decade = 10.0 ** math.floor(math.log10(wanted))
    choices = [decade * step for step in (*STEPS, 10.0)]
    return min(choices, key=lambda size: abs(math.log(size / wanted)))


def utm_zone(lon: float, lat: float) -> int:
    """Return the EPSG code of the UTM zone of a place, of polar stereographic beyond it.

    Raises
    ------
    NoGeoreferenceError
        If the place is not on the globe.
    """
    if not (math.isfinite(lon) and abs(lon) <= 360 and -90 <= lat <= 90):
        raise NoGeoreferenceError("The image's centre is not on the globe; its georeference is wrong.")
    if lat > 84:
        return 5041
    if lat < -80:
        return 5042
    return (32600 if lat >= 0 else 32700) + int((lon + 180.0) % 360.0 // 6) + 1


def _edges(sensor: Sensor, terrain: Terrain, zone: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the image's outline on the map, for the heights that the terrain has along it."""
    rows, cols = outline(sensor)
    heights = np.full(rows.shape, sensor.height_m)
    for _ in range(2):
        lon, lat = sensor.to_ground(rows, cols, heights)
        heights = terrain.heights(lon, lat)
    lon, lat = sensor.to_ground(rows, cols, heights)
    xs, ys = (np.asarray(v) for v in between(LONLAT, f"EPSG:{zone}").transform(lon, lat))
    if not (np.isfinite(xs).all() and np.isfinite(ys).all()):
        raise NoGeoreferenceError("The image's corners are not on the globe; its georeference is wrong.")
    return xs, ys
