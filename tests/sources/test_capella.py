"""Capella's products, held against the scene and the take that they were written from."""

from dataclasses import replace
from pathlib import Path

import pytest
from product_truth import check

from dashboard.model.acquisition import LookSide, PassDirection
from dashboard.simulate.products.capella import write_csi, write_gec, write_geo, write_slc, write_slc_polar
from dashboard.simulate.products.scene import mini_scene
from dashboard.simulate.products.take import Take

MAP = mini_scene(2.0, (96, 128))
SCENE = mini_scene(1.0, (160, 210))
TAKE = Take(constellation="capella", platform="capella-14", mode="SP", resolution_m=0.6, polarisations=("HH",))


@pytest.mark.parametrize("write", [write_geo, write_gec, write_csi])
def test_on_a_map(tmp_path: Path, write) -> None:
    check(write(tmp_path, MAP, TAKE), MAP, TAKE)


@pytest.mark.parametrize("look", LookSide)
@pytest.mark.parametrize("way", PassDirection)
@pytest.mark.parametrize("write", [write_slc, write_slc_polar])
def test_in_radar_geometry(tmp_path: Path, write, look: LookSide, way: PassDirection) -> None:
    take = replace(TAKE, look=look, pass_direction=way)
    check(write(tmp_path, SCENE, take), SCENE, take)
