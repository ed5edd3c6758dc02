"""What an ALOS product states beside the fields of an acquisition, under STAC's names where there are any."""

import numpy as np

from dashboard.sources.alos.leader import Leader
from dashboard.sources.alos.names import Name
from dashboard.sources.alos.summary import Summary
from dashboard.sources.details import Details, details

INSTRUMENTS = {"ALOS2": "palsar-2", "ALOS4": "palsar-3"}
LEVEL_WORDS = {"1.1": "SSC", "1.5G": "GEC", "1.5R": "MGD", "2.1": "GTC", "3.1G": "GEC", "3.1R": "MGD"}
SCANSAR = ("W", "V", "X")
"""First letters of the modes that sweep over several beams."""
SPOTLIGHT = frozenset({"SBS", "SPT"})
LIGHT_M_S = 299_792_458.0


def mode_class(name: Name) -> str:
    """Return the kind of imaging of a mode's code."""
    mode = name.words["mode"]
    if mode in SPOTLIGHT:
        return "spotlight"
    return "scansar" if mode.startswith(SCANSAR) else "stripmap"


def level_word(name: Name) -> str:
    """Return STAC's word for a level: SSC, MGD, GEC or GTC."""
    level, option = name.words["level"], name.words["option"]
    return LEVEL_WORDS.get(level) or LEVEL_WORDS.get(level + option) or level


def is_complex_level(name: Name) -> bool:
    """Whether the level is 1.1."""
    return name.words["level"] == "1.1"


def ground_resolution(leader: Leader) -> float | None:
    """Return the resolution in range on the ground.

    The leader does not say whether its figure is of the slant or of the ground; its bandwidth does: the figure is
    nearer to c / 2B, or to that over the sine of the incidence.
    """
    stated, band, incidence = leader.resolution_range_m, leader.bandwidth_range_khz, leader.incidence_deg
    if stated is None or band is None or not incidence:
        return stated
    slant = LIGHT_M_S / (2e3 * band)
    ground = slant / np.sin(np.radians(incidence))
    is_slant = abs(np.log(stated / slant)) < abs(np.log(stated / ground))
    return float(stated / np.sin(np.radians(incidence))) if is_slant else stated


def details_of(name: Name, leader: Leader | None, summary: Summary | None) -> Details:
    """Return everything stated that an acquisition has no field for."""
    found = details(
        {
            "instruments": INSTRUMENTS[name.satellite],
            "sar:frequency_band": "L",
            "proc:mode_class": mode_class(name),
            "processing:level": f"L{name.words['level']}",
            "proc:scene_id": name.scene,
            "proc:product_id": name.product,
            "proc:frame": name.words.get("frame"),
            "proc:scan": name.scan,
            "proc:range_plane": "slant" if is_complex_level(name) else "ground",
        }
    )
    return found + _of_leader(name, leader) + _of_summary(summary, leader)


def _of_leader(name: Name, leader: Leader | None) -> Details:
    if leader is None:
        orbit = name.words.get("orbit")
        return details({"sat:absolute_orbit": int(orbit) if orbit else None})
    across, along = _spacings(name, leader)
    return details(
        {
            "proc:raw_platform": leader.mission,
            "proc:sensor_mode": leader.sensor,
            "proc:beam": leader.beam,
            "sat:absolute_orbit": leader.orbit_number,
            "view:off_nadir": leader.off_nadir_deg,
            "sar:pixel_spacing_range": across,
            "sar:pixel_spacing_azimuth": along,
            "sar:resolution_range": leader.resolution_range_m,
            "sar:resolution_azimuth": leader.resolution_azimuth_m,
            "sar:looks_range": leader.looks_range,
            "sar:looks_azimuth": leader.looks_azimuth,
            "sar:bandwidth": leader.bandwidth_range_khz / 1e6 if leader.bandwidth_range_khz else None,
            "proc:prf_hz": leader.prf_mhz / 1e3 if leader.prf_mhz else None,
            "proc:wavelength_m": leader.wavelength_m,
            "proc:ellipsoid": leader.ellipsoid,
            "proc:map_projection": leader.chart.designator if leader.chart else None,
            "proc:utm_zone": leader.chart.zone if leader.chart else None,
            "proc:product_words": leader.product_type,
            "processing:software": leader.software,
        }
    )


def _spacings(name: Name, leader: Leader) -> tuple[float | None, float | None]:
    """Return spacing across and along the track.

    On level 1.1 the first of the two fields is the slant range step, whatever their names say: a product of JAXA
    states 1.430 and 2.196 m there, of which the first is c over twice the sampling rate.
    """
    first, second = leader.spacings_m
    return (first, second) if is_complex_level(name) else (second, first)


def _of_summary(summary: Summary | None, leader: Leader | None) -> Details:
    if summary is None:
        return details({"processing:facility": leader.facility if leader else None})
    made, _ = summary.processed()
    facility = summary.text("Lbi_ProcessFacility") or (leader.facility if leader else None)
    stated: dict[str, object] = {
        "processing:facility": facility,
        "processing:datetime": made,
        "proc:resampling": summary.text("Pds_ResamplingMethod"),
        "proc:map_direction": summary.text("Pds_MapDirection"),
        "proc:orbit_precision": summary.text("Pds_OrbitDataPrecision"),
        "proc:attitude_precision": summary.text("Pds_AttitudeDataPrecision"),
    }
    if leader is None:
        stated |= {
            "proc:raw_platform": summary.text("Lbi_Satellite"),
            "view:off_nadir": summary.number("Img_OffNadirAngle"),
            "sar:pixel_spacing_range": summary.number("Pds_PixelSpacing"),
            "proc:utm_zone": summary.text("Pds_UTM_ZoneNo"),
        }
    return details(stated)
