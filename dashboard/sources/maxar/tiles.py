"""Which files make one picture of a Maxar order: one set of names, its tiles and where each of them lies."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dashboard.model.errors import DamagedProductError
from dashboard.sources.facts import Facts
from dashboard.sources.folder import files_in
from dashboard.sources.geocode.native import MOST_SIDE
from dashboard.sources.maxar.imd import TILES, load_parts, load_text
from dashboard.sources.sidecar import inside
from dashboard.sources.visible import Tile, tile_of

TILE_TOKEN = re.compile(r"_R\d{1,4}C\d{1,4}(?=[-_.]|$)", re.IGNORECASE)
"""Row and column of a tile within a name; without it the name is that of the picture."""
KINDS = (".imd", ".til", ".rpb", ".xml")
TIFF_SUFFIXES = (".tif", ".tiff")
LICENCE = re.compile(r"(?i).*(licen[sc]e|eula).*\.(txt|md|html?)")
MOST_TILES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The files of one picture."""

    stem: str
    """Name of the picture, as its metadata file has it."""
    facts: Facts
    """Of the IMD."""
    rpc: Facts | None
    """Of the RPB."""
    tiles: tuple[Tile, ...]
    listed: bool
    """Whether a TIL says where the tiles lie."""
    paths: tuple[Path, ...]
    licences: tuple[Path, ...] = field(default=())


def stem_of(name: str) -> str:
    """Return the name of the picture that a file's name belongs to."""
    return TILE_TOKEN.sub("", Path(name).stem)


def metadata_beside(path: Path) -> Path | None:
    """Return the IMD (else the XML) of the picture that a file belongs to, whatever the case of its ending."""
    stem = stem_of(path.name)
    for suffix in (".IMD", ".imd", ".XML", ".xml"):
        found = path.with_name(stem + suffix)
        if found.is_file() and not found.is_symlink():
            return found
    return None


def order_of(path: Path) -> Order:
    """Return the picture that a file belongs to.

    Raises
    ------
    DamagedProductError
        If its metadata or a tile are missing, damaged, or name files elsewhere.
    """
    stem = stem_of(path.name)
    files = _beside(path, stem)
    by_kind = {file.suffix.lower(): file for file in files if file.stem.casefold() == stem.casefold()}
    parts = load_parts(by_kind[".xml"]) if ".xml" in by_kind and not {".imd", ".til", ".rpb"} <= by_kind.keys() else {}
    facts = _facts(by_kind, parts, "IMD")
    if facts is None:
        msg = f"{stem}.IMD, the metadata of {path.name}, is not there, nor its XML; fetch the order again."
        raise DamagedProductError(msg)
    til = _facts(by_kind, parts, "TIL")
    tiles = _listed(path.parent, til) if til is not None and til.value(TILES) else _unlisted(files, stem)
    licences = tuple(file for file in files_in(path.parent) if LICENCE.fullmatch(file.name))
    return Order(
        stem=stem,
        facts=facts,
        rpc=_facts(by_kind, parts, "RPB"),
        tiles=tuple(tiles),
        listed=til is not None and bool(til.value(TILES)),
        paths=tuple(dict.fromkeys([*files, *(tile.path for tile in tiles), *licences])),
        licences=licences,
    )


def _facts(by_kind: Mapping[str, Path], parts: Mapping[str, dict[str, Any]], part: str) -> Facts | None:
    own = by_kind.get(f".{part.lower()}")
    if own is not None:
        return Facts(load_text(own), own.name)
    found = parts.get(part)
    return None if not found else Facts(found, by_kind[".xml"].name)


def _listed(folder: Path, til: Facts) -> list[Tile]:
    """Return the tiles that a TIL lists, each with its place in the picture."""
    records = til.records(TILES, MOST_TILES)
    found = [_tile(folder, til, record) for record in records]
    if len({tile.path for tile in found}) < len(found):
        msg = f"{til.file} lists one file twice; the product is damaged. Fetch it again."
        raise DamagedProductError(msg)
    return found


def _tile(folder: Path, til: Facts, record: Facts) -> Tile:
    name = record.need_text("FILENAME")
    if "/" in name or name != name.strip():
        raise record.wrong("FILENAME", name, "the name of a file in the same folder")
    path = inside(folder, name)
    if path is None or not path.is_file():
        msg = f"{til.file} lists {name[:80]}, which is not there; fetch the product again."
        raise DamagedProductError(msg)
    tile = tile_of(path)
    row = record.whole("ULROWOFFSET", 0, MOST_SIDE)
    col = record.whole("ULCOLOFFSET", 0, MOST_SIDE)
    if row is None or col is None:
        raise record.missing("ULROWOFFSET" if row is None else "ULCOLOFFSET")
    for key, first, side in (("LRROWOFFSET", row, tile.shape[0]), ("LRCOLOFFSET", col, tile.shape[1])):
        last = record.whole(key)
        if last is not None and last - first + 1 != side:
            raise record.wrong(key, last, f"{first + side - 1}, for {name[:80]} has {side:,} pixels there")
    return replace(tile, row=row, col=col)


def _unlisted(files: Sequence[Path], stem: str) -> list[Tile]:
    found = [file for file in files if file.suffix.lower() in TIFF_SUFFIXES]
    if not found:
        msg = f"{stem}: no TIFF of this picture is there; fetch the order again."
        raise DamagedProductError(msg)
    if len(found) > MOST_TILES:
        msg = f"{stem}: {len(found):,} TIFFs are more than the limit of {MOST_TILES:,}."
        raise DamagedProductError(msg)
    return [tile_of(file) for file in found]


def _beside(path: Path, stem: str) -> list[Path]:
    """Return the files whose names belong to a picture, in order: its own and those with more at the end."""
    wanted = stem.casefold()
    return [file for file in files_in(path.parent) if _belongs(TILE_TOKEN.sub("", file.name).casefold(), wanted)]


def _belongs(name: str, stem: str) -> bool:
    """Whether a name is the picture's, or goes on with a dash: ``-BROWSE.JPG``, ``-README.XML``."""
    rest = name.removeprefix(stem)
    return rest != name and rest[:1] in {".", "-"}
