"""From Capella's extended metadata to an acquisition."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shapely.geometry.base import BaseGeometry

from dashboard.model.acquisition import Acquisition, Calibration, LookSide, Origin, PassDirection, Quantity
from dashboard.model.handling import Handling
from dashboard.sources.capella.place import GEOMETRY, IMAGE, centre_of, flight_of
from dashboard.sources.details import Details, details
from dashboard.sources.facts import Facts
from dashboard.sources.marking import handling
from dashboard.sources.record import polarisations
from dashboard.sources.values import kebab, safe_id

MODES = {"spotlight": "SP", "stripmap": "SM", "sliding_spotlight": "SS"}
"""`collect.mode` -> the token of the name."""
RADIOMETRY = {"beta_nought": Quantity.BETA0, "sigma_nought": Quantity.SIGMA0, "gamma_nought": Quantity.GAMMA0}
TRUSTED = ("full", "partial", "limited")
"""Words of `calibration` with which pixels count as calibrated; all but the first with a warning."""
CENTRE = f"{IMAGE}/center_pixel"
DETAILS = {
    "proc:raw_platform": "collect/platform",
    "sar:instrument_mode": "collect/mode",
    "proc:mode_class": "collect/mode",
    "product:type": "product_type",
    "proc:collect_id": "collect/collect_id",
    "proc:product_version": "product_version",
    "processing:software": "software_version",
    "proc:local_time": "collect/local_datetime",
    "proc:look_angle": f"{CENTRE}/look_angle",
    "proc:squint": f"{CENTRE}/squint_angle",
    "proc:layover_angle": f"{CENTRE}/layover_angle",
    "proc:pixel_spacing_row": f"{IMAGE}/pixel_spacing_row",
    "proc:pixel_spacing_column": f"{IMAGE}/pixel_spacing_column",
    "sar:resolution_range": f"{IMAGE}/range_resolution",
    "sar:resolution_azimuth": f"{IMAGE}/azimuth_resolution",
    "proc:ground_range_resolution": f"{IMAGE}/ground_range_resolution",
    "proc:ground_azimuth_resolution": f"{IMAGE}/ground_azimuth_resolution",
    "sar:looks_range": f"{IMAGE}/range_looks",
    "sar:looks_azimuth": f"{IMAGE}/azimuth_looks",
    "sar:looks_equivalent_number": f"{IMAGE}/enl",
    "proc:algorithm": f"{IMAGE}/algorithm",
    "proc:image_geometry": f"{GEOMETRY}/type",
    "proc:range_near": f"{GEOMETRY}/range_to_first_sample",
    "proc:zero_doppler_start": f"{GEOMETRY}/first_line_time",
    "proc:scale_factor": f"{IMAGE}/scale_factor",
    "proc:radiometry": f"{IMAGE}/radiometry",
    "proc:calibration": f"{IMAGE}/calibration",
    "proc:calibration_id": f"{IMAGE}/calibration_id",
    "proc:nesz_peak": f"{IMAGE}/nesz_peak",
    "proc:orbit_precision": "collect/state/source",
    "proc:focusing_terrain": f"{IMAGE}/terrain_models/focusing/name",
    "proc:reprojection_terrain": f"{IMAGE}/terrain_models/reprojection/name",
    "license": "license",
    "proc:copyright": "copyright",
}
"""Field of the details -> path in the metadata."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a file's name and the STAC item of the bundle add."""

    id: str
    mode: str | None = None
    stac: Mapping[str, Any]
    """Properties of the item; empty when there is none."""


def acquisition(facts: Facts, named: Named, footprint: BaseGeometry, origin: Origin) -> Acquisition:
    """Return the acquisition without what its pixels say (geocoding, original).

    Raises
    ------
    DamagedProductError
        If a field is missing that every product has, or cannot be understood.
    """
    start, stop = _period(facts)
    word = (facts.text("collect/mode") or "").lower()
    return Acquisition(
        id=safe_id(named.id) or "capella",
        constellation="capella",
        platform=kebab(facts.text("collect/platform")),
        start=start,
        stop=stop,
        mode=named.mode or MODES.get(word) or word or None,
        polarisations=(polarisation_of(facts),),
        look=facts.choice(LookSide, "collect/radar/pointing"),
        pass_direction=facts.choice(PassDirection, "collect/state/direction"),
        incidence_deg=incidence_of(facts),
        look_azimuth_deg=look_azimuth(facts),
        resolution_m=_resolution(facts),
        looks=looks_of(facts),
        frequency_ghz=_gigahertz(facts.number("collect/radar/center_frequency", 0.0, 1e12)),
        level=level_of(facts),
        footprint=footprint,
        calibration=calibration_of(facts),
        handling=_handling(facts, named.stac, start.year),
        received=facts.time("processing_time"),
        details=_details(facts),
        origin=origin,
    )


def level_of(facts: Facts) -> str:
    """Return the product's word, ``SLC``, ``GEO``, ``GEC`` or ``CSI``; its absence is damage."""
    return facts.need_text("product_type").upper()


def polarisation_of(facts: Facts) -> str:
    """Return transmitted and received polarisation as one word.

    Raises
    ------
    DamagedProductError
        If one is missing or unknown.
    """
    found = "".join(facts.need_text(f"collect/radar/{end}_polarization").upper() for end in ("transmit", "receive"))
    if found not in {"HH", "VV", "HV", "VH"}:
        raise facts.wrong("collect/radar/transmit_polarization and receive_polarization", found, "H or V each")
    return polarisations(found)[0]


def calibration_of(facts: Facts) -> Calibration:
    """Return whether the pixels are a physical quantity; Capella's own word for it counts."""
    word = (facts.text(f"{IMAGE}/calibration") or "").lower()
    radiometry = (facts.text(f"{IMAGE}/radiometry") or "").lower()
    quantity = RADIOMETRY.get(radiometry)
    if level_of(facts) == "CSI":
        return Calibration(
            valid=False, why_not="a coloured sub-aperture image is made for the eye: its bands are no backscatter"
        )
    if word not in TRUSTED:
        stated = f"as {word[:30]}" if word else "nowhere"
        return Calibration(valid=False, why_not=f"the product states its calibration {stated}")
    if quantity is None:
        return Calibration(valid=False, why_not=f"the product states its radiometry as {radiometry[:30] or 'nothing'}")
    if facts.number(f"{IMAGE}/scale_factor", 1e-30, 1e30) is None:
        return Calibration(valid=False, why_not="the product states no scale factor")
    return Calibration(valid=True, quantity=quantity)


def calibration_note(facts: Facts) -> str | None:
    """Return the warning that comes with a calibration that the vendor calls less than full."""
    word = (facts.text(f"{IMAGE}/calibration") or "").lower()
    if word not in TRUSTED[1:]:
        return None
    return f"the vendor calls the calibration {word} and does not document how far off it may be"


def incidence_of(facts: Facts) -> float | None:
    """Return the incidence angle at the central pixel."""
    return facts.number(f"{CENTRE}/incidence_angle", 0.0, 90.0)


def look_azimuth(facts: Facts) -> float | None:
    """Return the look direction on the ground, from the orbit and the central pixel; None without them."""
    flight, centre, moment = flight_of(facts), centre_of(facts), facts.time(f"{CENTRE}/center_time")
    if flight is None or centre is None or moment is None or not flight.covers(moment):
        return None
    return flight.look_azimuth(moment, centre[:2])


def looks_of(facts: Facts) -> float | None:
    """Return the equivalent number of looks, else the product of the nominal ones."""
    stated = facts.number(f"{IMAGE}/enl", 0.0, 1e6)
    down, across = (facts.number(f"{IMAGE}/{axis}_looks", 0.0, 1e4) for axis in ("range", "azimuth"))
    return stated or (down * across if down and across else None)


def _period(facts: Facts) -> tuple[datetime, datetime]:
    start = facts.need_time("collect/start_timestamp")
    stop = facts.time("collect/stop_timestamp") or start
    if stop < start:
        raise facts.wrong("collect/stop_timestamp", stop, "later than collect/start_timestamp")
    return start, stop


def _resolution(facts: Facts) -> float | None:
    across = facts.number(f"{IMAGE}/ground_range_resolution", 0.0, 1e4)
    along = facts.number(f"{IMAGE}/ground_azimuth_resolution", 0.0, 1e4)
    along = along or facts.number(f"{IMAGE}/azimuth_resolution", 0.0, 1e4)
    return max(across, along) if across and along else None


def _gigahertz(hertz: float | None) -> float | None:
    return None if hertz is None else hertz / 1e9 if hertz > 1e6 else hertz


def _handling(facts: Facts, stac: Mapping[str, Any], year: int) -> Handling:
    """Return markings of the item, the licence and the credit line; what calls itself synthetic keeps that word."""
    licence, credit = facts.text("license") or "", facts.text("copyright") or ""
    stated = {key: value for key, value in stac.items() if key.startswith("rel:") or key == "license"}
    found = handling(stated, "capella", year)
    if "creativecommons.org/licenses/by/4.0" in licence.lower():
        found = replace(found, regimes=found.regimes | {"CC-BY-4.0"})
    elif licence:
        found = replace(found, regimes=found.regimes | {"Capella licence"})
    if "SYNTHETIC" in credit.upper():
        return replace(found, caveats=found.caveats | {credit})
    return replace(found, attributions=found.attributions | {credit}) if credit else found


def _details(facts: Facts) -> Details:
    stated: dict[str, object] = {"processing:level": "L1", "processing:datetime": facts.time("processing_time")}
    stated |= {field: _plain(facts.value(path)) for field, path in DETAILS.items()}
    stated["sar:center_frequency"] = _gigahertz(facts.number("collect/radar/center_frequency", 0.0, 1e12))
    return details(stated)


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float) else None
