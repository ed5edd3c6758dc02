"""Promise: 100,000 annotations pan within the time of a frame, at every zoom, and are listed page by page.

Half of them points, a third lines and the rest areas, of all seven kinds and three sides, crowded as towns are along a
front of 600 km. *Cold*: a place not drawn before at this zoom. *Warm*: the map was dragged by up to 40 pixels. A screen
is 1400 x 800. Peer: Datashader alone draws the same screen from the same shapes, already in Mercator metres and already
narrowed to what is in view, each kind of shape with one call.

Run: ``python -m benchmarks.annotations [FOLDER]``
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import datashader
import geopandas
import numpy as np
import pandas as pd
import shapely
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from benchmarks.frame import HEIGHT, WIDTH, screen
from benchmarks.stackgen import folder_argument
from benchmarks.table import Row, p50_p95, show
from dashboard.catalog.query import AnnotationQuery
from dashboard.geo.mercator import bbox_of, to_mercator
from dashboard.model.annotation import Annotation, AnnotationKind
from dashboard.model.sketch import Shape
from dashboard.model.view import Extent, View
from dashboard.workflows.moment import moment
from dashboard.workflows.overlay import Overlay, forget, overlay
from dashboard.workflows.overlay_shapes import held, to_metres
from dashboard.workflows.workspace import Workspace, open_workspace

COUNT = 100_000
ZOOMS = (7, 9, 11, 12, 13, 15)
_VIEW = View(extent=Extent(0, 0, 1, 1), valid_at=datetime(2024, 6, 1, tzinfo=UTC))
_SIDES = ("BLUE", "ORANGE", "")
_KINDS = {
    Shape.POINT: (AnnotationKind.POSITION, AnnotationKind.DAMAGE, AnnotationKind.NOTE),
    Shape.LINE: (AnnotationKind.FRONTLINE, AnnotationKind.ROUTE, AnnotationKind.OBSTACLE),
    Shape.AREA: (AnnotationKind.CONTROL, AnnotationKind.DAMAGE),
}
_TOWNS = 400


def simulated(count: int = COUNT, seed: int = 0) -> Iterator[Annotation]:
    """Yield annotations that are all valid on 1 June 2024."""
    rng = np.random.default_rng(seed)
    towns = np.column_stack([np.linspace(34.0, 38.0, _TOWNS), 47.0 + np.linspace(0.0, 3.0, _TOWNS)])
    towns += rng.normal(0, 0.25, towns.shape)
    start = datetime(2024, 1, 1, tzinfo=UTC)
    for number in range(count):
        shape = (Shape.POINT, Shape.LINE, Shape.AREA)[int(np.searchsorted((0.5, 0.83), rng.random()))]
        place = towns[rng.integers(_TOWNS)] + rng.normal(0, 0.06, 2)
        yield Annotation(
            id=f"note-{number:06d}",
            kind=_KINDS[shape][rng.integers(len(_KINDS[shape]))],
            shape=shape,
            geometry=drawn(rng, shape, place),
            title=f"Observation {number}",
            side=_SIDES[rng.integers(3)],
            valid_from=start + timedelta(minutes=int(rng.integers(150 * 1440))),
            grade=f"{'ABCDEF'[rng.integers(6)]}{rng.integers(2, 7)}",
        )


def drawn(rng: np.random.Generator, shape: Shape, place: NDArray[np.float64]) -> BaseGeometry:
    """Return a shape of a few hundred metres to some kilometres, in degrees."""
    if shape is Shape.POINT:
        return shapely.Point(place)
    size = float(rng.lognormal(-5.2, 0.9))
    if shape is Shape.LINE:
        return shapely.LineString(place + rng.normal(0, size / 3, (int(rng.integers(4, 40)), 2)).cumsum(axis=0))
    turn = np.linspace(0, 2 * np.pi, int(rng.integers(8, 40)), endpoint=False)
    around = np.column_stack([np.cos(turn), np.sin(turn)]) * rng.uniform(0.6, 1.2, (len(turn), 1))
    return shapely.Polygon(place + size * around)


def filled(folder: Path, count: int = COUNT) -> tuple[Workspace, float]:
    """Return a workspace of simulated annotations and the seconds that recording them took, 0 where they were there."""
    workspace = open_workspace(folder / f"annotations-{count}")
    if workspace.catalog.log.head()[0] >= count:
        return workspace, 0.0
    waiting = list(simulated(count))
    start = time.perf_counter()
    workspace.catalog.annotations.save_many(waiting, author="simulation")
    return workspace, time.perf_counter() - start


def places(zoom: int, repeats: int) -> list[GeoBox]:
    """Return screens along the front."""
    rng = np.random.default_rng(zoom)
    share = rng.uniform(0.1, 0.9, repeats)
    x, y = to_mercator(34.0 + 4.0 * share, 47.0 + 3.0 * share)
    return [screen(float(one), float(other), zoom) for one, other in zip(x, y, strict=True)]


def dragged(box: GeoBox, rng: np.random.Generator) -> GeoBox:
    """Return a screen moved by up to 40 pixels each way."""
    right, down = rng.integers(-40, 41, 2)
    return GeoBox(box.shape, box.affine @ Affine.translation(int(right), int(down)), box.crs)


def timed(workspace: Workspace, box: GeoBox) -> tuple[float, Overlay]:
    """Draw one overlay; return the seconds it took, and it."""
    start = time.perf_counter()
    found = overlay(workspace, _VIEW, box, "dark")
    return time.perf_counter() - start, found


def peer(workspace: Workspace, box: GeoBox) -> float:
    """Return the seconds that Datashader takes for the shapes of a screen."""
    shapes = held(workspace, moment(workspace, _VIEW), None).base
    bounds = box.boundingbox
    seen = shapes.strokes.inside(*bounds)
    ranks, forms = shapes.strokes.ranks[seen], shapes.forms[seen]
    geometry = shapely.transform(shapes.geometry[seen], to_metres)
    frames = {
        form: geopandas.GeoDataFrame({"rank": ranks[forms == form]}, geometry=geometry[forms == form])
        for form in (Shape.LINE, Shape.AREA)
    }
    x, y = shapely.get_coordinates(geometry[forms == Shape.POINT]).T
    points = pd.DataFrame({"x": x, "y": y, "rank": ranks[forms == Shape.POINT]})
    canvas = datashader.Canvas(WIDTH, HEIGHT, (bounds.left, bounds.right), (bounds.bottom, bounds.top))
    start = time.perf_counter()
    canvas.points(points, "x", "y", agg=datashader.max("rank"))
    for form, frame in frames.items():
        if len(frame):
            drawing = canvas.line if form is Shape.LINE else canvas.polygons
            drawing(frame, geometry="geometry", agg=datashader.max("rank"))
    return time.perf_counter() - start


def panned(workspace: Workspace, zoom: int, repeats: int = 20) -> tuple[list[Row], list[float], list[float]]:
    """Measure one zoom: rows, cold and warm seconds."""
    rng = np.random.default_rng(zoom)
    cold, warm, theirs, counts, pictures = [], [], [], [], 0
    for number, box in enumerate(places(zoom, repeats)):
        forget()
        seconds, found = timed(workspace, box)
        cold.append(seconds)
        counts.append(found.count)
        pictures += found.picture is not None
        for _ in range(3):
            box = dragged(box, rng)  # noqa: PLW2901 - the map goes on from where it is
            warm.append(timed(workspace, box)[0])
        if number < 4:
            theirs.append(peer(workspace, box))
    seen = f"{int(np.median(counts)):,} in view"
    note = f"{len(cold)} places a zoom, {len(warm)} drags; peer: Datashader, {len(theirs)} screens"
    how = "glyphs" if pictures < repeats / 2 else "picture"
    rows = [
        Row(promise=f"zoom {zoom} cold, {seen}", figure=p50_p95(cold), target="p50 <= 60 ms", peer=p50_p95(theirs)),
        Row(promise=f"zoom {zoom} warm, {how}", figure=p50_p95(warm), target="p50 <= 20 ms", peer="", note=note),
    ]
    return rows, cold, warm


def gathered(workspace: Workspace) -> list[Row]:
    """Measure what a moment not looked at before costs, and the first overlay after an edit."""
    box = places(9, 1)[0]
    start = time.perf_counter()
    held(workspace, datetime(2024, 6, 2, tzinfo=UTC), None)
    read = time.perf_counter() - start
    timed(workspace, box)
    one = workspace.catalog.annotations.get("note-000000")
    workspace.catalog.annotations.save(one.annotation, author="simulation", base=one.version)
    edited, _ = timed(workspace, box)
    return [
        Row(promise="read all for another moment", figure=f"{read:.2f} s", target="", peer=""),
        Row(promise="first overlay after an edit", figure=f"{edited * 1e3:.0f} ms", target="", peer=""),
    ]


def listed(workspace: Workspace, page: int = 50) -> Row:
    """Measure one page of the list of what is in view, with the number of all."""
    catalog = workspace.catalog.annotations
    bounds = places(9, 1)[0].boundingbox
    seen = bbox_of(Extent(bounds.left, bounds.bottom, bounds.right, bounds.top))
    taken = []
    for number in range(10):
        query = AnnotationQuery(bbox=seen, valid_at=_VIEW.valid_at, order="title", limit=page, offset=page * number)
        start = time.perf_counter()
        catalog.find(query)
        catalog.count(query)
        taken.append(time.perf_counter() - start)
    return Row(promise=f"list page of {page}, and count", figure=p50_p95(taken), target="", peer="")


def run(folder: Path) -> list[Row]:
    """Measure everything."""
    workspace, seconds = filled(folder)
    with workspace:
        rows, all_cold, all_warm = [], [], []
        if seconds:
            figure = f"{seconds:.1f} s, {COUNT / seconds:,.0f}/s"
            rows.append(Row(promise=f"record {COUNT:,} annotations", figure=figure, target=">= 5,000/s", peer=""))
        timed(workspace, places(12, 1)[0])  # what is compiled once a machine
        rows += gathered(workspace)
        for zoom in ZOOMS:
            found, cold, warm = panned(workspace, zoom)
            rows += found
            all_cold, all_warm = all_cold + cold, all_warm + warm
        rows.append(Row(promise="cold, all zooms", figure=p50_p95(all_cold), target="p50 <= 60 ms", peer=""))
        rows.append(Row(promise="warm, all zooms", figure=p50_p95(all_warm), target="p50 <= 20 ms", peer=""))
        rows.append(listed(workspace))
    return rows


def main() -> None:
    show(f"{COUNT:,} annotations", run(folder_argument(__doc__)))


if __name__ == "__main__":
    main()
