"""Fields of fixed width in NITF headers, and the tagged records behind them."""

from dataclasses import dataclass

from dashboard.model.errors import DamagedProductError

SECURITY = (
    ("CLAS", 1), ("CLSY", 2), ("CODE", 11), ("CTLH", 2), ("REL", 20), ("DCTP", 2), ("DCDT", 8), ("DCXM", 4),
    ("DG", 1), ("DGDT", 8), ("CLTX", 43), ("CATP", 1), ("CAUT", 40), ("CRSN", 1), ("SRDT", 8), ("CTLN", 15),
)  # fmt: skip
"""Security fields (name without prefix, bytes), in their order: alike in file, image, graphic, text and extension."""
MOST_TRES = 2_000
"""Tagged records of one area: real ones have some dozens."""


@dataclass(frozen=True, slots=True)
class Tre:
    """A tagged record extension as it stands."""

    tag: str
    data: bytes


class Fields:
    """Takes one field after the other from a header; none is read beyond its end."""

    def __init__(self, data: bytes, where: str) -> None:
        """Start at the first field.

        Parameters
        ----------
        data : the header
        where : file and header, for messages
        """
        self.where = where
        self._data = data
        self._next = 0

    def raw(self, name: str, size: int) -> bytes:
        """Return the next bytes.

        Raises
        ------
        DamagedProductError
            If the header ends before them.
        """
        end = self._next + size
        if end > len(self._data):
            msg = f"{self.where} ends in the field {name}; the file is damaged. Fetch it again."
            raise DamagedProductError(msg)
        found = self._data[self._next : end]
        self._next = end
        return found

    def text(self, name: str, size: int) -> str:
        """Return the next field without the blanks around it."""
        return self.raw(name, size).decode("latin-1").strip("\0 \t\r\n")

    def whole(self, name: str, size: int, least: int, most: int) -> int:
        """Return the next field as a whole number within limits.

        Raises
        ------
        DamagedProductError
            If it is none.
        """
        return self.as_whole(name, self.text(name, size), least, most)

    def as_whole(self, name: str, words: str, least: int = 0, most: int = 99_999_999) -> int:
        """Return text as a whole number within limits."""
        found = int(words) if words.isascii() and words.isdigit() else -1
        if not least <= found <= most:
            msg = f"{self.where} has {words[:20]!r} as {name}; {least} to {most} can be meant. The file is damaged."
            raise DamagedProductError(msg)
        return found

    def signed(self, name: str, size: int) -> int:
        """Return the next field as a whole number that may have a minus."""
        words = self.text(name, size)
        found = self.as_whole(name, words.removeprefix("-"))
        return -found if words.startswith("-") else found


def read_security(fields: Fields, prefix: str) -> dict[str, str]:
    """Return the next security fields, blanks stripped, by their name without `prefix`."""
    return {name: fields.text(prefix + name, size) for name, size in SECURITY}


def tres(data: bytes, where: str) -> list[Tre]:
    """Return the tagged records of an extension area.

    Raises
    ------
    DamagedProductError
        If a record is longer than the area, or there are more than `MOST_TRES`.
    """
    fields = Fields(data, where)
    found: list[Tre] = []
    left = len(data)
    while left >= 11:
        tag = fields.text("CETAG", 6)
        size = fields.whole(f"CEL of {tag[:6]!r}", 5, 0, 99_985)
        found.append(Tre(tag, fields.raw(f"TRE {tag[:6]!r}", size)))
        left -= 11 + size
        if len(found) > MOST_TRES:
            msg = f"{where} has more than {MOST_TRES:,} tagged records; no product does."
            raise DamagedProductError(msg)
    return found
