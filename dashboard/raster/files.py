"""Open archive files: GDAL handles are not for two threads at once, so each is lent to one reader at a time."""

import mmap
import threading
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.env import set_gdal_config
from rasterio.errors import RasterioIOError
from rasterio.io import DatasetReader
from rasterio.windows import Window

from dashboard.model.acquisition import PixelFile
from dashboard.model.errors import DamagedProductError, InputError, NotFoundError
from dashboard.raster.levels import BLOCK
from dashboard.raster.tops import quick_window

_IDLE_LIMIT = 24
"""Handles kept open for the next reader; each holds a descriptor and about 1 MB of buffers, and opens in 1 ms."""

_GDAL = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_PAM_ENABLED": "NO"}
"""Open no side-cars: there are none, and looking for them costs a folder listing per file."""

_GDAL_CACHE_BYTES = 32 * 2**20
"""For GDAL's own blocks, in the whole process. Decoded blocks are cached here; its default, a twentieth of the memory,
would hold every one of them twice."""


class _Key(NamedTuple):
    path: str
    sha256: str
    level: int


class Files:
    """The files below one archive root; every method is safe between threads."""

    def __init__(self, root: Path) -> None:
        self._root = root
        # Not through `rasterio.Env`: on leaving, that puts the default back.
        set_gdal_config("GDAL_CACHEMAX", _GDAL_CACHE_BYTES)
        self._idle: deque[tuple[_Key, DatasetReader]] = deque()
        self._factors: dict[tuple[str, str], tuple[int, ...]] = {}
        self._shapes: dict[_Key, tuple[int, int]] = {}
        self._lock = threading.Lock()

    def factors(self, file: PixelFile) -> tuple[int, ...]:
        """Return the native pixels per pixel of every level, finest first; read once.

        Raises
        ------
        InputError
            If the path leads out of the archive.
        NotFoundError
            If the file is not there.
        DamagedProductError
            If it is not an archive file.
        """
        name = (file.path, file.sha256)
        found = self._factors.get(name)
        if found is None:
            with self._borrow(_Key(*name, 0)) as handle:
                if handle.count != 1 or handle.dtypes[0] != "uint16":
                    held = f"{handle.count} bands of {handle.dtypes[0]}"
                    msg = f"{file.path} holds {held}; an archive file holds 1 of uint16. Ingest the product again."
                    raise DamagedProductError(msg)
                found = self._factors[name] = (1, *handle.overviews(1))
        return found

    def shape(self, file: PixelFile, level: int) -> tuple[int, int]:
        """Return the (rows, columns) of one level; read once."""
        key = _Key(file.path, file.sha256, level)
        found = self._shapes.get(key)
        if found is None:
            with self._borrow(key) as handle:
                found = self._shapes[key] = (handle.height, handle.width)
        return found

    def read_block(self, file: PixelFile, level: int, row: int, col: int) -> NDArray[np.uint16]:
        """Return one decoded block, cut at the edge of the image.

        Raises
        ------
        NotFoundError
            If the file is not there.
        DamagedProductError
            If the block cannot be decoded.
        """
        with self._borrow(_Key(file.path, file.sha256, level)) as handle:
            height = min(BLOCK, handle.height - row * BLOCK)
            width = min(BLOCK, handle.width - col * BLOCK)
            try:
                window = Window(col * BLOCK, row * BLOCK, width, height)
                block: NDArray[np.uint16] = handle.read(1, window=window, out=_buffer(height, width))
            except RasterioIOError as error:
                msg = f"{file.path} is damaged at block ({row}, {col}) of level {level}; ingest the product again."
                raise DamagedProductError(msg) from error
        return block

    def read_window(
        self, file: PixelFile, level: int, rows: slice, cols: slice, *, checked: bool = True
    ) -> NDArray[np.uint16]:
        """Return a decoded window of a level at once: its blocks are decoded for it alone.

        With `checked`, every block is decoded to its end and held against its checksum.

        Raises
        ------
        NotFoundError
            If the file is not there.
        DamagedProductError
            If a block cannot be decoded.
        """
        with self._borrow(_Key(file.path, file.sha256, level)) as handle:
            try:
                if not checked:
                    return quick_window(handle, self._root / file.path, rows, cols)
                found: NDArray[np.uint16] = handle.read(1, window=Window.from_slices(rows, cols))
            except (RasterioIOError, zlib.error, EOFError) as error:
                msg = f"{file.path} is damaged in rows {rows.start} to {rows.stop} of level {level}"
                raise DamagedProductError(f"{msg}; ingest the product again.") from error
        return found

    def close(self) -> None:
        """Close every idle handle and forget what was read; files open again when they are asked for."""
        with self._lock:
            handles = list(self._idle)
            self._idle.clear()
            self._factors.clear()
            self._shapes.clear()
        for _, handle in handles:
            handle.close()

    @contextmanager
    def _borrow(self, key: _Key) -> Iterator[DatasetReader]:
        handle = self._take(key) or self._open(key)
        try:
            yield handle
        except BaseException:
            handle.close()
            raise
        surplus = []
        with self._lock:
            self._idle.append((key, handle))
            while len(self._idle) > _IDLE_LIMIT:
                surplus.append(self._idle.popleft()[1])
        for old in surplus:
            old.close()

    def _take(self, key: _Key) -> DatasetReader | None:
        with self._lock:
            for n in range(len(self._idle) - 1, -1, -1):
                if self._idle[n][0] == key:
                    handle = self._idle[n][1]
                    del self._idle[n]
                    return handle
        return None

    def _open(self, key: _Key) -> DatasetReader:
        relative = PurePosixPath(key.path)
        if relative.is_absolute() or ".." in relative.parts:
            msg = f"{key.path!r} leads out of the archive; archive paths are relative and go down only."
            raise InputError(msg)
        path = self._root / relative
        overview = {} if key.level == 0 else {"overview_level": key.level - 1}
        try:
            with rasterio.Env(**_GDAL):
                return rasterio.open(path, **overview)
        except RasterioIOError as error:
            if not path.is_file():
                msg = f"{path} is in the catalogue and not on disk; bring it back or ingest the product again."
                raise NotFoundError(msg) from error
            msg = f"{path} cannot be opened as an archive file; ingest the product again."
            raise DamagedProductError(msg) from error


def _buffer(height: int, width: int) -> NDArray[np.uint16]:
    """Return room for a block. A full one has pages of its own: the heap keeps those that it once handed out."""
    if height * width < BLOCK * BLOCK:
        return np.empty((height, width), np.uint16)
    return np.frombuffer(mmap.mmap(-1, 2 * height * width), np.uint16).reshape(height, width)
