"""How rare a value is by chance, whatever that is known from: the user's own past, simulated speckle, or a law."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dashboard.change.patches import scores
from dashboard.change.placebo import Calibration
from dashboard.change.rates import searched
from dashboard.model.change import Announced, Basis
from dashboard.workflows.detection.placebos import Past, evened
from dashboard.workflows.detection.setting import Setting

SCENES = 8
"""Simulated scenes searched for an announcement."""

__all__ = ["DrawnLaw", "ExactLaw", "Law", "PlaceboLaw", "evened"]

Parameters = dict[str, str | float | int | bool]
Draw = Callable[[np.random.Generator], NDArray[np.float32]]
"""Makes the field (y, x) of one simulated scene in which nothing changed."""


class Law(Protocol):
    """What chance does to a field."""

    @property
    def basis(self) -> Basis:
        """What it is known from."""

    @property
    def stratified(self) -> bool:
        """Whether chance differs between strata of the ground."""

    @property
    def parameters(self) -> Parameters:
        """For the record of a run."""

    def threshold(self, far: float) -> float:
        """Return the value that a share `far` of pixels reach by chance."""

    def p(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the p-values of values."""

    def evened(self, values: NDArray[np.float32], stratum: NDArray[np.uint8] | None) -> NDArray[np.float32]:
        """Return values as rare in the whole scene as each is in its own stratum."""

    def announced(self, setting: Setting, seed: float, grow: float) -> Announced | None:
        """Say how many false polygons to expect at each score."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlaceboLaw:
    """Chance as it was in the user's own dates before the event."""

    past: Past
    basis: Basis = Basis.PLACEBO
    stratified: bool = True

    @property
    def parameters(self) -> Parameters:
        """How much of the past was looked at."""
        known = self.past.calibration
        return {
            "placebo_windows": known.windows,
            "placebo_windows_apart": round(self.past.worth, 2),
            "placebo_samples": known.samples,
            "placebo_smallest_rate": known.smallest_rate,
        }

    def threshold(self, far: float) -> float:
        """Return the value that a share `far` of pixels reached in pseudo-events."""
        return self.past.calibration.threshold(far)

    def p(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return p-values in the scene as a whole: for values that were made even."""
        return self.past.calibration.p(values)

    def evened(self, values: NDArray[np.float32], stratum: NDArray[np.uint8] | None) -> NDArray[np.float32]:
        """Return values made even."""
        return values if stratum is None else evened(self.past.calibration, values, stratum)

    def announced(self, setting: Setting, seed: float, grow: float) -> Announced:
        """Search the pseudo-events."""
        return self.past.announced(setting, seed, grow)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawnLaw:
    """Chance as it is in simulated speckle that went through the same computation."""

    draw: Draw
    calibration: Calibration
    parameters: Parameters = field(default_factory=dict)
    basis: Basis = Basis.THEORY
    stratified: bool = False

    def threshold(self, far: float) -> float:
        """Return the value that a share `far` of simulated pixels reach."""
        return self.calibration.threshold(far)

    def p(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return p-values under simulated speckle."""
        return self.calibration.p(values)

    def evened(self, values: NDArray[np.float32], stratum: NDArray[np.uint8] | None) -> NDArray[np.float32]:  # noqa: ARG002
        """Return the values: simulated ground is all alike."""
        return values

    def announced(self, setting: Setting, seed: float, grow: float) -> Announced:
        """Search simulated scenes."""
        return _announced(self.draw, setting, seed, grow)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExactLaw:
    """Chance by a law of the statistic: values are -log10 of its p-value."""

    draw: Draw
    parameters: Parameters = field(default_factory=dict)
    basis: Basis = Basis.THEORY
    stratified: bool = False

    def threshold(self, far: float) -> float:
        """Return -log10 of the rate."""
        return float(-np.log10(far))

    def p(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the p-values back."""
        return np.power(10.0, -np.asarray(values, np.float64))

    def evened(self, values: NDArray[np.float32], stratum: NDArray[np.uint8] | None) -> NDArray[np.float32]:  # noqa: ARG002
        """Return the values: the law is the same everywhere."""
        return values

    def announced(self, setting: Setting, seed: float, grow: float) -> Announced:
        """Search simulated scenes with neighbours as alike as those of the pair."""
        return _announced(self.draw, setting, seed, grow)


def _announced(draw: Draw, setting: Setting, seed: float, grow: float) -> Announced:
    def pipeline(generator: np.random.Generator) -> NDArray[np.float64]:
        drawn = draw(generator)
        return scores(
            drawn, seed=seed, grow=grow, least_px=setting.least_px, resolution_px=setting.resolution_px
        )  # fmt: skip

    area = float(draw(np.random.default_rng(0)).size) * setting.pixel_km2
    return searched(pipeline, windows=SCENES, area_km2=area)
