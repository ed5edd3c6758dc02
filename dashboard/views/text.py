"""Text panes in the house's type: styles do not cross into a component, so each one carries them."""

from typing import Any

import panel as pn

from dashboard.views.esm import style

COMPACT: dict[str, Any] = {
    "& .MuiToggleButton-root, &.MuiToggleButton-root": {"whiteSpace": "nowrap", "padding": "3px 9px"}
}
"""Of button groups: words on one line."""


def text(html: str = "", **params: Any) -> pn.pane.HTML:  # noqa: ANN401
    """Return a pane of HTML made by us; anything from data must be escaped before."""
    params.setdefault("margin", 0)
    return pn.pane.HTML(html, stylesheets=[style("text")], **params)
