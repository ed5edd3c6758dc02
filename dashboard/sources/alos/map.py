"""The map of geocoded products: the projection that hits the product's own corners, and the grid on it.

The record states corners twice, in kilometres on the map and in degrees. A projection counts only if it sends the one
to the other, so that no meaning of a sparsely documented field has to be believed. On a product of JAXA the corners
are centres of pixels: they lie one spacing less apart than there are pixels.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from dashboard.model.acquisition import Geocoding
from dashboard.model.errors import DamagedProductError
from dashboard.sources.alos.ceos import CeosRecord
from dashboard.sources.footprint import position
from dashboard.sources.geocode.sensor import GEOD, Floats

CHART_BYTES = 1264
MOST_MISS_PX = 1.0
"""Pixels by which a projection may miss the corners in degrees."""
STRAIGHT_PX = 0.05
"""Pixels by which the corners may depart from an upright rectangle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The map projection record."""

    file: str
    kind: str
    """``GEOCODED`` or ``GEOREFERENCE``."""
    designator: str
    """``UTM-PROJECTION``, ``UPS-...``, ``MER-...``, ``LCC-...``."""
    zone: str
    shape: tuple[float, float] | None
    """(lines, pixels)."""
    spacing_m: tuple[float, float] | None
    """Between (lines, pixels)."""
    north_deg: float | None
    utm: tuple[float, ...] | None
    """False easting and northing, longitude and latitude of the middle."""
    polar: tuple[float, ...] | None
    """Longitude and latitude of the middle, scale."""
    national: tuple[float | None, ...]
    """False easting and northing, longitude and latitude, two standard parallels."""
    corners_m: NDArray[np.float64] | None
    """(easting, northing) of the first line's ends, then of the last line's ends backwards, shape (4, 2)."""
    corners_deg: NDArray[np.float64] | None
    """(longitude, latitude) of the same."""


@dataclass(frozen=True, slots=True)
class MapGrid:
    """Where a geocoded product's pixels are."""

    crs: str
    affine: Affine
    """From the corner of the first pixel."""
    upright: bool
    """Whether rows run east and columns south."""
    miss_m: float | None
    """Distance between the product's two statements of its corners; None when there is only one."""


def read_chart(record: CeosRecord) -> Chart | None:
    """Return a map projection record, or None when it is too short to be one."""
    if len(record.data) < CHART_BYTES:
        return None
    sides, steps = record.numbers(61, 2, 16), record.numbers(93, 2, 16)
    corners, degrees = record.numbers(945, 8, 16), record.numbers(1073, 8, 16)
    return Chart(
        file=record.file,
        kind=record.text(29, 60),
        designator=record.text(413, 444),
        zone=record.text(477, 480),
        shape=None if sides is None else (sides[1], sides[0]),
        spacing_m=None if steps is None else (steps[0], steps[1]),
        north_deg=record.number(125, 140),
        utm=record.numbers(481, 4, 16),
        polar=record.numbers(625, 3, 16),
        national=tuple(record.number(705 + 16 * i, 720 + 16 * i) for i in range(6)),
        corners_m=_pairs(corners, 1000.0),
        corners_deg=_pairs(degrees, 1.0),
    )


def map_grid(chart: Chart, shape: tuple[int, int]) -> MapGrid | None:
    """Return the grid of a geocoded image, or None when no projection hits its corners.

    Raises
    ------
    DamagedProductError
        If the record announces another size than the image has, or corners that enclose nothing.
    """
    if chart.shape is not None and chart.shape != shape:
        msg = (
            f"{chart.file}: the map projection record (bytes 61-92) announces {chart.shape[0]:g} x {chart.shape[1]:g} "
            f"pixels, the image has {shape[0]} x {shape[1]}. The files belong to different products, or are damaged."
        )
        raise DamagedProductError(msg)
    if chart.corners_m is None:
        return None
    affine = _affine(chart.file, chart.corners_m, chart.spacing_m, shape)
    limit = MOST_MISS_PX * max(abs(affine.a), abs(affine.b), 1.0)
    for crs in _candidates(chart):
        miss = _miss(crs, chart)
        if miss is None and chart.designator.upper().startswith("UTM"):
            return MapGrid(crs, affine, _is_upright(affine, shape), None)
        if miss is not None and miss <= limit:
            return MapGrid(crs, affine, _is_upright(affine, shape), miss)
    return None


class MapSensor:
    """A `Sensor` of an image on a map that is turned against north."""

    kind = "affine"

    def __init__(self, grid: MapGrid, shape: tuple[int, int], *, error_m: float | None, basis: str) -> None:
        self.shape = shape
        self.height_m = 0.0
        self.error_m = error_m
        self.basis = basis
        self._affine = grid.affine
        self._crs = grid.crs

    def to_ground(self, rows: Floats, cols: Floats, heights: Floats) -> tuple[Floats, Floats]:  # noqa: ARG002
        """Return (longitude, latitude); a map has no heights."""
        x, y = position(self._affine, np.asarray(cols) + 0.5, np.asarray(rows) + 0.5)
        lon, lat = self._to_lonlat().transform(x, y)
        return np.asarray(lon), np.asarray(lat)

    def to_image(self, lon: Floats, lat: Floats, heights: Floats) -> tuple[Floats, Floats]:  # noqa: ARG002
        """Return (rows, columns)."""
        x, y = self._to_lonlat().transform(lon, lat, direction="INVERSE")
        cols, rows = position(~self._affine, np.asarray(x), np.asarray(y))
        return rows - 0.5, cols - 0.5

    def _to_lonlat(self) -> Transformer:
        return Transformer.from_crs(self._crs, "OGC:CRS84", always_xy=True)


def geocoding(grid: MapGrid, error_m: float | None, basis: str) -> Geocoding:
    """Return how a geocoded product lies on the ground."""
    if grid.miss_m is not None:
        basis = f"{basis}; its corners in metres and in degrees agree within {grid.miss_m:.2f} m"
    return Geocoding(kind="affine", heights="as delivered", error_m=error_m, basis=basis)


def _pairs(values: tuple[float, ...] | None, factor: float) -> NDArray[np.float64] | None:
    """Return (x, y) rows from values that come y first."""
    return None if values is None or not any(values) else np.array(values).reshape(4, 2)[:, ::-1] * factor


def _affine(
    file: str, corners: NDArray[np.float64], spacing: tuple[float, float] | None, shape: tuple[int, int]
) -> Affine:
    """Return the grid through the corners: centres of pixels, unless the spacing says that they are their edges."""
    rows, cols = shape
    across, down = corners[1] - corners[0], corners[3] - corners[0]
    lengths = float(np.hypot(*across)), float(np.hypot(*down))
    if (
        rows < 2
        or cols < 2
        or min(lengths) <= 0
        or max(lengths) > 1e7
        or abs(np.cross([*across, 0], [*down, 0])[2]) == 0
    ):
        msg = (
            f"{file}: the corners (bytes 945-1072) enclose no image of {rows} x {cols} pixels; the product is damaged."
        )
        raise DamagedProductError(msg)
    step = spacing[1] if spacing else 0.0
    edges = step > 0 and abs(lengths[0] - step * cols) < abs(lengths[0] - step * (cols - 1))
    per_col, per_row = across / (cols - (not edges)), down / (rows - (not edges))
    first = corners[0] - (0 if edges else 1) * (per_col + per_row) / 2
    a, d = _rounded(per_col, spacing[1] if spacing else None)
    b, e = _rounded(per_row, spacing[0] if spacing else None)
    return Affine(a, b, float(first[0]), d, e, float(first[1]))


def _rounded(step: NDArray[np.float64], stated: float | None) -> tuple[float, float]:
    """Return a step along an axis as the spacing states it, where the two differ by no more than their last digits."""
    x, y = float(step[0]), float(step[1])
    for value, other in ((x, y), (y, x)):
        if stated and abs(abs(value) - stated) < 1e-4 * stated and abs(other) < 1e-4 * stated:
            exact = float(np.copysign(stated, value))
            return (exact, 0.0) if value == x else (0.0, exact)
    return x, y


def _is_upright(affine: Affine, shape: tuple[int, int]) -> bool:
    rows, cols = shape
    turned = max(abs(affine.b) * rows, abs(affine.d) * cols)
    return bool(affine.a > 0 > affine.e and turned < STRAIGHT_PX * affine.a)


def _candidates(chart: Chart) -> Iterator[str]:
    """Yield projections that the record can mean, the likeliest first."""
    word = chart.designator.upper()[:3]
    south = chart.corners_deg is not None and bool(chart.corners_deg[:, 1].mean() < 0)
    if word == "UTM" and chart.zone.isdigit() and 1 <= int(chart.zone) <= 60:
        south = chart.utm[1] > 0 if chart.utm is not None else south
        yield f"EPSG:{(32700 if south else 32600) + int(chart.zone)}"
        yield f"EPSG:{(32600 if south else 32700) + int(chart.zone)}"
    elif word in {"UPS", "PS-", "PS"}:
        yield "EPSG:5042" if south else "EPSG:5041"
        yield "EPSG:3031" if south else "EPSG:3413"
        lon, _, scale = chart.polar or (0.0, 0.0, 1.0)
        pole = f"+proj=stere +lat_0={-90 if south else 90} +lon_0={lon} +k={scale} +ellps=GRS80"
        yield from (f"{pole} +x_0={shift} +y_0={shift}" for shift in (2e6, 0.0))
    else:
        yield from _national(word, chart)


def _national(word: str, chart: Chart) -> Iterator[str]:
    east, north, lon, lat, first, second = (value or 0.0 for value in chart.national)
    shift = f"+x_0={east} +y_0={north} +ellps=GRS80 +units=m"
    if word == "MER":
        for parallel in (first, lat, 0.0):
            yield f"+proj=merc +lon_0={lon} +lat_ts={parallel} {shift}"
    if word == "LCC":
        yield f"+proj=lcc +lat_1={first} +lat_2={second} +lat_0={lat} +lon_0={lon} {shift}"
        yield f"+proj=lcc +lat_1={first} +lat_2={second} +lat_0=0 +lon_0={lon} {shift}"


def _miss(crs: str, chart: Chart) -> float | None:
    """Return how far a projection sends the corners from where they are, metres; infinite when it cannot."""
    if chart.corners_m is None or chart.corners_deg is None or np.abs(chart.corners_deg[:, 1]).max() > 90:
        return None
    try:
        to_lonlat = Transformer.from_crs(CRS.from_user_input(crs), "OGC:CRS84", always_xy=True)
        lon, lat = to_lonlat.transform(chart.corners_m[:, 0], chart.corners_m[:, 1])
    except (CRSError, ProjError):
        return float("inf")
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        return float("inf")
    _, _, metres = GEOD.inv(lon, lat, chart.corners_deg[:, 0], chart.corners_deg[:, 1])
    return float(np.max(metres))
