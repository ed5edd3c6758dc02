"""What the durability tests write, and how they look at what is left."""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from shapely import Point, Polygon

from dashboard.catalog.catalog import Catalog
from dashboard.catalog.copying import problems
from dashboard.model.annotation import Annotation, AnnotationKind
from dashboard.model.change import ChangeRun, ChangeSign, DetectedChange
from dashboard.model.errors import NightglassError
from dashboard.model.event import NewEvent
from dashboard.model.review import Verdict
from dashboard.model.sketch import Shape

CATALOG = "catalog.sqlite"
_T0 = datetime(2024, 2, 1, tzinfo=UTC)
RUN = ChangeRun(
    id="run", created=_T0, method="log-ratio-f", parameters=(), before="a", after="b", extent=(36.0, 48.0, 37.0, 49.0),
    observed_km2=1.0, software="nightglass", inputs=(),
)  # fmt: skip
CHANGE = DetectedChange(
    id="change", run_id="run", geometry=Point(36.5, 48.5).buffer(0.01), area_m2=1.0, pixels=1, after=_T0, before=_T0,
    magnitude_db=1.0, sign=ChangeSign.BRIGHTER, p_value=0.1, evidence=("a", "b"),
)  # fmt: skip
"""What the verdicts are on."""
SHARED = ("shared-1", "shared-2")
"""Annotations that every writer edits, on bases that are soon stale: their events are conflicts."""


def note(id_: str, luck: random.Random, text: int = 300) -> Annotation:
    """Return an annotation with some substance: a point or a ragged area, with notes."""
    lon, lat = luck.uniform(30, 40), luck.uniform(45, 50)
    ring = [(lon + luck.uniform(0.1, 0.2) * x, lat + luck.uniform(0.1, 0.2) * y) for x, y in ((1, 0), (0, 1), (-1, -1))]
    area = luck.random() < 0.5
    return Annotation(
        id=id_,
        kind=AnnotationKind.DAMAGE,
        shape=Shape.AREA if area else Shape.POINT,
        geometry=Polygon(ring) if area else Point(lon, lat),
        title=f"Damage {luck.randrange(1000)}",
        valid_from=datetime(2024, 2, luck.randrange(1, 28), tzinfo=UTC),
        notes=luck.randbytes(text // 2).hex(),
    )


def write(
    catalog: Catalog, author: str, numbers: Iterable[int], told: Callable[[str], None], luck: random.Random
) -> None:
    """Record events one by one, of annotations, verdicts and another kind; tell the id of each once it is recorded."""
    catalog.changes.add_run(RUN, [CHANGE])
    for number in numbers:
        event = f"{author}-{number}"
        if number % 10 == 9:
            base = catalog.reviews.version(CHANGE.id, author)
            catalog.reviews.judge(CHANGE.id, author, luck.choice(list(Verdict)), base=base, event_id=event)
        elif number % 5 == 4:
            subject = f"test:{author}"
            base = catalog.log.version(subject)
            body = {"text": luck.randbytes(luck.choice((20, 3000))).hex()}
            new = NewEvent(id=event, kind="test.done", subject=subject, author=author, base=base, body=body)
            catalog.log.append(new)
        else:
            shared = number % 5 == 3
            id_ = luck.choice(SHARED) if shared else event
            base = catalog.log.version(f"annotation:{id_}") if not shared or luck.random() < 0.7 else 0
            catalog.annotations.save(note(id_, luck), author=author, base=base, event_id=event)
        told(event)


@dataclass(frozen=True, slots=True)
class Found:
    """What was left after something went wrong."""

    lost: frozenset[str] = frozenset()
    """Events that somebody was told of and that are not there."""
    broken: str = ""
    """What is wrong with the file, its chain or what is derived from it; empty for nothing."""
    events: int = 0

    @property
    def whole(self) -> bool:
        """Whether nothing is lost or broken."""
        return not self.lost and not self.broken


def look(path: Path, acknowledged: set[str]) -> Found:
    """Open a catalogue as Nightglass does, and check all of it."""
    try:
        with Catalog.open(path) as catalog:
            count = catalog.log.verify()
            there = {event.id for event in catalog.log.events(limit=1_000_000)}
        wrong = problems(path)
    except NightglassError as error:
        return Found(broken=str(error))
    return Found(frozenset(acknowledged - there), wrong, count)
