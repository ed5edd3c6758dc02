"""What the page tells its session: small messages through one Bokeh source, handled under the document's lock."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from bokeh.models import ColumnDataSource

from dashboard.model.errors import InputError
from dashboard.state.background import attempt, explain

Message = dict[str, Any]
_UNREADABLE = "The page sent something that is no message; reload it."


class Mailbox:
    """Hands each message to the handler of its type; unknown types are dropped.

    Until `open` messages wait: Panel loses component updates that are made before the page is complete.
    """

    def __init__(self) -> None:
        self.source = ColumnDataSource({"json": []}, name="mailbox")
        self.source.on_change("data", lambda attr, old, new: self._arrived(new))  # noqa: ARG005 - Bokeh checks the names
        self._handlers: dict[str, Callable[[Message], None]] = {}
        self._early: list[Message] | None = []
        self.failed: Callable[[Exception], object] = explain
        """Told of a message that cannot be read or followed, which changes nothing else; set by whoever tells users."""

    def on(self, kind: str, handler: Callable[[Message], None]) -> None:
        """Handle messages of a type."""
        self._handlers[kind] = handler

    def open(self) -> None:
        """Handle what has arrived and what will: the page is complete, and every change now reaches the browser."""
        early, self._early = self._early or [], None
        for message in early:
            self._handle(message)

    def _arrived(self, data: dict[str, Any]) -> None:
        for text in data.get("json", []):
            message = attempt(partial(json.loads, text))
            if not isinstance(message, dict):
                self.failed(message if isinstance(message, Exception) else InputError(_UNREADABLE))
            elif self._early is None:
                self._handle(message)
            else:
                self._early.append(message)

    def _handle(self, message: Message) -> None:
        handler = self._handlers.get(str(message.get("type", "")))
        if handler is not None:
            result = attempt(partial(handler, message))
            if isinstance(result, Exception):
                self.failed(result)
