"""The backscatter series at the inspected point, for every comparable acquisition."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import param
from numpy.typing import NDArray

from dashboard.model.acquisition import Acquisition
from dashboard.model.stack import stack_of
from dashboard.state.background import Background
from dashboard.state.follower import Follower
from dashboard.state.notices import Notices
from dashboard.state.reach import Reach
from dashboard.state.viewing import Viewing
from dashboard.workflows.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelSeries:
    """Backscatter at one point through one stack."""

    lon: float
    lat: float
    anchor: Acquisition
    """The acquisition whose stack this is."""
    members: tuple[Acquisition, ...]
    """In order of time."""
    power_db: dict[str, NDArray[np.float64]]
    """Per polarisation, one value a member; NaN where there was no valid look."""


class Inspecting(Follower):
    """Follows the inspected point and B."""

    series = param.ClassSelector(class_=PixelSeries, default=None, allow_None=True)
    loading = param.Boolean(default=False)

    def __init__(
        self, workspace: Workspace, viewing: Viewing, reach: Reach, background: Background, notices: Notices
    ) -> None:
        super().__init__(workspace, viewing, reach, background, notices)
        viewing.param.watch(lambda *_: self.refresh(), "view")
        reach.param.watch(lambda *_: self.refresh(), "everything")

    def refresh(self) -> None:
        """Read the series of the inspected point through B's stack (A's when there is no B), unless it is shown."""
        pixel = self._viewing.view.pixel
        anchor = self._reach.b or self._reach.a
        if pixel is None or anchor is None:
            return
        among = [acq for acq in self._reach.everything if acq.pixels is not None]
        members = tuple(stack_of(anchor, among))
        key = (pixel, tuple(acq.id for acq in members))
        if key == self._asked:
            return
        self._asked = key
        self.loading = True
        self._latest.ask(lambda: read_series(self._workspace, anchor, members, pixel), self._found)

    def _found(self, result: Any) -> None:  # noqa: ANN401
        self.loading = False
        if isinstance(result, Exception):
            self._notices.fail(result)
            return
        self.series = result


def read_series(
    workspace: Workspace, anchor: Acquisition, members: tuple[Acquisition, ...], pixel: tuple[float, float]
) -> PixelSeries:
    """Read one point (longitude, latitude) through a stack, in dB, for every polarisation; light has none."""
    items = [(acq.start, acq.pixels) for acq in members if acq.pixels is not None]
    values: dict[str, NDArray[np.float64]] = {}
    for polarisation in () if anchor.optical else anchor.polarisations:
        power = workspace.archive.series(items, polarisation, *pixel).values.astype(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            values[polarisation] = 10 * np.log10(power)
    return PixelSeries(lon=pixel[0], lat=pixel[1], anchor=anchor, members=members, power_db=values)
