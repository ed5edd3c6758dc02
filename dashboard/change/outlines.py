"""Tidying the pixels of objects: parts of different dates, spread by smoothing, small holes.

Everything here works on flat pixel indices in reading order, so that it costs what the objects hold and not the scene.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Index = NDArray[np.int64]
Labels = NDArray[np.int32]

_AHEAD = ((0, 1), (1, -1), (1, 0), (1, 1))
"""Half of the eight neighbours: with it every touching pair comes once."""
_CROSS_AHEAD = ((0, 1), (1, 0))
_HALF = 0.5


def touching(
    members: Index, shape: tuple[int, int], steps: tuple[tuple[int, int], ...] = _AHEAD
) -> tuple[Index, Index]:
    """Return the places in `members` (sorted flat indices) of every pair of pixels that touch."""
    first, second = [], []
    for down, right in steps:
        here, there = _neighbours(members, shape, down, right)
        place = np.searchsorted(members, there)
        known = members[np.minimum(place, members.size - 1)] == there
        first.append(here[known])
        second.append(place[known])
    return np.concatenate(first), np.concatenate(second)


def _neighbours(members: Index, shape: tuple[int, int], down: int, right: int) -> tuple[Index, Index]:
    """Places of the pixels whose neighbour is inside the image, and the flat index of that neighbour."""
    rows, cols = np.divmod(members, shape[1])
    rows, cols = rows + down, cols + right
    here = np.flatnonzero((rows >= 0) & (rows < shape[0]) & (cols >= 0) & (cols < shape[1]))
    return here, rows[here] * shape[1] + cols[here]


def _parts(count: int, pairs: tuple[Index, Index]) -> tuple[int, Labels]:
    graph = coo_array((np.ones(pairs[0].size, np.int8), pairs), shape=(count, count))
    number, part = connected_components(graph, directed=False)
    return int(number), np.asarray(part, np.int32)


def split(
    members: Index, inside: Labels, dates: Index, seeds: NDArray[np.bool_], *, shape: tuple[int, int], least_px: int
) -> Labels:
    """Number the parts of objects whose dates differ, from 1; objects without two good parts stay whole.

    Parameters
    ----------
    members
        Flat indices of the pixels, sorted.
    inside
        Object of each, from 1.
    dates
        Acquisition of each; negative where unknown. Touching pixels that differ by one are of the same date.
    seeds
        Whether it is a seed.
    shape
        (height, width) of the image.
    least_px
        A good part holds so many dated pixels and a seed. All other pixels follow the nearest good part.
    """
    one, other = touching(members, shape)
    same = inside[one] == inside[other]
    one, other = one[same], other[same]
    known = dates >= 0
    alike = known[one] & known[other] & (np.abs(dates[one] - dates[other]) <= 1)
    count, part = _parts(members.size, (one[alike], other[alike]))
    good = (np.bincount(part, weights=known, minlength=count) >= least_px) & (
        np.bincount(part, weights=seeds & known, minlength=count) > 0
    )
    owner = np.zeros(count, np.int32)
    owner[part] = inside
    rivals = np.bincount(owner[good], minlength=int(inside.max()) + 1)
    good &= rivals[owner] > 1
    fresh = np.zeros(count, np.int32)
    fresh[good] = int(inside.max()) + np.arange(1, int(good.sum()) + 1)
    number = _followed(fresh[part], (one, other))
    left = number == 0
    heir = np.zeros(
        int(inside.max()) + 1, np.int32
    )  # for what touches no good part: any part of its object, or all of it
    heir[owner[good]] = fresh[good]
    number[left] = np.where(heir[inside[left]] > 0, heir[inside[left]], inside[left])
    return np.asarray(np.unique(number, return_inverse=True)[1] + 1, np.int32)


def _followed(number: Labels, pairs: tuple[Index, Index]) -> Labels:
    """Give unnumbered pixels the number of a numbered neighbour, ring by ring."""
    one, other = (np.concatenate([a, b]) for a, b in (pairs, pairs[::-1]))
    while True:
        ready = (number[one] > 0) & (number[other] == 0)
        if not ready.any():
            return number
        number = number.copy()
        np.maximum.at(number, other[ready], number[one[ready]])
        one, other = one[~ready], other[~ready]


def half_maximum(values: NDArray[np.float32], labels: Labels, members: Index, *, radius_px: int) -> NDArray[np.bool_]:
    """Return which members reach half of the highest value of their own object within a square radius.

    A Gauss over a sharp edge falls to one half at the edge itself, however high the ground inside is.
    """
    height, width = values.shape
    flat, label = values.reshape(-1), labels.reshape(-1)
    own, highest = label[members], flat[members]
    rows, cols = np.divmod(members, width)
    for down in range(-radius_px, radius_px + 1):
        for right in range(-radius_px, radius_px + 1):
            there = np.clip(members + (down * width + right), 0, flat.size - 1)
            same = (label[there] == own) & (cols + right >= 0) & (cols + right < width)
            same &= (rows + down >= 0) & (rows + down < height)
            highest = np.where(same, np.maximum(highest, flat[there]), highest)
    return np.asarray(flat[members] >= np.float32(_HALF) * highest)


def closed(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Close gaps of one pixel: 3 x 3 dilation, then erosion; the image's edge closes nothing."""
    return ~_wider(~_wider(mask))


def _wider(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    wide = mask.copy()
    wide[1:] |= mask[:-1]
    wide[:-1] |= mask[1:]
    full = wide.copy()
    full[:, 1:] |= wide[:, :-1]
    full[:, :-1] |= wide[:, 1:]
    return full


def widened(mask: NDArray[np.bool_], pixels: int) -> NDArray[np.bool_]:
    """Widen a mask by so many pixels in all eight directions."""
    for _ in range(pixels):
        mask = _wider(mask)
    return mask


def holes(members: Index, inside: Labels, shape: tuple[int, int], least_px: int) -> tuple[Index, Labels]:
    """Return the pixels of every hole of fewer than `least_px` pixels, and the object around it.

    A hole is a 4-connected piece of background that objects enclose. Its rows are gaps between two object pixels, so
    only such short gaps are looked at.
    """
    gap = np.diff(members) - 1
    short = np.flatnonzero((gap > 0) & (gap < least_px) & (members[:-1] // shape[1] == members[1:] // shape[1]))
    if not short.size:
        return np.empty(0, np.int64), np.empty(0, np.int32)
    offset = np.arange(int(gap[short].sum())) - np.repeat(np.cumsum(gap[short]) - gap[short], gap[short])
    pixels = np.repeat(members[short], gap[short]) + 1 + offset
    around = np.repeat(inside[short], gap[short])
    count, piece = _parts(pixels.size, touching(pixels, shape, _CROSS_AHEAD))
    enclosed = np.bincount(piece, minlength=count) < least_px
    for down in (-1, 1):  # sideways, a gap ends at object pixels
        here, there = _neighbours(pixels, shape, down, 0)
        open_ = np.ones(pixels.size, np.bool_)
        open_[here] = ~(_among(there, members) | _among(there, pixels))
        enclosed[piece[open_]] = False
    stays = enclosed[piece]
    _, first = np.unique(piece, return_index=True)
    return pixels[stays], around[first[piece[stays]]]


def _among(wanted: Index, known: Index) -> NDArray[np.bool_]:
    place = np.minimum(np.searchsorted(known, wanted), known.size - 1)
    return np.asarray(known[place] == wanted)
