"""From a form to a record and back: nothing moves, what cannot be read is named, evidence brings its handling."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from dashboard.model.annotation import (
    CREDIBILITY,
    RELIABILITY,
    Annotation,
    AnnotationKind,
    Evidence,
    EvidenceKind,
)
from dashboard.model.dtg import parse_moment
from dashboard.model.errors import InputError
from dashboard.model.event import Outcome
from dashboard.model.handling import UNMARKED, Handling, Rank, Tlp
from dashboard.model.sketch import Shape, Sketch
from dashboard.workflows.annotate import (
    OPERATORS,
    Wish,
    annotation_from,
    fields_of,
    first_fields,
    record,
    sketch_of_annotation,
    written,
)
from dashboard.workflows.workspace import Workspace, open_workspace

T0 = datetime(2024, 2, 3, 4, 5, tzinfo=UTC)
LINE = Sketch(Shape.LINE, ((((36.1, 48.1), (36.2, 48.15), (36.3, 48.1)),),))
FORM = first_fields(Shape.LINE, T0)

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Zs")), max_size=12)
LINES = st.lists(TEXTS.filter(bool), max_size=3).map(tuple)
IDS = st.text(st.characters(categories=("Lu", "Ll", "Nd")), min_size=1, max_size=10)
MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2199, 1, 1)).map(lambda naive: naive.replace(tzinfo=UTC))
PLACES = st.tuples(st.floats(-80, 80), st.floats(-84, 84))


@st.composite
def annotations(draw: st.DrawFn) -> Annotation:
    shape = draw(st.sampled_from([Shape.POINT, Shape.TEXT, Shape.LINE]))
    points = draw(st.lists(PLACES, min_size=2, max_size=5, unique_by=lambda at: round(at[0], 3)))
    start = draw(MOMENTS)
    length = draw(st.none() | st.timedeltas(timedelta(microseconds=1), timedelta(days=900)))
    return Annotation(
        id="n",
        kind=draw(st.sampled_from(AnnotationKind)),
        shape=shape,
        geometry=shapely.LineString(points) if shape is Shape.LINE else shapely.Point(points[0]),
        title=draw(TEXTS),
        side=draw(TEXTS),
        opposing=draw(TEXTS),
        valid_from=start,
        valid_to=None if length is None else start + length,
        sources=draw(LINES),
        grade=draw(st.sampled_from(sorted(RELIABILITY))) + draw(st.sampled_from(sorted(CREDIBILITY))),
        notes=draw(TEXTS),
        evidence=tuple(
            dict.fromkeys(draw(st.lists(st.builds(Evidence, st.sampled_from(EvidenceKind), IDS), max_size=3)))
        ),
        handling=Handling(tlp=draw(st.none() | st.sampled_from(Tlp))),
    )


@given(annotations())
def test_the_form_of_an_annotation_gives_the_annotation_again(there: Annotation) -> None:
    again = annotation_from("n", sketch_of_annotation(there), fields_of(there), handling=UNMARKED)
    assert again == there
    assert again.geometry.wkb == there.geometry.wkb


@given(st.datetimes().map(lambda naive: naive.replace(tzinfo=UTC)))
def test_a_time_is_read_as_it_was_written(moment: datetime) -> None:
    assert parse_moment(written(moment)) == moment


def refused(fields: dict[str, str]) -> str | None:
    """Return why a form is refused; None when it is read. Anything but a refusal in words is an error."""
    try:
        annotation_from("n", LINE, fields, handling=UNMARKED)
    except InputError as error:
        return str(error)
    return None


@given(st.text(max_size=30))
def test_a_time_is_read_or_refused_with_the_fields_name(text: str) -> None:
    for name, words in (("valid_from", "Valid from"), ("valid_to", "Valid to")):
        refusal = refused(FORM | {name: text})
        assert refusal is None or words in refusal or "ends" in refusal


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("030405ZFEB24", T0),
        ("030405zfeb24", T0),
        (" 2024-02-03T04:05Z ", T0),
        ("2024-02-03T05:05+01:00", T0),
        ("2024-02-03", T0.replace(hour=0, minute=0)),
        ("1944-06-06T06:30Z", datetime(1944, 6, 6, 6, 30, tzinfo=UTC)),
    ],
)
def test_times_are_written_in_several_ways(text: str, moment: datetime) -> None:
    made = annotation_from("n", LINE, FORM | {"valid_from": text}, handling=UNMARKED)
    assert made.valid_from == moment
    assert made.valid_from.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text",
    ["", "   ", "yesterday", "320000ZFEB24", "2024-02-30", "2024-02-03T04:05", "0001-01-01T00:00+14:00",
     "9999-12-31T23:59-14:00", "1e9", "NaN"],
)  # fmt: skip
def test_what_is_no_time_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(InputError, match=r"^Valid from.*(like|Z|within)"):
        annotation_from("n", LINE, FORM | {"valid_from": text}, handling=UNMARKED)


def test_other_zones_are_written_in_utc() -> None:
    assert written(T0.astimezone(timezone(timedelta(hours=9)))) == "030405ZFEB24"


@pytest.mark.parametrize("shape", Shape)
def test_something_new_begins_as_its_shape_suggests_ungraded_and_unlabelled(shape: Shape) -> None:
    fields = first_fields(shape, T0)
    sketch = Sketch(shape, ((LINE.parts[0][0][: {Shape.LINE: 2, Shape.AREA: 3}.get(shape, 1)],),))
    made = annotation_from("n", sketch, fields, handling=UNMARKED)
    assert made.grade == "F6"
    assert made.handling == UNMARKED
    assert made.valid_from == T0
    assert made.shape is shape


@pytest.mark.parametrize(
    "parts",
    [(), (((36.1, 48.1),),), (((36.1, 48.1), (36.1, 48.1)),), (((float("nan"), 48.1), (36.2, 48.1)),)],
    ids=["nothing", "one vertex", "no length", "no number"],
)
def test_what_is_no_line_is_refused_in_words(parts) -> None:
    with pytest.raises(InputError, match=r"\w+ .*\.$"):
        annotation_from("n", Sketch(Shape.LINE, (parts,) if parts else ()), FORM, handling=UNMARKED)


@given(st.dictionaries(st.sampled_from(sorted(FORM)), st.text(max_size=20)))
def test_any_form_is_read_or_refused_on_purpose(fields) -> None:
    assert refused(FORM | fields) != ""


def test_the_chosen_label_joins_what_is_carried_already() -> None:
    carried = Handling(rank=Rank(2), caveats=frozenset({"EYES ONLY"}))
    made = annotation_from("n", LINE, FORM | {"tlp": "TLP:RED"}, handling=carried)
    assert made.handling == carried & Handling(tlp=Tlp.RED)


# Recording


def made(id_: str, **changes: object) -> Annotation:
    return replace(annotation_from(id_, LINE, FORM, handling=UNMARKED), **changes)


def of(*ids: str, kind: EvidenceKind = EvidenceKind.ACQUISITION) -> tuple[Evidence, ...]:
    return tuple(Evidence(kind, id_) for id_ in ids)


@pytest.fixture
def workspace(tmp_path: Path, exercise: Workspace) -> Iterator[Workspace]:
    """Return acquisitions by different constellations, marked differently, without pixels."""
    plain = exercise.catalog.acquisitions.find()[0]
    with open_workspace(tmp_path / "desk") as opened:
        for id_, constellation, handling in (
            ("ice-1", "iceye", Handling(tlp=Tlp.GREEN)),
            ("ice-2", "iceye", UNMARKED),
            ("um-1", "umbra", Handling(tlp=Tlp.AMBER, caveats=frozenset({"SOURCE B"}))),
            ("alos-1", "alos-2", UNMARKED),
            ("alos-2", "alos-4", UNMARKED),
        ):
            origin = replace(plain.origin, product_sha256=id_)
            opened.catalog.acquisitions.add(
                replace(plain, id=id_, constellation=constellation, handling=handling, origin=origin)
            )
        yield opened


def save(workspace: Workspace, *annotations: Annotation) -> None:
    record(workspace, [Wish(id=one.id, base=0, annotation=one) for one in annotations], author="Kim")


@pytest.mark.parametrize(
    ("ids", "enough"),
    [
        ((), False),
        (("ice-1",), False),
        (("ice-1", "ice-2"), False),
        (("alos-1", "alos-2"), False),
        (("ice-1", "um-1"), True),
        (("ice-1", "alos-1", "alos-2"), True),
    ],
)
def test_confirmed_needs_two_observers_that_are_independent(workspace: Workspace, ids, enough: bool) -> None:
    wanted = made("n", grade="B1", evidence=of(*ids))
    if enough:
        save(workspace, wanted)
        assert workspace.catalog.annotations.get("n").annotation.grade == "B1"
        return
    with pytest.raises(InputError, match=r"Credibility 1 needs.*choose 2"):
        save(workspace, wanted)
    assert workspace.catalog.annotations.count() == 0
    save(workspace, replace(wanted, grade="B2"))
    assert workspace.catalog.annotations.count() == 1


def test_the_two_constellations_of_one_operator_are_known_as_one() -> None:
    names = [name for group in OPERATORS.values() for name in group]
    assert len(names) == len(set(names))
    assert all(len(group) > 1 for group in OPERATORS.values())


def test_opinions_confirm_nothing(workspace: Workspace) -> None:
    save(workspace, made("one", evidence=of("ice-1")), made("two", evidence=of("um-1")))
    with pytest.raises(InputError, match="Credibility 1"):
        save(workspace, made("n", grade="A1", evidence=of("one", "two", kind=EvidenceKind.ANNOTATION)))


def test_a_refused_one_holds_back_what_comes_with_it(workspace: Workspace) -> None:
    with pytest.raises(InputError):
        save(workspace, made("fine"), made("n", grade="A1"))
    assert workspace.catalog.annotations.count() == 0
    assert workspace.catalog.log.head()[0] == 0


def test_what_rests_on_evidence_is_at_least_as_strict(workspace: Workspace) -> None:
    save(workspace, made("n", evidence=of("ice-1", "um-1"), handling=Handling(caveats=frozenset({"MINE"}))))
    there = workspace.catalog.annotations.get("n").annotation.handling
    assert there.tlp is Tlp.AMBER
    assert {"MINE", "SOURCE B"} <= there.caveats
    save(workspace, made("second hand", evidence=of("n", kind=EvidenceKind.ANNOTATION)))
    assert workspace.catalog.annotations.get("second hand").annotation.handling & there == there


def test_a_label_can_be_tightened_and_never_loosened_below_its_evidence(workspace: Workspace) -> None:
    for label in (Tlp.CLEAR, Tlp.RED):
        save(workspace, made(label.name, evidence=of("um-1"), handling=Handling(tlp=label)))
    store = workspace.catalog.annotations
    assert store.get("CLEAR").annotation.handling.tlp is Tlp.AMBER
    assert store.get("RED").annotation.handling.tlp is Tlp.RED


@pytest.mark.parametrize("kind", EvidenceKind)
def test_evidence_that_is_not_there_is_named(workspace: Workspace, kind: EvidenceKind) -> None:
    with pytest.raises(InputError, match=f"{kind.value} nowhere.*remove the link"):
        save(workspace, made("n", evidence=of("nowhere", kind=kind)))
    assert workspace.catalog.annotations.count() == 0


def test_wishes_are_recorded_in_order_and_a_stale_one_comes_back_as_a_conflict(workspace: Workspace) -> None:
    save(workspace, made("a"), made("b"))
    store = workspace.catalog.annotations
    a, b = store.get("a").version, store.get("b").version
    store.save(made("b", title="theirs"), author="Ada", base=b)
    events = record(
        workspace,
        [
            Wish(id="a", base=a, annotation=None),
            Wish(id="b", base=b, annotation=made("b", title="mine")),
            Wish(id="c", base=0, annotation=made("c")),
        ],
        author="Kim",
    )
    assert [event.outcome for event in events] == [Outcome.APPLIED, Outcome.CONFLICT, Outcome.APPLIED]
    assert [event.subject for event in events] == ["annotation:a", "annotation:b", "annotation:c"]
    assert store.get("a").removed
    assert store.get("b").annotation.title == "theirs"
    assert [conflict.mine.title for conflict in store.conflicts() if conflict.mine] == ["mine"]
