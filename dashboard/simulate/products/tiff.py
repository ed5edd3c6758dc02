"""GeoTIFFs as vendors deliver them: on a map, with control points or with RPCs."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from rasterio.enums import ColorInterp
from rasterio.errors import NotGeoreferencedWarning
from rasterio.rpc import RPC

WGS84 = CRS.from_epsg(4326)


def write_tiff(  # noqa: PLR0913 - each option is one of the ways in which vendors' files differ
    path: Path,
    bands: Sequence[NDArray[Any]],
    *,
    geobox: GeoBox | None = None,
    gcps: Sequence[GroundControlPoint] | None = None,
    rpcs: RPC | None = None,
    tags: Mapping[str, str] | None = None,
    nodata: float | None = None,
    colours: Sequence[ColorInterp] | None = None,
    descriptions: Sequence[str] = (),
    cog: bool = False,
    dtype: str | None = None,
) -> Path:
    """Write bands of one data type as a GeoTIFF and return its path.

    Parameters
    ----------
    path : of the file
    bands : (y, x) arrays of one shape and type
    geobox : the map grid; or
    gcps : control points in WGS 84 (rasterio counts from the corner of the first pixel); and/or
    rpcs : RPC00B coefficients
    tags : TIFF tags (``TIFFTAG_...``) and GDAL metadata
    nodata : value that marks pixels without data
    colours : meaning of the bands
    descriptions : names of the bands
    cog : cloud-optimised, tiled with overviews
    dtype : of the file, e.g. ``complex_int16`` for complex bands; None: that of the bands
    """
    rows, cols = bands[0].shape
    options: dict[str, Any] = {
        "driver": "COG" if cog else "GTiff",
        "height": rows,
        "width": cols,
        "count": len(bands),
        "dtype": dtype or str(bands[0].dtype),
        "nodata": nodata,
        "compress": "DEFLATE",
        **_place(geobox, gcps, rpcs),
    }
    if colours is not None and not cog:
        # Photometric RGB means that order; another one is kept only beside photometric grey.
        options |= {"photometric": "RGB" if colours[0] is ColorInterp.red else "MINISBLACK"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path, "w", **options) as dataset:
            for index, band in enumerate(bands, start=1):
                dataset.write(band, index)
            if colours is not None:
                dataset.colorinterp = list(colours)
            for index, text in enumerate(descriptions, start=1):
                dataset.set_band_description(index, text)
            if tags:
                dataset.update_tags(**tags)
    return path


def quantised(amplitude: NDArray[np.floating[Any]], dtype: str = "uint16") -> NDArray[Any]:
    """Return amplitudes as whole numbers of a type, none of them 0: that marks pixels without data."""
    whole: NDArray[Any] = np.clip(np.rint(amplitude), 1, np.iinfo(dtype).max).astype(dtype)
    return whole


def _place(geobox: GeoBox | None, gcps: Sequence[GroundControlPoint] | None, rpcs: RPC | None) -> dict[str, Any]:
    if geobox is not None:
        return {"crs": str(geobox.crs), "transform": geobox.affine}
    found: dict[str, Any] = {} if gcps is None else {"gcps": list(gcps), "crs": WGS84}
    return found if rpcs is None else {**found, "rpcs": rpcs}
