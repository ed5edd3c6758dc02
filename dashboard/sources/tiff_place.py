"""Where a GeoTIFF's own tags put its pixels: control points, RPCs or a map grid."""

import re
from collections.abc import Mapping

import numpy as np
from affine import Affine
from pyproj import Transformer
from pyproj.exceptions import ProjError
from rasterio.crs import CRS
from rasterio.io import DatasetReader
from rasterio.rpc import RPC

from dashboard.model.errors import NoGeoreferenceError
from dashboard.sources.details import decimal
from dashboard.sources.footprint import position
from dashboard.sources.geocode.points import MOST, ControlPoint
from dashboard.sources.geocode.rpc import Rpc
from dashboard.sources.geocode.sensor import Floats

RPC_KEYS = {
    "line_offset": "LINE_OFF",
    "sample_offset": "SAMP_OFF",
    "lat_offset": "LAT_OFF",
    "lon_offset": "LONG_OFF",
    "height_offset": "HEIGHT_OFF",
    "line_scale": "LINE_SCALE",
    "sample_scale": "SAMP_SCALE",
    "lat_scale": "LAT_SCALE",
    "lon_scale": "LONG_SCALE",
    "height_scale": "HEIGHT_SCALE",
}
RPC_TABLES = {
    "line_num": "LINE_NUM_COEFF",
    "line_den": "LINE_DEN_COEFF",
    "sample_num": "SAMP_NUM_COEFF",
    "sample_den": "SAMP_DEN_COEFF",
}
LINE = re.compile(r"^\s*(\w+)\s*:\s*([-+0-9.eE ]+)")


class MapSensor:
    """A `Sensor` for an image on a map that is no north-up grid in metres: degrees, feet, turned."""

    kind = "affine"
    error_m: float | None = None
    basis = "the product's own map grid"

    def __init__(self, crs: CRS, affine: Affine, shape: tuple[int, int]) -> None:
        """Prepare the projection.

        Raises
        ------
        NoGeoreferenceError
            If the grid has no extent, or its projection is not known.
        """
        if not np.isfinite(affine[:6]).all() or affine.determinant == 0:
            raise NoGeoreferenceError("The image's map grid has no extent; its georeference is wrong.")
        self.shape = shape
        self.height_m = 0.0
        self._affine, self._inverse = affine, ~affine
        try:
            wkt = crs.to_wkt()
            self._to_lonlat = Transformer.from_crs(wkt, "OGC:CRS84", always_xy=True)
            self._to_map = Transformer.from_crs("OGC:CRS84", wkt, always_xy=True)
        except ProjError as error:
            raise NoGeoreferenceError("The image's map projection is not known; warp it to UTM.") from error

    def to_ground(self, rows: Floats, cols: Floats, heights: Floats) -> tuple[Floats, Floats]:  # noqa: ARG002
        """Return (longitude, latitude) of pixel positions; a map has them whatever the height."""
        x, y = position(self._affine, np.asarray(cols) + 0.5, np.asarray(rows) + 0.5)
        lon, lat = self._to_lonlat.transform(x, y)
        return np.asarray(lon), np.asarray(lat)

    def to_image(self, lon: Floats, lat: Floats, heights: Floats) -> tuple[Floats, Floats]:  # noqa: ARG002
        """Return (rows, columns) of ground points; NaN where the projection ends."""
        x, y = self._to_map.transform(lon, lat)
        x, y = (np.where(np.isfinite(v), v, np.nan) for v in (x, y))
        cols, rows = position(self._inverse, x, y)
        return rows - 0.5, cols - 0.5


def control_points(dataset: DatasetReader, name: str) -> list[ControlPoint]:
    """Return the ground control points of an open file, in degrees; empty when it has none.

    Raises
    ------
    NoGeoreferenceError
        If there are absurdly many, or their projection cannot be used; the message names `name`.
    """
    points, crs = dataset.gcps
    if not points:
        return []
    if len(points) > MOST or crs is None:
        msg = f"{name} has {len(points):,} ground control points {'without a projection' if crs is None else ''}."
        raise NoGeoreferenceError(msg)
    try:
        to_lonlat = Transformer.from_crs(crs.to_wkt(), "OGC:CRS84", always_xy=True)
    except ProjError as error:
        msg = f"{name} has ground control points in a projection that is not known."
        raise NoGeoreferenceError(msg) from error
    lon, lat = to_lonlat.transform([p.x for p in points], [p.y for p in points])
    # The file counts from the corner of the first pixel, we from its centre.
    return [ControlPoint(p.row - 0.5, p.col - 0.5, x, y, p.z or 0.0) for p, x, y in zip(points, lon, lat, strict=True)]


def tagged_rpc(rpcs: RPC | None) -> Rpc | None:
    """Return the RPCs of a file's tags.

    Raises
    ------
    NoGeoreferenceError
        If they are incomplete.
    """
    if rpcs is None:
        return None
    return rpc_of({key: str(value) for key, value in rpcs.to_gdal().items()})


def rpc_text(text: str) -> dict[str, str]:
    """Return the fields of an RPC file of lines ``LINE_OFF: +002346.00 pixels``; coefficients are joined."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = LINE.match(line)
        if match is None:
            continue
        key, value = match[1].upper(), match[2].strip()
        table, _, place = key.rpartition("_")
        if table in RPC_TABLES.values() and place.isdigit():
            found[table] = f"{found.get(table, '')} {value.split()[0] if value else ''}"
        else:
            found[key] = value
    return found


def rpc_of(fields: Mapping[str, str]) -> Rpc:
    """Return RPCs from fields with the names that GDAL and RPC text files give them.

    Raises
    ------
    NoGeoreferenceError
        If one is missing or no number; the message names it.
    """
    numbers = {name: decimal((fields.get(key, "").split() or [""])[0]) for name, key in RPC_KEYS.items()}
    tables = {name: [decimal(word) for word in fields.get(key, "").split()] for name, key in RPC_TABLES.items()}
    missing = [RPC_KEYS[name] for name, value in numbers.items() if value is None]
    missing += [RPC_TABLES[name] for name, values in tables.items() if len(values) != 20 or None in values]
    if missing:
        msg = f"The RPCs state no usable {missing[0]}; fetch the product again."
        raise NoGeoreferenceError(msg)
    scalars = {name: value for name, value in numbers.items() if value is not None}
    rows = {name: tuple(v for v in values if v is not None) for name, values in tables.items()}
    return Rpc(**scalars, **rows)  # type: ignore[arg-type]  # numbers by name, tables by name
