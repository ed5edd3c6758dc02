"""Look side, look azimuth and pass direction follow from positions alone."""

from datetime import timedelta

import numpy as np
import pytest

from dashboard.model.acquisition import LookSide, PassDirection
from dashboard.simulate.products.orbit import orbit_over
from dashboard.simulate.products.take import Take
from dashboard.sources.geocode.direction import look_azimuth, pass_of
from dashboard.sources.orbit_states import from_arrays


@pytest.mark.parametrize("look", LookSide)
@pytest.mark.parametrize("way", PassDirection)
@pytest.mark.parametrize("place", [(36.7, 50.2), (-70.1, -33.0), (179.99, 5.0)])
def test_directions_of_a_known_orbit(look: LookSide, way: PassDirection, place: tuple[float, float]) -> None:
    take = Take(constellation="made-up", platform="made-up-1", look=look, pass_direction=way)
    orbit = orbit_over(*place, 120.0, take)
    position, velocity = orbit.position(0.0), orbit.velocity(0.0)
    position.flags.writeable = False
    assert look_azimuth(position, place) == pytest.approx(take.look_azimuth_deg, abs=0.01)
    assert pass_of(velocity) is way
    assert pass_of(-velocity) is not way


@pytest.mark.parametrize("look", LookSide)
@pytest.mark.parametrize("way", PassDirection)
def test_a_track_tells_side_and_pass(look: LookSide, way: PassDirection) -> None:
    place = (36.7, 50.2)
    take = Take(constellation="made-up", platform="made-up-1", look=look, pass_direction=way)
    orbit = orbit_over(*place, 120.0, take)
    seconds = np.arange(-10.0, 12.0, 2.0)
    flight = from_arrays([take.middle + timedelta(seconds=s) for s in seconds], orbit.position(seconds), "x")
    assert flight.side_of(take.middle, place) is look
    assert flight.pass_at(take.middle) is way
    assert flight.look_azimuth(take.middle, place) == pytest.approx(take.look_azimuth_deg, abs=0.01)
    assert flight.covers(take.middle)
    assert not flight.covers(take.middle + timedelta(seconds=100))
