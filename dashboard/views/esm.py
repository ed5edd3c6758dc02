"""Client modules: plain files in assets/esm, joined a component, which the browser reads by address."""

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

from panel.custom import JSComponent

from dashboard.model.assets import asset

_IMPORT = re.compile(r"^import .*?;\n", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"^ *//.*\n", re.MULTILINE)
"""Lines for those who read the files stay in the files."""
_BY_NAME: dict[str, str] = {}
"""Text of every module by the name that its address has."""


@cache
def module(*names: str) -> str:
    """Return the last file with the earlier ones before it: their imports of each other resolved by joining."""
    texts = (Path(asset("esm", f"{name}.js")).read_text(encoding="utf-8") for name in names)
    *parts, main = [_COMMENT.sub("", text) for text in texts]
    inner = "\n".join(_IMPORT.sub("", part).replace("export ", "") for part in parts)
    joined = f"{inner}\n{_IMPORT.sub('', main)}"
    _BY_NAME[_name(joined)] = joined
    return joined


def _name(text: str) -> str:
    return f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.js"


def address(text: str) -> str:
    """Return where a module is read, relative to the page."""
    return f"./modules/{_name(text)}"


def addresses() -> tuple[str, ...]:
    """Return the addresses of all modules."""
    return tuple(map(address, _BY_NAME.values()))


def text_of(name: str) -> str | None:
    """Return the module of an address's last part; None when there is none."""
    return _BY_NAME.get(name)


class Component(JSComponent):
    """A component with its script at an address: the browser reads it once, however many of them there are.

    Sent as text, it would be in the document once a component, and be translated in the browser as often.
    """

    __abstract = True

    def _get_properties(self, doc: Any) -> dict[str, Any]:  # noqa: ANN401 - Bokeh's document
        found: dict[str, Any] = super()._get_properties(doc)
        if doc is not None and doc.session_context is not None:
            found |= {"bundle": "url", "esm": address(str(self._esm))}
        return found


@cache
def style(name: str) -> str:
    """Return a style sheet of assets/style."""
    return asset("style", f"{name}.css").read_text(encoding="utf-8")
