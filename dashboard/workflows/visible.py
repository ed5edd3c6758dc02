"""The optical side of a view: which bands are drawn, and how bright, whatever the radar's polarisation is."""

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from dashboard.model.acquisition import Acquisition
from dashboard.render import visible
from dashboard.workflows.remembered import Remembered
from dashboard.workflows.workspace import Workspace

COLOUR, GREY = ("R", "G", "B"), ("PAN",)
_REMEMBERED_LIMITS = 256


def bands_of(acquisition: Acquisition) -> tuple[str, ...]:
    """Return the bands that are drawn: colour where there is colour, else the first band."""
    held = () if acquisition.pixels is None else tuple(file.polarisation for file in acquisition.pixels.files)
    return next((bands for bands in (COLOUR, GREY) if set(bands) <= set(held)), held[:1])


def read_bands(workspace: Workspace, acquisition: Acquisition, geobox: GeoBox) -> NDArray[np.uint16] | None:
    """Return (band, y, x) numbers on a grid, 0 = no data; None when nothing is archived."""
    names = bands_of(acquisition)
    if acquisition.pixels is None or not names:
        return None
    return np.stack([workspace.archive.amplitude(acquisition.pixels, name, geobox) for name in names])


def limits(workspace: Workspace, acquisition: Acquisition, canonical: GeoBox) -> tuple[float, float]:
    """Return the numbers drawn black and white over the view's own grid, so that a page is as bright as the screen."""

    def measure() -> tuple[float, float]:
        bands = read_bands(workspace, acquisition, canonical)
        return (0.0, 1.0) if bands is None else visible.limits(bands)

    hashes = () if acquisition.pixels is None else tuple(file.sha256 for file in acquisition.pixels.files)
    return _LIMITS.get((tuple(canonical.shape), tuple(canonical.affine), *hashes), measure)


def forget() -> None:
    """Drop what is remembered: for measuring what a first look costs."""
    _LIMITS.clear()


_LIMITS: Remembered[tuple[float, float]] = Remembered(_REMEMBERED_LIMITS)
"""By the view's grid and content hashes."""
