"""Where a grid is, in degrees."""

from odc.geo.geobox import GeoBox
from pyproj import Transformer

from dashboard.geo.mercator import to_lonlat

Box = tuple[float, float, float, float]
"""(west, south, east, north), degrees."""


def box_of(geobox: GeoBox) -> Box:
    """Return the bounding box of a grid in degrees; on a Mercator grid, the screen's, at the cost of four numbers."""
    bounds = geobox.boundingbox
    if geobox.crs == "EPSG:3857":
        west, south = to_lonlat(float(bounds.left), float(bounds.bottom))
        east, north = to_lonlat(float(bounds.right), float(bounds.top))
        return west, south, east, north
    to_degrees = Transformer.from_crs(geobox.crs.to_wkt(), "EPSG:4326", always_xy=True)
    west, south, east, north = to_degrees.transform_bounds(bounds.left, bounds.bottom, bounds.right, bounds.top)
    return west, south, east, north
