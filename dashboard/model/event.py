"""Events: what was done, by whom, when, on which version. Appended, never changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What became of an event when it was recorded."""

    APPLIED = "applied"
    CONFLICT = "conflict"
    """It was made on a stale version: kept, shown to a person, and without effect until one decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """What somebody wants recorded."""

    id: str
    """Unique; recording the same id again returns the event that is there, so a retry does nothing twice."""
    kind: str
    """What was done, ``<thing>.<participle>``: ``annotation.saved``."""
    subject: str
    """What it was done to, ``<thing>:<id>``."""
    author: str
    """Self-declared until there is a login."""
    base: int
    """Number of the subject's last event that the author had seen; 0 for none."""
    body: Mapping[str, Any]
    """JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One link of the chain."""

    number: int
    """Position in the log, from 1, without gaps."""
    id: str
    kind: str
    subject: str
    author: str
    at: datetime
    """When it was recorded, UTC; never before its predecessor."""
    base: int
    body: Mapping[str, Any]
    outcome: Outcome
    hash: str
    """SHA-256 over the hash before it and everything above, hexadecimal."""
