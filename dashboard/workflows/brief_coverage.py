"""What a sheet shows of coverage: the layer on the page's own pixels, and whose products it was counted from."""

from collections.abc import Sequence
from datetime import datetime

from odc.geo.geobox import GeoBox

from dashboard.briefing.sheet import Covered
from dashboard.catalog.query import AcquisitionQuery, Box
from dashboard.model.acquisition import Acquisition
from dashboard.model.handling import Handling
from dashboard.model.view import Layer, View
from dashboard.workflows.coverage import coverage, coverage_picture, scope_of
from dashboard.workflows.workspace import Workspace

MAX_NAMED = 500
"""Products that are looked through for the names of those that forbid the sheet."""
_SAID = 12


def covered(workspace: Workspace, view: View, geobox: GeoBox, bbox: Box, now: datetime) -> Covered | None:
    """Return the coverage of a page's map; None while the layer is off.

    Parameters
    ----------
    geobox : the map's page pixels, EPSG:3857
    bbox : the same ground, (west, south, east, north) in degrees
    now : to which looks are counted and ages are reckoned where the view does not say
    """
    if Layer.COVERAGE not in view.layers:
        return None
    scope = scope_of(view)
    found, table = coverage_picture(workspace, scope, view.measure, geobox, now), coverage(workspace, scope, bbox, now)
    return Covered(
        measure=found.measure,
        picture=found.picture,
        bounds=found.bounds,
        block=found.block,
        table=table,
        handling=found.handling & table.handling,
    )


def counted(workspace: Workspace, view: View, shown: Covered | None, now: datetime) -> list[tuple[str, Handling]]:
    """Return what a sheet's coverage brings of handling, with names: of single products only where one forbids it.

    Thousands of products may be counted; who may not show the coverage needs the names of those that stand against it.
    """
    if shown is None:
        return []
    if not _forbids(shown.handling, now):
        return [("the coverage", shown.handling)]
    named = [(f"the acquisition {acq.id}", acq.handling) for acq in _products(workspace, view, shown)]
    against = [(name, handling) for name, handling in named if _forbids(handling, now)]
    return against[:_SAID] or [("a product that the coverage is counted from", shown.handling)]


def _forbids(handling: Handling, now: datetime) -> bool:
    until = handling.embargo_until
    return not handling.derivatives or (until is not None and until > now)


def _products(workspace: Workspace, view: View, shown: Covered) -> Sequence[Acquisition]:
    table, scope = shown.table, scope_of(view)
    period = None if table.start is None else (table.start, table.as_of)
    query = AcquisitionQuery(bbox=table.bbox, period=period, constellations=scope.constellations, limit=MAX_NAMED)
    return [
        acq
        for acq in workspace.catalog.acquisitions.find(query)
        if not acq.optical and acq.start <= table.as_of and (scope.known_at is None or acq.arrived <= scope.known_at)
    ]
