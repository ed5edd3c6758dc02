"""`nightglass front`: what is held for a person, their decision, and the front between two dates in numbers."""

import json
from collections.abc import Iterable
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dashboard.model.dtg import iso, parse_moment
from dashboard.model.errors import InputError
from dashboard.settings.config import load_settings

if TYPE_CHECKING:
    from dashboard.geo.displacement import Displacement
    from dashboard.workflows.front_report import FrontReport
    from dashboard.workflows.workspace import Workspace

front = typer.Typer(help="Frontlines: held snapshots, decisions about them, and reports.", no_args_is_help=True)

Data = Annotated[Path | None, typer.Option("--data", help="Data directory; by default the one in the settings.")]
Ids = Annotated[list[str], typer.Argument(help="Ids of held snapshots.", show_default=False)]
Author = Annotated[str, typer.Option("--author", help="Who decides; by default the name of this account.")]
Provider = Annotated[str | None, typer.Option("--provider", help="By default the first there is.")]
Moment = Annotated[str | None, typer.Option(metavar="TIME", help="061530ZMAY24 or ISO 8601, UTC.")]


@front.command()
def held(
    data: Data = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also those that were decided about.")] = False,
) -> None:
    """List the snapshots that wait for a person, with the reason."""
    from dashboard.workflows.held import held as waiting  # noqa: PLC0415 - the database is slow to import

    with _workspace(data) as workspace:
        found = waiting(workspace, decided=everything)
    words = {None: "waits", True: "accepted", False: "refused"}
    rows = [(words[one.accepted], one.id, iso(one.valid_from), one.reason) for one in found]
    if rows:
        Console().print(_table(("state", "snapshot", "valid from", "why"), rows))
    else:
        Console().print("nothing is held")


@front.command()
def accept(ids: Ids, data: Data = None, *, author: Author = "") -> None:
    """Let held snapshots count from now on; recorded with author and time."""
    _decide(ids, data, author, accepted=True)


@front.command()
def refuse(ids: Ids, data: Data = None, *, author: Author = "") -> None:
    """Keep held snapshots out of every map; recorded with author and time."""
    _decide(ids, data, author, accepted=False)


@front.command()
def report(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="061530ZMAY24 or ISO 8601, UTC.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="061530ZMAY24 or ISO 8601, UTC.")],
    data: Data = None,
    *,
    provider: Provider = None,
    known_at: Moment = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Print ground gained and lost, length and displacement of the front between two dates, by side and by area."""
    from dashboard.workflows.front_report import report as between  # noqa: PLC0415 - as above
    from dashboard.workflows.fronts import providers  # noqa: PLC0415

    known = None if known_at is None else parse_moment(known_at)
    with _workspace(data) as workspace:
        chosen = provider or next(iter(providers(workspace, known)), None)
        if chosen is None:
            raise InputError("No frontline is known; take one in with `nightglass ingest-frontline`.")
        found = between(workspace, chosen, parse_moment(before), parse_moment(after), known)
    if found is None:
        msg = f"{chosen} says nothing of one of the dates; give dates from its first snapshot on."
        raise InputError(msg)
    console = Console()
    if as_json:
        console.print_json(json.dumps(_plain(found)))
        return
    for table in _tables(found):
        console.print(table)


def _decide(ids: list[str], data: Path | None, author: str, *, accepted: bool) -> None:
    from dashboard.workflows.held import decide  # noqa: PLC0415 - as above

    with _workspace(data) as workspace:
        for id_ in ids:
            event = decide(workspace, id_, accepted, author or getuser())
            done = "accepted" if accepted else "refused"
            Console().print(f"{id_}: {done} by {event.author}", highlight=False, markup=False, soft_wrap=True)


def _workspace(data: Path | None) -> "Workspace":
    from dashboard.workflows.workspace import open_workspace  # noqa: PLC0415 - as above

    root = load_settings().data if data is None else data
    if not (root.expanduser() / "catalog.sqlite").is_file():
        msg = f"{root} holds no Nightglass data; give its directory with --data."
        raise InputError(msg)
    return open_workspace(root)


def _plain(found: "FrontReport") -> dict[str, Any]:
    return {
        "provider": found.provider,
        "before": {"id": found.before.id, "valid_from": iso(found.before.valid_from)},
        "after": {"id": found.after.id, "valid_from": iso(found.after.valid_from)},
        "days": found.days,
        "sides": [
            {
                "side": side.side,
                "gained_km2": side.gained_km2,
                "lost_km2": side.lost_km2,
                "net_km2": side.net_km2,
                "rate_km2_day": side.rate_km2_day,
                "length_before_km": side.length_before_km,
                "length_after_km": side.length_after_km,
                "moved_km": _extremes(side.displacement),
            }
            for side in found.sides
        ],
        "areas": [
            {
                "name": row.name,
                "level": row.level,
                "side": row.side,
                "gained_km2": row.gained_km2,
                "lost_km2": row.lost_km2,
            }
            for row in found.by_unit
        ],
    }


def _tables(found: "FrontReport") -> list[Table]:
    title = f"{found.provider}, {iso(found.before.valid_from)} to {iso(found.after.valid_from)}"
    columns = ("side", "gained km2", "lost km2", "net km2", "km2/day", "front km", "moved km, least and most")
    rows = [
        (
            side.side,
            f"{side.gained_km2:,.2f}",
            f"{side.lost_km2:,.2f}",
            f"{side.net_km2:+,.2f}",
            "" if side.rate_km2_day is None else f"{side.rate_km2_day:+,.2f}",
            f"{side.length_before_km:,.1f} to {side.length_after_km:,.1f}",
            " to ".join(f"{km:+,.2f}" for km in _extremes(side.displacement)),
        )
        for side in found.sides
    ]
    tables = [_table(columns, rows, title)]
    if found.by_unit:
        units = [
            (row.name, row.level, row.side, f"{row.gained_km2:,.2f}", f"{row.lost_km2:,.2f}", f"{row.net_km2:+,.2f}")
            for row in found.by_unit
        ]
        tables.append(_table(("area", "level", "side", "gained km2", "lost km2", "net km2"), units, "By area"))
    return tables


def _extremes(displacement: "Displacement | None") -> tuple[float, ...]:
    """Return the least and the greatest movement, negative where ground was lost; nothing without a displacement."""
    moved = [] if displacement is None else [segment.moved_km for segment in displacement.segments]
    return (min(moved), max(moved)) if moved else ()


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]], title: str | None = None) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return table
