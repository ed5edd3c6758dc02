"""Small archives with known pixels."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from dashboard.model.acquisition import PixelFile, Pixels
from dashboard.raster.write import write_cog


@dataclass
class ArraySource:
    """A power source over an array; remembers which rows were asked for."""

    power: NDArray[np.float32]
    geobox: GeoBox
    polarisations: tuple[str, ...] = ("VV",)

    def __post_init__(self) -> None:
        self.power.flags.writeable = False
        self.asked: list[tuple[slice, slice]] = []

    def read(self, polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:
        self.asked.append((rows, cols))
        return self.power[rows, cols]


@dataclass
class Scene:
    """One archived image: what went in and what describes it."""

    power: NDArray[np.float32]
    pixels: Pixels
    geobox: GeoBox


def grid(shape: tuple[int, int], crs: str = "EPSG:32655", *, spacing: float = 10.0, at=(500_000.0, 4_800_000.0)):
    return GeoBox(shape, Affine(spacing, 0, at[0], 0, -spacing, at[1]), crs)


@pytest.fixture(scope="session")
def make_source() -> Callable[..., ArraySource]:
    def make(power: NDArray[np.float32], **place) -> ArraySource:
        power = np.asarray(power, np.float32)
        return ArraySource(power, grid(power.shape, **place))

    return make


@pytest.fixture(scope="session")
def make_scene(make_source) -> Callable[..., Scene]:
    def make(root: Path, power: NDArray[np.float32], name: str = "x.tif", scale: float = 1e4, **place) -> Scene:
        source = make_source(power, **place)
        facts = write_cog(source, "VV", root / name, scale=scale)
        pixels = Pixels(
            crs=str(source.geobox.crs),
            transform=tuple(source.geobox.affine)[:6],
            shape=tuple(source.geobox.shape),
            files=(PixelFile(polarisation="VV", path=name, sha256=facts.sha256),),
            amplitude_scale=scale,
        )
        return Scene(source.power, pixels, source.geobox)

    return make


@pytest.fixture(scope="session")
def speckle() -> Callable[..., NDArray[np.float32]]:
    """Single-look speckle of mean 0.05, a tenth of it without data."""

    def make(shape: tuple[int, int], seed: int = 1, *, gaps: bool = True) -> NDArray[np.float32]:
        rng = np.random.default_rng(seed)
        power = (0.05 * rng.exponential(size=shape)).astype(np.float32)
        if gaps:
            power[: shape[0] // 5, : shape[1] // 2] = np.nan
        return power

    return make
