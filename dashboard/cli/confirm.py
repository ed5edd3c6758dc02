"""`nightglass confirm`: what was guessed of an acquisition, and a person's word on it."""

from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dashboard.settings.config import load_settings


def confirm_fields(
    acquisition: Annotated[str, typer.Argument(help="Id of the acquisition.", show_default=False)],
    data: Annotated[
        Path | None, typer.Option("--data", help="Data directory; by default the one in the settings.")
    ] = None,
    *,
    field: Annotated[
        list[str] | None,
        typer.Option("--field", metavar="NAME[=VALUE]", help="Confirm a guess as it is, or give the right value."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Confirm every guess as it is.")] = False,
    who: Annotated[str, typer.Option("--who", help="Who confirms; by default the name of this account.")] = "",
) -> None:
    """List what was guessed or is not known of an acquisition; with --field or --all, confirm it."""
    from dashboard.workflows.confirm_fields import confirm, confirmable, value_text  # noqa: PLC0415 - slow to import
    from dashboard.workflows.workspace import open_workspace  # noqa: PLC0415

    with open_workspace(load_settings().data if data is None else data) as workspace:
        found = workspace.catalog.acquisitions.get(acquisition)
        fields: dict[str, str | None] = dict.fromkeys(sorted(found.origin.guessed) if everything else ())
        for text in field or ():
            name, equals, value = text.partition("=")
            fields[name.strip()] = value if equals else None
        if not fields:
            _show([(name, text, name in found.origin.guessed) for name, text in confirmable(found).items()])
            return
        done = confirm(workspace, acquisition, fields, who or getuser())
    for name, said in fields.items():
        Console().print(f"{name}: {value_text(done, name) or said or 'unknown'}", highlight=False, markup=False)


def _show(rows: list[tuple[str, str, bool]]) -> None:
    if not rows:
        Console().print("nothing was guessed, and nothing is missing")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("field", "value", "state"):
        table.add_column(title, overflow="fold")
    for name, text, guessed in rows:
        table.add_row(name, Text(text), "guessed" if guessed else "not known")
    Console().print(table)
