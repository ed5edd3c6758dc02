"""Plain NITF and NSIF against the scene, their headers against another parser, and what is wrong with bad ones."""

from pathlib import Path

import jbpy
import numpy as np
import pytest
import rasterio
from nitf_makers import NCOLS, NROWS, PVTYPE, with_bytes, with_xml
from product_truth import check, see

from dashboard.model.errors import DamagedProductError, NightglassError, NoGeoreferenceError
from dashboard.simulate.products.nitf import NitfForm, write_nitf
from dashboard.simulate.products.scene import Scene, mini_scene
from dashboard.simulate.products.sicd import SicdForm, write_sicd
from dashboard.simulate.products.sidd import SiddForm, write_sidd
from dashboard.simulate.products.take import Take, Written
from dashboard.sources.nitf.header import Image, read_headers
from dashboard.sources.nitf.pixels import SegmentedImage
from dashboard.sources.nitf.reader import NitfReader
from dashboard.sources.product import Field, Given

TAKE = Take(constellation="sar-lupe", platform="sar-lupe-3", handling={"marking": "R", "releasable_to": ["DEU", "UKR"]})
SMALL = SicdForm(spacing=(2.0, 2.5))


@pytest.fixture(scope="module")
def scene() -> Scene:
    return mini_scene(1.0, (96, 128))


@pytest.fixture(scope="module")
def tiny() -> Scene:
    return mini_scene(4.0, (20, 24))


@pytest.mark.parametrize(
    "form",
    [
        NitfForm(),
        NitfForm(dtype="uint8", nsif=False),
        NitfForm(rpc=True),
        NitfForm(compression="C8"),
        NitfForm(block=64),
        NitfForm(block=64, compression="C8", dtype="uint8"),
    ],
    ids=lambda form: f"{form.dtype}-{form.compression}-{form.block}-{form.rpc}",
)
def test_every_form(tmp_path: Path, scene: Scene, form: NitfForm) -> None:
    seen = check(write_nitf(tmp_path, scene, TAKE, form), scene, TAKE)
    found = seen.product.acquisition
    assert found.origin.guessed >= {"polarisations", "stop", "constellation"}
    assert found.geocoding is not None
    assert found.geocoding.kind == ("rpc" if form.rpc else "gcp")
    assert found.geocoding.error_m == pytest.approx(13.0 if form.rpc else 21.9, abs=0.1)


@pytest.mark.parametrize("wrong", [np.flipud, np.fliplr, lambda p: np.roll(p, 1, axis=0), lambda p: p.T])
def test_a_wrong_picture_is_found_out(tmp_path: Path, scene: Scene, wrong: object) -> None:
    written = write_nitf(tmp_path, scene, TAKE)
    image = read_headers(written.path).images[0]
    pixels = np.memmap(written.path, ">u2", "r+", offset=image.span.start, shape=image.shape)
    side = min(pixels.shape)
    whole = np.array(pixels)
    changed = wrong(whole)  # type: ignore[operator]
    pixels[:side, :side] = changed[:side, :side]
    pixels.flush()
    with pytest.raises(AssertionError, match=r"off by|targets off|not whole"):
        check(written, scene, TAKE)


def test_headers_agree_with_another_parser(tmp_path: Path, tiny: Scene) -> None:
    (tmp_path / "plain").mkdir()
    paths = [
        write_sicd(tmp_path, tiny, TAKE, SMALL).path,
        write_sidd(tmp_path, tiny, TAKE, SiddForm(pixels="RGB8LU", images=2)).path,
        write_nitf(tmp_path / "plain", tiny, TAKE, NitfForm(rpc=True)).path,
    ]
    for path in paths:
        ours = read_headers(path)
        with path.open("rb") as stream:
            theirs = jbpy.Jbp().load(stream)
        assert ours.fields["FTITLE"] == theirs["FileHeader"]["FTITLE"].value
        assert len(ours.images) == len(theirs["ImageSegments"])
        for image, segment in zip(ours.images, theirs["ImageSegments"], strict=True):
            header = segment["subheader"]
            assert image.shape == (header["NROWS"].value, header["NCOLS"].value)
            assert image.span.start == segment["Data"].get_offset()
            assert image.span.size == segment["Data"].size
            assert image.fields["IDATIM"] == header["IDATIM"].value
            assert image.security["CLTX"] == header["ISCLTX"].value
            assert len(image.bands) == header["NBANDS"].value
            assert image.level == header["IDLVL"].value
        spans = [extension.span for extension in ours.extensions]
        assert [s.start for s in spans] == [d["DESDATA"].get_offset() for d in theirs["DataExtensionSegments"]]


def test_windows_equal_the_whole_and_gdal(tmp_path: Path, scene: Scene) -> None:
    path = write_sicd(tmp_path, scene, TAKE).path
    headers = read_headers(path)
    image = SegmentedImage(path, headers.images)
    rows, cols = image.shape
    whole = image.read(slice(0, rows), slice(0, cols))
    part = image.read(slice(7, 31), slice(11, 40))
    image.close()
    assert np.array_equal(part, whole[7:31, 11:40])
    with rasterio.open(path, driver="NITF") as dataset:
        assert np.array_equal(np.moveaxis(dataset.read(), 0, -1), whole)


def test_it_is_recognised_by_content_alone(tmp_path: Path, tiny: Scene) -> None:
    reader = NitfReader()
    sicd = write_sicd(tmp_path, tiny, TAKE, SMALL).path
    odd = sicd.rename(tmp_path / "whatever.tif")
    assert reader.sniff(odd) == 0.95
    assert see(odd).product.acquisition.level == "SICD"
    plain = write_nitf(tmp_path, tiny, TAKE).path
    assert reader.sniff(plain) == 0.9
    disguised = tmp_path / "x.ntf"
    disguised.write_text("<VRTDataset><VRTRasterBand><SourceFilename>/etc/passwd</SourceFilename></VRTRasterBand>")
    assert reader.sniff(disguised) == 0.0


@pytest.mark.parametrize("name", ["A", "B"])
def test_a_given_time_stands_in(tmp_path: Path, tiny: Scene, name: str) -> None:
    written = write_nitf(tmp_path, tiny, TAKE)
    header = read_headers(written.path).images[0].span.header
    with_bytes(written.path, header + 12, (b"--------------" if name == "A" else b"20240230120000"))
    with pytest.raises(DamagedProductError, match=r"\(IDATIM\).*--time"):
        see(written.path)
    assert see(written.path, Given(time=TAKE.start)).product.acquisition.start == TAKE.start


def test_corners_in_decimal_degrees(tmp_path: Path, tiny: Scene) -> None:
    path = write_nitf(tmp_path, tiny, TAKE).path
    header = read_headers(path).images[0].span.header
    at = path.read_bytes().index(b"SAR     ", header) + 8 + 2 + 1
    assert path.read_bytes()[at : at + 1] == b"G"
    corners = b"+50.201+036.699+50.201+036.702+50.199+036.702+50.199+036.699"
    with_bytes(path, at, b"D" + corners)
    found = see(path).product.acquisition
    assert found.bbox == pytest.approx((36.699, 50.199, 36.702, 50.201), abs=1e-4)
    with_bytes(path, at, b"U")
    with pytest.raises(NoGeoreferenceError, match=r"ICORDS 'U'"):
        see(path)
    with_bytes(path, at, b"G" + corners)
    with pytest.raises(NoGeoreferenceError, match="IGEOLO"):
        see(path)


def test_a_picture_in_visible_bands_is_no_radar(tmp_path: Path, tiny: Scene) -> None:
    path = write_nitf(tmp_path, tiny, TAKE).path
    at = path.read_bytes().index(b"SAR     ", read_headers(path).images[0].span.header)
    found = see(with_bytes(path, at, b"VIS     ")).product.acquisition
    assert found.optical
    assert found.polarisations == ("PAN",)
    assert "polarisations" not in found.origin.guessed


def image_of(written: Written) -> Image:
    return read_headers(written.path).images[0]


@pytest.mark.parametrize(
    ("field", "new", "message"),
    [
        (NROWS, b"99999999", r"image 1 announces 99,999,999 x"),
        (NCOLS, b"00000000", r"image 1 announces"),
        (NROWS, b"00009999", r"NROWS, NCOLS.*contradict"),
        (NROWS, b"nonsense", r"'nonsense' as NROWS"),
        (PVTYPE, b"B  ", r"pixels of type 'B'"),
    ],
)
def test_absurd_headers_are_refused_by_name(tmp_path: Path, tiny: Scene, field: int, new: bytes, message: str) -> None:
    written = write_nitf(tmp_path, tiny, TAKE)
    with_bytes(written.path, image_of(written).span.header + field, new)
    with pytest.raises(DamagedProductError, match=f"{written.path.name}.*{message}"):
        see(written.path)


def test_truncation_is_named(tmp_path: Path, tiny: Scene) -> None:
    written = write_sicd(tmp_path, tiny, TAKE, SMALL)
    whole = written.path.read_bytes()
    for length in (6, 200, 400, 900, len(whole) // 2, len(whole) - 1):
        written.path.write_bytes(whole[:length])
        with pytest.raises(NightglassError, match=written.path.name):
            see(written.path)


def test_another_version_is_refused(tmp_path: Path, tiny: Scene) -> None:
    path = with_bytes(write_nitf(tmp_path, tiny, TAKE).path, 0, b"NITF02.00")
    with pytest.raises(DamagedProductError, match=r"'NITF02.00' \(FHDR\)"):
        see(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"^<SICD": '<!DOCTYPE SICD [<!ENTITY x SYSTEM "file:///etc/passwd">]><SICD'}, "document type"),
        ({"<CoreName>[^<]*": "<CoreName>&x;"}, "not well-formed"),
        ({"</SICD>": "<a>" * 220 + "</a>" * 220 + "</SICD>"}, "deeper than"),
        ({"<CollectDuration>[^<]*": "<CollectDuration>-3"}, "CollectDuration"),
        ({"<CollectStart>[^<]*": "<CollectStart>yesterday"}, "Timeline/CollectStart"),
        ({"<CollectStart>.*?</CollectStart>": ""}, "does not state Timeline/CollectStart"),
        ({"<NumRows>[^<]*": "<NumRows>7"}, r"ImageData"),
        ({"<PixelType>[^<]*": "<PixelType>RE16I_IM16I"}, r"ImageData"),
        ({"<PixelType>[^<]*": "<PixelType>RE64F"}, "ImageData/PixelType"),
        ({"<SideOfTrack>[^<]*": "<SideOfTrack>U"}, "contradict themselves"),
        ({"<SS>[^<]*": "<SS>nan"}, "Grid"),
        ({"<IncidenceAng>[^<]*": "<IncidenceAng>133"}, "SCPCOA/IncidenceAng"),
        ({"<HAE>[^<]*": "<HAE>1e9"}, "height|corners"),
        ({"<R_CA_SCP>[^<]*": "<R_CA_SCP>1"}, "corners|globe|nowhere|outline|footprint"),
        ({r'<SigmaZeroSFPoly order1="\d': '<SigmaZeroSFPoly order1="999999'}, "Radiometric/SigmaZeroSFPoly"),
    ],
)
def test_hostile_and_contradictory_metadata_are_named(
    tmp_path: Path, tiny: Scene, change: dict[str, str], message: str
) -> None:
    written = write_sicd(tmp_path, tiny, TAKE, SMALL)
    with_xml(written.path, change)
    with pytest.raises(NightglassError, match=message):
        see(written.path)


def test_a_sicd_without_projection_falls_back_to_its_corners(tmp_path: Path, tiny: Scene) -> None:
    written = write_sicd(tmp_path, tiny, TAKE, SMALL)
    with_xml(written.path, {"<SideOfTrack>.*?</SideOfTrack>": ""})
    found = see(written.path).product.acquisition
    assert found.look is None
    assert found.geocoding is not None
    assert found.geocoding.kind == "gcp"
    assert "corners" in found.geocoding.basis


def test_images_attached_in_a_circle_are_refused(tmp_path: Path, tiny: Scene) -> None:
    written = write_sidd(tmp_path, tiny, TAKE, SiddForm(images=2))
    headers = read_headers(written.path)
    content = written.path.read_bytes()
    for image, above in zip(headers.images, (2, 1), strict=True):
        old = f"{image.level:03d}{image.attached_to:03d}{0:010d}".encode()
        at = content.index(old, image.span.header + 400)
        content = content[:at] + f"{image.level:03d}{above:03d}".encode() + content[at + 6 :]
    written.path.write_bytes(content)
    with pytest.raises(DamagedProductError, match="circle"):
        SegmentedImage(written.path, read_headers(written.path).images)


def test_every_field_of_the_table_is_mapped_or_excused() -> None:
    for system in NitfReader.systems:
        assert system.fields, system.name
        for field in system.fields:
            assert isinstance(field, Field)
            assert field.where or field.note, (system.name, field.name)
