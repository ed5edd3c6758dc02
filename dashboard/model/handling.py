"""Handling: classification or sharing label, releasability, caveats, licence. It travels with every datum.

`a & b` is the strictest of both: the greatest rank and TLP label, the intersection of releasable audiences, the
union of caveats, attributions and regimes, the logical AND of permissions and the latest embargo.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from functools import reduce


class Rank(IntEnum):
    """Order of classification words; the words themselves are kept as delivered."""

    UNCLASSIFIED = 0
    RESTRICTED = 1
    CONFIDENTIAL = 2
    SECRET = 3
    TOP_SECRET = 4


class Tlp(IntEnum):
    """Traffic Light Protocol 2.0 sharing labels, strictest last."""

    CLEAR = 0
    GREEN = 1
    AMBER = 2
    AMBER_STRICT = 3
    RED = 4

    @property
    def label(self) -> str:
        """Return the label as the standard prints it, e.g. ``TLP:AMBER+STRICT``."""
        return "TLP:" + self.name.replace("_", "+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """Who may see a datum and every product of it."""

    rank: Rank = Rank.UNCLASSIFIED
    """Rank of the strictest classification word."""
    marking: str = ""
    """The classification words as delivered; empty when nothing was stated, the rank's name when only that was."""
    tlp: Tlp | None = None
    """Sharing label, or None when none was given."""
    releasable_to: frozenset[str] | None = None
    """Audiences by trigraph or group; None means no restriction was stated, an empty set means nobody."""
    caveats: frozenset[str] = frozenset()
    """Words that must be shown, such as ``EXERCISE - SYNTHETIC DATA``."""
    regimes: frozenset[str] = frozenset()
    """Legal regimes and licences, e.g. ``JP-RSD``, ``CC-BY-4.0``."""
    attributions: frozenset[str] = frozenset()
    """Credit lines that exports must carry."""
    redistribution: bool = True
    """Whether the licence lets the datum itself be passed on."""
    derivatives: bool = True
    """Whether the licence lets products be made from it."""
    embargo_until: datetime | None = None
    """No release before this time (UTC)."""
    conflict: bool = False
    """Sources disagreed about the marking: a person has to look."""

    def __post_init__(self) -> None:
        if self.rank and not self.marking:  # a rank without words would be lost when combined: name it
            object.__setattr__(self, "marking", self.rank.name.replace("_", " "))

    def __and__(self, other: "Handling") -> "Handling":
        """Return the strictest of both."""
        stricter = max(self, other, key=lambda h: (h.rank, h.marking))
        return Handling(
            rank=stricter.rank,
            marking=stricter.marking,
            tlp=_strictest_tlp(self.tlp, other.tlp),
            releasable_to=_both_audiences(self.releasable_to, other.releasable_to),
            caveats=self.caveats | other.caveats,
            regimes=self.regimes | other.regimes,
            attributions=self.attributions | other.attributions,
            redistribution=self.redistribution and other.redistribution,
            derivatives=self.derivatives and other.derivatives,
            embargo_until=_latest(self.embargo_until, other.embargo_until),
            conflict=self.conflict or other.conflict,
        )

    @property
    def banner(self) -> str:
        """The one line shown above and below every screen and page; ``UNMARKED`` when nothing was stated."""
        words = [self.marking] if self.marking else []
        if self.tlp is not None:
            words.append(self.tlp.label)
        if self.releasable_to is not None:
            words.append("REL " + (" ".join(sorted(self.releasable_to)) or "NOBODY"))
        words.extend(sorted(self.caveats))
        return " // ".join(words) or "UNMARKED"


UNMARKED = Handling()


def combine(handlings: "list[Handling] | tuple[Handling, ...]") -> Handling:
    """Return the strictest of all; `UNMARKED` for none."""
    return reduce(Handling.__and__, handlings, UNMARKED)


def _strictest_tlp(a: Tlp | None, b: Tlp | None) -> Tlp | None:
    stated = [label for label in (a, b) if label is not None]
    return max(stated) if stated else None


def _both_audiences(a: frozenset[str] | None, b: frozenset[str] | None) -> frozenset[str] | None:
    if a is None or b is None:
        return b if a is None else a
    return a & b


def _latest(a: datetime | None, b: datetime | None) -> datetime | None:
    stated = [moment for moment in (a, b) if moment is not None]
    return max(stated) if stated else None
