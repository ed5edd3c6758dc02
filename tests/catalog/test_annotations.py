"""Annotations: nothing lost on the way in, nothing overwritten, found as a search of every one would find them."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import shapely
from catalog_makers import T0
from hypothesis import given, settings
from note_makers import DAY, annotation, annotations, population
from sqlalchemy import text

from dashboard.catalog.annotation_body import annotation_of, body_of
from dashboard.catalog.catalog import AnnotationQuery, Catalog
from dashboard.catalog.codec import packed
from dashboard.catalog.space import touching
from dashboard.model.annotation import Annotation, AnnotationKind, Force, Revision
from dashboard.model.errors import CatalogError, InputError, NotFoundError
from dashboard.model.event import Event, Outcome
from dashboard.model.sketch import Shape

BOW_TIE = shapely.Polygon([(36, 48), (37, 49), (37, 48), (36, 49)])


@pytest.fixture(name="catalog")
def _catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(tmp_path / "c.sqlite") as catalog:
        yield catalog


def bits(one: Annotation) -> bytes:
    return shapely.to_wkb(one.geometry)


@given(one=annotations())
@settings(max_examples=150, deadline=None)
def test_body_holds_every_field_and_every_bit(one: Annotation) -> None:
    import json

    back = annotation_of(one.id, json.loads(packed(body_of(one))))
    assert back == one
    assert bits(back) == bits(one)


@given(one=annotations())
@settings(max_examples=25, deadline=None)
def test_what_goes_in_comes_out_bit_for_bit(one: Annotation, tmp_path_factory: pytest.TempPathFactory) -> None:
    with Catalog.open(tmp_path_factory.mktemp("one") / "c.sqlite") as catalog:
        done = catalog.annotations.save(one, author="ann", base=0)
        for found in (catalog.annotations.get("n"), *catalog.annotations.find(), *catalog.annotations.history("n")):
            assert found == Revision(annotation=one, version=done.number, author="ann", known_from=done.at)
            assert bits(found.annotation) == bits(one)
        drawn = catalog.annotations.drawn()
        assert shapely.to_wkb(drawn.geometry[0]) == bits(one)
        assert (drawn.ids[0], drawn.titles[0], drawn.shapes[0]) == (one.id, one.title, one.shape.value)


def test_a_bow_tie_is_kept_as_it_was_drawn(catalog: Catalog) -> None:
    catalog.annotations.save(annotation(shape=Shape.AREA, geometry=BOW_TIE), author="ann", base=0)
    assert bits(catalog.annotations.get("n").annotation) == shapely.to_wkb(BOW_TIE)
    assert catalog.annotations.count(AnnotationQuery(bbox=(36.4, 48.05, 36.6, 48.1))) == 0
    assert catalog.annotations.count(AnnotationQuery(bbox=(36.4, 48.4, 36.6, 48.6))) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"shape": Shape.LINE}, "Point is no line; give LineString or MultiLineString"),
        ({"geometry": shapely.Point()}, "empty Point"),
        ({"geometry": shapely.GeometryCollection([shapely.Point(1, 1)])}, "GeometryCollection is no point"),
        ({"geometry": shapely.Point(36, 91)}, "not longitudes and latitudes"),
        ({"geometry": shapely.Point(4_000_000, 6_000_000)}, "not longitudes and latitudes"),
        ({"geometry": shapely.Point(36, float("inf"))}, "infinite|not a number"),
    ],
)
def test_drawing_that_is_nowhere_is_refused(catalog: Catalog, change: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        catalog.annotations.save(annotation(**change), author="ann", base=0)
    assert catalog.log.head()[0] == 0


def save(catalog: Catalog, base: int, title: str, author: str = "ann") -> Event:
    return catalog.annotations.save(annotation(title=title), author=author, base=base)


def test_every_revision_stays(catalog: Catalog) -> None:
    first = save(catalog, 0, "one")
    second = save(catalog, first.number, "two", "bob")
    gone = catalog.annotations.remove("n", author="cid", base=second.number, note="fled")
    back = save(catalog, gone.number, "one")
    found = catalog.annotations.history("n")
    assert [(one.annotation.title, one.author, one.removed) for one in found] == [
        ("one", "ann", False),
        ("two", "bob", False),
        ("two", "cid", True),
        ("one", "ann", False),
    ]
    assert [one.version for one in found] == [first.number, second.number, gone.number, back.number]
    assert [one.known_from for one in found] == [first.at, second.at, gone.at, back.at]
    assert [one.known_until for one in found] == [second.at, gone.at, back.at, None]
    assert gone.body == {"note": "fled"}
    assert catalog.annotations.history("n", known_at=gone.at - timedelta(microseconds=1)) == [
        found[0],
        replace(found[1], known_until=None),
    ]
    assert catalog.annotations.history("unknown") == []
    assert catalog.log.verify() == 4


def test_removed_is_found_by_nobody_and_still_known(catalog: Catalog) -> None:
    first = save(catalog, 0, "one")
    gone = catalog.annotations.remove("n", author="ann", base=first.number)
    everywhere = AnnotationQuery(bbox=(-180, -90, 180, 90))
    for query in (AnnotationQuery(), everywhere, AnnotationQuery(ids=("n",)), AnnotationQuery(known_at=gone.at)):
        assert catalog.annotations.find(query) == []
        assert catalog.annotations.count(query) == catalog.annotations.drawn(query).ids.size == 0
    assert catalog.annotations.get("n").removed
    assert not catalog.annotations.get("n", known_at=first.at).removed
    with pytest.raises(CatalogError, match="removed already, by event 2"):
        catalog.annotations.remove("n", author="ann", base=gone.number)
    with pytest.raises(NotFoundError, match="no annotation nobody"):
        catalog.annotations.remove("nobody", author="ann", base=0)


def test_unknown_annotation_is_named(catalog: Catalog) -> None:
    done = save(catalog, 0, "one")
    with pytest.raises(NotFoundError, match="'m'"):
        catalog.annotations.get("m")
    with pytest.raises(NotFoundError, match="a later time"):
        catalog.annotations.get("n", known_at=done.at - timedelta(microseconds=1))
    with pytest.raises(NotFoundError, match=r"save it as a new one \(base 0\)"):
        catalog.annotations.save(annotation("m"), author="ann", base=done.number)


def test_two_edits_of_one_version_are_shown_side_by_side(catalog: Catalog) -> None:
    first = save(catalog, 0, "one")
    mine = save(catalog, first.number, "mine", "ann")
    hers = save(catalog, first.number, "hers", "bob")
    away = catalog.annotations.remove("n", author="cid", base=first.number)
    assert [one.outcome for one in (mine, hers, away)] == [Outcome.APPLIED, Outcome.CONFLICT, Outcome.CONFLICT]
    assert catalog.annotations.get("n").annotation.title == "mine"
    left, right = catalog.annotations.conflicts("n")
    assert catalog.annotations.conflicts() == [left, right]
    assert catalog.annotations.conflicts("m") == []
    assert left.mine is not None
    assert (left.version, left.author, left.at, left.mine.title) == (hers.number, "bob", hers.at, "hers")
    assert left.base is not None
    assert left.base.annotation.title == "one"
    assert (left.theirs.annotation.title, right.mine) == ("mine", None)


def test_two_new_ones_of_one_id_are_a_conflict_without_a_base(catalog: Catalog) -> None:
    catalog.annotations.save(annotation("m"), author="ann", base=0)
    save(catalog, 0, "one")
    save(catalog, 0, "two")
    strange = save(catalog, 1, "three")  # a version of another annotation
    assert [(one.base, one.theirs.annotation.title) for one in catalog.annotations.conflicts()] == [(None, "one")] * 2
    assert strange.outcome is Outcome.CONFLICT


@pytest.fixture(name="torn")
def _torn(catalog: Catalog) -> Catalog:
    """Return a catalogue with `mine` (event 2) on the map and `hers` (event 3) in conflict with it."""
    for base, title in ((0, "one"), (1, "mine"), (1, "hers")):
        save(catalog, base, title)
    return catalog


@pytest.mark.parametrize("choice", ["hers", "both", None])
def test_a_person_decides_and_the_conflict_is_closed(torn: Catalog, choice: str | None) -> None:
    chosen = None if choice is None else annotation(title=choice)
    done = torn.annotations.resolve(3, chosen, author="cid", base=2)
    assert (done.kind, done.subject, done.outcome) == ("conflict.resolved", "annotation:n", Outcome.APPLIED)
    now = torn.annotations.get("n")
    assert (now.annotation.title, now.version, now.author) == (choice or "mine", done.number, "cid")
    assert torn.log.version("annotation:n") == now.version
    assert torn.annotations.conflicts() == []
    assert [one.kind for one in torn.log.events(kinds=("annotation.saved",))] == ["annotation.saved"] * 3
    with pytest.raises(CatalogError, match="resolved by event 4"):
        torn.annotations.resolve(3, chosen, author="cid", base=done.number)
    assert torn.annotations.resolve(3, chosen, author="cid", base=2).outcome is Outcome.CONFLICT
    assert torn.log.verify() == 5


def test_decision_about_what_is_no_longer_there_is_a_conflict_itself(torn: Catalog) -> None:
    save(torn, 2, "newer")
    again = torn.annotations.resolve(3, annotation(title="hers"), author="cid", base=2, event_id="r")
    assert torn.annotations.resolve(3, annotation(title="hers"), author="cid", base=2, event_id="r") == again
    keep = torn.annotations.resolve(3, None, author="cid", base=2)
    assert again.outcome is keep.outcome is Outcome.CONFLICT
    assert [one.version for one in torn.annotations.conflicts()] == [3, again.number]
    assert torn.annotations.get("n").annotation.title == "newer"


def test_keeping_what_is_removed_keeps_it_removed(catalog: Catalog) -> None:
    save(catalog, 0, "one")
    gone = catalog.annotations.remove("n", author="ann", base=1)
    save(catalog, 1, "still there")
    catalog.annotations.resolve(3, None, author="cid", base=gone.number)
    assert [one.removed for one in catalog.annotations.history("n")] == [False, True, True]
    assert catalog.annotations.find() == catalog.annotations.conflicts() == []
    assert catalog.log.verify() == 4


def test_conflict_is_decided_by_its_number_on_its_annotation(torn: Catalog) -> None:
    with pytest.raises(InputError, match=r"on annotation:n, not on annotation m"):
        torn.annotations.resolve(3, annotation("m"), author="cid", base=2)
    for version in (2, 99):
        with pytest.raises(NotFoundError, match=f"No event {version} in conflict"):
            torn.annotations.resolve(version, None, author="cid", base=2)
    assert len(torn.annotations.conflicts()) == 1


def test_retry_does_nothing_twice(catalog: Catalog) -> None:
    for _ in range(3):
        first = catalog.annotations.save(annotation(), author="ann", base=0, event_id="a", note="from the road")
        gone = catalog.annotations.remove("n", author="ann", base=1, event_id="b")
    assert (first.number, gone.number, catalog.log.head()[0], catalog.revision) == (1, 2, 2, 2)
    assert first.body["note"] == "from the road"
    assert first.outcome is gone.outcome is Outcome.APPLIED


def test_many_are_saved_in_one_transaction(catalog: Catalog) -> None:
    save(catalog, 0, "there")
    many = [*population(2500, 3), annotation("n5", title="stale"), annotation(title="newer")]
    done = catalog.annotations.save_many(many, author="import", bases={"n": 1})
    assert [one.outcome for one in done[:-2]] == [Outcome.APPLIED] * 2500
    assert [one.outcome for one in done[-2:]] == [Outcome.CONFLICT, Outcome.APPLIED]
    assert catalog.revision == 2
    assert catalog.annotations.count() == 2501
    assert [one.annotation.title for one in catalog.annotations.history("n")][1:] == ["newer"]
    with pytest.raises(InputError):
        catalog.annotations.save_many([annotation("m"), annotation("o", geometry=shapely.Point())], author="import")
    assert catalog.annotations.count() == 2501
    assert catalog.annotations.save_many([], author="import") == []
    assert catalog.log.verify() == catalog.log.replay() == 2503


def test_forces_are_data(catalog: Catalog) -> None:
    blue, orange = catalog.annotations.forces()
    assert (blue, orange) == (Force("BLUE", "#5b8def"), Force("ORANGE", "#f2994a"))
    done = catalog.annotations.save_force(Force("GREEN", "#00ff00"), author="ann")
    assert (done.kind, done.subject) == ("force.saved", "force:GREEN")
    catalog.annotations.save_force(Force("ORANGE", "#ff8800"), author="ann")
    catalog.annotations.save_force(Force("GREEN", "#00aa00"), author="bob")
    expected = [blue, Force("ORANGE", "#ff8800"), Force("GREEN", "#00aa00")]
    assert catalog.annotations.forces() == expected
    assert catalog.log.verify() == catalog.log.replay() == 3
    assert catalog.annotations.forces() == expected
    for bad in (Force(" ", "#000000"), Force("RED", "red"), Force("RED", "#12345")):
        with pytest.raises(InputError):
            catalog.annotations.save_force(bad, author="ann")


# Finding: against a look at every revision there is.


@pytest.fixture(name="crowded", scope="module")
def _crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Catalog, list[Revision], list[datetime]]]:
    """Return a catalogue of 400 annotations with edits and removals, every revision in it and some of their times."""
    rng = random.Random(11)
    with Catalog.open(tmp_path_factory.mktemp("crowded") / "c.sqlite") as catalog:
        crowd = population(400, 7)
        versions = {
            one.id: e.number
            for one, e in zip(crowd, catalog.annotations.save_many(crowd, author="import"), strict=True)
        }
        moments = [catalog.log.events(since=399)[0].at]
        for other in population(150, 8):
            id_ = rng.choice(crowd).id
            if rng.random() < 0.3 and not catalog.annotations.get(id_).removed:
                done = catalog.annotations.remove(id_, author="ann", base=versions[id_])
            else:
                done = catalog.annotations.save(replace(other, id=id_), author="Ann Bo", base=versions[id_])
            versions[id_] = done.number
            moments.append(done.at)
        every = [one for id_ in versions for one in catalog.annotations.history(id_)]
        yield catalog, every, moments


def queries(moments: list[datetime], count: int) -> Iterator[AnnotationQuery]:
    rng = random.Random(5)
    maybe = lambda value: value if rng.random() < 0.4 else None  # noqa: E731
    for _ in range(count):
        west, south = rng.uniform(34, 38.5), rng.uniform(46, 49.5)
        small = (west, south, west + rng.uniform(0, 1), south + rng.uniform(0, 1))
        day = T0 + rng.randrange(0, 420) * DAY / 4
        box = rng.choice([None, small, small, (34.0, 46.0, 40.0, 51.0), (179.5, 59, -179.5, 61), (-180, -90, 180, 90)])
        yield AnnotationQuery(
            bbox=box,
            valid_at=maybe(day),
            valid_during=maybe((day, day + rng.randrange(0, 3) * DAY)),
            known_at=maybe(rng.choice([moments[0] - DAY, *moments, moments[-1] + DAY])),
            kinds=maybe((AnnotationKind.NOTE, AnnotationKind.DAMAGE)) or (),
            sides=maybe(("BLUE", "")) or (),
            text=maybe(rng.choice(["BRÜCKE", "über fluss", "%", "_", "orange bridge", "ann", "7 trench"])) or "",
            author=maybe("Ann Bo"),
            ids=maybe(tuple(f"n{n}" for n in range(0, 400, 3))) or (),
            order=rng.choice(["recent", "title", "valid_from", "grade", "kind"]),
        )


def matches(query: AnnotationQuery, one: Revision) -> bool:
    note, known_at, during = one.annotation, query.known_at, query.valid_during
    there = one.known_until is None or (known_at is not None and known_at < one.known_until)
    said = "\n".join((note.title, note.side, note.opposing, note.notes, one.author)).casefold()
    checks = [
        not one.removed and there and (known_at is None or one.known_from <= known_at),
        query.valid_at is None or note.valid_at(query.valid_at),
        during is None or (note.valid_from <= during[1] and (note.valid_to is None or during[0] < note.valid_to)),
        not query.kinds or note.kind in query.kinds,
        not query.sides or note.side in query.sides,
        all(word in said for word in query.text.casefold().split()),
        query.author is None or one.author == query.author,
        not query.ids or note.id in query.ids,
    ]
    return all(checks)


def rank(query: AnnotationQuery, one: Revision) -> tuple[object, int]:
    note = one.annotation
    lowered = "".join(c.lower() if c.isascii() else c for c in note.title)
    fields = {"recent": -one.version, "title": lowered, "valid_from": note.valid_from, "grade": note.grade}
    return fields.get(query.order, note.kind.value), one.version


def test_find_equals_a_look_at_every_revision(crowded: tuple[Catalog, list[Revision], list[datetime]]) -> None:
    catalog, every, moments = crowded
    hits = 0
    for query in queries(moments, 120):
        right = [one for one in every if matches(query, one)]
        if query.bbox is not None and right:
            near = touching(query.bbox, [one.annotation.geometry for one in right])
            right = [one for one, hit in zip(right, near, strict=True) if hit]
        expected = sorted(right, key=lambda one: rank(query, one))
        found = catalog.annotations.find(query)
        assert [one.version for one in found] == [one.version for one in expected]
        assert found == [replace(one, known_until=None) for one in expected]  # nobody knew then when it would end
        assert catalog.annotations.count(query) == len(expected)
        drawn = catalog.annotations.drawn(query)
        assert list(drawn.ids) == [one.annotation.id for one in expected]
        assert list(drawn.grades) == [one.annotation.grade for one in expected]
        hits += len(expected)
        for page in (replace(query, limit=7, offset=offset) for offset in (0, 3, len(expected))):
            assert catalog.annotations.find(page) == found[page.offset : page.offset + 7]
            assert catalog.annotations.count(page) == len(expected)
    assert hits > 1500


def test_search_by_place_goes_through_the_tree_and_lists_walk_their_index(
    crowded: tuple[Catalog, list[Revision], list[datetime]],
) -> None:
    from dashboard.catalog.annotation_search import candidates, is_wide, ordered
    from dashboard.catalog.tables import annotation_revision

    catalog, _, moments = crowded
    small = AnnotationQuery(bbox=(36, 48, 36.2, 48.2), valid_at=T0, known_at=moments[3])
    with catalog._database.reading() as connection:

        def plan(query: AnnotationQuery) -> str:
            wide = is_wide(connection, query)
            statement = candidates(query, annotation_revision.c.number, wide=wide).order_by(*ordered(query))
            sql = str(statement.compile(connection, compile_kwargs={"literal_binds": True}))
            return " / ".join(row[3] for row in connection.execute(text(f"EXPLAIN QUERY PLAN {sql}")))

        tree = plan(small).partition("annotation_box VIRTUAL TABLE INDEX 2:")[2][:16]
        assert {tree[i : i + 2] for i in range(0, 16, 2)} == {"B0", "D1", "B2", "D3", "B4", "D5", "B6", "D7"}
        assert "PRIMARY KEY" in plan(small)
        everywhere = AnnotationQuery(bbox=(-180, -90, 180, 90), order="title")
        for query, index in (
            (everywhere, "annotation_by_title"),
            (AnnotationQuery(order="grade"), "annotation_by_grade"),
        ):
            assert index in plan(query)
            assert "TEMP B-TREE" not in plan(query)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"limit": 0}, "1 or more"),
        ({"offset": -1}, "0 or more"),
        ({"order": "colour"}, "recent, title"),
        ({"valid_during": (T0, T0 - DAY)}, "exchange them"),
    ],
)
def test_question_without_sense_is_refused(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        AnnotationQuery(**wrong)  # type: ignore[arg-type]


def test_times_without_a_zone_and_boxes_that_are_none_are_refused(catalog: Catalog) -> None:
    for query in (AnnotationQuery(valid_at=datetime(2024, 1, 1)), AnnotationQuery(bbox=(1, 2, 3, 1))):
        with pytest.raises(InputError):
            catalog.annotations.find(query)
