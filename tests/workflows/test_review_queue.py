"""The queue against brute force over the objects: filters, orders, counts, blindness, agreement."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, box

from dashboard.catalog.codec import micros
from dashboard.geo.mercator import to_lonlat
from dashboard.model.change import Announced, ChangeRun, ChangeSign, ChangeStatus, DetectedChange
from dashboard.model.errors import NotFoundError
from dashboard.model.frontline import ControlArea, FrontlineSnapshot
from dashboard.model.review import Precision, Verdict, kappa, precision
from dashboard.model.sampling import Choice, sampling
from dashboard.workflows.front_report import related_to
from dashboard.workflows.review import Order, Sieve, lots, over_time, page, queue, relations, summary
from dashboard.workflows.review_columns import ChangeColumns, columns, forget
from dashboard.workflows.reviewed import STANDINGS
from dashboard.workflows.workspace import Workspace, open_workspace

T0 = datetime(2024, 5, 1, tzinfo=UTC)
DAY = timedelta(days=1)
COUNT = 400
REVIEWERS = ("anna", "boris", "carl")
RUN = ChangeRun(
    id="run", created=T0, method="change-tstat", parameters=(), before="a", after="b", extent=(36.0, 48.0, 37.0, 49.0),
    observed_km2=500.0, software="nightglass", inputs=(),
    announced=Announced(scores=(0.0, 2.0, 4.0), per_100km2=(6.0, 2.0, 0.5), windows=9, area_km2=500.0),
)  # fmt: skip


def change(rng: random.Random, number: int) -> DetectedChange:
    west, south = 36 + rng.random(), 48 + rng.random()
    seen = T0 + rng.randrange(1, 30) * DAY
    return DetectedChange(
        id=f"c{number}", run_id="run", geometry=box(west, south, west + 0.003, south + 0.002),
        area_m2=float(rng.randrange(1, 50) * 100), pixels=9, after=seen - rng.randrange(1, 9) * DAY, before=seen,
        magnitude_db=rng.choice([-6.0, -3.0, 4.0]), sign=rng.choice(list(ChangeSign)), p_value=1e-6, evidence=("a",),
        score=rng.choice([0.5, 1.0, 2.0, 3.5, 5.0]), confidence=rng.choice([None, 0.9]),
        status=rng.choice(list(ChangeStatus)),
    )  # fmt: skip


@pytest.fixture(name="changes", scope="module")
def _changes() -> list[DetectedChange]:
    rng = random.Random(11)
    return [change(rng, number) for number in range(COUNT)]


@pytest.fixture(name="said", scope="module")
def _said() -> dict[str, dict[str, Verdict]]:
    """Verdicts by change, then by reviewer."""
    rng = random.Random(3)
    found: dict[str, dict[str, Verdict]] = {}
    for number in range(COUNT):
        for reviewer in REVIEWERS:
            if rng.random() < 0.4:
                found.setdefault(f"c{number}", {})[reviewer] = rng.choice(list(Verdict))
    return found


@pytest.fixture(name="workspace", scope="module")
def _workspace(
    tmp_path_factory: pytest.TempPathFactory, changes: list[DetectedChange], said: dict[str, dict[str, Verdict]]
) -> Iterator[Workspace]:
    with open_workspace(tmp_path_factory.mktemp("review")) as opened:
        opened.catalog.changes.add_run(RUN, changes)
        opened.catalog.frontlines.add_many([front(0, 36.4), front(15, 36.6)])
        for id_, given_ in said.items():
            for reviewer, verdict in given_.items():
                opened.catalog.reviews.judge(id_, reviewer, verdict, base=0, event_id=f"{id_}-{reviewer}")
        yield opened


def front(day: int, at: float) -> FrontlineSnapshot:
    return FrontlineSnapshot(
        id=f"front-{day}", provider="them", valid_from=T0 + day * DAY, retrieved=T0 + day * DAY, sha256=f"{day}",
        areas=(
            ControlArea(side="BLUE", geometry=MultiPolygon([box(35, 47, at, 50)])),
            ControlArea(side="ORANGE", geometry=MultiPolygon([box(at, 47, 38, 50)])),
        ),
    )  # fmt: skip


def seen(said: dict[str, dict[str, Verdict]], id_: str, reviewer: str | None) -> dict[str, Verdict]:
    given_ = said.get(id_, {})
    return given_ if reviewer is None or reviewer in given_ else {}


def standing(said: dict[str, dict[str, Verdict]], id_: str, reviewer: str | None) -> str:
    given_ = seen(said, id_, reviewer)
    if not given_:
        return "none"
    if len({verdict.real for verdict in given_.values()}) > 1:
        return "disputed"
    return given_[reviewer if reviewer is not None else next(iter(given_))].value


def ids(found: ChangeColumns, rows: np.ndarray) -> list[str]:
    return [str(id_) for id_ in found.ids[rows]]


def _days(first: int) -> st.SearchStrategy[datetime]:
    return st.integers(first, first + 15).map(lambda day: T0 + day * DAY)


_sieves = st.builds(
    Sieve,
    min_score=st.sampled_from([float("-inf"), 0.5, 1.5, 3.5, 9.0]),
    signs=st.frozensets(st.sampled_from(ChangeSign), max_size=2),
    statuses=st.frozensets(st.sampled_from(ChangeStatus), max_size=2),
    verdicts=st.frozensets(st.sampled_from(STANDINGS), max_size=3),
    period=st.none() | st.tuples(_days(0), _days(15)),
    bbox=st.none() | st.sampled_from([(36.2, 48.1, 36.7, 48.9), (36.9, 48.0, 36.1, 49.0)]),
    min_area_m2=st.sampled_from([0.0, 1000.0, 4900.0]),
    within_km=st.none() | st.sampled_from([0.0, 5.0, 20.0]),
    side=st.sampled_from(["", "BLUE", "ORANGE"]),
)  # fmt: skip


def passes(one: DetectedChange, where: Any, word: str, sieve: Sieve) -> bool:
    west, south, east, north = sieve.bbox or (-180, -90, 180, 90)
    left, bottom, right, top = one.geometry.bounds
    across = (right >= west and left <= east) if west <= east else (right >= west or left <= east)
    first, last = sieve.period or (T0 - 999 * DAY, T0 + 999 * DAY)
    return (
        one.score >= sieve.min_score
        and (not sieve.signs or one.sign in sieve.signs)
        and (not sieve.statuses or one.status in sieve.statuses)
        and (not sieve.verdicts or word in sieve.verdicts)
        and one.after <= last
        and one.before >= first
        and across
        and top >= south
        and bottom <= north
        and one.area_m2 >= sieve.min_area_m2
        and (sieve.within_km is None or (where is not None and where.km <= sieve.within_km))
        and (not sieve.side or (where is not None and where.side == sieve.side))
    )


@given(
    sieve=_sieves,
    order=st.sampled_from(Order),
    reviewer=st.sampled_from([None, *REVIEWERS, "stranger"]),
)
@settings(max_examples=150, deadline=None)
def test_queue_equals_brute_force(
    workspace: Workspace,
    changes: list[DetectedChange],
    said: dict[str, dict[str, Verdict]],
    sieve: Sieve,
    order: Order,
    reviewer: str | None,
) -> None:
    if sieve.min_area_m2 == 0.0:
        forget()  # now and then from a cold start
    found = columns(workspace, "run", reviewer=reviewer)
    where = related_to(workspace, None, [(one.geometry, one.before) for one in changes])
    drawn = lots("run", len(changes)).tolist()
    keys: dict[Order, Callable[[int], float]] = {
        Order.CONFIDENCE: lambda row: -changes[row].score,
        Order.SIZE: lambda row: -changes[row].area_m2,
        Order.FRONT: lambda row: near.km if (near := where[row]) is not None else float("inf"),
        Order.DATE: lambda row: changes[row].before.timestamp(),
        Order.STRENGTH: lambda row: -abs(changes[row].magnitude_db),
        Order.LOT: lambda row: drawn[row],
    }
    expected = [
        row for row, one in enumerate(changes) if passes(one, where[row], standing(said, one.id, reviewer), sieve)
    ]
    expected.sort(key=lambda row: (keys[order](row), -changes[row].score, row))
    assert queue(found, sieve, order).tolist() == expected


def test_columns_say_what_the_objects_say(workspace: Workspace, changes: list[DetectedChange]) -> None:
    found = columns(workspace, "run", reviewer="anna")
    assert len(found) == COUNT
    assert ids(found, np.arange(COUNT)) == [one.id for one in changes]
    lon, lat = to_lonlat(found.x, found.y)
    middles = [one.geometry.centroid for one in changes]
    assert lon == pytest.approx([point.x for point in middles])
    assert lat == pytest.approx([point.y for point in middles])
    assert found.before.tolist() == [micros(one.before) for one in changes]
    assert np.isnan(found.confidence).tolist() == [one.confidence is None for one in changes]
    rows = np.array([5, 3, 399])
    assert page(workspace, found, rows) == [changes[row] for row in rows]
    where = related_to(workspace, None, [(one.geometry, one.before) for one in changes])
    assert relations(found, np.arange(COUNT)) == where
    assert found.front_km == pytest.approx([one.km for one in where if one is not None])


@pytest.mark.parametrize("reviewer", [None, *REVIEWERS, "stranger"])
def test_counts_equal_the_models(
    workspace: Workspace, said: dict[str, dict[str, Verdict]], changes: list[DetectedChange], reviewer: str | None
) -> None:
    found = columns(workspace, "run", reviewer=reviewer)
    rows = queue(found, Sieve(min_score=1.0), Order.DATE)
    told = summary(found, rows, min_score=2.5)
    words = [seen(said, changes[row].id, reviewer) for row in rows]
    assert told.count == len(rows)
    standings = Counter(standing(said, changes[row].id, reviewer) for row in rows)
    assert dict(told.by_verdict) == {word: standings[word] for word in STANDINGS}
    assert told.precision == precision([tuple(each.values()) for each in words])
    assert told.expected_false == pytest.approx(2.0 * 5)
    if told.reviewers:
        one, other = told.reviewers
        pairs = [(each[one], each[other]) for each in words if one in each and other in each]
        assert told.doubly == len(pairs) > 0
        assert told.kappa == kappa(pairs)
    else:
        assert reviewer == "stranger"
        assert (told.doubly, told.kappa, told.precision) == (0, None, Precision(0, 0))
    judged = np.array([len({verdict.real for verdict in each.values()}) == 1 for each in words])
    assert told.sampling == sampling(np.array([changes[row].score for row in rows]), judged)
    assert told.sampling.reviewed == told.precision.reviewed


def test_the_order_by_lot_is_one_for_everybody_and_a_sample_of_the_scores(
    workspace: Workspace, changes: list[DetectedChange]
) -> None:
    rows = queue(columns(workspace, "run", reviewer="anna"), Sieve(), Order.LOT)
    forget()
    again = queue(columns(workspace, "run", reviewer="stranger"), Sieve(), Order.LOT)
    np.testing.assert_array_equal(rows, again)
    assert sorted(rows.tolist()) == list(range(COUNT))
    assert not np.array_equal(lots("run", COUNT), lots("another", COUNT))
    scores = np.array([one.score for one in changes])
    assert sampling(scores, np.isin(np.arange(COUNT), rows[:60])).choice is Choice.SPREAD


def test_others_verdicts_are_not_to_be_seen_before_ones_own(
    workspace: Workspace, said: dict[str, dict[str, Verdict]], changes: list[DetectedChange]
) -> None:
    stranger = columns(workspace, "run", reviewer="stranger")
    assert not stranger.verdict.any()
    assert not len(stranger.reviewed.row)
    anna = columns(workspace, "run", reviewer="anna")
    hidden = [row for row, one in enumerate(changes) if "anna" not in said.get(one.id, {})]
    assert not anna.verdict[hidden].any()
    assert not np.isin(anna.reviewed.row, hidden).any()
    open_ = [row for row, one in enumerate(changes) if "anna" in said.get(one.id, {})]
    assert Counter(anna.reviewed.row.tolist()) == {row: len(said[changes[row].id]) for row in open_}


def test_time_is_counted_once(workspace: Workspace, changes: list[DetectedChange]) -> None:
    found = columns(workspace, "run", reviewer=None)
    rows = queue(found, Sieve(min_score=1.0), Order.SIZE)
    edges = np.array([micros(T0 + day * DAY) for day in (1, 4, 9, 30)], dtype=np.int64)
    counts = over_time(found, rows, edges)
    assert counts.shape == (3, len(STANDINGS))
    assert counts.sum() == len(rows)
    assert counts.sum(axis=0).tolist() == [number for _, number in summary(found, rows).by_verdict]
    early = [row for row in rows if T0 + 4 * DAY <= changes[row].before < T0 + 9 * DAY]
    assert counts[1].sum() == len(early)
    assert over_time(found, rows, edges[:2] - edges[0]).sum() == 0


def small(tmp_path: Path) -> Workspace:
    workspace = open_workspace(tmp_path)
    rng = random.Random(1)
    workspace.catalog.changes.add_run(RUN, [change(rng, number) for number in range(3)])
    return workspace


def test_a_word_is_seen_at_once_and_forgotten_when_it_is_taken_back(tmp_path: Path) -> None:
    with small(tmp_path) as workspace:
        store = workspace.catalog.reviews
        look = lambda who: STANDINGS[columns(workspace, "run", reviewer=who).verdict[1]]  # noqa: E731
        assert look("anna") == "none"
        first = store.judge("c1", "anna", Verdict.WATER, base=0, event_id="1")
        assert (look("anna"), look("boris"), look(None)) == ("water", "none", "water")
        store.judge("c1", "boris", Verdict.FALSE_ALARM, base=0, event_id="2")
        assert (look("anna"), look("boris")) == ("disputed", "disputed")
        store.withdraw("c1", "anna", base=first.version, event_id="3")
        assert (look("anna"), look("boris")) == ("none", "false-alarm")
        store.judge("c1", "anna", None, "unsure", base=store.version("c1", "anna"), event_id="4")
        assert look("anna") == "none"


def test_what_was_known_earlier_counts_no_later_word(tmp_path: Path) -> None:
    with small(tmp_path) as workspace:
        before = datetime.now(UTC) - DAY
        workspace.catalog.reviews.judge("c1", "anna", Verdict.WATER, base=0, event_id="1")
        assert not columns(workspace, "run", reviewer="anna", known_at=before).verdict.any()
        assert columns(workspace, "run", reviewer="anna", known_at=datetime.now(UTC) + DAY).verdict.any()
        assert columns(workspace, "run", reviewer="anna").verdict.any()


def test_a_verdict_moves_no_front_and_a_new_front_moves_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small(tmp_path) as workspace:
        assert np.isnan(columns(workspace, "run", reviewer=None).front_km).all()
        workspace.catalog.frontlines.add_many([front(0, 36.4)])
        first = columns(workspace, "run", reviewer=None)
        assert np.isfinite(first.front_km).all()
        workspace.catalog.reviews.judge("c1", "anna", Verdict.WATER, base=0, event_id="1")
        assert columns(workspace, "run", reviewer=None).front is first.front
        workspace.catalog.frontlines.add_many([front(1, 36.9)])
        assert not np.array_equal(columns(workspace, "run", reviewer=None).front_km, first.front_km)


def test_a_run_without_changes_and_an_unknown_run(tmp_path: Path) -> None:
    with open_workspace(tmp_path) as workspace:
        workspace.catalog.changes.add_run(replace(RUN, announced=None), [])
        found = columns(workspace, "run", reviewer="anna")
        for order in Order:
            assert not len(queue(found, Sieve(within_km=3.0, bbox=(0, 0, 1, 1), side="BLUE"), order))
        told = summary(found, queue(found, Sieve(), Order.SIZE))
        assert (told.count, told.precision.interval, told.kappa, told.expected_false) == (0, None, None, None)
        with pytest.raises(NotFoundError, match="'nowhere'"):
            columns(workspace, "nowhere", reviewer=None)


def test_multipolygons_have_bounds_too(tmp_path: Path) -> None:
    with open_workspace(tmp_path) as workspace:
        two = MultiPolygon([box(36, 48, 36.01, 48.01), box(36.5, 48, 36.51, 48.01)])
        made = replace(change(random.Random(1), 0), geometry=two)
        workspace.catalog.changes.add_run(RUN, [made])
        found = columns(workspace, "run", reviewer=None)
        assert found.bounds.tolist() == [list(two.bounds)]
        assert shapely.Point(*to_lonlat(float(found.x[0]), float(found.y[0]))).distance(two.centroid) < 1e-9
