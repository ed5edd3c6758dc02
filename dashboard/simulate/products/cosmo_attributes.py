"""What a COSMO-SkyMed product states of itself, both generations, as attributes of HDF5."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from dashboard.model.acquisition import LookSide, PassDirection
from dashboard.simulate.products.scene import Scene
from dashboard.simulate.products.slant import SlantGrid
from dashboard.simulate.products.take import CAVEAT, Take

Attributes = dict[str, Any]

LIGHT_M_S = 299_792_458.0
UNIT_DN = 8000.0
"""Stored number of 0 dB: targets of +8 dB fit into 16 bits, plains of -24 dB are still above 500."""
REFERENCE_RANGE_M, EXPONENT, REFERENCE_INCIDENCE_DEG, CONSTANT = 800_000.0, 0.5, 40.0, 31_622.8
LEVELS = {"SCS": "SLANT RANGE/AZIMUTH", "DGM": "GROUND RANGE/AZIMUTH", "GEC": "UTM", "GTC": "UTM"}
GENERATED = "NIGHTGLASS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How products of one form may differ."""

    balanced: bool = True
    """``_B`` or ``_U``."""
    constant_applied: bool = False
    """Whether the producer divided by the calibration constant."""
    compensated: bool = True
    """Whether spreading loss and incidence were compensated."""
    late_first: bool = False
    """Whether the last line is stored first."""
    far_first: bool = False
    """Whether the farthest column is stored first."""
    centres: bool = False
    """Whether East-North corners are the centres of the corner pixels."""
    orbit: bool = True
    """Whether state vectors are there."""
    joined: bool = False
    """One image of all sub-swaths at the root."""
    second: bool = False
    """A second image of the same polarisation beside the first."""


def is_second_generation(take: Take) -> bool:
    """Whether the satellite is of the second generation."""
    return take.constellation == "csg"


def rescaling_factor(style: Style) -> float:
    """Return the factor with which `UNIT_DN` is 0 dB, after the calibration note."""
    power = 1.0
    if style.compensated:
        power *= REFERENCE_RANGE_M ** (2 * EXPONENT) * math.sin(math.radians(REFERENCE_INCIDENCE_DEG))
    if not style.constant_applied:
        power /= CONSTANT
    return UNIT_DN * math.sqrt(power)


def midnight(take: Take) -> datetime:
    """Return the moment from which seconds count."""
    return take.start.replace(hour=0, minute=0, second=0, microsecond=0)


def root_attributes(level: str, scene: Scene, take: Take, style: Style, name: str) -> Attributes:
    """Return what the root states, without the orbit and the range model."""
    second = is_second_generation(take)
    lon, lat = scene.centre
    found: Attributes = {
        "Mission ID": "CSG" if second else "CSK",
        "Satellite ID": f"{'SSAR' if second else 'CSKS'}{take.platform[-1]}",
        "Scene Sensing Start UTC": stamp(take.start),
        "Scene Sensing Stop UTC": stamp(take.stop),
        "Reference UTC": stamp(midnight(take)),
        "Acquisition Mode": take.mode,
        "Multi-Beam ID": "H4-03",
        "Look Side": take.look.value.upper(),
        "Orbit Direction": take.pass_direction.value.upper(),
        "Orbit Number": np.uint32(take.orbit_number),
        "Product Type": f"{level}_{'B' if style.balanced else 'U'}",
        "Projection ID": LEVELS[level],
        "Radar Frequency": take.frequency_ghz * 1e9,
        "Radar Wavelength": LIGHT_M_S / (take.frequency_ghz * 1e9),
        "Azimuth Geometric Resolution": take.resolution_m,
        "Ground Range Geometric Resolution": take.resolution_m * 0.9,
        "Azimuth Processing Number of Looks": np.uint8(1),
        "Range Processing Number of Looks": np.uint8(1),
        "Scene Centre Geodetic Coordinates": np.array([lat, lon, scene.height_m]),
        "Processing Centre": f"{GENERATED} {CAVEAT}",
        "L0 Software Version": "1.0",
        "L1A Software Version": "1.1",
        "Programmed Image ID": "00012345",
        "Ellipsoid Designator": "WGS84",
    }
    if take.received is not None:
        found["Product Generation UTC"] = stamp(take.received)
    if not second:
        found["Product Filename"] = name
    else:
        found["Polarization"] = "/".join(take.polarisations)
    return found | radiometry(style)


def radiometry(style: Style) -> Attributes:
    """Return what the root states of compensations."""
    geometry = "ELLIPSOID" if style.compensated else "NONE"
    return {
        "Range Spreading Loss Compensation Geometry": geometry,
        "Incidence Angle Compensation Geometry": geometry,
        "Range Antenna Pattern Compensation Geometry": "ELLIPSOID" if style.balanced else "NONE",
        "Reference Slant Range": REFERENCE_RANGE_M,
        "Reference Slant Range Exponent": EXPONENT,
        "Reference Incidence Angle": REFERENCE_INCIDENCE_DEG,
        "Rescaling Factor": rescaling_factor(style),
        "Calibration Constant Compensation Flag": np.uint8(style.constant_applied),
    }


def orbit_attributes(grid: SlantGrid, take: Take) -> Attributes:
    """Return the state vectors, seconds from the reference time."""
    times, positions, velocities = grid.states
    return {
        "State Vectors Times": times + clock(take),
        "ECEF Satellite Position": positions,
        "ECEF Satellite Velocity": velocities,
    }


def range_attributes(grid: SlantGrid) -> Attributes:
    """Return the polynomials between ground and slant range; nothing for equal slant steps."""
    if grid.to_slant is None or grid.ground_m is None:
        return {}
    reference = float(grid.ranges[0])
    to_slant = grid.to_slant.copy()
    to_slant[0] -= reference
    back = np.polynomial.Polynomial.fit(grid.ranges - reference, grid.ground_m, len(to_slant) - 1).convert().coef
    return {
        "Ground Projection Polynomial Reference Range": reference,
        "Ground to Slant Polynomial": to_slant,
        "Slant to Ground Polynomial": np.asarray(back),
    }


def raster_attributes(grid: SlantGrid, take: Take, style: Style, spacing: tuple[float, float]) -> Attributes:
    """Return what an image in radar geometry states; `spacing` is (between lines, between columns), metres."""
    rows, cols = (side - 1 for side in grid.shape)
    theta = grid.incidence_deg()
    times = grid.times[[0, -1]] + clock(take)
    lon, lat = grid.place(np.array([0, 0, rows, rows]), np.array([0, cols, 0, cols]))
    square = np.stack([lat, lon, np.full(4, grid.scene.height_m)], axis=1).reshape(2, 2, 3)
    corners = square[:: -1 if style.late_first else 1, :: -1 if style.far_first else 1].reshape(4, 3)
    return {
        "Line Spacing": spacing[0],
        "Column Spacing": spacing[1],
        "Line Time Interval": grid.line_s,
        "Column Time Interval": float(2 * (grid.ranges[1] - grid.ranges[0]) / LIGHT_M_S),
        "Zero Doppler Azimuth First Time": float(times[0]),
        "Zero Doppler Azimuth Last Time": float(times[1]),
        "Zero Doppler Range First Time": float(2 * grid.ranges[0] / LIGHT_M_S),
        "Zero Doppler Range Last Time": float(2 * grid.ranges[-1] / LIGHT_M_S),
        "Near Incidence Angle": float(theta[0]),
        "Far Incidence Angle": float(theta[-1]),
        "Near Look Angle": float(theta[0]) * 0.92,
        "Far Look Angle": float(theta[-1]) * 0.92,
        "Equivalent Number of Looks": take.looks,
        **{f"{name} Geodetic Coordinates": place for name, place in zip(CORNERS, corners, strict=True)},
    }


def map_attributes(scene: Scene, take: Take, style: Style) -> Attributes:
    """Return what an image on a map states."""
    left, bottom, right, top = scene.bounds
    half = scene.geobox.affine.a / 2 if style.centres else 0.0
    places = {
        "Top Left": (left + half, top - half),
        "Top Right": (right - half, top - half),
        "Bottom Left": (left + half, bottom + half),
        "Bottom Right": (right - half, bottom + half),
    }
    return {
        "Line Spacing": float(scene.geobox.affine.a),
        "Column Spacing": float(scene.geobox.affine.a),
        "Near Incidence Angle": take.incidence_deg - 0.01,
        "Far Incidence Angle": take.incidence_deg + 0.01,
        "Equivalent Number of Looks": take.looks,
        **{f"{name} East-North": np.array(place) for name, place in places.items()},
    }


def zone_attributes(scene: Scene) -> Attributes:
    """Return the root's attributes of the map projection."""
    code = int(str(scene.geobox.crs).removeprefix("EPSG:"))
    zone, north = code % 100, code < 32700
    return {
        "Map Projection Zone": np.uint8(zone),
        "Map Projection Centre": np.array([0.0, zone * 6.0 - 183.0]),
        "Map Projection False East-North": np.array([500_000.0, 0.0 if north else 1e7]),
        "Map Projection Scale Factor": 0.9996,
    }


def clock(take: Take) -> float:
    """Return the seconds of the day at which the scene's middle is abeam."""
    return (take.middle - midnight(take)) / timedelta(seconds=1)


def stamp(moment: datetime) -> str:
    """Return a moment with nanoseconds."""
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}000"


def side_and_pass(take: Take) -> str:
    """Return the two letters of the file name."""
    side = "R" if take.look is LookSide.RIGHT else "L"
    return side + ("A" if take.pass_direction is PassDirection.ASCENDING else "D")


def stored(found: Mapping[str, Any]) -> Attributes:
    """Return attributes as the format stores them: texts of fixed length."""
    return {name: np.bytes_(value.encode()) if isinstance(value, str) else value for name, value in found.items()}


CORNERS = ("Top Left", "Top Right", "Bottom Left", "Bottom Right")
