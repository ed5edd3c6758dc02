"""What every reader of the catalogue in a session needs: what to read, what the view is, and where failures go."""

from typing import Any

import param

from dashboard.state.background import Background, Latest
from dashboard.state.notices import Notices
from dashboard.state.reach import Reach
from dashboard.state.viewing import Viewing
from dashboard.workflows.workspace import Workspace


class Follower(param.Parameterized):
    """Follows the view: asks for what belongs to it, in the background, and only the latest answer counts."""

    def __init__(
        self, workspace: Workspace, viewing: Viewing, reach: Reach, background: Background, notices: Notices
    ) -> None:
        super().__init__()
        self._workspace = workspace
        self._viewing = viewing
        self._reach = reach
        self._notices = notices
        self._latest = Latest(background)
        self._asked: tuple[Any, ...] | None = None
        """What was asked for last: the same is not asked for twice."""
