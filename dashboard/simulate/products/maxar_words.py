"""The metadata of Maxar's pictures, in both of its spellings: statements in groups, and XML in capitals."""

from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from rasterio.rpc import RPC

from dashboard.simulate.products.moments import iso
from dashboard.simulate.products.picture import satellite_azimuth, sun
from dashboard.simulate.products.take import Take

CODES = {"worldview": "WV", "geoeye": "GE", "quickbird": "QB", "worldview-legion": "LG"}
ORDER = "052869858050_01"
CATALOG_ID = "10400100959C2A00"
LEVELS = {"Ortho": "LV3D", "Standard": "LV2A", "Basic": "LV1B"}
CLOUD = 0.04
ERRORS_M = (3.0, 4.0)
"""errBias and errRand."""
FACTORS = {"PAN": (0.0567, 0.2896), "P": (0.0567, 0.2896)}
OTHER_FACTOR = (0.0123, 0.0585)

Groups = Mapping[str, Any]


def satellite(take: Take) -> str:
    """Return the code of a platform: ``worldview-3`` is WV03."""
    family, _, number = take.platform.rpartition("-")
    return f"{CODES[family]}{int(number):02d}"


def imd(take: Take, kind: Mapping[str, Any], corners: Sequence[tuple[float, float]], bands: Sequence[str]) -> Groups:
    """Return the groups of an IMD.

    Parameters
    ----------
    kind : ``product`` (Ortho, Standard, Basic), ``band_id``, ``gsd_m``, ``shape``, ``epsg``, ``origin``, ``cloud``
    corners : longitude and latitude, upper left first, clockwise
    bands : groups of bands in the order of the file
    """
    rows, cols = kind["shape"]
    azimuth, elevation = sun(take)
    corner_words = {
        f"{name}{axis}": f"{value:.8f}"
        for name, place in zip(("UL", "UR", "LR", "LL"), corners, strict=True)
        for axis, value in zip(("Lon", "Lat"), place, strict=True)
    }
    found: dict[str, Any] = {
        "version": '"28.3"',
        "generationTime": iso(take.received or take.stop),
        "productOrderId": f'"{ORDER}_P001"',
        "productCatalogId": f'"A0{CATALOG_ID}"',
        "imageDescriptor": f'"{kind["product"]}{LEVELS[kind["product"]][2:]}"',
        "bandId": f'"{kind["band_id"]}"',
        "panSharpenAlgorithm": '"None"',
        "numRows": rows,
        "numColumns": cols,
        "productLevel": f'"{LEVELS[kind["product"]]}"',
        "productType": f'"{kind["product"]}"',
        "numberOfLooks": 1,
        "bitsPerPixel": kind["bits"],
    }
    for band in bands:
        factor, width = FACTORS.get(band, OTHER_FACTOR)
        found[f"BAND_{band}"] = {**corner_words, "absCalFactor": f"{factor:e}", "effectiveBandwidth": f"{width:e}"}
    found["IMAGE_1"] = {
        "satId": f'"{satellite(take)}"',
        "mode": '"FullSwath"',
        "scanDirection": '"Forward"',
        "CatId": f'"{CATALOG_ID}"',
        "TLCTime": iso(take.start),
        "firstLineTime": iso(take.start),
        "meanSunAz": azimuth,
        "meanSunEl": elevation,
        "meanSatAz": satellite_azimuth(take),
        "meanSatEl": 90.0 - take.incidence_deg,
        "meanOffNadirViewAngle": round(take.incidence_deg * 0.9, 1),
        "meanProductGSD": kind["gsd_m"],
        "cloudCover": kind["cloud"],
        "resamplingKernel": '"CC"',
    }
    if kind["product"] != "Basic":
        found["MAP_PROJECTED_PRODUCT"] = _map(take, kind)
    return found


def _map(take: Take, kind: Mapping[str, Any]) -> Groups:
    epsg, (x, y) = int(kind["epsg"]), kind["origin"]
    return {
        "earliestAcqTime": iso(take.start),
        "latestAcqTime": iso(take.stop),
        "datumName": '"WE"',
        "mapProjName": '"UTM"',
        "mapZone": epsg % 100,
        "mapHemi": '"N"' if epsg < 32700 else '"S"',
        "ULX": f"{x:.3f}",
        "ULY": f"{y:.3f}",
        "productGSD": kind["gsd_m"],
        "originX": f"{x + kind['gsd_m'] / 2:.3f}",
        "originY": f"{y - kind['gsd_m'] / 2:.3f}",
    }


def til(tiles: Sequence[tuple[str, int, int, tuple[int, int]]]) -> Groups:
    """Return the groups of a TIL from (file name, first row, first column, shape) of each tile."""
    found: dict[str, Any] = {"bandId": '"P"', "numTiles": len(tiles), "tileSizeX": 14336, "tileSizeY": 14336}
    for number, (name, row, col, (rows, cols)) in enumerate(tiles, start=1):
        found[f"TILE_{number}"] = {
            "filename": f'"{name}"',
            "ULColOffset": col,
            "ULRowOffset": row,
            "LRColOffset": col + cols - 1,
            "LRRowOffset": row + rows - 1,
        }
    return found


def rpb(take: Take, rpc: RPC) -> Groups:
    """Return the groups of an RPB."""
    image: dict[str, Any] = {"errBias": ERRORS_M[0], "errRand": ERRORS_M[1]}
    for ours, name in (
        ("line_off", "lineOffset"), ("samp_off", "sampOffset"), ("lat_off", "latOffset"), ("long_off", "longOffset"),
        ("height_off", "heightOffset"), ("line_scale", "lineScale"), ("samp_scale", "sampScale"),
        ("lat_scale", "latScale"), ("long_scale", "longScale"), ("height_scale", "heightScale"),
    ):  # fmt: skip
        image[name] = f"{getattr(rpc, ours):+.15e}"
    for part in ("line_num", "line_den", "samp_num", "samp_den"):
        first, second = part.split("_")
        image[f"{first}{second.capitalize()}Coef"] = [f"{value:+.15e}" for value in getattr(rpc, f"{part}_coeff")]
    return {"satId": f'"{satellite(take)}"', "bandId": '"P"', "SpecId": '"RPC00B"', "IMAGE": image}


def as_text(groups: Groups) -> str:
    """Return groups as statements."""
    return "\n".join([*_lines(groups, ""), "END;", ""])


def as_xml(parts: Mapping[str, Groups]) -> str:
    """Return parts (``IMD``, ``TIL``, ``RPB``) as the XML that stands beside them."""
    body = "".join(f"<{name}>{_elements(groups)}</{name}>" for name, groups in parts.items())
    return f'<?xml version="1.0" encoding="utf-8"?>\n<isd>{body}</isd>\n'


def _lines(groups: Groups, indent: str) -> list[str]:
    lines: list[str] = []
    for name, value in groups.items():
        if isinstance(value, Mapping):
            inner = _lines(value, indent + "\t")
            lines += [f"{indent}BEGIN_GROUP = {name}", *inner, f"{indent}END_GROUP = {name}"]
        elif isinstance(value, list):
            lines += [f"{indent}{name} = (", ",\n".join(f"{indent}\t\t\t{part}" for part in value) + ");"]
        else:
            lines.append(f"{indent}{name} = {value};")
    return lines


def _elements(groups: Groups) -> str:
    found = []
    for name, value in groups.items():
        tag = "IMAGE" if name == "IMAGE_1" else "TILE" if name.startswith("TILE_") else name.upper()
        if isinstance(value, Mapping):
            found.append(f"<{tag}>{_elements(value)}</{tag}>")
        elif isinstance(value, list):
            found.append(f"<{tag}List><{tag}>{' '.join(value)}</{tag}></{tag}List>")
        else:
            text = escape(str(value).strip('"'))
            found.append(f"<{tag}>{text}</{tag}>")
    return "".join(found)
