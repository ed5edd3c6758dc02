"""Where the platform was: the list of states that products carry, as a path with one clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from dashboard.model.acquisition import LookSide, PassDirection
from dashboard.model.errors import DamagedProductError
from dashboard.sources.facts import Facts
from dashboard.sources.geocode.direction import look_azimuth, pass_of
from dashboard.sources.geocode.doppler import MOST_STATES, OrbitPath
from dashboard.sources.geocode.ellipsoid import to_ecef
from dashboard.sources.geocode.sensor import Floats


@dataclass(frozen=True)
class Track:
    """An orbit whose clock starts at `epoch`."""

    epoch: datetime
    path: OrbitPath

    def seconds(self, moment: datetime) -> float:
        """Return a moment on the orbit's clock."""
        return (moment - self.epoch).total_seconds()

    def covers(self, moment: datetime, reach_s: float = 60.0) -> bool:
        """Whether the states lie around a moment, give or take `reach_s`."""
        first, last = self.path.span
        return first - reach_s <= self.seconds(moment) <= last + reach_s

    def look_azimuth(self, moment: datetime, place: tuple[float, float]) -> float:
        """Return the direction on the ground from the platform to a place (longitude, latitude), degrees."""
        return look_azimuth(self._position(moment), place)

    def side_of(self, moment: datetime, place: tuple[float, float]) -> LookSide:
        """Return the side on which a place lies."""
        here = self._position(moment)
        right = np.cross(self._velocity(moment), here)
        away = to_ecef(np.array(place[0]), np.array(place[1]), np.array(0.0)) - here
        return LookSide.RIGHT if float(right @ away) > 0 else LookSide.LEFT

    def pass_at(self, moment: datetime) -> PassDirection:
        """Return the direction of flight at a moment."""
        return pass_of(self._velocity(moment))

    def _position(self, moment: datetime) -> Floats:
        return self.path.position(np.array(self.seconds(moment)))

    def _velocity(self, moment: datetime) -> Floats:
        return self.path.velocity(np.array(self.seconds(moment)))


def track(states: Sequence[Facts]) -> Track | None:
    """Return the orbit of a list of ``{time, position}``, or None for an empty list.

    Raises
    ------
    DamagedProductError
        If a state lacks its time or its three coordinates, or the states describe no orbit.
    """
    if not states:
        return None
    if len(states) > MOST_STATES:
        msg = f"{states[0].file} has {len(states):,} entries; the limit is {MOST_STATES:,}."
        raise DamagedProductError(msg)
    times = [state.need_time("time") for state in states]
    places = [state.numbers("position", 3) for state in states]
    if any(place is None for place in places):
        raise states[0].missing("position")
    return from_arrays(times, np.array(places, np.float64), states[0].file)


def from_arrays(times: Sequence[datetime], positions: Floats, name: str) -> Track:
    """Return the orbit of moments and earth-centred positions of shape (n, 3), metres.

    Raises
    ------
    DamagedProductError
        If they describe no orbit; the message names `name`.
    """
    epoch = times[0]
    seconds = np.array([(moment - epoch).total_seconds() for moment in times])
    try:
        return Track(epoch, OrbitPath(seconds, positions))
    except DamagedProductError as error:
        msg = f"{name}: {error}"
        raise DamagedProductError(msg) from error
