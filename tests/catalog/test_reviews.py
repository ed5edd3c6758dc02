"""Words on changes: appended to the log, each reviewer's apart, the present one derived from all of them."""

import multiprocessing
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from judged_makers import RUN, add, change
from sqlalchemy import text

from dashboard.catalog.catalog import Catalog
from dashboard.catalog.conflicts import open_versions
from dashboard.catalog.verdicts import SAID, SUBJECT, subject_of
from dashboard.model.errors import CatalogError, InputError, NotFoundError
from dashboard.model.event import NewEvent, Outcome
from dashboard.model.review import Verdict

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture(name="catalog")
def _catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(tmp_path / "c.sqlite") as catalog:
        add(catalog, [change(number) for number in range(4)])
        yield catalog


def judge(catalog: Catalog, reviewer: str, verdict: Verdict | None, *, id_: str = "c0", note: str = "") -> int:
    base = catalog.reviews.version(id_, reviewer)
    event = f"{reviewer}-{id_}-{base}"
    return catalog.reviews.judge(id_, reviewer, verdict, note, base=base, event_id=event).version


def said(catalog: Catalog, id_: str = "c0", **known: datetime) -> list[tuple[str, Verdict | None, str]]:
    return [(one.reviewer, one.verdict, one.note) for one in catalog.reviews.of(id_, **known)]


def test_a_word_stands_until_the_next(catalog: Catalog) -> None:
    first = catalog.reviews.judge("c0", "anna", Verdict.DAMAGE, "roof gone", base=0, event_id="e1")
    assert catalog.reviews.of("c0") == [first]
    assert catalog.log.events(subject=subject_of("c0", "anna"))[0].number == first.version
    second = catalog.reviews.judge("c0", "anna", Verdict.WATER, base=first.version, event_id="e2")
    assert catalog.reviews.of("c0") == catalog.reviews.of_run("run") == [second]
    assert catalog.log.verify() == 2


def test_two_reviewers_never_conflict(catalog: Catalog) -> None:
    catalog.reviews.judge("c0", "anna", Verdict.DAMAGE, base=0, event_id="e1")
    catalog.reviews.judge("c0", "boris", Verdict.FALSE_ALARM, base=0, event_id="e2")
    assert said(catalog) == [("anna", Verdict.DAMAGE, ""), ("boris", Verdict.FALSE_ALARM, "")]


def test_a_stale_word_is_kept_as_a_conflict_and_changes_nothing(catalog: Catalog) -> None:
    judge(catalog, "anna", Verdict.DAMAGE)
    for _ in range(2):  # a retry is told the same
        with pytest.raises(CatalogError, match=r"anna .* another window"):
            catalog.reviews.judge("c0", "anna", Verdict.WATER, base=0, event_id="stale")
    assert said(catalog) == [("anna", Verdict.DAMAGE, "")]
    assert [one.outcome for one in catalog.log.events()] == [Outcome.APPLIED, Outcome.CONFLICT]
    assert waiting(catalog) == [2]
    judge(catalog, "anna", Verdict.WATER)
    assert waiting(catalog) == []  # judged again by somebody who was told
    assert said(catalog) == [("anna", Verdict.WATER, "")]
    assert catalog.log.verify() == catalog.log.replay() == catalog.log.verify() == 3
    assert waiting(catalog) == []


def waiting(catalog: Catalog) -> list[int]:
    with catalog._database.reading() as connection:
        return open_versions(connection, SUBJECT)


def test_a_word_is_taken_back_and_given_again(catalog: Catalog) -> None:
    version = judge(catalog, "anna", Verdict.DAMAGE, note="seen")
    catalog.reviews.withdraw("c0", "anna", base=version, event_id="w")
    catalog.reviews.withdraw("c0", "anna", base=version, event_id="w")
    assert said(catalog) == []
    with pytest.raises(NotFoundError, match="withdraw"):
        catalog.reviews.withdraw("c0", "anna", base=catalog.reviews.version("c0", "anna"), event_id="w2")
    judge(catalog, "anna", Verdict.MOVED)
    assert said(catalog) == [("anna", Verdict.MOVED, "")]
    assert len(catalog.log.events()) == catalog.log.verify() == 3


def test_a_note_alone_is_a_word_without_a_verdict(catalog: Catalog) -> None:
    judge(catalog, "anna", None, note="cloud?")
    assert said(catalog) == [("anna", None, "cloud?")]


def test_the_same_event_twice_is_recorded_once(catalog: Catalog) -> None:
    first = catalog.reviews.judge("c0", "anna", Verdict.DAMAGE, base=0, event_id="e1")
    assert catalog.reviews.judge("c0", "anna", Verdict.DAMAGE, base=0, event_id="e1") == first
    assert len(catalog.log.events()) == 1


def test_what_was_known_earlier_is_known_again(catalog: Catalog) -> None:
    before = datetime.now(UTC) - timedelta(days=1)
    judge(catalog, "anna", Verdict.DAMAGE)
    first = catalog.reviews.of("c0")[0].at
    version = judge(catalog, "anna", Verdict.WATER)
    second = catalog.reviews.of("c0")[0].at
    catalog.reviews.withdraw("c0", "anna", base=version, event_id="w")
    assert said(catalog, known_at=before) == []
    if first < second:
        assert said(catalog, known_at=first) == [("anna", Verdict.DAMAGE, "")]
    assert said(catalog, known_at=datetime.now(UTC) + timedelta(days=1)) == []
    assert catalog.reviews.of_run("run", known_at=before) == []


def test_words_are_of_their_run(catalog: Catalog) -> None:
    from dataclasses import replace

    add(catalog, [change(9, run_id="other")], replace(RUN, id="other"))
    judge(catalog, "anna", Verdict.DAMAGE, id_="c9")
    judge(catalog, "anna", Verdict.DAMAGE, id_="c1")
    assert [one.change_id for one in catalog.reviews.of_run("run")] == ["c1"]
    assert [one.change_id for one in catalog.reviews.since("other")] == ["c9"]
    assert catalog.reviews.since("run", 2) == []
    assert catalog.reviews.of_run("nothing") == []


def test_nonsense_is_refused_and_nothing_recorded(catalog: Catalog) -> None:
    with pytest.raises(NotFoundError, match="'nowhere'"):
        catalog.reviews.judge("nowhere", "anna", Verdict.DAMAGE, base=0, event_id="e")
    with pytest.raises(InputError, match="verdict or a note"):
        catalog.reviews.judge("c0", "anna", None, "  ", base=0, event_id="e")
    with pytest.raises(InputError, match="author"):
        catalog.reviews.judge("c0", " ", Verdict.DAMAGE, base=0, event_id="e")
    for body in ({"change": "c0", "verdict": "lovely"}, {"change": "c1", "verdict": "water"}, {"verdict": "water"}):
        new = NewEvent(id="e", kind=SAID, subject="verdict:c0:anna", author="anna", base=0, body=body)
        with pytest.raises(InputError):
            catalog.log.append(new)
    assert catalog.log.events() == []


def test_a_tampered_row_is_found_and_a_replay_mends_it(catalog: Catalog) -> None:
    judge(catalog, "anna", Verdict.DAMAGE)
    judge(catalog, "anna", Verdict.WATER)
    with catalog._database.writing() as connection:
        connection.execute(text("UPDATE review SET verdict = 'false-alarm' WHERE number = 2"))
    with pytest.raises(CatalogError, match="Verdicts"):
        catalog.log.verify()
    assert catalog.log.replay() == 2
    assert said(catalog) == [("anna", Verdict.WATER, "")]
    assert catalog.log.verify() == 2


def test_what_fronts_depend_on_is_no_verdict(catalog: Catalog) -> None:
    assert catalog.reviews.last_other_event() == 0
    catalog.log.append(NewEvent(id="x", kind="test.done", subject="test:1", author="anna", base=0, body={}))
    judge(catalog, "anna", Verdict.DAMAGE)
    assert catalog.reviews.last_other_event() == 1


def review_all(path: Path, reviewer: str, count: int) -> None:
    with Catalog.open(path) as catalog:
        for number in range(count):
            judge(catalog, reviewer, Verdict.DAMAGE, id_=f"c{number}")


def test_two_reviewing_processes_lose_nothing(catalog: Catalog) -> None:
    people = [SPAWN.Process(target=review_all, args=(catalog.path, name, 4)) for name in ("anna", "boris")]
    for person in people:
        person.start()
    for person in people:
        person.join(60)
    assert [person.exitcode for person in people] == [0, 0]
    assert len(catalog.reviews.of_run("run")) == catalog.log.verify() == 8


class Reviewers(RuleBasedStateMachine):
    """Whatever people say in whatever order, what stands is what a dictionary would hold, now and in a replay."""

    def __init__(self) -> None:
        super().__init__()
        self.stands: dict[tuple[str, str], tuple[Verdict | None, str]] = {}
        self.versions: dict[tuple[str, str], int] = {}
        self.number = 0

    @initialize()
    def begin(self) -> None:
        self.catalog = Catalog.open(Path(":memory:"))
        add(self.catalog, [change(number) for number in range(2)])

    @rule(
        who=st.sampled_from(["anna", "boris: a"]), which=st.sampled_from(["c0", "c1"]),
        verdict=st.sampled_from(Verdict) | st.none(), note=st.sampled_from(["", "seen"]), fresh=st.booleans(),
    )  # fmt: skip
    def say(self, who: str, which: str, verdict: Verdict | None, note: str, fresh: bool) -> None:
        key, self.number = (which, who), self.number + 1
        known = self.versions.get(key, 0)
        base, event = known if fresh else known + 7, f"e{self.number}"
        store = self.catalog.reviews
        try:
            if verdict is None and not note:
                store.withdraw(which, who, base=base, event_id=event)
                self.stands.pop(key)
                self.versions[key] = store.version(which, who)
            else:
                self.versions[key] = store.judge(which, who, verdict, note, base=base, event_id=event).version
                self.stands[key] = (verdict, note)
        except NotFoundError:
            assert key not in self.stands
        except CatalogError:
            assert not fresh

    @invariant()
    def what_stands_is_what_was_said_last(self) -> None:
        if hasattr(self, "catalog"):
            found = {
                (one.change_id, one.reviewer): (one.verdict, one.note) for one in self.catalog.reviews.of_run("run")
            }
            assert found == self.stands

    def teardown(self) -> None:
        if hasattr(self, "catalog"):
            self.catalog.log.verify()
            self.catalog.log.replay()
            self.what_stands_is_what_was_said_last()
            self.catalog.close()


Reviewers.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestReviewers = Reviewers.TestCase
