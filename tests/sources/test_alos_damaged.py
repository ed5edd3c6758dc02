"""ALOS products that are cut off, contradict themselves or mean harm are refused in words that name file and field."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from product_mutants import assault

from dashboard.model.errors import (
    DamagedProductError,
    GridMismatchError,
    NightglassError,
    NoGeoreferenceError,
    UnknownProductError,
    UnknownUnitsError,
)
from dashboard.simulate.products.alos import Make, write_geotiff, write_l11, write_l15r, write_map
from dashboard.simulate.products.scene import mini_scene
from dashboard.simulate.products.take import Take, Written
from dashboard.sources.alos.ceos import CHART, ORBIT, SCENE, records
from dashboard.sources.alos.reader import AlosReader
from dashboard.sources.product import NotRead, Product
from dashboard.sources.registry import products, reader_of

TINY = mini_scene(20.0, (16, 20))
TAKE = Take(
    constellation="alos", platform="alos-2", mode="UBS", polarisations=("HH",), frequency_ghz=1.2365,
    altitude_m=628_000.0,
)  # fmt: skip
DUAL = replace(TAKE, mode="UBD", polarisations=("HH", "HV"))


def file(written: Written, start: str) -> Path:
    return next(f for f in written.files if f.name.startswith(start))


def overwrite(path: Path, at: int, content: bytes) -> None:
    """Write over bytes, counted from 1 as JAXA's tables count them."""
    with path.open("r+b") as stream:
        stream.seek(at - 1)
        stream.write(content)


def refused(path: Path, error: type[NightglassError], words: str) -> None:
    with pytest.raises(error, match=words):
        read_all(path)


def read_all(path: Path) -> None:
    for found in AlosReader().read(path):
        if isinstance(found, NotRead):
            assert found.error is not None
            assert path in found.paths
            raise found.error
        assert found.power is not None
        rows, cols = found.power.geobox.shape
        for name in found.power.polarisations:
            found.power.read(name, slice(0, rows), slice(0, cols))
        found.close()


def test_a_missing_leader_is_named(tmp_path: Path) -> None:
    written = write_map(tmp_path / "x", TINY, TAKE)
    file(written, "LED").unlink()
    refused(written.path, DamagedProductError, r"no leader file \(LED-ALOS2.*Fetch it")


def test_a_missing_image_is_named(tmp_path: Path) -> None:
    written = write_map(tmp_path / "x", TINY, TAKE)
    written.path.unlink()
    refused(file(written, "LED"), DamagedProductError, r"LED-ALOS2.* no image is here \(IMG-HH-ALOS2")


def test_a_geotiff_without_a_summary_and_a_time_is_refused(tmp_path: Path) -> None:
    written = write_geotiff(tmp_path / "x", TINY, TAKE)
    file(written, "summary").unlink()
    refused(written.path, DamagedProductError, r"ALOS2.*states no time: its summary.txt is missing.*--time")


@pytest.mark.parametrize("share", [0.01, 0.2, 0.6, 0.999])
@pytest.mark.parametrize(("start", "words"), [("IMG", "IMG-HH.*(cut off|damaged|truncated)"), ("LED", "LED-.*")])
def test_a_cut_file_is_named(tmp_path: Path, start: str, words: str, share: float) -> None:
    written = write_l11(tmp_path / "x", TINY, TAKE)
    path = file(written, start)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    refused(written.path, DamagedProductError, words)


def test_another_polarisation_than_the_name_says_is_refused(tmp_path: Path) -> None:
    written = write_map(tmp_path / "x", TINY, TAKE)
    renamed = written.path.rename(written.path.with_name(written.path.name.replace("-HH-", "-VV-")))
    refused(renamed, DamagedProductError, r"IMG-VV-.*polarisation HH \(bytes 53-56\), its name says VV")


def test_polarisations_of_different_sizes_are_refused(tmp_path: Path) -> None:
    written = write_map(tmp_path / "x", TINY, DUAL)
    path = file(written, "IMG-HV")
    lines = path.read_bytes()
    length = int(lines[186:192])
    path.write_bytes((lines[:180] + b"    15" + lines[186:])[:-length])
    refused(written.path, GridMismatchError, r"IMG-HV-.*polarisations of one product must agree")


def test_a_leader_of_another_image_is_refused(tmp_path: Path) -> None:
    written = write_map(tmp_path / "x", TINY, TAKE)
    other = write_map(tmp_path / "y", mini_scene(20.0, (18, 20)), TAKE)
    shutil.copy(file(other, "LED"), file(written, "LED"))
    refused(written.path, DamagedProductError, r"LED-.*map projection record \(bytes 61-92\).*18 x 20.*16 x 20")


@pytest.mark.parametrize(
    ("first", "content", "words"),
    [
        (181, b"999999", r"999,999 lines|999,999 x"),
        (187, b"999999", r"lines of 999,999 bytes"),
        (249, b"99999999", r"announces 16 x 99,999,999 pixels"),
        (249, b"       0", r"pixels per line \(bytes 249-256\) is '0'"),
        (249, b"     -20", r"pixels per line \(bytes 249-256\)"),
        (429, b"R*16", r"data type \(bytes 429-432\) is 'R\*16'"),
        (725, b"\xff\xff", r"first line is a record of type"),
        (729, b"\x7f\xff\xff\xff", r"first line is a record of type"),
    ],
)
def test_absurd_announcements_of_the_image_are_refused(tmp_path: Path, first: int, content: bytes, words: str) -> None:
    written = write_map(tmp_path / "x", TINY, TAKE)
    overwrite(written.path, first, content)
    refused(written.path, DamagedProductError, r"IMG-HH-ALOS2.*" + words)


def leader_byte(path: Path, kind: tuple[int, int], first: int) -> int:
    """Return the byte in the file of a byte in a record, both counted from 1."""
    record = records(path, {kind})[0]
    return path.read_bytes().index(record.data) + first


@pytest.mark.parametrize(
    ("kind", "first", "content", "words"),
    [
        (SCENE, 485, b"  95.000", r"incidence angle \(bytes 485-492\) is 95"),
        (SCENE, 501, b"      9.00000000", r"wavelength \(bytes 501-516\) is 9"),
        (SCENE, 69, b"2024069912", r"scene centre time \(bytes 69-100\)"),
        (SCENE, 1175, b"     1e300000000", r"|looks"),
        (CHART, 945, b" " * 15 + b"1", r"corners \(bytes 945-1072\)|no polynomials|other|"),
        (SCENE, 5, b"\x12\x0b", r"no dataset summary \(record type 18/10\)"),
        (SCENE, 9, b"\xff\xff\xff\xff", r"record 2 \(type 18/10\) announces 4,294,967,295 bytes"),
    ],
)
def test_absurd_fields_of_the_leader_are_refused_or_left_out(
    tmp_path: Path, kind: tuple[int, int], first: int, content: bytes, words: str
) -> None:
    written = write_map(tmp_path / "x", TINY, TAKE)
    leader = file(written, "LED")
    overwrite(leader, leader_byte(leader, kind, first), content)
    if words.startswith("|") or words.endswith("|"):
        read_all(written.path)  # a field that is no number is not stated
        return
    refused(written.path, DamagedProductError, "LED-ALOS2.*" + words)


def test_an_image_without_any_place_is_refused(tmp_path: Path) -> None:
    written = write_l11(tmp_path / "x", TINY, TAKE, Make(with_polynomials=False, with_places=False))
    refused(written.path, NoGeoreferenceError, r"LED-.*no polynomials.*lines of IMG-HH-.*state no places")


def test_without_an_orbit_the_shift_by_height_is_unknown(tmp_path: Path) -> None:
    written = write_l11(tmp_path / "x", TINY, TAKE)
    leader = file(written, "LED")
    overwrite(leader, leader_byte(leader, ORBIT, 141), b"    ")
    (found,) = AlosReader().read(written.path)
    assert isinstance(found, Product)
    assert found.acquisition.geocoding is not None
    assert found.acquisition.geocoding.shift_per_m is None
    assert found.acquisition.look_azimuth_deg is None
    assert found.acquisition.pass_direction is TAKE.pass_direction  # by the leader's word


def test_polynomials_of_another_image_give_way_to_the_lines(tmp_path: Path) -> None:
    written = write_l11(tmp_path / "x", TINY, TAKE)
    far = mini_scene(20.0, (16, 20), centre=(36.72, 50.2))
    other = write_l11(tmp_path / "y", far, TAKE)
    shutil.copy(file(other, "LED"), file(written, "LED"))
    (found,) = AlosReader().read(written.path)
    assert isinstance(found, Product)
    assert found.acquisition.geocoding is not None
    assert "places that its lines state" in found.acquisition.geocoding.basis
    assert found.acquisition.footprint.buffer(0.002).contains(written.footprint)


def test_a_folder_says_once_what_is_wrong_with_a_product(tmp_path: Path) -> None:
    written = write_map(tmp_path / "x", TINY, DUAL)
    write_map(tmp_path / "x", TINY, replace(DUAL, platform="alos-4"))
    overwrite(written.path, 429, b"R*16")
    found = list(products(tmp_path / "x"))
    assert sorted(type(one).__name__ for one in found) == ["NotRead", "Product"]


def test_raw_signal_is_refused(tmp_path: Path) -> None:
    written = write_map(tmp_path / "x", TINY, TAKE)
    for path in written.files:
        path.rename(path.with_name(path.name.replace("UBSR1.5GUD", "UBSR1.0__D")))
    path = next((tmp_path / "x").glob("IMG-*"))
    refused(path, DamagedProductError, r"ALOS2.*is of level 1.0; levels 1.1, 1.5, 2.1, 3.1 are read")


def test_geotiffs_of_undocumented_layout_are_refused(tmp_path: Path) -> None:
    written = write_geotiff(tmp_path / "x", TINY, TAKE)
    slant = written.path.with_name(written.path.name.replace("UBSR1.5GUD", "UBSR1.1__D"))
    shutil.copy(written.path, slant)
    refused(slant, NoGeoreferenceError, r"level 1.1 as GeoTIFF.*Order it as CEOS")
    with rasterio.open(written.path) as dataset:
        profile, values = dataset.profile, dataset.read()
    with rasterio.open(written.path, "w", **(profile | {"dtype": "float32"})) as dataset:
        dataset.write(values.astype(np.float32))
    refused(written.path, UnknownUnitsError, r"IMG-HH-.*pixels of float32")


def test_a_vrt_in_disguise_is_not_opened(tmp_path: Path) -> None:
    written = write_geotiff(tmp_path / "x", TINY, DUAL)
    file(written, "IMG-HV").write_text("<VRTDataset rasterXSize='20' rasterYSize='16'></VRTDataset>")
    refused(written.path, DamagedProductError, "IMG-HV-.*damaged")
    with pytest.raises(UnknownProductError, match="VRT"):
        list(products(file(written, "IMG-HV")))


def test_links_lead_nowhere(tmp_path: Path) -> None:
    written = write_map(tmp_path / "x", TINY, DUAL)
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    for start in ("IMG-HV", "summary"):
        moved = shutil.move(file(written, start), outside)
        file(written, start).symlink_to(moved)
    (found,) = AlosReader().read(written.path)
    assert isinstance(found, Product)
    assert found.acquisition.polarisations == ("HH",)
    assert not any(path.is_symlink() for path in found.paths)


def test_a_renamed_file_is_asked_to_be_restored(tmp_path: Path) -> None:
    written = write_map(tmp_path / "x", TINY, TAKE)
    leader = file(written, "LED")
    odd = leader.rename(leader.with_name("leader.bin"))
    assert reader_of(odd).name == "alos"
    refused(odd, DamagedProductError, r"no leader file")
    alone = tmp_path / "alone" / "leader.bin"
    alone.parent.mkdir()
    shutil.copy(odd, alone)
    refused(alone, DamagedProductError, r"leader.bin does not say to which product it belongs, and no image")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty|summary.txt holds no line"),
        (b"\xff\xfe\x00" * 50, "summary.txt holds no line"),
        (b'A="' + b"x" * (2**20) + b'"\n', "summary.txt has more than"),
        (b'Img_SceneStartDateTime="yesterday"\n', "summary.txt: Img_SceneStartDateTime is 'yesterday'"),
        (
            b'Img_SceneStartDateTime="20240612 10:00:00.000"\nImg_SceneEndDateTime="20240612 09:00:00.000"\n',
            r"summary.txt: the scene ends \(2024-06-12T09:00:00Z\) before it starts",
        ),
    ],
)
def test_a_damaged_summary_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    written = write_map(tmp_path / "x", TINY, TAKE)
    file(written, "summary").write_bytes(content)
    refused(written.path, DamagedProductError, words)


def test_a_summary_that_points_elsewhere_is_not_followed(tmp_path: Path) -> None:
    written = write_map(tmp_path / "x", TINY, TAKE)
    summary = file(written, "summary")
    text = summary.read_text().replace("IMG-HH-", "../../../../etc/passwd")
    summary.write_text(text)
    (found,) = AlosReader().read(written.path)
    assert isinstance(found, Product)
    assert all(path.parent == tmp_path / "x" for path in found.paths)


def test_thousands_of_mutants_give_words_or_a_product(tmp_path: Path) -> None:
    scene = mini_scene(20.0, (12, 12))
    assault(
        tmp_path,
        write_map(tmp_path / "g", scene, TAKE),
        write_l11(tmp_path / "s", scene, TAKE),
        write_l15r(tmp_path / "r", scene, replace(TAKE, platform="alos-4")),
        write_geotiff(tmp_path / "t", scene, TAKE),
    )
