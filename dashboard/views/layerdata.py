"""Source columns of the map's vector layers from model values. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any

from shapely.geometry.base import BaseGeometry

from dashboard.geo.front import front_lines
from dashboard.geo.mercator import project
from dashboard.model.acquisition import Acquisition
from dashboard.model.change import ChangeSign, DetectedChange
from dashboard.model.dtg import dtg
from dashboard.model.frontline import FrontlineSnapshot
from dashboard.model.palette import Tokens
from dashboard.plots.columns import area_columns, line_columns
from dashboard.plots.timeline import facts
from dashboard.workflows.fronts import Fronts


def side_colour(side: str, stated: str | None, colours: Tokens) -> str:
    """Return a side's colour: the data's own, else blue for BLUE and orange for everyone else."""
    if stated:
        return stated
    return colours.blue_force if side.lower() in {"blue", "own", "liberated"} else colours.orange_force


def side_data(found: Fronts, colours: Tokens) -> dict[str, Any] | None:
    """Return the ground each side holds at B."""
    if found.after is None:
        return None
    areas = found.after.areas
    return area_columns(
        [project(area.geometry) for area in areas],
        colour=[side_colour(area.side, area.colour, colours) for area in areas],
    )


def front_data(found: Fronts, colours: Tokens) -> dict[str, Any] | None:
    """Return the frontline at B."""
    return None if found.after is None else _edges(found.after, colours)


def ghost_data(found: Fronts, colours: Tokens) -> dict[str, Any] | None:
    """Return the frontline at A, when A shows another snapshot than B."""
    if found.before is None or (found.after is not None and found.before.id == found.after.id):
        return None
    return _edges(found.before, colours)


def _edges(snapshot: FrontlineSnapshot, colours: Tokens) -> dict[str, Any]:
    lines = front_lines(snapshot)
    by_side = {area.side: side_colour(area.side, area.colour, colours) for area in snapshot.areas}
    return line_columns([project(line) for _, line in lines], [by_side[side] for side, line in lines])


def ground_data(found: Fronts, colours: Tokens) -> dict[str, Any] | None:
    """Return gained ground, hatched in the gaining side's colour."""
    gained = [change for change in found.changes if not change.gained.is_empty]
    return area_columns(
        [project(change.gained) for change in gained],
        colour=[side_colour(change.side, change.colour, colours) for change in gained],
    )


def change_data(changes: Sequence[DetectedChange], colours: Tokens) -> dict[str, Any]:
    """Return detected changes coloured by sign, with the words of their tooltip."""
    by_sign = {
        ChangeSign.BRIGHTER: colours.brighter, ChangeSign.DARKER: colours.darker, ChangeSign.MIXED: colours.mixed,
    }  # fmt: skip
    return area_columns(
        [project(change.geometry) for change in changes],
        colour=[by_sign[change.sign] for change in changes],
        id=[change.id for change in changes],
        title=[f"{change.sign.value} {change.magnitude_db:+.1f} dB" for change in changes],
        facts=[
            f"{ground(change.area_m2)} · between {dtg(change.after)} and {dtg(change.before)}" for change in changes
        ],
    )


def footprint_data(acquisitions: Sequence[Acquisition]) -> dict[str, Any]:
    """Return footprints with the id and the words of their tooltip."""
    return area_columns(
        [project(acq.footprint) for acq in acquisitions],
        id=[acq.id for acq in acquisitions],
        title=[f"{dtg(acq.start)} {acq.platform or acq.constellation}" for acq in acquisitions],
        facts=[facts(acq) for acq in acquisitions],
    )


def outline_data(geometries: Iterable[BaseGeometry], *, lines: bool = False) -> dict[str, Any]:
    """Return outlines as areas, or as lines."""
    return line_columns(geometries) if lines else area_columns(geometries)


def ground(area_m2: float) -> str:
    """Return an area with a sensible unit and number of digits."""
    return f"{area_m2:,.0f} m²" if area_m2 < 100_000 else f"{area_m2 / 1e6:.2f} km²"
