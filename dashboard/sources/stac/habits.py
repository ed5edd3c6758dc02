"""STAC items of every age in today's words: fields that moved, were renamed, or stood in the collection."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from dashboard.sources.values import listing, mapping, number

MOVED = {
    "dtr:start_datetime": "start_datetime",
    "dtr:end_datetime": "end_datetime",
    "eo:platform": "platform",
    "sar:platform": "platform",
    "eo:constellation": "constellation",
    "sar:constellation": "constellation",
    "eo:instrument": "instruments",
    "sar:instrument": "instruments",
    "sar:polarization": "sar:polarizations",
    "sar:pass_direction": "sat:orbit_state",
    "sar:relative_orbit": "sat:relative_orbit",
    "sar:absolute_orbit": "sat:absolute_orbit",
    "sar:incidence_angle": "view:incidence_angle",
    "sar:off_nadir": "view:off_nadir",
    "sar:product_type": "product:type",
    "sar:type": "product:type",
    "eo:off_nadir": "view:off_nadir",
    "eo:azimuth": "view:azimuth",
    "eo:sun_azimuth": "view:sun_azimuth",
    "eo:sun_elevation": "view:sun_elevation",
    "eo:gsd": "gsd",
    "item:license": "license",
}
"""Field of STAC 0.6 to 1.0 -> field of 1.1; where an item has both, the newer name counts."""

EPSG = ("proj:epsg", "eo:epsg")
"""Number of a reference system in STAC before 1.1; ``proj:code`` since."""

COMPACT = {"LHH": "LH", "LHV": "LV", "RHH": "RH", "RHV": "RV"}
"""Compact polarisations as some older catalogues write them."""


def modern(item: Mapping[str, Any], inherited: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return an item with its properties under the names of STAC 1.1; everything else is as it was.

    Parameters
    ----------
    item : untrusted, with an object of properties
    inherited : properties of its collection, where STAC 0.9 put what all its items share

    Raises
    ------
    KeyError
        If it has no properties.
    """
    properties = {**(inherited or {}), **item["properties"]}
    found = {name: value for name, value in properties.items() if name not in MOVED and name not in EPSG}
    for old, new in MOVED.items():
        if old in properties and properties[old] is not None:
            found.setdefault(new, properties[old])
    code = next((number(properties.get(name)) for name in EPSG if number(properties.get(name)) is not None), None)
    if code is not None:
        found.setdefault("proj:code", f"EPSG:{code:.0f}")
    if isinstance(found.get("sar:polarizations"), list):
        found["sar:polarizations"] = [COMPACT.get(str(one).upper(), one) for one in found["sar:polarizations"]]
    return {**item, "properties": found}


def kind_of(content: object) -> str:
    """Return ``Feature``, ``FeatureCollection``, ``Collection`` or ``Catalog``, which STAC before 1.0 does not say."""
    found = mapping(content)
    stated = str(found.get("type") or "")
    if stated or "stac_version" not in found or not isinstance(found.get("links"), list):
        return stated
    return "Collection" if "extent" in found else "Catalog"


def shared(content: object) -> dict[str, Any]:
    """Return the properties that a collection of STAC 0.9 states for all its items."""
    return mapping(mapping(content).get("properties"))


def rebased(content: object, href: str) -> str:
    """Return an address of a published tree relative to the file that states it, where that file says its own address.

    A tree that was fetched as it was published holds addresses of the place that it came from.
    """
    own = next((str(link.get("href") or "") for link in listing(mapping(content).get("links")) if _is_self(link)), "")
    folder = own.rpartition("/")[0]
    if not folder or not href.startswith(folder + "/"):
        return href
    return href.removeprefix(folder + "/")


def climbed(place: PurePosixPath, href: str) -> PurePosixPath | None:
    """Return where a relative href with ``..`` leads to from a place below a root, or None if it leads out of the root.

    Parameters
    ----------
    place : folder of the item, relative to the root of its tree
    href : relative, with forward slashes
    """
    parts: list[str] = list(place.parts)
    for part in PurePosixPath(href).parts:
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part != ".":
            parts.append(part)
    return PurePosixPath(*parts)


def _is_self(link: object) -> bool:
    return isinstance(link, Mapping) and link.get("rel") == "self"
