"""Why there is no picture and no history of a change: said in the place where they would be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from dashboard.catalog.query import AcquisitionQuery
from dashboard.model.acquisition import Acquisition
from dashboard.model.change import ChangeRun, DetectedChange
from dashboard.model.dtg import dtg
from dashboard.model.errors import NotFoundError
from dashboard.workflows.chips import Chips, Line, change_series, chips
from dashboard.workflows.passes import PASS_SECONDS
from dashboard.workflows.workspace import Workspace

_NAMED = 2
_PASS = timedelta(seconds=PASS_SECONDS)


@dataclass(frozen=True, slots=True)
class Blank:
    """Nothing to show, and why."""

    why: str
    """A sentence, with what would help."""


def pictured(workspace: Workspace, change: DetectedChange, run: ChangeRun, polarisation: str | None) -> Chips | Blank:
    """Return the pictures of a change as `chips` makes them, or why there are none."""
    return chips(workspace, change, run, polarisation=polarisation) or blank(workspace, change, run)


def history(workspace: Workspace, change: DetectedChange, run: ChangeRun) -> tuple[Line, ...] | Blank:
    """Return the history of a change as `change_series` makes it, or why there is none."""
    return change_series(workspace, change, run) or blank(workspace, change, run)


def blank(workspace: Workspace, change: DetectedChange, run: ChangeRun) -> Blank:
    """Return why a change has nothing to show: for those that `chips` or `change_series` found nothing of.

    Looked at are the acquisitions that it rests on: unknown here, known without pixels, no radar's; and then the looks
    of their stacks over its ground: none before, none after, or none that saw it.
    """
    names = list(dict.fromkeys((*change.evidence, run.after, run.before)))
    known = [acq for name in names if (acq := _known(workspace, name)) is not None]
    if not known:
        what = "is" if len(names) == 1 else "are"
        return Blank(
            f"{_listed(names)} {what} not in this catalogue: another producer's change. Ingest them to see it."
        )
    if all(acq.pixels is None for acq in known):
        return Blank(f"{_listed([acq.id for acq in known])}: known here without pixels. Ingest the product to see it.")
    radar = [acq for acq in known if acq.pixels is not None and not acq.optical]
    if not radar:
        return Blank(f"{_listed([acq.id for acq in known])}: no radar's, so there is no backscatter to show.")
    return Blank(_unlooked(workspace, change, radar))


def _unlooked(workspace: Workspace, change: DetectedChange, anchors: Sequence[Acquisition]) -> str:
    """Return what the stacks of some acquisitions lack over a change's ground."""
    looks = sorted(
        acq.start
        for anchor in anchors
        for acq in workspace.catalog.acquisitions.find(
            AcquisitionQuery(bbox=change.geometry.bounds, stack_with=anchor, with_pixels=True)
        )
    )
    stacks = " and ".join(dict.fromkeys(acq.constellation for acq in anchors))
    remedy = "Ingest one to compare."
    if not looks:
        return f"No look of {stacks} with pixels covers this ground. {remedy}"
    if not any(look <= change.after + _PASS for look in looks):
        return f"No look of {stacks} with pixels here from before it, up to {dtg(change.after)}. {remedy}"
    if not any(look >= change.before - _PASS for look in looks):
        return f"No look of {stacks} with pixels here from after it, {dtg(change.before)} on. {remedy}"
    return f"The looks of {stacks} around {dtg(change.after)} and {dtg(change.before)} saw nothing of this ground."


def _known(workspace: Workspace, name: str) -> Acquisition | None:
    try:
        return workspace.catalog.acquisitions.get(name)
    except NotFoundError:
        return None


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
