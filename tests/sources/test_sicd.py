"""SICD of every grid, pixel type and container, held against the scene that it was drawn from."""

from pathlib import Path

import pytest
from product_truth import check

from dashboard.model.acquisition import LookSide, PassDirection
from dashboard.simulate.products.scene import Scene, mini_scene
from dashboard.simulate.products.sicd import SicdForm, write_sicd
from dashboard.simulate.products.take import Take

MARKED = {"marking": "R", "releasable_to": ["DEU", "UKR"]}


@pytest.fixture(scope="module")
def scene() -> Scene:
    return mini_scene(1.0, (200, 260))


def take(**changes: object) -> Take:
    return Take(**({"constellation": "umbra", "platform": "umbra-04"} | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("polar", [False, True], ids=["range-doppler", "polar"])
@pytest.mark.parametrize("look", LookSide)
@pytest.mark.parametrize("way", PassDirection)
def test_both_grids_on_both_sides_of_both_passes(
    tmp_path: Path, scene: Scene, polar: bool, look: LookSide, way: PassDirection
) -> None:
    taken = take(look=look, pass_direction=way, handling=MARKED)
    check(write_sicd(tmp_path, scene, taken, SicdForm(polar=polar)), scene, taken)
