"""What all sessions share, built once per process: the workspace, the worker threads, the hub, the warm kernels."""

import gc
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from bokeh.document import Document

from dashboard.geo import places
from dashboard.geo.labels import Label, place
from dashboard.model.view import Extent
from dashboard.render.warm import warm_up
from dashboard.settings.config import Settings
from dashboard.state.background import Done, Work, attempt
from dashboard.state.hub import Hub
from dashboard.workflows.workspace import Workspace, open_workspace

LOG = logging.getLogger("nightglass.server")


@dataclass(frozen=True, slots=True)
class Services:
    """Shared by every session of a process; sessions keep nothing here."""

    workspace: Workspace
    executor: ThreadPoolExecutor
    hub: Hub
    """Where the sessions meet."""

    def close(self) -> None:
        """Finish running work and let go of files and database."""
        self.hub.close()
        self.executor.shutdown(wait=True, cancel_futures=True)
        self.workspace.close()


def start_services(settings: Settings) -> Services:
    """Open the workspace and compile what the first frame would otherwise wait for."""
    workspace = open_workspace(settings.data, scheduler=settings.dask_scheduler)
    executor = ThreadPoolExecutor(settings.workers, thread_name_prefix="nightglass")
    services = Services(workspace, executor, Hub(lambda: workspace.catalog.revision))
    _warm_up(workspace)
    gc.freeze()  # what is loaded now stays: looking through it again would hold up a frame
    services.hub.start()
    return services


def _warm_up(workspace: Workspace) -> None:
    workspace.archive.warm_up()
    warm_up()
    places.find("x", limit=1)
    place([Label(x=0.0, y=0.0, text="x", width_px=8.0, height_px=12.0)], Extent(-1.0, -1.0, 1.0, 1.0), 100, 100)


class DocumentBackground:
    """Work in the shared threads, results on one document's own thread; silent once the session has ended."""

    def __init__(self, executor: ThreadPoolExecutor, document: Document) -> None:
        self._executor = executor
        self._document: Document | None = document
        self._running: set[Future[Any]] = set()

    def __call__(self, work: Work, done: Done) -> None:
        """Start the work in a thread."""
        future = self._executor.submit(attempt, work)
        self._running.add(future)

        def finished(ended: Future[Any]) -> None:
            self._running.discard(ended)
            if not ended.cancelled():
                self.later(lambda: done(ended.result()))

        future.add_done_callback(finished)

    def later(self, call: Callable[[], None]) -> None:
        """Run a call on the document's thread."""
        document = self._document
        if document is not None and document.session_context is not None:
            document.add_next_tick_callback(call)

    @property
    def attached(self) -> bool:
        """Whether a page is connected to the document now; safe from any thread."""
        document = self._document
        context = document.session_context if document is not None else None
        session = getattr(context, "session", None)
        return session is not None and not session.destroyed and session.connection_count > 0

    def end(self) -> None:
        """Forget the document: pending work is cancelled, running work ends unheard."""
        self._document = None
        for future in list(self._running):
            future.cancel()
