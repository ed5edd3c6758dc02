"""The view in a file: token in, token out; anything else is refused with a message, never a crash."""

import io
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pypdf import PdfReader, PdfWriter

from dashboard.briefing.files import render
from dashboard.briefing.token import MAX_BYTES, VIEW_KEY, pdf_keywords, read_token
from dashboard.model.errors import BadTokenError, InputError
from dashboard.model.token import encode
from dashboard.model.view import CompareMode, Extent, Layer, View
from dashboard.workflows.brief import SnapshotOptions, sheet_of

# rasterio 1.4 and odc-geo multiply affine 3.1's matrices with *, which it would rather see as @.
pytestmark = pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")

VIEWS = st.builds(
    View,
    extent=st.tuples(st.floats(-1e7, 1e7), st.floats(-1e7, 1e7)).map(lambda p: Extent(*p, p[0] + 500, p[1] + 400)),
    a=st.none() | st.text("ABCabc0189_.-", min_size=1, max_size=60),
    compare=st.sampled_from(CompareMode),
    split=st.floats(0, 1),
    layers=st.frozensets(st.sampled_from(Layer)),
)


def png(key: str, token: str, *, compressed: bool = False, plain: bool = False) -> bytes:
    info, out = PngInfo(), io.BytesIO()
    info.add_text("Comment", "another program's")
    if plain:
        info.add_text(key, token)
    else:
        info.add_itxt(key, token, zip=compressed)
    Image.new("RGB", (3, 2)).save(out, "PNG", pnginfo=info)
    return out.getvalue()


@settings(max_examples=60, deadline=None)
@given(VIEWS, st.booleans(), st.booleans())
def test_a_png_gives_back_its_token(view: View, compressed: bool, plain: bool) -> None:
    token = encode(view)
    assert read_token(png(VIEW_KEY, token, compressed=compressed, plain=plain)) == token


def literal(text: str) -> bytes:
    return b"(" + text.encode() + b")"


def octal(text: str) -> bytes:
    return b"(" + "".join(c if c.isalnum() else f"\\{ord(c):03o}" for c in text).encode() + b")"


def utf16(text: str) -> bytes:
    return b"(\xfe\xff" + text.encode("utf-16-be") + b")"


def hexadecimal(text: str) -> bytes:
    return b"<feff" + text.encode("utf-16-be").hex().encode() + b">"


@settings(max_examples=60, deadline=None)
@given(VIEWS, st.sampled_from([literal, octal, utf16, hexadecimal]))
def test_a_pdf_gives_back_its_token_in_every_notation(view: View, notation) -> None:
    token = encode(view)
    assert read_token(b"%PDF-1.4\n<< /Keywords " + notation(pdf_keywords(token, "1a2b3c4d")) + b" >>") == token


@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_a_whole_sheet_gives_back_its_token(workspace, view, kind) -> None:
    data = render(sheet_of(workspace, view, SnapshotOptions(format=kind)), kind)
    assert read_token(data) == encode(view)


def test_a_pdf_rewritten_by_another_program_keeps_its_token(workspace, view) -> None:
    data = render(sheet_of(workspace, view, SnapshotOptions(format="pdf")), "pdf")
    writer, out = PdfWriter(clone_from=PdfReader(io.BytesIO(data))), io.BytesIO()
    writer.write(out)
    assert read_token(out.getvalue()) == encode(view)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (png("Description", "nothing"), "holds no Nightglass view"),
        (b"%PDF-1.7 nothing at all", "holds no Nightglass view"),
        (b"GIF89a", "neither a PNG nor a PDF"),
        (b"", "neither a PNG nor a PDF"),
        (bytes(MAX_BYTES + 1), "at most 64 MiB"),
        (png(VIEW_KEY, "x" * 5000), "holds no Nightglass view"),
    ],
)
def test_what_holds_no_view_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_token(data)


def test_a_changed_token_is_refused() -> None:
    token = encode(View(extent=Extent(0, 0, 10, 10)))
    with pytest.raises(BadTokenError):
        read_token(png(VIEW_KEY, token[:-1] + ("0" if token[-1] != "0" else "1")))


def test_a_deflate_bomb_is_not_inflated() -> None:
    body = VIEW_KEY.encode() + b"\0\1\0\0\0" + zlib.compress(b"v" * 50_000_000)
    chunk = len(body).to_bytes(4) + b"iTXt" + body + zlib.crc32(b"iTXt" + body).to_bytes(4)
    with pytest.raises(InputError, match="holds no Nightglass view"):
        read_token(png("k", "t")[:8] + chunk)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damage_never_crashes(data: st.DataObject) -> None:
    whole = bytearray(png(VIEW_KEY, encode(View(extent=Extent(0, 0, 10, 10)))))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(8, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_token(bytes(whole[: data.draw(st.integers(0, len(whole)))]))
    except InputError as error:
        assert str(error)  # noqa: PT017 - either outcome is right; another exception fails the test
