"""Annotations with every field used, and files of them."""

import datetime as dt
from pathlib import Path

import shapely
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from dashboard.model.annotation import (
    CREDIBILITY,
    RELIABILITY,
    Annotation,
    AnnotationKind,
    Evidence,
    EvidenceKind,
    Force,
    Revision,
)
from dashboard.model.handling import UNMARKED, Handling, Rank, Tlp, combine
from dashboard.model.sketch import Shape
from dashboard.sources.exchange.exchange import read_annotations, write_annotations
from dashboard.sources.exchange.record import FileFacts, Found, Reading

NOW = dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC)
FORCES = (Force("BLUE", "#5b8def"), Force("ORANGE", "#f2994a"))
SUFFIXES = (".geojson", ".kml", ".kmz", ".gpkg")
MARKED = Handling(
    rank=Rank.SECRET,
    marking="SECRET",
    tlp=Tlp.AMBER_STRICT,
    releasable_to=frozenset({"DEU", "JPN"}),
    caveats=frozenset({"EXERCISE - SYNTHETIC DATA", "with, a comma"}),
    regimes=frozenset({"CC-BY-4.0"}),
    attributions=frozenset({"A, B and C"}),
    derivatives=True,
    redistribution=False,
    embargo_until=dt.datetime(2025, 1, 1, 0, 0, 0, 5, dt.UTC),
)
HANDLINGS = (
    UNMARKED,
    MARKED,
    Handling(tlp=Tlp.CLEAR),
    Handling(releasable_to=frozenset()),
    Handling(rank=Rank.RESTRICTED),
    Handling(marking="OFFEN", conflict=True),
)
WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn"), include_characters="\n\t\r"), max_size=30)
LINES = WORDS.filter(str.strip)


def annotation(id_: str = "a1", **changes: object) -> Annotation:
    fields: dict[str, object] = {
        "kind": AnnotationKind.CONTROL,
        "shape": Shape.AREA,
        "geometry": shapely.box(30.123456789012345, 50.0, 31.0, 51.1),
        "title": "Bridge <b>&amp; \"north\" 'bank'",
        "side": "BLUE",
        "opposing": "ORANGE",
        "valid_from": dt.datetime(2024, 5, 6, 15, 30, 1, 123456, dt.UTC),
        "valid_to": dt.datetime(2024, 7, 1, tzinfo=dt.UTC),
        "sources": ("https://example.org/?a=1&b=2", "two\nlines"),
        "grade": "B2",
        "notes": "seen from the east\n\n  twice, ]]> and <once>",
        "evidence": (Evidence(EvidenceKind.ACQUISITION, "s1a-x"), Evidence(EvidenceKind.CHANGE, "c 1")),
        "handling": MARKED,
    }
    return Annotation(id=id_, **(fields | changes))  # type: ignore[arg-type]


def revision(said: Annotation, version: int = 7) -> Revision:
    known = dt.datetime(2024, 5, 7, 1, 2, 3, 456789, dt.UTC)
    return Revision(annotation=said, version=version, author="ANNA Ä", known_from=known)


def written(path: Path, *said: Annotation) -> tuple[str, ...]:
    """Write annotations to a file; return what the format could not hold."""
    facts = FileFacts(handling=combine([one.handling for one in said]), catalogue="c0ffee", forces=FORCES, exported=NOW)
    return write_annotations(path, [revision(one) for one in said], facts)


def read(path: Path) -> tuple[FileFacts, list[Found], tuple[str, ...]]:
    reading = Reading(path.name, NOW, FORCES)
    facts, found = read_annotations(path, reading)
    return facts, found, reading.remarks.lines()


def boxes(west: float, east: float) -> st.SearchStrategy[shapely.Polygon]:
    """Areas with and without a hole, every coordinate with all its digits."""
    corner = st.tuples(st.floats(west, east - 2), st.floats(-80, 78), st.booleans())

    def area(where: tuple[float, float, bool]) -> shapely.Polygon:
        lon, lat, holed = where
        whole = shapely.box(lon, lat, lon + 1.2345678901234567, lat + 1.0987654321)
        hole = shapely.box(lon + 0.25, lat + 0.25, lon + 0.5, lat + 0.5)
        return shapely.Polygon(whole.exterior, [hole.exterior]) if holed else whole

    return corner.map(area)


PLACES = st.tuples(st.floats(-180, 180), st.floats(-85, 85))
NEAR = st.tuples(st.floats(-89, 89), st.floats(-85, 85))


def _line(positions: list[tuple[float, float]]) -> BaseGeometry:
    return shapely.LineString(positions)


LINE = st.lists(NEAR, min_size=2, max_size=6, unique_by=lambda p: (round(p[0], 4), round(p[1], 4))).map(_line)
DRAWINGS = st.one_of(
    PLACES.map(lambda p: (Shape.POINT, shapely.Point(p))),
    PLACES.map(lambda p: (Shape.TEXT, shapely.Point(p))),
    st.lists(PLACES, min_size=2, max_size=4, unique=True).map(lambda p: (Shape.POINT, shapely.MultiPoint(p))),
    LINE.map(lambda line: (Shape.LINE, line)),
    st.lists(LINE, min_size=2, max_size=3).map(lambda lines: (Shape.LINE, shapely.MultiLineString(lines))),
    boxes(-179, 179).map(lambda area: (Shape.AREA, area)),
    st.tuples(boxes(-170, -60), boxes(0, 100)).map(lambda two: (Shape.AREA, shapely.MultiPolygon(two))),
)
TIMES = st.datetimes(dt.datetime(1941, 1, 1), dt.datetime(2090, 1, 1), timezones=st.just(dt.UTC))


@st.composite
def annotations(draw: st.DrawFn) -> Annotation:
    shape, geometry = draw(DRAWINGS)
    start, length = draw(TIMES), draw(st.none() | st.timedeltas(dt.timedelta(microseconds=1), dt.timedelta(days=9000)))
    return annotation(
        draw(st.uuids()).hex,
        kind=draw(st.sampled_from(AnnotationKind)),
        shape=shape,
        geometry=geometry,
        title=draw(WORDS),
        side=draw(WORDS),
        opposing=draw(WORDS),
        valid_from=start,
        valid_to=None if length is None else start + length,
        sources=tuple(draw(st.lists(LINES, max_size=3))),
        grade=draw(st.sampled_from(sorted(RELIABILITY))) + draw(st.sampled_from(sorted(CREDIBILITY))),
        notes=draw(WORDS),
        evidence=tuple(
            dict.fromkeys(
                Evidence(kind, id_)
                for kind, id_ in draw(st.lists(st.tuples(st.sampled_from(EvidenceKind), LINES), max_size=3))
            )
        ),
        handling=draw(st.sampled_from(HANDLINGS)),
    )
