"""What coverage needs of every acquisition, as columns: a hundred thousand records in the time of a few whole ones."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import func, select

from dashboard.catalog.codec import handling_of
from dashboard.catalog.engine import Database
from dashboard.catalog.tables import acquisition
from dashboard.model.acquisition import Kind
from dashboard.model.handling import Handling

NOT_STATED = np.iinfo(np.int64).min
"""In a column of times: the product does not say."""
_PARTIAL = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LookRows:
    """Every acquisition there is, in order of constellation, platform, start and id; one value each."""

    ids: NDArray[np.object_]
    constellations: NDArray[np.object_]
    platforms: NDArray[np.object_]
    """Empty where it is not stated."""
    starts: NDArray[np.int64]
    """Microseconds since 1970; likewise below."""
    stops: NDArray[np.int64]
    received: NDArray[np.int64]
    """`NOT_STATED` where the product does not say when it arrived."""
    with_pixels: NDArray[np.bool_]
    optical: NDArray[np.bool_]
    """Visible bands."""
    footprints: NDArray[np.object_]
    """Polygons and MultiPolygons in degrees."""
    handling: NDArray[np.int64]
    """Place in `handlings`."""
    handlings: tuple[Handling, ...]

    def __len__(self) -> int:
        return len(self.ids)


class Coverage:
    """Repository of who looked where and when."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rows(self) -> LookRows:
        """Return what there is."""
        c = acquisition.c
        platform = func.coalesce(c.platform, "").label("platform")
        received = func.json_extract(c.body, "$.received").label("received")
        kind = func.json_extract(c.body, "$.kind").label("kind")
        statement = select(
            c.id, c.constellation, platform, c.start, c.stop, received, c.has_pixels, kind, c.footprint, c.handling
        ).order_by(c.constellation, platform, c.start, c.id)
        found: list[tuple[Any, ...]] = []
        with self._database.reading() as connection, connection.execute(statement) as result:
            for part in result.partitions(_PARTIAL):
                found += [tuple(row) for row in part]
        columns = list(zip(*found, strict=True)) if found else [()] * 10
        ids, constellations, platforms, starts, stops, arrivals, pixels, kinds, footprints, handlings = columns
        known: dict[str, int] = {}
        codes = [known.setdefault(text, len(known)) for text in handlings]
        return LookRows(
            ids=_objects(ids),
            constellations=_objects(constellations),
            platforms=_objects(platforms),
            starts=np.array(starts, np.int64),
            stops=np.array(stops, np.int64),
            received=np.array([NOT_STATED if at is None else at for at in arrivals], np.int64),
            with_pixels=np.array(pixels, bool),
            optical=np.array([kind == Kind.OPTICAL.value for kind in kinds], bool),
            footprints=shapely.from_wkb(_objects(footprints)),
            handling=np.array(codes, np.int64),
            handlings=tuple(handling_of(text) for text in known),
        )


def _objects(values: tuple[Any, ...]) -> NDArray[np.object_]:
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made
