"""From the words of a legacy ICEYE product to an acquisition."""

from dataclasses import replace
from datetime import datetime

import numpy as np
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from dashboard.model.acquisition import Acquisition, LookSide, Origin, PassDirection
from dashboard.sources.details import Details, details
from dashboard.sources.facts import Facts
from dashboard.sources.footprint import clean_footprint
from dashboard.sources.geocode.points import ControlPoint
from dashboard.sources.iceye.legacy_words import vector, words
from dashboard.sources.iceye.record import Named, frequency, the_polarisation
from dashboard.sources.marking import handling
from dashboard.sources.orbit_states import Track, from_arrays
from dashboard.sources.values import kebab, safe_id

CORNERS = ("coord_first_near", "coord_first_far", "coord_last_far", "coord_last_near")
"""Around the image. Each: column and row from 1, latitude, longitude."""
UNKNOWN = 99_999
"""Stands for an orbit number that is not known."""
DETAILS = {
    "proc:raw_platform": "satellite_name",
    "sar:instrument_mode": "acquisition_mode",
    "proc:product_type": "product_type",
    "proc:product_file": "product_file",
    "proc:spec_version": "spec_version",
    "processing:software": "processor_version",
    "proc:inc_near": "incidence_near",
    "proc:inc_far": "incidence_far",
    "proc:look_angle": "satellite_look_angle",
    "proc:heading": "heading",
    "sar:looks_range": "range_looks",
    "sar:looks_azimuth": "azimuth_looks",
    "sar:resolution_azimuth": "azimuth_resolution",
    "sar:resolution_range": "range_resolution_center",
    "sat:absolute_orbit": "orbit_absolute_number",
    "proc:orbit_precision": "orbit_processing_level",
    "proc:orientation": "data_orientation",
    "proc:calibration_factor": "calibration_factor",
    "proc:scene_height": "avg_scene_height",
    "proc:zero_doppler_start": "zerodoppler_start_utc",
    "proc:zero_doppler_end": "zerodoppler_end_utc",
    "proc:acquisition_id": "acquisition_id",
    "proc:terrain": "gcp_terrain_model",
}
"""Field of the details -> name in the product."""


def acquisition(facts: Facts, named: Named, footprint: BaseGeometry, origin: Origin) -> Acquisition:
    """Return the acquisition without what its pixels say (calibration, geocoding, original).

    Raises
    ------
    DamagedProductError
        If a field is missing that every product has, or cannot be understood.
    """
    start, stop = _period(facts)
    polarisation, guessed = polarisation_of(facts)
    track = facts.whole("orbit_relative_number", 0)
    return Acquisition(
        id=safe_id(named.id) or "iceye",
        constellation="iceye",
        platform=kebab(facts.text("satellite_name")),
        start=start,
        stop=stop,
        mode=named.mode or facts.text("acquisition_mode"),
        polarisations=(polarisation,),
        look=facts.choice(LookSide, "look_side"),
        pass_direction=facts.choice(PassDirection, "orbit_direction"),
        track=track if track and track != UNKNOWN else None,
        incidence_deg=incidence_of(facts),
        look_azimuth_deg=look_azimuth(facts),
        resolution_m=_resolution(facts),
        looks=_looks(facts),
        frequency_ghz=frequency(facts, "carrier_frequency"),
        level=named.level,
        footprint=footprint,
        handling=handling({}, "iceye", start.year),
        received=facts.time("processing_time"),
        details=_details(facts, named),
        origin=replace(origin, guessed=origin.guessed | guessed),
    )


def polarisation_of(facts: Facts) -> tuple[str, frozenset[str]]:
    """Return the one polarisation, and which fields are guessed: all products are VV where none is stated."""
    return the_polarisation(facts, "polarization", facts.text("polarization"))


def flight(facts: Facts) -> Track | None:
    """Return the orbit, or None where its states are not listed."""
    times = words(facts, "state_vector_time_utc")
    axes = [vector(facts, f"pos{axis}") for axis in "xyz"]
    if not times or any(axis is None for axis in axes):
        return None
    lengths = [len(axis) for axis in axes if axis is not None]
    if set(lengths) != {len(times)}:
        raise facts.wrong("posX, posY, posZ", f"{lengths} long", f"{len(times)} long, as state_vector_time_utc is")
    moments = [Facts({"state_vector_time_utc": t}, facts.file).need_time("state_vector_time_utc") for t in times]
    return from_arrays(moments, np.stack([axis for axis in axes if axis is not None], axis=1), facts.file)


def look_azimuth(facts: Facts) -> float | None:
    """Return the look direction on the ground: from the orbit at mid-scene, else from the heading, else None."""
    path, centre = flight(facts), vector(facts, "coord_center")
    first, last = facts.time("zerodoppler_start_utc"), facts.time("zerodoppler_end_utc")
    if path is not None and centre is not None and len(centre) == 4 and first and last:
        middle = first + (last - first) / 2
        if path.covers(middle):
            return path.look_azimuth(middle, (float(centre[3]), float(centre[2])))
    heading, look = facts.number("heading", -360, 360), facts.choice(LookSide, "look_side")
    if heading is None or look is None:
        return None
    return (heading + (90.0 if look is LookSide.RIGHT else -90.0)) % 360.0


def incidence_of(facts: Facts) -> float | None:
    """Return the incidence at the centre, half way between near and far where only those are stated."""
    centre = facts.number("incidence_center", 0.0, 90.0)
    near, far = facts.number("incidence_near", 0.0, 90.0), facts.number("incidence_far", 0.0, 90.0)
    return centre if centre is not None or near is None or far is None else (near + far) / 2


def corners(facts: Facts) -> list[ControlPoint]:
    """Return the four corners that are stated, counted from the centre of the first pixel; else an empty list.

    Raises
    ------
    DamagedProductError
        If one is not four numbers.
    """
    stated = [vector(facts, name) for name in CORNERS]
    if any(corner is None for corner in stated):
        return []
    for name, corner in zip(CORNERS, stated, strict=True):
        if corner is None or len(corner) != 4:
            raise facts.wrong(name, corner, "column, row, latitude, longitude")
    return [ControlPoint(c[1] - 1, c[0] - 1, c[3], c[2], 0.0) for c in stated if c is not None]


def corner_footprint(points: list[ControlPoint]) -> BaseGeometry | None:
    """Return the polygon of the four corners, or None."""
    return clean_footprint(Polygon([(p.lon, p.lat) for p in points])) if len(points) == 4 else None


def _period(facts: Facts) -> tuple[datetime, datetime]:
    start = facts.need_time("acquisition_start_utc")
    stop = facts.time("acquisition_end_utc") or start
    if stop < start:
        raise facts.wrong("acquisition_end_utc", stop, "later than acquisition_start_utc")
    return start, stop


def _resolution(facts: Facts) -> float | None:
    """Return the coarser resolution; that of range varies with the incidence in these products: it is on the ground."""
    across = facts.number("range_resolution_center", 0.0, 1e4)
    along = facts.number("azimuth_resolution", 0.0, 1e4)
    return max(across, along) if across and along else None


def _looks(facts: Facts) -> float | None:
    down, across = facts.number("range_looks", 0.0, 1e4), facts.number("azimuth_looks", 0.0, 1e4)
    return down * across if down and across else None


def _details(facts: Facts, named: Named) -> Details:
    bandwidth = facts.number("chirp_bandwidth", 0.0, 1e12)
    stated: dict[str, object] = {"product:type": named.level, "processing:level": "L1"}
    stated["sar:center_frequency"] = frequency(facts, "carrier_frequency")
    stated["sar:bandwidth"] = None if bandwidth is None else bandwidth / 1e9
    stated["processing:datetime"] = facts.time("processing_time")
    stated |= {field: _plain(facts.value(name)) for field, name in DETAILS.items()}
    range_spacing, azimuth_spacing = (
        next((v for name in pair if (v := facts.number(name, 0.0, 1e4))), None)
        for pair in (("range_spacing", "slant_range_spacing"), ("azimuth_spacing", "azimuth_ground_spacing"))
    )
    stated |= {"sar:pixel_spacing_range": range_spacing, "sar:pixel_spacing_azimuth": azimuth_spacing}
    return details(stated)


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float) else None
