"""Tables over lines and pixels of a Sentinel-1 image: calibration, and the power of the thermal noise."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dashboard.model.errors import DamagedProductError
from dashboard.sources.geocode.sensor import Floats
from dashboard.sources.sentinel1.annotation import numbers, records
from dashboard.sources.xml import Element, find_all, load_xml, number_at, required_number

MOST_VALUES = 50_000_000


class Table:
    """Values at some pixels of some lines, linear between them and constant beyond."""

    def __init__(self, lines: Floats, rows: Sequence[tuple[Floats, Floats]], name: str) -> None:
        """Bring the rows to the same pixels.

        Parameters
        ----------
        lines : ascending, shape (n,)
        rows : (pixels, values) of each line
        name : of the file, for messages

        Raises
        ------
        DamagedProductError
            If lines or pixels are out of order, or pixels and values differ in number.
        """
        for pixels, values in rows:
            if len(pixels) != len(values) or not len(pixels) or (np.diff(pixels) < 0).any():
                msg = f"{name} has a vector of {len(pixels)} pixels and {len(values)} values, or pixels out of order."
                raise DamagedProductError(msg)
        if not len(lines) or (np.diff(lines) < 0).any():
            raise DamagedProductError(f"{name} has vectors out of order of their line; the product is damaged.")
        self._lines, first = np.unique(lines, return_index=True)
        self._pixels = np.unique(np.concatenate([pixels for pixels, _ in rows]))
        if len(self._pixels) * len(lines) > MOST_VALUES:
            raise DamagedProductError(f"{name} has more than {MOST_VALUES:,} values; the product is damaged.")
        self._values = np.stack([np.interp(self._pixels, *rows[k]) for k in first])

    def at(self, rows: slice, cols: slice) -> NDArray[np.float32]:
        """Return values of a window, float32, shape (rows, columns)."""
        wanted = np.arange(rows.start, rows.stop, dtype=np.float64)
        if len(self._lines) == 1:
            return np.repeat(self._across(0, cols)[None], len(wanted), axis=0)
        upper = np.clip(np.searchsorted(self._lines, wanted) - 1, 0, len(self._lines) - 2)
        weight = (wanted - self._lines[upper]) / (self._lines[upper + 1] - self._lines[upper])
        weight = np.clip(weight, 0.0, 1.0).astype(np.float32)
        out = np.empty((len(wanted), cols.stop - cols.start), np.float32)
        for k in np.unique(upper):  # a tile touches few vectors
            above, below = self._across(k, cols), self._across(k + 1, cols)
            some = upper == k
            out[some] = above + weight[some, None] * (below - above)
        return out

    def _across(self, k: int, cols: slice) -> NDArray[np.float32]:
        wanted = np.arange(cols.start, cols.stop, dtype=np.float64)
        found: NDArray[np.float32] = np.interp(wanted, self._pixels, self._values[k]).astype(np.float32)
        return found


@dataclass(frozen=True, slots=True)
class AzimuthPart:
    """Factor on the noise along the lines of one part of the image."""

    rows: slice
    cols: slice
    lines: Floats
    values: Floats


class Noise:
    """Power of the thermal noise, in squared digital numbers."""

    def __init__(self, along_range: Table, parts: Sequence[AzimuthPart]) -> None:
        self._range = along_range
        self._parts = parts

    def at(self, rows: slice, cols: slice) -> NDArray[np.float32]:
        """Return the noise power of a window, float32, shape (rows, columns)."""
        found = self._range.at(rows, cols)
        for part in self._parts:
            top, bottom = max(rows.start, part.rows.start), min(rows.stop, part.rows.stop)
            left, right = max(cols.start, part.cols.start), min(cols.stop, part.cols.stop)
            if top < bottom and left < right:
                factor = np.interp(np.arange(top, bottom), part.lines, part.values).astype(np.float32)
                inner = slice(top - rows.start, bottom - rows.start), slice(left - cols.start, right - cols.start)
                found[inner] *= factor[:, None]
        return found


def load_calibration(path: Path) -> Table:
    """Return the amplitudes that make sigma0: ``sigma0 = |DN|² / A²``.

    Raises
    ------
    DamagedProductError
        If the file cannot be read or a value is not positive.
    """
    root, name = load_xml(path), path.name
    vectors = records(root, "calibrationVectorList/calibrationVector", name, 1)
    rows = [_row(vector, "sigmaNought", name) for vector in vectors]
    if min(values.min(initial=1.0) for _, values in rows) <= 0:
        raise DamagedProductError(f"{name} has a sigmaNought that is not positive; the product is damaged.")
    return Table(_lines(vectors, name), rows, name)


def load_noise(path: Path) -> Noise | None:
    """Return the thermal noise; None when the file lists none.

    Raises
    ------
    DamagedProductError
        If the file cannot be read or contradicts itself.
    """
    root, name = load_xml(path), path.name
    plain = records(root, "noiseVectorList/noiseVector", name)
    along_range = records(root, "noiseRangeVectorList/noiseRangeVector", name)
    vectors, field = (along_range, "noiseRangeLut") if along_range else (plain, "noiseLut")
    if not vectors:
        return None
    rows = [_row(vector, field, name) for vector in vectors]
    if min(values.min(initial=0.0) for _, values in rows) < 0:
        raise DamagedProductError(f"{name} has a negative {field}; the product is damaged.")
    table = Table(_lines(vectors, name), rows, name)
    parts = [_part(record, name) for record in find_all(root, "noiseAzimuthVectorList/noiseAzimuthVector")]
    return Noise(table, parts)


def _row(vector: Element, field: str, name: str) -> tuple[Floats, Floats]:
    return whole(numbers(vector, "pixel", name), name), numbers(vector, field, name)


def _lines(vectors: Sequence[Element], name: str) -> Floats:
    return whole(np.array([required_number(vector, "line", name) for vector in vectors], np.float64), name)


def whole(lines: Floats, name: str) -> Floats:
    """Return line numbers, which are whole and no more than an image can have.

    Raises
    ------
    DamagedProductError
        If they are not.
    """
    if (lines != np.rint(lines)).any() or np.abs(lines).max(initial=0.0) > 1e7:
        raise DamagedProductError(f"{name} has a vector at a line that is none; the product is damaged.")
    return lines


def _part(record: Element, name: str) -> AzimuthPart:
    def bounds(axis: str) -> slice:
        first, last = (number_at(record, f"{end}{axis}", name) for end in ("first", "last"))
        # Images of one burst after the other state no part: the factor holds for all of them.
        return slice(int(max(first or 0, 0)), 2**31 if last is None else int(min(max(last, -1), 2**30)) + 1)

    lines, values = whole(numbers(record, "line", name), name), numbers(record, "noiseAzimuthLut", name)
    if len(lines) != len(values) or (np.diff(lines) <= 0).any():
        raise DamagedProductError(f"{name} has a noiseAzimuthVector out of order; the product is damaged.")
    return AzimuthPart(bounds("AzimuthLine"), bounds("RangeSample"), lines, values)
