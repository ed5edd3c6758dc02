"""ICEYE's legacy products, held against the scene and the take that they were written from."""

from dataclasses import replace
from pathlib import Path

import pytest
from product_truth import check

from dashboard.model.acquisition import LookSide, PassDirection
from dashboard.simulate.products.iceye_legacy import write_grd, write_slc
from dashboard.simulate.products.scene import mini_scene
from dashboard.simulate.products.take import Take

SCENE = mini_scene(1.0, (160, 210))
TAKE = Take(constellation="iceye", platform="iceye-x6", mode="SLH", resolution_m=0.5)


@pytest.mark.parametrize("look", LookSide)
@pytest.mark.parametrize("way", PassDirection)
@pytest.mark.parametrize("write", [write_grd, write_slc])
def test_truth(tmp_path: Path, write, look: LookSide, way: PassDirection) -> None:
    take = replace(TAKE, look=look, pass_direction=way)
    check(write(tmp_path, SCENE, take), SCENE, take)
