"""HDF5 opened so that a product can name no other file, and announce no more than it holds.

HDF5 can point elsewhere (external links, external storage, virtual datasets), load code for its filters, and announce
images of any size in a file of a kilobyte. Only hard links, plain numbers and the filters of the standard library pass.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any, TypeVar

import h5py
import numpy as np
from numpy.typing import NDArray

from dashboard.model.errors import DamagedProductError, NightglassError
from dashboard.sources.geocode.native import sane_shape

Value = TypeVar("Value", str, float, int)

MAGIC = b"\x89HDF\r\n\x1a\n"
MOST_ATTRIBUTE_BYTES = 1 << 20
"""Of one attribute: real ones are texts of a line and tables of some hundred numbers."""
MOST_CHUNK_BYTES = 64 << 20
"""Of one chunk unpacked: it is held in memory whole."""
MOST_RATIO = 250
"""Bytes of pixels per byte of file; speckle hardly compresses, and a bomb reaches a thousand."""
SMALL_BYTES = 16 << 20
"""Images below this may compress as they like."""
FILTERS = frozenset({h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32})
BROKEN = (OSError, RuntimeError, ValueError, KeyError, TypeError, OverflowError, MemoryError, UnicodeError)
"""What h5py raises when the bytes make no sense; which of them depends on where the damage lies."""


def is_hdf5(head: bytes) -> bool:
    """Whether a file that starts like this is HDF5."""
    return head.startswith(MAGIC)


@contextmanager
def open_h5(path: Path) -> Iterator[h5py.File]:
    """Open for reading.

    Raises
    ------
    DamagedProductError
        If the file cannot be opened or is truncated.
    """
    with _guarded(path.name):
        file = h5py.File(path, "r", locking=False)
    try:
        yield file
    finally:
        file.close()


def child(group: h5py.Group, name: str, file: str) -> h5py.Group | h5py.Dataset | None:
    """Return what a path below a group names, following hard links only; None when there is nothing.

    Raises
    ------
    DamagedProductError
        If a step of the path is a link to another place or another file.
    """
    here: h5py.Group | h5py.Dataset = group
    with _guarded(f"{file}: {name}"):
        for step in name.split("/"):
            link = here.get(step, getlink=True) if isinstance(here, h5py.Group) else None
            if link is None:
                return None
            if not isinstance(link, h5py.HardLink):
                msg = f"{file}: {name} is a link to another place; only data inside the product are read."
                raise DamagedProductError(msg)
            here = here[step]
    return here


def names(group: h5py.Group, file: str, most: int = 1000) -> tuple[str, ...]:
    """Return the names in a group.

    Raises
    ------
    DamagedProductError
        If there are more than `most`.
    """
    with _guarded(f"{file}: {_where(group) or '/'}"):
        if len(group) <= most:
            return tuple(group)
        msg = f"{file}: {group.name} holds {len(group):,} entries; the limit is {most:,}. The product is damaged."
        raise DamagedProductError(msg)


def dataset(group: h5py.Group, name: str, file: str) -> h5py.Dataset:
    """Return a dataset that is safe to read by windows.

    Raises
    ------
    DamagedProductError
        If it is missing, lies in another file, is packed by an unknown filter, or announces what it cannot hold.
    """
    found = child(group, name, file)
    if not isinstance(found, h5py.Dataset):
        msg = f"{file} has no dataset {name}; the product is incomplete or of another form."
        raise DamagedProductError(msg)
    with _guarded(f"{file}: {name}"):
        _stored_inside(found, f"{file}: {name}")
        _no_bomb(found, f"{file}: {name}")
    return found


def pixels(group: h5py.Group, name: str, file: str) -> h5py.Dataset:
    """Return a dataset of (rows, columns) or (rows, columns, 2) numbers.

    Raises
    ------
    DamagedProductError
        As `dataset`, and if the shape or the type is no image's.
    """
    found = dataset(group, name, file)
    if found.ndim not in {2, 3} or (found.ndim == 3 and found.shape[2] != 2):
        msg = f"{file}: {name} has the shape {found.shape}; an image has (rows, columns) or (rows, columns, 2)."
        raise DamagedProductError(msg)
    if found.dtype.kind not in "iuf" or found.dtype.itemsize > 8:
        msg = f"{file}: {name} holds {found.dtype}; pixels are whole numbers or floats."
        raise DamagedProductError(msg)
    sane_shape((found.shape[0], found.shape[1]), f"{file}: {name}")
    return found


def attribute(obj: h5py.Group | h5py.Dataset, name: str, kind: type[Value], file: str) -> Value | None:
    """Return an attribute as one text or one number, or None when it is absent, blank or NaN: not stated.

    Raises
    ------
    DamagedProductError
        If it is too large, several values, or of another kind; the message names the attribute.
    """
    found = _content(obj, name, file)
    return None if found is None else one(found, kind, f"{file}: {_where(obj)}{name}")


def numbers(obj: h5py.Group | h5py.Dataset, name: str, file: str) -> NDArray[np.float64] | None:
    """Return an attribute as float64 numbers of its own shape (one number: shape (1,)), or None when it is not stated.

    Absent, or NaN in all places, is not stated.

    Raises
    ------
    DamagedProductError
        If it is too large, no numbers, or not finite; the message names the attribute.
    """
    found = _content(obj, name, file)
    if found is None or _is_nan(found):
        return None
    return many(found, f"{file}: {_where(obj)}{name}")


def one(value: Any, kind: type[Value], where: str) -> Value | None:  # noqa: ANN401  whatever h5py made of it
    """Return what h5py read as one text or one finite number; None for a blank text and for NaN.

    Raises
    ------
    DamagedProductError
        If it is something else; the message begins with `where`.
    """
    plain = value.reshape(-1)[0] if isinstance(value, np.ndarray) and value.size == 1 else value
    if isinstance(plain, np.generic):
        plain = plain.item()
    if kind is not str and _is_nan(plain):
        return None
    found = _text(plain) if kind is str else _number(plain, kind)
    if found is None and not (isinstance(plain, str | bytes) and kind is str):
        words = {str: "a text", float: "a number", int: "a whole number"}[kind]
        msg = f"{where} is {str(plain)[:60]!r}, which is not {words}; the product is damaged."
        raise DamagedProductError(msg)
    return found  # type: ignore[return-value]  # of the kind that was asked for


def many(value: Any, where: str) -> NDArray[np.float64]:  # noqa: ANN401  whatever h5py made of it
    """Return what h5py read as finite float64 numbers.

    Raises
    ------
    DamagedProductError
        If it is something else; the message begins with `where`.
    """
    array = np.atleast_1d(np.asarray(value))
    if array.dtype.kind not in "iuf" or not np.isfinite(array).all():
        msg = f"{where} is {str(value)[:60]!r}, which are not numbers; the product is damaged."
        raise DamagedProductError(msg)
    return array.astype(np.float64)


def _content(obj: h5py.Group | h5py.Dataset, name: str, file: str) -> Any:  # noqa: ANN401
    """Return an attribute's value as h5py gives it, or None."""
    where = f"{file}: {_where(obj)}{name}"
    with _guarded(where):
        if name not in obj.attrs:
            return None
        ident = obj.attrs.get_id(name)
        if ident.get_space().get_simple_extent_type() == h5py.h5s.NULL:
            return None
        size = max(ident.get_storage_size(), prod(ident.shape) * ident.dtype.itemsize)
        if size > MOST_ATTRIBUTE_BYTES:
            msg = f"{where} has {size:,} bytes; the limit is {MOST_ATTRIBUTE_BYTES:,}. The product is damaged."
            raise DamagedProductError(msg)
        return obj.attrs[name]


def _is_nan(value: object) -> bool:
    """Whether a number or all numbers of a table are NaN, as processors write what they do not know."""
    array = np.asarray(value)
    return array.dtype.kind == "f" and array.size > 0 and bool(np.isnan(array).all())


def _where(obj: h5py.Group | h5py.Dataset) -> str:
    """Return the place of an object as the start of an attribute's name."""
    path = str(obj.name or "").strip("/")
    return f"{path}." if path else ""


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        value = value.decode("utf-8", errors="replace")
    return value.strip("\0 \t\r\n") or None if isinstance(value, str) else None


def _number(value: object, kind: type[str] | type[float] | type[int]) -> float | None:
    """Return a finite number; a text that holds one counts, for producers write both."""
    if isinstance(value, str | bytes):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        return None
    if kind is int:
        return int(value) if value == int(value) else None
    return float(value)


def _stored_inside(found: h5py.Dataset, where: str) -> None:
    """Refuse pixels of other files and filters that are code of other people."""
    if found.is_virtual or found.external is not None:
        msg = f"{where} lies in another file; only data inside the product are read."
        raise DamagedProductError(msg)
    plan = found.id.get_create_plist()
    strange = [code for code in (plan.get_filter(k)[0] for k in range(plan.get_nfilters())) if code not in FILTERS]
    if strange:
        msg = f"{where} is packed by the filter {strange[0]}; deflate and shuffle are read. Use h5repack."
        raise DamagedProductError(msg)


def _no_bomb(found: h5py.Dataset, where: str) -> None:
    """Refuse sizes that the file does not bear out."""
    announced = prod(found.shape or ()) * found.dtype.itemsize
    stored, whole = found.id.get_storage_size(), Path(found.file.filename).stat().st_size
    if stored > whole or (found.chunks is None and stored < announced and found.shape != ()):
        msg = f"{where} announces {announced:,} bytes; the file has {whole:,}. It is truncated: fetch it again."
        raise DamagedProductError(msg)
    if announced > SMALL_BYTES and announced > MOST_RATIO * whole:
        msg = (
            f"{where} announces {announced:,} bytes in a file of {whole:,}; "
            f"the limit is {MOST_RATIO} to one. The product is damaged."
        )
        raise DamagedProductError(msg)
    chunk = prod(found.chunks) * found.dtype.itemsize if found.chunks else 0
    if chunk > MOST_CHUNK_BYTES:
        msg = f"{where} has chunks of {chunk:,} bytes; the limit is {MOST_CHUNK_BYTES:,}. Repack it (h5repack)."
        raise DamagedProductError(msg)


@contextmanager
def _guarded(where: str) -> Iterator[None]:
    """Turn what h5py raises over broken bytes into damage of the named place."""
    try:
        yield
    except NightglassError:
        raise
    except BROKEN as error:
        msg = f"{where} cannot be read: the HDF5 file is damaged or truncated. Fetch it again."
        raise DamagedProductError(msg) from error
