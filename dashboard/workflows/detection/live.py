"""What changed on the screen, while the analyst pans; nothing is recorded."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
import xarray as xr
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from dashboard.change.periods import enough
from dashboard.model.change import Announced, Basis, ChangeSign
from dashboard.model.handling import UNMARKED, Handling, combine
from dashboard.model.progress import CancelToken
from dashboard.workflows.detection.engine import Examined, Solved, decide, examine
from dashboard.workflows.detection.held import Held
from dashboard.workflows.detection.lattice import BUDGET, SLOW_BUDGET, lattice
from dashboard.workflows.detection.laws import PlaceboLaw
from dashboard.workflows.detection.measures import lead_looks
from dashboard.workflows.detection.placebos import LIVE, NoPastError
from dashboard.workflows.detection.question import DEFAULT_FAR, Method, Question
from dashboard.workflows.detection.stacks import ChosenStack, Pass, chosen_stacks, in_power
from dashboard.workflows.extent import box_of
from dashboard.workflows.remembered import Remembered
from dashboard.workflows.workspace import Workspace

STEPS = 84
"""Scores of each sign that a level can tell apart."""
SCORES = np.concatenate([[0.0], np.geomspace(0.05, 5_000.0, STEPS - 1)]).astype(np.float32)
"""Lowest score of every step: the same for every screen, so that a threshold stays where it is in a pan."""
SCORES.flags.writeable = False
UNSEEN, QUIET = 0, 1
"""Levels of ground without a look before or after, and of ground that was observed and shows nothing."""
FIRST_LEVEL = {ChangeSign.BRIGHTER: 2, ChangeSign.DARKER: 2 + STEPS, ChangeSign.MIXED: 2 + 2 * STEPS}
_REMEMBERED_BYTES = 128 * 2**20
_NOT_BOTH = "no stack looked here both before and after"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Live:
    """What changed on the screen, as a picture."""

    levels: NDArray[np.uint8]
    """(y, x) over `bounds`: `UNSEEN`, `QUIET`, or 2 to 253: sign by sign, rising with the object's score."""
    scores: NDArray[np.float32]
    """(84,) lowest score of every step of a sign."""
    announced: Announced | None
    basis: Basis
    remarks: tuple[str, ...]
    bounds: tuple[float, float, float, float]
    """(x0, y0, x1, y1) in Mercator metres of the levels' grid: the screen's, by less than a pixel more."""
    handling: Handling
    """Strictest of every look read."""
    method: str
    """That was used; empty where nothing could be compared."""
    pixel_m: float
    """Side of a pixel on the ground that was searched, metres."""
    found: int
    """Objects on the screen."""


def live(
    workspace: Workspace,
    question: Question,
    geobox: GeoBox,
    cancel: CancelToken | None = None,
    *,
    budget: float = BUDGET,
) -> Live:
    """Search the screen's ground and return what to draw.

    The search runs on pixels of the archive's own levels near the screen's, as many as the budget allows. Looks of the
    last screens are held, so a pan reads what came into view; what was computed is held, so another false-alarm rate
    recomputes nothing but the outlines.

    Parameters
    ----------
    workspace, question
        What is asked.
    geobox
        The screen's grid.
    cancel
        Looked at between two reads and between two steps.
    budget
        Pixels times dates times polarisations to search; infinite for the finest grid that the screen can show.

    Raises
    ------
    CancelledError
        If `cancel` was set.
    UnknownUnitsError, NotComparableError, NotFoundError
        If an anchor of the question cannot be used.
    InputError
        If the method asked for needs more looks than there are.
    """
    chosen = tuple(each for each in chosen_stacks(workspace, question, box_of(geobox)) if _both(each, question))
    looks = [(len(each.within(question.before)), len(each.within(question.after))) for each in chosen]
    if not any(_from_the_past(question, *each) for each in looks):
        budget = min(budget, SLOW_BUDGET)
    grid = lattice(geobox, chosen, budget=budget)
    handling = combine([each.handling for each in chosen])
    if not _observable(chosen, question, grid):
        return _nothing(grid, handling)
    key = (
        str(workspace.archive.root), _without_far(question).id, tuple(grid.shape), tuple(grid.affine),
        *(file.sha256 for each in chosen for file in each.files),
    )  # fmt: skip

    def work() -> Examined | None:
        arrays = HELD.read(workspace.archive, chosen, grid, cancel)
        if not _seen_twice(arrays, question):
            return None
        return _examined(arrays, question, chosen, grid, cancel)

    examined = _EXAMINED.get(key, work)
    if examined is None:
        return _nothing(grid, handling)
    if cancel is not None:
        cancel.check()
    return _pictured(decide(examined, question.far), grid, handling)


def _examined(
    arrays: Sequence[xr.DataArray],
    question: Question,
    chosen: Sequence[ChosenStack],
    grid: GeoBox,
    cancel: CancelToken | None,
) -> Examined:
    """Examine amplitudes where the default statistic answers from a past: it takes them as they are; else power."""
    if _from_the_past(question, *lead_looks(arrays, question.periods)):
        with suppress(NoPastError):  # where no ground was seen often enough, another method answers
            return examine(arrays, question, chosen, grid, limits=LIVE, cancel=cancel)
    power = [in_power(array, one) for array, one in zip(arrays, chosen, strict=True)]
    return examine(power, question, chosen, grid, limits=LIVE, cancel=cancel)


def _from_the_past(question: Question, before: int, after: int) -> bool:
    """Whether the default statistic answers, with so many looks of the leading stack."""
    return question.method in {Method.AUTO, Method.CHANGE_TSTAT} and enough(before, after)


def forget() -> None:
    """Drop every held look and answer: for measuring what a first look costs."""
    HELD.clear()
    _EXAMINED.clear()


def levels_of(solved: Solved) -> NDArray[np.uint8]:
    """Return the level (y, x) of every pixel."""
    found = solved.patches.found
    table = np.empty(len(found) + 1, np.uint8)
    table[0] = QUIET
    for each in found:
        step = int(np.clip(np.searchsorted(SCORES, each.score, side="right") - 1, 0, STEPS - 1))
        table[each.label] = FIRST_LEVEL[each.sign] + step
    levels: NDArray[np.uint8] = table[solved.patches.labels]
    levels[~solved.examined.observed] = UNSEEN
    return levels


def _without_far(question: Question) -> Question:
    """The same question at any rate: what is kept between rates; a sequence of tests is another at each."""
    return question if question.method is Method.SEQUENTIAL else replace(question, far=DEFAULT_FAR)


def _pictured(solved: Solved, grid: GeoBox, handling: Handling) -> Live:
    examined = solved.examined
    return Live(
        levels=levels_of(solved),
        scores=SCORES,
        announced=solved.announced,
        basis=solved.basis,
        remarks=examined.remarks,
        bounds=_bounds(grid),
        handling=handling,
        method=examined.method.value,
        pixel_m=float(np.sqrt(examined.setting.areas.middle_m2)),
        found=len(solved.patches.found),
    )


def _nothing(grid: GeoBox, handling: Handling) -> Live:
    """All of it unseen: nothing is said of ground without looks on both sides."""
    return Live(
        levels=np.full(tuple(grid.shape), UNSEEN, np.uint8),
        scores=SCORES,
        announced=None,
        basis=Basis.THEORY,
        remarks=(_NOT_BOTH,),
        bounds=_bounds(grid),
        handling=handling or UNMARKED,
        method="",
        pixel_m=abs(float(grid.affine.a)),
        found=0,
    )


def _bounds(grid: GeoBox) -> tuple[float, float, float, float]:
    box = grid.boundingbox
    return float(box.left), float(box.bottom), float(box.right), float(box.top)


def _both(each: ChosenStack, question: Question) -> bool:
    return bool(each.within(question.before) and each.within(question.after))


def _observable(chosen: Sequence[ChosenStack], question: Question, grid: GeoBox) -> bool:
    """Whether footprints of some stack before and after meet on the screen: else there is nothing to read."""
    screen = shapely.box(*box_of(grid))
    return any(
        _union(each.within(question.before)).intersection(_union(each.within(question.after))).intersects(screen)
        for each in chosen
    )


def _union(passes: Sequence[Pass]) -> BaseGeometry:
    return shapely.union_all(list({acq.footprint for each in passes for acq in each.members}))


def _seen_twice(arrays: Sequence[xr.DataArray], question: Question) -> bool:
    """Whether any pixel of any stack has a valid look before and one after."""
    for array in arrays:
        before, after = question.periods.split(array["time"].values)
        if (_ever(array.values, before) & _ever(array.values, after)).any():
            return True
    return False


def _ever(values: NDArray[Any], dates: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(y, x): where any of the dates was observed; looks no further once that is everywhere."""
    seen = np.zeros(values.shape[2:], np.bool_)
    for date in np.flatnonzero(dates):
        seen |= (values[date] > 0).any(axis=0)  # power that is NaN is not
        if seen.all():
            break
    return seen


def _weight(examined: Examined | None) -> int:
    """Bytes of the arrays that an answer keeps."""
    if examined is None:
        return 64
    seen, law = examined.seen, examined.law
    screen = seen.field, seen.step_db.values, seen.looks_before, seen.looks_after, seen.stack_fields, examined.even
    past = (*law.past.fields, *law.past.raw) if isinstance(law, PlaceboLaw) else ()
    kept: list[NDArray[Any]] = [*screen, *past]
    return sum(each.nbytes for each in kept)


HELD = Held()
"""Looks of the last screens of all sessions."""
_EXAMINED: Remembered[Examined | None] = Remembered(_REMEMBERED_BYTES, _weight)
"""Answers by question and grid: a threshold, a false-alarm rate or a step back recomputes nothing."""
