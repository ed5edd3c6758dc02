"""Names of platforms: public ones, those of the alias file, and aliases that a person gives."""

from pathlib import Path

import pytest
from product_truth import check, see

from dashboard.model.errors import InputError
from dashboard.simulate.products.nitf import NitfForm, write_nitf
from dashboard.simulate.products.scene import mini_scene
from dashboard.simulate.products.sicd import SicdForm, write_sicd
from dashboard.simulate.products.sidd import SiddForm, write_sidd
from dashboard.simulate.products.take import Take
from dashboard.sources.nitf.sarah import aliases, named, named_within
from dashboard.sources.product import Given

MARKED = {"marking": "R", "releasable_to": ["DEU"]}
SCENE = mini_scene(1.0, (120, 160))


@pytest.mark.parametrize(
    ("text", "constellation", "platform"),
    [
        ("ICEYE-X42", "iceye", "iceye-x42"),
        ("UMBRA_04", "umbra", "umbra-04"),
        ("Umbra-10", "umbra", "umbra-10"),
        ("Capella-11", "capella", "capella-11"),
        ("CAPELLA C14", "capella", "capella-14"),
        ("QPS-SAR-7", "qps-sar", "qps-sar-7"),
        ("CSKS4", "cosmo-skymed", "cosmo-skymed-4"),
        ("CSG_SSAR2", "csg", "csg-2"),
        ("ALOS2", "alos", "alos-2"),
        ("S1A", "sentinel-1", "sentinel-1a"),
        ("SAR-Lupe-3", "sar-lupe", "sar-lupe-3"),
        ("SARLUPE", "sar-lupe", None),
        ("sar_lupe 05", "sar-lupe", "sar-lupe-5"),
        ("SARah-1", "sarah", "sarah-1"),
        ("SARAH", "sarah", None),
        ("RCM-1", "rcm", "rcm-1"),
    ],
)
def test_a_name_means_a_platform(text: str, constellation: str, platform: str | None) -> None:
    found = named(text, aliases(None))
    assert found is not None
    assert (found.constellation, found.platform) == (constellation, platform)
    assert found.guessed == (constellation in {"sar-lupe", "sarah"})


@pytest.mark.parametrize("text", ["SAR-Lupe-6", "SARah-9", "Sarahville 1"])
def test_a_unit_that_does_not_exist_is_no_guess(text: str) -> None:
    found = named(text, aliases(None))
    assert found is None or not found.guessed


def test_a_name_inside_a_title() -> None:
    found = named_within("PRODUCT OF SAR-Lupe 3 / ORBIT 12", aliases(None))
    assert found is not None
    assert found.platform == "sar-lupe-3"
    assert named_within("NOTHING OF THE KIND", aliases(None)) is None
    assert named_within(None, aliases(None)) is None


@pytest.mark.parametrize(("constellation", "unit"), [("sarah", 2), ("sar-lupe", 4)])
def test_all_three_forms_of_both_systems(tmp_path: Path, constellation: str, unit: int) -> None:
    take = Take(constellation=constellation, platform=f"{constellation}-{unit}", handling=MARKED)
    folders = [tmp_path / name for name in ("complex", "display", "plain")]
    for folder in folders:
        folder.mkdir()
    written = [
        write_sicd(folders[0], SCENE, take, SicdForm(nsif=True)),
        write_sidd(folders[1], SCENE, take, SiddForm(nsif=True)),
        write_nitf(folders[2], SCENE, take, NitfForm()),
    ]
    for one in written:
        acquisition = check(one, SCENE, take).product.acquisition
        assert {"constellation", "platform"} <= acquisition.origin.guessed
        assert dict(acquisition.details)["proc:container"] == "NSIF01.00"


def test_given_aliases_replace_those_shipped(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[sarah]\nnames = ["Wachtel"]\nunits = 2\n')
    take = Take(constellation="wachtel", platform="wachtel-2", handling=MARKED)
    path = write_nitf(tmp_path, SCENE, take, NitfForm(spacing_m=8.0)).path
    assert see(path).product.acquisition.constellation == "unknown"
    found = see(path, Given(aliases=own)).product.acquisition
    assert (found.constellation, found.platform) == ("sarah", "sarah-2")
    assert named("SAR-Lupe-1", aliases(own)) != named("SAR-Lupe-1", aliases(None))


def test_aliases_for_other_systems_leave_the_shipped_names(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text('[qps.alias]\nplatform = ["sat"]\n')
    assert aliases(other) == aliases(None)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[sarah\n", "not valid TOML"),
        (b'sarah = "SARah"\n', r"\[sarah\] needs names"),
        (b"[sarah]\nnames = [1]\n", r"\[sarah\] needs names"),
        (b'[sarah]\nnames = ["a"]\nunits = "x"\n', r"\[sarah\] needs names"),
        (b"\xff\xfe", "not valid TOML"),
        (b"# " + b"x" * 70_000, "more than 65,536 bytes"),
    ],
)
def test_bad_alias_files_are_named(tmp_path: Path, content: bytes, message: str) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_bytes(content)
    with pytest.raises(InputError, match=message):
        aliases(bad)
    with pytest.raises(InputError, match="cannot be read"):
        aliases(tmp_path / "nowhere.toml")
