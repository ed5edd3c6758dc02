"""The drawn front: a provider like the others, made of annotations, known and valid in time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from shapely import MultiPolygon, Point, Polygon, box

from dashboard.geo.geodesy import area_km2
from dashboard.model.annotation import Annotation, AnnotationKind, Force
from dashboard.model.frontline import OWN
from dashboard.model.handling import Handling, Tlp
from dashboard.model.sketch import Shape
from dashboard.workflows.fronts import front_at, front_course, front_series, fronts, providers
from dashboard.workflows.workspace import Workspace, open_workspace

T0 = datetime(2024, 2, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(name="workspace")
def _workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "w") as workspace:
        yield workspace


def area(id_: str, ground: Polygon, **fields: object) -> Annotation:
    given = {"kind": AnnotationKind.CONTROL, "shape": Shape.AREA, "valid_from": T0, "side": "BLUE", **fields}
    return Annotation(id=id_, geometry=ground, **given)


def save(workspace: Workspace, annotation: Annotation) -> datetime:
    base = workspace.catalog.log.version(f"annotation:{annotation.id}")
    return workspace.catalog.annotations.save(annotation, author="ana", base=base).at


def test_without_drawn_areas_there_is_no_such_provider(workspace: Workspace) -> None:
    save(workspace, area("p", Point(36, 48), kind=AnnotationKind.POSITION, shape=Shape.POINT))
    assert providers(workspace) == ()
    assert front_at(workspace, OWN, T0) is None
    assert front_series(workspace, OWN) == front_course(workspace, OWN) == ()


def test_drawn_areas_are_a_snapshot_of_their_sides(workspace: Workspace) -> None:
    secret = Handling(tlp=Tlp.RED)
    save(workspace, area("a", box(36, 48, 37, 49)))
    save(workspace, area("b", box(36.5, 48, 37.5, 49), handling=secret))
    save(workspace, area("c", box(38, 48, 39, 49), side="ORANGE"))
    save(workspace, area("d", Polygon([(40, 48), (41, 49), (41, 48), (40, 49)]), side=""))
    found = front_at(workspace, OWN, T0 + DAY)
    assert found is not None
    assert (found.provider, found.valid_from) == (OWN, T0)
    assert [one.side for one in found.areas] == ["BLUE", "ORANGE", "side not stated"]
    blue, orange, unstated = found.areas
    assert isinstance(blue.geometry, MultiPolygon)
    assert area_km2(blue.geometry) == pytest.approx(area_km2(box(36, 48, 37.5, 49)), rel=1e-3)  # overlaps count once
    assert (blue.colour, orange.colour, unstated.colour) == ("#5b8def", "#f2994a", None)
    assert unstated.geometry.is_valid
    assert found.handling.tlp is Tlp.RED
    assert providers(workspace) == (OWN,)


def test_it_follows_validity_and_each_change_is_a_step(workspace: Workspace) -> None:
    save(workspace, area("a", box(36, 48, 37, 49), valid_to=T0 + 10 * DAY))
    save(workspace, area("b", box(36, 48, 38, 49), valid_from=T0 + 10 * DAY, valid_to=T0 + 20 * DAY))
    at = {day: front_at(workspace, OWN, T0 + day * DAY) for day in (-1, 0, 9, 10, 19, 20)}
    assert at[-1] is at[20] is None
    assert at[0] is at[9]
    assert at[10] is at[19]
    assert (at[0].valid_from, at[10].valid_from) == (T0, T0 + 10 * DAY)
    (change,) = fronts(workspace, OWN, T0, T0 + 12 * DAY).changes
    assert change.gained_km2 == pytest.approx(area_km2(box(37, 48, 38, 49)), rel=1e-3)
    rows = front_series(workspace, OWN)
    assert [(row.valid_from, round(row.km2)) for row in rows] == [
        (T0, round(area_km2(box(36, 48, 37, 49)))),
        (T0 + 10 * DAY, round(area_km2(box(36, 48, 38, 49)))),
        (T0 + 20 * DAY, 0),
    ]
    assert [row.snapshot_id for row in rows[:2]] == [at[0].id, at[10].id]
    assert [step for step, _ in front_course(workspace, OWN)] == [T0, T0 + 10 * DAY]


def test_as_known_at_never_shows_what_was_drawn_later(workspace: Workspace) -> None:
    first = save(workspace, area("a", box(36, 48, 37, 49)))
    second = save(workspace, area("a", box(36, 48, 38, 49)))
    third = workspace.catalog.annotations.remove("a", author="ana", base=workspace.catalog.log.head()[0]).at
    instant = timedelta(microseconds=1)
    widths = {}
    for known_at in (first - instant, first, second - instant, second, third, None):
        found = front_at(workspace, OWN, T0 + DAY, known_at=known_at)
        widths[known_at] = None if found is None else found.areas[0].geometry.bounds[2]
        assert found is None or known_at is None or found.retrieved <= known_at
    assert list(widths.values()) in ([None, 37.0, 37.0, 38.0, None], [None, 37.0, 37.0, 38.0, None, None])
    assert providers(workspace) == ()
    assert providers(workspace, second) == (OWN,)


def test_an_edit_or_another_colour_is_another_picture(workspace: Workspace) -> None:
    save(workspace, area("a", box(36, 48, 37, 49)))
    before = front_at(workspace, OWN, T0)
    workspace.catalog.annotations.save_force(Force("BLUE", "#112233"), author="ana")
    recoloured = front_at(workspace, OWN, T0)
    assert recoloured.areas[0].colour == "#112233"
    save(workspace, area("a", box(36, 48, 37.5, 49)))
    edited = front_at(workspace, OWN, T0)
    assert len({one.id for one in (before, recoloured, edited)}) == 3
    assert edited is front_at(workspace, OWN, T0)
