"""Decoded blocks in memory, never more than so many bytes."""

import threading
from collections import OrderedDict
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class BlockKey(NamedTuple):
    """Names one block by content, so a file written anew under an old name is never mistaken for the old one."""

    path: str
    """POSIX path below the archive root."""
    sha256: str
    """Hash of the file."""
    level: int
    """0 is full resolution, 1 the first overview, ..."""
    row: int
    """In blocks."""
    col: int
    """In blocks."""


class BlockCache:
    """The most recently used blocks; every method is safe between threads.

    Blocks are frozen when they are put in, so that all readers may share them.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._blocks: OrderedDict[BlockKey, NDArray[np.uint16]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    @property
    def bytes(self) -> int:
        """Bytes held now."""
        return self._bytes

    def get(self, key: BlockKey) -> NDArray[np.uint16] | None:
        """Return a block, or None when it is not held."""
        with self._lock:
            block = self._blocks.get(key)
            if block is not None:
                self._blocks.move_to_end(key)
            return block

    def put(self, key: BlockKey, block: NDArray[np.uint16]) -> None:
        """Hold a block and let the least recently used ones go; a block larger than the cache is not held."""
        block.flags.writeable = False
        with self._lock:
            replaced = self._blocks.pop(key, None)
            self._bytes -= 0 if replaced is None else replaced.nbytes
            if block.nbytes > self._capacity:
                return
            while self._bytes + block.nbytes > self._capacity:
                self._bytes -= self._blocks.popitem(last=False)[1].nbytes
            self._blocks[key] = block
            self._bytes += block.nbytes

    def clear(self) -> None:
        """Hold nothing."""
        with self._lock:
            self._blocks.clear()
            self._bytes = 0
