"""Products in archives: unpacked under limits, read by whichever reader knows them, recorded under the archive."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from dashboard.model.acquisition import Acquisition
from dashboard.model.errors import DamagedProductError, UnknownProductError
from dashboard.sources.archives.scratch import Scratch, is_inside, sweep
from dashboard.sources.archives.unpack import is_packed_tar, is_tar, is_zip, unpack
from dashboard.sources.product import (
    NOTHING_GIVEN,
    Found,
    Given,
    NotRead,
    OpenPower,
    System,
    file_sha256,
    product_sha256,
)

Walk = Callable[[Path, Given], Iterator[Found]]
"""Yields what a folder holds."""

ENDING = re.compile(r"(\.SAFE)?(\.zip|\.tar\.gz|\.tgz|\.tar)$", re.IGNORECASE)
DOCUMENTS = (b"[Content_Types].xml", b"mimetype", b"META-INF/", b"doc.kml")
"""First entries of zips that are documents, programs or maps."""
NOT_OURS = frozenset({".kmz", ".npz"})


class ArchiveReader:
    """Zip, tar and gzipped tar with one or many products inside."""

    name = "archive"
    looks_for = "a .zip, .tar, .tar.gz or .tgz with any of these inside"
    systems: tuple[System, ...] = ()

    def __init__(self, walk: Walk) -> None:
        """Keep the walk that reads a folder, which knows all readers and therefore this one."""
        self._walk = walk

    def sniff(self, path: Path) -> float:
        """Return 0.9 for an archive by its first bytes, 0 for documents that are zips inside."""
        with path.open("rb") as stream:
            head = stream.read(4096)
        if is_zip(head):
            document = head[30:].startswith(DOCUMENTS) or path.suffix.lower() in NOT_OURS
            return 0.0 if document else 0.9
        return 0.9 if is_tar(head) or is_packed_tar(head) else 0.0

    def read(self, path: Path, given: Given = NOTHING_GIVEN) -> Iterator[Found]:
        """Yield the products of an archive; what was unpacked goes when the last of them does.

        Raises
        ------
        DamagedProductError
            If the archive is damaged, encrypted, too large, unsafe, or itself inside an archive.
        UnknownProductError
            If it holds no product.
        DiskFullError
            If there is no room to unpack it.
        """
        if is_inside(path):
            msg = f"{path.name} is an archive inside an archive; unpack the outer one and give the folder."
            raise DamagedProductError(msg)
        sweep()
        archive = _Archive(path, file_sha256(path))
        scratch = Scratch()
        folder = scratch.folder / (ENDING.sub("", path.name) or "archive")
        folder.mkdir()
        try:
            unpack(path, folder)
        except BaseException:
            scratch.remove()
            raise
        try:
            for found in self._walk(folder, given):
                yield archive.named(found, folder, scratch)
        except UnknownProductError as error:
            scratch.remove()
            text = str(error).replace(folder.name, path.name, 1)
            raise UnknownProductError(text) from error


@dataclass(frozen=True, slots=True)
class _Archive:
    """Says of what was found that it came from an archive."""

    path: Path
    sha256: str

    def named(self, found: Found, folder: Path, scratch: Scratch) -> Found:
        """Return a product or failure with the archive as its place."""
        if isinstance(found, NotRead):
            name = f"{self.path.name}: {found.name}"
            return replace(found, path=self.path, name=name, paths=(self.path,))
        power = None if found.power is None else KeptPower(found.power, scratch)
        acquisition = self._acquisition(found.acquisition, folder)
        return replace(found, acquisition=acquisition, power=power, paths=(self.path,))

    def _acquisition(self, found: Acquisition, folder: Path) -> Acquisition:
        # One archive can hold many products: the key is of both, and does not depend on what the file is called.
        key = product_sha256([("archive", self.sha256), ("product", found.origin.product_sha256)])
        files = ((self.path.name, self.sha256), *found.origin.files)
        original = found.original
        if original is not None:
            original = replace(original, path=original.path.replace(str(folder.parent), f"{self.path}!", 1))
        return replace(
            found,
            origin=replace(found.origin, product_sha256=key, files=files),
            original=original,
            details=(*found.details, ("proc:archive", self.path.name)),
        )


class KeptPower:
    """An `OpenPower` whose files live in a scratch folder, which stays as long as this does."""

    def __init__(self, power: OpenPower, scratch: Scratch) -> None:
        self._power = power
        self._scratch = scratch

    @property
    def geobox(self) -> GeoBox:
        """Grid of the pixels, north up, metres."""
        return self._power.geobox

    @property
    def polarisations(self) -> tuple[str, ...]:
        """What can be read, in the order of the product."""
        return self._power.polarisations

    def read(self, polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:
        """Return (y, x) linear power of a window, NaN where there is no data."""
        return self._power.read(polarisation, rows, cols)

    def close(self) -> None:
        """Close the files; reading again opens them again."""
        self._power.close()
