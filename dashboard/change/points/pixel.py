"""The changes of every pixel of a stack: how many, when, and by how much."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from dashboard.change.energy import HALO_PX, Options, Reference
from dashboard.change.points.first.kernels import search
from dashboard.change.points.further.kernels import further, steps
from dashboard.change.points.law import gate as energy_gate
from dashboard.change.points.scene import scenes
from dashboard.model.errors import InputError

FAR = 1e-3
"""Share of unchanged pixels that the default gate lets through, at most."""
INTERVAL = float(-2.0 * np.log(1.0 - np.sqrt(0.95)))
"""Instants whose energy is within this of the best one's make up the 95 % interval: 7.35.

The best instant beats the true one by the highest of two random walks, one to each side, each of which exceeds x with
probability at most exp(-x / 2). The 3.84 of a regular parameter holds the truth in 80 to 90 % only where a step is
faint.
"""
_BLOCK = 256, 512
_THREADS = max(1, os.cpu_count() or 1)

Block = tuple[int, int, int, int]


def change_point(
    stack: xr.DataArray,
    *,
    reference: Reference | None = None,
    options: Options | None = None,
    most: int = 3,
    gate: float | None = None,
) -> xr.Dataset:
    """Find up to `most` changes of level in the series of every pixel.

    The energy of an instant is twice the log likelihood ratio of a step there, of any size and sign in each
    polarisation, with the pixel's variance moderated by the scene's, summed over polarisations and smoothed over
    pixels by the options' Gaussian. Where its maximum passes the gate, that instant is a change, and the search starts
    again between the changes found, with the help of those neighbours that changed at the same instants.

    Parameters
    ----------
    stack
        (time, polarisation, y, x) float32 linear power, NaN where not observed; a look counts where every
        polarisation is there.
    reference
        Common mode and scene variance of this one stack; measured on the stack itself if None.
    options
        Of the energy engine.
    most
        Changes to be found in one pixel at most, 1 or more.
    gate
        Energy that a change must reach; if None, what at most 1e-3 of unchanged pixels reach by chance.

    Returns
    -------
    xr.Dataset
        Over (change, y, x), in order of time: ``index`` int16 of the first changed date, -1 where there is no further
        change; ``low`` and ``high`` int16, its 95 % interval; ``energy`` float32, NaN where none. ``step_db`` float32
        over (change, polarisation, y, x). ``peak`` float32 over (y, x): the highest energy of any instant, gate or
        not, NaN with fewer than three looks. The dates are the coordinate ``time``.

    Raises
    ------
    InputError
        If the stack, the reference or `most` cannot be used.

    Notes
    -----
    A tile with a halo of ``(most + 1) * HALO_PX(options)`` pixels gives what the whole gives.

    References
    ----------
    L. Y. Vostrikova, "Detecting disorder in multidimensional random processes", Soviet Mathematics Doklady 24, 1981:
    restarts between the changes found.
    """
    options = options or Options()
    if most < 1:
        raise InputError(f"At most {most} changes a pixel were asked for; ask for 1 or more.")
    (scene,) = scenes([stack], reference, options)
    dates, bands = stack.shape[:2]
    if gate is None:
        gate = energy_gate(FAR, dates, bands, options.prior_dof, _cells(options))
    power = np.ascontiguousarray(stack.values, np.float32)
    scan = Scan(
        power=_locked(power),
        scene=(_locked(scene.field), scene.low, scene.weight, scene.variance, float(options.prior_dof)),
        taps=gaussian(options),
        limits=(float(gate), INTERVAL),
    )
    return _dataset(stack, scan, *scan.changes(most))


def _cells(options: Options) -> int:
    """Independent pixels that the smoothing takes in: a quarter of what they would be without any correlation."""
    taps = gaussian(options)
    return max(1, int(0.25 / float((taps**2).sum()) ** 2 / max(1.0, options.smooth_px**2)))


def gaussian(options: Options) -> NDArray[np.float32]:
    """Return the weights of the smoothing, symmetric, of sum 1."""
    reach = HALO_PX(options)
    if reach == 0:
        return np.ones(1, np.float32)
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / options.smooth_px) ** 2)
    return np.asarray(taps / taps.sum(), np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One stack ready for the kernels."""

    power: NDArray[np.float32]
    scene: tuple[Any, ...]
    taps: NDArray[np.float32]
    limits: tuple[float, float]

    def changes(
        self, most: int
    ) -> tuple[NDArray[np.int16], NDArray[np.int16], NDArray[np.float32], NDArray[np.float32]]:
        """Return (change, y, x) points in order of time, (2, change, y, x) intervals, energies, and (y, x) peaks."""
        shape = self.power.shape[2:]
        found, peak = np.empty((3, *shape), np.int16), np.empty(shape, np.float32)
        self._everywhere(lambda block: search(self.power, self.scene, self.taps, block, self.limits, found, peak))
        points = np.full((most, *shape), -1, np.int16)
        points[0] = found[0]
        for stage in range(1, most):
            if not (points[stage - 1] >= 0).any():
                break
            points[stage] = self._more(points[:stage], -1, points[stage - 1] >= 0)[0][0]
            grown = points[stage] >= 0
            points[: stage + 1, grown] = _in_order(points[: stage + 1, grown])
        spans = np.full((2, most, *shape), -1, np.int16)
        energy = np.full((most, *shape), np.nan, np.float32)
        spans[:, 0], energy[0] = found[1:], np.where(found[0] >= 0, peak, np.nan)
        for j in range(most if most > 1 else 0):
            here = (points[1] >= 0) & (points[j] >= 0)
            if here.any():
                beside, height = self._more(points, j, here)
                spans[:, j, here] = _about(beside[:, here], points[j, here])
                energy[j, here] = height[here]
        return points, spans, energy, peak

    def steps(self, points: NDArray[np.int16]) -> NDArray[np.float32]:
        """Return the step of each change (change, polarisation, y, x) in dB."""
        out = np.empty((points.shape[0], self.power.shape[1], *points.shape[1:]), np.float32)
        self._everywhere(lambda block: steps(self.power, self.scene, points, block, out))
        return out

    def _more(
        self, points: NDArray[np.int16], without: int, where: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int16], NDArray[np.float32]]:
        """Return the best further change (3, y, x) and its energy, where there are changes to go on from."""
        shape = self.power.shape[2:]
        found, energy = np.full((3, *shape), -1, np.int16), np.full(shape, np.nan, np.float32)

        def work(block: Block) -> None:
            top, bottom, left, right = block
            if where[top:bottom, left:right].any():
                further(self.power, self.scene, self.taps, points, without, block, self.limits, found, energy)

        self._everywhere(work)
        return found, energy

    def _everywhere(self, work: Callable[[Block], None]) -> None:
        rows, columns = self.power.shape[2:]
        height, width = _BLOCK
        blocks = [
            (top, min(top + height, rows), left, min(left + width, columns))
            for top in range(0, rows, height)
            for left in range(0, columns, width)
        ]
        with ThreadPoolExecutor(min(_THREADS, max(len(blocks), 1))) as pool:
            list(pool.map(work, blocks))


def _in_order(points: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return each pixel's changes (change, pixel) by time, those that are none last."""
    none = np.iinfo(np.int16).max
    ordered = np.sort(np.where(points < 0, none, points), axis=0)
    return np.where(ordered == none, -1, ordered).astype(np.int16)


def _about(found: NDArray[np.int16], point: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return an interval (2, pixel) that holds the point.

    Beside its other changes one may be weaker than the gate: then it keeps the date it was found by, and that alone.
    """
    low, high = (np.where(found[0] >= 0, found[n], point) for n in (1, 2))
    return np.stack([np.minimum(low, point), np.maximum(high, point)])


def _locked(array: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a view that cannot be written to: kernels are compiled for that alone."""
    view = array.view()
    view.flags.writeable = False
    return view


def _dataset(
    stack: xr.DataArray,
    scan: Scan,
    points: NDArray[np.int16],
    spans: NDArray[np.int16],
    energy: NDArray[np.float32],
    peak: NDArray[np.float32],
) -> xr.Dataset:
    over = ("change", "y", "x")
    return xr.Dataset(
        {
            "index": (over, points),
            "low": (over, spans[0]),
            "high": (over, spans[1]),
            "energy": (over, energy),
            "step_db": (("change", "polarisation", "y", "x"), scan.steps(points)),
            "peak": (("y", "x"), peak),
        },
        coords={name: stack[name] for name in ("time", "polarisation", "y", "x") if name in stack.coords},
    )
