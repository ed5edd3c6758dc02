"""CEOS records by byte, as JAXA's tables count them: from 1, inclusive."""

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from dashboard.simulate.products.take import CAVEAT

Floats = NDArray[np.float64]

VOLUME, POINTER, TEXT = (192, 192, 18, 18), (219, 192, 18, 18), (18, 192, 18, 18)
LEADER_HEAD, IMAGE_HEAD, TRAILER_HEAD = (11, 192, 18, 18), (50, 192, 18, 18), (63, 192, 18, 18)
SCENE, CHART, ORBIT, ATTITUDE = (18, 10, 18, 20), (18, 20, 18, 20), (18, 30, 18, 20), (18, 40, 18, 20)
RADIOMETRY, QUALITY, FACILITY = (18, 50, 18, 20), (18, 60, 18, 20), (18, 200, 18, 70)


TINY = 1e-98
"""Smaller numbers are zero: their exponents would not fit."""


class Sheet:
    """One record that is filled field by field; what is not filled stays blank."""

    def __init__(self, number: int, kind: tuple[int, int, int, int], length: int) -> None:
        self._bytes = bytearray(b" " * length)
        self._bytes[:12] = number.to_bytes(4, "big") + bytes(kind) + length.to_bytes(4, "big")

    def left(self, first: int, last: int, text: str) -> "Sheet":
        """Write text from the left."""
        width = last - first + 1
        self._bytes[first - 1 : last] = text[:width].ljust(width).encode("ascii")
        return self

    def right(self, first: int, last: int, value: str | int) -> "Sheet":
        """Write text or a whole number from the right.

        Raises
        ------
        ValueError
            If it is wider than the field: cut numbers would be other numbers.
        """
        text, width = str(value), last - first + 1
        if len(text) > width:
            msg = f"{text!r} does not fit bytes {first}-{last}"
            raise ValueError(msg)
        self._bytes[first - 1 : last] = text.rjust(width).encode("ascii")
        return self

    def fixed(self, first: int, last: int, value: float, digits: int = 7) -> "Sheet":
        """Write a number with so many digits after the point."""
        return self.right(first, last, f"{value:.{digits}f}")

    def science(self, first: int, width: int, values: Floats | list[float], digits: int) -> "Sheet":
        """Write numbers with an exponent, one after the other."""
        for index, value in enumerate(np.where(np.abs(values) < TINY, 0.0, values).ravel()):
            self.right(first + width * index, first + width * (index + 1) - 1, f"{value:.{digits}E}")
        return self

    def whole(self) -> bytes:
        """Return the record."""
        return bytes(self._bytes)


def head(kind: tuple[int, int, int, int], satellite: str, word: str, length: int = 720) -> Sheet:
    """Return the descriptor that a file begins with."""
    sheet = Sheet(1, kind, length).left(13, 32, "A   CEOS-SAR     A A").left(33, 39, "002.012")
    sheet.right(45, 48, 1).left(49, 64, f"AL{satellite[-1]} SAR{word}")
    return sheet.left(65, 112, "FSEQ       1   4FTYP       5   4FLGT       9   4")


def counts(sheet: Sheet, kinds: list[tuple[int, int]], facility: list[int]) -> Sheet:
    """Write how many records of which length a leader or trailer has, in the order of the documents."""
    pairs = [*kinds, *[(0, 0)] * (15 - len(kinds))]
    for k, (number, length) in enumerate(pairs):
        sheet.right(181 + 12 * k, 186 + 12 * k, number).right(187 + 12 * k, 192 + 12 * k, length)
    for k, length in enumerate([*facility, *[0] * (5 - len(facility))]):
        sheet.right(421 + 14 * k, 426 + 14 * k, int(length > 0)).right(427 + 14 * k, 434 + 14 * k, length)
    return sheet


def trailer(satellite: str) -> bytes:
    """Return a trailer file that announces no browse image."""
    sheet = counts(head(TRAILER_HEAD, satellite, "CSART"), [], [])
    for first, last in ((491, 496), (497, 504), (505, 510), (511, 516), (517, 522)):
        sheet.right(first, last, 0)
    return sheet.whole()


FILES = {
    "LED": ("CSARL", "SARLEADER FILE", "SARL"),
    "IMG": ("CIMOP", "IMAGERY OPTIONS FILE", "IMOP"),
    "TRL": ("CSART", "SARTRAILER FILE", "SART"),
}
"""Words that the volume uses for the other files."""


def volume(satellite: str, ids: tuple[str, str], made: datetime, files: list[tuple[str, int, int]]) -> bytes:
    """Return the volume directory file of a product.

    Parameters
    ----------
    satellite : ``ALOS2`` or ``ALOS4``
    ids : scene id and product id
    made : creation
    files : (kind, number of records, length of the longest) of the other files
    """
    number = satellite[-1]
    first = Sheet(1, VOLUME, 360).left(13, 32, "A   CEOS-SAR     A A").left(33, 39, "002.012").left(45, 60, "EICS")
    first.left(61, 76, f"AL{number}SAR{made:%Y%m%d}").left(77, 92, f"{satellite}  SAR").left(93, 100, " 1 1 1 1")
    first.right(101, 104, len(files)).right(105, 108, 1).right(109, 112, 1)
    first.left(113, 128, f"{made:%Y%m%d%H%M%S}00").left(129, 140, "JAPAN").left(141, 148, "JAXA").left(149, 160, "EICS")
    first.right(161, 164, len(files)).right(165, 168, 1)
    pointers = [_pointer(k, number, file) for k, file in enumerate(files)]
    text = Sheet(len(files) + 2, TEXT, 360).left(13, 14, "A").left(17, 56, f"PRODUCT:{ids[1]}")
    text.left(57, 116, f"PROCESS:JAPAN-JAXA-{satellite}-EICS  {made:%Y%m%d %H%M%S}").left(117, 156, "TAPE ID:")
    text.left(157, 196, f"ORBIT :{ids[0]}").left(197, 236, "FRAME CENTRE:").left(237, 360, CAVEAT)
    return b"".join(sheet.whole() for sheet in (first, *pointers, text))


def _pointer(index: int, number: str, file: tuple[str, int, int]) -> Sheet:
    kind, records, longest = file
    code, name, short = FILES[kind]
    sheet = Sheet(index + 2, POINTER, 360).left(13, 14, "A").right(17, 20, index + 1)
    sheet.left(21, 36, f"AL{number} SAR{code}").left(37, 64, name).left(65, 68, short)
    sheet.left(69, 96, "MIXED BINARY AND ASCII").left(97, 100, "MBAA").right(101, 108, records).right(109, 116, 720)
    sheet.right(117, 124, longest).left(125, 136, "VARIABLE LEN").left(137, 140, "VARE").left(141, 144, " 1 1")
    return sheet.right(145, 152, 1).right(153, 160, records)
