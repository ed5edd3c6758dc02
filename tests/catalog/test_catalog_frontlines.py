from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from catalog_makers import T0, footprints, handlings
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from dashboard.catalog.catalog import Catalog
from dashboard.catalog.frontlines import ACCEPTED, REFUSED, SUBJECT
from dashboard.geo.geodesy import area_km2
from dashboard.model.errors import CatalogError, InputError, NotFoundError
from dashboard.model.event import NewEvent
from dashboard.model.frontline import ControlArea, FrontlineSnapshot
from dashboard.model.handling import Handling

DAY = timedelta(days=1)


@pytest.fixture(name="catalog")
def _catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(tmp_path / "c.sqlite") as catalog:
        yield catalog


def ground(west: float, east: float) -> MultiPolygon:
    return MultiPolygon([box(west, 48, east, 49)])


def snapshot(id_: str, day: int = 0, **changes: object) -> FrontlineSnapshot:
    plain = FrontlineSnapshot(
        id=id_,
        provider="deepstate",
        valid_from=T0 + day * DAY,
        areas=(ControlArea(side="occupied", geometry=ground(36, 37)),),
        sha256="ab",
        retrieved=T0 + 100 * DAY,
    )
    return replace(plain, **changes)


_text = st.text(max_size=8)
_areas = st.lists(
    st.builds(ControlArea, side=_text, geometry=footprints(), colour=st.none() | st.just("#a1b2c3")), max_size=4
)


@given(areas=_areas, handling=handlings(), same_as=st.none() | _text)
@settings(max_examples=40, deadline=None)
def test_what_goes_in_comes_out(
    areas: list[ControlArea], handling: Handling, same_as: str | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    given_ = snapshot("s", areas=tuple(areas), handling=handling, same_as=same_as)
    with Catalog.open(tmp_path_factory.mktemp("one") / "c.sqlite") as catalog:
        assert catalog.frontlines.add(given_)
        assert catalog.frontlines.get("s") == given_
        assert not catalog.frontlines.add(given_)
        assert {row.side for row in catalog.frontlines.series("deepstate")} == {area.side for area in areas}


def test_reading_the_same_file_later_writes_nothing(catalog: Catalog) -> None:
    catalog.frontlines.add(snapshot("s"))
    assert not catalog.frontlines.add(snapshot("s", retrieved=T0 + 200 * DAY))
    assert catalog.revision == 1
    with pytest.raises(CatalogError, match="s is recorded with other content"):
        catalog.frontlines.add(snapshot("s", sha256="cd"))


def test_snapshot_is_valid_until_the_next(catalog: Catalog) -> None:
    days = [0, 3, 4, 9]
    catalog.frontlines.add_many(snapshot(f"d{day}", day) for day in reversed(days))
    catalog.frontlines.add(snapshot("other", 8, provider="isw"))
    for hour in range(-30, 300, 7):
        at = T0 + timedelta(hours=hour)
        expected = [f"d{day}" for day in days if T0 + day * DAY <= at]
        found = catalog.frontlines.at("deepstate", at)
        assert (found.id if found else None) == (expected[-1] if expected else None)
    exact = catalog.frontlines.at("deepstate", T0 + 3 * DAY)
    assert exact is not None
    assert exact.id == "d3"
    assert catalog.frontlines.at("nobody", T0) is None
    assert catalog.frontlines.providers() == ["deepstate", "isw"]


def test_series_gives_geodesic_areas_per_side_in_order_of_time(catalog: Catalog) -> None:
    overlapping = (
        ControlArea(side="ORANGE", geometry=ground(30, 31)),
        ControlArea(side="ORANGE", geometry=ground(30.5, 32)),
        ControlArea(side="BLUE", geometry=ground(35, 36)),
    )
    catalog.frontlines.add(snapshot("late", 5, areas=overlapping))
    catalog.frontlines.add(snapshot("early", 1))
    rows = catalog.frontlines.series("deepstate")
    assert [(row.valid_from, row.side, row.snapshot_id) for row in rows] == [
        (T0 + DAY, "occupied", "early"),
        (T0 + 5 * DAY, "BLUE", "late"),
        (T0 + 5 * DAY, "ORANGE", "late"),
    ]
    assert rows[1].km2 == pytest.approx(area_km2(ground(35, 36)), rel=1e-9)
    assert rows[2].km2 == pytest.approx(area_km2(ground(30, 32)), rel=1e-3)  # the union's edge is one longer geodesic
    assert rows[0].km2 == pytest.approx(8155, rel=0.01)  # 111.2 km x 111.3 km x cos(48.5°)
    assert catalog.frontlines.series("nobody") == []


def test_correction_replaces_what_was_valid_from_the_same_time(catalog: Catalog) -> None:
    first, second = snapshot("first"), snapshot("second", retrieved=T0 + 101 * DAY, sha256="cd")
    catalog.frontlines.add_many([second, first])
    assert catalog.frontlines.at("deepstate", T0) == second
    assert [row.snapshot_id for row in catalog.frontlines.series("deepstate")] == ["second"]
    assert catalog.frontlines.get("first") == first


def test_self_crossing_ground_is_measured_as_what_it_covers(catalog: Catalog) -> None:
    bow = MultiPolygon([Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])])
    catalog.frontlines.add(snapshot("bow", areas=(ControlArea(side="x", geometry=bow),)))
    triangles = [Polygon([(0, 0), (1, 1), (0, 2)]), Polygon([(2, 0), (2, 2), (1, 1)])]
    (row,) = catalog.frontlines.series("deepstate")
    assert row.km2 == pytest.approx(area_km2(MultiPolygon(triangles)), rel=1e-9)
    assert catalog.frontlines.get("bow").areas[0].geometry == bow


def test_snapshots_are_added_all_or_none(catalog: Catalog) -> None:
    far = ControlArea(side="x", geometry=MultiPolygon([box(5e5, 5e6, 6e5, 6e6)]))
    with pytest.raises(InputError, match="longitudes and latitudes"):
        catalog.frontlines.add_many([snapshot("good"), snapshot("bad", areas=(far,))])
    with pytest.raises(InputError, match="no zone"):
        catalog.frontlines.add_many([snapshot("good"), snapshot("bad", retrieved=T0.replace(tzinfo=None))])
    assert catalog.frontlines.providers() == []
    with pytest.raises(NotFoundError, match="'good'"):
        catalog.frontlines.get("good")


def decide(catalog: Catalog, id_: str, kind: str) -> None:
    subject = SUBJECT + id_
    catalog.log.append(
        NewEvent(
            id=f"{kind}-{catalog.log.head()[0]}", kind=kind, subject=subject, author="ana",
            base=catalog.log.version(subject), body={},
        )
    )  # fmt: skip


_known = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 40)), min_size=1, max_size=12, unique=True)


@given(facts=_known, asked=st.integers(-1, 41))
@settings(max_examples=15, deadline=None)
def test_as_known_at_never_shows_the_future(
    facts: list[tuple[int, int]], asked: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A catalogue asked as known at a moment answers like one in which nothing later was ever recorded."""
    known_at = T0 + asked * DAY
    every = [snapshot(f"{day}-{known}", day, retrieved=T0 + known * DAY) for day, known in facts]
    folder = tmp_path_factory.mktemp("known")
    with Catalog.open(folder / "all.sqlite") as whole, Catalog.open(folder / "then.sqlite") as then:
        whole.frontlines.add_many(every)
        then.frontlines.add_many(one for one in every if one.retrieved <= known_at)
        there, here = whole.frontlines, then.frontlines
        assert there.providers(known_at) == here.providers()
        assert there.series("deepstate", known_at) == here.series("deepstate")
        assert there.moments("deepstate", known_at) == here.moments("deepstate")
        for day in range(-1, 8):
            found = there.at("deepstate", T0 + day * DAY, known_at)
            assert found == here.at("deepstate", T0 + day * DAY)
            assert found is None or found.retrieved <= known_at
        latest = max(one.retrieved for one in every)
        assert there.series("deepstate", latest) == there.series("deepstate")


def test_a_held_snapshot_does_not_count_until_somebody_accepts_it(catalog: Catalog) -> None:
    catalog.frontlines.add(snapshot("a", 0))
    assert catalog.frontlines.add(snapshot("b", 1), held="half is gone")
    at = T0 + 2 * DAY
    assert catalog.frontlines.at("deepstate", at).id == "a"
    assert {row.snapshot_id for row in catalog.frontlines.series("deepstate")} == {"a"}
    assert catalog.frontlines.get("b").id == "b"  # found by its id: somebody has to look at it
    (waiting,) = catalog.frontlines.held()
    assert (waiting.id, waiting.reason, waiting.accepted) == ("b", "half is gone", None)

    before_accepting = datetime.now(UTC)
    decide(catalog, "b", ACCEPTED)
    assert catalog.frontlines.at("deepstate", at).id == "b"
    assert catalog.frontlines.at("deepstate", at, T0 + 100 * DAY).id == "a"  # retrieved, and not accepted yet
    assert catalog.frontlines.at("deepstate", at, before_accepting).id == "a"
    assert catalog.frontlines.at("deepstate", at, datetime.now(UTC)).id == "b"
    accepted = catalog.log.events(subject=SUBJECT + "b")[-1].at
    assert catalog.frontlines.at("deepstate", at, accepted).id == "b"

    decide(catalog, "b", REFUSED)
    assert catalog.frontlines.at("deepstate", at).id == "a"
    assert catalog.frontlines.held()[0].accepted is False
    assert catalog.frontlines.at("deepstate", at, accepted).id == "b"  # what was believed then is not rewritten


def test_a_provider_all_of_whose_snapshots_are_held_is_none(catalog: Catalog) -> None:
    catalog.frontlines.add(snapshot("a"), held="why not")
    assert catalog.frontlines.providers() == []
    assert catalog.frontlines.moments("deepstate") == []
    decide(catalog, "a", ACCEPTED)
    assert catalog.frontlines.providers() == ["deepstate"]
    assert catalog.frontlines.moments("deepstate") == [(T0, "a")]
