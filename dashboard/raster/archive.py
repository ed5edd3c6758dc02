"""Read the archive: any acquisition on any grid, at the cost of the grid and not of the acquisition.

Resampling, everywhere in this room: of the levels of a file the coarsest is read whose pixels are no larger than the
pixels asked for, and of that level the nearest pixel is taken. A pixel of an overview is the exact mean power of the
valid pixels below it, so a picture shows mean power over a footprint of half a pixel to one pixel, never an average
of decibels. On the acquisition's own grid (`Archive.native_geobox`) the archived pixels themselves come back.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import dask
import dask.array
import numpy as np
import xarray as xr
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from odc.geo.xr import xr_coords

from dashboard.model.acquisition import AMPLITUDE_SCALE, PixelFile, Pixels
from dashboard.model.errors import InputError
from dashboard.raster.blocks import BlockCache
from dashboard.raster.cells import CellCache
from dashboard.raster.files import Files
from dashboard.raster.kernels import add_up, nearest_cells, power_to_amplitude, sample_nearest, take_cells
from dashboard.raster.levels import BLOCK, look
from dashboard.raster.placement import grid_of, native_pixel, native_window, place
from dashboard.raster.windows import Windows

CACHE_BYTES = 256 * 2**20
"""Decoded blocks kept by default: some fifteen full screens, or two series over 200 dates."""

_LAZY_TILE = 2048


class Archive:
    """The archived pixels below one folder. Safe between threads; close it, or use it as a context manager."""

    def __init__(self, root: Path, cache_bytes: int = CACHE_BYTES) -> None:
        self.root = root
        self._files = Files(root)
        self._cache = BlockCache(cache_bytes)
        self._cells = CellCache()
        self._pool = ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 2), thread_name_prefix="blocks")
        self._windows = Windows(self._files, self._cache, self._pool)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every file and forget every block."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self.forget()

    def forget(self) -> None:
        """Drop decoded blocks and open files; the next read is cold."""
        self._files.close()
        self._cache.clear()
        self._cells.clear()

    @property
    def cached_bytes(self) -> int:
        """Bytes of decoded blocks in memory."""
        return self._cache.bytes

    def amplitude(self, pixels: Pixels, polarisation: str, geobox: GeoBox) -> NDArray[np.uint16]:
        """Return amplitude on a grid: the fast path of pictures.

        Parameters
        ----------
        pixels : of one acquisition
        polarisation : one of its files
        geobox : any grid in any projection

        Returns
        -------
        (y, x) DN, ``pixels.amplitude_scale`` times the square root of linear power; 0 where nothing was observed

        Raises
        ------
        InputError
            If the polarisation is not archived.
        NotFoundError, DamagedProductError
            If the file is missing or cannot be decoded.
        """
        file = _file(pixels, polarisation)
        picture = np.zeros(tuple(geobox.shape), np.uint16)
        placement = place(grid_of(pixels), geobox)
        if placement is None:
            return picture
        factors = self._files.factors(file)
        seen = look(placement, factors, lambda level: self._files.shape(file, level), pixels.shape)
        if seen.size:
            window = self._windows.window(file, seen)
            sample_nearest(window, seen.nodes, placement.step, picture[placement.rows, placement.cols])
        return picture

    def amplitude_into(
        self, pixels: Pixels, polarisation: str, geobox: GeoBox, out: NDArray[np.uint16], *, checked: bool = True
    ) -> None:
        """Fill `out` (y, x) with `amplitude`: the fast path of stacks, whose many looks lie on one grid.

        Which pixels are taken is worked out once for all looks. Large windows are read past the cache: those of a stack
        are more than it holds, and would drive out those of pictures. Without `checked` they are decoded no further
        than wanted, which is faster and verifies not every checksum: for what is looked at and not recorded.

        Raises
        ------
        InputError, NotFoundError, DamagedProductError
            As in `amplitude`.
        """
        file = _file(pixels, polarisation)
        grid = grid_of(pixels)
        placement = place(grid, geobox)
        factors = self._files.factors(file)
        seen = None
        if placement is not None:
            seen = look(placement, factors, lambda level: self._files.shape(file, level), pixels.shape)
        if placement is None or seen is None or not seen.size:
            out.fill(0)
            return
        cells = self._cells.of(grid, geobox, placement, seen)
        if cells.shape != out.shape:  # what lies beside the raster
            out.fill(0)
        take_cells(
            self._windows.passing(file, seen, checked=checked).reshape(-1), cells, out[placement.rows, placement.cols]
        )

    def read(self, pixels: Pixels, polarisation: str, geobox: GeoBox) -> xr.DataArray:
        """Return linear power on a grid.

        Parameters
        ----------
        pixels, polarisation, geobox : as in `amplitude`

        Returns
        -------
        (y, x) float32 linear power with the coordinates of the grid, NaN where nothing was observed

        Raises
        ------
        InputError, NotFoundError, DamagedProductError
            As in `amplitude`.
        """
        power = self._power(pixels, polarisation, geobox)
        return xr.DataArray(power, coords=xr_coords(geobox), dims=geobox.dimensions, attrs=_ATTRIBUTES).rename(
            dict(zip(geobox.dimensions, ("y", "x"), strict=True))
        )

    def stack(self, items: Sequence[tuple[datetime, Pixels]], polarisation: str, geobox: GeoBox) -> xr.DataArray:
        """Return linear power over time on a grid, read when it is computed, tile by tile.

        Parameters
        ----------
        items : (start, pixels) per acquisition; aware times, or naive ones taken as UTC
        polarisation : archived for every item
        geobox : any grid

        Returns
        -------
        (time, y, x) float32 linear power on dask, NaN where nothing was observed; in the order of `items`
        """
        for _, pixels in items:
            _file(pixels, polarisation)
        layers = [self._lazy(pixels, polarisation, geobox) for _, pixels in items]
        shape = (0, *geobox.shape)
        data = dask.array.stack(layers) if layers else dask.array.zeros(shape, dtype=np.float32, chunks=-1)
        y, x = geobox.dimensions
        coords = {**xr_coords(geobox), "time": _times([moment for moment, _ in items])}
        return xr.DataArray(data, coords=coords, dims=("time", y, x), attrs=_ATTRIBUTES).rename({y: "y", x: "x"})

    def series(
        self, items: Sequence[tuple[datetime, Pixels]], polarisation: str, lon: float, lat: float
    ) -> xr.DataArray:
        """Return the linear power of the native pixel under one point over time.

        Parameters
        ----------
        items : (start, pixels) per acquisition; aware times, or naive ones taken as UTC
        polarisation : an item that does not have it is a gap
        lon, lat : degrees

        Returns
        -------
        (time,) float32 linear power, NaN where there is a gap; naive UTC times, in the order of `items`
        """
        values = list(self._pool.map(lambda item: self._pixel(item[1], polarisation, lon, lat), items))
        return xr.DataArray(
            np.array(values, np.float32),
            coords={"time": _times([moment for moment, _ in items]), "longitude": lon, "latitude": lat},
            dims=("time",),
            attrs=_ATTRIBUTES,
        )

    def native_geobox(self, pixels: Pixels, bbox: tuple[float, float, float, float] | None = None) -> GeoBox | None:
        """Return the acquisition's own grid, cropped to a bounding box.

        Parameters
        ----------
        pixels : of one acquisition
        bbox : (west, south, east, north) in degrees; None for the whole grid

        Returns
        -------
        The grid, pixel for pixel that of the archive, or None when the box sees none of it.
        """
        whole = GeoBox(pixels.shape, Affine(*pixels.transform), pixels.crs)
        if bbox is None:
            return whole
        window = native_window(grid_of(pixels), bbox)
        return None if window is None else whole[window]

    def warm_up(self) -> None:
        """Compile every kernel of the room, so that the first frame is not late."""
        window, nodes = np.zeros((1, 1), np.uint16), np.zeros((2, 4, 4))
        picture = np.zeros((3, 3), np.uint16)
        # A picture that the raster covers only in part is filled through a view, which is another type to numba.
        for part in (picture, picture[:2, :2]):
            sample_nearest(window, nodes, 1, part)
            cells = np.zeros(part.shape, np.int32)
            nearest_cells(nodes, 1, window.shape, cells)
            add_up(part, 0, part)
            take_cells(window.reshape(-1), cells, part)
        power_to_amplitude(np.zeros((1, 1), np.float32), AMPLITUDE_SCALE, window)

    def _power(self, pixels: Pixels, polarisation: str, geobox: GeoBox) -> NDArray[np.float32]:
        return _to_power(self.amplitude(pixels, polarisation, geobox), pixels.amplitude_scale)

    def _lazy(self, pixels: Pixels, polarisation: str, geobox: GeoBox) -> dask.array.Array:
        height, width = geobox.shape
        power = dask.delayed(self._power, pure=False)
        rows = [slice(top, min(top + _LAZY_TILE, height)) for top in range(0, height, _LAZY_TILE)]
        cols = [slice(left, min(left + _LAZY_TILE, width)) for left in range(0, width, _LAZY_TILE)]
        tiles = [[geobox[r, c] for c in cols] for r in rows]
        return dask.array.block(
            [
                [
                    dask.array.from_delayed(
                        power(pixels, polarisation, tile), shape=tuple(tile.shape), dtype=np.float32
                    )
                    for tile in line
                ]
                for line in tiles
            ]
        )

    def _pixel(self, pixels: Pixels, polarisation: str, lon: float, lat: float) -> float:
        file = pixels.file(polarisation)
        where = native_pixel(grid_of(pixels), lon, lat)
        if file is None or where is None:
            return np.nan
        row, col = where
        block = self._windows.block(file, 0, row // BLOCK, col // BLOCK)
        return float(_to_power(block[row % BLOCK, col % BLOCK], pixels.amplitude_scale))


_ATTRIBUTES = {"units": "linear power", "long_name": "radar backscatter"}


def _file(pixels: Pixels, polarisation: str) -> PixelFile:
    file = pixels.file(polarisation)
    if file is None:
        known = ", ".join(f.polarisation for f in pixels.files) or "none"
        msg = f"Polarisation {polarisation!r} is not archived for this acquisition; choose one of: {known}."
        raise InputError(msg)
    return file


def _to_power(amplitude: NDArray[np.uint16] | np.uint16, scale: float) -> NDArray[np.float32]:
    power = np.square(np.asarray(amplitude, np.float32) / np.float32(scale))
    return np.where(np.asarray(amplitude) == 0, np.float32(np.nan), power)


def _times(moments: Sequence[datetime]) -> NDArray[np.datetime64]:
    naive = [m.astimezone(UTC).replace(tzinfo=None) if m.tzinfo else m for m in moments]
    return np.array(naive, dtype="datetime64[ns]")
