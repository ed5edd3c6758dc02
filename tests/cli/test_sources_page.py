"""The page about sources says what the readers say."""

from pathlib import Path

from dashboard.cli.sources import markdown
from dashboard.sources.registry import systems

PAGE = Path(__file__).parents[2] / "docs" / "sources.md"


def test_the_table_is_the_readers_own() -> None:
    text = PAGE.read_text(encoding="utf-8")
    shown = text.partition("<!-- systems -->\n")[2].partition("<!-- /systems -->")[0]
    assert shown.strip() == markdown(list(systems())).strip(), "put in what `nightglass sources --markdown` prints"
