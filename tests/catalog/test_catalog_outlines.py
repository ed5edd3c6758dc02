"""Outlines go in and come out, and none takes another's name."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from catalog_makers import footprints
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiPolygon, box

from dashboard.catalog.catalog import Catalog
from dashboard.model.errors import CatalogError, InputError
from dashboard.model.outline import Outline

NORTH = Outline("North", "sector", MultiPolygon([box(36, 48.5, 37, 49)]))
SOUTH = Outline("South", "sector", MultiPolygon([box(36, 48, 37, 48.5)]))


@pytest.fixture(name="catalog")
def _catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(tmp_path / "c.sqlite") as catalog:
        yield catalog


_names = st.text("abc ", min_size=1).filter(str.strip)
_outlines = st.lists(
    st.builds(Outline, _names, st.text(max_size=4), footprints()), max_size=4, unique_by=lambda one: one.name
)


@given(outlines=_outlines)
@settings(max_examples=10, deadline=None)
def test_what_goes_in_comes_out_in_order(outlines: list[Outline], tmp_path_factory: pytest.TempPathFactory) -> None:
    with Catalog.open(tmp_path_factory.mktemp("one") / "c.sqlite") as catalog:
        assert catalog.outlines.add_many(outlines) == len(outlines)
        assert catalog.outlines.all() == outlines
        assert catalog.outlines.add_many(outlines) == 0


def test_a_name_keeps_its_ground_unless_it_is_replaced(catalog: Catalog) -> None:
    catalog.outlines.add_many([NORTH, SOUTH])
    revision = catalog.revision
    other = Outline("North", "sector", SOUTH.geometry)
    with pytest.raises(CatalogError, match="North"):
        catalog.outlines.add_many([Outline("East", "", NORTH.geometry), other])
    assert [one.name for one in catalog.outlines.all()] == ["North", "South"]  # all or none
    assert catalog.revision == revision
    assert catalog.outlines.add(other, replace=True)
    assert catalog.outlines.all() == [other, SOUTH]


@pytest.mark.parametrize(
    "bad", [Outline(" ", "", NORTH.geometry), Outline("Line", "", LineString([(0, 0), (1, 1)])),
            Outline("Far", "", MultiPolygon([box(900, 0, 901, 1)]))],
)  # fmt: skip
def test_what_is_no_outline_is_refused(catalog: Catalog, bad: Outline) -> None:
    with pytest.raises(InputError):
        catalog.outlines.add(bad)
    assert catalog.outlines.all() == []
