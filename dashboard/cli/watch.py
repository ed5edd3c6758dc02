"""`nightglass watch`: take in what arrives in a folder until someone ends it."""

import contextlib
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from dashboard.cli.asking import Data, aliases_in, data_root
from dashboard.model.errors import CancelledError
from dashboard.model.handling import Rank
from dashboard.model.progress import CancelToken
from dashboard.settings.config import load_settings

if TYPE_CHECKING:
    from dashboard.workflows.watch import Event, Watch

STATUS_WIDTH = 13
LONGEST_REASON = 300
"""Characters of a reason that are printed whole."""
STYLES = {"added": "green", "quarantined": "red", "held": "yellow", "waiting": "yellow"}


def watch(  # noqa: PLR0913 - the options of a command are its interface
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where products arrive.", show_default=False)],
    data: Data = None,
    *,
    interval: Annotated[float, typer.Option("--interval", min=0.05, help="Seconds between two looks.")] = 10.0,
    aside: Annotated[
        Path | None,
        typer.Option("--quarantine", help="Where to what fails is moved; by default DIR/quarantine."),
    ] = None,
    patience: Annotated[
        float, typer.Option("--patience", min=0.0, help="Seconds that a side-car may come late.")
    ] = 300.0,
    once: Annotated[bool, typer.Option("--once", help="Take in what is there and end.")] = False,
    dem: Annotated[
        Path | None, typer.Option("--dem", help="GeoTIFF of ellipsoidal heights for products in radar geometry.")
    ] = None,
    aliases: Annotated[
        Path | None,
        typer.Option("--aliases", help="TOML of field names for formats without a public specification."),
    ] = None,
) -> None:
    """Take in what arrives once it has stopped growing; what fails is moved aside with its reason. Ctrl+C ends it."""
    from dashboard.sources.product import Given  # noqa: PLC0415 - GDAL is slow to import
    from dashboard.workflows.watch import WatchOptions, open_watch  # noqa: PLC0415
    from dashboard.workflows.workspace import open_workspace  # noqa: PLC0415

    ceiling = Rank(load_settings().ceiling)
    where = None if aside is None else aside.expanduser().absolute()
    options = WatchOptions(
        quarantine=where,
        patience_s=patience,
        given=Given(dem=dem, aliases=aliases or aliases_in(data_root(data)), ceiling=ceiling),
    )
    console, counts = Console(), Counter[str]()
    with open_workspace(data_root(data)) as workspace, _until_interrupted() as (cancel, ended):
        watched = open_watch(workspace, folder, options)
        how = f"twice, {interval:g} s apart" if once else f"every {interval:g} s; Ctrl+C ends it"
        console.print(f"Watching {watched.folder} {how}.", highlight=False, markup=False)

        def tell(event: "Event") -> None:
            counts[event.status] += 1
            _print(console, event)

        with watched.ledger:
            _look_on(watched, tell, interval, cancel, ended, once=once)
    console.print(", ".join(f"{n:,} {status}" for status, n in counts.items()) or "nothing new", highlight=False)


def _look_on(
    watched: "Watch",
    tell: "Callable[[Event], None]",
    interval: float,
    cancel: CancelToken,
    ended: threading.Event,
    *,
    once: bool,
) -> None:
    """Look again and again; the second look of `once` is the last, for the first takes nothing in."""
    looks = 0
    while not ended.is_set():
        with contextlib.suppress(CancelledError):
            watched.look(tell=tell, cancel=cancel)
        looks += 1
        if once and looks == 2:
            return
        ended.wait(interval)


@contextmanager
def _until_interrupted() -> Iterator[tuple[CancelToken, threading.Event]]:
    """Turn the first Ctrl+C, or a request to terminate, into a clean end; a second one ends at once."""
    cancel, ended = CancelToken(), threading.Event()

    def stop(*_: object) -> None:
        cancel.cancel()
        ended.set()
        for number, handler in before.items():
            signal.signal(number, handler)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, stop)
    try:
        yield cancel, ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print(console: Console, event: "Event") -> None:
    row = Text(f"{datetime.fromtimestamp(event.at, UTC):%H:%M:%SZ}  ")
    row.append(f"{event.status:<{STATUS_WIDTH}}", style=STYLES.get(event.status, ""))
    row.append(f"{event.name}  {said(event)}")
    console.print(row, soft_wrap=True)


def said(event: "Event") -> str:
    """Return an event's words without its name, and of a long reason the first sentence: the file aside has all."""
    text = event.text
    while text.startswith(f"{event.name}: "):
        text = text[len(event.name) + 2 :]
    if event.status != "quarantined" or len(text) <= LONGEST_REASON:
        return text
    return f"{text.partition('. ')[0]}. The whole reason is aside with it, in {event.name}.reason.txt."
