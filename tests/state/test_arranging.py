"""Changes in the order and within the distance that is asked for: nothing is invented, nothing of it is lost."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point

from dashboard.geo.front_distance import FrontRelation
from dashboard.model.change import ChangeSign, DetectedChange
from dashboard.model.handling import UNMARKED
from dashboard.state.arranging import ORDERS, Arrangement, arrange

T0 = datetime(2024, 2, 1, tzinfo=UTC)


def change(id_: str, area_m2: float, magnitude_db: float, days: int) -> DetectedChange:
    return DetectedChange(
        id=id_, run_id="run", pixels=9, p_value=1e-6, geometry=Point(36, 48).buffer(0.001),
        after=T0, before=T0 + timedelta(days=days + 1),
        magnitude_db=magnitude_db, sign=ChangeSign.BRIGHTER if magnitude_db > 0 else ChangeSign.DARKER,
        area_m2=area_m2, evidence=("x",), handling=UNMARKED,
    )  # fmt: skip


RELATIONS = st.none() | st.builds(FrontRelation, st.floats(0, 500), st.sampled_from(["BLUE", "ORANGE", ""]))
FOUND = st.lists(st.tuples(st.floats(1, 1e6), st.floats(-20, 20), st.integers(0, 30), RELATIONS), max_size=30).map(
    lambda rows: ([change(str(n), *row[:3]) for n, row in enumerate(rows)], [row[3] for row in rows])
)
WANTED = st.builds(
    Arrangement, order=st.sampled_from(sorted(ORDERS)), within_km=st.none() | st.floats(0, 500),
    side=st.sampled_from(["", "BLUE", "ORANGE"]),
)  # fmt: skip


@given(FOUND, WANTED)
def test_what_is_shown_is_exactly_what_fulfils_the_wish(found, wanted: Arrangement) -> None:
    changes, relations = found
    shown = arrange(changes, relations, wanted)
    ids = [each.id for each in shown.changes]
    assert len(set(ids)) == len(ids)
    assert set(shown.relations) == set(ids)
    for each, relation in zip(changes, relations, strict=True):
        near = wanted.within_km is None or (relation is not None and relation.km <= wanted.within_km)
        there = not wanted.side or (relation is not None and relation.side == wanted.side)
        assert (each.id in ids) is (near and there)
        if each.id in ids:
            assert shown.relations[each.id] == relation


@given(FOUND, WANTED)
def test_the_order_is_the_one_that_is_asked_for(found, wanted: Arrangement) -> None:
    shown = arrange(*found, wanted)
    keys = {
        "size": [-each.area_m2 for each in shown.changes],
        "strength": [-abs(each.magnitude_db) for each in shown.changes],
        "date": [each.before for each in shown.changes],
        "front": [
            relation.km if (relation := shown.relations[each.id]) is not None else float("inf")
            for each in shown.changes
        ],
    }[wanted.order]
    assert keys == sorted(keys)


def test_plainly_everything_is_shown_with_or_without_a_front() -> None:
    changes = [change("a", 10, 3, 0), change("b", 20, -3, 0)]
    assert [each.id for each in arrange(changes, [None, None], Arrangement()).changes] == ["b", "a"]
    assert arrange([], [], Arrangement()).changes == ()


def test_each_change_needs_its_relation() -> None:
    with pytest.raises(ValueError, match="shorter"):
        arrange([change("a", 10, 3, 0)], [], Arrangement())
