"""The log: appended, chained, replayed; what would change it is refused by the database itself."""

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from note_makers import annotation
from sqlalchemy import text

from dashboard.catalog.catalog import Catalog
from dashboard.catalog.chain import GENESIS
from dashboard.catalog.log import EventLog
from dashboard.catalog.tables import GUARDS
from dashboard.model.errors import CancelledError, CatalogError, InputError, NotFoundError
from dashboard.model.event import NewEvent, Outcome
from dashboard.model.progress import CancelToken, Progress


@pytest.fixture(name="catalog")
def _catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(tmp_path / "c.sqlite") as catalog:
        yield catalog


def new(id_: str = "e1", **changes: object) -> NewEvent:
    plain = NewEvent(
        id=id_, kind="change.reviewed", subject="change:c1", author="ann", base=0, body={"verdict": "real"}
    )
    return replace(plain, **changes)


def execute(catalog: Catalog, *statements: str) -> None:
    with catalog._database.writing() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_event_comes_back_as_it_was_recorded(catalog: Catalog) -> None:
    body = {"é": [1, 2.5, None, True, "\U0001f5fa", -0.0, 1e-320], "nested": {"b": {}, "a": []}}
    before = datetime.now(UTC)
    done = catalog.log.append(new(body=body))
    assert (done.number, done.outcome, done.base, done.body) == (1, Outcome.APPLIED, 0, body)
    assert before - timedelta(milliseconds=1) <= done.at <= datetime.now(UTC)
    assert catalog.log.events() == [done]
    assert catalog.log.head() == (1, done.hash)
    assert catalog.log.version("change:c1") == 1
    assert catalog.log.version("change:c2") == 0


def test_empty_log_begins_at_genesis(catalog: Catalog) -> None:
    assert catalog.log.head() == (0, "0" * 64)
    assert catalog.log.events() == []
    assert catalog.log.verify() == catalog.log.replay() == 0


def test_hash_can_be_computed_from_the_table_by_anybody(catalog: Catalog) -> None:
    for number in range(5):
        catalog.log.append(new(f"e{number}", subject=f"change:{number % 2}", body={"n": number, "a": "ü"}))
    before = GENESIS
    with catalog._database.reading() as connection:
        for row in connection.execute(text("SELECT * FROM event ORDER BY number")).mappings():
            fields = [row[n] for n in ("number", "id", "kind", "subject", "author", "at", "base", "outcome")]
            fields.append(json.loads(row["body"]))
            canonical = json.dumps(fields, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
            before = hashlib.sha256((before + canonical).encode()).hexdigest()
            assert row["hash"] == before


def test_the_same_event_again_is_recorded_once(catalog: Catalog) -> None:
    first = catalog.log.append(new())
    catalog.log.append(new("e2", subject="change:c2"))
    revision = catalog.revision
    assert catalog.log.append(new()) == first
    assert catalog.log.append_many([new(), new("e3", base=1), new("e3", base=1)])[0] == first
    assert [event.id for event in catalog.log.events()] == ["e1", "e2", "e3"]
    assert catalog.revision == revision + 1


@pytest.mark.parametrize("change", [{"kind": "x.y"}, {"subject": "z:1"}, {"author": "bob"}, {"base": 7}, {"body": {}}])
def test_an_id_that_stands_for_something_else_is_refused(catalog: Catalog, change: dict[str, object]) -> None:
    catalog.log.append(new())
    with pytest.raises(CatalogError, match=r"e1 stands for event 1.*nothing was recorded.*id of its own"):
        catalog.log.append_many([new("e2", subject="change:c2"), new(**change)])
    assert catalog.log.head()[0] == 1


def test_stale_base_is_kept_as_a_conflict_and_changes_no_version(catalog: Catalog) -> None:
    outcomes = [catalog.log.append(new(f"e{n}", base=base)).outcome for n, base in enumerate([0, 0, 1, 2, 3, 99, 4])]
    applied, conflict = Outcome.APPLIED, Outcome.CONFLICT
    assert outcomes == [applied, conflict, applied, conflict, applied, conflict, conflict]
    assert catalog.log.version("change:c1") == 5
    assert catalog.log.verify() == 7


def test_events_are_chosen_by_subject_kind_and_number(catalog: Catalog) -> None:
    for number in range(12):
        catalog.log.append(new(f"e{number}", kind=f"k{number % 3}.done", subject=f"s:{number % 2}"))
    numbers = lambda **how: [event.number for event in catalog.log.events(**how)]  # noqa: E731
    assert numbers() == list(range(1, 13))
    assert numbers(subject="s:1") == [2, 4, 6, 8, 10, 12]
    assert numbers(since=9) == [10, 11, 12]
    assert numbers(kinds=("k0.done", "k2.done"), limit=3) == [1, 3, 4]
    assert numbers(subject="s:0", kinds=("k1.done",), since=2) == [5, 11]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"author": " "}, "no author"),
        ({"id": ""}, "no id"),
        ({"kind": ""}, "no kind"),
        ({"subject": ""}, "no subject"),
        ({"body": {"x": float("nan")}}, "not a number"),
        ({"body": {"x": object()}}, "cannot be recorded"),
        ({"body": {"x": "\ud800"}}, "no character"),
        ({"author": "a\udfff"}, "no character"),
    ],
)
def test_event_that_cannot_be_kept_is_refused(catalog: Catalog, change: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        catalog.log.append_many([new("fine", subject="change:c2"), new(**change)])
    assert catalog.log.head() == (0, GENESIS)
    assert catalog.revision == 0


def copied(number: object, where: int, id_: str = "'e9'", at: str = "at") -> str:
    """Return SQL that inserts a copy of event `where` under another number, id and time."""
    columns = f"{number}, {id_}, kind, subject, author, {at}, base, body, outcome, hash"
    return f"INTO event SELECT {columns} FROM event WHERE number = {where}"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET author = 'eve' WHERE number = 1",
        "UPDATE event SET number = 9 WHERE number = 3",
        "UPDATE OR REPLACE event SET id = 'e1' WHERE number = 2",
        "DELETE FROM event WHERE number = 3",
        "DELETE FROM event",
        f"INSERT OR REPLACE {copied('number', 2, 'id')}",
        f"REPLACE {copied(4, 2, 'id')}",
        f"INSERT {copied(3, 3)} ON CONFLICT DO UPDATE SET author = 'eve'",
        f"INSERT {copied(5, 3)}",
        f"INSERT {copied(0, 3)}",
        f"INSERT {copied('NULL', 3)}",
        f"INSERT {copied(4, 3, at='at - 1')}",
    ],
)
@pytest.mark.parametrize("recursive", [0, 1])
def test_database_itself_refuses_to_forget(catalog: Catalog, statement: str, recursive: int) -> None:
    recorded = [catalog.log.append(new(f"e{n}", subject=f"change:{n}")) for n in range(3)]
    with pytest.raises(CatalogError, match=r"the log|time never"):
        execute(catalog, f"PRAGMA recursive_triggers={recursive}", statement)
    assert catalog.log.events() == recorded
    assert catalog.log.verify() == 3


def test_the_next_event_by_hand_would_be_let_in(catalog: Catalog) -> None:
    catalog.log.append(new())  # so the refusals above are for their reasons
    execute(catalog, f"INSERT {copied(2, 1)}")
    with pytest.raises(CatalogError, match="broken at event 2"):
        catalog.log.verify()


def test_clock_that_is_set_back_does_not_take_the_log_with_it(catalog: Catalog) -> None:
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    hours = iter([0, 5, 3, -100, 5, 6])
    log = EventLog(catalog._database, (), lambda: noon + timedelta(hours=next(hours)))
    at = [log.append(new(f"e{n}", subject=f"s:{n}")).at for n in range(6)]
    assert [(one - noon) // timedelta(hours=1) for one in at] == [0, 5, 5, 5, 5, 6]
    assert log.verify() == 6


def test_many_events_are_one_transaction_in_their_order(catalog: Catalog) -> None:
    news = [new(f"e{n}", subject=f"s:{n % 7}", base=0 if n < 7 else n - 6) for n in range(2345)]
    done = catalog.log.append_many(news)
    assert [event.id for event in done] == [one.id for one in news]
    assert [event.number for event in done] == list(range(1, 2346))
    assert {event.outcome for event in done} == {Outcome.APPLIED}
    assert catalog.revision == 1
    assert catalog.log.verify() == 2345


def broken_at_two(statement: str) -> Callable[[Catalog], None]:
    def tamper(catalog: Catalog) -> None:
        for guard in GUARDS:
            execute(catalog, f"DROP TRIGGER {guard.split()[2]}")
        execute(catalog, statement)

    return tamper


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET author = 'eve' WHERE number = 2",
        'UPDATE event SET body = \'{"verdict":"false"}\' WHERE number = 2',
        "UPDATE event SET base = 1 WHERE number = 2",
        "UPDATE event SET outcome = 'conflict' WHERE number = 2",
        "UPDATE event SET at = at + 1 WHERE number = 2",
        f"UPDATE event SET hash = '{'0' * 64}' WHERE number = 2",
        "DELETE FROM event WHERE number = 2",
    ],
)
def test_verify_names_the_first_broken_event(catalog: Catalog, statement: str) -> None:
    for number in range(4):
        catalog.log.append(new(f"e{number}", subject=f"change:{number}"))
    assert catalog.log.verify() == 4
    broken_at_two(statement)(catalog)
    with pytest.raises(CatalogError, match=r"broken at event 2:.*nightglass restore"):
        catalog.log.verify()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE annotation_revision SET title = 'eve' WHERE number = 2",
        "UPDATE annotation_revision SET known_until = known_until + 1 WHERE number = 1",
        "DELETE FROM annotation_revision WHERE number = 2",
        "UPDATE annotation_box SET west = 0 WHERE key = 2",
        "DELETE FROM annotation_box WHERE key = 1",
        "UPDATE conflict SET resolved_by = 3",
        "INSERT INTO force VALUES (1, 'RED', '#ff0000')",
    ],
)
def test_verify_sees_what_was_derived_otherwise_and_replay_heals_it(catalog: Catalog, statement: str) -> None:
    for number, base in enumerate([0, 1, 0]):
        catalog.annotations.save(annotation(title=str(number)), author="ann", base=base)
    state = (catalog.annotations.history("n"), catalog.annotations.conflicts())
    assert catalog.log.verify() == 3
    execute(catalog, statement)
    with pytest.raises(CatalogError, match=r"differs from a replay.*replay it"):
        catalog.log.verify()
    revision = catalog.revision
    assert catalog.log.replay() == 3
    assert catalog.revision == revision + 1
    assert catalog.log.verify() == 3
    assert (catalog.annotations.history("n"), catalog.annotations.conflicts()) == state


def test_verify_reports_and_can_be_stopped(catalog: Catalog) -> None:
    catalog.log.append_many(new(f"e{n}", subject=f"s:{n}") for n in range(2500))
    reports: list[Progress] = []
    assert catalog.log.verify(reports.append) == 2500
    assert all(one.done <= two.done for one, two in itertools.pairwise(reports))
    assert reports[-1].done == 1.0
    assert len(reports) >= 3
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        catalog.log.verify(cancel=token)


@pytest.mark.parametrize(
    ("event", "error", "words"),
    [
        (new(kind="annotation.saved", subject="annotation:n", body={"title": "x"}), InputError, "holds no annotation"),
        (new(kind="annotation.saved", subject="n"), InputError, "annotation:<id>"),
        (new(kind="annotation.removed", subject="annotation:n", body={}), NotFoundError, "no annotation n"),
        (new(kind="annotation.saved", subject="annotation:n", base=5), NotFoundError, "base 0"),
        (new(kind="conflict.resolved", body={"conflict": 3}), NotFoundError, "No conflict 3"),
        (new(kind="conflict.resolved", body={}), InputError, "number of the event in conflict"),
        (new(kind="force.saved", subject="force:RED", body={"colour": "red"}), InputError, "hexadecimal"),
    ],
)
def test_event_that_nothing_can_be_derived_from_is_not_recorded(
    catalog: Catalog, event: NewEvent, error: type[Exception], words: str
) -> None:
    if "base 0" in words:
        event = replace(event, body=annotation_body())
    with pytest.raises(error, match=words):
        catalog.log.append(event)
    assert catalog.log.head() == (0, GENESIS)


def annotation_body() -> dict[str, object]:
    from dashboard.catalog.annotation_body import body_of

    return body_of(annotation())
