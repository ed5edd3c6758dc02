"""The queue of changes to review, the change in hand, and one's word on it."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import param

from dashboard.model.change import ChangeRun, DetectedChange
from dashboard.model.review import Review, Verdict
from dashboard.state.background import Background, Latest, attempt, explain
from dashboard.state.changing import Changing
from dashboard.state.notices import Notices, Weight
from dashboard.state.queued import PAGE, Lane, Listed, Queued, Wanted, look
from dashboard.state.saying import Done, Saying, Word
from dashboard.state.viewing import Viewing
from dashboard.workflows.blank import Blank, history, pictured
from dashboard.workflows.chips import Chips, Line
from dashboard.workflows.review import Order, Sieve, Summary, queue
from dashboard.workflows.workspace import Workspace

__all__ = ["PAGE", "Chips", "Lane", "Line", "Listed", "Order", "Reviewing", "Sieve", "Summary", "Verdict"]


class Reviewing(param.Parameterized):
    """Owner of queue, filters and selected change; only writer of verdicts; others' are here once one has judged."""

    run = param.ClassSelector(class_=ChangeRun, default=None, allow_None=True)
    """Whose changes are reviewed."""
    order = param.ClassSelector(class_=Order, default=Order.CONFIDENCE)
    sieve = param.ClassSelector(class_=Sieve, default=Sieve())
    """The filters; the view's brush narrows the queue further."""
    listed = param.ClassSelector(class_=tuple, default=())
    """`Listed` of the page: its changes with verdict and distance to the front."""
    total = param.Integer(default=0)
    """Changes in the queue."""
    page = param.Integer(default=0)
    place = param.Integer(default=None, allow_None=True)
    """Of the selected change in the queue, from 0; None when it is not in it."""
    selected = param.ClassSelector(class_=DetectedChange, default=None, allow_None=True)
    """The change in hand: on list, map and timeline alike."""
    chips = param.ClassSelector(class_=(Chips, Blank), default=None, allow_None=True)
    """Of the selected change, or why there are none; None while they are read."""
    lines = param.ClassSelector(class_=(tuple, Blank), default=())
    """`Line` of the selected change, or why there is none; empty while they are read."""
    reviews = param.ClassSelector(class_=tuple, default=())
    """`Review` of the selected change that one may see."""
    summary = param.ClassSelector(class_=Summary, default=Summary())
    """Of the queue; what people said is measured whatever the filter on verdicts."""
    lane = param.ClassSelector(class_=Lane, default=Lane())
    """Of the queue, whatever the brush."""

    def __init__(
        self, workspace: Workspace, viewing: Viewing, changing: Changing, background: Background, notices: Notices
    ) -> None:
        super().__init__()
        self._workspace, self._viewing = workspace, viewing
        self._changing, self._notices = changing, notices
        self.wished: Callable[[], None] | None = None  # what was pressed before the queue was there
        self._latest, self._pictured, self._drawn = Latest(background), Latest(background), Latest(background)
        self._asked: Wanted | None = None
        self._queue: Queued | None = None
        self._opened: str | None = None  # its usual threshold was taken over; what is chosen afterwards stays
        self._at = 0
        """Place from which to step when the change in hand is not in the queue any more."""
        self.author: Callable[[], str] = lambda: "analyst"
        """Who reviews."""
        self.wrote: Callable[[], None] = lambda: None
        """Called after every write."""
        self._saying = Saying(workspace, background)
        self._saying.author = self._me
        self._saying.done = self._said
        changing.wanted = lambda: (self._brushed(), self._me())
        changing.param.watch(lambda *_: self.refresh(), "run")
        viewing.param.watch(lambda *_: self.refresh(), "view")

    def _me(self) -> str:
        return self.author()

    @property
    def rows(self) -> tuple[DetectedChange, ...]:
        """The changes of the page."""
        return tuple(one.change for one in self.listed)

    @property
    def threshold(self) -> float:
        """The lowest score that is shown; minus infinity for all."""
        return float(self.sieve.min_score)

    @property
    def scores(self) -> tuple[float, float] | None:
        """The lowest and the highest score of the run: the ends of the slider; None without a change."""
        if self._queue is None or not len(self._queue.columns):
            return None
        score = self._queue.columns.score
        return float(score.min()), float(score.max())

    @property
    def mine(self) -> Review | None:
        """One's own word on the change in hand."""
        return next((review for review in self.reviews if review.reviewer == self._me()), None)

    def at(self, score: float) -> tuple[int, float | None]:
        """Return how many changes a threshold would leave in the queue, and the false ones expected in 100 km2."""
        if self._queue is None:
            return 0, None
        found = self._queue.columns
        count = len(queue(found, replace(self._brushed(), min_score=score), self.order))
        return count, None if found.run.announced is None else found.run.announced.at(score)

    def verdict_of(self, change_id: str) -> str:
        """Return the word of `reviewed.STANDINGS` for a change of the run."""
        return "none" if self._queue is None else self._queue.verdict(change_id)

    # The queue

    def open_run(self, run_id: str | None) -> None:
        """Review the changes of another run; None follows A and B."""
        self._changing.choose_run(run_id)

    def filter(self, **changes: Any) -> None:  # noqa: ANN401 - fields of Sieve
        """Change some filters; what is not given stays."""
        wanted = replace(self.sieve, **changes)
        if wanted != self.sieve:
            self.param.update(sieve=wanted, page=0)
            self.refresh()

    def threshold_to(self, score: float) -> None:
        """Show only what has at least this score."""
        self.filter(min_score=float(score))

    def sort(self, order: Order | str) -> None:
        """Order the queue otherwise."""
        if Order(order) is not self.order:
            self.param.update(order=Order(order), page=0)
            self.refresh()

    def turn(self, page: int) -> None:
        """Show another page of the list."""
        wanted = min(max(int(page), 0), max(self.total - 1, 0) // PAGE)
        if wanted != self.page:
            self.page = wanted
            self.refresh()

    def refresh(self) -> None:
        """Work out the queue anew, unless nothing that it depends on has changed."""
        self._changing.refresh()
        run, view = self._changing.run, self._viewing.view
        if run is None:
            self._forget()
            return
        if run.id != self._opened:
            self._opened, self.sieve = run.id, replace(self.sieve, min_score=run.usual_score)
        wanted = Wanted(
            run_id=run.id, reviewer=self._me(), sieve=self.sieve, brush=view.brush, order=self.order,
            page=self.page, provider=view.provider, known_at=view.known_at, revision=self._workspace.catalog.revision,
        )  # fmt: skip
        if wanted != self._asked:
            self._asked = wanted
            self._latest.ask(lambda: look(self._workspace, wanted), self._found)

    def _brushed(self) -> Sieve:
        brush = self._viewing.view.brush
        found: Sieve = self.sieve if brush is None else replace(self.sieve, period=brush)
        return found

    def _forget(self) -> None:
        self._asked = self._queue = self.wished = None
        if self.run is not None:
            self.pick(None)
            self.param.update(run=None, listed=(), total=0, page=0, summary=Summary(), lane=Lane())

    def _found(self, result: Any) -> None:  # noqa: ANN401
        if isinstance(result, Exception):
            self._asked = None
            self._notices.fail(result)
            return
        self._queue = result
        self.param.update(
            run=result.columns.run, listed=result.listed, total=len(result.rows), page=result.page,
            summary=result.summary, lane=result.lane,
        )  # fmt: skip
        if self.selected is not None and self.selected.run_id != result.columns.run.id:
            self.pick(None)
        self._changing.show(self.selected)  # to the front of the provider that is shown now
        self._locate()
        self._read_reviews()
        wished, self.wished = self.wished, None
        if wished is not None:
            wished()

    def _locate(self) -> None:
        """Find the change in hand in the queue."""
        place = None if self._queue is None or self.selected is None else self._queue.place(self.selected.id)
        self._at = self._at if place is None else place
        if place != self.place:
            self.place = place

    # The change in hand

    def pick(self, change_id: str | None) -> None:
        """Take a change in hand, on list and map at once; None for none."""
        if change_id == (None if self.selected is None else self.selected.id):
            return
        found = None if change_id is None else attempt(lambda: self._workspace.catalog.changes.get(change_id))
        if isinstance(found, Exception):
            self._notices.fail(found)
            return
        self.param.update(selected=found, chips=None, lines=(), reviews=())
        self._changing.show(found)
        self._locate()
        self._read_reviews()
        self._picture()

    @property
    def looking(self) -> bool:
        """Whether the queue, or the run whose it is, is being looked up."""
        return self._latest.busy or self._changing.looking

    def step(self, by: int) -> DetectedChange | None:
        """Take the next or the previous change of the queue in hand and return it."""
        count = 0 if self._queue is None else len(self._queue.rows)
        if not count:
            return None
        if self.place is not None:
            place = self.place + by
        elif self.selected is None:
            place = 0 if by > 0 else -1
        else:
            place = self._at + (by - 1 if by > 0 else by)  # it has left: the next one stands in its place
        return self._take(place % count)

    def _take(self, place: int) -> DetectedChange | None:
        if self._queue is not None:
            self.pick(self._queue.id_at(place))
            self.turn(place // PAGE)
        chosen: DetectedChange | None = self.selected
        return chosen

    def _read_reviews(self) -> None:
        change, known_at = self.selected, self._viewing.view.known_at
        if change is None:
            return
        found = attempt(lambda: self._saying.read(change.id, known_at))
        if isinstance(found, Exception):
            self._notices.fail(found)
        elif found != self.reviews:
            self.reviews = found

    def _picture(self) -> None:
        change, run, polarisation = self.selected, self._changing.run, self._viewing.view.polarisation
        if change is None or run is None:
            return
        work = self._workspace
        self._pictured.ask(lambda: pictured(work, change, run, polarisation), partial(self._shown, "chips", change.id))
        self._drawn.ask(lambda: history(work, change, run), partial(self._shown, "lines", change.id))

    def _shown(self, name: str, change_id: str, result: Any) -> None:  # noqa: ANN401
        if self.selected is not None and change_id == self.selected.id:
            self.param.update(**{name: Blank(explain(result)) if isinstance(result, Exception) else result})

    # One's word

    def judge(self, verdict: Verdict | str, *, advance: bool = True) -> None:
        """Give a verdict on the change in hand, and take the next unreviewed one."""
        if self.selected is None or not self._may_write():
            return
        word = Word(self.selected.id, Verdict(verdict))
        if advance and self._queue is not None:
            start = self._at if self.place is None else self.place
            following = self._queue.unreviewed(start, {*self._saying.pending, word.change_id})
            if following is not None:
                self._take(following)
        self._saying.say(word)

    def note(self, text: str) -> None:
        """Keep a note on the change in hand, beside one's verdict if there is one."""
        if self.selected is not None and self._may_write():
            self._saying.say(Word(self.selected.id, None, text.strip()))

    def undo(self) -> bool:
        """Take one's last word of this session back: what one said before stands again; False when there is none."""
        return not self._may_write() or self._saying.undo()

    def _may_write(self) -> bool:
        past = self._viewing.view.known_at is not None
        if past:
            self._notices.tell("The map shows what was known earlier; go back to now before you judge.", Weight.WARNING)
        return not past

    def _said(self, done: Done) -> None:
        if done.failed is not None:
            self._notices.fail(done.failed)
        if done.undone or done.failed is not None:
            self.pick(done.change_id)
        if done.failed is None:
            self.wrote()
        self._read_reviews()
        self.refresh()
