"""What a vendor's metadata state, asked for by name: numbers, texts, moments; a wrong kind is damage with a name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from dashboard.model.acquisition import LookSide, PassDirection
from dashboard.model.errors import DamagedProductError
from dashboard.sources.details import decimal
from dashboard.sources.values import moment, number

Choice = TypeVar("Choice", LookSide, PassDirection)

YEARS = (1990, 2100)
"""Radars in orbit and their products lie between."""
MOST_NUMBERS = 1_000_000
"""In one list: real ones have up to one per column of an image."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A JSON object, or any other nest of names and values, of one file. Paths are names with ``/`` between."""

    content: Mapping[str, Any]
    file: str
    """Name of the file, for messages."""

    def value(self, path: str) -> object | None:
        """Return what stands at a path, or None."""
        here: object = self.content
        for step in path.split("/"):
            if not isinstance(here, Mapping):
                return None
            here = here.get(step)
        return here

    def number(self, path: str, low: float | None = None, high: float | None = None) -> float | None:
        """Return a finite number (or a text that is one), or None when it is absent.

        Raises
        ------
        DamagedProductError
            If something else stands there, or it lies outside `low` to `high`.
        """
        value = self.value(path)
        if value is None or value == "":
            return None
        found = decimal(value) if isinstance(value, str) else number(value)
        if found is None:
            raise self.wrong(path, value, "a finite number")
        if (low is not None and found < low) or (high is not None and found > high):
            raise self.wrong(path, value, _range(low, high))
        return found

    def need_number(self, path: str, low: float | None = None, high: float | None = None) -> float:
        """Return a number as `number` does; its absence is damage."""
        found = self.number(path, low, high)
        if found is None:
            raise self.missing(path)
        return found

    def whole(self, path: str, low: int | None = None, high: int | None = None) -> int | None:
        """Return a whole number as `number` does."""
        found = self.number(path, low, high)
        if found is not None and found != int(found):
            raise self.wrong(path, found, "a whole number")
        return None if found is None else int(found)

    def text(self, path: str) -> str | None:
        """Return a text, or None when it is absent, blank or no text."""
        value = self.value(path)
        return value.strip() or None if isinstance(value, str) else None

    def choice(self, kind: type[Choice], path: str) -> Choice | None:
        """Return a look side or pass direction by its word, or None for anything else."""
        word = (self.text(path) or "").lower()
        return kind(word) if word in set(kind) else None

    def need_text(self, path: str) -> str:
        """Return a text; its absence is damage."""
        found = self.text(path)
        if found is None:
            raise self.missing(path)
        return found

    def time(self, path: str) -> datetime | None:
        """Return a moment in UTC, or None when it is absent.

        Raises
        ------
        DamagedProductError
            If it is no time, or of no year in which such products were made.
        """
        value = self.value(path)
        if value is None or value == "":
            return None
        try:
            found = moment(value, f"{self.file}: {path}")
        except OverflowError as error:
            raise self.wrong(path, value, "a time") from error
        if not YEARS[0] <= found.year <= YEARS[1]:
            raise self.wrong(path, value, f"a time between {YEARS[0]} and {YEARS[1]}")
        return found

    def need_time(self, path: str) -> datetime:
        """Return a moment in UTC; its absence is damage."""
        found = self.time(path)
        if found is None:
            raise self.missing(path)
        return found

    def numbers(self, path: str, count: int | None = None) -> NDArray[np.float64] | None:
        """Return a list of finite numbers, or None when it is absent.

        Raises
        ------
        DamagedProductError
            If it holds something else, or not `count` of them.
        """
        value = self.value(path)
        if value is None:
            return None
        if not isinstance(value, list | tuple | np.ndarray) or not 0 < len(value) <= MOST_NUMBERS:
            raise self.wrong(path, value, "a list of numbers")
        found = [number(part) for part in (value.tolist() if isinstance(value, np.ndarray) else value)]
        if None in found or (count is not None and len(found) != count):
            raise self.wrong(path, value, f"{count or 'a list of'} finite numbers")
        return np.array(found, np.float64)

    def records(self, path: str, most: int = 100_000) -> list["Facts"]:
        """Return a list of objects, empty when it is absent.

        Raises
        ------
        DamagedProductError
            If it is no list of objects, or longer than `most`.
        """
        value = self.value(path)
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > most or not all(isinstance(part, Mapping) for part in value):
            raise self.wrong(path, value, f"a list of at most {most:,} objects")
        return [Facts(part, f"{self.file}: {path}") for part in value]

    def missing(self, path: str) -> DamagedProductError:
        """Return the error for a field that must be there."""
        msg = f"{self.file} does not state {path}; the product is incomplete. Fetch it again."
        return DamagedProductError(msg)

    def wrong(self, path: str, value: object, wanted: str) -> DamagedProductError:
        """Return the error for a field that states something else than `wanted`."""
        words = " ".join(str(value)[:60].split())
        msg = f"{self.file}: {path} is {words!r}; it must be {wanted}. The product is damaged."
        return DamagedProductError(msg)


def _range(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return f"at least {low:g}" if high is None else f"at most {high:g}"
    return f"between {low:g} and {high:g}"
