"""What a TIFF says of itself in its first bytes, and whether its blocks can be meant."""

import struct
from math import prod
from pathlib import Path

from rasterio.io import DatasetReader

from dashboard.model.errors import DamagedProductError

IMAGE_DESCRIPTION = 270
GDAL_METADATA = 42112
"""Tag in which GDAL keeps named texts, as XML."""
BYTES_OF_TAG = 900
"""Read of each text; two of them, the header and the list of tags stay below 4 KiB."""
BYTES_OF_TAGS = 2048
MOST_BLOCK_BYTES = 256 << 20
"""Of one strip or tile unpacked: it is held in memory whole."""


def texts(path: Path) -> dict[int, bytes]:
    """Return the beginnings of the image description and of GDAL's metadata; empty for what is no TIFF.

    At most 4 KiB are read. Nothing is raised for damage: whoever opens the file will find it.
    """
    with path.open("rb") as stream:
        head = stream.read(16)
        order = {b"II": "<", b"MM": ">"}.get(head[:2])
        if order is None or len(head) < 16:
            return {}
        big = struct.unpack(order + "H", head[2:4])[0] == 43
        (first,) = struct.unpack(order + ("Q" if big else "I"), head[8:16] if big else head[4:8])
        if first > path.stat().st_size:
            return {}
        stream.seek(first)
        found = {}
        for tag, size, place in _entries(stream.read(BYTES_OF_TAGS), order, big=big):
            if tag in {IMAGE_DESCRIPTION, GDAL_METADATA} and place < path.stat().st_size:
                stream.seek(place)
                found[tag] = stream.read(min(size, BYTES_OF_TAG))
        return found


def check_blocks(dataset: DatasetReader, name: str) -> None:
    """Refuse strips and tiles that would fill the memory, whatever part of the image is asked for.

    Raises
    ------
    DamagedProductError
        If a block unpacks to more than `MOST_BLOCK_BYTES`; the message names `name`.
    """
    widths = {"complex128": 16, "complex64": 8, "complex_int16": 8, "float64": 8, "int64": 8, "uint64": 8}
    for shape, kind in zip(dataset.block_shapes, dataset.dtypes, strict=True):
        size = prod(shape) * widths.get(kind, 4) * (dataset.count if dataset.count <= 4 else 1)
        if size > MOST_BLOCK_BYTES:
            msg = (
                f"{name} is stored in blocks of {shape[0]:,} x {shape[1]:,} pixels, {size:,} bytes each; the limit is "
                f"{MOST_BLOCK_BYTES:,}. Rewrite it in tiles, e.g. gdal_translate -co TILED=YES."
            )
            raise DamagedProductError(msg)


def _entries(table: bytes, order: str, *, big: bool) -> list[tuple[int, int, int]]:
    """Return (tag, bytes, place) of the texts in a list of tags; those of up to four or eight bytes are left out."""
    counter, entry = ("Q", "HHQQ") if big else ("H", "HHII")
    skip, step = struct.calcsize(order + counter), struct.calcsize(order + entry)
    if len(table) < skip:
        return []
    (count,) = struct.unpack_from(order + counter, table)
    places = [skip + k * step for k in range(min(count, (len(table) - skip) // step))]
    rows = [struct.unpack_from(order + entry, table, place) for place in places]
    return [(tag, size, place) for tag, kind, size, place in rows if kind == 2 and size > (8 if big else 4)]
