"""The second opinion of the front, and the sectors: simulated, late and wrong by known amounts."""

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import shapely
from shapely.geometry import shape

from dashboard.simulate.front import (
    REACH_M,
    fronts,
    retrieved,
    second_opinion,
    write_second_opinion,
    write_sectors,
)

SEED = 2026


def eastings(side: shapely.Polygon) -> np.ndarray:
    """Return how far east the line runs at each of its 321 places, metres."""
    return shapely.get_coordinates(side)[:321, 0]


def test_it_says_a_week_later_what_was_so_with_lasting_errors_of_some_hundred_metres() -> None:
    truth, opinion = fronts(SEED), second_opinion(SEED)
    assert len(opinion) == len(truth) - 1
    errors = []
    for true, said in zip(truth, opinion, strict=False):
        assert timedelta(days=7) < said.valid_from - true.valid_from < timedelta(days=8)
        errors.append(eastings(said.blue) - eastings(true.blue))
    assert np.ptp(errors, axis=0) == pytest.approx(0, abs=1e-6)  # the same places are wrong every week
    assert 300 < np.max(np.abs(errors)) < 700
    assert np.sum(np.abs(errors[0]) < 30) > 30


def test_its_sides_partition_the_square_too() -> None:
    square = shapely.box(-REACH_M, -REACH_M, REACH_M, REACH_M)
    for front in second_opinion(SEED):
        assert front.blue.is_valid
        assert front.orange.is_valid
        assert front.blue.intersection(front.orange).area == pytest.approx(0, abs=1e-3)
        assert front.blue.union(front.orange).symmetric_difference(square).area == pytest.approx(0, abs=1e-3)


def test_files_are_labelled_as_synthetic_and_named_after_the_provider(tmp_path: Path) -> None:
    for path, valid_from in write_second_opinion(tmp_path, SEED):
        assert path.name.startswith("exercise-osint_")
        assert json.loads(path.read_text())["caveats"] == ["EXERCISE - SYNTHETIC DATA"]
        assert retrieved(valid_from) - valid_from == timedelta(hours=9)


def test_sectors_divide_the_square_from_north_to_south(tmp_path: Path) -> None:
    content = json.loads(write_sectors(tmp_path).read_text())
    grounds = [shape(feature["geometry"]) for feature in content["features"]]
    assert [f["properties"]["name"] for f in content["features"]] == ["Sector North", "Sector Centre", "Sector South"]
    assert [g.centroid.y for g in grounds] == sorted((g.centroid.y for g in grounds), reverse=True)
    whole = shapely.union_all(grounds)
    assert whole.area == pytest.approx(sum(g.area for g in grounds), rel=1e-6)
    assert content["caveats"] == ["EXERCISE - SYNTHETIC DATA"]
