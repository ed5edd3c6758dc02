"""Whether the head of a TIFF is that of a colour picture on a map: by its list of tags, without opening the image."""

import re
import struct
from dataclasses import dataclass
from pathlib import Path

from dashboard.sources.tiff_head import texts

BITS, PHOTOMETRIC, SAMPLES, PIXEL_SCALE, TRANSFORMATION = 258, 262, 277, 33550, 34264
RGB, YCBCR = 2, 6
BYTES_OF_TAGS = 1024
"""With the texts that may betray a radar, the head stays below 4 KiB."""
SIZES = {1: 1, 3: 2, 4: 4, 12: 8, 13: 4, 16: 8, 18: 8}
"""Bytes of a value by its kind."""
FORMATS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q"}
RADAR = re.compile(rb"(?i)sigma[0_]|beta[0_]|gamma[0_]|polari[sz]ation|iceye|capella|\bsar\b|backscatter|decibel")


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: int
    count: int
    content: bytes
    """The value, or where it stands."""
    inline: bool


def is_colour_map(path: Path) -> bool:
    """Whether a TIFF has three or four bands of 8 bits, in colours, on a map grid, without a word of radar.

    The map grid may stand in a world file beside it.
    """
    if any(RADAR.search(text) for text in texts(path).values()):
        return False
    with path.open("rb") as stream:
        head = stream.read(16)
        order = {b"II": "<", b"MM": ">"}.get(head[:2])
        if order is None or len(head) < 16:
            return False
        big = struct.unpack(order + "H", head[2:4])[0] == 43
        (first,) = struct.unpack(order + ("Q" if big else "I"), head[8:16] if big else head[4:8])
        if first > path.stat().st_size:
            return False
        stream.seek(first)
        tags = _tags(stream.read(BYTES_OF_TAGS), order, big=big)
        colours = _number(tags.get(PHOTOMETRIC), order) in {RGB, YCBCR}
        bands = _number(tags.get(SAMPLES), order)
        if not colours or bands not in {3, 4} or not _has_place(path, tags):
            return False
        bits = tags.get(BITS)
        if bits is None or bits.kind != 3 or bits.count != bands:
            return False
        content = bits.content
        if not bits.inline:
            place = struct.unpack(order + ("Q" if big else "I"), content)[0]
            stream.seek(min(place, path.stat().st_size))
            content = stream.read(2 * bits.count)
        return content[: 2 * bits.count] == struct.pack(order + "H", 8) * bits.count


def world_file(path: Path) -> Path | None:
    """Return the file of six numbers that places a TIFF, if one lies beside it."""
    found = (path.with_suffix(suffix) for suffix in (".tfw", ".TFW", ".tifw", ".wld"))
    return next((file for file in found if file.is_file() and not file.is_symlink()), None)


def _has_place(path: Path, tags: dict[int, _Entry]) -> bool:
    return PIXEL_SCALE in tags or TRANSFORMATION in tags or world_file(path) is not None


def _tags(table: bytes, order: str, *, big: bool) -> dict[int, _Entry]:
    counter, entry = ("Q", "HHQ8s") if big else ("H", "HHI4s")
    skip, step = struct.calcsize(order + counter), struct.calcsize(order + entry)
    if len(table) < skip:
        return {}
    (count,) = struct.unpack_from(order + counter, table)
    found = {}
    for k in range(min(count, (len(table) - skip) // step)):
        tag, kind, many, content = struct.unpack_from(order + entry, table, skip + k * step)
        found[tag] = _Entry(kind, many, content, inline=many * SIZES.get(kind, 1) <= len(content))
    return found


def _number(entry: _Entry | None, order: str) -> int | None:
    """Return the first whole number of a tag whose value stands in the list itself."""
    if entry is None or not entry.inline or entry.kind not in FORMATS or entry.count < 1:
        return None
    form = order + FORMATS[entry.kind]
    return int(struct.unpack(form, entry.content[: struct.calcsize(form)])[0])
