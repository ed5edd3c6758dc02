from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.model.view import View
from dashboard.workflows.workspace import Workspace, open_workspace
from tests.briefing.sheet_workspace import build


@pytest.fixture(scope="session")
def exercise(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, View]:
    root = tmp_path_factory.mktemp("sheet")
    return root, build(root)


@pytest.fixture
def workspace(exercise: tuple[Path, View]) -> Iterator[Workspace]:
    with open_workspace(exercise[0]) as opened:
        yield opened


@pytest.fixture
def view(exercise: tuple[Path, View]) -> View:
    return exercise[1]
