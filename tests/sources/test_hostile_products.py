"""Hostile products of every system: refused in words, in time and in memory, and nothing beside them is opened."""

import json
import os
import re
import shutil
import struct
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import rasterio
from deliveries import FORMS
from nitf_makers import with_xml
from rasterio.errors import NotGeoreferencedWarning
from rasterio.windows import Window

from dashboard.catalog.records import row_of
from dashboard.model.errors import NightglassError
from dashboard.simulate.products.take import Written
from dashboard.sources.product import NotRead, Product
from dashboard.sources.registry import products, worker
from dashboard.sources.worker_process import UNFORESEEN

ROOT = Path(__file__).parents[2]
CANARY = "CANARY-7f3a91"
SECONDS = 20.0
BYTES = 2 * 2**30
HUGE = 300_000
DEEP = 100_000
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
NUMI = 360
"""Offset of the number of images in the header of a NITF file."""


@dataclass(frozen=True)
class Answer:
    """What came of reading a path."""

    read: int
    """Products whose pixels could be read."""
    refused: int
    text: str
    """Every word that a user would see, and every word that would be recorded."""


@dataclass(frozen=True)
class Bundle:
    """A product's files in a folder of their own, beside a folder that is none of its business."""

    folder: Path
    files: tuple[Path, ...]
    outside: Path

    def siblings(self, file: Path) -> list[str]:
        return [other.name for other in self.files if other != file]


def answer(path: Path) -> Answer:
    """Read all that a path holds; fails the test over anything but products and authored errors in due time."""
    begun, read, refused, text = time.monotonic(), 0, 0, []
    try:
        for found in products(path):
            if isinstance(found, NotRead):
                refused += 1
                text.append(found.reason)
                continue
            text.append(f"{row_of(found.acquisition)} {found.acquisition}")
            _look(found)
            read += 1
    except NightglassError as error:
        refused += 1
        text.append(str(error))
    said = "\n".join(text)
    assert time.monotonic() - begun < SECONDS, said
    assert UNFORESEEN not in said
    assert "the process that read it" not in said
    assert CANARY not in said
    assert _peak_bytes() < BYTES
    return Answer(read, refused, said)


def _look(product: Product) -> None:
    if product.power is None:
        return
    try:
        rows, cols = product.power.geobox.shape
        for name in product.power.polarisations:
            product.power.read(name, slice(0, min(rows, 512)), slice(0, min(cols, 512)))
    finally:
        product.close()


def _peak_bytes() -> int:
    process = worker()._process
    if process is None:
        return 0
    words = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", words)[1])  # type: ignore[index]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Written]:
    root = tmp_path_factory.mktemp("originals")
    return {name: form.deliver(root / name) for name, form in FORMS.items()}


def bundle(written: Written, place: Path) -> Bundle:
    """Copy a product to a place of its own, with a canary in a folder beside it."""
    root = written.path if written.path.is_dir() else written.path.parent
    folder, outside = place / "in" / root.name, place / "outside"
    shutil.copytree(root, folder)
    outside.mkdir()
    (outside / "canary.txt").write_text(CANARY)
    (outside / "canary.dtd").write_text(f'<!ENTITY c "{CANARY}">')
    (outside / "canary.json").write_text(json.dumps({"type": "Feature", "id": CANARY, "platform": CANARY}))
    (outside / "canary.xml").write_text(f"<canary><a>{CANARY}</a></canary>")
    with rasterio.open(
        outside / "canary.tif", "w", driver="GTiff", width=40, height=30, count=1, dtype="uint16", crs="EPSG:32637",
        transform=rasterio.Affine(4, 0, 5e5, 0, -4, 5e6),
    ) as dataset:  # fmt: skip
        dataset.write(np.full((1, 30, 40), 777, np.uint16))
        dataset.update_tags(TIFFTAG_IMAGEDESCRIPTION=CANARY)
    return Bundle(folder, tuple(sorted(folder / file.relative_to(root) for file in written.files)), outside)


# Ways to harm one file of a bundle: each returns whether it applies to the file


def _xml(file: Path) -> str | None:
    head = file.read_bytes()[:4096].lstrip(b"\xef\xbb\xbf \r\n\t")
    return file.read_text(encoding="utf-8") if head.startswith(b"<") and b"VRTDataset" not in head else None


def _json(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.read_bytes()[:1] in {b"{", b"["} else None


def _declared(xml: str, doctype: str, word: str) -> str:
    """Put a document type before the root, and a word of it into the first text."""
    declaration = re.match(r"\s*(<\?xml.*?\?>)?", xml, re.DOTALL)
    at = declaration.end() if declaration else 0
    body = re.sub(r">[^<>\s][^<>]*<", lambda _: f">{word}<", xml[at:], count=1)
    return xml[:at] + doctype + body


def entities(file: Path, of: Bundle) -> bool:
    xml = _xml(file)
    if xml is None:
        return False
    file.write_text(_declared(xml, f'<!DOCTYPE x [<!ENTITY l0 "{"ha" * 50}">{LAUGHS}]>', "&l11;"))
    return True


def outside_entity(file: Path, of: Bundle) -> bool:
    xml = _xml(file)
    if xml is None:
        return False
    place = (of.outside / "canary.txt").as_uri()
    file.write_text(_declared(xml, f'<!DOCTYPE x [<!ENTITY c SYSTEM "{place}">]>', "&c;"))
    return True


def outside_grammar(file: Path, of: Bundle) -> bool:
    xml = _xml(file)
    if xml is None:
        return False
    place = (of.outside / "canary.dtd").as_uri()
    file.write_text(_declared(xml, f'<!DOCTYPE x SYSTEM "{place}">', "&c;"))
    return True


def included(file: Path, of: Bundle) -> bool:
    xml = _xml(file)
    if xml is None:
        return False
    place = (of.outside / "canary.txt").as_uri()
    include = f'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="{place}" parse="text"/>'
    file.write_text(_declared(xml, "", include))
    return True


def deep_xml(file: Path, of: Bundle) -> bool:
    xml = _xml(file)
    if xml is None:
        return False
    at = xml.rindex("</")
    file.write_text(xml[:at] + "<a>" * DEEP + "</a>" * DEEP + xml[at:])
    return True


def deep_json(file: Path, of: Bundle) -> bool:
    text = _json(file)
    if text is None:
        return False
    at = text.rindex("}")
    file.write_text(f'{text[:at]}, "deep": {"[" * DEEP}{"]" * DEEP}{text[at:]}')
    return True


def long_number(file: Path, of: Bundle) -> bool:
    text = _json(file)
    if text is None:
        return False
    file.write_text(re.sub(r":\s*-?\d+\.?\d*", lambda _: ": " + "9" * 20_000, text, count=3))
    return True


def _named(file: Path, of: Bundle, other: str) -> bool:
    """Replace every name of another file of the product in a text by another."""
    text = _xml(file) or _json(file)
    names = [] if text is None else [name for name in of.siblings(file) if name in text]
    if text is None or not names:
        return False
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, other)
    file.write_text(text)
    return True


def climbing(file: Path, of: Bundle) -> bool:
    return _named(file, of, os.path.relpath(of.outside / "canary.tif", file.parent))


def absolute(file: Path, of: Bundle) -> bool:
    return _named(file, of, str(of.outside / "canary.tif"))


def through_gdal(file: Path, of: Bundle) -> bool:
    return _named(file, of, f"/vsisubfile/0_100000,{of.outside / 'canary.tif'}")


def elsewhere(file: Path, of: Bundle) -> bool:
    return _named(file, of, "http://127.0.0.1:9/canary.tif")


def linked(file: Path, of: Bundle) -> bool:
    """Leave a link where a file was, to its content outside the product."""
    target = of.outside / f"linked-{file.name}"
    file.rename(target)
    file.symlink_to(target)
    return True


def disguised_vrt(file: Path, of: Bundle) -> bool:
    """A VRT under the picture's name, which shows what lies outside."""
    if file.suffix.lower() not in {".tif", ".tiff", ".h5", ".ntf", ".nsf", ".nitf"} and not file.name.startswith("IMG"):
        return False
    source = f'<SourceFilename relativeToVRT="0">{of.outside / "canary.tif"}</SourceFilename>'
    file.write_text(
        '<VRTDataset rasterXSize="40" rasterYSize="30"><SRS>EPSG:32637</SRS>'
        "<GeoTransform>5e5,4,0,5e6,0,-4</GeoTransform>"
        f'<VRTRasterBand dataType="UInt16" band="1"><SimpleSource>{source}<SourceBand>1</SourceBand></SimpleSource>'
        "</VRTRasterBand></VRTDataset>"
    )
    return True


def placed_beside(file: Path, of: Bundle) -> bool:
    """Side-cars that GDAL would believe unasked: overviews, masks and statistics beside a picture."""
    if file.suffix.lower() not in {".tif", ".tiff"}:
        return False
    for ending in (".ovr", ".msk"):
        shutil.copy(of.outside / "canary.tif", file.with_name(file.name + ending))
    tags = f'<Metadata><MDI key="TIFFTAG_IMAGEDESCRIPTION">{CANARY}</MDI></Metadata>'
    file.with_name(file.name + ".aux.xml").write_text(f"<PAMDataset>{tags}</PAMDataset>")
    return True


def fifo(file: Path, of: Bundle) -> bool:
    file.unlink()
    os.mkfifo(file)
    return True


def folder(file: Path, of: Bundle) -> bool:
    file.unlink()
    file.mkdir()
    return True


def empty(file: Path, of: Bundle) -> bool:
    file.write_bytes(b"")
    return True


def huge_tiff(file: Path, of: Bundle) -> bool:
    """A picture of 90 thousand million pixels in a few hundred bytes, with all that the small one stated."""
    if file.suffix.lower() not in {".tif", ".tiff"}:
        return False
    warnings.simplefilter("ignore", NotGeoreferencedWarning)  # pytest restores the filters after each test
    with rasterio.open(file) as old:
        words, rpcs, (points, points_crs) = old.tags(), old.rpcs, old.gcps
        profile: dict[str, Any] = {"count": old.count, "dtype": old.dtypes[0]}
        if old.crs is not None:
            profile |= {"crs": old.crs, "transform": old.transform}
    made = of.outside / "huge.tif"
    with rasterio.open(
        made, "w", driver="GTiff", width=HUGE, height=HUGE, tiled=True, blockxsize=4096, blockysize=4096, BIGTIFF="YES",
        compress="deflate", SPARSE_OK="TRUE", **profile,
    ) as new:  # fmt: skip
        new.update_tags(**words)
        new.write(
            np.ones((8, 8), "complex64" if profile["dtype"].startswith("complex") else profile["dtype"]),
            1,
            window=Window(0, 0, 8, 8),
        )
        if rpcs is not None:
            new.rpcs = rpcs
        if points:
            new.gcps = (points, points_crs)
    shutil.move(made, file)
    return True


def huge_hdf5(file: Path, of: Bundle) -> bool:
    """Every picture in the file announces as many pixels, none of them stored."""
    if file.suffix.lower() != ".h5":
        return False
    with h5py.File(file, "r+") as held:
        names: list[str] = []
        held.visititems(lambda name, item: names.append(name) if getattr(item, "ndim", 0) > 1 else None)
        for name in names:
            old = held[name]
            shape = (HUGE, HUGE, *old.shape[2:])
            chunks = (1024, 1024, *old.shape[2:])
            words, dtype = dict(old.attrs), old.dtype
            del held[name]
            held.create_dataset(name, shape, dtype, chunks=chunks, compression="gzip").attrs.update(words)
    return bool(names)


def many_images(file: Path, of: Bundle) -> bool:
    content = bytearray(file.read_bytes())
    if not content.startswith((b"NITF", b"NSIF")):
        return False
    content[NUMI : NUMI + 3] = b"999"
    file.write_bytes(content)
    return True


def long_record(file: Path, of: Bundle) -> bool:
    """CEOS records that say they are two thousand million bytes long."""
    if not re.match(r"(VOL|LED|IMG|TRL)-", file.name):
        return False
    content = bytearray(file.read_bytes())
    content[8:12] = struct.pack(">i", 2**31 - 1)
    file.write_bytes(content)
    return True


Harm = Callable[[Path, Bundle], bool]
REACHING_OUT: tuple[Harm, ...] = (
    outside_entity, outside_grammar, included, climbing, absolute, through_gdal, elsewhere, linked, disguised_vrt,
)  # fmt: skip
SWELLING: tuple[Harm, ...] = (
    entities, deep_xml, deep_json, long_number, huge_tiff, huge_hdf5, many_images, long_record,
)  # fmt: skip
STRANGE: tuple[Harm, ...] = (fifo, folder, empty, placed_beside)
ALWAYS_REFUSED = frozenset({disguised_vrt, huge_hdf5, many_images})
"""Harms after which nothing may be read as a picture, unless they befell a file that is none, such as a mask."""


def assault(original: Written, place: Path, harm: Harm) -> list[tuple[str, Answer]]:
    """Harm every file of a product in turn and read what is left; return the names of the files, too."""
    found = []
    for number in range(len(original.files)):
        of = bundle(original, place / f"{harm.__name__}-{number}")
        if harm(of.files[number], of):
            file = of.files[number]
            found.append((file.name, answer(of.folder)))
            if file.exists():
                found.append((file.name, answer(file)))
        shutil.rmtree(of.folder.parents[1])
    return found


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("harms", [REACHING_OUT, SWELLING, STRANGE], ids=["reaching out", "swelling", "strange"])
def test_a_hostile_product_is_refused_or_read_without_harm(
    form: str, harms: tuple[Harm, ...], written: dict[str, Written], tmp_path: Path
) -> None:
    for harm in harms:
        for name, found in assault(written[form], tmp_path, harm):
            if harm in ALWAYS_REFUSED and "mask" not in name:
                assert found.read == 0, (harm.__name__, found.text)
            assert found.read or found.refused or not found.text


@pytest.mark.parametrize("form", ["umbra-sicd", "sar-lupe-sicd", "capella-sidd"])
@pytest.mark.parametrize("kind", ["entities", "outside", "deep"])
def test_hostile_xml_inside_nitf_is_refused(form: str, kind: str, written: dict[str, Written], tmp_path: Path) -> None:
    of = bundle(written[form], tmp_path)
    doctype = {
        "entities": f'<!DOCTYPE x [<!ENTITY l0 "{"ha" * 50}">{LAUGHS}]>',
        "outside": f'<!DOCTYPE x [<!ENTITY c SYSTEM "{(of.outside / "canary.txt").as_uri()}">]>',
        "deep": "",
    }[kind]
    root = "SIDD" if form.endswith("sidd") else "SICD"
    within = "<a>" * 5000 + "</a>" * 5000 if kind == "deep" else ""
    (path,) = of.files
    with_xml(path, {f"<{root} ": f"{doctype}<{root} ", f"</{root}>": f"{within}</{root}>"})
    found = answer(path)
    assert found.read == 0, found.text
    assert path.name in found.text


def test_the_control_of_the_time_limit_would_see_a_reader_that_hangs(tmp_path: Path) -> None:
    """A pipe that somebody keeps open holds whoever reads from it: nobody may begin to."""
    pipe = tmp_path / "x.json"
    os.mkfifo(pipe)
    keep = os.open(pipe, os.O_RDWR)
    try:
        assert answer(tmp_path).refused == 1
        assert answer(pipe).refused == 1
    finally:
        os.close(keep)


# Nothing outside is opened: seen from below


WITNESS = """
import sys
from pathlib import Path
from dashboard.model.errors import NightglassError
from dashboard.sources.product import Product
from dashboard.sources.registry import products
def main():
    for path in sorted(Path(sys.argv[1]).glob("*/in/*")):
        try:
            for found in products(path):
                if isinstance(found, Product) and found.power is not None:
                    rows, cols = found.power.geobox.shape
                    for name in found.power.polarisations:
                        found.power.read(name, slice(0, rows), slice(0, cols))
                    found.close()
        except NightglassError:
            pass
if __name__ == "__main__":
    main()
"""
WITNESSED = ("sentinel-1-grd", "iceye-grd", "capella-geo", "umbra-gec", "qps-level-1.3", "maxar-ortho", "cosmo-gtc",
             "alos-2-l15g", "iceye-legacy-slc", "sarah-nsif")  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed: system calls cannot be watched")
def test_no_system_call_opens_a_file_outside_the_product(written: dict[str, Written], tmp_path: Path) -> None:
    places = 0
    for form in WITNESSED:
        for harm in REACHING_OUT:
            for number in range(len(written[form].files)):
                of = bundle(written[form], tmp_path / f"p{places}")
                if harm(of.files[number], of):
                    places += 1
                else:
                    shutil.rmtree(tmp_path / f"p{places}")
    assert places > 60
    script, log = tmp_path / "witness.py", tmp_path / "calls.txt"
    script.write_text(WITNESS)
    subprocess.run(
        ["strace", "-f", "-qq", "-s", "4096", "-e", "trace=openat,open,connect", "-o", str(log),
         sys.executable, str(script), str(tmp_path)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, timeout=120,
    )  # fmt: skip
    calls = log.read_text(errors="replace")
    opened = [Path(name) for name in re.findall(r'open(?:at)?\([^"]*"([^"]+)"', calls)]
    assert sum("/in/" in str(path) for path in opened) > places, "the log does not show what is read"
    assert [str(path) for path in opened if "/outside" in str(path)] == []
    assert sorted({path.name for path in opened if path.is_relative_to(tmp_path) and path.is_symlink()}) == []
    assert [str(path) for path in opened if str(path) == "/etc/passwd"] == []
    assert re.findall(r"connect\(.*sa_family=AF_INET.*", calls) == []
