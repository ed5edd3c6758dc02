"""The text file ``summary.txt`` that comes with every product of ALOS-2 and ALOS-4."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from shapely import Polygon

from dashboard.model.errors import DamagedProductError
from dashboard.sources.alos.ceos import decimal

LINE = re.compile(r'\s*([A-Za-z]{3})_([A-Za-z0-9_]{1,60})\s*=\s*"(.*)"\s*')
MOST_BYTES = 2**20
"""Real ones have two to three thousand."""
CORNERS = ("LeftTop", "RightTop", "RightBottom", "LeftBottom")
PROCESSED = re.compile(r"PROCESS:\s*(?P<place>\S*)\s+(?P<time>\d{8} \d{6})")


@dataclass(frozen=True, slots=True)
class Summary:
    """What a summary file states, by key."""

    file: str
    words: Mapping[str, str]

    def text(self, key: str) -> str | None:
        """Return a value's text, or None when blank or absent."""
        return self.words.get(key) or None

    def number(self, key: str) -> float | None:
        """Return a value's number, or None."""
        return decimal(self.words.get(key, ""))

    def moment(self, key: str) -> datetime | None:
        """Return a value's moment; the file states UTC.

        Raises
        ------
        DamagedProductError
            If there is text that is no time.
        """
        stated = self.text(key)
        if stated is None:
            return None
        for form in ("%Y%m%d %H:%M:%S.%f", "%Y%m%d %H:%M:%S"):
            try:
                return datetime.strptime(stated, form).replace(tzinfo=UTC)
            except ValueError:
                continue
        msg = f"{self.file}: {key} is {stated[:40]!r}, which is no time such as 20140909 04:33:42.052."
        raise DamagedProductError(msg)

    def shape(self) -> tuple[int, int] | None:
        """Return (lines, pixels), or None unless both are stated."""
        sides = [self.number(key) for key in ("Pdi_NoOfLines_0", "Pdi_NoOfPixels_0")]
        return (int(sides[0]), int(sides[1])) if sides[0] and sides[1] else None

    def outline(self) -> tuple[Polygon, float] | None:
        """Return the polygon of the image's corners and the length of the last digit of its numbers, degrees."""
        texts = [
            self.words.get(f"Img_ImageScene{corner}{axis}", "")
            for corner in CORNERS
            for axis in ("Longitude", "Latitude")
        ]
        numbers = [number for text in texts if (number := decimal(text)) is not None]
        if len(numbers) < len(texts) or any(abs(v) > (360, 90)[i % 2] for i, v in enumerate(numbers)):
            return None
        digits = min(len(text.partition(".")[2]) for text in texts)
        ring = Polygon(list(zip(numbers[::2], numbers[1::2], strict=True)))
        return (ring, 10.0**-digits) if ring.is_valid and ring.area > 0 else None

    def processed(self) -> tuple[datetime | None, str | None]:
        """Return when and where the product was made, as far as stated; the zone is not, and taken as UTC."""
        match = PROCESSED.search(self.words.get("Odi_SiteDateTime", ""))
        if match is None:
            return None, None
        try:
            made = datetime.strptime(match["time"], "%Y%m%d %H%M%S").replace(tzinfo=UTC)
        except ValueError:
            return None, match["place"]
        return made, match["place"]


def read_summary(path: Path) -> Summary:
    """Return what a summary file states.

    Raises
    ------
    DamagedProductError
        If it cannot be read, is absurdly large or states nothing.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        msg = f"{path.name} cannot be read ({error.strerror}); check the file and its permissions."
        raise DamagedProductError(msg) from error
    if len(content) > MOST_BYTES:
        msg = f"{path.name} has more than {MOST_BYTES:,} bytes; a summary has some thousand. The product is damaged."
        raise DamagedProductError(msg)
    words: dict[str, str] = {}
    for line in content.decode("utf-8", "replace").splitlines():
        match = LINE.fullmatch(line)
        if match is not None:
            words[f"{match[1].title()}_{match[2]}"] = match[3].strip()
    if not words:
        msg = f'{path.name} holds no line such as Lbi_Satellite="ALOS2"; the product is damaged.'
        raise DamagedProductError(msg)
    return Summary(path.name, words)
