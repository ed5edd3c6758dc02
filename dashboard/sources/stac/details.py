"""What an item says beyond the fields of an acquisition: kept as text, with STAC's own names."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dashboard.model.acquisition import Acquisition, Geocoding, Kind
from dashboard.sources.values import mapping, number

PREFIXES = frozenset({"sar", "sat", "view", "processing", "product", "eo", "proc", "s1", "capella", "iceye", "umbra"})
"""First words of fields that are kept."""
PLAIN = frozenset({"gsd", "instruments", "title", "mission"})
"""Fields without a first word that are kept."""

TAKEN = frozenset(
    {
        "sar:instrument_mode",
        "sar:polarizations",
        "sar:observation_direction",
        "sar:looks_equivalent_number",
        "sar:center_frequency",
        "sar:frequency_band",
        "sat:orbit_state",
        "sat:relative_orbit",
        "view:incidence_angle",
        "product:type",
        "sar:product_type",
        "proc:look_azimuth",
        "proc:cal",
        "proc:amplitude_scale",
        "proc:reader",
        "proc:reader_version",
        "proc:product_sha256",
        "proc:product_files",
        "proc:guessed",
        "proc:ingested",
        "proc:exported",
        "proc:kind",
        "proc:mode",
        "proc:geo_kind",
        "proc:geocoding",
        "proc:original",
        "processing:software",
    }
)
"""Fields that have a place of their own in an acquisition, or speak of the file and not of the imaging."""

RESOLUTIONS = ("sar:resolution_range", "sar:resolution_azimuth")

MOST = 60
LONGEST = 300
"""Letters of one value."""


def with_details(acq: Acquisition, properties: Mapping[str, Any]) -> Acquisition:
    """Return an acquisition with its kind, its geocoding and the rest of what an item's properties say.

    Parameters
    ----------
    acq : as `sources.record.acquisition` made it of the same properties
    properties : untrusted, under the names of STAC 1.1
    """
    rows = [
        (name, text)
        for name, value in properties.items()
        if _is_kept(name) and not _is_said(name, properties) and (text := _text(value))
    ]
    software = _programs(properties.get("processing:software"))
    if software:
        rows.append(("processing:software", software))
    raw = properties.get("platform")
    if isinstance(raw, str) and raw != acq.platform and "proc:raw_platform" not in properties:
        rows.append(("proc:raw_platform", raw[:LONGEST]))
    kind, gsd = _kind(properties), number(properties.get("gsd"))
    if kind is Kind.OPTICAL and acq.resolution_m is None and gsd is not None and gsd > 0:
        acq = replace(acq, resolution_m=gsd)
        rows = [row for row in rows if row[0] != "gsd"]
    return replace(
        acq,
        kind=kind,
        geocoding=acq.geocoding or _geocoding(properties),
        details=acq.details or tuple(sorted(rows)[:MOST]),
    )


def _is_kept(name: str) -> bool:
    first, colon, _ = name.partition(":")
    return name not in TAKEN and (name in PLAIN or (bool(colon) and first in PREFIXES))


def _is_said(name: str, properties: Mapping[str, Any]) -> bool:
    """Whether a field says no more than the acquisition's own: one resolution, or that the instrument is a radar."""
    if name in RESOLUTIONS:
        both = [number(properties.get(axis)) for axis in RESOLUTIONS]
        return None in both or both[0] == both[1]
    return name == "instruments" and properties.get(name) == ["sar"]


def _programs(stated: object) -> str:
    """Return ``name version`` of the programs that made a product, ours left out."""
    found = [(name, _text(version)) for name, version in mapping(stated).items() if name != "nightglass"]
    return ", ".join(f"{name} {'' if version == 'unstated' else version}".strip() for name, version in found)[:LONGEST]


def _text(value: object) -> str:
    """Return a plain value, or a list of plain values, as text; objects have no place among the details."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return value.strip()[:LONGEST]
    if isinstance(value, int | float):
        found = number(value)
        return "" if found is None else repr(value)
    if isinstance(value, list):
        parts = [_text(part) for part in value if not isinstance(part, list)]
        return ",".join(parts) if parts and all(parts) and len(",".join(parts)) <= LONGEST else ""
    return ""


def _kind(properties: Mapping[str, Any]) -> Kind:
    """Visible bands say so, or speak of clouds and say nothing of radar."""
    if properties.get("proc:kind") == Kind.OPTICAL.value:
        return Kind.OPTICAL
    words = {name.partition(":")[0] for name, value in properties.items() if value is not None}
    return Kind.OPTICAL if "eo" in words and "sar" not in words else Kind.SAR


def _geocoding(properties: Mapping[str, Any]) -> Geocoding | None:
    kind, rest = properties.get("proc:geo_kind"), mapping(properties.get("proc:geocoding"))
    if not isinstance(kind, str) or not kind:
        return None
    return Geocoding(
        kind=kind[:LONGEST],
        heights=_text(rest.get("heights")),
        error_m=number(rest.get("error_m")),
        shift_per_m=number(rest.get("shift_per_m")),
        basis=_text(rest.get("basis")),
    )
