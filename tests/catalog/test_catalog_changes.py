import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlcipher3
from catalog_makers import T0, footprints, handlings
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, box

from dashboard.catalog.catalog import Catalog, ChangeQuery
from dashboard.model.area import Area
from dashboard.model.change import Announced, Basis, ChangeRun, ChangeSign, ChangeStatus, DetectedChange
from dashboard.model.errors import CatalogError, InputError, NotFoundError

HOUR = timedelta(hours=1)


@pytest.fixture(name="catalog")
def _catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(tmp_path / "c.sqlite") as catalog:
        yield catalog


def run(id_: str = "run", **changes: object) -> ChangeRun:
    plain = ChangeRun(
        id=id_,
        created=T0,
        method="log-ratio-f",
        parameters=(("far", 1e-4), ("min_pixels", 5), ("note", "dämm"), ("tiled", True)),
        before="a",
        after="b",
        extent=(36.0, 48.0, 37.0, 49.0),
        observed_km2=12.5,
        software="nightglass 0.1",
        inputs=(("iceye/a/VV.tif", "ab"),),
    )
    return replace(plain, **changes)


def change(id_: str = "c", **changes: object) -> DetectedChange:
    plain = DetectedChange(
        id=id_,
        run_id="run",
        geometry=box(36.1, 48.1, 36.2, 48.2),
        area_m2=1000.0,
        pixels=10,
        after=T0,
        before=T0 + 2 * HOUR,
        magnitude_db=-4.5,
        sign=ChangeSign.DARKER,
        p_value=1e-9,
        evidence=("a", "b"),
    )
    return replace(plain, **changes)


_changes = st.builds(
    change,
    geometry=footprints(),
    area_m2=st.floats(0, 1e9),
    pixels=st.integers(0, 10**9),
    magnitude_db=st.floats(-60, 60),
    sign=st.sampled_from(ChangeSign),
    p_value=st.floats(0, 1),
    evidence=st.lists(st.text(max_size=5), max_size=3).map(tuple),
    handling=handlings(),
    score=st.floats(0, 1e6),
    confidence=st.none() | st.floats(0, 1),
    magnitudes=st.lists(st.tuples(st.text(max_size=3), st.floats(-60, 60), st.floats(0, 60)), max_size=3).map(tuple),
    date_range=st.none() | st.just((T0 - HOUR, T0 + timedelta(microseconds=1))),
    status=st.sampled_from(ChangeStatus),
    looks=st.tuples(st.integers(0, 200), st.integers(0, 200)),
    confirming=st.integers(0, 200),
    stacks=st.tuples(st.integers(0, 9), st.integers(0, 9)),
)
_names = st.lists(st.text(max_size=5), max_size=3).map(tuple)
_claims = st.fixed_dictionaries(
    {
        "basis": st.sampled_from(Basis),
        "announced": st.none()
        | st.builds(
            Announced,
            scores=st.just((0.5, 1.5, 2.5)),
            per_100km2=st.lists(st.floats(0, 1e3), min_size=3, max_size=3).map(
                lambda n: tuple(sorted(n, reverse=True))
            ),
            windows=st.integers(0, 99),
            area_km2=st.floats(0, 1e5),
        ),
        "remarks": _names,
        "looked_before": _names,
        "looked_after": _names,
        "unobserved": st.none() | footprints(),
    }
)
_value = st.text(max_size=5) | st.integers(-(2**60), 2**60) | st.booleans() | st.floats(-1e9, 1e9)


@given(
    found=_changes,
    parameters=st.lists(st.tuples(st.text(max_size=5), _value), max_size=4).map(tuple),
    handling=handlings(),
    claims=_claims,
)
@settings(max_examples=40, deadline=None)
def test_what_goes_in_comes_out(
    found: DetectedChange,
    parameters: object,
    handling: object,
    claims: dict[str, object],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    by = run(parameters=parameters, handling=handling, **claims)
    with Catalog.open(tmp_path_factory.mktemp("one") / "c.sqlite") as catalog:
        assert catalog.changes.add_run(by, [found])
        (back,) = catalog.changes.runs()
        assert back == by
        assert [type(value) for _, value in back.parameters] == [type(value) for _, value in by.parameters]
        assert catalog.changes.get("c") == found
        assert catalog.changes.find(ChangeQuery(bbox=found.geometry.bounds)) == [found]
        assert not catalog.changes.add_run(by, [found])


def test_run_without_changes_is_recorded_too(catalog: Catalog) -> None:
    assert catalog.changes.add_run(run(), [])
    assert not catalog.changes.add_run(run(), [])
    assert catalog.changes.runs() == [run()]
    assert catalog.changes.find() == []


@pytest.mark.parametrize(
    ("by", "found"),
    [
        (run(method="other"), [change()]),
        (run(), []),
        (run(), [change(pixels=11)]),
        (run(), [change(), change("more")]),
        (run("second"), [change(run_id="second")]),
        (run("third"), [change("twin", run_id="third"), change("twin", run_id="third")]),
    ],
)
def test_other_content_under_a_taken_id_is_refused(
    catalog: Catalog, by: ChangeRun, found: list[DetectedChange]
) -> None:
    catalog.changes.add_run(run(), [change()])
    with pytest.raises(CatalogError, match="other content"):
        catalog.changes.add_run(by, found)
    assert catalog.changes.runs() == [run()]
    assert catalog.changes.find() == [change()]
    assert catalog.revision == 1


@pytest.mark.parametrize(
    "bad", [change("bad", run_id="stranger"), change("bad", geometry=Point(1, 2)), change("bad", p_value=float("nan"))]
)
def test_run_is_recorded_whole_or_not_at_all(catalog: Catalog, bad: DetectedChange) -> None:
    with pytest.raises(InputError):
        catalog.changes.add_run(run(), [change(), bad])
    assert catalog.changes.runs() == []
    assert catalog.changes.find() == []
    with pytest.raises(NotFoundError, match="'c'"):
        catalog.changes.get("c")


def test_queries_equal_brute_force(catalog: Catalog) -> None:
    rng = random.Random(3)
    everything: list[DetectedChange] = []
    for name in ("run-a", "run-b"):
        found = []
        for number in range(300):
            west, south = rng.uniform(30, 40), rng.uniform(45, 50)
            begin = T0 + rng.randrange(2000) * HOUR
            found.append(
                change(
                    f"{name}-{number}",
                    run_id=name,
                    geometry=box(west, south, west + 0.3, south + 0.2),
                    after=begin,
                    before=begin + rng.randrange(1, 300) * HOUR,
                    magnitude_db=rng.choice([-6.0, 4.0, 9.0]),
                    score=rng.choice([0.5, 1.0, 1.5]),
                )
            )
        catalog.changes.add_run(run(name), found)
        everything += found
    everything.sort(key=lambda c: (c.before, -abs(c.magnitude_db), c.id))
    hits = 0
    for _ in range(80):
        west, south, begin = rng.uniform(30, 40), rng.uniform(45, 50), T0 + rng.randrange(2000) * HOUR
        bbox = rng.choice([None, (west, south, west + 2, south + 1)])
        period: tuple[datetime, datetime] | None = rng.choice([None, (begin, begin + rng.choice([0, 24, 500]) * HOUR)])
        name = rng.choice([None, "run-a", "run-b", "run-c"])
        score = rng.choice([None, None, 1.0])
        expected = [
            c
            for c in everything
            if (bbox is None or c.geometry.intersects(box(*bbox)))
            and (period is None or (c.after <= period[1] and c.before >= period[0]))
            and name in (None, c.run_id)
            and (score is None or c.score >= score)
        ]
        query = ChangeQuery(bbox=bbox, period=period, run_id=name, min_score=score)
        assert catalog.changes.find(query) == expected
        assert catalog.changes.find(replace(query, limit=5)) == expected[:5]
        hits += len(expected)
    assert hits > 500


def test_a_run_may_find_more_than_one_statement_can_name(catalog: Catalog) -> None:
    found = [change(f"c{number}") for number in range(40_000)]
    assert catalog.changes.add_run(run(), found)
    assert not catalog.changes.add_run(run(), found)
    assert len(catalog.changes.find(ChangeQuery(run_id="run"))) == 40_000


def test_a_run_of_an_older_nightglass_has_the_defaults(tmp_path: Path) -> None:
    with Catalog.open(tmp_path / "c.sqlite") as catalog:
        catalog.changes.add_run(run(), [change()])
    with closing(sqlcipher3.dbapi2.connect(str(tmp_path / "c.sqlite"), isolation_level=None)) as file:
        file.execute("DROP TABLE review")
        file.execute("DELETE FROM revision WHERE key > 1")
        for table, columns in (
            ("change_run", ["unobserved"]),
            ("detected_change", ["score", "confidence", "status", "body"]),
        ):
            for column in columns:
                file.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        file.execute("UPDATE alembic_version SET version_num = '0002'")
    with Catalog.open(tmp_path / "c.sqlite") as catalog:
        assert catalog.changes.runs() == [run()]
        assert catalog.changes.find() == [change()]


def test_areas_keep_their_order_and_their_names(catalog: Catalog) -> None:
    north, south = Area("Zürich 北", (8.0, 47.0, 9.0, 48.0)), Area("Fiji", (177.0, -19.0, -179.0, -16.0))
    assert catalog.areas.add(north)
    assert catalog.areas.add(south)
    assert not catalog.areas.add(north)
    moved = Area(north.name, (8.0, 47.0, 9.5, 48.0))
    with pytest.raises(CatalogError, match="already"):
        catalog.areas.add(moved)
    assert catalog.areas.all() == [north, south]
    assert catalog.areas.add(moved, replace=True)
    assert catalog.areas.all() == [moved, south]
    assert catalog.revision == 3


@pytest.mark.parametrize("bad", [Area(" ", (0, 0, 1, 1)), Area("upside down", (0, 2, 1, 1))])
def test_area_without_name_or_ground_is_refused(catalog: Catalog, bad: Area) -> None:
    with pytest.raises(InputError):
        catalog.areas.add(bad)
    assert catalog.areas.all() == []
