"""The import rule: a module imports its own room or a lower one, never a sibling or a higher one."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "dashboard"

ROOMS = (
    {"model"},
    {"geo"},
    {"raster"},
    {"render", "change"},
    {"sources", "catalog", "briefing", "plots", "simulate"},
    {"workflows"},
    {"state"},
    {"views"},
    {"settings"},
    {"server"},
    {"cli"},
)
RANK = {name: rank for rank, names in enumerate(ROOMS) for name in names}

#: Packages that only the named rooms may import.
CONFINED = {
    "panel": {"views", "server"},
    "panel_material_ui": {"views", "server"},
    "param": {"state", "views"},
    "holoviews": {"plots", "briefing", "views"},
    "geoviews": {"plots", "briefing", "views"},
    "datashader": {"render"},
    "sqlalchemy": {"catalog"},
    "alembic": {"catalog"},
    "sqlcipher3": {"catalog"},
    "rasterio": {"raster", "sources", "simulate", "briefing"},
}
MAX_LINES = 300


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE)


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: import by absolute name"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def breaches(here: str, names: Iterator[str] | list[str]) -> list[str]:
    """Return what a module of room `here` imports and may not."""
    found = []
    for name in names:
        top, _, rest = name.partition(".")
        target = rest.split(".")[0]
        if top == PACKAGE.name and target in RANK and target != here and RANK[target] >= RANK[here]:
            found.append(f"{here} may not import {target}")
        if here not in CONFINED.get(top, {here}):
            found.append(f"{here} may not import {top}")
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_downward(path: Path) -> None:
    assert breaches(room(path), imported(path)) == []


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_module_stays_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_only_settings_reads_the_environment(path: Path) -> None:
    if room(path) != "settings":
        names = [
            node.attr
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os"
        ]
        assert not {"environ", "getenv"} & set(names)


@pytest.mark.parametrize(
    ("here", "name"),
    [
        ("render", "dashboard.change.ratio"),
        ("model", "dashboard.views"),
        ("change", "panel.pane"),
        ("views", "sqlalchemy.orm"),
    ],
)
def test_the_rule_sees_a_breach(here: str, name: str) -> None:
    assert breaches(here, [name])


def test_every_room_exists_and_no_other() -> None:
    found = {path.name for path in PACKAGE.iterdir() if path.is_dir() and not path.name.startswith("_")}
    assert found == set(RANK)
