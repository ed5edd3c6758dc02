"""What the work on the desk asks to have recorded: itself, what was cut off it, the end of what was joined to it."""

from dataclasses import replace

from dashboard.model.errors import NotFoundError
from dashboard.model.handling import UNMARKED, Handling
from dashboard.state.drawing import Work
from dashboard.workflows.annotate import Wish, annotation_from, stated_handling
from dashboard.workflows.workspace import Workspace


def wishes(workspace: Workspace, work: Work) -> list[Wish]:
    """Return what is to be recorded together.

    Raises
    ------
    InputError
        If a drawing is no valid geometry or a field of the form cannot be read.
    """
    handling = _handling(workspace, work.id) if work.base else stated_handling(work.form)
    main = annotation_from(work.id, work.sketch, work.form, handling=handling)
    others = [annotation_from(id_, sketch, work.form, handling=handling) for id_, sketch in work.others]
    return [
        Wish(id=work.id, base=work.base, annotation=main),
        *(Wish(id=other.id, base=0, annotation=other) for other in others),
        *(Wish(id=id_, base=base, annotation=None) for id_, base in work.absorbed),
    ]


def _handling(workspace: Workspace, id_: str) -> Handling:
    """Return what an annotation carries besides its label: the form shows only the label."""
    try:
        return replace(workspace.catalog.annotations.get(id_).annotation.handling, tlp=None)
    except NotFoundError:
        return UNMARKED
