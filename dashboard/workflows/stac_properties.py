"""From an acquisition to the properties of its STAC item; the field map is in docs/stac.md."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dashboard.model.acquisition import Acquisition, Geocoding, Kind, Original, Pixels
from dashboard.model.handling import Handling
from dashboard.sources.values import words
from dashboard.workflows.stac_valid import needed, typed

BANDS_GHZ = (
    ("P", 0.3, 1.0),
    ("L", 1.0, 2.0),
    ("S", 2.0, 4.0),
    ("C", 4.0, 8.0),
    ("X", 8.0, 12.5),
    ("Ku", 12.5, 18.0),
    ("K", 18.0, 26.5),
    ("Ka", 26.5, 40.0),
)

FINER = frozenset({"sar:resolution_range", "sar:resolution_azimuth", "instruments"})
"""Fields in which a detail says more than the acquisition's own attribute."""

SOFTWARE = "processing:software"
UNSTATED_VERSION = "unstated"

OWN_WORD = "proc:"
"""Prefix of fields that no extension of STAC has."""

NOT_DETAILS = frozenset({"type", "id", "links", "assets", "bbox", "geometry", "providers", "datetime"})
"""Never taken from what a product states: they are the item's own, or need more than text."""


def properties_of(acq: Acquisition) -> dict[str, Any]:
    """Return the properties of an acquisition's item; what is not known is absent.

    Fields of the model come first. A detail with a name that STAC has takes its type from that field's schema; one
    that the schema would refuse, or that STAC does not know, is kept as text under ``proc:``.
    """
    found = {name: value for name, value in _known(acq).items() if value is not None}
    for field, text in acq.details:
        if field == SOFTWARE:
            found[SOFTWARE] = {**_programs(text), **found[SOFTWARE]}
            continue
        value = None if field in NOT_DETAILS or (_is_radar(field) and acq.kind is not Kind.SAR) else typed(field, text)
        if value is None:
            found.setdefault(_own(field), text)
        elif field not in found or field in FINER:
            found[field] = value
    for field, text in acq.details:
        if any(other not in found for other in needed(field)):
            found.pop(field, None)
            found.setdefault(_own(field), text)
    return found


def stamp(moment: datetime | None) -> str | None:
    """Return a moment as STAC writes it: RFC 3339 in UTC with ``Z``."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def frequency_band(frequency_ghz: float | None) -> str | None:
    """Return the common name of a radar band, or None outside all of them."""
    if frequency_ghz is None:
        return None
    return next((name for name, low, high in BANDS_GHZ if low <= frequency_ghz < high), None)


def _known(acq: Acquisition) -> dict[str, Any]:
    return {
        "datetime": stamp(acq.start + (acq.stop - acq.start) / 2),
        "start_datetime": stamp(acq.start),
        "end_datetime": stamp(acq.stop),
        "published": stamp(acq.received),
        "constellation": acq.constellation,
        "platform": acq.platform,
        "license": _licence(acq.handling),
        **(_radar(acq) if acq.kind is Kind.SAR else _optical(acq)),
        "sat:orbit_state": None if acq.pass_direction is None else acq.pass_direction.value,
        "sat:relative_orbit": acq.track if acq.track and acq.track > 0 else None,
        "view:incidence_angle": acq.incidence_deg,
        "product:type": acq.level or None,
        **_grid(acq.pixels),
        **_calibration(acq),
        **_geocoding(acq.geocoding),
        "proc:original": None if acq.original is None else _original(acq.original),
        **marking_of(acq.handling),
        "proc:look_azimuth": acq.look_azimuth_deg,
        "proc:reader": acq.origin.reader,
        "proc:reader_version": acq.origin.reader_version,
        "proc:product_sha256": acq.origin.product_sha256,
        "proc:product_files": {Path(name).name: digest for name, digest in acq.origin.files},
        "proc:guessed": sorted(acq.origin.guessed) or None,
        SOFTWARE: {"nightglass": acq.origin.reader_version},
    }


def _radar(acq: Acquisition) -> dict[str, Any]:
    return {
        "instruments": ["sar"],
        "sar:instrument_mode": acq.mode or None,
        "sar:frequency_band": frequency_band(acq.frequency_ghz),
        "sar:center_frequency": acq.frequency_ghz,
        "sar:polarizations": list(acq.polarisations) or None,
        "sar:observation_direction": None if acq.look is None else acq.look.value,
        "sar:looks_equivalent_number": acq.looks,
        # The range field carries it too: one number is known, and the coarser of both is what it is.
        "sar:resolution_range": acq.resolution_m,
        "sar:resolution_azimuth": acq.resolution_m,
    }


def _optical(acq: Acquisition) -> dict[str, Any]:
    """Visible bands: no word of the radar extension, which would make a search for radar find them."""
    return {
        "proc:kind": acq.kind.value,
        "proc:mode": acq.mode or None,
        "gsd": acq.resolution_m if acq.resolution_m is not None and acq.resolution_m > 0 else None,
    }


def _grid(pixels: Pixels | None) -> dict[str, Any]:
    if pixels is None:
        return {}
    code = pixels.crs if ":" in pixels.crs and "[" not in pixels.crs else None
    return {
        "proj:code": code,
        "proj:wkt2": None if code else pixels.crs,
        "proj:shape": list(pixels.shape),
        "proj:transform": list(pixels.transform),
    }


def _calibration(acq: Acquisition) -> dict[str, Any]:
    """Calibration of the archived numbers: power = DN² / scale². Without pixels nothing is calibrated here."""
    stated, pixels = acq.calibration, acq.pixels
    here = stated.valid and pixels is not None
    cal = {
        "kind": "scale" if here else "none",
        "quantity": None if stated.quantity is None else stated.quantity.value,
        "params": None if pixels is None else {"k": pixels.amplitude_scale**-2},
        "valid": here,
        "why_not": stated.why_not or ("the pixels are not here" if pixels is None else None),
    }
    return {
        "proc:cal": {name: value for name, value in cal.items() if value is not None},
        "proc:amplitude_scale": None if pixels is None else pixels.amplitude_scale,
    }


def _geocoding(geo: Geocoding | None) -> dict[str, Any]:
    if geo is None:
        return {}
    stated = {"heights": geo.heights, "error_m": geo.error_m, "shift_per_m": geo.shift_per_m, "basis": geo.basis}
    return {
        "proc:geo_kind": geo.kind,
        "proc:geocoding": {name: value for name, value in stated.items() if value not in {None, ""}},
    }


def _original(was: Original) -> dict[str, Any]:
    """Name, hash and shape of the delivered image; where it lies on this machine is nobody else's business."""
    return {
        "name": was.path.replace("\\", "/").rpartition("/")[2],
        "sha256": was.sha256,
        "shape": list(was.shape),
        "complex": was.complex,
    }


def marking_of(handling: Handling) -> dict[str, Any]:
    """Return the fields that say who may see an item; what was not stated is None."""
    return {
        "rel:marking": handling.marking or None,
        "rel:rank": int(handling.rank),
        "rel:tlp": None if handling.tlp is None else handling.tlp.label,
        "rel:releasable_to": None if handling.releasable_to is None else sorted(handling.releasable_to),
        "rel:caveats": sorted(handling.caveats) or None,
        "rel:regime": sorted(handling.regimes) or None,
        "rel:attributions": sorted(handling.attributions) or None,
        "rel:licence_redistribution": handling.redistribution,
        "rel:licence_derivative": handling.derivatives,
        "rel:embargo_until": stamp(handling.embargo_until),
        "rel:conflict": handling.conflict or None,
    }


def _programs(text: str) -> dict[str, str]:
    """Return name -> version of the programs that a product names, such as ``L0 1.0, L1A 1.1``."""
    found = {}
    for part in words(text):
        name, _, version = part.rpartition(" ")
        if not any(letter.isdigit() for letter in version):
            name, version = part, UNSTATED_VERSION
        found[name or "processor"] = version
    return found


def _licence(handling: Handling) -> str:
    """Return the one licence that is an SPDX name, else ``other``."""
    named = [regime for regime in handling.regimes if regime.startswith("CC-BY") or regime == "CC0-1.0"]
    return named[0] if len(named) == 1 else "other"


def _is_radar(field: str) -> bool:
    return field.startswith("sar:")


def _own(field: str) -> str:
    return field if field.startswith(OWN_WORD) else OWN_WORD + field.replace(":", "_")
