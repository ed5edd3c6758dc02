"""``nightglass snapshot``: a view as a marked map sheet, without a browser."""

from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from dashboard.briefing.token import MAX_BYTES, read_token
from dashboard.model.errors import InputError
from dashboard.model.progress import Progress as Step
from dashboard.model.token import decode
from dashboard.settings.config import load_settings

PARAMETER = "v"
"""Name of the URL parameter that carries the view."""


def snapshot(  # noqa: PLR0913 - the options of a command are its interface
    view: Annotated[
        str, typer.Argument(metavar="VIEW", help="View token, the page's whole URL, or an exported PNG or PDF.")
    ],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write; .png or .pdf decides the format.")],
    page: Annotated[str, typer.Option(help="Page size: a4 or 16x9.")] = "a4",
    title: Annotated[str, typer.Option(help="Title; without it, the area and what is compared.")] = "",
    author: Annotated[str, typer.Option(help="Initials printed at the foot.")] = "",
    data: Annotated[Path | None, typer.Option(help="Data directory; without it, the one in the settings.")] = None,
    light: Annotated[bool, typer.Option("--light/--dark", help="Light or dark paper.")] = True,
) -> None:
    """Write a view as a map sheet: PNG at 300 dpi or PDF."""
    from dashboard.briefing.files import format_of  # noqa: PLC0415 - Matplotlib is slow to import
    from dashboard.briefing.layout import page_of  # noqa: PLC0415
    from dashboard.workflows.brief import SnapshotOptions  # noqa: PLC0415
    from dashboard.workflows.brief import snapshot as write_snapshot  # noqa: PLC0415

    root = data if data is not None else load_settings().data
    if not (root / "catalog.sqlite").is_file():
        raise InputError(f"{root} holds no Nightglass data; give its directory with --data.")
    options = SnapshotOptions(
        page=page_of(page),
        format=format_of(output.suffix or output.name),
        title=title,
        author=author,
        theme="light" if light else "dark",
    )
    found = decode(token_of(view))
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Starting", total=1.0)

        def show(step: Step) -> None:
            bar.update(task, completed=step.done, description=step.text)

        write_snapshot(root, found, options, output, report=show)
    console.print(str(output), highlight=False, markup=False, soft_wrap=True)


def token_of(text: str) -> str:
    """Return the view token in what a person gave: the token, a URL that carries one, or the path of an exported file.

    Raises
    ------
    InputError
        If it is none of these.
    """
    text = text.strip()
    if text.startswith(("http://", "https://", "/?", "?")):
        carried = parse_qs(urlsplit(text).query).get(PARAMETER, [])
        if not carried:
            raise InputError(f"This URL carries no view; copy the whole address, with its ?{PARAMETER}= part.")
        return carried[0]
    path = Path(text)
    if path.suffix.lower() in {".png", ".pdf"}:
        return read_token(_contents(path))
    return text


def _contents(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check the path.") from error
