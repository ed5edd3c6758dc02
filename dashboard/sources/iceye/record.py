"""From the properties of a current ICEYE product to an acquisition."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from shapely.geometry.base import BaseGeometry

from dashboard.model.acquisition import Acquisition, LookSide, Origin, PassDirection
from dashboard.model.errors import DamagedProductError
from dashboard.sources.details import Details, details
from dashboard.sources.facts import Facts
from dashboard.sources.marking import handling
from dashboard.sources.orbit_states import Track, track
from dashboard.sources.record import polarisations
from dashboard.sources.values import kebab, safe_id

MODES = {"spotlight": "spotlight", "stripmap": "stripmap", "scan": "scansar"}
"""`sar:instrument_mode` -> normalised word; Dwell modes are known by their token."""
ERROR_M = {"SC": 15.0, "SCW": 27.0}
ERROR_ELSE_M = 6.0
BASIS = "ICEYE product documentation: worst root mean square error of the fleet"
PLAIN = (
    "sar:frequency_band", "sar:looks_range", "sar:looks_azimuth", "sar:pixel_spacing_range",
    "sar:pixel_spacing_azimuth", "sar:resolution_range", "sar:resolution_azimuth", "view:off_nadir", "view:azimuth",
    "sat:absolute_orbit", "sat:relative_orbit",
)  # fmt: skip
"""Fields that keep their STAC names."""
RENAMED = {
    "proc:inc_near": "iceye:incidence_angle_near",
    "proc:inc_far": "iceye:incidence_angle_far",
    "proc:grazing_angle": "iceye:grazing_angle",
    "proc:squint": "iceye:squint_angle",
    "proc:layover_angle": "iceye:layover_angle",
    "proc:shadow_angle": "iceye:shadow_angle",
    "proc:doppler_cone_angle": "iceye:doppler_cone_angle",
    "proc:range_near": "iceye:range_near",
    "proc:range_centre": "iceye:range",
    "proc:range_far": "iceye:range_far",
    "proc:resolution_range_near": "iceye:resolution_range_near",
    "proc:resolution_range_far": "iceye:resolution_range_far",
    "proc:scene_height": "iceye:average_scene_height",
    "proc:calibration_factor": "iceye:calibration_factor",
    "proc:image_id": "iceye:image_id",
    "proc:image_reference": "iceye:image_reference",
    "proc:scene_id": "iceye:scene_id",
    "proc:frame_number": "iceye:frame_number",
    "proc:run_name": "iceye:run_name",
    "proc:orbit_precision": "iceye:orbit_precision",
    "proc:orientation": "iceye:orientation",
    "proc:coordinate_frame": "iceye:coordinate_frame",
    "proc:zero_doppler_start": "iceye:zero_doppler_start_datetime",
    "proc:zero_doppler_end": "iceye:zero_doppler_end_datetime",
}
"""Field of the details -> key of the product."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a file's name or the caller adds."""

    id: str
    mode: str | None = None
    level: str
    """``GRD``, ``SLC`` or ``CSI``."""


def polarisation_of(facts: Facts) -> tuple[str, frozenset[str]]:
    """Return the one polarisation, and which fields are guessed: all of ICEYE's products are VV where none is stated.

    Raises
    ------
    DamagedProductError
        If several or unknown ones are stated.
    """
    return the_polarisation(facts, "sar:polarizations", facts.value("sar:polarizations"))


def the_polarisation(facts: Facts, field: str, stated: object) -> tuple[str, frozenset[str]]:
    """Return the one polarisation of a stated list, and which fields are guessed: all products are VV if none is."""
    try:
        found = polarisations(stated)
    except DamagedProductError as error:
        msg = f"{facts.file}: {field}: {error}"
        raise DamagedProductError(msg) from error
    if len(found) > 1:
        raise facts.wrong(field, stated, "one polarisation, for the image has one")
    return (found[0], frozenset()) if found else ("VV", frozenset({"polarisations"}))


def flight(facts: Facts) -> Track | None:
    """Return the orbit, or None where it is not stated or not fixed to the earth."""
    frame = (facts.text("iceye:coordinate_frame") or "ecef").lower()
    return track(facts.records("iceye:orbit_states")) if frame == "ecef" else None


def look_azimuth(facts: Facts, path: Track | None) -> float | None:
    """Return the look direction on the ground: from the orbit at mid-scene, else as stated, else None."""
    lat, lon = facts.number("proj:centroid/lat", -90, 90), facts.number("proj:centroid/lon", -360, 360)
    first, last = facts.time("iceye:zero_doppler_start_datetime"), facts.time("iceye:zero_doppler_end_datetime")
    if path and lat is not None and lon is not None and first and last:
        middle = first + (last - first) / 2
        if path.covers(middle):
            return path.look_azimuth(middle, (lon, lat))
    stated = facts.number("view:azimuth", -360, 720)
    return None if stated is None else stated % 360.0


def acquisition(facts: Facts, named: Named, footprint: BaseGeometry, origin: Origin) -> Acquisition:
    """Return the acquisition without what its pixels say (calibration, geocoding, original).

    Raises
    ------
    DamagedProductError
        If a field is missing that every product has, or cannot be understood.
    """
    start, stop = _period(facts)
    polarisation, guessed = polarisation_of(facts)
    mode = facts.text("iceye:processing_mode") or named.mode
    incidence = facts.number("view:incidence_angle", 0.0, 90.0)
    return Acquisition(
        id=safe_id(named.id) or "iceye",
        constellation="iceye",
        platform=_platform(facts),
        start=start,
        stop=stop,
        mode=mode or facts.text("sar:instrument_mode"),
        polarisations=(polarisation,),
        look=facts.choice(LookSide, "sar:observation_direction"),
        pass_direction=facts.choice(PassDirection, "sat:orbit_state"),
        track=facts.whole("sat:relative_orbit", 1, 100_000),
        incidence_deg=incidence,
        look_azimuth_deg=look_azimuth(facts, flight(facts)),
        resolution_m=_resolution(facts, named.level, incidence),
        looks=_looks(facts),
        frequency_ghz=frequency(facts, "sar:center_frequency"),
        level=named.level,
        footprint=footprint,
        handling=handling(facts.content, "iceye", start.year),
        received=facts.time("iceye:processing_end_datetime") or facts.time("created"),
        details=_details(facts, named, mode),
        origin=replace(origin, guessed=origin.guessed | guessed),
    )


def frequency(facts: Facts, path: str) -> float | None:
    """Return GHz: products state Hz, the catalogue GHz."""
    found = facts.number(path, 0.0, 1e12)
    return found / 1e9 if found is not None and found > 1e6 else found


def error_m(mode: str | None) -> float:
    """Return the documented position error of a mode, metres."""
    return ERROR_M.get(mode or "", ERROR_ELSE_M)


def _period(facts: Facts) -> tuple[datetime, datetime]:
    start = facts.need_time("start_datetime")
    stop = facts.time("end_datetime") or start
    if stop < start:
        raise facts.wrong("end_datetime", stop, "later than start_datetime")
    return start, stop


def _platform(facts: Facts) -> str | None:
    found = kebab(facts.text("platform"))
    return found if found is None or found.startswith("iceye") else f"iceye-{found}"


def _resolution(facts: Facts, level: str, incidence: float | None) -> float | None:
    """Return the coarser resolution on the ground; in an SLC that of range lies in the slant plane."""
    across, along = (facts.number(f"sar:resolution_{axis}", 0.0, 1e4) for axis in ("range", "azimuth"))
    if across is not None and _plane(facts, level) == "slant":
        across = across / np.sin(np.radians(incidence)) if incidence else None
    stated = [value for value in (across, along) if value]
    return float(max(stated)) if len(stated) == 2 else None


def _plane(facts: Facts, level: str) -> str:
    return facts.text("iceye:plane") or ("slant" if level == "SLC" else "ground")


def _looks(facts: Facts) -> float | None:
    stated = facts.number("sar:looks_equivalent_number", 0.0, 1e6)
    down, across = facts.number("sar:looks_range", 0.0, 1e4), facts.number("sar:looks_azimuth", 0.0, 1e4)
    product = down * across if down and across else None
    return stated or product


def _details(facts: Facts, named: Named, mode: str | None) -> Details:
    instrument = facts.text("sar:instrument_mode")
    dwell = (mode or "").startswith("SLED")
    software = facts.value("processing:software")
    stated: dict[str, object] = {
        "proc:raw_platform": facts.text("platform"),
        "sar:instrument_mode": instrument,
        "proc:mode_class": "dwell" if dwell else MODES.get((instrument or "").lower()),
        "product:type": named.level,
        "processing:level": "L1",
        "processing:datetime": facts.time("iceye:processing_end_datetime"),
        "created": facts.time("created"),
        "processing:software": [f"{k} {v}" for k, v in software.items()] if isinstance(software, Mapping) else software,
        "sar:center_frequency": frequency(facts, "sar:center_frequency"),
        "proc:range_plane": _plane(facts, named.level),
        "proc:amplitude_mapping": facts.text("iceye:amplitude_mapping/function"),
        "license": facts.text("license"),
        "description": facts.text("description"),
    }
    stated |= {field: scalar(facts.value(field)) for field in PLAIN}
    stated |= {field: scalar(facts.value(key)) for field, key in RENAMED.items()}
    return details(stated)


def scalar(value: object) -> object:
    """Return one number or text; anything else is no detail."""
    return value if isinstance(value, str | int | float) else None
