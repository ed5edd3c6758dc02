"""Drafts: work that is not recorded yet, kept where a crash cannot reach it."""

import json
from typing import Any

from sqlalchemy import Row, delete, select
from sqlalchemy.dialects.sqlite import insert

from dashboard.catalog.codec import micros, moment
from dashboard.catalog.engine import Database
from dashboard.catalog.tables import draft
from dashboard.model.sketch import Draft, Shape, Sketch


class Drafts:
    """Repository of drafts: one per annotation and author, overwritten in place.

    A draft is no evidence and nobody else's concern, so keeping one leaves `Catalog.revision` as it is: what others
    show of the catalogue stays fresh while somebody is drawing.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, new: Draft) -> None:
        """Write a draft in place of the one its author kept of the same annotation before."""
        row = {
            "updated": micros(new.updated),
            "base": new.base,
            "sketch": json.dumps([new.sketch.shape.value, new.sketch.parts]),  # whatever was drawn, NaN included
            "fields": json.dumps(new.fields),
            "reason": new.reason,
        }
        statement = insert(draft).values(id=new.id, author=new.author, **row)
        with self._database.writing() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["id", "author"], set_=row))

    def all(self, author: str | None = None) -> list[Draft]:
        """Return the drafts, of one author or of all, newest first."""
        statement = select(draft).order_by(draft.c.updated.desc(), draft.c.id, draft.c.author)
        if author is not None:
            statement = statement.where(draft.c.author == author)
        with self._database.reading() as connection:
            return [_draft(row) for row in connection.execute(statement)]

    def discard(self, id_: str, author: str | None = None) -> None:
        """Throw away the drafts of an annotation, or only one author's; nothing happens where there is none."""
        statement = delete(draft).where(draft.c.id == id_)
        if author is not None:
            statement = statement.where(draft.c.author == author)
        with self._database.writing() as connection:
            connection.execute(statement)


def _draft(row: Row[Any]) -> Draft:
    shape, parts = json.loads(row.sketch)
    drawn = tuple(tuple(tuple((x, y) for x, y in path) for path in part) for part in parts)
    return Draft(
        id=row.id,
        author=row.author,
        updated=moment(row.updated),
        base=row.base,
        sketch=Sketch(Shape(shape), drawn),
        fields=tuple((name, text) for name, text in json.loads(row.fields)),
        reason=row.reason,
    )
