"""Scripts and colours: joined modules are whole, the sheet of keys is true, colours have one home."""

import re
from pathlib import Path

import pytest

from dashboard.model.assets import asset
from dashboard.model.palette import tokens
from dashboard.views.card import Card
from dashboard.views.company import Cursors, Strip
from dashboard.views.keysheet import KEYS
from dashboard.views.pen import Pen
from dashboard.views.review import ReviewHead
from dashboard.views.rows import Rows
from dashboard.views.stage import Desk, Stage

ROOT = Path(__file__).parents[2]
JOINED = {
    "people": Strip._esm, "cursors": Cursors._esm, "pen": Pen._esm, "card": Card._esm, "stage": Stage._esm,
    "desk": Desk._esm, "rows": Rows._esm, "review": ReviewHead._esm,
}  # fmt: skip


@pytest.mark.parametrize("text", JOINED.values(), ids=JOINED)
def test_a_joined_module_imports_nothing_and_exports_render_once(text: str) -> None:
    assert not re.search(r"^\s*import\b", text, re.MULTILINE)
    assert re.findall(r"^export\s+function\s+(\w+)", text, re.MULTILINE) == ["render"]
    assert text.count("export ") == 1


@pytest.mark.parametrize("text", JOINED.values(), ids=JOINED)
def test_a_joined_module_declares_every_name_once(text: str) -> None:
    declared = re.findall(r"^(?:export )?(?:const|let|class|function) (\w+)", text, re.MULTILINE)
    assert sorted(declared) == sorted(set(declared))


@pytest.mark.parametrize("name", JOINED)
def test_what_a_file_imports_is_declared_by_what_is_joined_before_it(name: str) -> None:
    source = asset("esm", f"{name}.js").read_text(encoding="utf-8")
    wanted = re.findall(r"^import \{(.*?)\} from", source, re.MULTILINE | re.DOTALL)
    for word in (word.strip() for words in wanted for word in words.split(",")):
        assert re.search(rf"^(const|class|function) {word}\b", JOINED[name], re.MULTILINE), word


def _actions() -> set[str]:
    """Every action that the page's keys can send."""
    text = asset("esm", "desk.js").read_text(encoding="utf-8")
    tables = re.findall(
        r"^const (?:PLAIN|SHIFTED|CONTROL|CONTROL_SHIFTED) = \{(.*?)\};", text, re.MULTILINE | re.DOTALL
    )
    assert len(tables) == 4
    return {action for table in tables for action in re.findall(r': "([a-z0-9-]+)"', table)}


def _in_the_page() -> set[str]:
    """Actions that the page answers itself, and the one that needs the cursor."""
    text = asset("esm", "desk.js").read_text(encoding="utf-8")
    return {*re.findall(r'wanted === "([a-z-]+)"', text), "series"}


def _keyboard() -> set[str]:
    source = (ROOT / "dashboard" / "views" / "keyboard.py").read_text(encoding="utf-8")
    return set(re.findall(r'^            "([a-z0-9-]+)":', source, re.MULTILINE))


def test_every_key_that_the_page_sends_is_answered() -> None:
    assert _actions() - _in_the_page() <= _keyboard()


SHEET = {
    "next": "← →", "previous": "← →", "next-in-stack": "Shift ← →", "previous-in-stack": "Shift ← →",
    "first": "Home End", "last": "Home End", "play": "Space", "exchange": "X", "swipe": "S", "fade": "F",
    "next-change": "J K", "previous-change": "J K", "grid": "R", "undo": "Ctrl+Z", "brief": "Ctrl+E", "keys": "?",
    "escape": "Esc", "redo": "Ctrl+Shift+Z", "save": "Ctrl+Enter", "draw": "D", "draw-point": "P O G",
    "draw-line": "P O G", "draw-area": "P O G", "finish": "Enter Bksp", "take-back": "Enter Bksp",
    "front-earlier": ", .", "front-later": ", .", "note": "N", **{f"verdict-{n}": "1 – 5" for n in range(1, 6)},
}  # fmt: skip


def test_the_sheet_lists_every_key_that_is_answered() -> None:
    listed = {key for key, _ in KEYS}
    assert set(SHEET) | {"go-to"} == _keyboard() | {"go-to"}
    assert {action for action, key in SHEET.items() if key not in listed} == set()
    assert {"B", "[ ]", "T", "C", "/"} <= listed


_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b(?![\w-])|(?<!def )\brgba?\(|\bhsla?\(")
_ALLOWED = {
    "dashboard/catalog/forces.py": "the two forces there are before anybody names others",
    "dashboard/sources/exchange/keyhole_writer.py": "what files say",
    "dashboard/render/warm.py": "a picture that nobody sees",
    "dashboard/simulate/front.py": "what the exercise's own files say",
    "dashboard/sources/control.py": "what providers' files say",
}
_SHADOW = re.compile(r"box-shadow:[^;]*")


def _colours(folder: str, pattern: str) -> list[str]:
    found = []
    for path in sorted((ROOT / folder).rglob(pattern)):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if _COLOUR.search(_SHADOW.sub("", line)):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    return [line for line in found if line.split(":")[0] not in _ALLOWED]


@pytest.mark.parametrize(
    ("folder", "pattern"), [("dashboard", "*.py"), ("assets/style", "*.css"), ("assets/esm", "*.js")]
)
def test_colours_are_named_in_the_tokens_only(folder: str, pattern: str) -> None:
    assert _colours(folder, pattern) == []


def test_both_themes_name_every_colour_and_differ() -> None:
    dark, light = tokens("dark"), tokens("light")
    for name in dark.__slots__:
        for theme in (dark, light):
            assert re.fullmatch(r"#[0-9a-f]{6}", getattr(theme, name)), name
    assert dark.page != light.page


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize(
    ("text", "ground", "least"),
    [("text", "panel", 7.0), ("text", "page", 7.0), ("muted", "panel", 4.5), ("exercise_text", "exercise", 4.5),
     ("banner_text", "banner", 4.5), ("warning", "panel", 3.0), ("error", "panel", 3.0)],
)  # fmt: skip
def test_text_can_be_read(theme, text: str, ground: str, least: float) -> None:
    light, dark = sorted((_luminance(getattr(tokens(theme), name)) for name in (text, ground)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= least
