"""People: who has the map open beside oneself, as they say themselves, and where they look."""

import json
from dataclasses import dataclass
from functools import cache

from dashboard.model.assets import asset
from dashboard.model.errors import InputError
from dashboard.model.view import Extent, View

MAX_NAME = 40
"""Characters of a name; longer ones are cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One open session as the others see it. The name is what its user typed: nobody has checked it."""

    id: str
    """Of the session among the others; no secret, and not what the server knows the session by."""
    name: str
    """Self-declared."""
    colour: str
    """Name of one of `colours`."""
    view: View
    """What this person looks at."""
    cursor: tuple[float, float] | None = None
    """Longitude, latitude of the pointer; None when it is off the map or not shared."""
    editing: str = ""
    """Subject of what this person is changing now (``annotation:<id>``); empty for nothing."""
    doing: str = ""
    """The same in words for the others; empty for nothing."""
    following: str | None = None
    """Id of the person whose extent and dates this one tracks."""

    def __post_init__(self) -> None:
        if self.name != tidy_name(self.name) or not self.name:
            msg = f"The name {self.name!r} is empty, longer than {MAX_NAME} characters or not on one line; shorten it."
            raise InputError(msg)
        if self.colour not in colours():
            msg = f"{self.colour!r} is no colour for a person; choose one of {', '.join(colours())}."
            raise InputError(msg)

    @property
    def extent(self) -> Extent:
        """What the person's map shows, Mercator metres."""
        return self.view.extent

    @property
    def initials(self) -> str:
        """One or two letters that stand for the name."""
        words = self.name.split()
        letters = words[0][0] + words[-1][0] if len(words) > 1 else self.name[:2]
        return letters.upper()


def tidy_name(text: str) -> str:
    """Return what a person typed as a name: printable, on one line, single spaces, at most `MAX_NAME` characters."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(printable.split())[:MAX_NAME].strip()


@cache
def colours() -> dict[str, str]:
    """Return the colours of people by name, as ``#rrggbb``; apart from every colour that means something on the map."""
    found: dict[str, str] = json.loads(asset("style", "people.json").read_text(encoding="utf-8"))
    return found
