"""Pixels of NITF image segments by window: straight from the file where they lie plainly, else through GDAL."""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.windows import Window

from dashboard.model.errors import DamagedProductError
from dashboard.sources.geocode.native import sane_shape
from dashboard.sources.nitf.header import Image

KINDS = {"INT": "u", "SI": "i", "R": "f", "C": "c"}
"""PVTYPE -> numpy's letter."""
WIDTHS = {"u": (8, 16, 32), "i": (8, 16, 32), "f": (32, 64), "c": (64,)}
FEWEST_SQUEEZED_BITS = 0.001
"""Compressed bits a pixel below which a segment cannot hold what it announces."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A segment and the row of the whole image at which it starts."""

    image: Image
    top: int


class SegmentedImage:
    """One image that may lie in several segments, one below the other."""

    def __init__(self, path: Path, segments: Sequence[Image]) -> None:
        """Check that the segments fit together and that their bytes are there; the file opens at the first read.

        Raises
        ------
        DamagedProductError
            If they do not.
        """
        self._path = path
        self._placed = stacked(segments, path.name)
        first = segments[0]
        self.bands = len(first.bands)
        self.dtype = _dtype(first, path.name)
        last = self._placed[-1]
        self.shape = sane_shape((last.top + last.image.shape[0], first.shape[1]), path.name)
        for placed in self._placed:
            _check_bytes(placed.image, self.dtype, path.name)
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._datasets: dict[int, DatasetReader] = {}

    def read(self, rows: slice, cols: slice) -> NDArray[Any]:
        """Return the values of a window, shape (y, x, band), in the machine's byte order.

        Raises
        ------
        DamagedProductError
            If the file breaks off or cannot be unpacked.
        """
        shape = (rows.stop - rows.start, cols.stop - cols.start, self.bands)
        out = np.zeros(shape, self.dtype.newbyteorder("="))
        for placed in self._placed:
            top = max(rows.start, placed.top)
            bottom = min(rows.stop, placed.top + placed.image.shape[0])
            if top < bottom:
                inside = slice(top - placed.top, bottom - placed.top)
                out[top - rows.start : bottom - rows.start] = self._segment(placed.image, inside, cols)
        return out

    def close(self) -> None:
        """Close the file; reading again opens it again."""
        with self._lock:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None
            for dataset in self._datasets.values():
                dataset.close()
            self._datasets.clear()

    def _segment(self, image: Image, rows: slice, cols: slice) -> NDArray[Any]:
        if _plain(image):
            return self._from_file(image, rows, cols)
        return self._from_gdal(image, rows, cols)

    def _from_file(self, image: Image, rows: slice, cols: slice) -> NDArray[Any]:
        """Read only the bytes of the window, row by row: pixels are interleaved and not packed."""
        pixel = self.dtype.itemsize * self.bands
        found = np.empty((rows.stop - rows.start, cols.stop - cols.start, self.bands), self.dtype)
        lines = found.view(np.uint8).reshape(found.shape[0], -1)
        if cols.stop - cols.start == image.shape[1]:
            lines = lines.reshape(1, -1)
        start = image.span.start + (rows.start * image.shape[1] + cols.start) * pixel
        for number, line in enumerate(lines):
            self._fill(line.data, start + number * image.shape[1] * pixel)
        return found

    def _fill(self, line: memoryview, offset: int) -> None:
        descriptor = self._opened()
        done = 0
        while done < len(line):
            try:
                got = os.preadv(descriptor, [line[done:]], offset + done)
            except OSError as error:
                raise self._broken() from error
            if not got:
                raise self._broken()
            done += got

    def _opened(self) -> int:
        with self._lock:
            if self._descriptor is None:
                try:
                    self._descriptor = os.open(self._path, os.O_RDONLY)
                except OSError as error:
                    raise self._broken() from error
            return self._descriptor

    def _from_gdal(self, image: Image, rows: slice, cols: slice) -> NDArray[Any]:
        try:
            with self._lock:  # a GDAL dataset serves one thread at a time
                if image.number not in self._datasets:
                    name = f"NITF_IM:{image.number}:{self._path}"
                    self._datasets[image.number] = _announced(rasterio.open(name, driver="NITF"), image, self._path)
                values = self._datasets[image.number].read(window=Window.from_slices(rows, cols))
        except RasterioError as error:
            raise self._broken() from error
        found: NDArray[Any] = np.moveaxis(values, 0, -1)
        return found

    def _broken(self) -> DamagedProductError:
        return DamagedProductError(
            f"{self._path.name} is damaged or truncated: the pixels of its image segments cannot be read. "
            "Fetch it again."
        )


def stacked(segments: Sequence[Image], name: str) -> tuple[Placed, ...]:
    """Return the segments of one image with the row at which each starts, top to bottom.

    A segment lies where ILOC says, relative to the one that IALVL attaches it to.

    Raises
    ------
    DamagedProductError
        If the segments differ in width or type, or leave gaps.
    """
    by_level = {image.level: image for image in segments}
    placed = sorted((Placed(image, _top(image, by_level, name)) for image in segments), key=lambda p: p.top)
    first = placed[0]
    expected = first.top
    for one in placed:
        same = one.image.shape[1] == first.image.shape[1] and len(one.image.bands) == len(first.image.bands)
        if not same or one.image.bits != first.image.bits or one.top != expected:
            msg = (
                f"{name}, image {one.image.number + 1} does not continue the segments before it (ILOC row {one.top}, "
                f"{expected} expected, {one.image.shape[1]} columns); the file is damaged."
            )
            raise DamagedProductError(msg)
        expected += one.image.shape[0]
    return tuple(Placed(one.image, one.top - first.top) for one in placed)


def _top(image: Image, by_level: dict[int, Image], name: str) -> int:
    row = image.place[0]
    seen = {image.level}
    while (above := by_level.get(image.attached_to)) is not None:
        if above.level in seen:
            msg = f"{name}: image segments are attached to one another in a circle (IALVL); the file is damaged."
            raise DamagedProductError(msg)
        seen.add(above.level)
        row += above.place[0]
        image = above
    return row


def _dtype(image: Image, name: str) -> np.dtype[Any]:
    kind = KINDS.get(image.fields["PVTYPE"])
    bits = 8 if image.bits < 8 else image.bits
    bits = 16 if kind == "u" and 8 < bits < 16 else bits
    if kind is None or bits not in WIDTHS[kind]:
        msg = (
            f"{name} has pixels of type {image.fields['PVTYPE'][:3]!r} with {image.bits} bits (PVTYPE, NBPP); "
            "Nightglass reads INT and SI of 8 to 32 bits, R of 32 and 64, C of 64."
        )
        raise DamagedProductError(msg)
    return np.dtype(f">{kind}{bits // 8}")


def _plain(image: Image) -> bool:
    """Whether pixels lie uncompressed in one block, all bands of a pixel together."""
    whole = image.blocks == (1, 1) and image.block == image.shape
    return image.fields["IC"] == "NC" and whole and image.bits % 8 == 0 and _interleaved(image)


def _interleaved(image: Image) -> bool:
    return image.fields["IMODE"] == "P" or len(image.bands) == 1


def _check_bytes(image: Image, dtype: np.dtype[Any], name: str) -> None:
    """Refuse a segment whose bytes cannot hold the pixels that it announces."""
    pixels = image.shape[0] * image.shape[1] * len(image.bands)
    if _plain(image):
        fits = image.span.size == pixels * dtype.itemsize
    else:
        fits = image.span.size * 8 >= pixels * FEWEST_SQUEEZED_BITS
        covered = [n * side >= whole for n, side, whole in zip(image.blocks, image.block, image.shape, strict=True)]
        fits = fits and all(covered)
    if not fits:
        msg = (
            f"{name}, image {image.number + 1} announces {image.shape[0]:,} x {image.shape[1]:,} pixels (NROWS, NCOLS) "
            f"and {image.span.size:,} bytes of them; these contradict each other. The file is damaged."
        )
        raise DamagedProductError(msg)


def _announced(dataset: DatasetReader, image: Image, path: Path) -> DatasetReader:
    """Return the dataset if it is what the header announced."""
    if dataset.shape != image.shape or dataset.count != len(image.bands):
        dataset.close()
        msg = f"{path.name}, image {image.number + 1} unpacks to another size than its header says (NROWS, NCOLS)."
        raise DamagedProductError(msg)
    return dataset
