"""The map grid of geocoded COSMO-SkyMed products (GEC, GTC), from their East-North corners."""

from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from dashboard.model.errors import DamagedProductError, NoGeoreferenceError
from dashboard.sources.cosmo.attributes import Stated
from dashboard.sources.hdf5.pixels import Turned

ELLIPSOIDS = frozenset({"", "WGS84", "WGS 84", "WGS-84"})
UPS_NORTH, UPS_SOUTH = 5041, 5042
FARTHEST_M = 2e7
FINEST_M, COARSEST_M = 0.01, 10_000.0
NEAR = 0.25
"""Share of a pixel within which an extent counts as a whole number of pixels."""


@dataclass(frozen=True, slots=True)
class OnMap:
    """A grid, and how the image lies on it."""

    geobox: GeoBox
    """North up."""
    turned: Turned
    """Whether rows or columns are stored the other way round."""
    corners: str
    """What the stated corners are: ``centres of the corner pixels`` or ``outer corners``."""


def on_map(raster: Stated, shape: tuple[int, int]) -> OnMap:
    """Return the grid of a geocoded image.

    Documents leave open whether the corners are the centres of the corner pixels or their outer edges; the distance
    between them tells.

    Parameters
    ----------
    raster : attributes of the raster, then of the root
    shape : (rows, columns)

    Raises
    ------
    NoGeoreferenceError
        If the map projection is not stated or not WGS 84.
    DamagedProductError
        If corners, spacing and size contradict each other.
    """
    code = _epsg(raster)
    found = [raster.numbers(f"{corner} East-North", 2) for corner in ("Top Left", "Top Right", "Bottom Left")]
    top_left, top_right, bottom_left = found
    across, down = raster.positive("Column Spacing"), raster.positive("Line Spacing")
    if top_left is None or across is None or down is None:
        name = "Top Left East-North" if top_left is None else "Line Spacing" if across else "Column Spacing"
        msg = f"{raster.file} states no {name}: its map grid is unknown. Ask its provider for the complete product."
        raise NoGeoreferenceError(msg)
    _plausible(raster.file, top_left, (across, down))
    wide, left_first = _extent(raster, (top_left, top_right), 0, (shape[1], across))
    high, bottom_first = _extent(raster, (top_left, bottom_left), 1, (shape[0], -down))
    centres = wide == shape[1] - 1 or high == shape[0] - 1
    x = float(top_left[0]) - (across * wide if not left_first else 0.0) - (across / 2 if centres else 0.0)
    y = float(top_left[1]) + (down * high if not bottom_first else 0.0) + (down / 2 if centres else 0.0)
    return OnMap(
        GeoBox(shape, Affine(across, 0, x, 0, -down, y), f"EPSG:{code}"),
        Turned(rows=not bottom_first, cols=not left_first),
        "centres of the corner pixels" if centres else "outer corners",
    )


def _plausible(file: str, corner: NDArray[np.float64], spacing: tuple[float, float]) -> None:
    if np.abs(corner).max() > FARTHEST_M:
        msg = f"{file}: Top Left East-North is {corner.tolist()}; a map ends at {FARTHEST_M:,.0f} m. It is damaged."
        raise DamagedProductError(msg)
    if not all(FINEST_M <= side <= COARSEST_M for side in spacing):
        msg = (
            f"{file}: Column Spacing {spacing[0]:g} m and Line Spacing {spacing[1]:g} m are not both between "
            f"{FINEST_M:g} and {COARSEST_M:g} m; the product is damaged."
        )
        raise DamagedProductError(msg)


def _extent(
    raster: Stated, ends: tuple[NDArray[np.float64], NDArray[np.float64] | None], axis: int, pixels: tuple[int, float]
) -> tuple[int, bool]:
    """Return how many pixel sizes lie between two corners along an axis, and whether the image runs the usual way.

    `pixels` is (how many, their size, negative where the coordinate falls). Without the other corner, the stated one is
    taken for the outer corner, as common software does.
    """
    start, stop = ends
    count, size = pixels
    if stop is None:
        return count, True
    steps = float(stop[axis] - start[axis]) / size
    for whole in (count, count - 1):
        if abs(abs(steps) - whole) < NEAR:
            return whole, steps > 0
    msg = (
        f"{raster.file}: the East-North corners are {abs(steps):,.2f} pixels apart and the image has {count:,}; "
        "the product contradicts itself."
    )
    raise DamagedProductError(msg)


def _epsg(raster: Stated) -> int:
    """Return the EPSG code of the map projection."""
    ellipsoid = raster.word("Ellipsoid Designator")
    if ellipsoid not in ELLIPSOIDS:
        msg = f"{raster.file}: Ellipsoid Designator is {ellipsoid[:40]!r}; only WGS84 is read."
        raise NoGeoreferenceError(msg)
    projection = raster.word("Projection ID")
    north = _is_north(raster)
    if projection == "UPS":
        return UPS_NORTH if north else UPS_SOUTH
    zone = raster.whole("Map Projection Zone")
    if projection != "UTM" or zone is None or not 1 <= abs(zone) <= 60:
        msg = f"{raster.file}: Projection ID {projection[:40]!r} with Map Projection Zone {zone} is no UTM zone."
        raise NoGeoreferenceError(msg)
    return (32600 if north else 32700) + abs(zone)


def _is_north(raster: Stated) -> bool:
    """Return whether the grid is a northern one: by its false northing, else by the scene's latitude."""
    false = raster.numbers("Map Projection False East-North", 2)
    centre = raster.numbers("Scene Centre Geodetic Coordinates", 3)
    if false is not None and raster.word("Projection ID") == "UTM":
        return bool(false[1] < 5e6)
    if centre is None:
        msg = f"{raster.file} states no Scene Centre Geodetic Coordinates: the hemisphere of its map grid is unknown."
        raise NoGeoreferenceError(msg)
    return bool(centre[0] >= 0)
