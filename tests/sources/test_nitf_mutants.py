"""Thousands of damaged NITF files of every kind: read or refused by name, nothing else."""

from pathlib import Path

from product_mutants import MUTANTS, assault

from dashboard.simulate.products.nitf import NitfForm, write_nitf
from dashboard.simulate.products.scene import mini_scene
from dashboard.simulate.products.sicd import SicdForm, write_sicd
from dashboard.simulate.products.sidd import SiddForm, write_sidd
from dashboard.simulate.products.take import Take, Written

TAKE = Take(constellation="sarah", platform="sarah-1", handling={"marking": "R", "releasable_to": ["UKR"]})


def bundles(folder: Path) -> list[Written]:
    small = mini_scene(4.0, (20, 24))
    names = ("amplitude", "floats", "display", "blocks", "squeezed")
    places = [folder / name for name in names]
    for place in places:
        place.mkdir()
    return [
        write_sicd(places[0], small, TAKE, SicdForm(spacing=(2.0, 2.5), pixels="AMP8I_PHS8I", nsif=True)),
        write_sicd(places[1], small, TAKE, SicdForm(spacing=(2.0, 2.5), polar=True)),
        write_sidd(places[2], small, TAKE, SiddForm(pixels="MONO8LU", spacing_m=4.0)),
        write_nitf(places[3], small, TAKE, NitfForm(spacing_m=8.0, rpc=True, block=16)),
        write_nitf(places[4], small, TAKE, NitfForm(spacing_m=8.0, compression="C8")),
    ]


def test_damage_is_refused_by_name(tmp_path: Path) -> None:
    assert sum(assault(tmp_path, *bundles(tmp_path)).values()) >= MUTANTS
