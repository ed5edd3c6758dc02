"""What a person says about the ground: drawn, graded, dated twice, with everything it rests on."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shapely.geometry.base import BaseGeometry

from dashboard.model.errors import InputError
from dashboard.model.handling import UNMARKED, Handling
from dashboard.model.sketch import Shape

DEFAULT_GRADE = "F6"
"""Reliability cannot be judged, truth cannot be judged: the honest default."""
RELIABILITY = {
    "A": "completely reliable", "B": "usually reliable", "C": "fairly reliable", "D": "not usually reliable",
    "E": "unreliable", "F": "reliability cannot be judged",
}  # fmt: skip
CREDIBILITY = {
    "1": "confirmed by other sources", "2": "probably true", "3": "possibly true", "4": "doubtful",
    "5": "improbable", "6": "truth cannot be judged",
}  # fmt: skip
MAX_TITLE = 200
MAX_NOTES = 20_000


class AnnotationKind(StrEnum):
    """What an annotation says is there."""

    FRONTLINE = "frontline"
    CONTROL = "area of control"
    POSITION = "position"
    ROUTE = "route"
    OBSTACLE = "obstacle"
    DAMAGE = "damage"
    NOTE = "note"


class EvidenceKind(StrEnum):
    """What an annotation may rest on."""

    ACQUISITION = "acquisition"
    CHANGE = "change"
    ANNOTATION = "annotation"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A link to something in the catalogue."""

    kind: EvidenceKind
    id: str


@dataclass(frozen=True, slots=True)
class Force:
    """A side: its name and the colour of its ground. Forces are data."""

    name: str
    colour: str
    """``#rrggbb``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One statement about the ground. Immutable: an edit is a new revision with the same id."""

    id: str
    kind: AnnotationKind
    shape: Shape
    geometry: BaseGeometry
    """Point, LineString, Polygon or their Multi-, longitude and latitude in degrees."""
    title: str = ""
    side: str = ""
    """Force whose line, ground or position it is; empty when not stated."""
    opposing: str = ""
    """Force on the other side of a frontline: its teeth point there, to the right of the direction of drawing."""
    valid_from: datetime
    """UTC: since when this is so on the ground."""
    valid_to: datetime | None = None
    """UTC, exclusive; None while it lasts."""
    sources: tuple[str, ...] = ()
    """Links or citations, as given."""
    grade: str = DEFAULT_GRADE
    """Admiralty: reliability A-F of the source, then credibility 1-6 of the information."""
    notes: str = ""
    evidence: tuple[Evidence, ...] = ()
    handling: Handling = UNMARKED

    def __post_init__(self) -> None:
        _check_grade(self.grade)
        for name, value, limit in (("title", self.title, MAX_TITLE), ("notes", self.notes, MAX_NOTES)):
            if len(value) > limit:
                msg = f"The {name} has {len(value):,} characters; the limit is {limit:,}. Shorten it."
                raise InputError(msg)
        if self.valid_from.tzinfo is None or (self.valid_to is not None and self.valid_to.tzinfo is None):
            msg = f"{self.title or self.id} is valid from a time without a zone; give it in UTC."
            raise InputError(msg)
        if self.valid_to is not None and not self.valid_from < self.valid_to:
            msg = f"{self.title or self.id} ends ({self.valid_to}) before it begins ({self.valid_from}); exchange them."
            raise InputError(msg)

    def valid_at(self, moment: datetime) -> bool:
        """Return whether this is said to be so at a moment."""
        return self.valid_from <= moment and (self.valid_to is None or moment < self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One state of an annotation: what was believed between two moments, and who said so."""

    annotation: Annotation
    version: int
    """Number of the event that made it."""
    author: str
    known_from: datetime
    """When it was recorded, UTC."""
    known_until: datetime | None = None
    """When the next revision took its place; None for the present one."""
    removed: bool = False
    """Whether this revision takes the annotation off the map; it can be brought back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """An edit that was made on a stale revision: kept beside the present one until a person decides."""

    version: int
    """Number of the event that holds the edit."""
    author: str
    at: datetime
    mine: Annotation | None
    """What the author of the stale edit wanted; None when they wanted it removed."""
    base: Revision | None
    """What they had before their eyes; None when they thought it new."""
    theirs: Revision
    """What is on the map."""


def _check_grade(grade: str) -> None:
    if len(grade) != 2 or grade[0] not in RELIABILITY or grade[1] not in CREDIBILITY:
        msg = f"Grade {grade!r} is none of A-F followed by 1-6; use {DEFAULT_GRADE} when neither can be judged."
        raise InputError(msg)
