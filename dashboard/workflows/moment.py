"""Which moment on the ground a view speaks of."""

from datetime import datetime

from dashboard.model.view import View
from dashboard.workflows.workspace import Workspace


def moment(workspace: Workspace, view: View) -> datetime | None:
    """Return the moment whose fronts and annotations a view shows: the one it states, else B's, else A's.

    None means that it speaks of none: then annotations of any time are shown.

    Raises
    ------
    NotFoundError
        If the view names an acquisition that the catalogue does not hold.
    """
    if view.valid_at is not None:
        return view.valid_at
    name = view.b if view.b is not None else view.a
    return None if name is None else workspace.catalog.acquisitions.get(name).start
