"""The names and values of a legacy ICEYE product, from its XML, its TIFF tags or its HDF5 datasets."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from dashboard.model.errors import DamagedProductError
from dashboard.sources.facts import Facts
from dashboard.sources.grid import opened
from dashboard.sources.hdf5.opening import BROKEN, child, dataset, names, open_h5
from dashboard.sources.xml import load_xml, local

NOT_WORDS = frozenset({"s_i", "s_q", "grd_amplitude", "height_spline", "lat_spline", "lon_spline"})
"""Datasets that are pixels or somebody's pickled objects: never read as words."""
MOST_VALUES = 400_000
"""Of one vector: real ones have up to one per range sample."""


def from_xml(path: Path) -> dict[str, Any]:
    """Return the texts of the elements below the root, by name in lower case.

    Raises
    ------
    DamagedProductError
        If the file is no well-formed, harmless XML.
    """
    root = load_xml(path)
    return {
        local(element).lower(): element.text.strip()
        for element in root
        if local(element) and not len(element) and element.text and element.text.strip()
    }


def from_tags(path: Path) -> dict[str, Any]:
    """Return a TIFF's tags by name in lower case."""
    with opened(path) as file:
        return {key.lower(): text.strip() for key, text in file.tags().items() if text.strip()}


def from_hdf5(path: Path) -> dict[str, Any]:
    """Return texts, numbers and vectors of an HDF5 file by name in lower case; its images stay where they are.

    Raises
    ------
    DamagedProductError
        If the file is damaged, or a dataset lies elsewhere or is absurdly large.
    """
    found: dict[str, Any] = {}
    with open_h5(path) as file:
        for name in names(file, path.name):
            if name.lower() in NOT_WORDS or not isinstance(child(file, name, path.name), h5py.Dataset):
                continue
            stored = dataset(file, name, path.name)
            if (stored.size or 0) > MOST_VALUES:
                msg = f"{path.name}: {name} has {stored.size:,} values; the limit is {MOST_VALUES:,}. It is damaged."
                raise DamagedProductError(msg)
            try:
                found[name.lower()] = _plain(stored[()])
            except BROKEN as error:
                msg = f"{path.name}: {name} cannot be read; the HDF5 file is damaged. Fetch it again."
                raise DamagedProductError(msg) from error
    return found


def vector(facts: Facts, name: str) -> NDArray[np.float64] | None:
    """Return numbers that are a list, or a text such as ``[1.5, 2.5]`` or ``1.5 2.5``; None when absent.

    Raises
    ------
    DamagedProductError
        If a part is no number.
    """
    value = facts.value(name)
    if isinstance(value, float | int):
        value = [value]
    if not isinstance(value, str):
        return facts.numbers(name)
    words = [word for word in re.split(r"[\s,;\[\]()]+", value) if word]
    return Facts({name: [_number(word) for word in words]}, facts.file).numbers(name)


def words(facts: Facts, name: str) -> list[str]:
    """Return texts that are a list, or one text of several between commas or blanks."""
    value = facts.value(name)
    if isinstance(value, list):
        return [part for part in value if isinstance(part, str)]
    return [word for word in re.split(r"[\s,;\[\]'\"]+", value) if word] if isinstance(value, str) else []


def agreed(inside: Mapping[str, Any], beside: Mapping[str, Any], files: tuple[str, str]) -> Facts:
    """Return what the image and its XML state together; the image's own word counts.

    Raises
    ------
    DamagedProductError
        If they name different products.
    """
    for name in ("product_name", "product_level", "acquisition_start_utc", "polarization", "satellite_name"):
        mine, other = inside.get(name), beside.get(name)
        if isinstance(mine, str) and isinstance(other, str) and mine.lower() != other.lower():
            msg = (
                f"{files[0]} states {name} as {mine[:60]!r}, {files[1]} as {other[:60]!r}; "
                "they are of different products."
            )
            raise DamagedProductError(msg)
    return Facts({**beside, **inside}, files[0] if "acquisition_start_utc" in inside else files[1])


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None


def _plain(value: Any) -> Any:  # noqa: ANN401  whatever h5py made of it
    """Return bytes as text, arrays as lists or arrays of numbers."""
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace").strip("\0 \t\r\n")
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, np.ndarray):
        if value.size == 1:
            return _plain(value.reshape(-1)[0])
        if value.dtype.kind in "iuf" and value.ndim == 1:
            return value.astype(np.float64)
        return [_plain(part) for part in value.ravel().tolist()]
    return value
