"""Snapshots that wait for a person: listed, accepted or refused, by an event that says who and when."""

from uuid import uuid4

from dashboard.catalog.frontlines import ACCEPTED, REFUSED, SUBJECT, HeldSnapshot
from dashboard.geo.front_sides import ground_of, sides_of
from dashboard.geo.geodesy import area_km2
from dashboard.model.errors import CatalogError, InputError, NotFoundError
from dashboard.model.event import Event, NewEvent, Outcome
from dashboard.model.frontline import FrontlineSnapshot
from dashboard.workflows.workspace import Workspace

SHRINK_SHARE = 0.05
"""Of a side's ground: more lost from one snapshot to the next is held. The greatest loss in two years of one
provider's days is a thousandth."""


def held(workspace: Workspace, *, decided: bool = False) -> list[HeldSnapshot]:
    """Return the snapshots that wait for a decision, in order of provider, then time; `decided` adds the others."""
    return [found for found in workspace.catalog.frontlines.held() if decided or found.accepted is None]


def decide(workspace: Workspace, snapshot_id: str, accept: bool, author: str) -> Event:  # noqa: FBT001
    """Record that a person accepts or refuses a held snapshot; the last decision counts, and none is forgotten.

    Raises
    ------
    NotFoundError
        If no snapshot of this id was held.
    InputError
        If the author is empty: a decision is somebody's.
    CatalogError
        If somebody else decided in the same moment: theirs counts, and this one is kept as a conflict.
    """
    if not author.strip():
        raise InputError("A decision about a held snapshot needs its author; give a name.")
    found = next((one for one in workspace.catalog.frontlines.held() if one.id == snapshot_id), None)
    if found is None:
        msg = f"No snapshot {snapshot_id!r} was held; list those that were with `nightglass front held`."
        raise NotFoundError(msg)
    subject = SUBJECT + snapshot_id
    event = workspace.catalog.log.append(
        NewEvent(
            id=str(uuid4()),
            kind=ACCEPTED if accept else REFUSED,
            subject=subject,
            author=author.strip(),
            base=workspace.catalog.log.version(subject),
            body={"reason": found.reason},
        )
    )
    if event.outcome is Outcome.CONFLICT:
        msg = f"Somebody else decided about {snapshot_id} in the same moment; look at it again, then decide."
        raise CatalogError(msg)
    return event


def shrink(before: FrontlineSnapshot, after: FrontlineSnapshot, share: float = SHRINK_SHARE) -> str | None:
    """Return why a snapshot is to be held for a person, or None: a side lost more than a share of its ground.

    Parameters
    ----------
    before : the provider's last snapshot that counts
    share : of the side's ground before, 0 to 1; at 1 nothing is held
    """
    if share >= 1:
        return None
    for side in sides_of(before):
        had, has = area_km2(ground_of(before, side)), area_km2(ground_of(after, side))
        if had > 0 and (had - has) / had > share:
            return (
                f"{side} shrinks by {100 * (had - has) / had:.1f} % ({had:,.1f} to {has:,.1f} km2) since "
                f"{before.valid_from:%Y-%m-%d}; the limit is {100 * share:g} %"
            )
    return None
