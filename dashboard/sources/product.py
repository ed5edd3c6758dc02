"""What a reader hands over: an acquisition with its calibrated power, or the reason why there is none."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from dashboard import __version__
from dashboard.model.acquisition import AMPLITUDE_SCALE, Acquisition, Origin
from dashboard.model.errors import DamagedProductError, NightglassError
from dashboard.model.handling import Handling, Rank
from dashboard.raster.write import PowerSource


class OpenPower(PowerSource, Protocol):
    """Calibrated power on one grid, holding files open while it is read."""

    def close(self) -> None:
        """Close the files; reading again opens them again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One acquisition as delivered."""

    acquisition: Acquisition
    """Everything the product states; `pixels` is None, for nothing is archived yet."""
    power: OpenPower | None
    """Linear power on the grid it will be archived on; None when the pixels are elsewhere."""
    paths: tuple[Path, ...]
    """Every file that belongs to the product."""
    archive_scale: float = AMPLITUDE_SCALE
    """DN per unit of amplitude in the archive; other than the default only for uncalibrated integers."""

    def close(self) -> None:
        """Close what reading the pixels opened."""
        if self.power is not None:
            self.power.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRead:
    """Something that gave no acquisition, and why."""

    path: Path
    """The file."""
    name: str
    """The record inside the file, or the file's name."""
    reason: str
    """One line for people."""
    error: NightglassError | None = None
    """None when passing it over is right: a record that never was an acquisition."""
    paths: tuple[Path, ...] = ()
    """Files that this answer covers beside `path`."""


Found = Product | NotRead


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the person who hands over a product states beside it."""

    time: datetime | None = None
    """UTC moment for products that state none."""
    dem: Path | None = None
    """GeoTIFF of heights above the WGS 84 ellipsoid, metres, for products in radar geometry; None: one height."""
    handling: Handling | None = None
    """Handling on top of what the product states; the stricter counts."""
    aliases: Path | None = None
    """Names of fields and platforms for formats without a public specification, instead of those shipped."""
    ceiling: Rank = Rank.TOP_SECRET
    """Products marked above are refused: the machine may not be accredited to hold them."""


NOTHING_GIVEN = Given()


class Evidence(StrEnum):
    """What the reading of a format rests on."""

    VERIFIED = "verified"
    """Read on products or records of the provider."""
    DOCUMENTED = "documented"
    """Built from published documents, tested on synthetic products only."""
    GUESSED = "guessed"
    """No public document: names of fields are assumptions until a person confirms them."""


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a product of a system can state."""

    name: str
    """What it is, e.g. ``incidence``."""
    where: str
    """Attribute of `Acquisition`, ``details: <key>``, or empty when it is not taken over."""
    note: str = ""
    """Its name in the product, or why it is absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One row of the table of what is read."""

    name: str
    """For people, e.g. ``ALOS-2 PALSAR-2``."""
    constellation: str
    forms: tuple[str, ...]
    """Products, e.g. ``CEOS 1.5``."""
    calibration: str
    """One clause: to which quantity, or why not."""
    georeference: str
    """One clause: map grid, control points, RPC, sensor model."""
    evidence: Evidence
    remarks: str = ""
    """What else a user must know."""
    fields: tuple[Field, ...] = ()
    """Every field of the format that Nightglass knows of."""


class Reader(Protocol):
    """Knows one kind of product."""

    name: str
    """Recorded as the origin of what it read."""
    looks_for: str
    """What it recognises, as one clause for people."""
    systems: tuple[System, ...]
    """Rows of the table of what is read; empty for what is no system of its own."""

    def sniff(self, path: Path) -> float:
        """Return how sure the reader is that `path` is its kind, 0 to 1, from at most 4 KiB and the names beside it."""

    def read(self, path: Path, given: Given = NOTHING_GIVEN) -> Iterator[Found]:
        """Yield what the file, with the files that belong to it, holds."""


def origin(reader: str, paths: Sequence[Path], guessed: frozenset[str] = frozenset()) -> Origin:
    """Return the provenance of a product of several files.

    Raises
    ------
    DamagedProductError
        If a file cannot be read.
    """
    files = tuple(sorted((path.name, file_sha256(path)) for path in paths))
    return Origin(
        reader=reader, reader_version=__version__, product_sha256=product_sha256(files), files=files, guessed=guessed
    )


def record_origin(reader: str, name: str, content: bytes, guessed: frozenset[str] = frozenset()) -> Origin:
    """Return the provenance of a record that is part of a larger file."""
    files = ((name, hashlib.sha256(content).hexdigest()),)
    return Origin(
        reader=reader, reader_version=__version__, product_sha256=product_sha256(files), files=files, guessed=guessed
    )


def product_sha256(files: Sequence[tuple[str, str]]) -> str:
    """Return one hash over (file name, hash of the content) pairs, whatever their order."""
    whole = hashlib.sha256()
    for name, digest in sorted(files):
        whole.update(f"{name}\0{digest}\n".encode())
    return whole.hexdigest()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, read in pieces.

    Raises
    ------
    DamagedProductError
        If the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        msg = f"{path.name} cannot be read ({error.strerror}); check the file and its permissions."
        raise DamagedProductError(msg) from error
