"""Which acquisition is next, nearest, or comparable: the questions that keys and the timeline ask."""

from collections.abc import Sequence
from datetime import datetime

from dashboard.catalog.query import AcquisitionQuery
from dashboard.catalog.space import overlapping
from dashboard.model.acquisition import Acquisition
from dashboard.model.errors import NotFoundError
from dashboard.model.stack import mismatches
from dashboard.workflows.workspace import Workspace


def comparable(workspace: Workspace, acquisition: Acquisition) -> list[Acquisition]:
    """Return the ingested acquisitions of one stack whose footprints overlap, in order of start.

    The acquisition itself is among them when it is ingested. Footprints that only share a border do not overlap.
    """
    query = AcquisitionQuery(bbox=acquisition.bbox, with_pixels=True, stack_with=acquisition)
    found = workspace.catalog.acquisitions.find(query)
    if not found:
        return []
    hits = overlapping(acquisition.footprint, [other.footprint for other in found])
    return [other for other, hit in zip(found, hits, strict=True) if hit]


def neighbour(
    acquisitions: Sequence[Acquisition], id_: str, step: int, *, same_stack: bool = False
) -> Acquisition | None:
    """Return the acquisition `step` places later (negative: earlier) in time, or None past the end.

    Parameters
    ----------
    acquisitions : in any order
    id_ : where to start from; it has to be among them
    step : number of places; 0 returns the acquisition itself
    same_stack : count only those that can be compared pixel by pixel with the first

    Raises
    ------
    NotFoundError
        If `id_` is not among the acquisitions.
    """
    anchor = next((acq for acq in acquisitions if acq.id == id_), None)
    if anchor is None:
        msg = f"{id_!r} is not among the {len(acquisitions)} acquisitions stepped through; choose one of them first."
        raise NotFoundError(msg)
    among = [acq for acq in acquisitions if acq is anchor or not same_stack or not mismatches(anchor, acq)]
    among.sort(key=_in_time)
    place = among.index(anchor) + step
    return among[place] if 0 <= place < len(among) else None


def snap(acquisitions: Sequence[Acquisition], moment: datetime) -> Acquisition | None:
    """Return the latest acquisition that started at or before a moment; the first there is when all are later."""
    earlier = [acq for acq in acquisitions if acq.start <= moment]
    if earlier:
        return max(earlier, key=_in_time)
    return min(acquisitions, key=_in_time, default=None)


def _in_time(acq: Acquisition) -> tuple[datetime, str]:
    return acq.start, acq.id
