"""What people said of the changes of a run, as columns, and who may see it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.model.review import Verdict

VERDICTS = tuple(Verdict)
NONE, DISPUTED = "none", "disputed"
STANDINGS = (NONE, *(verdict.value for verdict in VERDICTS), DISPUTED)
"""How a change stands: nothing said of it, a verdict, or reviewers differ on whether it is real."""
_FALSE = 1 + VERDICTS.index(Verdict.FALSE_ALARM)
_CODES = {verdict: 1 + place for place, verdict in enumerate(VERDICTS)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reviewed:
    """Present verdicts; entry k is one of `names[who[k]]` on row `row[k]`."""

    names: tuple[str, ...] = ()
    row: NDArray[np.int64]
    who: NDArray[np.int64]
    verdict: NDArray[np.uint8]
    """1 to 5: a place in `STANDINGS`."""

    def seen_by(self, reviewer: str | None) -> "Reviewed":
        """Return what a reviewer may see: verdicts on what they judged themselves; everything for None."""
        if reviewer is None:
            return self
        mine = np.isin(self.row, self.row[self._by(reviewer)])
        return Reviewed(names=self.names, row=self.row[mine], who=self.who[mine], verdict=self.verdict[mine])

    def on(self, rows: NDArray[np.int64]) -> "Reviewed":
        """Return those on some rows."""
        kept = np.isin(self.row, rows)
        return Reviewed(names=self.names, row=self.row[kept], who=self.who[kept], verdict=self.verdict[kept])

    def codes(self, count: int, reviewer: str | None = None) -> NDArray[np.uint8]:
        """Return the verdict on each of `count` rows: the reviewer's own where they gave one; disputed if it is."""
        found = np.zeros(count, dtype=np.uint8)
        found[self.row[::-1]] = self.verdict[::-1]
        own = self._by(reviewer)
        found[self.row[own]] = self.verdict[own]
        real, false = self.sides(count)
        found[real & false] = STANDINGS.index(DISPUTED)
        return found

    def sides(self, count: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return of each of `count` rows whether somebody called it real, and whether somebody a false alarm."""
        real, false = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
        real[self.row[self.verdict != _FALSE]] = True
        false[self.row[self.verdict == _FALSE]] = True
        return real, false

    def _by(self, reviewer: str | None) -> NDArray[np.bool_]:
        mine: NDArray[np.bool_] = self.who == (self.names.index(reviewer) if reviewer in self.names else -1)
        return mine


def reviewed(words: Mapping[tuple[int, str], Verdict | None]) -> Reviewed:
    """Return columns of each reviewer's last word on each row; a word without a verdict counts as none."""
    names = tuple(sorted({who for _, who in words}))
    place = {name: index for index, name in enumerate(names)}
    given = [(row, place[who], _CODES[verdict]) for (row, who), verdict in words.items() if verdict is not None]
    table = np.array(given, dtype=np.int64).reshape(-1, 3)
    return Reviewed(names=names, row=table[:, 0], who=table[:, 1], verdict=table[:, 2].astype(np.uint8))
