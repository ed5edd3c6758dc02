"""Where the pixels of ALOS products in radar geometry are: polynomials of the leader, or places in the lines.

Facility-related record 5 counts lines and pixels from 0: on a geocoded product of JAXA it then agrees with the map
within 1e-5 pixels at every corner. For products in radar geometry this is held against the places that the lines
themselves state, and these stand in where the record is missing or contradicts them.
"""

from dataclasses import dataclass, replace

import numpy as np

from dashboard.model.errors import NoGeoreferenceError
from dashboard.sources.alos.image import CeosImage
from dashboard.sources.alos.leader import Leader, Polynomials
from dashboard.sources.alos.sight import Sight, implied_height, seen, sight_of
from dashboard.sources.geocode.inverse import by_newton
from dashboard.sources.geocode.points import ControlPoint, PointSensor
from dashboard.sources.geocode.sensor import GEOD, Floats

LIGHT_M_S = 299_792_458.0
LINES_ASKED = 17
"""Lines whose headers give control points."""
BASES = (0.0, 1.0)
SURE_PX = 0.5
"""A base other than 0 counts only if it agrees with the lines this well, in pixels, and twice as well as 0 does."""
MOST_APART, MOST_APART_M = 0.1, 200.0
"""Polynomials farther than both from the places in the lines, as share of the image's shorter side and in metres, are
those of another image: of another scan, say. Nearer than that, the lines are taken for the coarser of the two."""


class PolynomialSensor:
    """A `Sensor` through polynomials that hold at one height; ground at another moves along the line of sight."""

    kind = "sensor"

    def __init__(  # noqa: PLR0913  the geometry of an image has these parts
        self,
        polynomials: Polynomials,
        shape: tuple[int, int],
        *,
        base: float,
        height_m: float,
        sight: Sight | None,
        error_m: float | None,
        basis: str,
    ) -> None:
        self.shape = shape
        self.height_m = height_m
        self.error_m = error_m
        self.basis = basis
        self._polynomials = polynomials
        self._base = base
        self._sight = sight

    def to_ground(self, rows: Floats, cols: Floats, heights: Floats) -> tuple[Floats, Floats]:
        """Return (longitude, latitude) of pixel positions."""
        rows, cols = np.asarray(rows, np.float64), np.asarray(cols, np.float64)
        lon, lat = self._polynomials.place(rows + self._base, cols + self._base)
        above = np.asarray(heights, np.float64) - self.height_m
        if self._sight is None or not above.any():
            return lon, lat
        lon, lat, above = np.broadcast_arrays(lon, lat, above)
        azimuth, incidence = self._sight.at(np.broadcast_to(cols, lon.shape))
        away = above / np.tan(np.radians(incidence))
        moved = GEOD.fwd(lon, np.clip(lat, -90.0, 90.0), azimuth, away)
        return np.asarray(moved[0]), np.asarray(moved[1])

    def to_image(self, lon: Floats, lat: Floats, heights: Floats) -> tuple[Floats, Floats]:
        """Return (rows, columns) of ground points."""
        return by_newton(self.to_ground, self.shape, lon, lat, heights)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """Places that the lines of an image state themselves."""

    rows: Floats
    lon: Floats
    """Shape (lines, 3): first, middle and last pixel."""
    lat: Floats
    cols: Floats
    """Shape (3,)."""


def sensor_of(
    image: CeosImage, leader: Leader, error: tuple[float | None, str], *, on_map: bool = False
) -> PolynomialSensor | PointSensor:
    """Return where the pixels of an image in radar geometry are.

    Parameters
    ----------
    image : one polarisation; the others lie alike
    leader : with the polynomials and the orbit
    error : metres by which the product may be off, and where that is stated
    on_map : whether the image was laid on a map already, so that heights move nothing

    Raises
    ------
    NoGeoreferenceError
        If neither the leader nor the lines place the image.
    """
    stated = _stated(image)
    fitting = _fitting(leader.polynomials, stated, image.shape)
    if fitting is None and len(stated.rows) < 2:
        msg = (
            f"{leader.file} has no polynomials (facility-related record 5) that fit, and the lines of "
            f"{image.path.name} state no places. Order the product geocoded (G), or of level 2.1."
        )
        raise NoGeoreferenceError(msg)
    flown = replace(leader, orbit=None) if on_map else leader
    return _by_lines(stated, image, flown, error) if fitting is None else _by_polynomials(fitting, image, flown, error)


def _by_polynomials(
    fitting: tuple[Polynomials, float, float | None], image: CeosImage, leader: Leader, error: tuple[float | None, str]
) -> PolynomialSensor:
    polynomials, base, apart = fitting

    def ground(rows: Floats, cols: Floats) -> tuple[Floats, Floats]:
        return polynomials.place(rows + base, cols + base)

    row, col = image.shape[0] // 2, (image.shape[1] - 1) / 2
    lon, lat = ground(np.array(float(row)), np.array(col))
    height, words = _height(leader, image, row, (float(lon), float(lat)))
    basis = f"{error[1]}; leader's polynomials counted from {base:g}, {words}"
    if apart is not None:
        basis += f"; {apart:.1f} px from the places that its lines state"
    sight = sight_of(leader.orbit, ground, image.shape, height)
    return PolynomialSensor(
        polynomials, image.shape, base=base, height_m=height, sight=sight, error_m=error[0], basis=basis
    )


def _by_lines(stated: Stated, image: CeosImage, leader: Leader, error: tuple[float | None, str]) -> PointSensor:
    nearest = int(np.argmin(np.abs(stated.rows - image.shape[0] / 2)))
    place = float(stated.lon[nearest, 1]), float(stated.lat[nearest, 1])
    height, words = _height(leader, image, int(stated.rows[nearest]), place)
    look = None if leader.orbit is None else seen(leader.orbit, place, height)
    points = [
        ControlPoint(float(row), float(stated.cols[k]), float(stated.lon[i, k]), float(stated.lat[i, k]), height)
        for i, row in enumerate(stated.rows)
        for k in range(3)
    ]
    basis = f"{error[1]}; the places that its lines state, {words}"
    return PointSensor(points, image.shape, look=look, error_m=error[0], basis=basis)


def _stated(image: CeosImage) -> Stated:
    rows = np.unique(np.linspace(0, image.shape[0] - 1, LINES_ASKED).astype(int)).tolist()
    headers = image.headers(rows)
    good = [
        (row, h.lon, h.lat) for row, h in zip(rows, headers, strict=True) if h.lon is not None and h.lat is not None
    ]
    return Stated(
        rows=np.array([row for row, _, _ in good], np.float64),
        lon=np.array([lon for _, lon, _ in good], np.float64).reshape(-1, 3),
        lat=np.array([lat for _, _, lat in good], np.float64).reshape(-1, 3),
        cols=np.array([0.0, (image.shape[1] - 1) / 2, image.shape[1] - 1.0]),
    )


def _fitting(
    polynomials: Polynomials | None, stated: Stated, shape: tuple[int, int]
) -> tuple[Polynomials, float, float | None] | None:
    """Return the polynomials if they are this image's, their base, and how far from the lines they are in pixels."""
    pixel_m = None if polynomials is None else _pixel_m(polynomials, shape)
    if polynomials is None or pixel_m is None:
        return None
    if len(stated.rows) < 2:
        return polynomials, 0.0, None
    apart = [_apart(polynomials, base, stated) / pixel_m for base in BASES]
    best = 1 if apart[1] < SURE_PX and 2 * apart[1] < apart[0] else 0
    if apart[best] > MOST_APART * min(shape) and apart[best] * pixel_m > MOST_APART_M:
        return None
    return polynomials, BASES[best], apart[best]


def _pixel_m(polynomials: Polynomials, shape: tuple[int, int]) -> float | None:
    """Return the mean spacing of the pixels in the middle, metres; None where the polynomials leave the globe."""
    rows, cols = ((side - 1) / 2 + np.array([0.0, 1.0, 0.0]) * (k == 0) for k, side in enumerate(shape))
    cols = cols + np.array([0.0, 0.0, 1.0])
    with np.errstate(over="ignore", invalid="ignore"):
        lon, lat = polynomials.place(rows, cols)
        ends = polynomials.place(*np.meshgrid(*([0.0, side - 1.0] for side in shape)))
    if not all(np.isfinite(a).all() and np.abs(a).max() <= limit for a, limit in ((lon, 360), (lat, 90))):
        return None
    if not (np.isfinite(ends).all() and np.abs(ends[0]).max() <= 360 and np.abs(ends[1]).max() <= 90):
        return None
    _, _, metres = GEOD.inv(lon[[0, 0]], lat[[0, 0]], lon[1:], lat[1:])
    spacing = float(np.sqrt(metres[0] * metres[1]))
    return spacing if 0.1 < spacing < 1000 else None


def _apart(polynomials: Polynomials, base: float, stated: Stated) -> float:
    """Return the median distance between polynomials and lines, metres."""
    rows, cols = np.meshgrid(stated.rows + base, stated.cols + base, indexing="ij")
    lon, lat = polynomials.place(rows, cols)
    if not (np.isfinite(lon).all() and np.isfinite(lat).all() and np.abs(lat).max() <= 90):
        return float("inf")
    _, _, metres = GEOD.inv(lon, lat, stated.lon, stated.lat)
    return float(np.median(metres))


def _height(leader: Leader, image: CeosImage, row: int, place: tuple[float, float]) -> tuple[float, str]:
    """Return the height at which the product's places hold, from the middle pixel of a line, and words for it."""
    ranges = image.headers([row])[0].ranges_m
    distance = None if ranges is None else ranges[1]
    if image.is_signal and ranges is not None:
        step = None if leader.sampling_mhz is None else LIGHT_M_S / (2e6 * leader.sampling_mhz)
        distance = None if step is None else ranges[0] + step * (image.shape[1] - 1) / 2
    height = implied_height(leader.orbit, place, distance)
    if height is None:
        return 0.0, "of which no height is known"
    return height, f"which hold at {height:.0f} m by slant range and orbit"
