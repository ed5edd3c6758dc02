"""The view inside an exported file: written as metadata, read back without decoding a single pixel.

A PNG carries it as iTXt chunks (`PngInfo`), a PDF in the keywords of its information dictionary, which Matplotlib
writes uncompressed. A file comes from anywhere, so reading is bounded and every failure is an `InputError`.
"""

import re
import zlib
from collections.abc import Iterator

from dashboard.model.errors import InputError
from dashboard.model.token import MAX_TOKEN_CHARS, decode

VIEW_KEY = "nightglass:view"
HANDLING_KEY = "nightglass:handling"
SOFTWARE_KEY = "nightglass:software"
EXPORT_KEY = "nightglass:export"
ANNOTATIONS_KEY = "nightglass:annotations"
"""JSON list of every annotation shown."""
MAX_BYTES = 64 * 2**20

_PNG = b"\x89PNG\r\n\x1a\n"
_PDF = b"%PDF-"
_TOKEN = rb"(v\d{1,3}\.[A-Za-z0-9_-]{1,%d}\.[0-9a-f]{8})" % MAX_TOKEN_CHARS
_IN_PDF = re.compile(VIEW_KEY.encode() + rb"=" + _TOKEN)
_KEYWORDS = re.compile(rb"/Keywords\s*[(<]")
_OCTAL = re.compile(rb"\\([0-7]{3})")
_HEX = re.compile(rb"[0-9A-Fa-f]+")
_LONGEST_WRITTEN = 8 * (MAX_TOKEN_CHARS + 100)
"""Bytes of a keywords string in its widest notation: hexadecimal UTF-16, with room for line breaks."""


def read_token(data: bytes) -> str:
    """Return the view token inside an exported PNG or PDF.

    Parameters
    ----------
    data : the whole file, at most 64 MiB

    Raises
    ------
    InputError
        If the file is too large, neither PNG nor PDF, damaged, or holds no Nightglass view; `BadTokenError` if
        the view inside cannot be read.
    """
    if len(data) > MAX_BYTES:
        msg = f"The file has {len(data) / 2**20:.0f} MiB; at most {MAX_BYTES // 2**20} MiB are read. Paste the link."
        raise InputError(msg)
    if data.startswith(_PNG):
        token = _from_png(data)
    elif data.startswith(_PDF):
        token = _from_pdf(data)
    else:
        raise InputError("This file is neither a PNG nor a PDF; give a sheet exported by Nightglass.")
    decode(token)
    return token


def pdf_keywords(token: str, export_id: str, annotations: str = "") -> str:
    """Return the keywords of a PDF: ASCII only, so that the token stays one readable run of bytes, and comes first."""
    words = f"{VIEW_KEY}={token} {EXPORT_KEY}={export_id}"
    return f"{words} {ANNOTATIONS_KEY}={annotations}" if annotations else words


def _from_pdf(data: bytes) -> str:
    for place in _KEYWORDS.finditer(data):
        written = data[place.end() : place.end() + _LONGEST_WRITTEN]
        for text in (written, _unescaped(written), _unhexed(written)):
            found = _IN_PDF.search(text.replace(b"\x00", b""))  # UTF-16 of ASCII, where another program chose that
            if found is not None:
                return found.group(1).decode("ascii")
    raise InputError("This PDF holds no Nightglass view; give a sheet as Nightglass wrote it.")


def _unescaped(written: bytes) -> bytes:
    """Return a literal PDF string with its octal escapes resolved."""
    return _OCTAL.sub(lambda match: bytes([int(match.group(1), 8) & 0xFF]), written)


def _unhexed(written: bytes) -> bytes:
    """Return what a hexadecimal PDF string stands for; nothing where it is none."""
    digits = b"".join(written.partition(b">")[0].split())
    return bytes.fromhex(digits.decode("ascii")) if _HEX.fullmatch(digits) and len(digits) % 2 == 0 else b""


def _from_png(data: bytes) -> str:
    for kind, body in _chunks(data):
        keyword, _, rest = body.partition(b"\x00")
        if keyword != VIEW_KEY.encode():
            continue
        text = _international(rest) if kind == b"iTXt" else rest
        if len(text) <= MAX_TOKEN_CHARS and text.isascii():
            return text.decode("ascii")
    raise InputError("This PNG holds no Nightglass view; a copy through other programs may have lost it.")


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the text chunks of a PNG; pixels are skipped unread."""
    at = len(_PNG)
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4])
        kind = data[at + 4 : at + 8]
        end = at + 8 + size
        if end + 4 > len(data):
            raise InputError("This PNG ends in the middle of a chunk; copy the whole file again.")
        if kind in (b"iTXt", b"tEXt"):
            body = data[at + 8 : end]
            if zlib.crc32(kind + body) != int.from_bytes(data[end : end + 4]):
                raise InputError("This PNG is damaged: the check of a text chunk does not match. Copy the file again.")
            yield kind, body
        at = end + 4


def _international(rest: bytes) -> bytes:
    """Return the text of an iTXt body behind its keyword, inflated with a bound where it is compressed."""
    compressed, text = rest[:1] == b"\x01", b"".join(rest[2:].split(b"\x00", 2)[2:])
    if not compressed:
        return text
    try:
        return zlib.decompressobj().decompress(text, MAX_TOKEN_CHARS + 1)
    except zlib.error as error:
        raise InputError("This PNG is damaged: its text does not inflate. Copy the file again.") from error
