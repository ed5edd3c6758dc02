"""Promises of a review: a run of 50,000 changes is ready in a second, and nothing that a reviewer does takes 20 ms.

*Columns, cold*: everything of the run read from the catalogue. *Distance*: to the front of the day each was first seen,
on real days of a front where they are on this machine; measured once, when the queue is first ordered by it. *After a
verdict*: the columns once somebody has said one word. Peer: the whole run as objects, sorted and filtered in Python.

Run: ``python -m benchmarks.review [FOLDER]``; the front's days are read beside the project, in ``../shared/data``.
"""

import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

import numpy as np
import shapely

from benchmarks.front import DAYS, PROVIDER
from benchmarks.stackgen import folder_argument
from benchmarks.table import Row, p50_p95, show
from dashboard.catalog.query import ChangeQuery
from dashboard.model.change import Announced, ChangeRun, ChangeSign, ChangeStatus, DetectedChange
from dashboard.model.review import Verdict
from dashboard.workflows.ingest_frontline import ingest_frontlines
from dashboard.workflows.review import Order, Sieve, page, queue, summary
from dashboard.workflows.review_columns import ChangeColumns, columns, forget
from dashboard.workflows.workspace import Workspace, open_workspace

COUNT = 50_000
SAID = 2_000
"""Verdicts there are before anything is measured, of two reviewers."""
T0 = datetime(2024, 6, 1, tzinfo=UTC)
RUN = ChangeRun(
    id="run", created=T0 + timedelta(days=120), method="change-tstat", parameters=(("far", 1e-3),), before="a",
    after="b", extent=(33.0, 46.0, 39.0, 50.0), observed_km2=2e5, software="nightglass", inputs=(),
    announced=Announced(
        scores=tuple(np.linspace(1, 30, 84).tolist()), per_100km2=tuple(np.linspace(9, 0.01, 84).tolist()), windows=20,
        area_km2=2e5,
    ),
)  # fmt: skip


def simulated(count: int) -> list[DetectedChange]:
    """Return ragged polygons of 4 to 40 corners along a front, first seen on one of 20 dates."""
    rng = np.random.default_rng(2026)
    found = []
    for number in range(count):
        corners = int(rng.integers(4, 40))
        angle = np.sort(rng.uniform(0, 2 * np.pi, corners))
        radius = rng.uniform(2e-4, 2e-3) * rng.uniform(0.6, 1.0, corners)
        lon, lat = rng.uniform(33, 39), rng.uniform(46, 50)
        ring = np.column_stack([lon + 1.5 * radius * np.cos(angle), lat + radius * np.sin(angle)])
        seen = T0 + timedelta(days=6 * int(rng.integers(1, 20)))
        score = float(rng.exponential(5) + 1)
        found.append(
            DetectedChange(
                id=f"run-{number:06d}", run_id="run", geometry=shapely.Polygon(ring),
                area_m2=float(rng.uniform(1e3, 1e5)), pixels=corners * 5, after=seen - timedelta(days=6), before=seen,
                magnitude_db=float(rng.normal(0, 4)), sign=list(ChangeSign)[number % 3], p_value=1e-9,
                evidence=("a", "b"), score=score, confidence=1 - 1 / score, status=list(ChangeStatus)[number % 4],
                magnitudes=(("VV", -3.0, 6.0), ("VH", -2.0, 5.0)), looks=(60, 5),
            )
        )  # fmt: skip
    return found


def timed(call: Callable[[], object], repeats: int = 1) -> list[float]:
    """Return how long each call takes, seconds."""
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return taken


def judged(workspace: Workspace, numbers: range, reviewer: str) -> list[float]:
    """Return how long each verdict takes until it is safe."""
    verdicts = list(Verdict)

    def judge(number: int) -> None:
        workspace.catalog.reviews.judge(
            f"run-{number:06d}", reviewer, verdicts[number % 5], base=0, event_id=uuid4().hex
        )

    return [timed(partial(judge, number))[0] for number in numbers]


def before(workspace: Workspace) -> float:
    """Return how long the same takes by way of objects."""

    def ask() -> list[DetectedChange]:
        found = workspace.catalog.changes.find(ChangeQuery(run_id="run"))
        return sorted((change for change in found if change.score >= 5), key=lambda change: -change.area_m2)[:12]

    return timed(ask)[0]


def handled(workspace: Workspace, found: ChangeColumns) -> list[Row]:
    """Measure filters, orders, thresholds, pages and counts."""
    sieves = [
        Sieve(min_score=3.0), Sieve(signs=frozenset({ChangeSign.DARKER})), Sieve(verdicts=frozenset({"none"})),
        Sieve(within_km=20.0, min_area_m2=5e3), Sieve(bbox=(36.0, 47.0, 37.0, 48.0)),
        Sieve(period=(T0, T0 + timedelta(days=30)), statuses=frozenset({ChangeStatus.FIRST})),
    ]  # fmt: skip
    distances = timed(lambda: found.front_km)[0]
    sifted = [timed(lambda s=sieve, o=order: queue(found, s, o))[0] for order in Order for sieve in sieves]
    slid = [timed(lambda t=t: queue(found, Sieve(min_score=t), Order.SIZE))[0] for t in np.linspace(0, 30, 100)]
    rows = queue(found, Sieve(), Order.CONFIDENCE)
    paged = [timed(lambda p=p: page(workspace, found, rows[p * 12 : p * 12 + 12]))[0] for p in range(0, 4000, 40)]
    counted = timed(lambda: summary(found, rows), 20)
    return [
        Row(
            promise=f"distance of all {len(found):,} to the front, once",
            figure=f"{distances:.1f} s",
            target="",
            peer="",
        ),
        Row(promise="filter and sort", figure=p50_p95(sifted), target="<= 20 ms", peer=""),
        Row(promise="threshold", figure=p50_p95(slid), target="<= 20 ms", peer=""),
        Row(promise="page of 12", figure=p50_p95(paged), target="<= 20 ms", peer=""),
        Row(promise="count, precision and agreement", figure=p50_p95(counted), target="<= 20 ms", peer=""),
    ]


def run(folder: Path) -> list[Row]:
    """Measure everything over a new catalogue in a folder."""
    shutil.rmtree(folder / "review", ignore_errors=True)
    with open_workspace(folder / "review") as workspace:
        if DAYS.is_file():
            ingest_frontlines(workspace, [DAYS], provider=PROVIDER)
        found = simulated(COUNT)
        recorded = timed(lambda: workspace.catalog.changes.add_run(RUN, found))[0]
        said = judged(workspace, range(SAID), "anna") + judged(workspace, range(0, SAID, 2), "boris")
        look = partial(columns, workspace, "run", reviewer="anna")
        look()  # the front itself is read once, whatever the run
        cold = []
        for _ in range(5):
            forget()
            cold += timed(look)
        after = []
        for number in range(SAID, SAID + 50):
            judged(workspace, range(number, number + 1), "anna")
            after += timed(look)
        note = f"{COUNT:,} changes, {len(said):,} verdicts; front: {'real days' if DAYS.is_file() else 'none'}"
        return [
            Row(promise=f"record {COUNT:,} changes", figure=f"{recorded:.1f} s", target="", peer="", note=note),
            Row(
                promise="columns, cold", figure=p50_p95(cold), target="<= 1 s", peer=f"{before(workspace):.1f} s",
                note="peer: the run as objects, sorted and filtered, without distances",
            ),
            Row(promise="columns after a verdict", figure=p50_p95(after), target="<= 20 ms", peer=""),
            *handled(workspace, look()),
            Row(
                promise="verdict, until it is safe", figure=f"{p50_p95(said)}; {len(said) / sum(said):,.0f}/s",
                target="", peer="",
            ),
        ]  # fmt: skip


def main() -> None:
    show("Review", run(folder_argument(__doc__)))


if __name__ == "__main__":
    main()
