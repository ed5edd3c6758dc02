"""What a COSMO-SkyMed product says of itself, as the fields of an acquisition."""

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from dashboard.model.acquisition import LookSide, PassDirection
from dashboard.model.errors import DamagedProductError
from dashboard.sources.cosmo.attributes import Stated
from dashboard.sources.values import safe_id

CONSTELLATIONS = {"CSK": "cosmo-skymed", "CSG": "csg"}
SATELLITE = re.compile(r"(?:CSKS|SSAR|CSG)-?(\d)")
NAME = re.compile(r"CSKS\d_.*_[RL][AD]_(?P<delivery>[FS])(?P<availability>[NF])_\d{14}_\d{14}")
DELIVERIES = {"F": "fast", "S": "standard"}
AVAILABILITY = {"N": "off", "F": "on"}
WORDS = {"SCS": "SSC", "DGM": "MGD", "GEC": "GEC", "GTC": "GTC"}
"""The vendor's word for a level -> the catalogue's."""
LEVELS = {"SCS": "L1A", "DGM": "L1B", "GEC": "L1C", "GTC": "L1D"}
MODES = (
    ("SPOTLIGHT", "spotlight"),
    ("SMART", "spotlight"),
    ("HIMAGE", "stripmap"),
    ("STRIPMAP", "stripmap"),
    ("PINGPONG", "stripmap"),
    ("QUADPOL", "stripmap"),
    ("WIDEREGION", "scansar"),
    ("HUGEREGION", "scansar"),
    ("SCANSAR", "scansar"),
)
"""Start of the vendor's mode -> class of modes."""
X_BAND_GHZ = (8.0, 12.5)


def mode_class(mode: str) -> str | None:
    """Return ``spotlight``, ``stripmap`` or ``scansar``, or None for a mode that is not known."""
    packed = mode.upper().replace(" ", "").removeprefix("ENHANCED")
    return next((name for start, name in MODES if packed.startswith(start)), None)


def product_id(root: Stated, path: Path) -> str:
    """Return the vendor's id: the stated file name without its suffix, else the file's own.

    Raises
    ------
    DamagedProductError
        If no letter or digit is left of it.
    """
    stated = (root.text("Product Filename") or path.name).removesuffix(".h5")
    found = safe_id(stated) or safe_id(path.stem)
    if found is None:
        msg = f"{path.name}: Product Filename {stated[:40]!r} holds no letter or digit; rename the file."
        raise DamagedProductError(msg)
    return found


def platform(root: Stated, constellation: str) -> str | None:
    """Return the catalogue's name of the satellite, such as ``cosmo-skymed-4`` or ``csg-1``."""
    match = SATELLITE.match(root.word("Satellite ID"))
    return f"{constellation}-{match[1]}" if match else None


def period(root: Stated) -> tuple[datetime, datetime]:
    """Return the moments of the first and the last echo.

    Raises
    ------
    DamagedProductError
        If one is missing, or the last lies before the first.
    """
    start, stop = (root.needed_moment(f"Scene Sensing {end} UTC") for end in ("Start", "Stop"))
    if stop < start:
        msg = f"{root.file}: Scene Sensing Stop UTC ({stop}) lies before Scene Sensing Start UTC ({start})."
        raise DamagedProductError(msg)
    return start, stop


def look_side(root: Stated) -> LookSide | None:
    """Return the stated look side."""
    word = root.word("Look Side").lower()
    return LookSide(word) if word in set(LookSide) else None


def pass_direction(root: Stated) -> PassDirection | None:
    """Return the stated direction of the pass."""
    word = root.word("Orbit Direction").lower()
    return PassDirection(word) if word in set(PassDirection) else None


def incidence_deg(raster: Stated) -> float | None:
    """Return the mean of the nearest and the farthest incidence, degrees.

    Raises
    ------
    DamagedProductError
        If one is no such angle.
    """
    found = [raster.number(f"{end} Incidence Angle") for end in ("Near", "Far")]
    stated = [angle for angle in found if angle is not None]
    for angle in stated:
        if not 0 < angle < 90:
            msg = f"{raster.file}: Near or Far Incidence Angle is {angle:g}; it must lie between 0 and 90 degrees."
            raise DamagedProductError(msg)
    return sum(stated) / 2 if len(stated) == 2 else None


def resolution_m(raster: Stated) -> float | None:
    """Return the coarser of the resolutions on the ground, metres."""
    found = [raster.positive(name) for name in ("Azimuth Geometric Resolution", "Ground Range Geometric Resolution")]
    stated = [value for value in found if value is not None]
    return max(stated) if stated else None


def stated_looks(raster: Stated) -> float | None:
    """Return the equivalent looks of a stored pixel: as stated, else the product of the looks of both directions."""
    stated = raster.positive("Equivalent Number of Looks")
    if stated is not None:
        return stated
    both = [raster.positive(f"{way} Processing Number of Looks") for way in ("Azimuth", "Range")]
    return both[0] * both[1] if both[0] is not None and both[1] is not None else None


def centre(root: Stated) -> tuple[float, float] | None:
    """Return longitude and latitude of the scene's centre, degrees.

    Raises
    ------
    DamagedProductError
        If it is not on the globe.
    """
    found = root.numbers("Scene Centre Geodetic Coordinates", 3)
    if found is None or not np.any(found):
        return None
    if abs(found[0]) > 90 or abs(found[1]) > 360:
        msg = f"{root.file}: Scene Centre Geodetic Coordinates {found.tolist()} is not on the globe."
        raise DamagedProductError(msg)
    return float(found[1]), float(found[0])


def frequency_ghz(root: Stated) -> float | None:
    """Return the radar frequency in GHz."""
    found = root.positive("Radar Frequency")
    return None if found is None else found / 1e9


def stated_details(raster: Stated, path: Path) -> Mapping[str, Any]:
    """Return everything else that is stated, field -> value."""
    level = raster.word("Product Type")[:3]
    mode = raster.text("Acquisition Mode")
    name = NAME.match(product_id(raster, path))
    frequency = frequency_ghz(raster)
    return {
        "proc:raw_platform": raster.text("Satellite ID"),
        "proc:mission": raster.text("Mission ID"),
        "proc:mode_class": mode_class(mode or ""),
        "sar:beam_ids": raster.text("Multi-Beam ID"),
        "sar:frequency_band": "X" if frequency and X_BAND_GHZ[0] <= frequency <= X_BAND_GHZ[1] else None,
        "proc:product_word": WORDS.get(level),
        "processing:level": LEVELS.get(level),
        "proc:projection": raster.text("Projection ID"),
        "proc:programmed_image": raster.text("Programmed Image ID"),
        "proc:delivery": DELIVERIES[name["delivery"]] if name else None,
        "proc:selective_availability": AVAILABILITY[name["availability"]] if name else None,
        "sat:absolute_orbit": raster.whole("Orbit Number"),
        "processing:facility": raster.text("Processing Centre"),
        "processing:datetime": raster.moment("Product Generation UTC"),
        "processing:software": _software(raster),
        "proc:ellipsoid": raster.text("Ellipsoid Designator"),
        "proc:map_zone": raster.whole("Map Projection Zone"),
        "proc:lines_order": raster.text("Lines Order"),
        "proc:columns_order": raster.text("Columns Order"),
        "proc:reference_utc": raster.moment("Reference UTC"),
        **_sampling(raster),
    }


def _sampling(raster: Stated) -> Mapping[str, Any]:
    """Return resolutions, spacings, angles and looks."""
    level = raster.word("Product Type")[:3]
    return {
        "sar:resolution_azimuth": raster.positive("Azimuth Geometric Resolution"),
        "sar:resolution_range": raster.positive("Ground Range Geometric Resolution"),
        "sar:pixel_spacing_azimuth": raster.positive("Line Spacing"),
        "sar:pixel_spacing_range": raster.positive("Column Spacing"),
        "proc:range_plane": "slant" if level == "SCS" else "ground",
        "proc:line_time_interval_s": raster.number("Line Time Interval"),
        "proc:column_time_interval_s": raster.number("Column Time Interval"),
        "sar:looks_azimuth": raster.number("Azimuth Processing Number of Looks"),
        "sar:looks_range": raster.number("Range Processing Number of Looks"),
        "proc:looks_delivered": raster.number("Equivalent Number of Looks"),
        "proc:inc_near": raster.number("Near Incidence Angle"),
        "proc:inc_far": raster.number("Far Incidence Angle"),
        "proc:look_near": raster.number("Near Look Angle"),
        "proc:look_far": raster.number("Far Look Angle"),
    }


def _software(raster: Stated) -> str | None:
    versions = [(level, raster.text(f"{level} Software Version")) for level in ("L0", "L1A", "L1B", "L1C", "L1D")]
    return ", ".join(f"{level} {version}" for level, version in versions if version) or None
