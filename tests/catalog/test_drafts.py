import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from catalog_makers import T0

from dashboard.catalog.catalog import Catalog
from dashboard.model.sketch import Draft, Shape, Sketch

LINE = Sketch(Shape.LINE, ((((36.1, 48.0), (-0.0, 5e-324)),), (((1.0, 2.0),),)))


@pytest.fixture(name="catalog")
def _catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(tmp_path / "c.sqlite") as catalog:
        yield catalog


def draft(id_: str = "n", **changes: object) -> Draft:
    plain = Draft(id=id_, author="ann", updated=T0, base=3, sketch=LINE, fields=(("title", "Brü\ncke"), ("x", "")))
    return replace(plain, **changes)


@pytest.mark.parametrize("sketch", [LINE, Sketch(Shape.POINT), Sketch(Shape.AREA, (((), ()),))])
def test_draft_comes_back_as_it_was_left(tmp_path: Path, sketch: Sketch) -> None:
    kept = draft(sketch=sketch, reason="crosses itself")
    with Catalog.open(tmp_path / "c.sqlite") as catalog:
        catalog.drafts.keep(kept)
    with Catalog.open(tmp_path / "c.sqlite") as catalog:
        assert catalog.drafts.all() == [kept]
        assert repr(catalog.drafts.all()[0].sketch) == repr(sketch)  # -0.0 equals 0.0, and is not the same


def test_what_is_no_place_is_kept_too(catalog: Catalog) -> None:
    catalog.drafts.keep(draft(sketch=Sketch(Shape.POINT, ((((math.nan, math.inf),),),))))
    ((x, y),) = catalog.drafts.all()[0].sketch.parts[0][0]
    assert math.isnan(x)
    assert y == math.inf


def test_keeping_again_replaces_and_newest_comes_first(catalog: Catalog) -> None:
    old, other = draft(), draft("m", updated=T0 + timedelta(seconds=1))
    for one in (old, other, newer := draft(updated=T0 + timedelta(seconds=2), fields=())):
        catalog.drafts.keep(one)
    assert catalog.drafts.all() == [newer, other]


def test_two_people_on_one_annotation_keep_a_draft_each(catalog: Catalog) -> None:
    mine, hers = draft(), draft(author="bob", updated=T0 + timedelta(seconds=1))
    catalog.drafts.keep(mine)
    catalog.drafts.keep(hers)
    assert catalog.drafts.all() == [hers, mine]
    assert catalog.drafts.all("ann") == [mine]
    assert catalog.drafts.all("cid") == []
    catalog.drafts.discard("n", "bob")
    assert catalog.drafts.all() == [mine]
    catalog.drafts.keep(hers)
    catalog.drafts.discard("n")
    catalog.drafts.discard("n")
    assert catalog.drafts.all() == []


def test_drafts_are_no_part_of_what_others_see(catalog: Catalog) -> None:
    catalog.drafts.keep(draft())
    catalog.drafts.discard("n")
    assert catalog.revision == 0
    assert catalog.log.head()[0] == 0
