"""From Maxar's IMD to an acquisition: who, when, how, and which of its bands are red, green and blue."""

import re
from datetime import datetime

from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from dashboard.model.errors import DamagedProductError
from dashboard.sources.details import Details, details
from dashboard.sources.facts import Facts
from dashboard.sources.footprint import clean_footprint
from dashboard.sources.product import Given
from dashboard.sources.values import kebab
from dashboard.sources.visible import COLOUR, GREY, Tile, coloured

IMAGE, MAP = "IMAGE", "MAP_PROJECTED_PRODUCT"
PLATFORMS = {"QB": "quickbird", "WV": "worldview", "GE": "geoeye", "LG": "worldview-legion"}
PANCHROMATIC = frozenset({"P", "PAN"})
MULTI = {4: ("B", "G", "R", "N"), 8: ("C", "B", "G", "Y", "R", "RE", "N", "N2")}
"""Number of bands of a file called Multi -> their order."""
BAND = "BAND_"
CLOUD_UNKNOWN = -999.0
CORNERS = ("UL", "UR", "LR", "LL")
ANGLES = {
    "view:sun_elevation": "MEANSUNEL",
    "view:sun_azimuth": "MEANSUNAZ",
    "view:off_nadir": "MEANOFFNADIRVIEWANGLE",
    "proc:satellite_azimuth": "MEANSATAZ",
    "proc:satellite_elevation": "MEANSATEL",
}
PROJECTION = ("MAPPROJNAME", "MAPZONE", "MAPHEMI", "DATUMNAME", "ULX", "ULY", "ORIGINX", "ORIGINY")


def bands_of(imd: Facts, tile: Tile) -> tuple[dict[str, int], tuple[str, ...]]:
    """Return (name -> band number of what is drawn, the names of all bands in their order).

    The letters of the band id tell the order (``BGRN``), else the groups of the metadata, which stand in the order of
    the file, else the known order of a full set, else what the file says of its colours.

    Raises
    ------
    DamagedProductError
        If nothing says which bands are visible ones.
    """
    stated = (imd.text("BANDID") or "").upper()
    if stated in PANCHROMATIC or (not stated and tile.count == 1):
        return {GREY[0]: 1}, GREY
    order = _order(imd, stated, tile.count)
    found = {name: order.index(name) + 1 for name in COLOUR if name in order}
    if found:
        return found, order
    own = coloured(tile)
    if own is None:
        msg = (
            f"{imd.file}: BANDID is {stated[:20]!r}, and neither its groups nor {tile.path.name} ({tile.count} bands) "
            "say which of them are red, green and blue; they cannot be drawn."
        )
        raise DamagedProductError(msg)
    return own, COLOUR


def _order(imd: Facts, stated: str, count: int) -> tuple[str, ...]:
    if len(stated) == count and set(stated) <= set("BGRN") and len(set(stated)) == count:
        return tuple(stated)
    groups = tuple(key.removeprefix(BAND) for key in imd.content if key.startswith(BAND))
    if len(groups) == count:
        return groups
    return MULTI.get(count, ()) if stated == "MULTI" else ()


def period(imd: Facts, given: Given) -> tuple[datetime, datetime]:
    """Return first and last moment: of all that a map was made of, else of the first line.

    Raises
    ------
    DamagedProductError
        If no time is stated and none given, or the end lies before the start.
    """
    own = imd.time(f"{IMAGE}/FIRSTLINETIME") or imd.time(f"{IMAGE}/TLCTIME")
    start = imd.time(f"{MAP}/EARLIESTACQTIME") or own or given.time
    if start is None:
        msg = f"{imd.file} states no firstLineTime, TLCTime or earliestAcqTime; give --time."
        raise DamagedProductError(msg)
    stop = imd.time(f"{MAP}/LATESTACQTIME") or start
    if stop < start:
        raise imd.wrong(f"{MAP}/LATESTACQTIME", stop.isoformat(), f"not before {start.isoformat()}")
    return start, stop


def platform_of(imd: Facts) -> str | None:
    """Return ``worldview-3`` for ``WV03``; another word in kebab case."""
    word = imd.text(f"{IMAGE}/SATID")
    match = re.fullmatch(r"(QB|WV|GE|LG)(\d{2})", (word or "").upper())
    return f"{PLATFORMS[match[1]]}-{int(match[2])}" if match else kebab(word)


def level_of(imd: Facts) -> tuple[str | None, str | None]:
    """Return (the product's word, the level as STAC writes it): Basic is L1B, Standard L2A, Ortho L3."""
    stated = (imd.text("PRODUCTLEVEL") or "").upper()
    words = {"LV1": "Basic", "LV2": "Standard", "LV3": "Ortho"}
    level = "L3" if stated.startswith("LV3") else stated.replace("LV", "L", 1)
    return imd.text("PRODUCTTYPE") or words.get(stated[:3]), level or None


def incidence_of(imd: Facts) -> float | None:
    """Return the angle between the line of sight and the vertical on the ground, degrees."""
    elevation = imd.number(f"{IMAGE}/MEANSATEL", 0.0, 90.0)
    return None if elevation is None else 90.0 - elevation


def look_azimuth_of(imd: Facts) -> float | None:
    """Return the direction in which the camera looked: away from where the satellite stood."""
    azimuth = imd.number(f"{IMAGE}/MEANSATAZ", -360.0, 360.0)
    return None if azimuth is None else (azimuth + 180.0) % 360.0


def gsd_of(imd: Facts) -> float | None:
    """Return the ground sample distance of the product, metres."""
    return imd.number(f"{MAP}/PRODUCTGSD", 0.01, 1000.0) or imd.number(f"{IMAGE}/MEANPRODUCTGSD", 0.01, 1000.0)


def corners_of(imd: Facts) -> BaseGeometry | None:
    """Return the outline through the corners of the first band that states all four, or None."""
    for group in _groups(imd):
        ring = [
            (imd.number(f"{group}/{corner}LON", -180.0, 180.0), imd.number(f"{group}/{corner}LAT", -90.0, 90.0))
            for corner in CORNERS
        ]
        points = [(lon, lat) for lon, lat in ring if lon is not None and lat is not None]
        if len(points) == len(CORNERS):
            found = Polygon(points)
            if not found.is_valid or found.area == 0:
                raise imd.wrong(f"{group}/ULLON ... LLLAT", points, "corners of a quadrangle")
            return clean_footprint(found)
    return None


def details_of(imd: Facts, order: tuple[str, ...], drawn: tuple[str, ...], tiles: int) -> Details:
    """Return what else is stated."""
    cloud = imd.number(f"{IMAGE}/CLOUDCOVER", CLOUD_UNKNOWN, 1.0)
    stated: dict[str, object] = {
        "proc:raw_platform": imd.text(f"{IMAGE}/SATID"),
        "proc:catalog_id": imd.text(f"{IMAGE}/CATID"),
        "proc:order_id": imd.text("PRODUCTORDERID"),
        "processing:level": level_of(imd)[1],
        "proc:product_level": imd.text("PRODUCTLEVEL"),
        "proc:image_descriptor": imd.text("IMAGEDESCRIPTOR"),
        "proc:band_id": imd.text("BANDID"),
        "proc:bands_left_out": [name for name in order if name not in drawn] or None,
        "proc:stated_size": _size(imd),
        "eo:cloud_cover": None if cloud is None or cloud < 0 else cloud * 100.0,
        "proc:map_projection": _projection(imd),
        "proc:abs_cal_factor": _per_band(imd, "ABSCALFACTOR"),
        "proc:effective_bandwidth": _per_band(imd, "EFFECTIVEBANDWIDTH"),
        "proc:tiles": tiles if tiles > 1 else None,
    }
    angles = {field: imd.number(f"{IMAGE}/{key}", -360.0, 360.0) for field, key in ANGLES.items()}
    return details({**stated, **angles})


def _groups(imd: Facts) -> list[str]:
    return [key for key, value in imd.content.items() if key.startswith(BAND) and isinstance(value, dict)]


def _per_band(imd: Facts, key: str) -> str | None:
    found = [(group.removeprefix(BAND), imd.number(f"{group}/{key}")) for group in _groups(imd)]
    return ", ".join(f"{name} {value:.7g}" for name, value in found if value is not None) or None


def _size(imd: Facts) -> str | None:
    rows, cols = imd.whole("NUMROWS"), imd.whole("NUMCOLUMNS")
    return None if rows is None or cols is None else f"{rows} x {cols}"


def _projection(imd: Facts) -> str | None:
    found = [f"{key} {value}" for key in PROJECTION if (value := imd.text(f"{MAP}/{key}"))]
    return ", ".join(found) or None
