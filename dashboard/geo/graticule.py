"""Grid lines and edge ticks of a map: MGRS squares and degrees."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import shapely
from numpy.typing import NDArray

from dashboard.geo import utm
from dashboard.geo.mercator import bbox_of, to_lonlat, to_mercator
from dashboard.model.view import Extent

STEPS_M = (100_000, 10_000, 1_000, 100)
_MOST_LINES = 20
"""Across the map; a wider map shows grid zones only."""
_POINTS = 25
"""Of one grid line, enough for its curve to look smooth."""
_DEGREE_STEPS = (45.0, 30.0, 15.0, 10.0, 5.0, 2.0, 1.0)

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GridLines:
    """The MGRS grid over a map."""

    paths: list[NDArray[np.float64]]
    """(n, 2) lines, Mercator metres, cut at the map's edge and at zone borders."""
    labels: list[tuple[float, float, str]]
    """(x, y, text): digits where lines meet the lower and left edge, the square's name in its lower left corner."""
    step_m: float
    """100,000, 10,000, 1,000 or 100; 0 when only grid zones are drawn."""


@dataclass(frozen=True, slots=True)
class _Zone:
    """The part of a UTM zone that a map shows."""

    zone: int
    south: bool
    box: Box
    """(west, south, east, north), degrees."""


def mgrs_lines(extent: Extent, *, about: int = 6) -> GridLines:
    """Return the grid of the MGRS step that puts about `about` lines across the map, per zone.

    North of 84° N and south of 80° S there is no UTM grid, and none is drawn.
    """
    x, y = extent.centre
    ground = max(extent.x1 - extent.x0, extent.y1 - extent.y0) * math.cos(math.radians(to_lonlat(x, y)[1]))
    step = min(STEPS_M, key=lambda step: abs(math.log(ground / step / about)))
    zones = list(_zones(bbox_of(extent)))
    if ground / step > max(_MOST_LINES, 3 * about):
        return GridLines(
            paths=[_edge(zone.box) for zone in zones],
            labels=[_corner(zone.box, extent, _designation(zone)) for zone in zones],
            step_m=0.0,
        )
    paths: list[NDArray[np.float64]] = [_edge(zone.box)[2:4] for zone in zones[1:]]
    paths.extend(_edge(zone.box)[1:3] for zone in zones if zone.south and zone.box[3] == 0)  # the equator is a line
    labels: list[tuple[float, float, str]] = []
    for zone in zones:
        lines = [item for eastings in (True, False) for item in _lines(zone, step, eastings=eastings)]
        paths.extend(path for path, _ in lines)
        if step < utm.SQUARE_M:
            labels.extend((float(path[0, 0]), float(path[0, 1]), text) for path, text in lines)
        labels.extend(_square_names(zone, extent))
    return GridLines(paths=paths, labels=labels, step_m=float(step))


def degree_ticks(extent: Extent, about: int = 5) -> tuple[list[tuple[float, str]], list[tuple[float, str]]]:
    """Return ticks for the lower and the left edge: lists of (Mercator coordinate, label) at round degrees."""
    west, south, east, north = bbox_of(extent)
    across = [
        (to_mercator(value, 0.0)[0], f"{text}° {'E' if value >= 0 else 'W'}")
        for value, text in _round_degrees(west, east, about)
    ]
    up = [
        (to_mercator(0.0, value)[1], f"{text}° {'N' if value >= 0 else 'S'}")
        for value, text in _round_degrees(south, north, about)
    ]
    return across, up


def _round_degrees(low: float, high: float, about: int) -> list[tuple[float, str]]:
    decades = [base * 10.0**-power for power in range(1, 7) for base in (5, 2, 1)]
    step = min((*_DEGREE_STEPS, *decades), key=lambda step: abs(math.log((high - low) / step / about)))
    digits = max(0, -math.floor(math.log10(step)))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [(round(i * step, 9), f"{abs(i * step):.{digits}f}") for i in range(first, last + 1)]


def _zones(bbox: Box) -> Iterator[_Zone]:
    """Yield the visible part of every zone, bands of equal edges in one piece."""
    west, south, east, north = bbox
    for zone in range(1, 61):
        bands = [band for band in utm.BANDS if utm.zone_edges(zone, band) is not None]
        for (edges, is_south), group in groupby(bands, key=lambda band: (utm.zone_edges(zone, band), band < "N")):
            rows = [utm.band_edges(band) for band in group]
            left, right = edges or (0.0, 0.0)
            box = (max(west, left), max(south, rows[0][0]), min(east, right), min(north, rows[-1][1]))
            if box[0] < box[2] and box[1] < box[3]:
                yield _Zone(zone, is_south, box)


def _lines(zone: _Zone, step: int, *, eastings: bool) -> Iterator[tuple[NDArray[np.float64], str]]:
    """Yield (line in Mercator metres from its lower or left end, digits) of one family of grid lines."""
    e0, n0, e1, n1 = _utm_bounds(zone)
    (low, high), (start, stop) = ((e0, e1), (n0, n1)) if eastings else ((n0, n1), (e0, e1))
    along = np.linspace(start, stop, _POINTS)
    back = utm.to_utm(zone.zone, south=zone.south)
    power = 10 ** (5 - round(math.log10(step)))
    for value in range(math.ceil(low / step) * step, math.floor(high / step) * step + 1, step):
        across = np.full(_POINTS, float(value))
        easting, northing = (across, along) if eastings else (along, across)
        line = shapely.LineString(np.column_stack(back.transform(easting, northing, direction="INVERSE")))
        text = f"{value // step % power:0{len(str(power)) - 1}d}" if power > 1 else ""
        for part in shapely.get_parts(shapely.clip_by_rect(line, *zone.box)):
            points = shapely.get_coordinates(part)
            if len(points) > 1:
                yield np.column_stack(to_mercator(points[:, 0], points[:, 1])), text


def _utm_bounds(zone: _Zone) -> Box:
    west, south, east, north = zone.box
    t = np.linspace(0, 1, 9)
    lon = np.concatenate([west + t * (east - west)] * 2 + [np.full(9, west), np.full(9, east)])
    lat = np.concatenate([np.full(9, south), np.full(9, north)] + [south + t * (north - south)] * 2)
    easting, northing = utm.to_utm(zone.zone, south=zone.south).transform(lon, lat)
    return float(easting.min()), float(northing.min()), float(easting.max()), float(northing.max())


def _square_names(zone: _Zone, extent: Extent) -> Iterator[tuple[float, float, str]]:
    """Yield the name of every 100 km square of which a worthwhile part is visible, in that part's lower left corner."""
    e0, n0, e1, n1 = (int(value // utm.SQUARE_M) for value in _utm_bounds(zone))
    transformer = utm.to_utm(zone.zone, south=zone.south)
    least = 0.05 * (extent.x1 - extent.x0), 0.03 * (extent.y1 - extent.y0)
    for column in range(e0, e1 + 1):
        for row in range(n0, n1 + 1):
            edge = shapely.segmentize(shapely.box(column, row, column + 1, row + 1), 0.25)
            x, y = shapely.get_coordinates(edge).T * utm.SQUARE_M
            square = shapely.Polygon(np.column_stack(transformer.transform(x, y, direction="INVERSE")))
            part = shapely.clip_by_rect(square, *zone.box)
            if part.is_empty:
                continue
            middle = shapely.point_on_surface(part)
            name = utm.square_of(zone.zone, (column + 0.5) * utm.SQUARE_M, (row + 0.5) * utm.SQUARE_M)
            text = f"{zone.zone:02d}{utm.band_of(middle.y)} {name}"
            label = _corner(part.bounds, extent, text)
            (x0, y0), (x1, y1) = to_mercator(*part.bounds[:2]), to_mercator(*part.bounds[2:])
            if x1 - x0 >= least[0] and y1 - y0 >= least[1]:
                yield label


def _designation(zone: _Zone) -> str:
    return f"{zone.zone:02d}{utm.band_of((zone.box[1] + zone.box[3]) / 2)}"


def _corner(box: Box, extent: Extent, text: str) -> tuple[float, float, str]:
    """Return a label a little inside the lower left corner of a box in degrees."""
    x, y = to_mercator(float(box[0]), float(box[1]))
    return x + 0.01 * (extent.x1 - extent.x0), y + 0.01 * (extent.y1 - extent.y0), text


def _edge(box: Box) -> NDArray[np.float64]:
    """Return the outline of a box in degrees, Mercator metres, anticlockwise; points 2 and 3 are its west side."""
    west, south, east, north = box
    lon, lat = np.array([east, east, west, west, east]), np.array([south, north, north, south, south])
    return np.column_stack(to_mercator(lon, lat))
