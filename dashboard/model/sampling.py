"""Which changes were reviewed, among all those that their measured precision is to speak for."""

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

import numpy as np
from numpy.typing import NDArray

FEWEST = 10
"""Reviewed changes below which no leaning shows, and none can be denied."""
_LEANS = 1.96
"""Standard errors of the rank sum from which the choice counts as leaning: chance alone does so in 5 % of samples."""


class Choice(StrEnum):
    """How the reviewed changes lie among all, by score."""

    NONE = "none reviewed"
    ALL = "all reviewed"
    SUREST = "the surest"
    """Exactly those of the highest scores: who reviews from the top down has these."""
    SURER = "leaning to the surer"
    UNSURER = "leaning to the less sure"
    FEW = "too few to tell"
    SPREAD = "spread over all scores"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How the reviewed changes lie among all those in question."""

    reviewed: int = 0
    """Changes with a verdict that counts: the disputed do not."""
    of: int = 0
    """All changes in question."""
    surer: int = 0
    """Reviewed ones in the surer half of all: those with at least the score in the middle."""
    scores: tuple[float, float] | None = None
    """Lowest and highest of the reviewed; None without any."""
    every: tuple[float, float] | None = None
    """Lowest and highest of all."""
    choice: Choice = Choice.NONE

    @property
    def flatters(self) -> bool:
        """Whether the precision measured on these is likely to be better than that of all."""
        return self.choice in (Choice.SUREST, Choice.SURER)

    @property
    def stands(self) -> bool:
        """Whether the precision measured on these may be called that of all."""
        return self.choice in (Choice.ALL, Choice.SPREAD)

    @property
    def words(self) -> str:
        """How the reviewed ones were chosen, and what follows, in one sentence without its stop; empty without any."""
        count, of = f"{self.reviewed:,}", f"{self.of:,}"
        half = f"{self.surer:,} of them in the surer half"
        said = {
            Choice.NONE: "",
            Choice.ALL: f"all {of} were reviewed",
            Choice.SUREST: f"reviewed were the {count} surest of {of}: the figure flatters the rest",
            Choice.SURER: f"{count} of {of} reviewed, {half}: the figure flatters the rest",
            Choice.UNSURER: f"{count} of {of} reviewed, {half}: the rest may be better",
            Choice.FEW: f"{count} of {of} reviewed, {half}: too few to stand for the rest",
            Choice.SPREAD: f"{count} of {of} reviewed, {half}: spread over all scores",
        }
        return said[self.choice].replace("the 1 surest", "the surest")


def sampling(scores: NDArray[np.floating], reviewed: NDArray[np.bool_]) -> Sampling:
    """Return how reviewed changes lie among all, by the rank of their scores.

    The leaning is judged by the rank sum of the reviewed against that of a random choice, in standard errors with the
    correction for ties (Mann and Whitney 1947).

    Parameters
    ----------
    scores : (n,) of all changes in question
    reviewed : (n,) whether each was

    References
    ----------
    H. B. Mann, D. R. Whitney, "On a test of whether one of two random variables is stochastically larger than the
    other", Annals of Mathematical Statistics 18(1), 1947.
    """
    count, of = int(reviewed.sum()), len(scores)
    if not of:
        return Sampling()
    rising, mine = np.sort(scores), scores[reviewed]
    every = float(rising[0]), float(rising[-1])
    if not count:
        return Sampling(of=of, every=every)
    return Sampling(
        reviewed=count,
        of=of,
        surer=int((mine >= rising[of // 2]).sum()),
        scores=(float(mine.min()), float(mine.max())),
        every=every,
        choice=_choice(rising, mine),
    )


def _choice(rising: NDArray[np.floating], mine: NDArray[np.floating]) -> Choice:
    count, of = len(mine), len(rising)
    if count == of:
        return Choice.ALL
    if rising[0] < rising[-1] and np.array_equal(np.sort(mine), rising[of - count :]):
        return Choice.SUREST
    leaning = _leaning(rising, mine)
    if abs(leaning) >= _LEANS:
        return Choice.SURER if leaning > 0 else Choice.UNSURER
    return Choice.FEW if count < FEWEST else Choice.SPREAD


def _leaning(rising: NDArray[np.floating], mine: NDArray[np.floating]) -> float:
    """Return the rank sum of the reviewed beyond the expected, in standard errors; positive towards high scores."""
    count, of = len(mine), len(rising)
    below, upto = (np.searchsorted(rising, mine, side=side) for side in ("left", "right"))
    ranks = (below + upto + 1) / 2  # equal ones share the mean of their places
    ends = np.flatnonzero(np.diff(rising, append=np.inf)) + 1
    alike = np.diff(ends, prepend=0).astype(float)
    ties = float((alike**3 - alike).sum()) / (of * (of - 1))
    spread = sqrt(count * (of - count) / 12 * max(of + 1 - ties, 0.0))
    return float(ranks.sum() - count * (of + 1) / 2) / spread if spread > 0 else 0.0
