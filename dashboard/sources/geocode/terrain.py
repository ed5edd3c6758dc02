"""Heights of the ground above the ellipsoid: one number, or a model of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np
from rasterio.io import DatasetReader
from rasterio.warp import transform
from rasterio.windows import Window
from scipy.ndimage import map_coordinates

from dashboard.model.errors import InputError
from dashboard.sources.geocode.sensor import Floats
from dashboard.sources.grid import DECODER_ERRORS, open_tiff

MOST_PIXELS = 100_000_000
"""Of the part of a height model under one image."""


class Terrain(Protocol):
    """Where the ground is."""

    words: str
    """For people: ``constant 120 m``, ``DEM kyiv.tif``."""
    smooth: bool
    """Whether heights vary so slowly that places may be interpolated over many pixels."""

    def heights(self, lon: Floats, lat: Floats) -> Floats:
        """Return ellipsoidal heights in metres of points in degrees, of the same shape."""


class Level:
    """One height everywhere."""

    smooth = True

    def __init__(self, height_m: float) -> None:
        self.height_m = height_m
        self.words = f"constant {height_m:.0f} m"

    def heights(self, lon: Floats, lat: Floats) -> Floats:
        """Return the one height."""
        return np.full(np.broadcast(lon, lat).shape, self.height_m)


class Model:
    """A GeoTIFF of heights above the WGS 84 ellipsoid, metres; ground that it does not cover gets the one height."""

    smooth = False

    def __init__(self, path: Path, height_m: float) -> None:
        self.words = f"DEM {path.name}, elsewhere {height_m:.0f} m"
        self._path = path
        self._else = height_m
        with _opened(path) as dataset:
            self._crs, self._affine, self._shape = dataset.crs, dataset.transform, dataset.shape

    def heights(self, lon: Floats, lat: Floats) -> Floats:
        """Return heights, bilinear between the model's pixels."""
        xs, ys = transform("OGC:CRS84", self._crs, np.ravel(lon), np.ravel(lat))
        cols, rows = ~self._affine @ (np.asarray(xs), np.asarray(ys))
        rows, cols = rows - 0.5, cols - 0.5
        window = self._window(rows, cols)
        if window is None:
            return np.full(np.shape(lon), self._else)
        with _opened(self._path) as dataset:
            part = dataset.read(1, window=window, masked=True).astype(np.float64).filled(np.nan)
        place = np.stack([rows - window.row_off, cols - window.col_off])
        found = map_coordinates(part, place, order=1, mode="constant", cval=np.nan)
        result: Floats = np.where(np.isfinite(found), found, self._else).reshape(np.shape(lon))
        return result

    def _window(self, rows: Floats, cols: Floats) -> Window | None:
        """Return the part of the model that surrounds the points."""
        good = np.isfinite(rows) & np.isfinite(cols)
        if not good.any():
            return None
        top, bottom = (int(np.clip(v, 0, self._shape[0])) for v in (rows[good].min() - 1, rows[good].max() + 3))
        left, right = (int(np.clip(v, 0, self._shape[1])) for v in (cols[good].min() - 1, cols[good].max() + 3))
        if bottom <= top or right <= left:
            return None
        if (bottom - top) * (right - left) > MOST_PIXELS:
            count = (bottom - top) * (right - left)
            msg = (
                f"{self._path.name} has {count:,} pixels under one piece of the image; the limit is {MOST_PIXELS:,}. "
                "Give a coarser DEM."
            )
            raise InputError(msg)
        return Window(left, top, right - left, bottom - top)


def terrain(dem: Path | None, height_m: float) -> Terrain:
    """Return the height model if one is given, else the one height.

    Raises
    ------
    InputError
        If the model cannot be used.
    """
    if not np.isfinite(height_m) or not -500 <= height_m <= 9000:
        msg = f"The scene's height is {height_m:g} m; ground lies between -500 and 9000 m. Give --dem."
        raise InputError(msg)
    return Level(height_m) if dem is None else Model(dem, height_m)


@contextmanager
def _opened(path: Path) -> Iterator[DatasetReader]:
    """Open the model; what is wrong with it is said as such, not as damage of the product."""
    if not path.is_file():
        msg = f"The DEM {path} does not exist; check the path."
        raise InputError(msg)
    try:
        with open_tiff(path) as dataset:
            if dataset.crs is None or dataset.count != 1:
                msg = (
                    f"The DEM {path.name} must be a GeoTIFF of one band with a map grid; it has {dataset.count} bands."
                )
                raise InputError(msg)
            yield dataset
    except DECODER_ERRORS as error:
        msg = f"The DEM {path.name} cannot be read; give a GeoTIFF of ellipsoidal heights in metres."
        raise InputError(msg) from error
