"""`nightglass annotations`: bring annotations in from a file, or write those that match to one."""

from collections.abc import Sequence
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from dashboard.cli.asking import bar
from dashboard.model.annotation import AnnotationKind
from dashboard.model.dtg import parse_moment
from dashboard.model.errors import InputError
from dashboard.model.handling import UNMARKED, Handling, Tlp
from dashboard.settings.config import load_settings

if TYPE_CHECKING:
    from dashboard.catalog.query import Box
    from dashboard.workflows.workspace import Workspace

annotations = typer.Typer(help="Annotations in and out of files.", no_args_is_help=True)

FORMATS = "GeoJSON, KML, KMZ or GeoPackage"
Data = Annotated[Path | None, typer.Option("--data", help="Data directory; by default the one in the settings.")]
Moment = Annotated[str | None, typer.Option(metavar="TIME", help="061530ZMAY24 or ISO 8601, UTC.")]


@annotations.command("import")
def bring_in(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=f"{FORMATS}.", show_default=False)],
    data: Data = None,
    *,
    author: Annotated[str, typer.Option("--author", help="Who signs; by default the name of this account.")] = "",
    tlp: Annotated[str, typer.Option("--tlp", help="Sharing label added to what the file states, e.g. AMBER.")] = "",
    credit: Annotated[str, typer.Option("--credit", help="Credit line that every export must carry.")] = "",
) -> None:
    """Record the annotations of a file: all of them or, if it cannot be used, none."""
    from dashboard.workflows.exchange import import_annotations  # noqa: PLC0415 - the database is slow to import

    handling = UNMARKED & Handling(tlp=_tlp(tlp), attributions=frozenset({credit} if credit else ()))
    with _workspace(data) as workspace, bar() as report:
        made = import_annotations(workspace, file, author=author or getuser(), handling=handling, report=report)
    _say(made.lost)
    counts = ((made.saved, "recorded"), (made.drafts, "kept as drafts"), (made.skipped, "already here"))
    words = [f"{count:,} {what}" for count, what in (*counts, (made.conflicts, "in conflict")) if count]
    Console().print(", ".join(words) or "nothing found", highlight=False)


@annotations.command("export")
def write_out(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=f"{FORMATS}, by its suffix.", show_default=False)],
    data: Data = None,
    *,
    bbox: Annotated[
        str | None, typer.Option("--bbox", metavar="W,S,E,N", help="Only what touches this box, degrees.")
    ] = None,
    valid_at: Moment = None,
    known_at: Moment = None,
    kind: Annotated[list[AnnotationKind] | None, typer.Option("--kind", help="Only these; may be repeated.")] = None,
) -> None:
    """Write annotations to a file that carries their handling; refused where a licence or an embargo forbids it."""
    from dashboard.catalog.query import AnnotationQuery  # noqa: PLC0415 - as above
    from dashboard.workflows.exchange import export_annotations  # noqa: PLC0415

    query = AnnotationQuery(
        bbox=None if bbox is None else _box(bbox),
        valid_at=None if valid_at is None else parse_moment(valid_at),
        known_at=None if known_at is None else parse_moment(known_at),
        kinds=tuple(kind or ()),
        limit=None,
    )
    with _workspace(data) as workspace, bar() as report:
        made = export_annotations(workspace, query, file, report=report)
    _say(made.lost)
    text = f"{made.path}: {made.count:,} annotations, {made.handling.banner}"
    Console().print(text, highlight=False, markup=False, soft_wrap=True)


def _say(lost: Sequence[str]) -> None:
    console = Console(stderr=True)
    for line in lost:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _tlp(text: str) -> Tlp | None:
    name = text.strip().upper().removeprefix("TLP:").replace("+", "_")
    if name and name not in Tlp.__members__:
        labels = ", ".join(label.label for label in Tlp)
        raise InputError(f"--tlp is {text[:40]!r}, which is no label of the Traffic Light Protocol; give {labels}.")
    return Tlp[name] if name else None


def _box(text: str) -> "Box":
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(f"--bbox is {text[:60]!r}; give west,south,east,north in degrees.") from error
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south < north <= 90):
        raise InputError(f"--bbox {text[:60]!r} is no box on the globe; give west,south,east,north in degrees.")
    return west, south, east, north


def _workspace(data: Path | None) -> "Workspace":
    from dashboard.workflows.workspace import open_workspace  # noqa: PLC0415 - as above

    root = load_settings().data if data is None else data
    if not (root / "catalog.sqlite").is_file():
        raise InputError(f"{root} holds no Nightglass data; give its directory with --data.")
    return open_workspace(root)
