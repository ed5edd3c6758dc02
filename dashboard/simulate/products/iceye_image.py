"""How a picture lies in ICEYE's files: range down, so that shadows fall towards the reader, and which way time runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.model.acquisition import LookSide
from dashboard.simulate.products.slant import SlantGrid
from dashboard.simulate.products.take import Take

Floats = NDArray[np.float64]

FACTOR = 2.3701258619904503e-07
"""Calibration factor: sigma0 of DN 1."""
FACTOR_KEY = "iceye:calibration_factor"
SCENE_ID, IMAGE_ID = "U8VW2M", 4119892


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How a product is delivered, where deliveries differ."""

    tag: bool = True
    """Properties inside the image."""
    side_car: bool = True
    """Properties beside the image."""
    rpcs: bool = True
    """RPCs beside the control points in the image."""
    exponent: float | None = None
    """Of the amplitude mapping; None: there is none."""
    orientation: str = "shadows-down"
    """``native`` lays range along the columns."""
    without: tuple[str, ...] = ()
    """Properties that are left out."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Properties that are added or changed."""


USUAL = Delivery()


@dataclass(frozen=True)
class Image:
    """A picture and how it is delivered."""

    grid: SlantGrid
    take: Take
    delivery: Delivery
    level: str

    @property
    def spacing_m(self) -> float:
        """Of the pixels, as the product states it."""
        return abs(float(self.grid.scene.geobox.affine.a))

    @property
    def backwards(self) -> bool:
        """Whether later moments lie to the left: so does a left-looking radar's flight when the far side is down."""
        return self.take.look is LookSide.LEFT and self.delivery.orientation == "shadows-down"

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) in the file."""
        rows, cols = self.grid.shape
        return (rows, cols) if self.delivery.orientation == "native" else (cols, rows)

    @property
    def id(self) -> str:
        """Name of the product."""
        take = self.take
        unit = (take.platform.rpartition("-")[2]).upper()
        return f"ICEYE_{SCENE_ID}_{take.start:%Y%m%dT%H%M%S}Z_{IMAGE_ID}_{unit}_{take.mode}_{self.level}"

    def laid(self, picture: NDArray[Any]) -> NDArray[Any]:
        """Return a picture of (moments, ranges) as it lies in the file."""
        if self.delivery.orientation == "native":
            return picture
        turned = picture.T
        return np.ascontiguousarray(turned[:, ::-1] if self.backwards else turned)

    def to_ground(self, rows: Floats, cols: Floats) -> tuple[Floats, Floats]:
        """Return (longitude, latitude) of positions in the file."""
        if self.delivery.orientation == "native":
            return self.grid.place(rows, cols)
        return self.grid.place(self.shape[1] - 1 - cols if self.backwards else cols, rows)

    def to_image(self, lon: Floats, lat: Floats, height: Floats) -> tuple[Floats, Floats]:
        """Return (row, column) in the file of ground points."""
        grid = self.grid
        t, slant = grid.orbit.zero_doppler(lon, lat, height)
        line = (t - grid.times[0]) / grid.line_s
        sample = (slant - grid.ranges[0]) / (grid.ranges[1] - grid.ranges[0])
        if grid.to_slant is not None:
            reach = 3000.0 / self.spacing_m  # ground far above or below lies as far to the side
            places = np.linspace(-reach, len(grid.ranges) + reach, 20_001)
            sample = np.interp(slant, grid.range_at(places), places)
        if self.delivery.orientation == "native":
            return line, sample
        return sample, (self.shape[1] - 1 - line if self.backwards else line)
