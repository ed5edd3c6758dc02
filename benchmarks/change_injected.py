"""Promise: steps of a few decibels in a few pixels are found, whole objects, and little else.

The real series of `california`: 17 dates before and 3 after. Into those after, 588 rectangles of 2 to 5 pixels a side
are injected by multiplying power: 3 or 5 dB in VV and 0.7 of it in VH, brighter or darker by object; with *flips* a
quarter of an object's pixels go the other way, as rubble and shadow do. *AUC* and *PD at FAR 1e-3* are of pixels:
injected ones against ground more than 4 pixels from any. *F1*: thresholds of pseudo-events at seed 1e-3 and grow
1e-2; an object is found if a polygon touches it, a polygon true if it touches an object. The peer is PWTT with pooled
variance on the same arrays, before its focal means (core) and after (smoothed); its objects get thresholds that give
the same rates on the quiet ground of the very question, which no user could know. *Overlap*: intersection over union
of found objects with what was injected; there the peer is ours without cutting back.

Run: ``python -m benchmarks.change_injected``
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import ndimage, stats

from benchmarks.california import QUIET, STACK, bursts, question
from benchmarks.change_placebo import RULE, Answer, answer, calibrated
from benchmarks.table import Row, show
from dashboard.change.patches import patches
from dashboard.change.pwtt import pwtt

CUT = (17, 3)
SEED_FAR, GROW_FAR = 1e-3, 1e-2
_VH_SHARE = 0.7
_LAYOUTS = 3
_PITCH, _ROOM = 12, 4
_EIGHT = np.ones((3, 3))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """One burst with known changes."""

    stack: xr.DataArray
    truth: NDArray[np.int32]
    """(y, x) number of the injected object, 0 elsewhere."""

    @property
    def quiet(self) -> NDArray[np.bool_]:
        """Ground that no injected object touches."""
        return np.asarray(ndimage.distance_transform_edt(self.truth == 0) > _ROOM)


def injected(stack: xr.DataArray, step_db: float, flips: float, rng: np.random.Generator) -> Scene:
    """Return a burst with a rectangle in every cell of a coarse grid."""
    power = stack.values.copy()
    truth = np.zeros(power.shape[2:], np.int32)
    after = slice(QUIET - CUT[1], QUIET)
    for top in range(_PITCH // 2, truth.shape[0] - _PITCH, _PITCH):
        for left in range(_PITCH // 2, truth.shape[1] - _PITCH, _PITCH):
            height, width = rng.integers(2, 6, 2)
            down, right = rng.integers(0, _ROOM, 2)
            place = np.s_[top + down : top + down + height, left + right : left + right + width]
            truth[place] = truth.max() + 1
            sign = np.full(height * width, rng.choice([-1.0, 1.0]))
            sign[rng.permutation(sign.size)[: round(flips * sign.size)]] *= -1
            gain = 10 ** (sign.reshape(height, width) * step_db / 10)
            power[(after, 0, *place)] *= gain
            power[(after, 1, *place)] *= gain**_VH_SHARE
    return Scene(stack=stack.copy(data=power), truth=truth)


def detection(scenes: list[Scene], images: list[NDArray[np.floating]]) -> tuple[float, float]:
    """Return the area under the curve and the share found at a measured false-alarm rate of 1e-3, of pixels."""
    changed = np.concatenate([image[scene.truth > 0] for scene, image in zip(scenes, images, strict=True)])
    quiet = np.concatenate([image[scene.quiet] for scene, image in zip(scenes, images, strict=True)])
    rank = stats.rankdata(np.concatenate([changed, quiet]))[: changed.size]
    auc = (rank.sum() - changed.size * (changed.size + 1) / 2) / changed.size / quiet.size
    return float(auc), float((changed >= np.quantile(quiet, 1 - 1e-3)).mean())


@dataclass(frozen=True, slots=True)
class Objects:
    """How polygons and injected objects met."""

    precision: float
    recall: float
    overlap: float

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.precision * self.recall / max(self.precision + self.recall, 1e-9)


def met(scenes: list[Scene], labels: list[NDArray[np.int32]]) -> Objects:
    """Compare polygons with what was injected."""
    true = false = found = objects = 0
    overlaps = []
    for scene, label in zip(scenes, labels, strict=True):
        objects += int(scene.truth.max())
        found += len(set(scene.truth[label > 0].tolist()) - {0})
        for number in range(1, int(label.max()) + 1):
            here = label == number
            hit = np.isin(scene.truth, list(set(scene.truth[here].tolist()) - {0}))
            if not hit.any():
                false += 1
                continue
            true += 1
            overlaps.append((here & hit).sum() / (here | hit).sum())
    return Objects(true / max(true + false, 1), found / objects, float(np.mean(overlaps)) if overlaps else 0.0)


def our_labels(each: Answer) -> NDArray[np.int32]:
    """Return the objects of a question at thresholds of its pseudo-events."""
    law = calibrated(each.counts, len(each.placebo), CUT)
    seed, grow = law.threshold(SEED_FAR), law.threshold(GROW_FAR)
    return patches(each.energy, each.step_db, seed=seed, grow=grow, **RULE).labels


def grown(image: NDArray[np.floating], seed: float, grow: float) -> NDArray[np.int32]:
    """Return the same seeds and growth without any tidying, for other statistics."""
    label = np.zeros(image.shape, np.int32)
    ndimage.label(image >= grow, structure=_EIGHT, output=label)
    pixels = np.bincount(label.reshape(-1))
    seeds = np.bincount(label[image >= seed], minlength=pixels.size)
    kept = (pixels >= RULE["least_px"]) & (seeds > 0)
    kept[0] = False
    return (np.cumsum(kept) * kept).astype(np.int32)[label]


def at_measured_rates(scenes: list[Scene], images: list[NDArray[np.floating]]) -> list[NDArray[np.int32]]:
    """Return objects whose thresholds give the asked rates on the quiet ground of the question itself."""
    quiet = np.concatenate([image[scene.quiet] for scene, image in zip(scenes, images, strict=True)])
    seed, grow = (float(np.quantile(quiet, 1 - far)) for far in (SEED_FAR, GROW_FAR))
    return [grown(image, seed, grow) for image in images]


def uncut(each: Answer) -> NDArray[np.int32]:
    """Return our objects as they grew, to see what cutting back does."""
    law = calibrated(each.counts, len(each.placebo), CUT)
    return grown(each.energy, law.threshold(SEED_FAR), law.threshold(GROW_FAR))


def compared(name: str, scenes: list[Scene], targets: tuple[str, str]) -> list[Row]:
    """Measure one kind of step, ours and the peer's."""
    periods = [question(scene.stack, QUIET, *CUT) for scene in scenes]
    answers = [answer(scene.stack, asked) for scene, asked in zip(scenes, periods, strict=True)]
    published = [pwtt([scene.stack], asked, variance="pooled") for scene, asked in zip(scenes, periods, strict=True)]
    core, smoothed = ([each[layer].values for each in published] for layer in ("t", "statistic"))
    auc, found = detection(scenes, [each.energy for each in answers])
    theirs = [detection(scenes, images) for images in (core, smoothed)]
    ours = met(scenes, [our_labels(each) for each in answers])
    peer = [met(scenes, at_measured_rates(scenes, images)) for images in (core, smoothed)]
    plain = met(scenes, [uncut(each) for each in answers])
    return [
        Row(
            promise=f"{name}: AUC",
            figure=f"{auc:.4f}",
            target=targets[0],
            peer=f"core {theirs[0][0]:.3f}, smoothed {theirs[1][0]:.3f}",
        ),
        Row(
            promise=f"{name}: PD at FAR 1e-3",
            figure=f"{found:.2f}",
            target=">= 0.70",
            peer=f"core {theirs[0][1]:.2f}, smoothed {theirs[1][1]:.2f}",
        ),
        Row(
            promise=f"{name}: F1 (precision, recall)",
            figure=f"{ours.f1:.2f} ({ours.precision:.3f}, {ours.recall:.2f})",
            target=targets[1],
            peer=f"core {peer[0].f1:.2f}, smoothed {peer[1].f1:.2f}",
        ),
        Row(promise=f"{name}: overlap", figure=f"{ours.overlap:.2f}", target="", peer=f"uncut {plain.overlap:.2f}"),
    ]


def run(_scratch: Path | None = None) -> list[Row]:
    """Measure every kind of step; one row says so where the real series is absent."""
    stacks = bursts()
    if not stacks:
        note = f"{STACK} is absent"
        return [Row(promise="injected steps", figure="not measured", target="", peer="", note=note)]
    rows = []
    for name, step_db, flips, objects in (
        ("C1 3 dB", 3.0, 0.0, ">= 0.83, >= 0.95"),
        ("C2 3 dB, flips", 3.0, 0.25, ">= 0.83, >= 0.95"),
        ("C3 5 dB, flips", 5.0, 0.25, ">= 0.97, >= 0.95"),
    ):
        rng = np.random.default_rng(3)
        scenes = [injected(stack, step_db, flips, rng) for stack in stacks.values() for _ in range(_LAYOUTS)]
        rows += compared(name, scenes, (">= 0.99", objects))
    return rows


def main() -> None:
    """Print the table."""
    show("Steps injected into a real series", run())


if __name__ == "__main__":
    main()
