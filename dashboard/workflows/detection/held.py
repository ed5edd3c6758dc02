"""The looks of the last screens in memory, so that a pan reads only the ground that came into view."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from dashboard.model.progress import CancelToken
from dashboard.raster.archive import Archive
from dashboard.workflows.detection.lattice import MERCATOR, origin
from dashboard.workflows.detection.stacks import ChosenStack, Part, Pass, amplitude_scale, read_into, stack_array
from dashboard.workflows.extent import Box, box_of
from dashboard.workflows.passes import touching

MOST_BYTES = 400 * 2**20
"""Held for all sessions together: a screen of 60 dual-polarised dates at every pixel, or several coarser ones."""
_WORTH = 0.25
"""Share of a screen from which keeping it beats reading it anew."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Screen:
    root: str
    grid: GeoBox
    chosen: tuple[ChosenStack, ...]
    arrays: tuple[xr.DataArray, ...]

    @property
    def bytes(self) -> int:
        return sum(each.nbytes for each in self.arrays)


class Held:
    """The arrays of the last screens; safe between threads."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._screens: list[_Screen] = []
        self._lock = threading.Lock()

    def read(
        self, archive: Archive, chosen: Sequence[ChosenStack], grid: GeoBox, cancel: CancelToken | None = None
    ) -> tuple[xr.DataArray, ...]:
        """Return the stack array of every stack on a lattice grid, reading what is not held; nobody may write to them.

        They hold amplitude as the archive does, at half the bytes of power, where all looks of a stack have one scale.

        Raises
        ------
        CancelledError
            If `cancel` was set; what was held stays.
        """
        with self._lock:
            known = list(self._screens)
        same = [each for each in known if each.root == str(archive.root) and _one_lattice(each.grid, grid)]
        arrays = tuple(_read(archive, one, grid, same, cancel) for one in chosen)
        for each in arrays:
            each.values.flags.writeable = False
        self._keep(_Screen(root=str(archive.root), grid=grid, chosen=tuple(chosen), arrays=arrays))
        return arrays

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._screens.clear()

    @property
    def bytes(self) -> int:
        """Bytes held now."""
        return sum(each.bytes for each in self._screens)

    def _keep(self, new: _Screen) -> None:
        with self._lock:
            stale = [each for each in self._screens if _covers(new, each)]
            self._screens = [new, *(each for each in self._screens if each not in stale)]
            while self.bytes > self._most:
                self._screens.pop()


def _covers(new: _Screen, old: _Screen) -> bool:
    """Whether an old screen has become useless: the same question, and most of it is in the new one."""
    names = [[one.anchor.id for one in each.chosen] for each in (new, old)]
    return new.root == old.root and names[0] == names[1] and _one_lattice(new.grid, old.grid)


def _one_lattice(one: GeoBox, other: GeoBox) -> bool:
    both = str(one.crs) == str(other.crs) == MERCATOR
    return both and one.affine.a == other.affine.a and one.affine.e == -one.affine.a


def _read(
    archive: Archive, one: ChosenStack, grid: GeoBox, known: Sequence[_Screen], cancel: CancelToken | None
) -> xr.DataArray:
    kind = np.float32 if amplitude_scale(one) is None else np.uint16
    values: NDArray[Any] = np.empty((len(one.passes), len(one.polarisations), *map(int, grid.shape)), kind)
    jobs: list[tuple[tuple[int, ...], Part]] = []
    source = _source(one, grid, known)
    for time, each in enumerate(one.passes):
        for plane, name in enumerate(one.polarisations):
            kept = None if source is None else source.copy(each, name, values[time, plane])
            parts = ((slice(None), slice(None)),) if kept is None else _rest(kept, values.shape[2:])
            jobs += [((time, plane), part) for part in parts]
    read_into(archive, one, grid, values, jobs, cancel)
    return stack_array(values, one, grid)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Source:
    """The part of a held stack that lies on a grid."""

    stack: ChosenStack
    values: NDArray[Any]
    there: Part
    here: Part
    box: Box
    """Of that part, degrees."""
    places: dict[tuple[object, ...], int]

    def copy(self, each: Pass, polarisation: str, out: NDArray[Any]) -> Part | None:
        """Copy what is held of a layer; return where, or None when it is not the same pixels."""
        time = self.places.get(_files(each, polarisation, self.box))
        if time is None or polarisation not in self.stack.polarisations or self.values.dtype != out.dtype:
            return None
        out[self.here] = self.values[time, self.stack.polarisations.index(polarisation)][self.there]
        return self.here


def _source(one: ChosenStack, grid: GeoBox, known: Sequence[_Screen]) -> _Source | None:
    """Return the held stack that shares most ground with a grid, if that is worth it."""
    best: tuple[int, _Screen, int] | None = None
    for screen in known:
        for number, other in enumerate(screen.chosen):
            there, _ = _common(screen.grid, grid)
            size = (there[0].stop - there[0].start) * (there[1].stop - there[1].start)
            if other.anchor.id == one.anchor.id and (best is None or size > best[0]):
                best = size, screen, number
    if best is None or best[0] < _WORTH * grid.shape[0] * grid.shape[1]:
        return None
    _, screen, number = best
    there, here = _common(screen.grid, grid)
    box = box_of(grid[here])
    stack = screen.chosen[number]
    places = {_files(each, name, box): time for time, each in enumerate(stack.passes) for name in stack.polarisations}
    return _Source(
        stack=stack, values=screen.arrays[number].values, there=there, here=here, box=box, places=places
    )  # fmt: skip


def _common(old: GeoBox, new: GeoBox) -> tuple[Part, Part]:
    """Return the common pixels of two grids of one lattice, as parts of the old and of the new; empty where none."""
    spans = []
    for at, (first, second) in enumerate(zip(origin(old), origin(new), strict=True)):
        start = max(first, second)
        stop = max(min(first + int(old.shape[at]), second + int(new.shape[at])), start)
        spans.append((slice(start - first, stop - first), slice(start - second, stop - second)))
    return (spans[0][0], spans[1][0]), (spans[0][1], spans[1][1])


def _rest(kept: Part, shape: tuple[int, ...]) -> Iterator[Part]:
    """Return the rectangles around a kept one: above and below over the whole width, left and right beside it."""
    rows, cols = kept
    height, width = shape
    for part in (
        (slice(0, rows.start), slice(0, width)),
        (slice(rows.stop, height), slice(0, width)),
        (rows, slice(0, cols.start)),
        (rows, slice(cols.stop, width)),
    ):
        if part[0].stop > part[0].start and part[1].stop > part[1].start:
            yield part


def _files(each: Pass, polarisation: str, box: Box) -> tuple[object, ...]:
    """What a layer's pixels over a box come from: equal ones are equal pixels."""
    found = (acq.pixels.file(polarisation) for acq in touching(each.members, box) if acq.pixels)
    return (each.start, polarisation, *(file.sha256 for file in found if file))
