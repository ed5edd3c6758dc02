"""`nightglass snapshot`: a token, a URL or an exported file in, a sheet out; one line when it cannot be."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from dashboard.briefing.token import read_token
from dashboard.cli.main import app
from dashboard.cli.snapshot import token_of
from dashboard.model.errors import InputError
from dashboard.model.token import encode
from tests.briefing.sheet_workspace import build

# rasterio 1.4 and odc-geo multiply affine 3.1's matrices with *, which it would rather see as @.
pytestmark = pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")


@pytest.fixture(scope="module")
def exercise(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    root = tmp_path_factory.mktemp("cli")
    return root, encode(build(root))


def test_a_url_becomes_a_sheet_that_opens_the_same_view(exercise, tmp_path) -> None:
    root, token = exercise
    path = tmp_path / "sheet.pdf"
    url = f"http://localhost:5006/nightglass?theme=dark&v={token}"
    made = CliRunner().invoke(app, ["snapshot", url, "-o", str(path), "--data", str(root), "--page", "16x9", "--dark"])
    assert made.exit_code == 0, made.output
    assert read_token(path.read_bytes()) == token
    assert token_of(str(path)) == token


@pytest.mark.parametrize(
    ("view", "output", "words"),
    [
        ("v1.abc.00000000", "a.png", "view token"),
        ("http://localhost:5006/", "a.png", "carries no view"),
        ("missing.png", "a.png", "cannot be read"),
        ("v1.abc.00000000", "a.jpg", "png or pdf"),
    ],
)
def test_what_cannot_be_is_one_authored_error(exercise, tmp_path, view, output, words) -> None:
    root, _ = exercise
    result = CliRunner().invoke(app, ["snapshot", view, "-o", str(tmp_path / output), "--data", str(root)])
    assert isinstance(result.exception, InputError)
    assert words in str(result.exception)
    assert "\n" not in str(result.exception)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_data_is_named_and_not_filled(exercise, tmp_path) -> None:
    result = CliRunner().invoke(app, ["snapshot", exercise[1], "-o", "a.png", "--data", str(tmp_path)])
    assert isinstance(result.exception, InputError)
    assert str(tmp_path) in str(result.exception)
    assert list(tmp_path.iterdir()) == []


def test_a_token_is_taken_as_it_is() -> None:
    assert token_of(" v1.abc.00000000 ") == "v1.abc.00000000"
    assert token_of("/?v=v1.abc.00000000") == "v1.abc.00000000"
