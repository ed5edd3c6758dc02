"""When an object changed: the likelihood of every instant, summed over its pixels, polarisations and stacks."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import stats

from dashboard.change.energy import Options, Reference
from dashboard.change.points import kernels
from dashboard.change.points.likelihood import Energies, Indices, Looked, compared, gather
from dashboard.change.points.scene import scenes
from dashboard.model.errors import GridMismatchError, InputError

HELD = 0.95
"""Probability that the interval of a date holds it."""
RETURN = 25.0
"""Twice log likelihood by which "it ended" must beat "it stays". Speckle alone does so in one object of 10,000 or more;
the weather and seasons of real land in 1 to 4 of 100."""
AGREES = 1e-3
"""Probability under no change below which a stack shows an object by itself."""
MOST_MEMBERS = 4096
"""Pixels of one object that are looked at; of a larger one an even sample."""
_CHUNK = 32_768
_SHOWN = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """When one object changed, and how many looks bear it out."""

    label: int
    after: np.datetime64
    """Last look without the change."""
    before: np.datetime64
    """First look with it."""
    low: np.datetime64
    """The change happened after this look: lower end of the 95 % interval."""
    high: np.datetime64
    """And not after this one."""
    confirming: int
    """Looks that show it, the first included: nearer to the new level than to the old."""
    since: int
    """Looks from the first changed one on, whether they show it or not."""
    ended: bool
    """Later looks are back at the old level, to the last."""
    stacks_agreeing: int
    """Stacks that show it by themselves."""
    stacks: int
    """Stacks with a look before and one after."""


def object_dates(
    stacks: Sequence[xr.DataArray],
    labels: NDArray[np.int32],
    *,
    reference: Reference | None = None,
    options: Options | None = None,
) -> tuple[Dated, ...]:
    """Date the change of every labelled object.

    For every instant at which any stack looked, each pixel and polarisation has the likelihood of a step of its own
    size and sign there, with a variance of its own, moderated by the scene's. Their logarithms are summed over the
    object: signs may differ inside it. The likeliest instant is the date; the interval holds the middle 95 % of the
    probability over all instants. A level that returns to the old one is tried too and taken where it is clearly
    likelier; then the date is when it began.

    Parameters
    ----------
    stacks
        Each (time, polarisation, y, x) linear power on one grid, NaN where not observed; times strictly increasing.
    labels
        (y, x), 1 to n for objects, 0 elsewhere. Where objects are sparse, arrays of one row of their pixels do too.
    reference
        Common mode and scene variance; measured on the stacks themselves if None.
    options
        Of the energy engine: prior degrees of freedom and size of a resolution cell are used.

    Returns
    -------
    tuple of Dated
        One for each label 1 to n, in order.

    Raises
    ------
    GridMismatchError
        If the labels and a stack differ in shape.
    InputError
        If no stack is given, or a label between 1 and the highest has no pixel.

    References
    ----------
    A. F. M. Smith, "A Bayesian approach to inference about a change-point in a sequence of random variables",
    Biometrika 62(2), 1975: the probability of every instant. G. K. Smyth, "Linear models and empirical Bayes methods
    for assessing differential expression in microarray experiments", Statistical Applications in Genetics and
    Molecular Biology 3(1), 2004: the moderated variance.
    """
    options = options or Options()
    if not stacks:
        raise InputError("No stack was given to date changes with; give at least one.")
    for stack in stacks:
        if stack.shape[2:] != labels.shape:
            raise GridMismatchError(f"The stack is {stack.shape[2:]} pixels and the labels are {labels.shape}.")
    instants = np.unique(np.concatenate([np.asarray(stack.time.values) for stack in stacks]))
    found = scenes(stacks, reference, options)
    members, offsets = _members(labels)
    dated: list[Dated] = []
    for first, last in _chunks(offsets):
        inside = members[offsets[first] : offsets[last]]
        here = offsets[first : last + 1] - offsets[first]
        some = gather(stacks, found, inside, here, instants, options)
        dated += _dated(some, instants, first + 1)
    return tuple(dated)


def _members(labels: NDArray[np.int32]) -> tuple[Indices, Indices]:
    """Return flat pixel numbers in order of label, evenly thinned where an object has too many, and their offsets."""
    flat = np.flatnonzero(labels > 0)
    label = labels.reshape(-1)[flat]
    flat, label = flat[(order := np.argsort(label, kind="stable"))], label[order]
    pixels = np.bincount(label, minlength=1)[1:]
    if not pixels.all():
        raise InputError(f"Label {int(np.argmin(pixels)) + 1} has no pixel; number the objects from 1 without gaps.")
    starts = np.cumsum(pixels) - pixels
    place = np.arange(flat.size) - np.repeat(starts, pixels)
    step = np.repeat(-(-pixels // MOST_MEMBERS), pixels)
    kept = place % np.maximum(step, 1) == 0
    return flat[kept].astype(np.int64), np.concatenate([[0], np.cumsum(np.bincount(label[kept], minlength=1)[1:])])


def _chunks(offsets: Indices) -> list[tuple[int, int]]:
    """Return (first, last) objects of runs of at most `_CHUNK` pixels."""
    edges, count = [0], offsets.size - 1
    while edges[-1] < count:
        reach = int(np.searchsorted(offsets, offsets[edges[-1]] + _CHUNK, side="right")) - 1
        edges.append(min(max(reach, edges[-1] + 1), count))
    return list(pairwise(edges))


def _dated(some: Looked, instants: NDArray[np.datetime64], first_label: int) -> list[Dated]:
    count, last = some.seen.shape
    earlier = np.maximum.accumulate(np.where(some.seen, np.arange(last), -1), axis=1)
    previous = np.concatenate([np.full((count, 1), -1), earlier[:, :-1]], axis=1)
    possible = some.seen & (previous >= 0)
    start, end, ended = _stretches(some, possible)
    low, high = _interval(np.where(possible & (np.arange(last) < end[:, None]), some.likelihood(end)[:, :-1], -np.inf))
    low, high = np.minimum(low, start), np.maximum(high, start)
    showing, since = _looks(some, start, end)
    agreeing, looked = _agreement(some, start, end)
    return [
        Dated(
            label=first_label + i,
            after=instants[max(previous[i, start[i]], 0)],
            before=instants[start[i]],
            low=instants[max(previous[i, low[i]], 0)],
            high=instants[high[i]],
            confirming=int(showing[i]),
            since=int(since[i]),
            ended=bool(ended[i]),
            stacks_agreeing=int(agreeing[i]),
            stacks=int(looked[i]),
        )
        for i in range(count)
    ]


def _stretches(some: Looked, possible: NDArray[np.bool_]) -> tuple[Indices, Indices, NDArray[np.bool_]]:
    """Return the first changed instant, the first one after the change (past the last if it stays), and if it ended.

    A lasting step first; then stretches from it on, and up to it: a short change may put the single step at its end.
    """
    count, last = possible.shape
    rows, at = np.arange(count), np.arange(last)
    full = np.full(count, last, np.int64)

    def best(energy: Energies, allowed: NDArray[np.bool_]) -> tuple[Indices, Energies]:
        masked = np.where(possible & allowed, energy[:, :-1], -np.inf)
        place = masked.argmax(axis=1)
        return place, masked[rows, place]

    step, height = best(some.likelihood(full), np.ones_like(possible))
    about = some.likelihood(step)
    end, _ = best(about, at > step[:, None])
    begin, onward = best(some.likelihood(end), at < end[:, None])
    left, upto = best(about, at < step[:, None])
    upward = upto > onward
    begin, end = np.where(upward, left, begin), np.where(upward, step, end)
    ended = np.maximum(onward, upto) > height + RETURN
    return np.where(ended, begin, step), np.where(ended, end, full), ended


def _interval(likelihood: Energies) -> tuple[Indices, Indices]:
    """Return the first and last instant of the middle `HELD` of the probability, (object,) each."""
    highest = likelihood.max(axis=1, keepdims=True)
    chance = np.exp((likelihood - np.where(np.isfinite(highest), highest, 0.0)) / 2.0)
    below = np.cumsum(chance, axis=1)
    outside = (1.0 - HELD) / 2.0 * below[:, -1:]
    return (below > outside).argmax(axis=1), (below >= below[:, -1:] - outside).argmax(axis=1)


def _looks(some: Looked, start: Indices, end: Indices) -> tuple[Indices, Indices]:
    """Return how many looks since the change are nearer to the new level than to the old, and how many there are."""
    showing, since = np.zeros(start.size, np.int64), np.zeros(start.size, np.int64)
    for one in some.series:
        dates = one.counts.shape[2] - 1
        along, length = np.zeros((start.size, dates)), np.zeros((start.size, dates))
        edges = one.splits[start], one.splits[end]
        kernels.projections(one.sums, one.counts, one.squares, some.offsets, edges, one.prior, along, length)
        looks = (length > 0) & (np.arange(dates) >= edges[0][:, None])
        since += looks.sum(axis=1)
        showing += (looks & (along > _SHOWN * length)).sum(axis=1)
    return showing, since


def _agreement(some: Looked, start: Indices, end: Indices) -> tuple[Indices, Indices]:
    """Return how many stacks show the change by themselves, and how many looked on both sides of it."""
    objects = np.arange(start.size)
    owner = np.repeat(objects, np.diff(some.offsets))
    agreeing, looked = np.zeros(start.size, np.int64), np.zeros(start.size, np.int64)
    for one in some.series:
        ratio, _, _ = compared(one, some.offsets, end, (start.size, some.seen.shape[1] + 1))
        n = one.counts[:, :, -1]
        first, stop = (
            np.take_along_axis(one.counts, one.splits[edge][owner][:, None, None], 2)[:, :, 0] for edge in (start, end)
        )
        both = (first < stop) & (stop - first < n) & (n >= 3)
        rows = np.add.reduceat(both.sum(axis=1), some.offsets[:-1]) / some.share
        law = stats.chi2.sf(ratio[objects, start] / some.share, np.maximum(rows, 1e-9))
        agreeing += (rows > 0) & (law < AGREES)
        looked += rows > 0
    return agreeing, looked
