"""The page before there is a session: the same few lines for everybody, so that they are sent at once."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from string import Template

from dashboard.model.assets import asset
from dashboard.model.palette import Theme, tokens
from dashboard.views.esm import address, module, style
from dashboard.views.variables import declared

FIRST = address(module("compose", "firstlook"))
ICON = "static/extensions/panel/images/favicon.ico"


@dataclass(frozen=True, slots=True)
class Libraries:
    """What the browser has to read before a session can be shown, by address."""

    scripts: Sequence[str]
    """In the order in which they run."""
    modules: Sequence[str]
    """Modules that are imported later, wanted ahead."""
    styles: Sequence[str]
    """Style sheets, the weakest first."""
    code: str
    """Runs after the scripts."""
    first: str
    """Module that shows the first picture."""


def shell(theme: Theme, libraries: Libraries) -> str:
    """Return the page that opens a session; nothing in it depends on who asks."""
    text = asset("page", "shell.html").read_text(encoding="utf-8")
    wanted = json.dumps(asdict(libraries)).replace("</", "<\\/")
    return Template(text).substitute(
        icon=ICON,
        style=f"html {{ {declared(tokens(theme))} }}\n{style('page')}{style('opening')}",
        opening=wanted,
        script=asset("page", "opening.js").read_text(encoding="utf-8"),
    )
