"""The catalogue: one file that says what there is, when, where and under which handling."""

from pathlib import Path
from types import TracebackType
from typing import Self

from dashboard.catalog.acquisitions import Acquisitions
from dashboard.catalog.annotations import Annotations, Drawn
from dashboard.catalog.areas import Areas
from dashboard.catalog.changes import Changes
from dashboard.catalog.coverage import Coverage
from dashboard.catalog.drafts import Drafts
from dashboard.catalog.engine import Database, Kind
from dashboard.catalog.forces import Forces
from dashboard.catalog.frontlines import FrontArea, Frontlines
from dashboard.catalog.log import EventLog
from dashboard.catalog.outlines import Outlines
from dashboard.catalog.query import AcquisitionQuery, AnnotationQuery, ChangeQuery
from dashboard.catalog.reviews import Reviews
from dashboard.catalog.revisions import Revisions
from dashboard.catalog.schema import bring_up_to_date
from dashboard.catalog.verdicts import Verdicts

__all__ = ["AcquisitionQuery", "AnnotationQuery", "Catalog", "ChangeQuery", "Drawn", "FrontArea", "Kind"]


class Catalog:
    """An open catalogue; safe to use from several threads, beside other processes. Nothing in it is ever deleted."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.acquisitions = Acquisitions(database)
        self.coverage = Coverage(database)
        self.frontlines = Frontlines(database)
        self.changes = Changes(database)
        self.areas = Areas(database)
        self.log = EventLog(database, (Revisions(), Forces(), Verdicts()))
        self.annotations = Annotations(database, self.log)
        self.reviews = Reviews(database, self.log)
        self.drafts = Drafts(database)
        self.outlines = Outlines(database)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a catalogue file, creating it or upgrading its schema where needed.

        Raises
        ------
        CatalogError
            If the file was written by a newer Nightglass or is no catalogue.
        ResourceError
            If this machine's SQLite is unsafe or the file cannot be written.
        """
        database = Database(path)
        try:
            bring_up_to_date(database)
        except BaseException:
            database.close()
            raise
        return cls(database)

    @property
    def path(self) -> Path:
        """The file."""
        return self._database.path

    @property
    def revision(self) -> int:
        """A number that grows with every write, also of other threads and processes."""
        return self._database.revision

    def revision_of(self, *kinds: Kind) -> int:
        """Return a number that grows with every write of any of these kinds: what need not be looked at again."""
        return self._database.revision_of(*kinds)

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
