"""A card: HTML made here, whose controls send messages. Whatever comes from data is escaped before it gets in."""

import json
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, ClassVar

import param

from dashboard.views.esm import Component, module, style


class Card(Component):
    """HTML with controls."""

    html = param.String(default="")
    leave = param.String(default="", doc="JSON of the message to send when the pointer leaves the card.")

    _esm = module("models", "talk", "card")
    _stylesheets: ClassVar[list[str]] = [style("card")]

    def __init__(self, html: str = "", **params: Any) -> None:  # noqa: ANN401
        params.setdefault("sizing_mode", "stretch_width")
        params.setdefault("margin", 0)
        super().__init__(html=html, **params)

    def write(self, html: str) -> None:
        """Replace the text; nothing is sent when it is the same."""
        if html != self.html:
            self.html = html


def said(kind: str, **values: Any) -> str:  # noqa: ANN401
    """Return the attribute that makes an element send a message."""
    return f'data-say="{escape(json.dumps({"type": kind, **values}))}"'


def button(words: str, message: str, *, tip: str = "", main: bool = False, able: bool = True, on: bool = False) -> str:
    """Return a button; `message` comes from `said`."""
    flags = ("" if able else " disabled") + (' aria-pressed="true"' if on else "")
    return (
        f'<button type="button" class="{"main" if main else ""}" title="{escape(tip or words)}" {message}{flags}>'
        f"{escape(words)}</button>"
    )


def written(label: str, name: str, value: str, message: str, *, tip: str = "", lines: int = 0) -> str:
    """Return a field for text; several lines make it a box as wide as the card."""
    shared = f'name="{escape(name)}" {message} title="{escape(tip or label)}"'
    made = (
        f'<textarea rows="{lines}" {shared}>{escape(value)}</textarea>'
        if lines
        else f'<input type="text" value="{escape(value)}" placeholder="{escape(tip)}" {shared}>'
    )
    return f'<label class="{"wide" if lines or name == "title" else ""}">{escape(label)}{made}</label>'


def chosen(label: str, name: str, value: str, options: Mapping[str, str] | Iterable[str], message: str) -> str:
    """Return a field with options; a mapping goes from value to words."""
    words = options if isinstance(options, Mapping) else {option: option for option in options}
    listed = dict(words) if value in words else {value: value, **words}
    made = "".join(
        f'<option value="{escape(key)}"{" selected" if key == value else ""}>{escape(text)}</option>'
        for key, text in listed.items()
    )
    return f'<label>{escape(label)}<select name="{escape(name)}" {message}>{made}</select></label>'
