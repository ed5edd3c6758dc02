"""Methods that are asked for by name: the published statistics, each with what its numbers rest on."""

from typing import TYPE_CHECKING

from dashboard.model.errors import InputError
from dashboard.workflows.detection.laws import Law
from dashboard.workflows.detection.measures import Measure
from dashboard.workflows.detection.question import Method

if TYPE_CHECKING:
    from dashboard.workflows.detection.methods import Case


def other_method(case: "Case") -> tuple[Method, Measure, Law, tuple[str, ...]]:
    """Return a method that is asked for by name, made ready."""
    raise InputError(f"{case.question.method.value} is not there yet.")
