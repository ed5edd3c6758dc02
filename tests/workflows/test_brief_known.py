"""A sheet of earlier knowledge shows nothing that arrived later."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dashboard.briefing.layout import Page
from dashboard.model.errors import InputError
from dashboard.workflows.brief_contents import contents
from dashboard.workflows.exercise import exercise_view


def test_an_acquisition_that_had_not_arrived_is_refused_by_name(exercise) -> None:
    view = exercise_view(exercise)
    before, after = (exercise.catalog.acquisitions.get(name) for name in (view.a, view.b))
    assert before.arrived < after.arrived
    early = replace(view, known_at=after.arrived - timedelta(seconds=1))
    with pytest.raises(InputError, match=f"{after.id} .* was not known"):
        contents(exercise, early, Page.A4, "")
    assert contents(exercise, replace(view, known_at=after.arrived), Page.A4, "").after == after
