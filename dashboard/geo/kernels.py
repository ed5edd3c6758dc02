"""Compiled inner loop of label placing. Private to this room; `labels.place` checks what goes in.

Single-threaded and without the interpreter lock, so that any number of Python threads may run it at once.
"""

import numba
import numpy as np
from numpy.typing import NDArray

CELL_PX = 64.0
"""Side of a cell of the grid that tells which boxes may meet."""

jit = numba.njit(nogil=True, cache=True, error_model="numpy")
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@jit
def place_boxes(fixed: Floats, wanted: Floats, screen: Floats, chosen: Integers) -> None:
    """chosen[i] = the first of label i's candidate boxes that is on the screen and meets no box before it, else -1.

    `fixed` (f, 5) and `wanted` (n, c, 4) hold boxes as left, top, right, bottom in pixels, `fixed` the number of the
    label that may cover it as its fifth; a candidate that is not one is NaN. `screen` is width and height.
    """
    columns = int(screen[0] // CELL_PX) + 1
    rows = int(screen[1] // CELL_PX) + 1
    head = np.full((rows, columns), -1, np.int64)
    boxes = np.empty((fixed.shape[0] + wanted.shape[0], 5))
    link = np.empty((1024, 2), np.int64)  # box, next entry of the same cell
    used = 0
    for i in range(fixed.shape[0]):
        boxes[i] = fixed[i]
        link, used = _put(boxes[i], i, head, link, used)
    count = fixed.shape[0]
    for i in range(wanted.shape[0]):
        chosen[i] = -1
        for c in range(wanted.shape[1]):
            if _is_free(wanted[i, c], i, head, link, boxes, screen):
                chosen[i] = c
                boxes[count, :4] = wanted[i, c]
                boxes[count, 4] = -1.0
                link, used = _put(boxes[count], count, head, link, used)
                count += 1
                break


@jit
def _cells(box: Floats, rows: int, columns: int) -> tuple[int, int, int, int]:
    """Return first and last column and row of the cells that a box meets."""
    return (
        max(int(box[0] // CELL_PX), 0),
        min(int(box[2] // CELL_PX), columns - 1),
        max(int(box[1] // CELL_PX), 0),
        min(int(box[3] // CELL_PX), rows - 1),
    )


@jit
def _put(box: Floats, number: int, head: Integers, link: Integers, used: int) -> tuple[Integers, int]:
    """Enter a box into its cells; returns the entries, which grow when they are full, and how many are used."""
    left, right, top, bottom = _cells(box, head.shape[0], head.shape[1])
    for row in range(top, bottom + 1):
        for column in range(left, right + 1):
            if used == link.shape[0]:
                larger = np.empty((2 * used, 2), np.int64)
                larger[:used] = link
                link = larger
            link[used, 0] = number
            link[used, 1] = head[row, column]
            head[row, column] = used
            used += 1
    return link, used


@jit
def _is_free(box: Floats, label: int, head: Integers, link: Integers, boxes: Floats, screen: Floats) -> bool:
    if not (box[0] >= 0.0 and box[1] >= 0.0 and box[2] <= screen[0] and box[3] <= screen[1]):
        return False
    left, right, top, bottom = _cells(box, head.shape[0], head.shape[1])
    for row in range(top, bottom + 1):
        for column in range(left, right + 1):
            entry = head[row, column]
            while entry >= 0:
                other = boxes[link[entry, 0]]
                if other[4] != label and _meet(box, other):
                    return False
                entry = link[entry, 1]
    return True


@jit
def _meet(one: Floats, other: Floats) -> bool:
    return bool(one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3])
