"""Change NITF files in ways that keep them whole: a field of a header, the XML of an extension."""

import re
from pathlib import Path

from dashboard.sources.nitf.header import read_headers


def with_xml(path: Path, change: dict[str, str], number: int = 0) -> Path:
    """Replace text in the XML of the last extension and put its new length into the header."""
    content = path.read_bytes()
    span = read_headers(path).extensions[number].span
    assert span.start + span.size == len(content), "only the last extension can grow"
    xml = content[span.start :].decode()
    for old, new in change.items():
        assert re.search(old, xml, re.DOTALL), old
        xml = re.sub(old, lambda _, by=new: by, xml, flags=re.DOTALL)  # type: ignore[misc]
    grown = xml.encode()
    lengths = f"{span.header_size:04d}{span.size:09d}".encode()
    assert content.count(lengths) == 1
    header = content[: span.start].replace(lengths, f"{span.header_size:04d}{len(grown):09d}".encode())
    path.write_bytes(header + grown)
    return path


def with_bytes(path: Path, offset: int, new: bytes) -> Path:
    """Overwrite bytes."""
    content = path.read_bytes()
    path.write_bytes(content[:offset] + new + content[offset + len(new) :])
    return path


#: Offsets within the file header and within an image subheader.
FSCLAS, FSCLSY, FSREL = 119, 120, 135
ISCLAS, ISREL, NROWS, NCOLS, PVTYPE = 2 + 10 + 14 + 17 + 80, 2 + 10 + 14 + 17 + 80 + 16, 333, 341, 349
