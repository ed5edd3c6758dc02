"""Each write counts for its own kind and for all, so that who shows fronts need not look again for a verdict."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from catalog_makers import T0, acquisition
from judged_makers import RUN, add, change
from note_makers import annotation
from shapely import MultiPolygon, box

from dashboard.catalog.catalog import Catalog, Kind
from dashboard.model.area import Area
from dashboard.model.frontline import ControlArea, FrontlineSnapshot
from dashboard.model.review import Verdict


@pytest.fixture(name="catalog")
def _catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(tmp_path / "c.sqlite") as catalog:
        add(catalog, [change(number) for number in range(2)])
        yield catalog


def front(catalog: Catalog) -> None:
    ground = (ControlArea(side="occupied", geometry=MultiPolygon([box(36, 48, 37, 49)])),)
    later = T0 + timedelta(days=1)
    snapshot = FrontlineSnapshot(id="s1", provider="p", valid_from=T0, areas=ground, sha256="ab" * 32, retrieved=later)
    catalog.frontlines.add_many([snapshot])


def judge(catalog: Catalog) -> None:
    catalog.reviews.judge("c0", "anna", Verdict.DAMAGE, base=0, event_id="e1")


@pytest.mark.parametrize(
    ("kind", "write"),
    [
        (Kind.ACQUISITIONS, lambda catalog: catalog.acquisitions.add(acquisition())),
        (Kind.FRONTLINES, front),
        (Kind.ANNOTATIONS, lambda catalog: catalog.annotations.save(annotation(), author="ann", base=0)),
        (Kind.CHANGES, lambda catalog: add(catalog, [], run=replace(RUN, id="other"))),
        (Kind.REVIEWS, judge),
        (Kind.PLACES, lambda catalog: catalog.areas.add(Area("Here", (36, 48, 37, 49)))),
    ],
)
def test_a_write_counts_for_its_kind_alone(catalog: Catalog, kind: Kind, write: Callable[[Catalog], None]) -> None:
    every, before = catalog.revision, {each: catalog.revision_of(each) for each in Kind}
    write(catalog)
    assert {each: catalog.revision_of(each) - before[each] for each in Kind} == {each: each is kind for each in Kind}
    assert catalog.revision == every + 1
    others = set(Kind) - {kind}
    assert catalog.revision_of(*Kind) - catalog.revision_of(*others) == before[kind] + 1
