"""In which direction over the ground the radar looked."""

import math

from dashboard.model.acquisition import Acquisition, LookSide, PassDirection

INCLINATION_DEG = 97.5
"""Of the sun-synchronous orbits at about 500 km that nearly all radar satellites fly."""
_ORBIT_TURNS_A_DAY = 15.2
MIXED_ORBITS = frozenset({"capella", "iceye", "qps-sar"})
"""Constellations that also fly inclined orbits (42 to 53 degrees), where pass direction alone says nothing."""


def look_azimuth(acq: Acquisition) -> float | None:
    """Return the ground azimuth of the look, degrees clockwise from true north, or None when it cannot be known.

    The product's own statement comes first. Otherwise the heading of a circular sun-synchronous orbit over the
    turning Earth, at the latitude of the footprint's centre, is turned by 90 degrees to the look side: good to about
    two degrees between 75° S and 75° N. Members of `MIXED_ORBITS` are not guessed. A camera is no radar.
    """
    if acq.optical:
        return None
    if acq.look_azimuth_deg is not None:
        return acq.look_azimuth_deg % 360.0
    if acq.look is None or acq.pass_direction is None or acq.constellation in MIXED_ORBITS:
        return None
    heading = _heading(acq.footprint.centroid.y, acq.pass_direction)
    if heading is None:
        return None
    return (heading + (90.0 if acq.look is LookSide.RIGHT else -90.0)) % 360.0


def _heading(lat: float, pass_direction: PassDirection) -> float | None:
    """Return the ground track's heading in degrees, or None beyond the orbit's highest latitude.

    On a sphere the eastward share of the orbital velocity is cos(inclination) / cos(latitude); the ground below runs
    east at cos(latitude) / (turns a day) of that velocity.
    """
    cosine = math.cos(math.radians(lat))
    if cosine <= abs(math.cos(math.radians(INCLINATION_DEG))):
        return None
    east = math.cos(math.radians(INCLINATION_DEG)) / cosine
    north = math.sqrt(1 - east**2)
    if pass_direction is PassDirection.DESCENDING:
        north = -north
    return math.degrees(math.atan2(east - cosine / _ORBIT_TURNS_A_DAY, north)) % 360.0
