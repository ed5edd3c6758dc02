"""Where the shipped files are: fonts, styles, basemap, scripts."""

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def asset(*parts: str) -> Path:
    """Return the path of a shipped file: inside the installed package, or in the source tree."""
    installed = _PACKAGE / "_assets"
    root = installed if installed.is_dir() else _PACKAGE.parent / "assets"
    return root.joinpath(*parts)
