"""A front is made of some areas of control; thousands of them are a collection, and must not hold up a page."""

from datetime import UTC, datetime

import shapely

from dashboard.model.annotation import Annotation, AnnotationKind
from dashboard.model.frontline import OWN
from dashboard.model.sketch import Shape
from dashboard.workflows.fronts import providers
from dashboard.workflows.own_front import MOST_AREAS, own_front
from dashboard.workflows.workspace import open_workspace

START = datetime(2026, 5, 4, tzinfo=UTC)


def area(number: int) -> Annotation:
    west = 30 + number / 100
    return Annotation(
        id=f"area-{number}", kind=AnnotationKind.CONTROL, shape=Shape.AREA, side="BLUE", valid_from=START,
        geometry=shapely.box(west, 48, west + 0.009, 48.01),
    )  # fmt: skip


def test_up_to_the_limit_the_areas_are_a_provider_and_beyond_it_they_are_none(tmp_path) -> None:
    with open_workspace(tmp_path) as workspace:
        store = workspace.catalog.annotations
        store.save_many([area(n) for n in range(MOST_AREAS)], author="ANNA")
        assert OWN in providers(workspace)
        assert own_front(workspace, START) is not None
        store.save_many([area(MOST_AREAS)], author="ANNA")
        assert OWN not in providers(workspace)
        assert own_front(workspace, START) is None
