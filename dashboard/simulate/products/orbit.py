"""A circular orbit over a scene, in closed form: the truth that readers' numerical geometry is held against.

The earth stands still under it. Positions and velocities are earth-centred, earth-fixed.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from dashboard.model.acquisition import LookSide
from dashboard.simulate.products.take import Take

Floats = NDArray[np.float64]

SPEED_M_S = 7500.0


@dataclass(frozen=True)
class Orbit:
    """Where the platform is, seconds from the moment at which the scene's middle lies abeam."""

    abeam: Floats
    """Position at time zero, metres, shape (3,)."""
    forward: Floats
    """Unit vector of flight at time zero."""
    right: float
    """1 when the radar looks right, -1 left."""

    @property
    def radius_m(self) -> float:
        """From the earth's centre."""
        return float(np.linalg.norm(self.abeam))

    @property
    def rate(self) -> float:
        """Radians per second."""
        return SPEED_M_S / self.radius_m

    def position(self, t: Floats | float) -> Floats:
        """Return positions, shape (..., 3)."""
        angle = np.asarray(self.rate * np.asarray(t))[..., None]
        found: Floats = np.cos(angle) * self.abeam + np.sin(angle) * self.radius_m * self.forward
        return found

    def velocity(self, t: Floats | float) -> Floats:
        """Return velocities, shape (..., 3), metres per second."""
        angle = np.asarray(self.rate * np.asarray(t))[..., None]
        up = self.abeam / self.radius_m
        found: Floats = SPEED_M_S * (np.cos(angle) * self.forward - np.sin(angle) * up)
        return found

    def zero_doppler(self, lon: Floats, lat: Floats, height: Floats | float) -> tuple[Floats, Floats]:
        """Return (time, slant range) at which ground points lie exactly abeam."""
        place = ecef(lon, lat, height)
        along = place @ self.forward
        above = place @ (self.abeam / self.radius_m)
        t = np.arctan2(along, above) / self.rate
        return t, np.linalg.norm(place - self.position(t), axis=-1)

    def ground(self, t: Floats, slant_range: Floats, height: float) -> tuple[Floats, Floats]:
        """Return (longitude, latitude) of the ground of one height abeam at `t` at a slant range."""
        t, slant_range = np.broadcast_arrays(np.asarray(t, np.float64), np.asarray(slant_range, np.float64))
        up = self.position(t) / self.radius_m
        along = self.velocity(t) / SPEED_M_S
        side = self.right * np.cross(along, up)
        radius = np.full(t.shape, 6_371_000.0 + height)
        lon = lat = np.zeros(t.shape)
        for _ in range(30):  # the point's own distance from the earth's centre settles in a few rounds
            cosine = (self.radius_m**2 + radius**2 - slant_range**2) / (2 * self.radius_m * radius)
            sine = np.sqrt(1 - cosine**2)
            direction = cosine[..., None] * up + sine[..., None] * side
            lon, lat, found = _lonlat(direction * radius[..., None])
            wrong = height - found
            if np.max(np.abs(wrong), initial=0.0) < 1e-6:
                break
            radius = radius + wrong
        return lon, lat

    def incidence_deg(self, t: float, slant_range: float, height: float) -> float:
        """Return the angle between the line of sight and the vertical (ellipsoid normal) on the ground."""
        lon, lat = self.ground(np.array([t]), np.array([slant_range]), height)
        place = ecef(lon, lat, height)[0]
        sight = self.position(t) - place
        cosine = sight @ up_at(float(lon[0]), float(lat[0])) / np.linalg.norm(sight)
        return math.degrees(math.acos(cosine))


def orbit_over(lon: float, lat: float, height: float, take: Take) -> Orbit:
    """Return the orbit from which a place is seen at the incidence, look side and heading of a take."""
    place = ecef(np.array(lon), np.array(lat), height)
    up = up_at(lon, lat)
    azimuth = math.radians(take.look_azimuth_deg + 180.0)
    east = np.array([-math.sin(math.radians(lon)), math.cos(math.radians(lon)), 0.0])
    north = np.cross(up, east)
    sideways = math.sin(azimuth) * east + math.cos(azimuth) * north
    theta = math.radians(take.incidence_deg)
    sight = math.cos(theta) * up + math.sin(theta) * sideways
    radius = float(np.linalg.norm(place)) + take.altitude_m - height
    # |place + r sight| = radius, solved for r.
    b, c = place @ sight, place @ place - radius**2
    abeam = place + (-b + math.sqrt(b * b - c)) * sight
    right = 1.0 if take.look is LookSide.RIGHT else -1.0
    # Forward is at right angles to the radius and to the line of sight.
    forward = right * np.cross(abeam, place - abeam)
    return Orbit(abeam, forward / np.linalg.norm(forward), right)


def ecef(lon: Floats, lat: Floats, height: Floats | float) -> Floats:
    """Return earth-centred positions of shape (..., 3)."""
    to_ecef = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    x, y, z = np.broadcast_arrays(lon, lat, height)
    return np.stack(to_ecef.transform(x, y, z), axis=-1)


def up_at(lon: float, lat: float) -> Floats:
    """Return the ellipsoid's normal."""
    a, b = math.radians(lon), math.radians(lat)
    return np.array([math.cos(b) * math.cos(a), math.cos(b) * math.sin(a), math.sin(b)])


def _lonlat(place: Floats) -> tuple[Floats, Floats, Floats]:
    to_lonlat = Transformer.from_crs("EPSG:4978", "EPSG:4979", always_xy=True)
    lon, lat, height = to_lonlat.transform(place[..., 0], place[..., 1], place[..., 2])
    return lon, lat, height
