"""From the properties of a STAC item to an acquisition, with the vendors' habits evened out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from shapely.geometry.base import BaseGeometry

from dashboard.model.acquisition import UNCALIBRATED, Acquisition, Calibration, LookSide, Origin, PassDirection
from dashboard.model.errors import DamagedProductError
from dashboard.sources.marking import handling
from dashboard.sources.values import kebab, moment, number, safe_id, words

POLARISATIONS = frozenset({"VV", "VH", "HH", "HV", "LH", "LV", "RH", "RV", "CH", "CV"})
"""Linear and compact polarisations of the STAC sar extension."""

LOOKS_BACK = frozenset({"capella"})
"""Constellations whose `view:azimuth` points from the scene to the satellite instead of along the look."""

ARRIVALS = ("received", "published", "created")
"""Fields that tell when a product became available, surest first; `created` is the record's own date."""
HZ_IF_ABOVE = 1e6
"""A centre frequency above this is in Hz, not GHz: some vendors write Hz."""

Choice = TypeVar("Choice", LookSide, PassDirection)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What the caller knows about a record beside its properties."""

    footprint: BaseGeometry
    """Lon/lat degrees."""
    origin: Origin
    polarisations: tuple[str, ...] = ()
    """From the files; empty means as the properties say."""
    calibration: Calibration = UNCALIBRATED
    time: datetime | None = None
    """Stands in for a time that the record does not state."""


def acquisition(item_id: str, properties: Mapping[str, Any], placed: Placed) -> Acquisition:
    """Return the acquisition that a STAC item describes.

    Absent fields become None and are never defaulted. See the field map in docs/sources.md.

    Raises
    ------
    DamagedProductError
        If the id, the constellation or the time is missing, or a field contradicts itself.
    """
    name = safe_id(item_id)
    if name is None:
        msg = f"The item id {item_id[:60]!r} holds no letter or digit; give it one."
        raise DamagedProductError(msg)
    start, stop = period(properties, placed.time)
    constellation = kebab(properties.get("constellation")) or constellation_of(properties.get("platform"))
    platform = kebab(properties.get("platform"))
    return Acquisition(
        id=name,
        constellation=constellation,
        platform=platform,
        start=start,
        stop=stop,
        mode=text(properties, "sar:instrument_mode"),
        polarisations=placed.polarisations or polarisations(properties.get("sar:polarizations")),
        look=_choice(LookSide, properties.get("sar:observation_direction")),
        pass_direction=_choice(PassDirection, properties.get("sat:orbit_state")),
        track=_track(properties.get("sat:relative_orbit")),
        incidence_deg=_within(properties, "view:incidence_angle", 0.0, 90.0),
        look_azimuth_deg=_look_azimuth(properties, constellation),
        resolution_m=_resolution(properties),
        looks=_positive(properties.get("sar:looks_equivalent_number")),
        frequency_ghz=_frequency(properties.get("sar:center_frequency")),
        level=text(properties, "product:type") or text(properties, "sar:product_type"),
        footprint=placed.footprint,
        calibration=placed.calibration,
        handling=handling(properties, constellation, start.year),
        received=_received(properties),
        origin=_origin(placed.origin, properties),
    )


def period(properties: Mapping[str, Any], fallback: datetime | None = None) -> tuple[datetime, datetime]:
    """Return (start, stop) in UTC from start and end, or from the one `datetime`.

    Raises
    ------
    DamagedProductError
        If no time is stated and no `fallback` given, or the end lies before the start.
    """
    middle = properties.get("datetime") or fallback
    first = properties.get("start_datetime") or middle
    last = properties.get("end_datetime") or first
    if first is None:
        raise DamagedProductError("The record states no time; give start_datetime and end_datetime, or --time.")
    start, stop = moment(first, "start_datetime"), moment(last, "end_datetime")
    if stop < start:
        msg = f"The record ends ({stop:%Y-%m-%dT%H:%M:%SZ}) before it starts ({start:%Y-%m-%dT%H:%M:%SZ})."
        raise DamagedProductError(msg)
    return start, stop


def constellation_of(platform: object) -> str:
    """Return the constellation that a platform's name implies (``iceye-x42``: ``iceye``), else ``unknown``."""
    name = kebab(platform)
    if name is None:
        return "unknown"
    if re.fullmatch(r"sentinel-\d[a-d]", name):
        return name[:-1]
    head, _, tail = name.rpartition("-")
    return head if head and any(c.isdigit() for c in tail) else name


def polarisations(value: object) -> tuple[str, ...]:
    """Return known polarisations in the order given."""
    found = [word.upper() for word in words(value)]
    strange = [word for word in found if word not in POLARISATIONS]
    if strange:
        msg = f"Polarisation {strange[0][:20]!r} is unknown; use VV, VH, HH or HV."
        raise DamagedProductError(msg)
    return tuple(dict.fromkeys(found))


def text(properties: Mapping[str, Any], field: str) -> str | None:
    """Return a non-empty text field, or None."""
    value = properties.get(field)
    return value.strip() or None if isinstance(value, str) else None


def _choice(kind: type[Choice], value: object) -> Choice | None:
    name = str(value or "").lower()
    return kind(name) if name in set(kind) else None


def _track(value: object) -> int | None:
    found = number(value)
    return int(found) if found is not None and found == int(found) and found > 0 else None


def _positive(value: object) -> float | None:
    found = number(value)
    return found if found is not None and found > 0 else None


def _within(properties: Mapping[str, Any], field: str, low: float, high: float) -> float | None:
    found = number(properties.get(field))
    if found is None:
        return None
    if not low <= found <= high:
        msg = f"{field} is {found:g} degrees; it must lie between {low:g} and {high:g}."
        raise DamagedProductError(msg)
    return found


def _look_azimuth(properties: Mapping[str, Any], constellation: str) -> float | None:
    """Direction on the ground in which the radar looked: stated as such, else the STAC viewing azimuth."""
    stated = _within(properties, "proc:look_azimuth", -360.0, 360.0)
    if stated is not None:
        return stated % 360.0
    viewed = _within(properties, "view:azimuth", -360.0, 360.0)
    if viewed is None:
        return None
    return (viewed + 180.0 if constellation in LOOKS_BACK else viewed) % 360.0


def _resolution(properties: Mapping[str, Any]) -> float | None:
    found = [_positive(properties.get(f"sar:resolution_{axis}")) for axis in ("range", "azimuth")]
    stated = [value for value in found if value is not None]
    return max(stated) if stated else None


def _frequency(value: object) -> float | None:
    found = _positive(value)
    return found / 1e9 if found is not None and found > HZ_IF_ABOVE else found


def _origin(origin: Origin, properties: Mapping[str, Any]) -> Origin:
    """Return the provenance; an arrival taken from the date of the record itself is a guess and is marked as one."""
    arrival = next((field for field in ARRIVALS if properties.get(field) is not None), None)
    return replace(origin, guessed=origin.guessed | {"received"}) if arrival == "created" else origin


def _received(properties: Mapping[str, Any]) -> datetime | None:
    for field in ARRIVALS:
        if properties.get(field) is not None:
            return moment(properties[field], field)
    return None
