"""Promises of the front in time: import, playing, ground, displacement and distance, on two years of real days.

*Next day, cold*: the snapshot read from the catalogue and decoded, and its ground compared with the first day's.
*Warm*: the same question again. *Frame*: what the screen ships for one day, 1400 px wide, over all of the front. The
play is every day in order, cold, each with its frame and its ground. Peers: geopandas reading the same file, comparing
the same pair in an equal-area projection, simplifying for the same screen, and joining the same things to the nearest
line in UTM.

Run: ``python -m benchmarks.front [FOLDER]``; the days are read beside the project, in ``../shared/data``.
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import geopandas
import numpy as np
import shapely

from benchmarks.table import Row, p50_p95, show
from dashboard.geo.disagreement import disagreement
from dashboard.geo.displacement import displacement
from dashboard.geo.front_distance import FrontDistance
from dashboard.geo.mercator import extent_of
from dashboard.workflows.front_play import frame_at
from dashboard.workflows.fronts import front_at, front_course, fronts
from dashboard.workflows.ingest_frontline import ingest_frontlines
from dashboard.workflows.workspace import Workspace, open_workspace

DAYS = Path(__file__).parents[1].parent / "shared" / "data" / "deepstate-daily" / "deepstate_daily.parquet"
PROVIDER = "deepstate"
SCREEN = (extent_of((31.0, 44.0, 41.0, 52.0)), 1400)
THINGS = 5000
T = TypeVar("T")


def timed(call: Callable[[], T]) -> tuple[float, T]:
    """Return how long a call takes, seconds, and its result."""
    start = time.perf_counter()
    found = call()
    return time.perf_counter() - start, found


def imported(workspace: Workspace) -> Row:
    ours, entries = timed(lambda: ingest_frontlines(workspace, [DAYS], provider=PROVIDER))
    peer, _ = timed(lambda: geopandas.read_parquet(DAYS).to_crs(6933).area)
    return Row(
        promise=f"import of {len(entries)} days, same days and shrinks looked for",
        figure=f"{ours:.1f} s",
        target="<= 60 s",
        peer=f"{peer:.1f} s, read and measured only",
    )


def played(workspace: Workspace, course: tuple[tuple[datetime, str], ...]) -> list[Row]:
    """Measure each day of the front in order."""
    first = course[0][0]
    cold, warm, frames = [], [], []
    for moment, _ in course:
        cold.append(timed(lambda at=moment: fronts(workspace, PROVIDER, first, at))[0])
        warm.append(timed(lambda at=moment: fronts(workspace, PROVIDER, first, at))[0])
        frames.append(timed(lambda at=moment: frame_at(workspace, PROVIDER, at, SCREEN))[0])
    rate = len(course) / (sum(cold) + sum(frames))
    ground, drawing = peers_of_a_day()
    return [
        Row(promise="next day, cold", figure=p50_p95(cold), target="<= 40 ms", peer=p50_p95(ground)),
        Row(promise="next day, warm", figure=p50_p95(warm), target="", peer=""),
        Row(promise="frame of a day", figure=p50_p95(frames), target="", peer=p50_p95(drawing)),
        Row(promise="play, every day cold", figure=f"{rate:.0f} days/s", target=">= 10 days/s", peer=""),
    ]


def peers_of_a_day() -> tuple[list[float], list[float]]:
    """Return the seconds geopandas takes for ground gained and lost, and for a simplified day."""
    days = geopandas.read_parquet(DAYS)
    equal_area, mercator = days.to_crs(6933).geometry, days.to_crs(3857).geometry
    pixel = (SCREEN[0].x1 - SCREEN[0].x0) / SCREEN[1]
    first = equal_area.iloc[:1]

    def ground(number: int) -> float:
        other = equal_area.iloc[number : number + 1]
        return float(other.difference(first, align=False).area.sum() + first.difference(other, align=False).area.sum())

    numbers = range(1, len(days), 40)
    drawing = [timed(lambda n=n: mercator.iloc[n : n + 1].simplify(pixel / 2))[0] for n in numbers]
    return [timed(lambda n=n: ground(n))[0] for n in numbers], drawing


def measured(workspace: Workspace, course: tuple[tuple[datetime, str], ...]) -> list[Row]:
    """Measure displacement, disagreement and distance."""
    first, last = (front_at(workspace, PROVIDER, course[place][0]) for place in (0, -1))
    assert first is not None
    assert last is not None
    moves = [timed(lambda: displacement(first, last, "occupied"))[0] for _ in range(5)]
    bands = [timed(lambda: disagreement(first, last))[0] for _ in range(5)]
    rng = np.random.default_rng(7)
    places = shapely.points(rng.uniform(33, 40, THINGS), rng.uniform(45, 51, THINGS))
    things = list(shapely.buffer(places, 0.001, quad_segs=4))
    distances = [timed(lambda: FrontDistance(last).relate(things))[0] for _ in range(5)]
    lines = geopandas.GeoDataFrame(geometry=[last.areas[0].geometry.boundary], crs=4326).to_crs(32637)
    table = geopandas.GeoDataFrame(geometry=things, crs=4326)
    peer = [timed(lambda: table.to_crs(32637).sjoin_nearest(lines, distance_col="m"))[0] for _ in range(2)]
    return [
        Row(promise="displacement, first day to last", figure=p50_p95(moves), target="", peer=""),
        Row(promise="disagreement, first day and last", figure=p50_p95(bands), target="", peer=""),
        Row(
            promise=f"distance and side of {THINGS:,} things",
            figure=p50_p95(distances),
            target="<= 300 ms",
            peer=p50_p95(peer),
        ),
    ]


def run(folder: Path) -> list[Row]:
    """Measure everything on the real days; one row says so where they are not on this machine."""
    if not DAYS.is_file():
        return [Row(promise="the front in time", figure="not measured", target="", peer="", note=f"{DAYS} is absent")]
    shutil.rmtree(folder / "front", ignore_errors=True)
    with open_workspace(folder / "front") as workspace:
        row = imported(workspace)
        course = front_course(workspace, PROVIDER)
        return [row, *played(workspace, course), *measured(workspace, course)]


def main() -> None:
    """Print the table."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp(prefix="nightglass-front-"))
    folder.mkdir(parents=True, exist_ok=True)
    show("The front in time", run(folder))


if __name__ == "__main__":
    main()
