"""What the server writes to its log: our own lines, and warnings of others."""

import logging

from tornado.websocket import WebSocketClosedError


class _Expected(logging.Filter):
    """Drops one line of Tornado that every browser causes: the favicon that a page without one is asked for."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "favicon.ico" not in record.getMessage()


class _Closed(logging.Filter):
    """Drops what Bokeh and asyncio say when a tab is closed while a message is on its way to it: nothing is wrong."""

    def filter(self, record: logging.LogRecord) -> bool:
        closed = record.exc_info is not None and isinstance(record.exc_info[1], WebSocketClosedError)
        return not closed and "connection was closed" not in record.getMessage()


def set_up_logging() -> None:
    """Send INFO of Nightglass and warnings of everything else to stderr."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    logging.getLogger("nightglass").setLevel(logging.INFO)
    logging.getLogger("tornado.access").addFilter(_Expected())
    for handler in logging.getLogger().handlers:
        handler.addFilter(_Closed())
