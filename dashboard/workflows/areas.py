"""The ground that people return to, and the view that shows it best at first."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import shapely

from dashboard.catalog.query import AcquisitionQuery, Box
from dashboard.catalog.space import overlapping, touching
from dashboard.geo.mercator import extent_of
from dashboard.geo.places import nearest
from dashboard.model.acquisition import Acquisition
from dashboard.model.area import Area
from dashboard.model.stack import mismatches
from dashboard.model.view import View
from dashboard.workflows.passes import PASS_SECONDS
from dashboard.workflows.workspace import Workspace

NOWHERE: Box = (22.0, 44.0, 41.0, 53.0)
"""Shown when nothing is known: Ukraine and its neighbours."""

_COPOLAR = ("VV", "HH")
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)
_CLUSTERED = 2_000
"""Areas are made from at most so many of the latest acquisitions."""


def areas(workspace: Workspace) -> list[Area]:
    """Return the recorded areas, or else one per group of touching footprints, named by the nearest place.

    Groups hold ingested acquisitions; where nothing is ingested, known ones. The group with most members comes first.
    """
    stored = workspace.catalog.areas.all()
    if stored:
        return stored
    groups = _groups(_known(workspace, None))
    found: dict[str, Area] = {}
    for members in sorted(groups, key=len, reverse=True):
        box = _bbox(members)
        name = nearest((box[0] + box[2]) / 2, (box[1] + box[3]) / 2).name
        number = sum(other == name or other.startswith(f"{name} (") for other in found)
        name = f"{name} ({number + 1})" if number else name
        found[name] = Area(name, box)
    return list(found.values())


def default_view(workspace: Workspace, area: Area | None = None) -> View:
    """Return the view to start with over an area; None means the first area there is.

    A and B are the two latest overlapping passes of the stack with most members over the area (of stacks of one size,
    the one with the latest); without such a pair, B alone; without pixels there, neither.
    """
    if area is None:
        area = next(iter(areas(workspace)), Area("", NOWHERE))
    a, b = _best_pair(_ingested(workspace, area.bbox))
    return View(
        extent=extent_of(_shown(area.bbox)),
        a=None if a is None else a.id,
        b=None if b is None else b.id,
        polarisation=_polarisation(a, b),
        provider=_provider(workspace, area.bbox),
    )


def _known(workspace: Workspace, bbox: Box | None) -> list[Acquisition]:
    ingested = _ingested(workspace, bbox)
    return ingested or workspace.catalog.acquisitions.find(AcquisitionQuery(bbox=bbox, limit=_CLUSTERED))


def _ingested(workspace: Workspace, bbox: Box | None) -> list[Acquisition]:
    return workspace.catalog.acquisitions.find(AcquisitionQuery(bbox=bbox, with_pixels=True, limit=_CLUSTERED))


def _groups(acquisitions: list[Acquisition]) -> list[list[Acquisition]]:
    """Return the acquisitions by pieces of ground: the connected parts of the union of their footprints."""
    if not acquisitions:
        return []
    footprints = [acq.footprint for acq in acquisitions]
    pieces = shapely.get_parts(shapely.union_all(shapely.envelope(footprints)))
    touched = shapely.STRtree(pieces).query(footprints, "intersects")
    home = {int(member): int(piece) for member, piece in touched.T}  # one each, also where two pieces meet in a point
    found: dict[int, list[Acquisition]] = defaultdict(list)
    for member, piece in sorted(home.items()):
        found[piece].append(acquisitions[member])
    return list(found.values())


def _bbox(members: list[Acquisition]) -> Box:
    west, south, east, north = shapely.total_bounds([acq.footprint for acq in members])
    return max(float(west), -180.0), float(south), min(float(east), 180.0), float(north)


def _shown(bbox: Box) -> Box:
    """Return a box that a map can show: of one across the antimeridian, the wider half."""
    west, south, east, north = bbox
    if west <= east:
        return bbox
    return (west, south, 180.0, north) if 180 - west >= east + 180 else (-180.0, south, east, north)


def _best_pair(found: list[Acquisition]) -> tuple[Acquisition | None, Acquisition | None]:
    """Return the two latest passes of the largest stack that has two; `found` is in order of time."""
    stacks: list[list[Acquisition]] = []
    for acq in found:
        stack = next((members for members in stacks if not mismatches(members[0], acq)), None)
        if stack is None:
            stacks.append([acq])
        else:
            stack.append(acq)
    stacks.sort(key=lambda members: (len(members), members[-1].start), reverse=True)
    for members in stacks:
        for b in reversed(members):
            a = _before(b, members)
            if a is not None:
                return a, b
    return None, (stacks[0][-1] if stacks else None)


def _before(b: Acquisition, members: list[Acquisition]) -> Acquisition | None:
    """Return the latest member of an earlier pass that covers some of the same ground."""
    latest = b.start - timedelta(seconds=PASS_SECONDS)
    earlier = [acq for acq in members if acq.start < latest and not mismatches(acq, b)]
    if not earlier:
        return None
    hits = overlapping(b.footprint, [acq.footprint for acq in earlier])
    return next((acq for acq, hit in zip(earlier[::-1], hits[::-1], strict=True) if hit), None)


def _polarisation(a: Acquisition | None, b: Acquisition | None) -> str:
    """Return the first co-polarisation archived for both, else the first archived for both, else VV."""
    drawn = [acq for acq in (b, a) if acq is not None and acq.pixels is not None]
    archived = [[file.polarisation for file in acq.pixels.files] for acq in drawn if acq.pixels is not None]
    common = [name for name in archived[0] if all(name in names for names in archived)] if archived else []
    return next((name for name in common if name in _COPOLAR), common[0] if common else _COPOLAR[0])


def _provider(workspace: Workspace, bbox: Box) -> str | None:
    """Return the first provider whose latest snapshot has ground in a box."""
    for provider in workspace.catalog.frontlines.providers():
        snapshot = workspace.catalog.frontlines.at(provider, _END_OF_TIME)
        if snapshot and snapshot.areas and touching(bbox, [area.geometry for area in snapshot.areas]).any():
            return provider
    return None
