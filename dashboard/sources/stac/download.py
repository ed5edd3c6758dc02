"""Files that an item names, fetched beside it: sizes limited and known beforehand where they are stated."""

import errno
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import requests

from dashboard.model.errors import DamagedProductError, DiskFullError, NightglassError, ResourceError
from dashboard.sources.stac.hosts import Web
from dashboard.sources.values import number, words

WANTED_ROLES = frozenset({"data", "metadata"})
UNWANTED_ROLES = frozenset({"thumbnail", "overview", "visual", "index"})
SHA256_MULTIHASH = "1220"
GIB = 2**30
SPARE_BYTES = GIB
"""Left free on the disk."""
MAX_NAME = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is downloaded."""

    file_bytes: int = 20 * GIB
    """Of one file."""
    total_bytes: int = 100 * GIB
    """Of all files of one call."""
    files: int = 64
    """Of one item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One file of an item."""

    key: str
    """Name of the asset."""
    url: str
    name: str
    """File name here."""
    size: int | None
    """Bytes, where the item states them."""
    sha256: str
    """Empty where the item states none."""


def wanted(item: Mapping[str, Any], base: str, limits: Limits) -> list[Wanted]:
    """Return the files of an item that an acquisition is made of: its data and their metadata, no pictures of them.

    Parameters
    ----------
    item : untrusted JSON
    base : address that relative hrefs are relative to

    Raises
    ------
    DamagedProductError
        If it names too many, one larger than the limit, or two of one name.
    """
    assets = item.get("assets")
    found = [
        _wanted(str(key), asset, base)
        for key, asset in (assets.items() if isinstance(assets, Mapping) else ())
        if isinstance(asset, Mapping) and asset.get("href") and _is_wanted(asset)
    ]
    if len(found) > limits.files:
        raise DamagedProductError(f"The item names {len(found):,} files; the limit is {limits.files}.")
    if len({one.name for one in found}) < len(found):
        raise DamagedProductError("The item names two files of one name; they cannot lie in one folder.")
    for one in found:
        if one.size is not None and one.size > limits.file_bytes:
            msg = f"{one.name} has {one.size:,} bytes; the limit is {limits.file_bytes:,}. Raise it with --max-gb."
            raise DamagedProductError(msg)
    return found


def download(web: Web, one: Wanted, folder: Path, limit: int, told: Callable[[int], None]) -> int:
    """Fetch a file into a folder, whole or not at all; one that is there with the stated size is not fetched again.

    Parameters
    ----------
    limit : bytes at most
    told : called with the bytes of each piece

    Returns
    -------
    bytes fetched

    Raises
    ------
    AccessError
        If its host is not allowed.
    DamagedProductError
        If it is larger than the limit, or is not what the item states.
    ResourceError
        If the server fails or the disk is full.
    """
    final = folder / one.name
    if final.is_file() and one.size == final.stat().st_size:
        return 0
    part = folder / f".{one.name}.part"
    try:
        size = web.again(lambda: _fetched(web, one, part, limit, told))
        part.rename(final)
    except OSError as error:
        if isinstance(error, NightglassError):
            raise
        raise _in_our_words(error, folder) from error
    finally:
        part.unlink(missing_ok=True)
    return size


def _fetched(web: Web, one: Wanted, part: Path, limit: int, told: Callable[[int], None]) -> int:
    size, digest = 0, hashlib.sha256()
    with web.answer(requests.Request("GET", one.url)) as response, part.open("wb") as stream:
        _require_room(part.parent, one)
        for chunk in web.chunks(response):
            size += len(chunk)
            if size > limit:
                msg = f"{one.name} is larger than the limit of {limit:,} bytes; raise it with --max-gb."
                raise DamagedProductError(msg)
            stream.write(chunk)
            digest.update(chunk)
            told(len(chunk))
        stream.flush()
        os.fsync(stream.fileno())
    if one.sha256 and digest.hexdigest() != one.sha256:
        raise DamagedProductError(f"{one.name} is not what the item states: its SHA-256 differs. Fetch it again.")
    if one.size is not None and size != one.size:
        raise DamagedProductError(f"{one.name} has {size:,} bytes, the item states {one.size:,}; it may be truncated.")
    return size


def _require_room(folder: Path, one: Wanted) -> None:
    free = shutil.disk_usage(folder).free
    if free < (one.size or 0) + SPARE_BYTES:
        msg = (
            f"No room for {one.name}: it needs {one.size or 0:,} bytes and {SPARE_BYTES:,} to spare; {free:,} are free."
        )
        raise DiskFullError(msg)


def _in_our_words(error: OSError, folder: Path) -> ResourceError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFullError(f"No room in {folder}; free some space and fetch again.")
    return ResourceError(f"{folder} cannot be written ({error.strerror}); check its permissions.")


def _is_wanted(asset: Mapping[str, Any]) -> bool:
    roles = {role.lower() for role in words(asset.get("roles"))}
    return bool(roles & WANTED_ROLES) and not roles & UNWANTED_ROLES


def _wanted(key: str, asset: Mapping[str, Any], base: str) -> Wanted:
    url = urljoin(base, str(asset["href"]))
    size = number(asset.get("file:size"))
    checksum = str(asset.get("file:checksum") or "").lower()
    is_sha256 = checksum.startswith(SHA256_MULTIHASH) and len(checksum) == len(SHA256_MULTIHASH) + 64
    return Wanted(
        key=key,
        url=url,
        name=_name(url, key),
        size=None if size is None or size < 0 else int(size),
        sha256=checksum.removeprefix(SHA256_MULTIHASH) if is_sha256 else "",
    )


def _name(url: str, key: str) -> str:
    """Return the file name of an address, of harmless letters only and never a hidden one."""
    last = PurePosixPath(unquote(urlsplit(url).path)).name
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", last or key).lstrip(".-")[-MAX_NAME:] or "file"
