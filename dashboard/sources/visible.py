"""Pictures in visible bands: whole numbers, squared as if they were amplitudes, so that they travel as radar does."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.crs import CRS
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.io import DatasetReader
from rasterio.windows import Window

from dashboard.model.acquisition import Calibration
from dashboard.model.errors import DamagedProductError
from dashboard.sources.geocode.native import sane_shape
from dashboard.sources.grid import DECODER_ERRORS, damaged, open_tiff, opened
from dashboard.sources.tiff_head import check_blocks

NO_BACKSCATTER = Calibration(valid=False, why_not="visible-band image: no backscatter")
ARCHIVE_SCALE = 1.0
"""The archive holds the delivered numbers themselves."""
GREY, COLOUR = ("PAN",), ("R", "G", "B")
"""Names of bands that are drawn, in their order."""
WHOLE = frozenset({"uint8", "uint16"})
MOST_BANDS = 64
MOST_OPEN = 64
"""Files held open at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One file of a picture."""

    path: Path
    shape: tuple[int, int]
    """(rows, columns)."""
    count: int
    """Bands."""
    colours: tuple[ColorInterp, ...]
    crs: CRS | None
    affine: Affine
    names: tuple[str, ...] = ()
    """What the bands are described as."""
    row: int = 0
    """Of its first pixel in the picture."""
    col: int = 0

    @property
    def place(self) -> tuple[int, int, int, int]:
        """First row, first column, row after the last, column after the last, in the picture."""
        return self.row, self.col, self.row + self.shape[0], self.col + self.shape[1]


def tile_of(path: Path) -> Tile:
    """Return what a file says of its pixels.

    Raises
    ------
    DamagedProductError
        If it cannot be opened, announces an absurd size, or stores something else than whole numbers of 8 or 16 bits.
    """
    with opened(path) as dataset:
        check_blocks(dataset, path.name)
        shape = sane_shape(dataset.shape, path.name)
        kinds = set(dataset.dtypes)
        if len(kinds) > 1 or not kinds <= WHOLE or dataset.count > MOST_BANDS:
            msg = (
                f"{path.name} stores {dataset.count} bands of {', '.join(sorted(kinds))}; a picture has at most "
                f"{MOST_BANDS} bands of whole numbers with 8 or 16 bits."
            )
            raise DamagedProductError(msg)
        return Tile(
            path=path,
            shape=shape,
            count=dataset.count,
            colours=tuple(dataset.colorinterp),
            crs=dataset.crs,
            affine=dataset.transform,
            names=tuple(text or "" for text in dataset.descriptions),
        )


def coloured(tile: Tile) -> dict[str, int] | None:
    """Return red, green and blue by what the file says of its bands, or None where it does not name all three."""
    wanted = dict(zip(COLOUR, (ColorInterp.red, ColorInterp.green, ColorInterp.blue), strict=True))
    found = {name: tile.colours.index(colour) + 1 for name, colour in wanted.items() if colour in tile.colours}
    return found if len(found) == len(COLOUR) else None


class Picture:
    """A `Native` of one or more tiles that share one lattice of pixels.

    A pixel holds data if the file's mask says so; without one, if any visible band differs from the value for no data
    (0 where none is stated). A measured 0 is read as 1: in the archive 0 stands for no data.
    """

    def __init__(self, tiles: Sequence[Tile], bands: Mapping[str, int]) -> None:
        """Take tiles with their places and the band number of each name.

        Raises
        ------
        DamagedProductError
            If a tile lacks a band, or the whole is absurdly large.
        """
        self._tiles = tuple(tiles)
        self._bands = dict(bands)
        self._lock = threading.Lock()
        self._open: dict[Path, DatasetReader] = {}
        self.polarisations = tuple(self._bands)
        for tile in self._tiles:
            if max(self._bands.values()) > tile.count:
                msg = f"{tile.path.name} has {tile.count} bands; {', '.join(self._bands)} need more."
                raise DamagedProductError(msg)
        bottom, right = (max(tile.place[side] for tile in self._tiles) for side in (2, 3))
        self.shape = sane_shape((bottom, right), self._tiles[0].path.name)

    def read(self, polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:
        """Return (y, x) squared numbers of a window, NaN where there is no data.

        Raises
        ------
        DamagedProductError
            If a file breaks off.
        """
        out = np.full((rows.stop - rows.start, cols.stop - cols.start), np.nan, np.float32)
        for tile in self._tiles:
            top, left, bottom, right = tile.place
            first, last = max(top, rows.start), min(bottom, rows.stop)
            west, east = max(left, cols.start), min(right, cols.stop)
            if first < last and west < east:
                window = Window(west - left, first - top, east - west, last - first)
                part = out[first - rows.start : last - rows.start, west - cols.start : east - cols.start]
                found = self._part(tile, polarisation, window)
                np.copyto(part, found, where=np.isfinite(found))
        return out

    def close(self) -> None:
        """Close the files; reading again opens them again."""
        with self._lock:
            for dataset in self._open.values():
                dataset.close()
            self._open.clear()

    def _part(self, tile: Tile, name: str, window: Window) -> NDArray[np.float32]:
        try:
            with self._lock:  # a GDAL dataset serves one thread at a time
                dataset = self._dataset(tile.path)
                values, seen = self._values(dataset, name, window)
        except DECODER_ERRORS as error:
            raise damaged(tile.path) from error
        power: NDArray[np.float32] = np.square(np.maximum(values, 1).astype(np.float32))
        power[~seen] = np.nan
        return power

    def _values(self, dataset: DatasetReader, name: str, window: Window) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Return (y, x) numbers of a band and where there are data."""
        flags = dataset.mask_flag_enums[self._bands[name] - 1]
        if MaskFlags.per_dataset in flags or MaskFlags.alpha in flags:
            index = self._bands[name]
            return dataset.read(index, window=window), dataset.read_masks(index, window=window) > 0
        values = dataset.read(self._bands[name], window=window)
        nothing = 0 if dataset.nodata is None else dataset.nodata
        seen: NDArray[np.bool_] = values != nothing
        for other, index in self._bands.items():
            if other != name and not seen.all():  # one colour may be black where another is not
                seen |= dataset.read(index, window=window) != nothing
        return values, seen

    def _dataset(self, path: Path) -> DatasetReader:
        if path not in self._open:
            if len(self._open) >= MOST_OPEN:
                self._open.pop(next(iter(self._open))).close()
            self._open[path] = open_tiff(path)
        return self._open[path]


class MapPicture:
    """An `OpenPower` of a picture that lies on a north-up map in metres: nothing is resampled."""

    def __init__(self, picture: Picture, geobox: GeoBox) -> None:
        self._picture = picture
        self.geobox = geobox
        self.polarisations = picture.polarisations

    def read(self, polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:
        """Return (y, x) squared numbers of a window, NaN where there is no data."""
        return self._picture.read(polarisation, rows, cols)

    def close(self) -> None:
        """Close the files; reading again opens them again."""
        self._picture.close()
