"""OPERA RTC products of a known scene."""

from pathlib import Path

import pytest
from product_mutants import assault
from product_truth import check

from dashboard.model.acquisition import PassDirection
from dashboard.simulate.products.opera import write_opera
from dashboard.simulate.products.scene import mini_scene
from dashboard.simulate.products.take import Take

TAKE = Take(
    constellation="sentinel-1", platform="sentinel-1a", mode="IW", polarisations=("VV", "VH"), track=137,
    frequency_ghz=5.405, incidence_deg=39.0,
)  # fmt: skip


@pytest.mark.parametrize("way", PassDirection)
def test_truth(tmp_path: Path, way: PassDirection) -> None:
    take = Take(**{name: getattr(TAKE, name) for name in TAKE.__slots__} | {"pass_direction": way})
    scene = mini_scene(30.0, (64, 80))
    check(write_opera(tmp_path, scene, take), scene, take)


def test_mutants(tmp_path: Path) -> None:
    folder = tmp_path / "product"
    folder.mkdir()
    assault(tmp_path, write_opera(folder, mini_scene(30.0, (24, 30)), TAKE))
