"""The front tab: the two clocks, the play of days, what moved, where providers differ, what waits for a person."""

from collections.abc import Callable
from typing import Any

import panel as pn

from dashboard.model.dtg import dtg, parse_moment
from dashboard.model.errors import InputError
from dashboard.model.palette import Theme, tokens
from dashboard.state.session import Session
from dashboard.views.card import Card, button, said, written
from dashboard.views.details import front_text
from dashboard.views.fronttext import band_text, held_text, report_text
from dashboard.views.mailbox import Mailbox, Message

PLAY_TICK_MS = 30
"""Between looks whether the last day is on the screen, where the browser does not say so: two days may look alike."""


class FrontView(pn.viewable.Viewer):
    """Cards about the front."""

    def __init__(self, session: Session, theme: Theme, mailbox: Mailbox) -> None:
        super().__init__()
        self._session = session
        self._theme: Theme = theme
        self._clock, self._moved = Card(), Card()
        self._playing: Any = None
        self.on_screen: Callable[[], bool] = lambda: True
        """Whether the browser has drawn the last front; set by the wiring."""
        self.on_stop: Callable[[], None] = lambda: None
        """Called when playing ends; set by the page."""
        handlers: dict[str, Callable[[Message], Any]] = {
            "clock": lambda m: self._set(str(m["name"]), str(m["value"])),
            "clock-follow": lambda _: session.viewing.choose_moment(None),
            "clock-now": lambda _: session.believe(None),
            "front-go": lambda m: session.fronttime.step(int(m["by"])),
            "front-play": lambda _: self.play(),
            "front-held": lambda m: session.fronttime.decide(str(m["id"]), accept=bool(m["accept"])),
        }
        for kind, handler in handlers.items():
            mailbox.on(kind, self._guarded(handler))

    def __panel__(self) -> pn.viewable.Viewable:
        """Return the tab's content."""
        return pn.Column(self._clock, self._moved, sizing_mode="stretch_width", scroll="y-auto")

    def _guarded(self, handler: Callable[[Message], Any]) -> Callable[[Message], None]:
        def handle(message: Message) -> None:
            try:
                handler(message)
            except InputError as error:
                self._session.notices.fail(error)
                self.show()

        return handle

    # Intents

    def _set(self, name: str, value: str) -> None:
        moment = parse_moment(value) if value.strip() else None
        (self._session.viewing.choose_moment if name == "valid_at" else self._session.believe)(moment)

    def play(self) -> None:
        """Play the front through time, or stop."""
        fronttime = self._session.fronttime
        if self._playing is not None:
            self.stop()
            return
        if self._session.fronting.neighbour(1) is None:
            fronttime.rewind()
        self._lighten(on=True)
        self._playing = pn.state.add_periodic_callback(self._tick, period=PLAY_TICK_MS)

    def stop(self) -> None:
        """Stop playing where it is."""
        if self._playing is not None:
            self._playing.stop()
            self._playing = None
            self._lighten(on=False)
            self._session.fronting.again()
            self._session.noting.refresh()
            self.on_stop()

    def _lighten(self, *, on: bool) -> None:
        """While days are played, show only what belongs to the day."""
        session = self._session
        session.fronting.light = session.noting.light = on
        session.fronttime.playing = on

    def advance(self) -> None:
        """Go on to the next day, if days are played: the last one is on the screen."""
        if self._playing is not None:
            self._tick()

    def _tick(self) -> None:
        # The last day is not on the screen yet: no queue, no skipped days.
        if self.on_screen() and not self._session.fronttime.step(1):
            self.stop()

    # From the state

    def show(self) -> None:
        """Show the clocks and what the front did."""
        session = self._session
        view, fronting, fronttime = session.viewing.view, session.fronting, session.fronttime
        moment = fronting.moment
        valid = dtg(view.valid_at) if view.valid_at else ""
        known = dtg(view.known_at) if view.known_at else ""
        playing = fronttime.playing
        several = len(fronting.moments()) > 1
        self._clock.write(
            '<h3>Clocks</h3><div class="grid">'
            + written("Valid at", "valid_at", valid, said("clock"), tip=f"follows B: {dtg(moment) if moment else '–'}")
            + written("As known at", "known_at", known, said("clock"), tip="now")
            + '</div><div class="row">'
            + button("◀", said("front-go", by=-1), tip="Earlier statement of the front (,)", able=several)
            + button("Stop" if playing else "Play", said("front-play"), tip="Play the front through time", able=several)
            + button("▶", said("front-go", by=1), tip="Later statement of the front (.)", able=several)
            + button("Follow B", said("clock-follow"), able=view.valid_at is not None)
            + button("Now", said("clock-now"), tip="As known now", able=view.known_at is not None)
            + "</div>"
        )
        if playing:
            return
        colours = tokens(self._theme)
        self._moved.write(
            held_text(fronttime.held)
            + front_text(fronting.provider, fronting.fronts)
            + report_text(fronttime.report, colours)
            + band_text(fronttime.band, fronttime.against)
        )

    def retheme(self, theme: Theme) -> None:
        """Change the pictures' colours."""
        self._theme = theme
        self.show()
