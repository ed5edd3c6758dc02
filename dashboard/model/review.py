"""What people say of detected changes, and what follows from it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scipy import special


class Verdict(StrEnum):
    """What a detected change is; the keys 1 to 5 in this order."""

    DAMAGE = "damage"
    EARTHWORKS = "earthworks"
    WATER = "water"
    MOVED = "moved"
    FALSE_ALARM = "false-alarm"

    @property
    def real(self) -> bool:
        """Whether something on the ground changed."""
        return self is not Verdict.FALSE_ALARM


VERDICT_WORDS = {
    Verdict.DAMAGE: "confirmed damage",
    Verdict.EARTHWORKS: "construction or earthworks",
    Verdict.WATER: "water",
    Verdict.MOVED: "moved objects",
    Verdict.FALSE_ALARM: "false alarm",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One reviewer's latest word on one change."""

    change_id: str
    reviewer: str
    verdict: Verdict | None
    """None while there is only a note."""
    note: str
    at: datetime
    version: int
    """Number of the event that said so: the base of the next."""


@dataclass(frozen=True, slots=True)
class Precision:
    """Measured precision: of so many reviewed, so many were real."""

    reviewed: int
    real: int
    disputed: int = 0
    """Reviewers differ on whether they are real; not among `reviewed`."""

    @property
    def interval(self) -> tuple[float, float] | None:
        """The exact 95 % interval of the share (Clopper and Pearson 1934); None without a review."""
        n, k = self.reviewed, self.real
        if n == 0:
            return None
        low = 0.0 if k == 0 else float(special.betaincinv(k, n - k + 1, 0.025))
        high = 1.0 if k == n else float(special.betaincinv(k + 1, n - k, 0.975))
        return low, high


def precision(reviews: Iterable[Sequence[Verdict]]) -> Precision:
    """Count the reviewed changes: one sequence of verdicts a change, one verdict a reviewer."""
    kinds = Counter(
        ("real" if all(v.real for v in each) else "false" if not any(v.real for v in each) else "disputed")
        for each in reviews
        if each
    )
    return Precision(kinds["real"] + kinds["false"], kinds["real"], kinds["disputed"])


def kappa(pairs: Sequence[tuple[Verdict, Verdict]]) -> float | None:
    """Return Cohen's kappa of two reviewers on the changes that both judged.

    None without a pair, and where chance alone would agree always (both gave one and the same verdict throughout):
    then agreement says nothing. J. Cohen, "A coefficient of agreement for nominal scales", Educational and
    Psychological Measurement 20(1), 1960.
    """
    if not pairs:
        return None
    total = len(pairs)
    agreed = sum(a is b for a, b in pairs) / total
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    chance = sum(first[v] * second[v] for v in Verdict) / total**2
    return None if chance >= 1.0 else (agreed - chance) / (1.0 - chance)
