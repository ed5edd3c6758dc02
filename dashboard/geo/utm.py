"""UTM zones and the lettering of MGRS squares.

Method: DMA TM 8358.1 (1990). The projection is PROJ's, good to well below a millimetre; squares are cut, never rounded,
so that every point lies in the square that names it. (The `mgrs` library rounds at zone and hemisphere borders.)
"""

from functools import cache

from pyproj import Transformer

BANDS = "CDEFGHJKLMNPQRSTUVWX"
"""Latitude bands of 8 degrees from 80° S; X has 12."""
SQUARE_M = 100_000
_COLUMNS = ("ABCDEFGH", "JKLMNPQR", "STUVWXYZ")
_ROWS = "ABCDEFGHJKLMNPQRSTUV"
_CYCLE_M = len(_ROWS) * SQUARE_M


def band_of(lat: float) -> str:
    """Return the latitude band letter of a latitude between 80° S and 84° N."""
    return BANDS[min(int((lat + 80) // 8), len(BANDS) - 1)]


def zone_of(lon: float, lat: float) -> int:
    """Return the UTM zone, 1 to 60, with the exceptions of Norway and Svalbard; 180° belongs to zone 1."""
    zone = int((lon + 180) // 6) % 60 + 1
    if 56 <= lat < 64 and 3 <= lon < 12:
        return 32
    if lat >= 72 and 0 <= lon < 42:
        return next(zone for east, zone in ((9, 31), (21, 33), (33, 35), (42, 37)) if lon < east)
    return zone


def zone_edges(zone: int, band: str) -> tuple[float, float] | None:
    """Return (west, east) in degrees of a zone within a latitude band, or None where the zone is left out."""
    west, east = -186.0 + 6 * zone, -180.0 + 6 * zone
    if band == "V":
        return {31: (0.0, 3.0), 32: (3.0, 12.0)}.get(zone, (west, east))
    if band == "X" and 31 <= zone <= 37:
        return {31: (0.0, 9.0), 33: (9.0, 21.0), 35: (21.0, 33.0), 37: (33.0, 42.0)}.get(zone)
    return west, east


def band_edges(band: str) -> tuple[float, float]:
    """Return (south, north) in degrees of a latitude band."""
    south = -80.0 + 8 * BANDS.index(band)
    return south, 84.0 if band == "X" else south + 8


@cache
def to_utm(zone: int, *, south: bool) -> Transformer:
    """Return the transformer from (longitude, latitude) in degrees to UTM (easting, northing) in metres."""
    return Transformer.from_crs(4326, (32700 if south else 32600) + zone, always_xy=True)


def square_of(zone: int, easting: float, northing: float) -> str:
    """Return the two letters of the 100 km square that holds a UTM position."""
    column = _COLUMNS[(zone - 1) % 3][int(easting // SQUARE_M) - 1]
    # Even zones start their rows five letters later, so that equal names lie far apart.
    row = _ROWS[(int(northing // SQUARE_M) + (5 if zone % 2 == 0 else 0)) % len(_ROWS)]
    return column + row


def square_corner(zone: int, band: str, letters: str) -> tuple[int, int] | None:
    """Return (easting, northing) of the south-west corner of a 100 km square, or None if it is not in that band."""
    columns = _COLUMNS[(zone - 1) % 3]
    if not 1 <= zone <= 60 or letters[0] not in columns or letters[1] not in _ROWS or zone_edges(zone, band) is None:
        return None
    easting = (columns.index(letters[0]) + 1) * SQUARE_M
    row = (_ROWS.index(letters[1]) - (5 if zone % 2 == 0 else 0)) % len(_ROWS) * SQUARE_M
    lowest, highest = _northings(zone, band)
    first = lowest // SQUARE_M * SQUARE_M
    northing = first + (row - first) % _CYCLE_M
    return (easting, int(northing)) if northing <= highest else None


@cache
def _northings(zone: int, band: str) -> tuple[float, float]:
    """Return the least and the greatest northing within a zone's part of a band."""
    south, north = band_edges(band)
    edges = zone_edges(zone, band) or (0.0, 0.0)
    middle = 6 * zone - 183.0
    project = to_utm(zone, south=south < 0)
    values = [project.transform(lon, lat)[1] for lat in (south, north) for lon in (*edges, middle)]
    return min(values), max(values)
