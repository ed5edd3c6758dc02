"""Which acquisitions are one pass, and so one picture."""

from collections.abc import Iterable
from datetime import timedelta

from dashboard.catalog.catalog import AcquisitionQuery
from dashboard.model.acquisition import Acquisition
from dashboard.workflows.extent import Box
from dashboard.workflows.workspace import Workspace

PASS_SECONDS = 120.0
"""Acquisitions of one platform, track and mode that start within this time are one pass and are drawn together."""


def members(workspace: Workspace, acquisition: Acquisition) -> list[Acquisition]:
    """Return the acquisitions of one pass, in order of time: what a product's slices or bursts are one picture of.

    Members share platform, track, mode, polarisations and calibration with `acquisition` and start within
    `PASS_SECONDS` of it; those without pixels here are left out. Without a stated platform or track nothing shows
    that two acquisitions are one pass, so the acquisition stands alone.
    """
    if acquisition.platform is None or acquisition.track is None:
        return [acquisition]
    around = timedelta(seconds=PASS_SECONDS)
    query = AcquisitionQuery(
        period=(acquisition.start - around, acquisition.start + around),
        constellations=(acquisition.constellation,),
        with_pixels=True,
    )
    near = workspace.catalog.acquisitions.find(query)
    same = [other for other in near if other.id != acquisition.id and _of_one_pass(acquisition, other)]
    return sorted([acquisition, *same], key=lambda member: (member.start, member.id))


def touching(among: Iterable[Acquisition], bbox: Box) -> list[Acquisition]:
    """Return the acquisitions with pixels whose bounding box meets `bbox` (west, south, east, north; degrees)."""
    west, south, east, north = bbox
    return [
        acq
        for acq in among
        if acq.pixels is not None
        and acq.bbox[0] <= east
        and acq.bbox[2] >= west
        and acq.bbox[1] <= north
        and acq.bbox[3] >= south
    ]


def _of_one_pass(a: Acquisition, b: Acquisition) -> bool:
    scales = {acq.pixels.amplitude_scale for acq in (a, b) if acq.pixels is not None}
    return len(scales) <= 1 and all(
        getattr(a, name) == getattr(b, name)
        for name in ("constellation", "platform", "track", "mode", "polarisations", "calibration")
    )
