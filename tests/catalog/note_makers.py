"""Makers of annotations with every field filled or empty, and the processes that the log's tests start."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import shapely
from catalog_makers import T0, handlings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from dashboard.catalog.catalog import Catalog
from dashboard.model.annotation import Annotation, AnnotationKind, Evidence, EvidenceKind
from dashboard.model.event import Outcome
from dashboard.model.sketch import Shape

DAY = timedelta(days=1)
GRADES = [reliability + credibility for reliability in "ABCDEF" for credibility in "123456"]


def annotation(id_: str = "n", **changes: object) -> Annotation:
    plain = Annotation(
        id=id_,
        kind=AnnotationKind.NOTE,
        shape=Shape.POINT,
        geometry=shapely.Point(36.25, 48.5),
        title="Bridge",
        valid_from=T0,
    )
    return replace(plain, **changes)


def population(count: int, seed: int) -> list[Annotation]:
    """Return random annotations over a crowded region, part of them across the antimeridian."""
    rng = random.Random(seed)
    return [_member(rng, number) for number in range(count)]


def _member(rng: random.Random, number: int) -> Annotation:
    lon, lat = (rng.uniform(35, 39), rng.uniform(47, 50)) if rng.random() < 0.8 else (rng.uniform(179, 181), 60.0)
    shape = rng.choice(list(Shape))
    start = T0 + rng.randrange(0, 400) * DAY / 4
    return Annotation(
        id=f"n{number}",
        kind=rng.choice(list(AnnotationKind)),
        shape=shape,
        geometry=_drawing(rng, shape, lon, lat),
        title=rng.choice(["Brücke", "bridge", "Ferry", "TRENCH 7", "50 % done_", ""]),
        side=rng.choice(["BLUE", "ORANGE", ""]),
        opposing=rng.choice(["ORANGE", ""]),
        valid_from=start,
        valid_to=rng.choice([None, start + DAY, start + 20 * DAY]),
        grade=rng.choice(GRADES),
        notes=rng.choice(["", "seen from the road", "ÜBER dem Fluss"]),
    )


def _drawing(rng: random.Random, shape: Shape, lon: float, lat: float) -> BaseGeometry:
    if shape in {Shape.POINT, Shape.TEXT}:
        return shapely.Point(lon, lat)
    path = [(lon + rng.uniform(-0.3, 0.3), lat + rng.uniform(-0.3, 0.3)) for _ in range(5)]
    return shapely.LineString(path) if shape is Shape.LINE else shapely.Polygon(path)  # it may cross itself


_lon = st.floats(-540, 540, allow_subnormal=True)
_lat = st.floats(-90, 90, allow_subnormal=True)
_vertices = st.tuples(_lon, _lat)
_paths = st.lists(_vertices, min_size=2, max_size=6)
_rings = st.lists(_vertices, min_size=3, max_size=6)
_points = st.builds(shapely.Point, _vertices) | st.builds(
    shapely.MultiPoint, st.lists(_vertices, min_size=1, max_size=4)
)
_lines = st.builds(shapely.LineString, _paths) | st.builds(
    shapely.MultiLineString, st.lists(_paths, min_size=1, max_size=3)
)
_polygons = st.builds(shapely.Polygon, _rings, st.lists(_rings, max_size=2))
_areas = _polygons | st.builds(shapely.MultiPolygon, st.lists(_polygons, min_size=1, max_size=3))
_DRAWINGS = {Shape.POINT: _points, Shape.TEXT: _points, Shape.LINE: _lines, Shape.AREA: _areas}
_words = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
_times = st.datetimes(min_value=T0.replace(year=1900, tzinfo=None), max_value=T0.replace(year=2200, tzinfo=None)).map(
    lambda naive: naive.replace(tzinfo=T0.tzinfo)
)


@st.composite
def annotations(draw: st.DrawFn, id_: str = "n") -> Annotation:
    shape = draw(st.sampled_from(Shape))
    start = draw(_times)
    length = draw(st.none() | st.timedeltas(timedelta(microseconds=1), timedelta(days=9999)))
    return Annotation(
        id=id_,
        kind=draw(st.sampled_from(AnnotationKind)),
        shape=shape,
        geometry=draw(_DRAWINGS[shape]),
        title=draw(_words),
        side=draw(_words),
        opposing=draw(_words),
        valid_from=start,
        valid_to=None if length is None else start + length,
        sources=tuple(draw(st.lists(_words, max_size=3))),
        grade=draw(st.sampled_from(GRADES)),
        notes=draw(_words),
        evidence=tuple(draw(st.lists(st.builds(Evidence, st.sampled_from(EvidenceKind), _words), max_size=3))),
        handling=draw(handlings()),
    )


def edit_again_and_again(path: Path, name: str, count: int) -> None:
    """Edit one annotation, each time with another text, part of the time on what was there a while ago."""
    rng = random.Random(name)
    with Catalog.open(path) as catalog:
        seen = catalog.annotations.get("n").version
        for number in range(count):
            if rng.random() < 0.7:
                seen = catalog.annotations.get("n").version
            done = catalog.annotations.save(annotation(title=f"{name}-{number}"), author=name, base=seen)
            if done.outcome is Outcome.APPLIED and rng.random() < 0.5:
                seen = done.number


def save_one_by_one(path: Path, name: str, acknowledged: Path) -> None:
    """Save annotations for ever, and write down each that was acknowledged."""
    with Catalog.open(path) as catalog, acknowledged.open("a", encoding="utf-8") as file:
        number = 0
        while True:
            catalog.annotations.save(annotation(f"{name}-{number}"), author=name, base=0)
            file.write(f"{name}-{number}\n")
            file.flush()
            number += 1


def titles(found: Sequence[Annotation]) -> list[str]:
    return [one.title for one in found]
