"""The leader file of a made-up ALOS product, and the fits that stand in it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import CRS, Transformer

from dashboard.model.acquisition import LookSide, PassDirection
from dashboard.simulate.products.alos_records import (
    ATTITUDE,
    CHART,
    FACILITY,
    LEADER_HEAD,
    ORBIT,
    QUALITY,
    RADIOMETRY,
    SCENE,
    Sheet,
    counts,
    head,
)
from dashboard.simulate.products.orbit import Orbit
from dashboard.simulate.products.take import Take

Floats = NDArray[np.float64]
Ground = Callable[[Floats, Floats], tuple[Floats, Floats]]

STATES, STATES_S = 28, 60.0
LIGHT_M_S = 299_792_458.0
ATTITUDES = 10
FIT_ORDER = 3
"""Of the polynomials from pixels to the ground."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plate:
    """What one image is, for the leader's purposes."""

    take: Take
    orbit: Orbit
    scene_id: str
    level: str
    """``1.1``, ``1.5``, ``2.1``."""
    shape: tuple[int, int]
    spacings_m: tuple[float, float]
    """Bytes 1687-1702 and 1703-1718."""
    ground: Ground
    """(rows, columns) -> (longitude, latitude); the centre of the first pixel is (0, 0)."""
    centre: tuple[float, float]
    """Longitude and latitude."""
    geobox: GeoBox | None = None
    """Of geocoded products."""
    holds: GeoBox | None = None
    """Of the ground with data, where the image in radar geometry is larger."""
    designator: str = "UTM"
    factor_db: float = -83.0
    beam: str = "7"
    sampling_mhz: float = 104.8
    base: int = 0
    """Number of the first line and pixel in the polynomials."""
    with_polynomials: bool = True

    @property
    def satellite(self) -> str:
        """``ALOS2`` or ``ALOS4``."""
        return "ALOS" + self.take.platform[-1]


def leader(plate: Plate) -> bytes:
    """Return the leader file."""
    has_map = plate.level != "1.1"
    kinds = [(1, 4096), (int(has_map), 1620 * has_map), (1, 4680), (1, 16384), (1, 9860), (0, 0), (1, 1620)]
    facility = [3072] * 4 + [5000] * plate.with_polynomials
    sheets = [counts(head(LEADER_HEAD, plate.satellite, "CSARL"), kinds, facility), _scene(plate)]
    if has_map:
        sheets.append(_chart(plate))
    sheets += [_orbit(plate), _attitude(plate)]
    sheets.append(Sheet(6, RADIOMETRY, 9860).right(13, 16, 1).right(17, 20, 1).fixed(21, 36, plate.factor_db))
    sheets.append(Sheet(7, QUALITY, 1620).right(13, 16, 1).right(27, 30, len(plate.take.polarisations)))
    sheets += [Sheet(8 + k, FACILITY, 3072).right(13, 16, k + 1) for k in range(4)]
    if plate.with_polynomials:
        sheets.append(_polynomials(plate))
    return b"".join(sheet.whole() for sheet in sheets)


def _scene(plate: Plate) -> Sheet:
    take, (lon, lat) = plate.take, plate.centre
    sine = float(np.sin(np.radians(take.incidence_deg)))
    slant = take.resolution_m * sine
    sheet = Sheet(2, SCENE, 4096).right(13, 16, 1).left(21, 52, plate.scene_id)
    sheet.left(69, 100, f"{take.middle:%Y%m%d%H%M%S}{take.middle.microsecond // 1000:03d}")
    sheet.fixed(117, 132, lat).fixed(133, 148, lon).fixed(149, 164, take.heading_deg - 360.0)
    sheet.left(165, 180, "GRS80").fixed(181, 196, 6378.137).fixed(197, 212, 6356.7523141)
    sheet.right(325, 332, plate.shape[0] // 2).right(333, 340, plate.shape[1] // 2)
    sheet.right(389, 392, len(take.polarisations)).left(397, 412, plate.satellite)
    sheet.left(413, 444, f"{plate.satellite} -L -0215{'-' if plate.satellite == 'ALOS2' else ''}")
    sheet.right(445, 452, take.orbit_number)
    sheet.fixed(477, 484, 90.0 if take.look is LookSide.RIGHT else -90.0, 3).fixed(485, 492, take.incidence_deg, 3)
    sheet.fixed(501, 516, LIGHT_M_S / take.frequency_ghz / 1e9).fixed(711, 726, plate.sampling_mhz)
    sheet.fixed(935, 950, 2_122_318.0).left(1047, 1062, "EICS").left(1063, 1070, "EICS").left(1071, 1078, "002.012")
    sheet.left(1095, 1110, plate.level).left(1111, 1142, "STANDARD IMAGE")
    sheet.fixed(1175, 1190, take.looks).fixed(1191, 1206, 1.0)
    sheet.fixed(1255, 1270, LIGHT_M_S / (2e3 * slant))
    sheet.fixed(1351, 1366, slant if plate.level == "1.1" else take.resolution_m)
    sheet.fixed(1367, 1382, 0.9 * take.resolution_m)
    if plate.satellite == "ALOS2":
        sheet.left(1535, 1542, "ASCEND" if take.pass_direction is PassDirection.ASCENDING else "DESCEND")
    sheet.fixed(1687, 1702, plate.spacings_m[0]).fixed(1703, 1718, plate.spacings_m[1])
    # Flags and words without which readers by the book stumble.
    sheet.left(517, 534, "00LINEAR FM CHIRP").left(759, 766, "YES YES").right(799, 806, 8).left(
        807, 818, "UNIFORM I,Q "
    )
    sheet.right(1271, 1302, 1).right(1303, 1334, 1)
    sheet.left(931, 934, "OFF").left(1671, 1686, "OTHER   NO  NO").left(1719, 1734, "EXTRACTED CHIRP")
    return sheet.fixed(1839, 1854, 0.9 * take.incidence_deg).left(1855, 1858, plate.beam)


def _chart(plate: Plate) -> Sheet:
    rows, cols = plate.shape
    sheet = Sheet(3, CHART, 1620).left(29, 60, "GEOREFERENCE" if plate.geobox is None else "GEOCODED")
    sheet.right(61, 76, cols).right(77, 92, rows).fixed(93, 108, plate.spacings_m[0]).fixed(
        109, 124, plate.spacings_m[1]
    )
    sheet.right(125, 140, "NAN").left(237, 268, "GRS80").fixed(269, 284, 6378137.0).fixed(285, 300, 6356752.3141)
    at = np.array([0, 0, rows - 1, rows - 1.0]), np.array([0, cols - 1, cols - 1.0, 0])
    lon, lat = plate.ground(*at)
    for k in range(4):
        sheet.fixed(1073 + 32 * k, 1088 + 32 * k, lat[k]).fixed(1089 + 32 * k, 1104 + 32 * k, lon[k])
    if plate.geobox is None:
        return sheet.left(413, 444, "UTM-PROJECTION")
    grid = plate.geobox.affine
    for k, (row, col) in enumerate(zip(*at, strict=True)):
        x = grid.a * (col + 0.5) + grid.b * (row + 0.5) + grid.c
        y = grid.d * (col + 0.5) + grid.e * (row + 0.5) + grid.f
        sheet.fixed(945 + 32 * k, 960 + 32 * k, y / 1000).fixed(961 + 32 * k, 976 + 32 * k, x / 1000)
    return _projection(sheet, plate)


def _projection(sheet: Sheet, plate: Plate) -> Sheet:
    """Write the parameters of the map where its projection keeps them."""
    assert plate.geobox is not None
    crs, (lon, lat) = CRS.from_user_input(str(plate.geobox.crs)), plate.centre
    sheet.left(413, 444, f"{plate.designator}-PROJECTION")
    found = (
        {p.name: float(p.value) for p in crs.coordinate_operation.params if not isinstance(p.value, str)}
        if crs.coordinate_operation
        else {}
    )
    if plate.designator == "UTM":
        south = str(crs.to_epsg()).startswith("327")
        sheet.left(445, 476, "UNIVERSAL TRANSVERSE MERCATOR").right(477, 480, str(crs.to_epsg())[-2:])
        sheet.fixed(481, 496, 500_000.0, 5).fixed(497, 512, 1e7 if south else 0.0, 5)
        return sheet.fixed(513, 528, lon).fixed(529, 544, lat).fixed(577, 592, 0.9996)
    if plate.designator == "UPS":
        return sheet.left(593, 624, "POLAR STEREOGRAPHIC").fixed(625, 640, -45.0).fixed(641, 656, 90.0)
    sheet.left(673, 704, plate.designator).fixed(705, 720, found.get("False easting", 0.0))
    sheet.fixed(721, 736, found.get("False northing", 0.0))
    sheet.fixed(737, 752, found.get("Longitude of natural origin", found.get("Longitude of false origin", 0.0)))
    sheet.fixed(753, 768, found.get("Latitude of false origin", 0.0))
    first = found.get("Latitude of 1st standard parallel", 0.0)
    return sheet.fixed(769, 784, first).fixed(785, 800, found.get("Latitude of 2nd standard parallel", 0.0))


def _orbit(plate: Plate) -> Sheet:
    take = plate.take
    first = (take.middle - timedelta(seconds=STATES_S * STATES / 2)).replace(microsecond=0)
    midnight = first.replace(hour=0, minute=0, second=0)
    times = (first - take.middle).total_seconds() + np.arange(STATES, dtype=np.float64) * STATES_S
    sheet = Sheet(4, ORBIT, 4680).right(13, 44, 2).right(141, 144, STATES)
    sheet.left(145, 156, f"{first:%Y}{first.month:4d}{first.day:4d}").right(157, 160, f"{first:%j}")
    sheet.science(161, 22, [(first - midnight).total_seconds(), STATES_S], 15).left(205, 268, "ECR")
    states = np.concatenate([plate.orbit.position(times), plate.orbit.velocity(times)], axis=1)
    return sheet.science(387, 22, states, 15)


def _attitude(plate: Plate) -> Sheet:
    """Return angles and rates of a platform that keeps still, second by second."""
    sheet = Sheet(5, ATTITUDE, 16384).right(13, 16, ATTITUDES)
    for k in range(ATTITUDES):
        moment, first = plate.take.middle + timedelta(seconds=k - ATTITUDES // 2), 17 + 120 * k
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        sheet.right(first, first + 3, f"{moment:%j}").right(
            first + 4, first + 11, round((moment - midnight).total_seconds() * 1000)
        )
        for at in (first + 12, first + 66):
            sheet.left(at, at + 11, "   0   0   0").science(at + 12, 14, [0.0, 0.0, 0.0], 6)
    return sheet


def _polynomials(plate: Plate) -> Sheet:
    rows, cols = plate.shape
    origin = rows // 2, cols // 2
    down, across = np.meshgrid(*(np.linspace(0, side - 1, 25) for side in plate.shape), indexing="ij")
    lon, lat = plate.ground(down, across)
    sheet = Sheet(12, FACILITY, 5000).right(13, 16, 5)
    for first, values in ((1025, lat), (1525, lon)):
        sheet.science(first, 20, _fitted(down - origin[0], across - origin[1], values), 10)
    return sheet.science(2025, 20, [origin[1] + plate.base, origin[0] + plate.base], 10)


def _fitted(down: Floats, across: Floats, values: Floats) -> Floats:
    """Return 25 coefficients of down^(4-j) across^(4-i), those of high order zero."""
    scale = np.abs(down).max(), np.abs(across).max()
    powers = [(4 - k % 5, 4 - k // 5) for k in range(25)]
    used = [k for k, (j, i) in enumerate(powers) if i + j <= FIT_ORDER]
    terms = [(down / scale[0]) ** powers[k][0] * (across / scale[1]) ** powers[k][1] for k in used]
    fit, *_ = np.linalg.lstsq(np.stack([t.ravel() for t in terms], axis=1), values.ravel(), rcond=None)
    found = np.zeros(25)
    for k, value in zip(used, fit, strict=True):
        found[k] = value / (scale[0] ** powers[k][0] * scale[1] ** powers[k][1])
    return found


def map_ground(geobox: GeoBox) -> Ground:
    """Return the way from rows and columns of a map grid to longitude and latitude."""
    to_lonlat = Transformer.from_crs(str(geobox.crs), "OGC:CRS84", always_xy=True)
    grid = geobox.affine

    def ground(rows: Floats, cols: Floats) -> tuple[Floats, Floats]:
        x = grid.a * (cols + 0.5) + grid.b * (rows + 0.5) + grid.c
        y = grid.d * (cols + 0.5) + grid.e * (rows + 0.5) + grid.f
        lon, lat = to_lonlat.transform(x, y)
        return np.asarray(lon), np.asarray(lat)

    return ground
