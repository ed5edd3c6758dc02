"""Look side, look azimuth and pass direction follow from positions alone."""

import numpy as np
import pytest

from dashboard.model.acquisition import LookSide, PassDirection
from dashboard.simulate.products.orbit import orbit_over
from dashboard.simulate.products.take import Take
from dashboard.sources.geocode.direction import look_azimuth, pass_of, side_of


@pytest.mark.parametrize("look", LookSide)
@pytest.mark.parametrize("way", PassDirection)
@pytest.mark.parametrize("place", [(36.7, 50.2), (-70.1, -33.0), (179.99, 5.0)])
def test_directions_of_a_known_orbit(look: LookSide, way: PassDirection, place: tuple[float, float]) -> None:
    take = Take(constellation="made-up", platform="made-up-1", look=look, pass_direction=way)
    orbit = orbit_over(*place, 120.0, take)
    position, velocity = orbit.position(0.0), orbit.velocity(0.0)
    position.flags.writeable = False
    assert look_azimuth(position, place) == pytest.approx(take.look_azimuth_deg, abs=0.01)
    assert pass_of(position, velocity) is way
    assert pass_of(position, -velocity) is not way
    assert side_of(position, velocity, place) is look
    assert side_of(position, -velocity, place) is not look
    assert np.isfinite(position).all()
