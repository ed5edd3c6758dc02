"""What several rooms test on: one small exercise, built once per test process."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from dashboard.workflows.workspace import Workspace, open_workspace

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=400, database=None, deadline=None)
settings.load_profile("explore" if os.environ.get("NIGHTGLASS_EXPLORE") else "same")
"""The same examples every time, so that a failure is of the change at hand; `make explore` looks for new ones.

None has a deadline: how long an example takes says what else the machine does.
"""

BUILD = """
import sys
from pathlib import Path
from dashboard.workflows.exercise import Scale, build_exercise
from dashboard.workflows.workspace import open_workspace
with open_workspace(Path(sys.argv[1])) as workspace:
    build_exercise(workspace, scale=Scale(half_m=900.0, limit=20))
"""
"""1.8 km: two stacks of one constellation, one of an uncalibrated other, destroyed blocks and 13 frontlines.

In a process of its own: two threads simulate and ingest, and the warning filters of tests are not made for threads.
"""


@pytest.fixture(scope="session")
def exercise_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a finished exercise; copy it before changing anything in it."""
    root = tmp_path_factory.mktemp("small-exercise") / "data"
    subprocess.run([sys.executable, "-c", BUILD, str(root)], check=True, cwd=Path(__file__).parents[1])
    return root


@pytest.fixture
def open_copy(exercise_root: Path, tmp_path: Path) -> Iterator[Callable[[], Workspace]]:
    """Return a function that opens a copy of the exercise, to change at will."""
    opened: list[Workspace] = []

    def make() -> Workspace:
        root = tmp_path / f"copy-{len(opened)}"
        shutil.copytree(exercise_root, root)
        opened.append(open_workspace(root))
        return opened[-1]

    yield make
    for workspace in opened:
        workspace.close()


@pytest.fixture(scope="session")
def exercise(exercise_root: Path) -> Iterator[Workspace]:
    """Return the exercise opened; for tests that only read."""
    with open_workspace(exercise_root) as workspace:
        yield workspace
