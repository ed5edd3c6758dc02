"""`nightglass serve` and `nightglass demo`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from dashboard.model import progress as model_progress
from dashboard.settings.config import Settings, load_settings, with_options

DataOption = Annotated[Path | None, typer.Option(help="Data directory (default: settings, else ./data).")]
PortOption = Annotated[int | None, typer.Option(help="Port to listen on.")]
HostOption = Annotated[str | None, typer.Option(help="Address to listen on; loopback only until there is a login.")]


def serve(data: DataOption = None, port: PortOption = None, host: HostOption = None) -> None:
    """Serve a data directory to this machine's browser."""
    _serve(_chosen(data, port, host))


def demo(data: DataOption = None, port: PortOption = None, host: HostOption = None) -> None:
    """Simulate Exercise NIGHTGLASS once, then serve it."""
    from dashboard.workflows.exercise import build_exercise, exercise_view  # noqa: PLC0415 - slow to import
    from dashboard.workflows.workspace import open_workspace  # noqa: PLC0415

    settings = _chosen(data or Path(".demo"), port, host)
    with open_workspace(settings.data) as workspace, _bar() as bar:
        task = bar.add_task("Exercise NIGHTGLASS", total=1.0, text="")

        def report(progress: model_progress.Progress) -> None:
            bar.update(task, completed=progress.done, text=progress.text)

        build_exercise(workspace, report=report)
        view = exercise_view(workspace)
    _serve(settings, lambda: view)


def _chosen(data: Path | None, port: int | None, host: str | None) -> Settings:
    return with_options(load_settings(), data=data, port=port, host=host)


def _serve(settings: Settings, first_view: object = None) -> None:
    from dashboard.server.log import set_up_logging  # noqa: PLC0415 - the web stack is slow to import
    from dashboard.server.serve import check_host, serve  # noqa: PLC0415
    from dashboard.server.services import start_services  # noqa: PLC0415

    check_host(settings.host)
    set_up_logging()
    console = Console()
    services = start_services(settings)
    try:
        server = serve(services, settings, first_view, start=False)  # type: ignore[arg-type]
        server.start()
        name = "localhost" if settings.host in {"127.0.0.1", "::1"} else settings.host
        console.print(f"Nightglass is ready: http://{name}:{server.port}   (Ctrl+C stops it)", highlight=False)
        server.io_loop.start()
    except KeyboardInterrupt:
        console.print("Stopped.")
    finally:
        services.close()


def _bar() -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
                    TimeElapsedColumn(), TextColumn("{task.fields[text]}"))  # fmt: skip
