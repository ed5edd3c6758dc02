"""From the two side-cars of Umbra, whichever is there, to what a delivery states."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard.model.acquisition import LookSide, PassDirection
from dashboard.model.errors import DamagedProductError, InputError
from dashboard.sources.details import Details, details
from dashboard.sources.facts import Facts
from dashboard.sources.record import polarisations
from dashboard.sources.values import listing, mapping, words

NEAR_DEG, FAR_DEG = 60.0, 120.0
"""An azimuth nearer than this to where the antenna must have looked is the look; farther, the way back from it."""
EXPECTED_LOOK = {
    (PassDirection.ASCENDING, LookSide.RIGHT): 78.0,
    (PassDirection.ASCENDING, LookSide.LEFT): 258.0,
    (PassDirection.DESCENDING, LookSide.RIGHT): 282.0,
    (PassDirection.DESCENDING, LookSide.LEFT): 102.0,
}
"""Degrees, from orbits near the poles, in middle latitudes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What the side-car states, under one set of names."""

    start: datetime
    stop: datetime
    platform: str | None
    mode: str | None
    polarisations: tuple[str, ...]
    look: LookSide | None
    pass_direction: PassDirection | None
    incidence_deg: float | None
    azimuth_deg: float | None
    resolution_m: float | None
    frequency_ghz: float | None
    received: datetime | None
    geometry: object | None
    """GeoJSON with heights."""
    details: Details
    texts: tuple[str, ...]
    """Where a caveat may stand."""
    properties: Mapping[str, Any]
    """Of the STAC item, for its handling and licence."""

    @property
    def look_azimuth_deg(self) -> float | None:
        """Direction in which the radar looked.

        Documents do not say whether the stated azimuth points to the target or from it; side and pass decide.
        """
        if self.azimuth_deg is None or self.look is None or self.pass_direction is None:
            return None
        apart = abs((self.azimuth_deg - EXPECTED_LOOK[self.pass_direction, self.look] + 180.0) % 360.0 - 180.0)
        if NEAR_DEG < apart < FAR_DEG:
            return None
        return (self.azimuth_deg + (180.0 if apart >= FAR_DEG else 0.0)) % 360.0


def legacy(content: Mapping[str, Any], name: str) -> Stated:
    """Return what a METADATA.json states.

    Raises
    ------
    DamagedProductError
        If a field is missing or wrong; the message names the file and the field.
    """
    facts = Facts(content, name)
    collects = facts.records("collects", most=64)
    if not collects:
        raise facts.missing("collects")
    first = collects[0]
    finest = [first.number(f"maxGroundResolution/{side}Meters", 0.01, 1e3) for side in ("range", "azimuth")]
    derived = mapping(content.get("derivedProducts"))
    gec = Facts(mapping((listing(derived.get("GEC")) or [None])[0]), f"{name}: derivedProducts/GEC")
    ground = [gec.number(f"groundResolution/{side}Meters", 0.01, 1e3) for side in ("range", "azimuth")]
    ground = ground if None not in ground else finest
    stated = {
        "proc:raw_platform": facts.text("umbraSatelliteName"),
        "sar:resolution_range": ground[0],
        "sar:resolution_azimuth": ground[1],
        "proc:best_resolution_range": finest[0],
        "proc:best_resolution_azimuth": finest[1],
        "proc:grazing_angle": first.number("angleGrazingDegrees", -90, 90),
        "proc:squint": first.number("angleSquintDegrees", -360, 360),
        "view:azimuth": first.number("angleAzimuthDegrees", -360, 360),
        "proc:slant_range": first.number("slantRangeMeters", 0, 1e8),
        "proc:collect_ids": [one.text("id") or "" for one in collects],
        "proc:task_id": facts.text("taskId") or first.text("taskId"),
        "proc:product_sku": facts.text("productSku"),
        "proc:base_ipr": facts.number("baseIpr"),
        "proc:target_ipr": facts.number("targetIpr"),
        "proc:metadata_version": facts.text("version"),
        "processing:facility": facts.text("vendor"),
        "proc:order_type": facts.text("orderType"),
    }
    start, stop = _period(first, "startAtUTC", "endAtUTC", collects[-1])
    return Stated(
        start=start,
        stop=stop,
        platform=facts.text("umbraSatelliteName"),
        mode=facts.text("imagingMode"),
        polarisations=_polarisations(first, "polarizations"),
        look=first.choice(LookSide, "observationDirection"),
        pass_direction=first.choice(PassDirection, "satelliteTrack"),
        incidence_deg=first.number("angleIncidenceDegrees", 0, 90),
        azimuth_deg=first.number("angleAzimuthDegrees", -360, 360),
        resolution_m=_coarser(ground),
        frequency_ghz=_ghz(first.number("radarCenterFrequencyHz", 0, 1e12)),
        received=gec.time("createdAtUTC") or facts.time("createdAtUTC"),
        geometry=first.value("footprintPolygonLla") or facts.value("footprintPolygonLla"),
        details=details(stated),
        texts=words(content.get("notes"), commas=False),
        properties={},
    )


def stac(content: Mapping[str, Any], name: str) -> Stated:
    """Return what a .stac.v2.json states; raises as `legacy` does."""
    facts = Facts(mapping(content.get("properties")), name)
    best = [facts.number(f"umbra:best_resolution_{side}_meters", 0.01, 1e3) for side in ("range", "azimuth")]
    ground = [facts.number(f"sar:resolution_{side}", 0.01, 1e3) for side in ("range", "azimuth")]
    ground = ground if None not in ground else best
    squint = facts.number("umbra:squint_angle_degrees_off_broadside", -360, 360)
    stated = {
        "proc:raw_platform": facts.text("platform"),
        "sar:resolution_range": ground[0],
        "sar:resolution_azimuth": ground[1],
        "proc:best_resolution_range": best[0],
        "proc:best_resolution_azimuth": best[1],
        "proc:grazing_angle": facts.number("umbra:grazing_angle_degrees", -90, 90),
        "proc:squint": facts.number("umbra:squint_angle_degrees", -360, 360) if squint is None else squint,
        "view:azimuth": facts.number("umbra:target_azimuth_angle_degrees", -360, 360),
        "proc:slant_range": facts.number("umbra:slant_range_meters", 0, 1e8),
        "proc:collect_ids": list(words(facts.value("umbra:collect_ids") or facts.value("umbra:collect_id"))) or None,
        "proc:task_id": facts.text("umbra:task_id"),
        "proc:product_sku": facts.text("umbra:product_sku"),
    }
    start, stop = _period(facts, "start_datetime", "end_datetime", facts)
    return Stated(
        start=start,
        stop=stop,
        platform=facts.text("platform"),
        mode=facts.text("sar:instrument_mode"),
        polarisations=_polarisations(facts, "sar:polarizations"),
        look=facts.choice(LookSide, "sar:observation_direction"),
        pass_direction=facts.choice(PassDirection, "sat:orbit_state"),
        incidence_deg=facts.number("view:incidence_angle", 0, 90),
        azimuth_deg=facts.number("umbra:target_azimuth_angle_degrees", -360, 360),
        resolution_m=_coarser(ground),
        frequency_ghz=_ghz(facts.number("sar:center_frequency", 0, 1e12)),
        received=facts.time("published") or facts.time("created"),
        geometry=content.get("geometry"),
        details=details(stated),
        texts=words(facts.value("description"), commas=False),
        properties=facts.content,
    )


def _period(first: Facts, start: str, stop: str, last: Facts) -> tuple[datetime, datetime]:
    begun = first.need_time(start)
    ended = last.time(stop) or begun
    if ended < begun:
        msg = f"{first.file}: {stop} ({ended.isoformat()}) lies before {start} ({begun.isoformat()})."
        raise DamagedProductError(msg)
    return begun, ended


def _polarisations(facts: Facts, path: str) -> tuple[str, ...]:
    try:
        return polarisations(facts.value(path))
    except InputError as error:
        msg = f"{facts.file}: {path}: {error}"
        raise DamagedProductError(msg) from error


def _coarser(found: list[float | None]) -> float | None:
    return max((value for value in found if value is not None), default=None)


def _ghz(found: float | None) -> float | None:
    """Return gigahertz: files write hertz, the item gigahertz."""
    return found / 1e9 if found is not None and found > 1e6 else found
