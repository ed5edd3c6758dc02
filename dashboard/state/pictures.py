"""The imagery on show: asked for on the screen's own grid, latest wins, neighbours warmed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import param

from dashboard.geo.mercator import screen_geobox
from dashboard.model.acquisition import Acquisition
from dashboard.model.view import CompareMode, Layer, View
from dashboard.state.background import Background, Latest, attempt, explain
from dashboard.state.reach import Reach
from dashboard.state.viewing import Viewing
from dashboard.workflows.frames import Imagery, imagery
from dashboard.workflows.workspace import Workspace

MAX_SIDE_PX = 2_600
"""A frame is never larger than this on a side: a wider screen gets a coarser picture."""


class Doing(StrEnum):
    """What a layer is doing; never a silent blank."""

    READY = "ready"
    LOADING = "loading"
    EMPTY = "nothing here"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Status:
    """A layer's state and the reason, when there is one to give."""

    doing: Doing = Doing.READY
    why: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A finished frame with the view it was asked for."""

    number: int
    """Grows by one with every frame: the browser acknowledges it."""
    view: View
    imagery: Imagery


class Pictures(param.Parameterized):
    """Owner of the frame; follows the view."""

    shown = param.ClassSelector(class_=Shown, default=None, allow_None=True)
    status = param.ClassSelector(class_=Status, default=Status())

    def __init__(self, workspace: Workspace, viewing: Viewing, reach: Reach, background: Background) -> None:
        super().__init__()
        self._workspace = workspace
        self._viewing = viewing
        self._reach = reach
        self._background = background
        self._latest = Latest(background)
        self._asked: tuple[Any, ...] | None = None
        self._count = 0
        viewing.param.watch(lambda *_: self.refresh(), ["view", "screen"])

    def prime(self, size: tuple[int, int]) -> None:
        """Make the first frame in the calling thread, so that the page is built with it.

        Parameters
        ----------
        size : (width, height) that the map will have, CSS pixels; if it has another, the frame is asked for again
        """
        work = self._question(size)
        if work is not None:
            self._drawn(self._viewing.view, attempt(work))

    def refresh(self) -> None:
        """Ask for the frame of the present view, unless that is the one asked for last."""
        view = self._viewing.view
        if self._viewing.screen is None:
            return
        work = self._question(self._viewing.size)
        if work is not None:
            self._tell(Status(Doing.LOADING))
            self._latest.ask(work, lambda got: self._drawn(view, got))

    def _question(self, size: tuple[int, int]) -> Callable[[], Imagery] | None:
        """Return the work that makes the frame of the present view; None where it is made, or there is none to make."""
        view = self._viewing.view
        # Only the log-ratio needs more than the levels of A and B: the browser makes every other mode from those.
        ratio = view.compare is CompareMode.LOG_RATIO
        wanted = view if ratio else replace(view, compare=CompareMode.SWIPE)
        key = (
            view.extent, view.a, view.b, wanted.compare, view.polarisation, view.stretch, size,
            Layer.IMAGERY in view.layers,
        )  # fmt: skip
        if key == self._asked:
            return None
        self._asked = key
        if Layer.IMAGERY not in view.layers:
            return None
        if view.a is None and view.b is None:
            self.status = Status(Doing.EMPTY, "choose an acquisition on the timeline")
            return None
        geobox = screen_geobox(view.extent, *bounded(size))
        return lambda: imagery(self._workspace, wanted, geobox)

    @property
    def pending(self) -> bool:
        """Whether a frame is being made."""
        return self._latest.busy

    def retry(self) -> None:
        """Ask again after a failure."""
        self._asked = None
        self.refresh()

    def _drawn(self, view: View, got: Any) -> None:  # noqa: ANN401
        if isinstance(got, Exception):
            self._tell(Status(Doing.FAILED, explain(got)))
            return
        self._count += 1
        self.shown = Shown(self._count, view, got)
        lit = self._lit(view)
        if lit:
            why = f"a log-ratio compares backscatter, and {' and '.join(lit)} {'is' if len(lit) == 1 else 'are'}"
            self._tell(Status(Doing.EMPTY, f"{why} in visible bands; compare by swipe, blink or two-colour"))
            return
        seen = any(levels is not None and levels.any() for levels in (got.levels_a, got.levels_b))
        self._tell(Status() if seen else Status(Doing.EMPTY, "no look here in A or B"))

    def _lit(self, view: View) -> list[str]:
        """Return which of A and B are visible-band pictures, where radar is needed of both."""
        if view.compare is not CompareMode.LOG_RATIO:
            return []
        sides = (("A", self._reach.get(view.a)), ("B", self._reach.get(view.b)))
        return [letter for letter, acq in sides if acq is not None and acq.optical]

    def _tell(self, status: Status) -> None:
        if status != self.status:
            self.status = status

    def warm(self) -> None:
        """Read the neighbours of B into memory; called once the browser has drawn, so that it never waits for this."""
        view = self._viewing.view
        if self.pending or self.shown is None:
            return
        ahead = [self._reach.neighbour(step, same_stack=same) for step in (1, -1) for same in (False, True)]
        wanted = {acq.id: acq for acq in ahead if acq is not None and acq.id not in (view.a, view.b)}
        geobox = screen_geobox(view.extent, *bounded(self._viewing.size))

        def read(acq: Acquisition) -> None:
            imagery(self._workspace, replace(view, b=acq.id, compare=CompareMode.SWIPE), geobox)

        for acq in wanted.values():
            self._background(lambda acq=acq: read(acq), lambda _: None)  # type: ignore[misc]


def bounded(screen: tuple[int, int]) -> tuple[int, int]:
    """Return a frame size of the screen's shape within the limit."""
    width, height = screen
    shrink = min(1.0, MAX_SIDE_PX / max(width, height))
    return max(16, round(width * shrink)), max(16, round(height * shrink))
