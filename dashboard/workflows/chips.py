"""What a reviewer looks at: a change before and after on one stretch, their ratio, and the ground's whole history."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from dashboard.model.change import ChangeRun, DetectedChange
from dashboard.workflows.workspace import Workspace

Ring = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chips:
    """Three small pictures of one change on one grid, north up."""

    polarisation: str
    before: NDArray[np.uint8]
    """(y, x) grey, 1 to 255; 0 = not observed."""
    after: NDArray[np.uint8]
    """(y, x) grey on the stretch of `before`."""
    ratio: NDArray[np.uint8]
    """(y, x), 0 = not observed, 128 = equal, 1 to 255 linear in dB over plus and minus `RATIO_LIMIT_DB`."""
    limits_db: tuple[float, float]
    """Drawn black and white in `before` and `after`."""
    outline: tuple[Ring, ...]
    """Rings of the change's polygon in pixels, (0, 0) the upper left corner of the picture."""
    stamps: tuple[datetime, datetime]
    """Start of the look before and of the look after."""
    ids: tuple[str, str]
    """Acquisitions shown."""
    pixel_m: float
    """Ground length of a pixel's side."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """Mean backscatter inside a change over time: one stack, one polarisation."""

    stack: str
    """In words: constellation, track or geometry."""
    polarisation: str
    times: tuple[datetime, ...]
    mean_db: tuple[float, ...]
    """Of the mean power inside; NaN where nothing was observed."""
    ids: tuple[str, ...]
    interval: tuple[datetime, datetime]
    """When the change happened."""


def chips(
    workspace: Workspace, change: DetectedChange, run: ChangeRun, *, size_px: int = 120, polarisation: str | None = None
) -> Chips | None:
    """Return the pictures of a change; None where its acquisitions have no pixels any more."""
    return None


def change_series(workspace: Workspace, change: DetectedChange, run: ChangeRun) -> tuple[Line, ...]:
    """Return the history of a change's ground, a line per stack and polarisation."""
    return ()
