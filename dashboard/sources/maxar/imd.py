"""Maxar's metadata text: ``key = value;`` in groups (IMD, TIL, RPB), or the same as XML, under one set of names."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dashboard.model.errors import DamagedProductError
from dashboard.sources.xml import Element, local, parse_xml

MOST_BYTES = 16 << 20
"""Of one metadata file: real ones have some kilobytes."""
MOST_LINES = 400_000
DEEPEST = 8
"""Groups inside groups: real ones have two."""
TILES = "TILES"
"""Name under which the groups of tiles stand, in their order."""
COEFFICIENTS = "COEF"
"""Ending of the names of RPCs' tables; in XML each stands in a list of its own."""
ALIASES = {"IMAGE_1": "IMAGE", "SINGLE_IMAGE_PRODUCT": "IMAGE"}
"""Groups of the first image under the name that XML gives it."""

Groups = dict[str, Any]
"""Name in capitals -> text, or the names and texts of a group."""


def load_text(path: Path) -> Groups:
    """Return what an IMD, TIL or RPB file states.

    Raises
    ------
    DamagedProductError
        If it cannot be read, is too large, or its groups do not close.
    """
    text = _bytes(path).decode("utf-8", "replace")
    root: Groups = {}
    open_groups: list[tuple[str, Groups]] = [("", root)]
    for key, value in _statements(text, path.name):
        if key == "BEGIN_GROUP":
            if len(open_groups) > DEEPEST:
                raise _wrong(path.name, f"groups nest deeper than {DEEPEST}")
            inner: Groups = {}
            open_groups.append((value.upper(), inner))
        elif key == "END_GROUP":
            if len(open_groups) == 1:
                raise _wrong(path.name, f"group {value[:40]!r} ends before it begins")
            name, done = open_groups.pop()
            _put(open_groups[-1][1], name, done)
        else:
            open_groups[-1][1].setdefault(key.upper(), value)
    if len(open_groups) > 1:
        raise _wrong(path.name, f"group {open_groups[-1][0][:40]!r} does not end; the file is truncated")
    return root


def load_parts(path: Path) -> dict[str, Groups]:
    """Return the parts (``IMD``, ``TIL``, ``RPB``) of the XML that stands for all three.

    Raises
    ------
    DamagedProductError
        If it is no XML, refused by the parser, or has another root than ``isd``.
    """
    root = parse_xml(_bytes(path), path.name)
    if local(root) != "isd":
        raise _wrong(path.name, f"the root element is {local(root)[:40]!r} instead of 'isd'")
    return {local(part).upper(): _group(part, 0, path.name) for part in root if local(part)}


def _group(element: Element, depth: int, name: str) -> Groups:
    if depth > DEEPEST:
        raise _wrong(name, f"groups nest deeper than {DEEPEST}")
    found: Groups = {}
    for child in element:
        key = local(child).upper()
        if not key:
            continue
        if len(child) == 0:
            found.setdefault(key, (child.text or "").strip())
        elif key.endswith(f"{COEFFICIENTS}LIST"):
            found.setdefault(key.removesuffix("LIST"), " ".join((part.text or "").strip() for part in child))
        else:
            _put(found, key, _group(child, depth + 1, name))
    return found


def _put(parent: Groups, name: str, group: Groups) -> None:
    """Add a group; tiles are listed, for their numbers are their order."""
    if name == "TILE" or (name.startswith("TILE_") and name[5:].isdigit()):
        parent.setdefault(TILES, []).append(group)
    else:
        parent.setdefault(ALIASES.get(name, name), group)


def _statements(text: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield (key, value) of each statement; a list in brackets goes on over lines and becomes words."""
    lines = text.splitlines()
    if len(lines) > MOST_LINES:
        raise _wrong(name, f"{len(lines):,} lines are more than the limit of {MOST_LINES:,}")
    key, parts = "", list[str]()
    for line in lines:
        if parts:
            parts.append(line)
        else:
            key, equals, value = (piece.strip() for piece in line.partition("="))
            if not equals:
                continue
            parts = [value]
        if parts[0].startswith("(") and ")" not in parts[-1]:
            continue
        yield key, _plain(" ".join(parts))
        parts = []
    if parts:
        raise _wrong(name, f"the list of {key[:40]} does not end; the file is truncated")


def _plain(value: str) -> str:
    """Return a value without its semicolon, quotes, brackets and commas."""
    value = value.strip().rstrip(";").strip()
    if value.startswith("("):
        return " ".join(value.strip("()").replace(",", " ").split())
    return value.strip('"').strip()


def _bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= MOST_BYTES else b""
    except OSError as error:
        msg = f"{path.name} cannot be read ({error.strerror}); check the file and its permissions."
        raise DamagedProductError(msg) from error
    if size > MOST_BYTES:
        raise _wrong(path.name, f"{size:,} bytes of metadata are more than the limit of {MOST_BYTES:,}")
    return content


def _wrong(name: str, what: str) -> DamagedProductError:
    msg = f"{name}: {what}. The product is damaged; fetch it again."
    return DamagedProductError(msg)
