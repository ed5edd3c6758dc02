"""Windows of one level of a file, from blocks in memory or on disk."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from dashboard.model.acquisition import PixelFile
from dashboard.raster.blocks import BlockCache, BlockKey
from dashboard.raster.files import Files
from dashboard.raster.levels import BLOCK, Look

MOST_KEPT = 4
"""Blocks of a window that are kept where one of each look of a stack is read, such as the chip of an object. Those of
whole screens would drive out all others, and each other."""


class Windows:
    """Reads windows; safe between threads."""

    def __init__(self, files: Files, cache: BlockCache, pool: ThreadPoolExecutor) -> None:
        self._files = files
        self._cache = cache
        self._pool = pool

    def window(self, file: PixelFile, seen: Look) -> NDArray[np.uint16]:
        """Return a window of one level, put together from blocks; missing ones are decoded side by side and kept."""
        level, rows, cols = seen.level, seen.rows, seen.cols
        held = self._held(file, seen)
        missing = [at for at, block in held.items() if block is None]
        if len(missing) == 1:
            held[missing[0]] = self.block(file, level, *missing[0])
        elif missing:
            held.update(zip(missing, self._pool.map(lambda at: self.block(file, level, *at), missing), strict=True))
        window = np.empty((rows.stop - rows.start, cols.stop - cols.start), np.uint16)
        for (row, col), block in held.items():
            if block is not None:
                _paste(block, window, (row * BLOCK - rows.start, col * BLOCK - cols.start))
        return window

    def passing(self, file: PixelFile, seen: Look, *, checked: bool) -> NDArray[np.uint16]:
        """Return a window of one level as `window` does; if it is large or not checked, without keeping its blocks."""
        held = self._held(file, seen)
        if (checked and len(held) <= MOST_KEPT) or all(block is not None for block in held.values()):
            return self.window(file, seen)
        return self._files.read_window(file, seen.level, seen.rows, seen.cols, checked=checked)

    def _held(self, file: PixelFile, seen: Look) -> dict[tuple[int, int], NDArray[np.uint16] | None]:
        """Return the blocks of a window by (row, column), None for those that are not in memory."""
        rows, cols = (range(each.start // BLOCK, (each.stop - 1) // BLOCK + 1) for each in (seen.rows, seen.cols))
        places = itertools.product(rows, cols)
        return {at: self._cache.get(BlockKey(file.path, file.sha256, seen.level, *at)) for at in places}

    def block(self, file: PixelFile, level: int, row: int, col: int) -> NDArray[np.uint16]:
        """Return one block of a level, frozen, and keep it."""
        key = BlockKey(file.path, file.sha256, level, row, col)
        block = self._cache.get(key)
        if block is None:
            block = self._files.read_block(file, level, row, col)
            self._cache.put(key, block)
        return block


def _paste(block: NDArray[np.uint16], window: NDArray[np.uint16], corner: tuple[int, int]) -> None:
    (top, left), (height, width) = corner, block.shape
    into = window[max(top, 0) : top + height, max(left, 0) : left + width]
    into[:] = block[max(-top, 0) :, max(-left, 0) :][: into.shape[0], : into.shape[1]]
