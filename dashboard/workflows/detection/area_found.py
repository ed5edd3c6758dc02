"""An object of an area run on its way from a worker, through a file, to the record."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from dashboard.change.patches import Patch
from dashboard.change.points import Dated
from dashboard.model.change import ChangeSign

_INSTANTS = ("after", "before", "low", "high")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """One object, with all that is said of it but how rare it is."""

    place: int
    """Flat index of its first pixel in the area's grid; two objects never share one."""
    patch: Patch
    """Its label means nothing outside its own tile."""
    looks: tuple[int, int]
    """Valid looks before and after, the median inside."""
    dated: Dated | None
    """None where the method dates nothing."""
    outline: shapely.Polygon | shapely.MultiPolygon
    """Longitude and latitude, degrees."""


def facts(found: Iterable[Placed]) -> list[dict[str, Any]]:
    """Return objects as JSON can hold them, every number to its last bit."""
    return [
        {
            "place": each.place,
            "patch": _plain(each.patch),
            "looks": list(each.looks),
            "dated": None if each.dated is None else _plain(each.dated),
            "outline": shapely.to_wkb(each.outline, hex=True),
        }
        for each in found
    ]


def from_facts(listed: Iterable[Mapping[str, Any]]) -> list[Placed]:
    """Return what `facts` was given."""
    return [
        Placed(
            place=each["place"],
            patch=_patch(each["patch"]),
            looks=(each["looks"][0], each["looks"][1]),
            dated=None if each["dated"] is None else _dated(each["dated"]),
            outline=shapely.from_wkb(each["outline"]),
        )
        for each in listed
    ]


def median_looks(
    labels: NDArray[np.int32], before: NDArray[np.float32], after: NDArray[np.float32], count: int
) -> list[tuple[int, int]]:
    """Return the median of looks before and after in every object 1 to `count`; all arrays (y, x)."""
    members = np.flatnonzero(labels)
    label = labels.reshape(-1)[members]
    order = np.argsort(label, kind="stable")
    members, ends = members[order], np.cumsum(np.bincount(label, minlength=count + 1))
    every: Sequence[NDArray[np.int64]] = np.split(members, ends[1:-1]) if count else []
    return [(_median(before.reshape(-1)[own]), _median(after.reshape(-1)[own])) for own in every]


def _median(values: NDArray[np.float32]) -> int:
    return int(np.nan_to_num(np.median(values)))


def _plain(value: Patch | Dated) -> dict[str, Any]:
    named = {name: getattr(value, name) for name in value.__dataclass_fields__}
    return {name: str(part) if isinstance(part, np.datetime64) else part for name, part in named.items()}


def _dated(known: Mapping[str, Any]) -> Dated:
    instants: dict[str, Any] = {name: np.datetime64(known[name], "ns") for name in _INSTANTS}
    return Dated(**{**known, **instants})


def _patch(known: Mapping[str, Any]) -> Patch:
    sizes = tuple((str(name), float(median), float(p95)) for name, median, p95 in known["magnitudes"])
    return Patch(**{**known, "sign": ChangeSign(known["sign"]), "magnitudes": sizes})
