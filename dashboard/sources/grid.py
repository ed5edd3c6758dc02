"""The grid that a GeoTIFF is archived on: its own when it is a map in metres, else its UTM zone."""

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import rasterio
from odc.geo.geobox import GeoBox
from rasterio._err import CPLE_BaseError
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import DatasetReader
from rasterio.transform import from_gcps
from rasterio.vrt import WarpedVRT
from rasterio.warp import calculate_default_transform, transform

from dashboard.model.errors import DamagedProductError, NoGeoreferenceError
from dashboard.sources.footprint import position
from dashboard.sources.tiff_head import check_blocks

METRE = 1.0
WORLD_FILES = (".tfw", ".TFW", ".tifw", ".wld")
"""Six numbers in a text of their own that place a TIFF, as orthophotos have them."""
DECODER_ERRORS = (RasterioError, CPLE_BaseError)
"""What rasterio raises over a damaged file: not every error of GDAL is wrapped."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Where pixels are and where they go."""

    geobox: GeoBox
    """Of the archive: north up, metres."""
    source_crs: CRS
    """Of the file or of its ground control points."""
    native: bool
    """Whether the file already is on `geobox`, so that nothing is resampled."""


@contextmanager
def opened(path: Path) -> Iterator[DatasetReader]:
    """Open a GeoTIFF by the one driver that may read it: a file that names other files is refused.

    Raises
    ------
    DamagedProductError
        If it cannot be opened, or stops in the middle while the block runs.
    """
    try:
        with open_tiff(path) as dataset:
            check_blocks(dataset, path.name)
            yield dataset
    except DECODER_ERRORS as error:
        raise damaged(path) from error


def open_tiff(path: Path) -> DatasetReader:
    """Open a GeoTIFF without the warning about a missing georeference: `grid_of` raises an error instead.

    Of what lies beside it GDAL may see a world file only: its other finds (.IMD, .xml, _RPC.TXT) are for the readers,
    and a pipe among them would hold it for ever.
    """
    beside = "FALSE" if any(path.with_suffix(suffix).is_file() for suffix in WORLD_FILES) else "EMPTY_DIR"
    with warnings.catch_warnings(), rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN=beside):
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        return rasterio.open(path, driver="GTiff")


def damaged(path: Path) -> DamagedProductError:
    """Return the error for a TIFF that breaks off."""
    msg = f"{path.name} is damaged or truncated: its pixels cannot be read. Fetch it again."
    return DamagedProductError(msg)


def grid_of(dataset: DatasetReader, name: str) -> Grid:
    """Return the archive grid of an open file.

    Raises
    ------
    NoGeoreferenceError
        If the file has neither a map grid nor ground control points.
    """
    points, points_crs = dataset.gcps
    if points and points_crs is not None:
        target = _utm(points_crs, from_gcps(points), dataset)
        with WarpedVRT(dataset, src_crs=points_crs, crs=target) as view:
            return _warped(points_crs, target, (view.transform, view.width, view.height))
    if dataset.crs is None or dataset.transform.is_identity:
        msg = f"{name} has no map grid and no ground control points; georeference it, e.g. with gdal_edit or gdalwarp."
        raise NoGeoreferenceError(msg)
    if _is_map_in_metres(dataset):
        geobox = GeoBox(
            dataset.shape,
            dataset.transform,
            dataset.crs.to_wkt() if not dataset.crs.to_epsg() else f"EPSG:{dataset.crs.to_epsg()}",
        )
        return Grid(geobox, dataset.crs, native=True)
    target = _utm(dataset.crs, dataset.transform, dataset)
    options = calculate_default_transform(dataset.crs, target, dataset.width, dataset.height, *_bounds(dataset))
    return _warped(dataset.crs, target, options)


def warp(dataset: DatasetReader, grid: Grid, nodata: float | None) -> WarpedVRT:
    """Return a lazy view of `dataset` on the archive grid, each pixel the nearest measured one.

    Nearest neighbour mixes no pixels, so it is right for decibels, amplitude and power alike and keeps the speckle's
    distribution; it moves a pixel by at most half its size.
    """
    rows, columns = grid.geobox.shape
    # Given a grid, rasterio's view forgets the control points; left alone it makes the one that `grid_of` took from it.
    placed = {} if dataset.gcps[0] else {"transform": grid.geobox.affine, "width": columns, "height": rows}
    return WarpedVRT(
        dataset,
        src_crs=grid.source_crs,
        crs=CRS.from_user_input(str(grid.geobox.crs)),
        resampling=Resampling.nearest,
        src_nodata=nodata,
        nodata=nodata,
        **placed,
    )


def _is_map_in_metres(dataset: DatasetReader) -> bool:
    grid, crs = dataset.transform, dataset.crs
    straight = grid.b == 0 and grid.d == 0 and grid.a > 0 and grid.e < 0
    return bool(crs.is_projected and straight and math.isclose(crs.linear_units_factor[1], METRE))


def _bounds(dataset: DatasetReader) -> tuple[float, float, float, float]:
    corners = [position(dataset.transform, x, y) for x in (0, dataset.width) for y in (0, dataset.height)]
    xs, ys = zip(*corners, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _utm(crs: CRS, affine: rasterio.Affine, dataset: DatasetReader) -> CRS:
    """Return the UTM zone of the image's centre, or the polar stereographic grid beyond it."""
    x, y = position(affine, dataset.width / 2, dataset.height / 2)
    (lon,), (lat,) = transform(crs, CRS.from_epsg(4326), [x], [y])
    if not (math.isfinite(lon) and -90 <= lat <= 90):
        raise NoGeoreferenceError("The image's centre is not on the globe; its georeference is wrong.")
    if lat > 84:
        return CRS.from_epsg(5041)
    if lat < -80:
        return CRS.from_epsg(5042)
    zone = int((lon + 180.0) % 360.0 // 6) + 1
    return CRS.from_epsg((32600 if lat >= 0 else 32700) + zone)


def _warped(source: CRS, target: CRS, options: tuple[rasterio.Affine, int, int]) -> Grid:
    affine, width, height = options
    return Grid(GeoBox((height, width), affine, f"EPSG:{target.to_epsg()}"), source, native=False)
