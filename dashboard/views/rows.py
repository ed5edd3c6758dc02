"""A table that pages on the server: only one page of rows is ever in the document."""

from collections.abc import Sequence
from typing import Any, ClassVar

import param

from dashboard.views.esm import Component, module, style

Row = tuple[str, ...]
"""Id, then one text a column."""


class Rows(Component):
    """One page of a longer list; picks are reported by id, never by place."""

    table = param.String(default="", doc="Name that the page's messages carry.")
    columns = param.List(default=[])
    rows = param.List(default=[], doc="The rows of this page.")
    total = param.Integer(default=0)
    page = param.Integer(default=0)
    size = param.Integer(default=15, doc="Rows a page.")
    selected = param.String(default="")
    empty = param.String(default="", doc="Said when there are no rows.")
    lights = param.Boolean(default=False, doc="Whether hovering a row lights its acquisition elsewhere.")

    _esm = module("models", "rows")
    _stylesheets: ClassVar[list[str]] = [style("rows")]

    def __init__(self, table: str, columns: Sequence[str], **params: Any) -> None:  # noqa: ANN401
        super().__init__(table=table, columns=list(columns), sizing_mode="stretch_width", **params)
        self._all: tuple[Row, ...] = ()

    def fill(self, rows: Sequence[Row]) -> None:
        """Replace the list; nothing is sent when it is the same."""
        if tuple(rows) != self._all:
            self._all = tuple(rows)
            self.turn(min(self.page, self._pages - 1))

    def show_page(self, rows: Sequence[Row], total: int, page: int) -> None:
        """Show one page of a list that somebody else keeps and pages."""
        self._all = tuple(rows)
        self.param.update(rows=[list(row) for row in rows], total=total, page=page)

    def choose(self, id_: str | None) -> None:
        """Select a row and turn to its page; None selects nothing."""
        places = [index for index, row in enumerate(self._all) if row[0] == id_]
        if places and len(self._all) == self.total and places[0] // self.size != self.page:
            self.turn(places[0] // self.size)
        wanted = id_ if places and id_ else ""
        if wanted != self.selected:
            self.selected = wanted

    @property
    def _pages(self) -> int:
        return max(1, -(-len(self._all) // int(self.size)))

    def turn(self, page: int) -> None:
        """Show another page; one that does not exist becomes the nearest that does."""
        page = min(max(page, 0), self._pages - 1)
        start = page * self.size
        self.param.update(
            rows=[list(row) for row in self._all[start : start + self.size]], total=len(self._all), page=page
        )
