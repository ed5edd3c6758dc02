"""An empty desk on an empty map, and what was recorded from it."""

from dataclasses import replace

from driver import Driver

from dashboard.catalog.query import AnnotationQuery
from dashboard.model.annotation import Revision
from dashboard.model.view import CompareMode, Layer, View
from dashboard.workflows.exercise import exercise_view
from dashboard.workflows.workspace import Workspace

DRAWN_IN = frozenset({Layer.BASEMAP, Layer.IMAGERY, Layer.ANNOTATIONS})
"""Without fronts: nothing snaps to them by chance."""
NOTE_LAYERS = ("note-points", "note-lines", "note-areas", "note-labels")


def view_to_draw_in(workspace: Workspace) -> View:
    """Return the exercise's first view with little else on the map."""
    return replace(exercise_view(workspace), compare=CompareMode.B, layers=DRAWN_IN, pixel=None)


def recorded(workspace: Workspace) -> list[Revision]:
    """Return every annotation that is there, the latest first."""
    return workspace.catalog.annotations.find(AnnotationQuery(limit=None))


def latest(driver: Driver, workspace: Workspace) -> Revision:
    """Return the annotation that was recorded last, waiting for the first."""
    found: list[Revision] = driver.wait(lambda: recorded(workspace), "an annotation in the catalogue")
    return found[0]


def blank(driver: Driver) -> None:
    """Put aside what is on the desk."""
    driver.page.evaluate("document.activeElement?.blur()")

    def empty() -> bool:
        if driver.pen.shape:
            driver.press("Escape")
            driver.page.wait_for_timeout(60)
        return not driver.pen.shape

    driver.wait(empty, "the empty desk")


def fresh(driver: Driver, workspace: Workspace) -> None:
    """Clear the desk, the map and the drafts."""
    blank(driver)
    for revision in recorded(workspace):
        workspace.catalog.annotations.remove(revision.annotation.id, author="umpire", base=revision.version)
    for draft in workspace.catalog.drafts.all():
        workspace.catalog.drafts.discard(draft.id)
    driver.wait(lambda: not any(driver.length(name) for name in NOTE_LAYERS), "the empty map")
