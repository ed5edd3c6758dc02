"""What passes between a file of annotations and the catalogue: what it says, what was made of it, what was not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dashboard.model.annotation import Annotation, Force
from dashboard.model.errors import DamagedProductError
from dashboard.model.handling import UNMARKED, Handling
from dashboard.model.progress import CancelToken
from dashboard.model.sketch import Sketch

MAX_FEATURES = 200_000
"""Of one file."""
MAX_VERTICES = 200_000
"""Of one feature."""
MAX_VERTICES_IN_ALL = 2_000_000
"""Of one file."""
MAX_REMARKS = 200
"""Different things said about one file; what is beyond is counted."""
SHOWN = 60
"""Characters of a name or value out of a file that are repeated to a person."""


def shown(value: object) -> str:
    """Return a text out of a file so that it can be printed: one line, no control characters, cut."""
    text = str(value)[: SHOWN + 1]
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return clean if len(text) <= SHOWN else clean[:SHOWN] + "…"


class Remarks:
    """What could not be kept or had to be changed, each said once with how often and where first."""

    __slots__ = ("_beyond", "_first", "_times")

    def __init__(self) -> None:
        self._times: dict[str, int] = {}
        self._first: dict[str, str] = {}
        self._beyond = 0

    def add(self, text: str, place: str = "", times: int = 1) -> None:
        """Note something about a place in the file."""
        if text not in self._times and len(self._times) >= MAX_REMARKS:
            self._beyond += times
            return
        self._times[text] = self._times.get(text, 0) + times
        self._first.setdefault(text, place)

    def lines(self) -> tuple[str, ...]:
        """Return one line per thing, in order of first appearance."""
        lines = [self._line(text, times) for text, times in self._times.items()]
        return (*lines, *([f"and {self._beyond:,} more remarks"] if self._beyond else []))

    def _line(self, text: str, times: int) -> str:
        first = self._first[text]
        if not first:
            return text if times == 1 else f"{text} ({times:,} times)"
        return f"{first}: {text}" if times == 1 else f"{text} ({times:,} times, first in {first})"


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file: where remarks and errors point to."""

    file: str
    place: str
    """Such as ``feature 3``."""
    remarks: Remarks

    def note(self, text: str) -> None:
        """Note what was changed or left out here."""
        self.remarks.add(text, self.place)

    def damaged(self, text: str) -> DamagedProductError:
        """Return the error that refuses the file because of this place."""
        return DamagedProductError(f"{self.file}, {self.place}: {text}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """One feature as a file states it."""

    spot: Spot
    sketches: tuple[Sketch, ...]
    """One per shape in it; empty when there is no geometry."""
    fields: Mapping[str, Any]
    """By the names that the file uses."""
    colours: tuple[str, ...] = ()
    """``#rrggbb`` of its style, most telling first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """What a file says about all that is in it."""

    handling: Handling = UNMARKED
    """Strictest of its annotations; stands in for one that states none."""
    catalogue: str = ""
    """Which catalogue wrote it: only there do version numbers mean anything. Empty for a foreign file."""
    forces: tuple[Force, ...] = ()
    exported: datetime | None = None
    """UTC."""
    valid_from: datetime | None = None
    """UTC; stands in for features that state no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheaf:
    """A file being read."""

    facts: FileFacts
    features: Iterator[Stated]
    count: int
    """How many features there are, as far as it is known beforehand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One annotation out of a file."""

    spot: Spot
    annotation: Annotation
    """Its id is empty unless the file carries one of ours; its geometry is empty where the sketch makes none."""
    sketch: Sketch
    reason: str = ""
    """Why it can only be kept as a draft; empty when it can be recorded."""
    version: int = 0
    """Event number that it stood at when it was written to the file; 0 when that is not known."""
    author: str = ""
    """Who made that version."""
    known_from: datetime | None = None
    """When that version was recorded, UTC."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is read."""

    file: str
    """Name for messages."""
    now: datetime
    """UTC; stands in where no time is stated at all."""
    forces: tuple[Force, ...] = ()
    """Known sides: a colour in the file means one of them or none."""
    remarks: Remarks = field(default_factory=Remarks)
    cancel: CancelToken = field(default_factory=CancelToken)

    def spot(self, number: int, name: object = "") -> Spot:
        """Return the place of a feature, counted from 1."""
        title = f" ({shown(name)})" if isinstance(name, str) and name.strip() else ""
        return Spot(self.file, f"feature {number}{title}", self.remarks)
