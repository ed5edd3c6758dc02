"""The review tab: a run and what it rests on, the queue of its changes, and the change in hand."""

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from typing import Any, ClassVar

import panel as pn
import param
from shapely import box

from dashboard.geo.mercator import bbox_of, extent_of
from dashboard.model.change import ChangeSign, ChangeStatus
from dashboard.model.errors import InputError
from dashboard.model.palette import Theme, tokens
from dashboard.model.review import Verdict
from dashboard.model.view import Layer
from dashboard.state.changing import FALSE_ALARM_RATES
from dashboard.state.queued import PAGE
from dashboard.state.session import Session
from dashboard.views.amounts import kilometres, square_metres
from dashboard.views.card import Card
from dashboard.views.esm import Component, module, style
from dashboard.views.mailbox import Mailbox, Message
from dashboard.views.reviewhand import NOTHING, Held, curves, hand, pictures
from dashboard.views.reviewhead import Detecting, foot, head, stops
from dashboard.views.reviewtext import distance, queue_rows
from dashboard.views.rows import Rows
from dashboard.views.tables import front_words
from dashboard.workflows.review import Order, Sieve

COLUMNS = ("Verdict", "dB", "Area", "Seen", "Sure", "Front")


class ReviewHead(Component):
    """Run, slider and filters: HTML around a slider that answers before the session does."""

    html = param.String(default="", doc="Above the slider.")
    foot = param.String(default="", doc="Below it.")
    stops = param.List(default=[], doc="Scores that the slider knows, rising; hidden without any.")
    expected = param.List(default=[], doc="HTML of what is expected at no least score, then at each stop.")
    at = param.Integer(default=0, doc="Place of the slider: 0 for all, else one more than a stop's.")

    _esm = module("models", "talk", "review")
    _stylesheets: ClassVar[list[str]] = [style("card"), style("review")]


class Hand(Card):
    """The change in hand."""

    _stylesheets: ClassVar[list[str]] = [style("card"), style("review")]


class ReviewView(pn.viewable.Viewer):
    """Reads the session's review; tells it what is asked, judged and noted."""

    def __init__(self, session: Session, theme: Theme, mailbox: Mailbox) -> None:
        super().__init__()
        self._session = session
        self._theme: Theme = theme
        self._watched = False
        self._evidence: str | None = None
        self.dragging = False
        """Whether the slider is being dragged: the page hides on the map by itself what lies below it."""
        self.on_released: Callable[[], None] = lambda: None
        """Called when the slider has been let go; set by the wiring."""
        self._head = ReviewHead(sizing_mode="stretch_width", margin=0)
        self.rows = Rows("changes", COLUMNS, margin=(4, 8), size=PAGE, empty="no changes to show")
        self._hand = Hand()
        reviewing, changing = session.reviewing, session.changing
        handlers: dict[str, Callable[[Message], Any]] = {
            "review-run": lambda m: reviewing.open_run(str(m["value"]) or None),
            "review-filter": lambda m: self._filter(str(m["name"]), str(m["value"]).strip()),
            "review-ground": lambda _: self._go(),
            "review-clear": lambda _: self._clear(),
            "review-order": lambda m: reviewing.sort(Order(str(m["value"]))),
            "review-threshold": lambda m: self._threshold(m["score"], final=bool(m["final"])),
            "review-verdict": lambda m: self.judge(Verdict(m["verdict"])),
            "review-step": lambda m: session.step_change(1 if int(m["by"]) > 0 else -1),
            "review-note": lambda m: self._note(str(m["id"]), str(m["value"])),
            "review-undo": lambda _: self.undo(),
            "review-evidence": lambda m: self._show_evidence(str(m["id"])),
            "detect": lambda m: self._detect(full=bool(m["full"])),
            "detect-cancel": lambda _: changing.job.cancel(),
            "detect-far": lambda m: changing.param.update(far=float(m["value"])),
        }
        for kind, handler in handlers.items():
            mailbox.on(kind, self._guarded(handler))

    def __panel__(self) -> pn.viewable.Viewable:
        """Return the tab's content."""
        return pn.Column(self._head, self.rows, self._hand, sizing_mode="stretch_width", scroll="y-auto")

    def _guarded(self, handler: Callable[[Message], Any]) -> Callable[[Message], None]:
        def handle(message: Message) -> None:
            try:
                handler(message)
            except (InputError, ValueError) as error:
                self._session.notices.fail(error)
                self.show()

        return handle

    @property
    def watched(self) -> bool:
        """Whether the tab is in front: only then its words are made."""
        return self._watched

    @watched.setter
    def watched(self, on: bool) -> None:
        if on != self._watched:
            self._watched = on
            self.show()

    # Intents

    def _detect(self, *, full: bool) -> None:
        self._session.viewing.show(Layer.CHANGES, on=True)
        self._session.changing.detect(full=full)

    def _filter(self, name: str, value: str) -> None:
        wanted: dict[str, Callable[[], Any]] = {
            "verdict": lambda: {"verdicts": frozenset({value} if value else ())},
            "sign": lambda: {"signs": frozenset({ChangeSign(value)} if value else ())},
            "status": lambda: {"statuses": frozenset({ChangeStatus(value)} if value else ())},
            "side": lambda: {"side": value},
            "area": lambda: {"min_area_m2": square_metres(value)},
            "within_km": lambda: {"within_km": kilometres(value)},
        }
        if name not in wanted:
            msg = f"The queue has no filter {name!r}; use {', '.join(wanted)}."
            raise InputError(msg)
        self._session.reviewing.filter(**wanted[name]())

    def _go(self) -> None:
        run = self._session.reviewing.run
        if run is not None:
            self._session.viewing.go_to(extent_of(run.extent))

    def _clear(self) -> None:
        self._session.viewing.brush(None)
        self._session.reviewing.filter(**{each.name: each.default for each in fields(Sieve)})

    def _threshold(self, score: Any, *, final: bool) -> None:  # noqa: ANN401 - a number or nothing
        self.dragging = not final
        self._session.reviewing.threshold_to(-math.inf if score is None else float(score))
        if final:
            self.on_released()
            self.show_head()

    def judge(self, verdict: Verdict) -> None:
        """Say what the change in hand is, and go to the next that nobody has reviewed."""
        reviewing = self._session.reviewing
        if reviewing.selected is None:
            self._session.notices.tell("Choose a change first: J goes to the next.")
            return
        reviewing.judge(verdict)

    def undo(self) -> None:
        """Take the last verdict or note back."""
        if not self._session.reviewing.undo():
            self._session.notices.tell("No verdict of this session to take back.")

    def _note(self, change_id: str, text: str) -> None:
        reviewing = self._session.reviewing
        reviewing.pick(change_id)
        mine = reviewing.mine
        if text.strip() != (mine.note if mine is not None else ""):
            reviewing.note(text)

    def _show_evidence(self, change_id: str) -> None:
        self._evidence = None if self._evidence == change_id else change_id
        self.show_hand()

    # From the state

    def show(self) -> None:
        """Show everything."""
        self.show_head()
        self.show_queue()
        self.show_hand()

    def follow(self) -> None:
        """Bring the change in hand onto the map, while the tab is in front."""
        chosen = self._session.reviewing.selected
        if chosen is not None and self._watched:
            self._session.show_change(chosen.id)

    def show_for_view(self) -> None:
        """Follow the choice of A and B."""
        self.show_head()
        self.show_hand()

    def show_head(self) -> None:
        """Show the run, the slider, what reviewing measured and the filters."""
        if not self._watched:
            return
        reviewing, changing, view = self._session.reviewing, self._session.changing, self._session.viewing.view
        fronts = self._session.fronting.fronts
        sides = sorted({area.side for area in fronts.after.areas}) if fronts is not None and fronts.after else []
        detecting = Detecting(
            refusals=changing.refusals, progress=changing.job.progress, far=changing.far,
            fars={f"{far:g}": f"1 in {round(1 / far):,}" for far in FALSE_ALARM_RATES},
        )  # fmt: skip
        least, run = reviewing.threshold, reviewing.run
        here = run is None or box(*run.extent).intersects(box(*bbox_of(view.extent)))
        scores, expected = stops(reviewing.run, reviewing.scores, least)
        self._head.param.update(
            html=head(reviewing.run, changing.runs, changing.run_id, detecting, (view.a, view.b), here=here),
            stops=scores, expected=expected, at=bisect_right(scores, least),
            foot="" if reviewing.run is None else foot(
                reviewing.sieve, reviewing.order, sides, reviewing.summary,
                brushed=view.brush is not None,
            ),
        )  # fmt: skip

    def show_queue(self) -> None:
        """Show the page of the queue and the change in hand in it."""
        if not self._watched:
            return
        reviewing = self._session.reviewing
        self.rows.show_page(queue_rows(reviewing.listed), reviewing.total, reviewing.page)
        self.rows.choose(reviewing.selected.id if reviewing.selected is not None else None)

    def show_hand(self) -> None:
        """Show the change in hand."""
        if not self._watched:
            return
        reviewing = self._session.reviewing
        change, run = reviewing.selected, reviewing.run
        if change is None or run is None:
            self._hand.write(NOTHING if reviewing.total else "")
            return
        colours, me = tokens(self._theme), reviewing.author()
        place = "" if reviewing.place is None else f"{reviewing.place + 1:,} of {reviewing.total:,}"
        found = Held(
            change=change, run=run, place=place or "not in the queue", own=reviewing.mine,
            others=tuple(review for review in reviewing.reviews if review.reviewer != me), front=self._front(change.id),
            pictures=pictures(reviewing.chips, colours),
            series="" if reviewing.lines == reviewing.chips else curves(
                reviewing.lines, change, colours, self._marks()
            ),
            evidence=self._evidence == change.id,
        )  # fmt: skip
        self._hand.write(hand(found))

    def _front(self, change_id: str) -> str:
        reviewing, known = self._session.reviewing, self._session.changing.relations
        listed = next((each for each in reviewing.listed if each.change.id == change_id), None)
        return front_words(known.get(change_id)) if listed is None else f"{distance(listed.km)} {listed.side}".strip()

    def _marks(self) -> tuple[datetime | None, datetime | None]:
        a, b = self._session.reach.a, self._session.reach.b
        return a.start if a else None, b.start if b else None

    def retheme(self, theme: Theme) -> None:
        """Change the pictures' colours."""
        self._theme = theme
        self.show_hand()
