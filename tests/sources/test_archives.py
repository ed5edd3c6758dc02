"""Archives: read as what is inside, refused when they are more than that, and gone afterwards."""

import gc
import gzip
import hashlib
import io
import os
import shutil
import stat
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from product_makers import item, speckle, write_json, write_tiff
from product_truth import check, see

import dashboard.sources.archives.limits as archives_limits
import dashboard.sources.archives.unpack as archives_unpack
from dashboard.model.errors import DamagedProductError, DiskFullError, NightglassError, UnknownProductError
from dashboard.simulate.products.scene import mini_scene
from dashboard.simulate.products.sentinel1 import write_grd
from dashboard.simulate.products.take import Take, Written
from dashboard.sources.archives.limits import Names
from dashboard.sources.archives.reader import ArchiveReader
from dashboard.sources.archives.scratch import PREFIX, Scratch, sweep
from dashboard.sources.archives.unpack import unpack
from dashboard.sources.product import NotRead, Product
from dashboard.sources.registry import products

TAKE = Take(
    constellation="sentinel-1", platform="sentinel-1a", mode="IW", polarisations=("VV",), incidence_deg=38.0, track=7,
    altitude_m=693_000.0,
)  # fmt: skip
FORMS = {".zip": "zip", ".tar": "tar", ".tar.gz": "gztar", ".tgz": "gztar"}


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return write_grd(tmp_path_factory.mktemp("grd"), mini_scene(10.0, (110, 140)), TAKE)


def packed(folder: Path, ending: str, into: Path) -> Path:
    """Pack a folder, itself included."""
    made = Path(shutil.make_archive(str(into / "made"), FORMS[ending], folder.parent, folder.name))
    return made.rename(into / f"{folder.name.removesuffix('.SAFE')}{ending}")


def left(folder: Path) -> list[str]:
    gc.collect()
    return [path.name for path in folder.iterdir()]


@pytest.mark.parametrize("ending", FORMS)
def test_a_product_is_read_out_of_an_archive(
    ending: str, product: Written, tmp_path: Path, own_temporary_folder: Path
) -> None:
    archive = packed(product.path, ending, tmp_path)
    whole = Written(
        path=archive, files=(archive,), expected=product.expected, quantity=product.quantity,
        footprint=product.footprint, handling=product.handling,
    )  # fmt: skip
    expected = {**product.expected, "details": {**product.expected["details"], "proc:archive": archive.name}}
    seen = check(replace(whole, expected=expected), mini_scene(10.0, (110, 140)), TAKE)
    origin = seen.product.acquisition.origin
    assert seen.product.paths == (archive,)
    assert origin.files[0] == (archive.name, hashlib.sha256(archive.read_bytes()).hexdigest())
    assert {name for name, _ in origin.files[1:]} == {file.name for file in product.files}
    del seen
    assert left(own_temporary_folder) == []


def test_the_key_is_the_contents_not_the_name(product: Written, tmp_path: Path) -> None:
    first = packed(product.path, ".zip", tmp_path)
    keys = [see(first).product.acquisition.origin.product_sha256]
    keys.append(see(first.rename(tmp_path / "other.zip")).product.acquisition.origin.product_sha256)
    keys.append(see(product.path).product.acquisition.origin.product_sha256)
    assert keys[0] == keys[1] != keys[2]


def test_many_products_in_one_archive(product: Written, tmp_path: Path) -> None:
    folder = tmp_path / "delivery"
    shutil.copytree(product.path, folder / product.path.name)
    (folder / "second").mkdir()
    write_json(folder / "second" / "x.json", item())
    write_tiff(folder / "second" / "x_VV.tif", speckle())
    (folder / "broken").mkdir()
    (folder / "broken" / "x.tif").write_bytes(b"II*\0broken")
    archive = packed(folder, ".zip", tmp_path)
    found = list(products(archive))
    read = [one for one in found if isinstance(one, Product)]
    failed = [one for one in found if isinstance(one, NotRead)]
    assert len(read) == 2
    assert len({one.acquisition.origin.product_sha256 for one in read}) == 2
    assert [one.name for one in failed] == ["delivery.zip: x.tif"]
    assert failed[0].path == archive
    for one in read:
        rows, cols = one.power.geobox.shape
        one.power.read(one.power.polarisations[0], slice(0, min(rows, 9)), slice(0, cols))
        one.close()


def test_a_zip_larger_than_the_old_format_allows(product: Written, tmp_path: Path) -> None:
    archive = tmp_path / "large.zip"
    with zipfile.ZipFile(archive, "w", allowZip64=True) as held:
        for file in product.files:
            name = f"{product.path.name}/{file.relative_to(product.path)}"
            with held.open(name, "w", force_zip64=True) as target:
                target.write(file.read_bytes())
    assert isinstance(see(archive).product, Product)


def test_pixels_stay_readable_while_they_are_held(product: Written, tmp_path: Path, own_temporary_folder: Path) -> None:
    held = see(packed(product.path, ".zip", tmp_path)).product
    held.close()
    assert len(left(own_temporary_folder)) == 1
    assert held.power.read("VV", slice(0, 5), slice(0, 5)).shape == (5, 5)
    held.close()
    del held
    assert left(own_temporary_folder) == []


# What is refused


def zipped(path: Path, entries: dict[str, bytes], act: Callable[[zipfile.ZipInfo], object] = lambda info: None) -> Path:
    """Write a zip whose names are exactly as given."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as held:
        for name, content in entries.items():
            info = zipfile.ZipInfo("x")
            info.filename = name
            info.compress_type = zipfile.ZIP_DEFLATED
            act(info)
            held.writestr(info, content)
    return path


def tarred(path: Path, members: list[tarfile.TarInfo], content: bytes = b"") -> Path:
    with tarfile.open(path, "w:gz") as held:
        for member in members:
            held.addfile(member, io.BytesIO(content))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, size, link
    return info


BAD_NAMES = {
    "/etc/passwd": "absolute path",
    "../up.txt": r"leaves the archive with \.\.",
    "a/../../up.txt": r"leaves the archive with \.\.",
    "C:/windows.txt": "absolute path",
    "c:windows.txt": "absolute path",
    "a\\..\\b.txt": "backslash",
    "a\nb.txt": "control character",
    "/".join("abcdefghijklmnopqrstuvwxyzabcdefghi"): "folders deep; the limit is 32",
    "n" * 300: "longer than 255 bytes",
}


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_that_leave_are_refused(name: str, kind: str, tmp_path: Path, own_temporary_folder: Path) -> None:
    archive = tmp_path / "bad.archive"
    if kind == "zip":
        zipped(archive, {"good.txt": b"x", name: b"x"})
    else:
        tarred(archive, [member("good.txt"), member(name)])
    with pytest.raises(DamagedProductError, match=rf"bad\.archive: the entry .*{BAD_NAMES[name]}"):
        list(products(archive))
    assert left(own_temporary_folder) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.archive", "temporary"]


def test_a_name_with_a_nul_is_refused(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "nul.zip", {"good.txt0evil.tif": b"x"})
    archive.write_bytes(archive.read_bytes().replace(b"good.txt0evil", b"good.txt\0evil"))
    with pytest.raises(DamagedProductError, match=r"nul\.zip"):
        list(products(archive))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a.tif", "a.tif"),
        ("a.tif", "A.TIF"),
        ("a", "a/b.tif"),
        ("a/b.tif", "a"),
        ("ä.tif", "a\u0308.tif"),
        ("a//b", "a/./b"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_entries_of_one_name_are_refused(first: str, second: str, tmp_path: Path) -> None:
    archive = tmp_path / "twice.zip"
    with zipfile.ZipFile(archive, "w") as held:
        held.writestr(first, b"1")
        held.writestr(second, b"2")
    with pytest.raises(DamagedProductError, match=r"twice\.zip: the entry .* (comes twice|folder and a file at once)"):
        list(products(archive))


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE],
)
def test_links_and_devices_in_a_tar_are_refused(kind: bytes, tmp_path: Path) -> None:
    archive = tarred(tmp_path / "links.tar.gz", [member("a.tif", kind, link="/etc/passwd")])
    with pytest.raises(DamagedProductError, match=r"links\.tar\.gz: the entry 'a\.tif' is a link, a device"):
        list(products(archive))


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK])
def test_links_and_devices_in_a_zip_are_refused(mode: int, tmp_path: Path) -> None:
    def act(info: zipfile.ZipInfo) -> None:
        info.create_system = 3
        info.external_attr = (mode | 0o777) << 16

    archive = zipped(tmp_path / "links.zip", {"a.tif": b"/etc/passwd"}, act)
    with pytest.raises(DamagedProductError, match=r"links\.zip: the entry 'a\.tif' is a link, a device"):
        list(products(archive))


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_bomb_is_not_unpacked(kind: str, tmp_path: Path, own_temporary_folder: Path) -> None:
    archive, size = tmp_path / "bomb", 64 * 2**20
    if kind == "zip":
        zipped(archive, {"zeros.tif": bytes(size)})
    else:
        tarred(archive, [member("zeros.tif", size=size)], bytes(size))
    assert archive.stat().st_size < 100_000
    with pytest.raises(DamagedProductError, match=r"bomb: the entry 'zeros\.tif' makes .* more than 250 times"):
        list(products(archive))
    assert left(own_temporary_folder) == []


def test_sizes_that_lie_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The directory says 10 bytes, the entry holds a million: no more than what was said is unpacked."""
    archive = zipped(tmp_path / "lie.zip", {"zeros.tif": bytes(1_000_000)})
    content = bytearray(archive.read_bytes())
    at = content.rindex(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<I", 10)
    archive.write_bytes(bytes(content))
    with pytest.raises(DamagedProductError, match=r"lie\.zip"):
        list(products(archive))


def test_limits_on_count_and_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = zipped(tmp_path / "many.zip", {f"{k}.txt": b"x" * 100 for k in range(30)})
    monkeypatch.setattr(archives_limits, "MOST_ENTRIES", 20)
    with pytest.raises(DamagedProductError, match=r"many\.zip holds more than 20 entries"):
        list(products(archive))
    monkeypatch.setattr(archives_limits, "MOST_ENTRIES", 100)
    monkeypatch.setattr(archives_limits, "MOST_BYTES", 2000)
    with pytest.raises(DamagedProductError, match=r"many\.zip: the entry .* in all; the limit is 2,000"):
        list(products(archive))
    monkeypatch.setattr(archives_limits, "MOST_BYTES_EACH", 50)
    with pytest.raises(DamagedProductError, match=r"many\.zip: the entry '0\.txt' has 100 bytes; the limit is 50"):
        list(products(archive))


def test_a_directory_of_gigabytes_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = zipped(tmp_path / "wide.zip", {f"{k:04d}.txt": b"" for k in range(200)})
    monkeypatch.setattr(archives_unpack, "MOST_HEADER_BYTES", 4000)
    with pytest.raises(DamagedProductError, match=r"wide\.zip .*directory has .* bytes; the limit is 4,000"):
        list(products(archive))


def test_a_header_of_gigabytes_in_a_tar_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long_name = member("././@LongLink", tarfile.GNUTYPE_LONGNAME, size=100_000)
    archive = tarred(tmp_path / "long.tgz", [long_name], b"n" * 100_000)
    monkeypatch.setattr(archives_unpack, "MOST_HEADER_BYTES", 50_000)
    with pytest.raises(DamagedProductError, match=r"long\.tgz"):
        list(products(archive))


def test_encryption_is_named(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "secret.zip", {"a.tif": b"secret"})
    content = bytearray(archive.read_bytes())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(magic) + offset] |= 1
    archive.write_bytes(bytes(content))
    with pytest.raises(DamagedProductError, match=r"secret\.zip: 'a\.tif' is encrypted; unpack it with its password"):
        list(products(archive))


def test_a_wrong_checksum_is_named(tmp_path: Path) -> None:
    archive = tmp_path / "crc.zip"
    with zipfile.ZipFile(archive, "w") as held:
        held.writestr("a.txt", b"content that will change")
    archive.write_bytes(archive.read_bytes().replace(b"content that", b"CONTENT that"))
    with pytest.raises(DamagedProductError, match=r"crc\.zip does not match its checksum .*a\.txt"):
        list(products(archive))


def test_other_ways_of_packing_are_named(tmp_path: Path) -> None:
    archive = tmp_path / "odd.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_LZMA) as held:
        held.writestr("a.tif", b"x" * 1000)
    with pytest.raises(DamagedProductError, match=r"odd\.zip: 'a\.tif' is packed in way 14; only stored and deflated"):
        list(products(archive))


def test_an_archive_in_an_archive_is_not_opened(product: Written, tmp_path: Path) -> None:
    inner = packed(product.path, ".zip", tmp_path)
    outer = tmp_path / "outer.tar"
    with tarfile.open(outer, "w") as held:
        held.add(inner, "inner.zip")
    (found,) = products(outer)
    assert isinstance(found, NotRead)
    assert found.reason == "inner.zip is an archive inside an archive; unpack the outer one and give the folder."
    assert found.paths == (outer,)


def test_an_archive_without_products_says_what_was_looked_for(tmp_path: Path, own_temporary_folder: Path) -> None:
    archive = zipped(tmp_path / "letters.zip", {"letter.txt": b"Dear all"})
    with pytest.raises(UnknownProductError, match=r"letters\.zip holds no product that Nightglass reads. It looks for"):
        list(products(archive))
    assert left(own_temporary_folder) == []


def test_documents_that_are_zips_are_no_archives(tmp_path: Path) -> None:
    reader = ArchiveReader(lambda path, given: iter(()))
    for name, entry in (
        ("a.docx", "[Content_Types].xml"),
        ("a.odt", "mimetype"),
        ("a.kmz", "doc.kml"),
        ("b.kmz", "x.kml"),
    ):
        assert reader.sniff(zipped(tmp_path / name, {entry: b"x"})) == 0.0
    assert reader.sniff(zipped(tmp_path / "no-ending", {"a.tif": b"x"})) == 0.9
    (tmp_path / "x.tif.gz").write_bytes(gzip.compress(b"II*\0" + bytes(2000)))
    assert reader.sniff(tmp_path / "x.tif.gz") == 0.0


def test_no_room_is_said_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = zipped(tmp_path / "full.zip", {"a.tif": os.urandom(5000)})
    monkeypatch.setattr(archives_unpack, "SPARE_BYTES", 2**60)
    with pytest.raises(DiskFullError, match=r"No room to unpack full\.zip: it takes 5,000 bytes"):
        list(products(archive))


def test_what_a_killed_process_leaves_is_swept(
    tmp_path: Path, own_temporary_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import os, tempfile, sys; tempfile.tempdir = sys.argv[1]\n"
        "from dashboard.sources.archives.scratch import Scratch\n"
        "kept = Scratch(); (kept.folder / 'x').write_bytes(b'x'); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(own_temporary_folder)], check=False)
    living = Scratch()
    young = own_temporary_folder / f"{PREFIX}young"
    young.mkdir()
    assert len(left(own_temporary_folder)) == 3
    assert sweep() == 0  # all are young: their owners may not have locked them yet
    monkeypatch.setattr("dashboard.sources.archives.scratch.YOUNG_S", -1.0)
    assert sweep() == 2
    assert left(own_temporary_folder) == [living.folder.name]


segments = st.lists(st.sampled_from(["a", "B", "..", ".", "", "x y", "ä", "C:", "~", "con"]), min_size=1, max_size=6)


@given(st.lists(segments, max_size=8))
def test_no_name_ever_leaves_the_folder(names: list[list[str]]) -> None:
    known, root, taken = Names("a.zip"), Path("/scratch/root"), set()
    for parts in names:
        try:
            place = root / known.file("/".join(parts))
        except DamagedProductError:
            continue
        assert Path(os.path.normpath(place)).is_relative_to(root)
        assert str(place).casefold() not in taken
        taken.add(str(place).casefold())


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("seeds")
    first = zipped(folder / "a.zip", {"a/b.txt": b"hello" * 50, "c.json": b"{}"})
    second = folder / "b.tar"
    with tarfile.open(second, "w") as held:
        info = member("a/b.txt", size=250)
        held.addfile(info, io.BytesIO(b"hello" * 50))
    third = tarred(folder / "c.tgz", [member("a/b.txt", size=250)], b"hello" * 50)
    return [path.read_bytes() for path in (first, second, third)]


def test_mutants(seeds: list[bytes], tmp_path: Path) -> None:
    """Two thousand and more: unpacked, or refused by name; never a file outside."""
    root, outcomes = tmp_path / "in", {"unpacked": 0, "refused": 0}
    archive = tmp_path / "mutant"

    @settings(max_examples=2400, deadline=None, database=None, derandomize=True)
    @given(st.sampled_from(range(3)), st.floats(0, 1, exclude_max=True), st.binary(max_size=8), st.integers(0, 16))
    def attack(which: int, where: float, by: bytes, over: int) -> None:
        whole = seeds[which]
        at = int(where * min(len(whole), 1024))
        archive.write_bytes(whole[:at] + by + whole[at + over :])
        folder = root / "x"
        folder.mkdir(parents=True)
        try:
            unpack(archive, folder)
            outcomes["unpacked"] += 1
        except NightglassError as error:
            outcomes["refused"] += 1
            assert "mutant" in str(error)  # noqa: PT017  both outcomes are right
        finally:
            assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "mutant", "temporary"]
            assert [path.name for path in root.iterdir()] == ["x"]
            shutil.rmtree(root)

    attack()
    assert min(outcomes.values()) > 100, outcomes
