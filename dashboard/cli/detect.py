"""`nightglass detect`: what changed in an area between two periods, recorded and written to a file."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from dashboard.cli.asking import Box, Data, bar, box, existing_workspace, period
from dashboard.model.errors import InputError, NotFoundError
from dashboard.model.progress import CancelToken
from dashboard.settings.config import load_settings

if TYPE_CHECKING:
    from dashboard.model.change import ChangeRun, DetectedChange
    from dashboard.workflows.detection.question import Period, Question
    from dashboard.workflows.workspace import Workspace

SUFFIXES = (".gpkg", ".geojson")
METHODS = ("auto", "change-tstat", "log-ratio", "sequential-omnibus", "change-point", "pwtt")
SCREEN_PX = 1600
"""Pixels across an area that is not searched at full resolution."""
_BASIS = {
    "placebo": "looks before the event in which nothing happened",
    "theory": "the law of the statistic",
    "stated": "its producer's own words",
}


def detect(  # noqa: PLR0913 - the options of a command are its interface
    data: Data = None,
    *,
    area: Annotated[str, typer.Option("--area", metavar="NAME|W,S,E,N", help="Name of an area, or a box in degrees.")],
    before: Annotated[str, typer.Option("--before", metavar="FROM/TO", help="Quiet past; days or ISO 8601, UTC.")],
    after: Annotated[str, typer.Option("--after", metavar="FROM/TO", help="When the change may show.")],
    output: Annotated[Path, typer.Option("--output", metavar="FILE", help="A .gpkg or .geojson file to write.")],
    method: Annotated[str, typer.Option("--method", help=f"One of {', '.join(METHODS)}.")] = "auto",
    far: Annotated[float, typer.Option("--far", help="False-alarm rate of one seed pixel.")] = 1e-3,
    false: Annotated[
        float,
        typer.Option("--false-per-100km2", min=0.0, help="Write only from the score at which so many are announced."),
    ] = 5.0,
    constellation: Annotated[
        list[str] | None, typer.Option("--constellation", help="Only stacks of these; may be repeated.")
    ] = None,
    stack: Annotated[
        list[str] | None,
        typer.Option("--stack", metavar="ID", help="Only the stack of this acquisition; may be repeated."),
    ] = None,
    polarisation: Annotated[
        list[str] | None, typer.Option("--polarisation", help="Only these, e.g. VV; may be repeated.")
    ] = None,
    resolution: Annotated[
        float | None, typer.Option("--resolution", metavar="METRES", help="Side of a pixel; searched tile by tile.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Search at full resolution, tile by tile.")] = False,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", metavar="tcp://HOST:PORT", help="Dask scheduler for the tiles.")
    ] = None,
) -> None:
    """Find what changed in an area between two periods, record the run and write what it found."""
    from dashboard.workflows.detection.export import write_changes  # noqa: PLC0415 - the database is slow to import

    _writable(output)
    periods = _period("--before", before), _period("--after", after)
    with existing_workspace(data) as workspace:
        where = _where(workspace, area)
        question = _question(
            workspace, where, periods, method=method, far=far,
            stacks=stack or [], constellations=constellation or [], polarisations=polarisation or [],
        )  # fmt: skip
        with bar("choosing looks") as report, _until_interrupted() as cancel:
            if full or resolution is not None:
                from dashboard.workflows.detection.area import detect_area  # noqa: PLC0415 - Dask is slow to import

                run, changes = detect_area(
                    workspace, question, bbox=where, resolution_m=resolution,
                    scheduler=scheduler or load_settings().dask_scheduler or None, report=report, cancel=cancel,
                )  # fmt: skip
            else:
                from dashboard.workflows.detection.run import detect as on_grid  # noqa: PLC0415 - as above
                from dashboard.workflows.detection.run import grid_over  # noqa: PLC0415

                geobox = grid_over(workspace, question, where, SCREEN_PX)
                run, changes = on_grid(workspace, question, geobox=geobox, report=report, cancel=cancel)
        least = -inf if run.announced is None else run.announced.score_for(false)
        write_changes(workspace, run.id, output, min_score=least)
    _say(run, changes, least, output)


def _writable(output: Path) -> None:
    if output.suffix.lower() not in SUFFIXES:
        raise InputError(f"--output {output.name} is none of {', '.join(SUFFIXES)}; detected changes leave in these.")
    if not output.absolute().parent.is_dir():
        raise InputError(f"--output: there is no folder {output.absolute().parent}; create it first.")


def _period(option: str, text: str) -> "Period":
    try:
        found = period(text)
    except InputError as error:
        raise InputError(str(error).replace("--time", option)) from error
    if found is None:
        raise InputError(f"{option} is missing; give FROM/TO, such as 2024-02-01/2024-03-31.")
    return found


def _where(workspace: "Workspace", text: str) -> Box:
    parts = text.split(",")
    try:
        west, south, east, north = (float(part) for part in parts)
    except ValueError:
        return _named(workspace, text)
    try:
        found = box((west, south, east, north))
    except InputError as error:
        raise InputError(str(error).replace("--bbox", "--area")) from error
    if found is None or west > east:
        raise InputError(f"--area {text} crosses the antimeridian; search its halves one after the other.")
    return found


def _named(workspace: "Workspace", name: str) -> Box:
    from dashboard.workflows.areas import areas  # noqa: PLC0415 - as above

    known = {found.name: found.bbox for found in areas(workspace)}
    if name not in known:
        there = ", ".join(sorted(known)) or "none"
        raise NotFoundError(f"No area {name!r} in the catalogue; there are {there}. Or give W,S,E,N in degrees.")
    return known[name]


def _question(  # noqa: PLR0913 - the parts of a question
    workspace: "Workspace",
    where: Box,
    periods: "tuple[Period, Period]",
    *,
    method: str,
    far: float,
    stacks: list[str],
    constellations: list[str],
    polarisations: list[str],
) -> "Question":
    from dashboard.workflows.detection.question import Method, Question, stacks_over  # noqa: PLC0415 - as above

    if method not in METHODS:
        raise InputError(f"--method is {method[:40]!r}; give one of {', '.join(METHODS)}.")
    if stacks and constellations:
        raise InputError("Give --stack or --constellation, not both: a stack is of one constellation.")
    anchors = tuple(stacks) or stacks_over(workspace, where, *periods, constellations)
    if not anchors:
        of = f" of {', '.join(constellations)}" if constellations else ""
        what = f"No calibrated radar stack{of} looked at this area both before and after"
        raise NotFoundError(f"{what}; widen the periods, or see `nightglass coverage` for who looked when.")
    return Question(
        before=periods[0],
        after=periods[1],
        anchors=anchors,
        method=Method(method),
        far=far,
        polarisations=tuple(dict.fromkeys(name.upper() for each in polarisations for name in each.split(","))),
    )


@contextmanager
def _until_interrupted() -> Iterator[CancelToken]:
    """Turn the first Ctrl+C, or a request to terminate, into a clean end; a second one ends at once."""
    cancel = CancelToken()

    def stop(*_: object) -> None:
        cancel.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, stop)
    try:
        yield cancel
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(run: "ChangeRun", changes: "tuple[DetectedChange, ...]", least: float, output: Path) -> None:
    console = Console()
    for line in _lines(run, changes, least, output):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _lines(run: "ChangeRun", changes: "tuple[DetectedChange, ...]", least: float, output: Path) -> Iterator[str]:
    looks = len(run.looked_before or (run.before,)), len(run.looked_after or (run.after,))
    shown = sum(change.score >= least for change in changes)
    yield f"{shown:,} changes found{_expected(run, least)}"
    if shown < len(changes):
        yield f"{len(changes) - shown:,} weaker ones are recorded and not written: more of those may be chance"
    unseen = "" if run.unobserved is None else "; some of the area was not seen both before and after"
    yield f"{run.observed_km2:,.2f} km² observed{unseen}"
    yield f"method {run.method}, {looks[0]:,} acquisitions before and {looks[1]:,} after"
    yield f"basis of the false-alarm figures: {run.basis.value}, {_BASIS[run.basis.value]}"
    for remark in run.remarks:
        yield f"remark: {remark}"
    for name in ("pixel_m2", "grid_shape"):
        if name in dict(run.parameters):
            yield f"{name.replace('_', ' ')}: {dict(run.parameters)[name]}"
    yield f"run {run.id}, {run.handling.banner}"
    yield f"{output}: written"


def _expected(run: "ChangeRun", least: float) -> str:
    if run.announced is None:
        return "; how many are false was not measured"
    rate = run.announced.at(max(least, run.announced.scores[0]))
    false = rate * run.observed_km2 / 100.0
    return f" with a score of {least:.3g} or more; at most {false:,.1f} false ones expected, {rate:.3g} in 100 km²"
