from pathlib import Path

import pytest
from ordinary import as_ordinary_user

from dashboard.model.errors import InputError, NotFoundError, ResourceError
from dashboard.workflows.workspace import open_workspace


def test_folder_is_created_and_opened_again(tmp_path: Path) -> None:
    root = tmp_path / "deep" / "ünïcode 作戦"
    with open_workspace(root) as workspace:
        assert workspace.root == root
        assert workspace.archive.root == root / "archive"
        assert (root / "archive").is_dir()
        assert (root / "catalog.sqlite").is_file()
        assert workspace.catalog.acquisitions.count() == 0
    with open_workspace(root) as again, pytest.raises(NotFoundError):
        again.catalog.acquisitions.get("nothing")


@pytest.mark.parametrize("taken", ["", "inside", "archive"])
def test_path_that_is_a_file_is_refused(tmp_path: Path, taken: str) -> None:
    root = tmp_path / "w"
    if taken == "archive":
        root.mkdir()
        (root / "archive").write_text("a file")
    else:
        root.write_text("a file")
    with pytest.raises(InputError, match="is a file"):
        open_workspace(root / "inside" if taken == "inside" else root)


def test_folder_without_permission_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "w"
    open_workspace(root).close()
    root.chmod(0o500)
    try:
        with pytest.raises(ResourceError, match="not writable"):
            as_ordinary_user(lambda: open_workspace(root))
        with pytest.raises(ResourceError, match="cannot be created"):
            as_ordinary_user(lambda: open_workspace(root / "below"))
    finally:
        root.chmod(0o700)
