"""What a sheet shows of a view: gathered from the workspace, marked with the strictest handling, or refused by name."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import shapely

from dashboard import __version__
from dashboard.briefing.fonts import printable
from dashboard.briefing.layout import Page, arrange, fill
from dashboard.briefing.sheet import Imagery, Sheet, Surroundings
from dashboard.catalog.query import AcquisitionQuery, Box
from dashboard.geo.basemap import basemap
from dashboard.geo.geodesy import area_km2
from dashboard.geo.mercator import bbox_of, screen_geobox, to_lonlat
from dashboard.geo.places import nearest
from dashboard.model.acquisition import Acquisition
from dashboard.model.change import ChangeRun, DetectedChange
from dashboard.model.dtg import dtg
from dashboard.model.errors import AccessError, InputError
from dashboard.model.frontline import FrontlineSnapshot
from dashboard.model.handling import Handling, combine
from dashboard.model.progress import Progress, Report, silent
from dashboard.model.view import MERCATOR_LIMIT_M, CompareMode, Extent, Layer, View
from dashboard.workflows.areas import areas
from dashboard.workflows.brief_changes import ChangeChoice, shown_changes
from dashboard.workflows.brief_coverage import counted, covered
from dashboard.workflows.brief_layers import Dated, dated, sources
from dashboard.workflows.frames import composed, imagery
from dashboard.workflows.passes import members
from dashboard.workflows.workspace import Workspace

MAX_FOOTPRINTS = 500
UNASKED = ChangeChoice()
LOCATOR_ZOOM, LOCATOR_LEAST_M = 14.0, 220_000.0
"""Of the sheet's width, and at least so wide that a coast or a town is in sight (Mercator metres)."""
TERRAIN = ("exercise", "terrain.geojson")
"""Below the workspace: ground that no shipped basemap knows."""
BASEMAP_CREDITS = (
    "basemap: Natural Earth (public domain)",
    "place names: GeoNames (CC BY 4.0)",
    "boundaries imply no opinion on the status of any territory",
)
"""The locator shows both on every sheet."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing that is on the sheet, for the marking and for a refusal that names it."""

    name: str
    handling: Handling


def contents(
    workspace: Workspace,
    view: View,
    page: Page,
    title: str,
    choice: ChangeChoice = UNASKED,
    *,
    report: Report = silent,
) -> Sheet:
    """Return the sheet of a view.

    Raises
    ------
    AccessError
        If the licence or an embargo of anything shown forbids it; it is named.
    InputError
        If the view names neither A nor B and shows no layer, or the extent cannot be printed.
    NotFoundError
        If the view names an acquisition that the catalogue does not hold.
    """
    made = datetime.now(UTC).replace(microsecond=0)
    before, after = (None if name is None else workspace.catalog.acquisitions.get(name) for name in (view.a, view.b))
    _check_known(view, (before, after))
    area = area_name(workspace, view.extent)
    title = title.strip() or printable(default_title(view, area, before, after))
    layout = arrange(page, title)
    extent = inside_world(fill(view.extent, layout))
    bbox = bbox_of(extent)
    held = dated(workspace, view, before, bbox)
    found = shown_changes(workspace, view, choice, bbox)
    run, changes = found.run, found.changes
    footprints = _footprints(workspace, view, bbox)
    shown = [*_of_acquisitions(workspace, (before, after)), *_of_dated(held), *_of_changes(run, changes)]
    shown += [Shown(f"the acquisition {acq.id}", acq.handling) for acq in footprints]
    coverage = covered(workspace, view, screen_geobox(extent, *layout.map_px[2:]), bbox, made)
    shown += [Shown(name, handling) for name, handling in counted(workspace, view, coverage, made)]
    refuse(shown, made)
    report(Progress(0.2, "Reading the imagery"))
    picture = _imagery(workspace, view, extent, layout.map_px)
    report(Progress(0.45, "Reading the basemap"))
    handling = combine([item.handling for item in shown])
    return Sheet(
        view=view,
        layout=layout,
        extent=extent,
        title=title,
        area=area,
        made=made,
        software=f"Nightglass {__version__}",
        handling=handling,
        before=before,
        after=after,
        mismatches=picture[1],
        imagery=picture[0],
        surroundings=_surroundings(workspace, extent),
        front_before=held.fronts.before,
        front_after=held.fronts.after,
        ground=held.fronts.changes,
        annotations=held.annotations,
        forces=held.forces,
        moment=held.moment,
        displacement=held.displacement,
        disagreement=held.rival.disagreement,
        rival=held.rival.provider,
        incomparable=held.rival.incomparable,
        changes=changes,
        run=run,
        sifted=found.sifted,
        footprints=footprints,
        coverage=coverage,
        credits=_credits(handling, held),
    )


def _check_known(view: View, shown: Sequence[Acquisition | None]) -> None:
    """Refuse a sheet that says what was known at a moment and shows what had not arrived by then."""
    late = [acq for acq in shown if acq is not None and view.known_at is not None and acq.arrived > view.known_at]
    if late and view.known_at is not None:
        names = " and ".join(f"{acq.id} (arrived {dtg(acq.arrived)})" for acq in late)
        msg = f"{names} was not known at {dtg(view.known_at)}; choose earlier acquisitions or a later 'as known at'."
        raise InputError(msg)


def refuse(shown: Sequence[Shown], now: datetime) -> None:
    """Raise if anything shown may not be in a product, or not yet.

    Raises
    ------
    AccessError
        Naming every such thing and its reason.
    """
    reasons = []
    for item in shown:
        until = item.handling.embargo_until
        if not item.handling.derivatives:
            reasons.append(f"{item.name}: its licence allows no derived products")
        elif until is not None and until > now:
            reasons.append(f"{item.name}: under embargo until {dtg(until)}")
    if reasons:
        listed = "; ".join(dict.fromkeys(reasons))
        raise AccessError(f"This view may not be exported. {listed}. Take it out of the view, or ask who released it.")


def area_name(workspace: Workspace, extent: Extent) -> str:
    """Return the name of the smallest known area around the view's centre, else of the nearest place."""
    lon, lat = to_lonlat(*extent.centre)
    around = [
        area for area in areas(workspace) if area.bbox[0] <= lon <= area.bbox[2] and area.bbox[1] <= lat <= area.bbox[3]
    ]
    if around:
        return min(around, key=lambda area: area_km2(shapely.box(*area.bbox))).name
    return nearest(lon, lat).name


def default_title(view: View, area: str, before: Acquisition | None, after: Acquisition | None) -> str:
    """Return a title that says what is seen."""
    if before is None and after is None:
        return f"{area}: radar coverage" if Layer.COVERAGE in view.layers else area
    if before is None or after is None or view.compare in (CompareMode.A, CompareMode.B, CompareMode.BLINK):
        shown = before if after is None or (view.compare is CompareMode.A and before is not None) else after
        return f"{area}: visible-band image" if shown is not None and shown.optical else f"{area}: radar image"
    if view.compare in (CompareMode.SWIPE, CompareMode.TWO_COLOUR):
        return f"{area}: before and after" if before.start < after.start else f"{area}: two dates"
    return f"{area}: change of radar backscatter"


def inside_world(extent: Extent) -> Extent:
    """Return the extent moved inside the Mercator world where growing it to the page made it leave."""
    width, height = extent.x1 - extent.x0, extent.y1 - extent.y0
    if max(width, height) > 2 * MERCATOR_LIMIT_M:
        raise InputError("The view is wider than the world on this page; zoom in before exporting.")
    x0 = min(max(extent.x0, -MERCATOR_LIMIT_M), MERCATOR_LIMIT_M - width)
    y0 = min(max(extent.y0, -MERCATOR_LIMIT_M), MERCATOR_LIMIT_M - height)
    return Extent(x0, y0, x0 + width, y0 + height)


def _imagery(
    workspace: Workspace, view: View, extent: Extent, map_px: tuple[int, int, int, int]
) -> tuple[Imagery | None, tuple[str, ...]]:
    """Read the picture on the page's own pixels; the view's extent still decides the stretch."""
    if Layer.IMAGERY not in view.layers or (view.a is None and view.b is None):
        return None, ()
    cut = view.extent.x0 + view.split * (view.extent.x1 - view.extent.x0)
    printed = replace(view, split=min(max((cut - extent.x0) / (extent.x1 - extent.x0), 0.0), 1.0))
    found = imagery(workspace, printed, screen_geobox(extent, map_px[2], map_px[3]))
    picture = Imagery(
        rgba=composed(found, printed),
        limits_a=found.limits_a if found.levels_a is not None else None,
        limits_b=found.limits_b if found.levels_b is not None else None,
    )
    return picture, found.mismatches


def _footprints(workspace: Workspace, view: View, bbox: Box) -> tuple[Acquisition, ...]:
    """Those whose outline runs through the map: the others would only be a number in the legend."""
    if Layer.FOOTPRINTS not in view.layers:
        return ()
    query = AcquisitionQuery(bbox=bbox, period=view.period, constellations=view.constellations, limit=MAX_FOOTPRINTS)
    seen = shapely.box(*bbox)
    found = workspace.catalog.acquisitions.find(query)
    return tuple(acq for acq in found if acq.footprint.boundary.intersects(seen))


def _of_acquisitions(workspace: Workspace, pair: tuple[Acquisition | None, ...]) -> list[Shown]:
    passes = [members(workspace, acq) for acq in pair if acq is not None]
    return [Shown(f"the acquisition {acq.id}", acq.handling) for one in passes for acq in one]


def _of_dated(held: Dated) -> list[Shown]:
    shown = [Shown(f"the frontline {front.id}", front.handling) for front in _snapshots(held)]
    for revision in held.annotations:
        one = revision.annotation
        shown.append(Shown(f"the annotation {one.title.strip() or one.id}", one.handling))
    return shown


def _snapshots(held: Dated) -> list[FrontlineSnapshot]:
    return [front for front in (held.fronts.before, held.fronts.after, held.rival.front) if front is not None]


def _of_changes(run: ChangeRun | None, changes: Sequence[DetectedChange]) -> list[Shown]:
    runs = [] if run is None else [Shown(f"the detection run {run.id}", run.handling)]
    own = {change.handling: change.id for change in changes}
    return [*runs, *(Shown(f"the detected change {name}", handling) for handling, name in own.items())]


def _surroundings(workspace: Workspace, extent: Extent) -> Surroundings:
    x, y = extent.centre
    half = min(max(LOCATOR_ZOOM * (extent.x1 - extent.x0), LOCATOR_LEAST_M) / 2, MERCATOR_LIMIT_M)
    wide = Extent(*_square(x, y, half))
    terrain = workspace.root.joinpath(*TERRAIN)
    local = basemap(extent, terrain if terrain.is_file() else None)
    return Surroundings(map=local, locator=basemap(wide), locator_extent=wide)


def _square(x: float, y: float, half: float) -> tuple[float, float, float, float]:
    limit = MERCATOR_LIMIT_M - half
    x, y = min(max(x, -limit), limit), min(max(y, -limit), limit)
    return x - half, y - half, x + half, y + half


def _credits(handling: Handling, held: Dated) -> tuple[str, ...]:
    lines = sorted(handling.attributions)
    lines += [f"frontline: {provider}" for provider in sorted({front.provider for front in _snapshots(held)})]
    lines += sources(held.annotations)
    lines += BASEMAP_CREDITS
    return tuple(dict.fromkeys(lines))
