"""Client modules: plain files in assets/esm, joined because a component ships one text."""

import re
from functools import cache
from pathlib import Path

from dashboard.model.assets import asset

_IMPORT = re.compile(r"^import .*?;\n", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"^ *//.*\n", re.MULTILINE)
"""Every component on the page carries its whole text: lines for those who read the files stay in the files."""


@cache
def module(*names: str) -> str:
    """Return the last file with the earlier ones before it: their imports of each other resolved by joining."""
    texts = (Path(asset("esm", f"{name}.js")).read_text(encoding="utf-8") for name in names)
    *parts, main = [_COMMENT.sub("", text) for text in texts]
    inner = "\n".join(_IMPORT.sub("", part).replace("export ", "") for part in parts)
    return f"{inner}\n{_IMPORT.sub('', main)}"


@cache
def style(name: str) -> str:
    """Return a style sheet of assets/style."""
    return asset("style", f"{name}.css").read_text(encoding="utf-8")
