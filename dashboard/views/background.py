"""What lies under and over the map without being data of ours: basemap, places, grid. Redrawn after a move."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from dashboard.geo.basemap import Basemap, Rings, basemap
from dashboard.geo.graticule import GridLines, mgrs_lines
from dashboard.model.palette import Theme, Tokens, tokens
from dashboard.model.view import MERCATOR_LIMIT_M, Extent, Layer
from dashboard.plots.columns import path_columns
from dashboard.plots.surface import Surface
from dashboard.state.background import Latest
from dashboard.state.session import Session

PADDING = 0.5
"""Share of the extent drawn beyond each edge, so that small pans need nothing new."""
RESCALE = 1.6


class BackgroundLayers:
    """Keeps basemap, places and grid of a surface up to date with the view."""

    def __init__(self, session: Session, made: Surface, theme: Theme) -> None:
        self._session = session
        self._surface = made
        self._theme: Theme = theme
        self._latest = Latest(session.background)
        self._drawn: tuple[Extent, frozenset[Layer]] | None = None
        self._extra = session.workspace.root / "exercise" / "terrain.geojson"

    def show(self, *, anew: bool = False) -> None:
        """Draw what the view needs, when the map has left what is drawn or changed its scale."""
        view = self._session.viewing.view
        layers = view.layers & {Layer.BASEMAP, Layer.PLACES, Layer.GRID}
        if not anew and self._drawn is not None and self._drawn[1] == layers and _covers(self._drawn[0], view.extent):
            return
        wanted = padded(view.extent)
        self._drawn = (wanted, layers)
        extra = self._extra if self._extra.exists() else None

        def work() -> tuple[Basemap, GridLines | None, Extent]:
            return basemap(wanted, extra), mgrs_lines(view.extent) if Layer.GRID in layers else None, wanted

        self._latest.ask(work, lambda result: self._found(result, layers))

    def retheme(self, theme: Theme) -> None:
        """Draw again in another theme's colours."""
        self._theme = theme
        self.show(anew=True)

    def _found(self, result: Any, layers: frozenset[Layer]) -> None:  # noqa: ANN401
        if isinstance(result, Exception):
            self._session.notices.fail(result)
            return
        base, grid, wanted = result
        put, theme = self._surface.put, self._theme
        key = (wanted, theme) if Layer.BASEMAP in layers else None
        columns = base_columns(base, tokens(theme))
        for name, data in columns.items():
            put(name, key, partial(dict, data))
        named = (wanted, theme) if Layer.PLACES in layers else None
        put("places", named, lambda: _labels((place.x, place.y, place.name) for place in base.places))
        put("grid", None if grid is None else wanted, lambda: path_columns(grid.paths))
        put("grid-labels", None if grid is None else wanted, lambda: _labels(grid.labels))


def padded(extent: Extent) -> Extent:
    """Return an extent with a margin, inside the Mercator world."""
    dx, dy = (extent.x1 - extent.x0) * PADDING, (extent.y1 - extent.y0) * PADDING
    low, high = -MERCATOR_LIMIT_M, MERCATOR_LIMIT_M
    return Extent(
        max(low, extent.x0 - dx), max(low, extent.y0 - dy), min(high, extent.x1 + dx), min(high, extent.y1 + dy)
    )


def _covers(drawn: Extent, extent: Extent) -> bool:
    inside = drawn.x0 <= extent.x0 and drawn.y0 <= extent.y0 and drawn.x1 >= extent.x1 and drawn.y1 >= extent.y1
    scale = (drawn.x1 - drawn.x0) / (extent.x1 - extent.x0) / (1 + 2 * PADDING)
    return inside and 1 / RESCALE < scale < RESCALE


def _labels(rows: Any) -> dict[str, list[Any]]:  # noqa: ANN401 - any iterable of (x, y, text)
    kept = list(rows)
    return {"x": [row[0] for row in kept], "y": [row[1] for row in kept], "text": [row[2] for row in kept]}


def base_columns(base: Basemap, colours: Tokens) -> dict[str, dict[str, Any]]:
    """Return the columns of every basemap layer."""
    cover = [
        (rings, colour)
        for group, colour in (
            (base.fields, colours.field), (base.forest, colours.forest), (base.built, colours.built),
            (base.paved, colours.road),
        )
        for rings in group
    ]  # fmt: skip
    return {
        "land": _area_columns(base.land),
        "cover": {**_area_columns([rings for rings, _ in cover]), "colour": [colour for _, colour in cover]},
        "water": _area_columns(base.water),
        "rivers": path_columns(base.rivers),
        "roads": path_columns([*base.roads, *base.bridges]),
        "borders": path_columns([*base.borders, *base.disputed]),
    }


def _area_columns(polygons: Sequence[Rings]) -> dict[str, Any]:
    return {
        "xs": [[[ring[:, 0] for ring in rings]] for rings in polygons],
        "ys": [[[ring[:, 1] for ring in rings]] for rings in polygons],
    }
