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
from dashboard.change.points.scene import Scene, scenes
from dashboard.model.errors import GridMismatchError, InputError

INTERVAL = float(-2.0 * np.log(1.0 - np.sqrt(0.95)))
"""Instants whose twice log likelihood is within this of the best one make up the 95 % interval: 7.35.

The best instant beats the true one by the highest of two random walks, one to each side, each of which exceeds x with
probability at most exp(-x / 2). The 3.84 of a regular parameter would hold the truth in 80 to 90 % only where the step
is faint.
"""
RETURN = float(2.0 * np.log(100.0))
"""Twice log likelihood by which "it ended" must beat "it stays": by chance at most once in a hundred objects."""
AGREES = 1e-3
"""Probability under no change below which a stack shows an object by itself."""
MOST_MEMBERS = 4096
"""Pixels of one object that are looked at; of a larger one an even sample."""
_CHUNK = 32_768
_SHOWN = 0.5

Indices = NDArray[np.int64]
Energies = NDArray[np.float64]


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


@dataclass(frozen=True, slots=True)
class _Series:
    """The looks of one stack at the pixels of some objects, as running sums."""

    sums: kernels.Real
    counts: kernels.Counts
    squares: kernels.Real
    splits: Indices
    prior: tuple[float, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class _Objects:
    """Some objects with everything that was looked at in them."""

    offsets: Indices
    series: tuple[_Series, ...]
    seen: NDArray[np.bool_]
    """(object, instant)."""
    share: float
    """Pixels that speak as one."""

    def energy(self, other: Indices) -> Energies:
        """Return (object, instant + 1) of a changed stretch between each instant and `other`."""
        out = np.zeros((self.seen.shape[0], self.seen.shape[1] + 1))
        for one in self.series:
            _add_energy(one, self.offsets, other, out)
        return out / self.share


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
    object: signs may differ inside it. The best instant is the date. A level that returns to the old one is tried
    too and taken where it is clearly likelier; then the date is when it began.

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
    D. V. Hinkley, "Inference about the change-point in a sequence of random variables", Biometrika 57(1), 1970.
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
        some = _gather(stacks, found, inside, here, instants, options)
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


def _gather(
    stacks: Sequence[xr.DataArray],
    found: Sequence[Scene],
    members: Indices,
    offsets: Indices,
    instants: NDArray[np.datetime64],
    options: Options,
) -> _Objects:
    series = []
    seen = np.zeros((offsets.size - 1, instants.size), bool)
    for stack, scene in zip(stacks, found, strict=True):
        dates, bands = stack.shape[:2]
        power = np.asarray(stack.values, np.float32)
        sums = np.empty((members.size, bands, dates + 1), np.float32)
        counts, squares = np.empty(sums.shape, np.int16), np.empty(sums.shape[:2], np.float32)
        kernels.running(power, members, (scene.field, scene.low, scene.weight), sums, counts, squares)
        times = np.asarray(stack.time.values)
        splits = np.append(np.searchsorted(times, instants), dates)
        looked = np.logical_or.reduceat((np.diff(counts, axis=2) > 0).any(axis=1), offsets[:-1], axis=0)
        seen[:, np.searchsorted(instants, times)] |= looked
        series.append(_Series(sums, counts, squares, splits, (options.prior_dof, scene.variance)))
    return _Objects(offsets, tuple(series), seen, max(1.0, options.smooth_px**2))


def _add_energy(one: _Series, offsets: Indices, other: Indices, out: Energies) -> None:
    kernels.profile(one.sums, one.counts, one.squares, offsets, one.splits, other, one.prior, out)


def _dated(some: _Objects, instants: NDArray[np.datetime64], first_label: int) -> list[Dated]:
    count, last = some.seen.shape
    earlier = np.maximum.accumulate(np.where(some.seen, np.arange(last), -1), axis=1)
    previous = np.concatenate([np.full((count, 1), -1), earlier[:, :-1]], axis=1)
    possible = some.seen & (previous >= 0)
    start, end, ended = _stretches(some, possible)
    energy = np.where(possible & (np.arange(last) < end[:, None]), some.energy(end)[:, :-1], -np.inf)
    rows = np.arange(count)
    kept = energy >= energy[rows, start][:, None] - INTERVAL
    low, high = kept.argmax(axis=1), last - 1 - kept[:, ::-1].argmax(axis=1)
    showing, since = _looks(some, start, end)
    agreeing, looked = _agreement(some, start, end)
    return [
        Dated(
            label=first_label + int(i),
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
        for i in rows
    ]


def _stretches(some: _Objects, possible: NDArray[np.bool_]) -> tuple[Indices, Indices, NDArray[np.bool_]]:
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

    step, height = best(some.energy(full), np.ones_like(possible))
    about = some.energy(step)
    end, _ = best(about, at > step[:, None])
    begin, onward = best(some.energy(end), at < end[:, None])
    left, upto = best(about, at < step[:, None])
    upward = upto > onward
    begin, end = np.where(upward, left, begin), np.where(upward, step, end)
    ended = np.maximum(onward, upto) > height + RETURN
    return np.where(ended, begin, step), np.where(ended, end, full), ended


def _looks(some: _Objects, start: Indices, end: Indices) -> tuple[Indices, Indices]:
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


def _agreement(some: _Objects, start: Indices, end: Indices) -> tuple[Indices, Indices]:
    """Return how many stacks show the change by themselves, and how many looked on both sides of it."""
    objects = np.arange(start.size)
    owner = np.repeat(objects, np.diff(some.offsets))
    agreeing, looked = np.zeros(start.size, np.int64), np.zeros(start.size, np.int64)
    for one in some.series:
        energy = np.zeros((start.size, some.seen.shape[1] + 1))
        _add_energy(one, some.offsets, end, energy)
        n = one.counts[:, :, -1]
        first, stop = (
            np.take_along_axis(one.counts, one.splits[edge][owner][:, None, None], 2)[:, :, 0] for edge in (start, end)
        )
        both = (first < stop) & (stop - first < n) & (n >= 3)
        rows = np.add.reduceat(both.sum(axis=1), some.offsets[:-1]) / some.share
        law = stats.chi2.sf(energy[objects, start] / some.share, np.maximum(rows, 1e-9))
        agreeing += (rows > 0) & (law < AGREES)
        looked += rows > 0
    return agreeing, looked
