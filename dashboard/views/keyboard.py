"""Keys to intents. One table; the sheet of keys is its manual."""

from collections.abc import Callable
from typing import Any

import panel as pn

from dashboard.model.review import Verdict
from dashboard.model.sketch import Shape
from dashboard.model.view import CompareMode, Layer
from dashboard.state.session import Session
from dashboard.views.stage import Desk
from dashboard.views.wiring import Panels, swiping

PLAY_TICK_MS = 120
FADES = (1.0, 0.6, 0.3, 0.0)


class Keyboard:
    """What each key does; play goes on only when the last frame was drawn."""

    def __init__(self, session: Session, panels: Panels, sheet: Any, desk: Desk) -> None:  # noqa: ANN401
        self._session = session
        self._panels = panels
        self._sheet = sheet
        self._desk = desk
        self._playing: Any = None
        viewing = session.viewing
        self._actions: dict[str, Callable[[], Any]] = {
            "next": lambda: session.step(1),
            "previous": lambda: session.step(-1),
            "next-in-stack": lambda: session.step(1, same_stack=True),
            "previous-in-stack": lambda: session.step(-1, same_stack=True),
            "first": lambda: self._end(-1),
            "last": lambda: self._end(1),
            "play": self.play,
            "exchange": viewing.exchange,
            "swipe": lambda: viewing.compare(swiping(viewing.view)),
            "fade": self._fade,
            "next-change": lambda: session.step_change(1),
            "previous-change": lambda: session.step_change(-1),
            "grid": lambda: viewing.show(Layer.GRID, on=Layer.GRID not in viewing.view.layers),
            "verdict-1": lambda: self._judge(Verdict.DAMAGE),
            "verdict-2": lambda: self._judge(Verdict.EARTHWORKS),
            "verdict-3": lambda: self._judge(Verdict.WATER),
            "verdict-4": lambda: self._judge(Verdict.MOVED),
            "verdict-5": lambda: self._judge(Verdict.FALSE_ALARM),
            "note": lambda: self._panels.inspector.open("Changes"),
            "undo": self._undo,
            "redo": session.redo,
            "save": session.recording.save,
            "draw": self._draw,
            "draw-point": lambda: self._begin(Shape.POINT),
            "draw-line": lambda: self._begin(Shape.LINE),
            "draw-area": lambda: self._begin(Shape.AREA),
            "finish": session.drawing.finish,
            "take-back": self._take_back,
            "front-earlier": lambda: session.fronttime.step(-1),
            "front-later": lambda: session.fronttime.step(1),
            "brief": panels.brief.open,
            "keys": lambda: sheet.param.update(open=not sheet.open),
            "escape": self._escape,
        }

    def press(self, action: str, cursor: dict[str, Any] | None) -> None:
        """Do what a key stands for; unknown keys do nothing."""
        if action == "series" and cursor is not None:
            self._session.viewing.inspect(float(cursor["lon"]), float(cursor["lat"]))
            self._panels.inspector.open("Series")
            return
        act = self._actions.get(action)
        if act is not None:
            act()

    def _end(self, side: int) -> None:
        among = [acq for acq in self._session.reach.shown if acq.pixels is not None]
        if among:
            self._session.reach.choose_b(among[0 if side < 0 else -1])

    def _fade(self) -> None:
        now = self._session.viewing.view.opacity
        lower = [share for share in FADES if share < now - 1e-6]
        self._session.viewing.opacity(lower[0] if lower else FADES[0])

    @property
    def _reviewing(self) -> bool:
        return self._panels.inspector.front_tab == "Changes" and "inspector" not in self._session.viewing.view.folded

    def _judge(self, verdict: Verdict) -> None:
        """Judge the change in hand, which must be in sight: else show it first."""
        if self._reviewing:
            self._panels.inspector.review.judge(verdict)
        elif self._session.reviewing.selected is not None:
            self._panels.inspector.open("Changes")

    def _undo(self) -> None:
        drawing = self._session.drawing
        if self._reviewing and not drawing.open and drawing.work is None:
            self._panels.inspector.review.undo()
        else:
            self._session.undo()

    def _draw(self) -> None:
        drawing = self._session.drawing
        drawing.open = not drawing.open
        if drawing.open:
            self._panels.inspector.open("Notes")

    def _begin(self, shape: Shape) -> None:
        if self._session.drawing.open and self._session.drawing.work is None:
            self._session.begin_drawing(shape)

    def _take_back(self) -> None:
        work = self._session.drawing.work
        if work is not None and work.adding:
            self._session.drawing.back()

    def _escape(self) -> None:
        drawing = self._session.drawing
        if drawing.work is not None:
            if drawing.work.adding and drawing.work.sketch.vertices:
                drawing.finish()
            else:
                self._session.recording.put_aside()
            return
        drawing.open = False
        self._session.noting.choose(None)
        self._session.company.unfollow()
        self._sheet.open = False
        self._panels.brief.close()
        self._session.notices.clear()
        self._session.viewing.brush(None)
        self.stop()

    def play(self) -> None:
        """Start stepping through B's stack, or stop."""
        if self._playing is not None:
            self.stop()
            return
        self._playing = pn.state.add_periodic_callback(self._tick, period=PLAY_TICK_MS)

    def stop(self) -> None:
        """Stop playing."""
        if self._playing is not None:
            self._playing.stop()
            self._playing = None

    def _tick(self) -> None:
        shown = self._session.pictures.shown
        if shown is None or self._panels.map.drawn < shown.number or self._session.pictures.pending:
            return  # the last picture is not on the screen yet: no queue, no skipped dates
        following = self._session.reach.neighbour(1, same_stack=True)
        if following is None:
            self.stop()
            return
        view = self._session.viewing.view
        if view.compare is CompareMode.A:
            self._session.viewing.compare(CompareMode.B)
        self._session.reach.choose_b(following)
