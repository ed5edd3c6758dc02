"""Exercise NIGHTGLASS: a made-up contest between BLUE and ORANGE, simulated and taken in like any delivery."""

import json
import shutil
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp

from shapely import Point, box

from dashboard.catalog.catalog import AcquisitionQuery
from dashboard.geo.mercator import extent_of
from dashboard.model.area import Area
from dashboard.model.errors import InputError, ResourceError
from dashboard.model.handling import Handling
from dashboard.model.progress import CancelToken, Progress, Report, silent
from dashboard.model.view import CompareMode, View
from dashboard.simulate.delivery import deliver
from dashboard.simulate.events import DAYS, START
from dashboard.simulate.front import CONTROL, OSINT, retrieved, write_fronts, write_second_opinion, write_sectors
from dashboard.simulate.ground import HALF_M, to_degrees
from dashboard.simulate.plan import STACKS, Planned, hollow, plan
from dashboard.simulate.product import CAVEAT, write_hollow
from dashboard.simulate.truth import write_terrain, write_truth
from dashboard.sources.product import Given
from dashboard.sources.registry import worker
from dashboard.workflows.exercise_notes import take_in_notes
from dashboard.workflows.ingest import IngestEntry, ingest
from dashboard.workflows.ingest_frontline import FrontOptions, ingest_frontlines
from dashboard.workflows.ingest_outlines import ingest_outlines
from dashboard.workflows.workspace import Workspace

VERSION = "exercise-nightglass-5"
"""Grows with every change of what is simulated: a workspace with an older exercise is completed, not rebuilt."""
FOLDER, DELIVERED = "exercise", "delivered.json"
SYNTHETIC = Handling(caveats=frozenset({CAVEAT}), regimes=frozenset({"CC0-1.0"}))
PROVIDER = CONTROL
AREA_NAME = "Exercise NIGHTGLASS"
AHEAD = 2
"""Products simulated ahead of ingest: one thread draws while the caller's archives."""
STORY_DAYS = (43, 49)
"""Before and after the first blocks were destroyed, in the first stack of the plan."""
STORY_CENTRE_M = (480.0, 330.0)
STORY_PIXEL_M = (585.0, 330.0)
"""A destroyed block, right of the swipe line: east and north, metres."""
STORY_HALF_M = (2000.0, 1150.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of the exercise is built."""

    half_m: float = HALF_M
    """Half the side of what is imaged, metres."""
    limit: int | None = None
    """At most so many acquisitions; None means all."""


def build_exercise(
    workspace: Workspace,
    *,
    seed: int = 2026,
    scale: Scale | None = None,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> None:
    """Simulate the exercise and take it in: products through the ordinary readers, passes, frontlines, the area.

    Acquisitions that are there already are passed over, so a stopped build goes on where it stopped; a finished one
    returns at once. Truth is written to ``<root>/exercise/truth.geojson`` and ``terrain.geojson``.

    Raises
    ------
    CancelledError
        If `cancel` was set; what was taken in stays.
    InputError
        If the workspace holds an exercise whose products came in another way.
    ResourceError
        If a product could not be taken in.
    """
    chosen = scale or Scale()
    folder = workspace.root / FOLDER
    marker = folder / "version"
    wanted = f"{VERSION} seed={seed} half={chosen.half_m:g} limit={chosen.limit}\n"
    if marker.is_file() and marker.read_text(encoding="utf-8") == wanted:
        return
    if marker.is_file() and not (folder / DELIVERED).is_file():
        msg = f"{workspace.root} holds the exercise of an older Nightglass; remove that folder or choose another."
        raise InputError(msg)
    folder.mkdir(parents=True, exist_ok=True)
    for left_over in folder.glob("incoming-*"):
        shutil.rmtree(left_over)
    report(Progress(0.0, "Drawing the ground"))
    write_terrain(folder, seed)
    write_truth(folder, seed)
    incoming = Path(mkdtemp(prefix="incoming-", dir=folder))
    try:
        _take_in_products(workspace, incoming, (seed, chosen), report, cancel or CancelToken())
        report(Progress(0.97, "Taking in frontlines"))
        _take_in_records(workspace, incoming, seed, chosen)
    finally:
        worker().end()  # dozens of products are through: the process would only hold memory now
        shutil.rmtree(incoming, ignore_errors=True)
    workspace.catalog.areas.add(_area())
    part = marker.with_name("version.part")
    part.write_text(wanted, encoding="utf-8")
    part.replace(marker)
    report(Progress(1.0, "The exercise is ready"))


def exercise_view(workspace: Workspace) -> View:
    """Return the view of the first visit: the town across its destruction, and the line that moved with it.

    Raises
    ------
    NotFoundError
        If the exercise has not been built in this workspace.
    """
    stack = [planned for planned in plan() if planned.stack is STACKS[0]]
    there = delivered(workspace)
    before, after = (there.get(next(p for p in stack if int(p.day) == day).id, "") for day in STORY_DAYS)
    for name in (before, after):
        workspace.catalog.acquisitions.get(name)
    (east, north), (half_x, half_y) = STORY_CENTRE_M, STORY_HALF_M
    scene = to_degrees(box(east - half_x, north - half_y, east + half_x, north + half_y))
    block = to_degrees(Point(STORY_PIXEL_M))
    return View(
        extent=extent_of(scene.bounds, margin=0.0),
        a=before,
        b=after,
        compare=CompareMode.SWIPE,
        split=0.5,
        polarisation=STACKS[0].polarisations[0],
        provider=PROVIDER,
        pixel=(block.centroid.x, block.centroid.y),
        period=(START, START + timedelta(days=DAYS)),
    )


def delivered(workspace: Workspace) -> dict[str, str]:
    """Return which acquisition in the catalogue each planned one became: planned id -> acquisition id."""
    try:
        noted = json.loads((workspace.root / FOLDER / DELIVERED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    there = {a.id for a in workspace.catalog.acquisitions.find(AcquisitionQuery(with_pixels=True))}
    return {planned: name for planned, name in noted.items() if name in there}


def _note_delivered(workspace: Workspace, found: dict[str, str]) -> None:
    path = workspace.root / FOLDER / DELIVERED
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(found, indent=1), encoding="utf-8")
    part.replace(path)


def _area() -> Area:
    west, south, east, north = to_degrees(box(-HALF_M, -HALF_M, HALF_M, HALF_M)).bounds
    return Area(AREA_NAME, (west, south, east, north))


def _take_in_products(
    workspace: Workspace, incoming: Path, what: tuple[int, Scale], report: Report, cancel: CancelToken
) -> None:
    seed, scale = what
    there = delivered(workspace)
    wanted = plan(scale.half_m, scale.limit)
    todo = [planned for planned in wanted if planned.id not in there]

    def simulate(planned: Planned) -> Path:
        cancel.check()
        folder = incoming / planned.id
        folder.mkdir()
        return deliver(planned, folder, seed)

    for n, (planned, path) in enumerate(_ahead(simulate, todo)):
        cancel.check()
        share = (len(wanted) - len(todo) + n) / len(wanted)
        report(Progress(0.02 + 0.95 * share, f"Simulating and taking in {planned.id}"))
        given = Given(handling=SYNTHETIC, time=planned.start)
        entries = _checked(ingest(workspace, [path], given=given, cancel=cancel))
        there[planned.id] = next(entry.id for entry in entries if entry.id is not None)
        _note_delivered(workspace, there)
        shutil.rmtree(path)


def _ahead(make: Callable[[Planned], Path], todo: Sequence[Planned]) -> Iterator[tuple[Planned, Path]]:
    """Yield each item with its product, made in a second thread a few items ahead."""
    pool = ThreadPoolExecutor(1, "simulate")
    try:
        waiting: deque[tuple[Planned, Future[Path]]] = deque()
        for planned in todo:
            waiting.append((planned, pool.submit(make, planned)))
            if len(waiting) > AHEAD:
                first, made = waiting.popleft()
                yield first, made.result()
        while waiting:
            first, made = waiting.popleft()
            yield first, made.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _take_in_records(workspace: Workspace, incoming: Path, seed: int, scale: Scale) -> None:
    """Take in what has no pixels: passes that were not delivered, who held which ground by two accounts, sectors."""
    _checked(ingest(workspace, [write_hollow(planned, incoming) for planned in hollow(scale.half_m)]))
    marked = Handling(caveats=frozenset({CAVEAT}))
    for provider, write in ((PROVIDER, write_fronts), (OSINT, write_second_opinion)):
        for path, valid_from in write(incoming, seed):
            options = FrontOptions(valid_from=valid_from, handling=marked, retrieved=retrieved(valid_from))
            _checked(ingest_frontlines(workspace, [path], provider=provider, options=options))
    _checked(ingest_outlines(workspace, [write_sectors(incoming)]))
    if scale.limit is None:  # they rest on pictures that a part of the exercise may lack
        take_in_notes(workspace, seed)


def _checked(entries: Sequence[IngestEntry]) -> Sequence[IngestEntry]:
    """Return what came of products that all were taken in.

    Raises
    ------
    ResourceError
        If one was not, or there was none.
    """
    failed = [entry for entry in entries if entry.status.startswith("failed")]
    if failed or not entries:
        reason = f"{failed[0].path.name}: {failed[0].status} {failed[0].message}" if failed else "nothing was read"
        msg = (
            f"The exercise could not be taken in ({reason}). Free disk space or choose another workspace, then repeat."
        )
        raise ResourceError(msg)
    return entries
