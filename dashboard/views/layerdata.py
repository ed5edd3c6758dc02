"""Source columns of the map's vector layers from model values. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from dashboard.geo.displacement import Displacement
from dashboard.geo.mercator import project, to_mercator
from dashboard.model.acquisition import Acquisition
from dashboard.model.change import ChangeSign, DetectedChange
from dashboard.model.dtg import dtg
from dashboard.model.frontline import GroundChange
from dashboard.model.palette import Tokens
from dashboard.model.view import Layer
from dashboard.plots.columns import area_columns, line_columns
from dashboard.plots.timeline import facts
from dashboard.state.fronting import Framed
from dashboard.workflows.front_play import FrontFrame

MINUS = "\N{MINUS SIGN}"


def side_colour(side: str, stated: str | None, colours: Tokens) -> str:
    """Return a side's colour: the data's own, else blue for BLUE and orange for everyone else."""
    if stated:
        return stated
    return colours.blue_force if side.lower() in {"blue", "own", "liberated"} else colours.orange_force


def front_layers(found: Framed | None, shown: frozenset[Layer], colours: Tokens) -> dict[str, dict[str, Any]]:
    """Return the layers of one front: ground, line and teeth of the moment, and the line at A where it is another."""
    now = found.now if found is not None and Layer.FRONTLINE in shown else None
    before = found.before if found is not None and Layer.GHOST in shown else None
    teeth_ = found.teeth if found is not None and now is not None else ()
    return {
        "sides": _ground(now, colours),
        "frontline": _edges(now, colours),
        "ghost": _edges(before, colours),
        "teeth": area_columns(
            [tooth for _, tooth in teeth_], colour=[_of_side(now, side, colours) for side, _ in teeth_]
        ),
    }


def _ground(frame: FrontFrame | None, colours: Tokens) -> dict[str, Any]:
    sides = frame.sides if frame is not None else ()
    return area_columns(
        [shape for _, _, shape in sides], colour=[side_colour(side, stated, colours) for side, stated, _ in sides]
    )


def _edges(frame: FrontFrame | None, colours: Tokens) -> dict[str, Any]:
    lines = frame.lines if frame is not None else ()
    return line_columns([line for _, line in lines], [_of_side(frame, side, colours) for side, _ in lines])


def _of_side(frame: FrontFrame | None, side: str, colours: Tokens) -> str:
    stated = {name: colour for name, colour, _ in frame.sides} if frame is not None else {}
    return side_colour(side, stated.get(side), colours)


def ground_data(changes: Sequence[GroundChange], colours: Tokens) -> dict[str, Any]:
    """Return gained ground, hatched in the gaining side's colour."""
    gained = [change for change in changes if not change.gained.is_empty]
    return area_columns(
        [project(change.gained) for change in gained],
        colour=[side_colour(change.side, change.colour, colours) for change in gained],
    )


def movement_colours(side: str, colours: Tokens) -> tuple[str, str]:
    """Return the colours of ground that a side gained, and of ground that it lost."""
    own = side_colour(side, None, colours)
    return own, colours.orange_force if own == colours.blue_force else colours.blue_force


def ribbon_data(moved: Displacement, colours: Tokens) -> dict[str, Any]:
    """Return the ribbon of a displaced front, each strip in the colour of the side that gained it."""
    gained, lost = movement_colours(moved.side, colours)
    return area_columns(
        [project(strip.geometry) for strip in moved.ribbon],
        colour=[gained if strip.gained else lost for strip in moved.ribbon],
    )


def change_data(changes: Sequence[DetectedChange], colours: Tokens) -> dict[str, Any]:
    """Return detected changes coloured by sign, with the words of their tooltip."""
    by_sign = dict(zip(ChangeSign, sign_colours(colours), strict=True))
    return area_columns(
        _placed(change.geometry for change in changes),
        colour=[by_sign[change.sign] for change in changes],
        id=[change.id for change in changes],
        score=[change.score for change in changes],
        title=[what(change) for change in changes],
        facts=[
            f"{ground(change.area_m2)} · between {dtg(change.after)} and {dtg(change.before)}" for change in changes
        ],
    )


def strength(change: DetectedChange) -> str:
    """Return the signed strength; a mixed change has no one sign, and another producer's may have none at all."""
    if unstated(change):
        return "–"
    if change.sign is ChangeSign.MIXED:
        return f"±{abs(change.magnitude_db):.1f}"
    return f"{change.magnitude_db:+.1f}".replace("-", MINUS)


def unstated(change: DetectedChange) -> bool:
    """Return whether nobody stated how strong a change is and which way it goes."""
    return not change.magnitudes and change.magnitude_db == 0.0


def what(change: DetectedChange) -> str:
    """Return which way a change goes and how strong it is, in words."""
    return "strength not stated" if unstated(change) else f"{change.sign.value} {strength(change)} dB"


def sign_colours(colours: Tokens) -> tuple[str, str, str]:
    """Return the colours of brighter, darker and mixed changes."""
    return colours.brighter, colours.darker, colours.mixed


def footprint_data(acquisitions: Sequence[Acquisition]) -> dict[str, Any]:
    """Return footprints with the id and the words of their tooltip."""
    return area_columns(
        _placed(acq.footprint for acq in acquisitions),
        id=[acq.id for acq in acquisitions],
        title=[f"{dtg(acq.start)} {acq.platform or acq.constellation}" for acq in acquisitions],
        facts=[facts(acq) for acq in acquisitions],
    )


def _placed(shapes: Iterable[BaseGeometry]) -> Sequence[BaseGeometry]:
    """Return many geometries in Mercator metres at once, for a tenth of the time that they take one by one."""
    together = np.array([*shapes, None], dtype=object)[:-1]  # no array would be made of geometries alone
    metres = shapely.transform(together, lambda points: np.column_stack(to_mercator(points[:, 0], points[:, 1])))
    placed: list[BaseGeometry] = metres.tolist()
    return placed


def outline_data(geometries: Iterable[BaseGeometry], *, lines: bool = False) -> dict[str, Any]:
    """Return outlines as areas, or as lines."""
    return line_columns(geometries) if lines else area_columns(geometries)


def ground(area_m2: float) -> str:
    """Return an area with a sensible unit and number of digits."""
    return f"{area_m2:,.0f} m²" if area_m2 < 100_000 else f"{area_m2 / 1e6:.2f} km²"
