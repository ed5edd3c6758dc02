"""`nightglass fetch-stac`: search a STAC API on an allowed host and take in what it finds."""

from typing import Annotated

import typer

from dashboard.cli.asking import Box, Data, bar, box, data_root, period
from dashboard.cli.outcome import show
from dashboard.model.errors import InputError
from dashboard.model.handling import Rank
from dashboard.model.host import Hosts
from dashboard.settings.config import load_settings

GIB = 2**30


def fetch(  # noqa: PLR0913 - the options of a command are its interface
    url: Annotated[str, typer.Argument(metavar="URL", help="Landing page of the STAC API.", show_default=False)],
    data: Data = None,
    *,
    bbox: Annotated[Box, typer.Option("--bbox", metavar="W S E N", help="The ground, degrees.")],
    time: Annotated[str, typer.Option("--time", metavar="FROM/TO", help="ISO 8601 or 061530ZMAY24.")],
    collection: Annotated[
        list[str] | None, typer.Option("--collection", help="Only this collection; may be repeated.")
    ] = None,
    most: Annotated[int, typer.Option("--max", help="Items at most.")] = 1_000,
    assets: Annotated[
        bool, typer.Option("--assets", help="Fetch the files of the items, too, and archive them.")
    ] = False,
    max_gb: Annotated[float, typer.Option("--max-gb", min=0.001, help="GiB fetched at most in all.")] = 20.0,
) -> None:
    """Search a STAC API and record what it finds; only hosts in the setting stac_hosts are asked, none by default."""
    from dashboard.sources.product import Given  # noqa: PLC0415 - slow to import
    from dashboard.sources.stac.api import Search  # noqa: PLC0415
    from dashboard.sources.stac.download import Limits  # noqa: PLC0415
    from dashboard.workflows.fetch_stac import FetchOptions, fetch_stac  # noqa: PLC0415
    from dashboard.workflows.workspace import open_workspace  # noqa: PLC0415

    ground, when = box(bbox), period(time)
    if ground is None or when is None:
        raise InputError("Give both --bbox W S E N and --time FROM/TO.")
    hosts = Hosts(frozenset(load_settings().stac_hosts))
    hosts.require(url)
    search = Search(url=url, bbox=ground, period=when, collections=tuple(collection or ()), most=most)
    total = int(max_gb * GIB)
    options = FetchOptions(
        assets=assets,
        limits=Limits(file_bytes=total, total_bytes=total),
        given=Given(ceiling=Rank(load_settings().ceiling)),
    )
    with open_workspace(data_root(data)) as workspace, bar(f"asking {url}") as report:
        made = fetch_stac(workspace, search, hosts, options=options, report=report)
    show(made.entries, f"Stopped at --max {most:,}: there may be more." if made.more else "")
