"""What is wrong with a drawing, in words, and the drawing mended: offered, never done unasked.

Each check looks for one kind of fault and mends it. They run in order, and again while one of them finds something, so
that what is offered has no fault left; the words tell everything that was found and done.
"""

from collections.abc import Callable

import numpy as np

from dashboard.geo.area_faults import narrow, unsound
from dashboard.geo.faults import Problem
from dashboard.geo.path_faults import across, beyond, doubled, too_few, too_many, unfit
from dashboard.model.sketch import Sketch

__all__ = ["Problem", "problem"]

_ROUNDS = 20
_CHECKS: tuple[Callable[[Sketch], Problem | None], ...] = (
    unfit, too_many, beyond, too_few, doubled, across, unsound, narrow,
)  # fmt: skip


def problem(sketch: Sketch) -> Problem | None:
    """Return what is wrong with a drawing; None if it can be recorded, or nothing is drawn yet.

    Found are positions that are no numbers, more than 200,000 vertices, positions beyond the Mercator world, steps
    across the antimeridian, doubled vertices, paths of too few vertices, lines without length, areas that cross or
    touch themselves, overlap or have holes outside, and areas without width. Of the repaired drawing there is never a
    problem again. Validity is that of OGC Simple Features (ISO 19125-1).
    """
    with np.errstate(all="ignore"):  # GEOS leaves the flags of its own rounding, which NumPy would report as ours
        found, present = _mended(sketch)
    if not found:
        return None
    reasons = dict.fromkeys(fault.reason for fault in found)
    repairs = dict.fromkeys(fault.repair for fault in found)
    first, *others = repairs
    words = ", then ".join([first, *(text[0].lower() + text[1:] for text in others)])
    return Problem(" ".join(reasons), words, present)


def _mended(sketch: Sketch) -> tuple[list[Problem], Sketch]:
    """Return every fault that was found on the way to a drawing without one, and that drawing."""
    found: list[Problem] = []
    for _ in range(_ROUNDS):
        checks = _CHECKS if sketch.vertices else ()
        fault = next(filter(None, (check(sketch) for check in checks)), None)
        if fault is None:
            break
        found.append(fault)
        sketch = fault.repaired
    return found, sketch
