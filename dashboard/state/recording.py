"""From the desk into the log: saving, undoing what was saved, drafts, and the decision of conflicts."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import param

from dashboard.geo.mending import problem
from dashboard.model.annotation import Annotation, Conflict, Force, Revision
from dashboard.model.errors import InputError, NightglassError, NotFoundError
from dashboard.model.event import Event, Outcome
from dashboard.model.sketch import Draft
from dashboard.state.background import Background, Done
from dashboard.state.drawing import Drawing, Recorded, Step, Work, draft_of, filled
from dashboard.state.notices import Notices, Weight
from dashboard.state.noting import Noting
from dashboard.state.wishing import wishes
from dashboard.workflows.annotate import Wish, record
from dashboard.workflows.workspace import Workspace


class Recording(param.Parameterized):
    """Owner of the drafts and of every write to the log of annotations."""

    drafts = param.ClassSelector(class_=tuple, default=())
    """`Draft` that lie aside, newest first."""
    busy = param.Boolean(default=False)

    def __init__(
        self, workspace: Workspace, drawing: Drawing, noting: Noting, background: Background, notices: Notices
    ) -> None:
        super().__init__()
        self._workspace = workspace
        self._drawing = drawing
        self._noting = noting
        self._background = background
        self._notices = notices
        self._kept: Work | None = None
        self._signed: set[str] = set()
        """Names under which this session kept drafts: people name themselves at any time."""
        self._resumed: set[tuple[str, str]] = set()
        """(id, author) of drafts taken up here, perhaps another's: recorded, they are done."""
        self.author: Callable[[], str] = lambda: "analyst"
        """Who signs; set by whoever knows the person."""
        self.wrote: Callable[[], None] = lambda: None
        """Called after every write, so that others hear of it at once."""

    # Drafts

    def autosave(self) -> None:
        """Keep the desk as a draft, unless it is kept already: call it every two seconds."""
        work = self._drawing.work
        if work is self._kept or work is None or not (work.sketch.vertices or filled(work.form)):
            return
        self._kept = work
        self._background(lambda: self._keep(work), self._drafted)

    def _keep(self, work: Work) -> tuple[Draft, ...]:
        drafts, author = self._workspace.catalog.drafts, self.author()
        self._signed.add(author)
        pieces = ((work.id, work.base, work.upright.sketch), *((id_, 0, sketch) for id_, sketch in work.others))
        for id_, base, sketch in pieces:
            wrong = None if work.adding else problem(sketch)
            reason = wrong.reason if wrong is not None else ""
            drafts.keep(replace(draft_of(work, author, reason), id=id_, base=base, sketch=sketch))
        return tuple(drafts.all())

    def find_drafts(self) -> None:
        """Look for drafts that lie aside: at the start of a session, after a crash."""
        self._background(lambda: tuple(self._workspace.catalog.drafts.all()), self._drafted)

    def _drafted(self, result: Any) -> None:  # noqa: ANN401
        if isinstance(result, Exception):
            self._kept = None
            self._notices.fail(result)
            return
        on_desk = self._drawing.work.id if self._drawing.work else None
        self.drafts = tuple(draft for draft in result if draft.id != on_desk)

    def put_aside(self) -> None:
        """Take the work off the desk; it stays as a draft."""
        work = self._drawing.work
        if work is None:
            return
        self._kept = None
        self.autosave()
        self._drawing.clear()
        self.find_drafts()

    def resume(self, draft_id: str) -> None:
        """Take a draft up again; what is on the desk is put aside."""
        for draft in self.drafts:
            if draft.id == draft_id:
                self.put_aside()
                self._drawing.resume(draft)
                self._resumed.add((draft.id, draft.author))
                self.drafts = tuple(other for other in self.drafts if other.id != draft_id)

    def discard(self, draft_id: str) -> None:
        """Throw a draft away; another person's draft of the same annotation stays."""
        authors = {draft.author for draft in self.drafts if draft.id == draft_id}
        self._background(lambda: self._discard((draft_id,), authors), self._drafted)

    def _discard(self, ids: tuple[str, ...], authors: set[str]) -> tuple[Draft, ...]:
        for id_ in ids:
            for author in authors:
                self._workspace.catalog.drafts.discard(id_, author)
        return tuple(self._workspace.catalog.drafts.all())

    # Saving

    def save(self) -> None:
        """Record what is on the desk; what cannot be recorded stays there as a draft, with the reason."""
        self._drawing.finish()
        work = self._drawing.work
        if work is None or self.busy:
            return
        try:
            wanted = wishes(self._workspace, work)
        except (InputError, ValueError) as error:
            self._notices.fail(error)
            self._kept = None
            self.autosave()
            return
        self._write(wanted, lambda pairs: self._saved(work, pairs))

    def _saved(self, work: Work, pairs: tuple[tuple[Annotation | None, Annotation | None], ...]) -> None:
        now = self._drawing.work
        if now is not None and now.id == work.id:  # drawn on while the save was on its way: it goes on from there
            made = next((after for _, after in pairs if after is not None and after.id == work.id), None)
            rest = replace(
                now,
                base=self._left(work.id, made),
                others=tuple(piece for piece in now.others if piece not in work.others),
                absorbed=tuple(each for each in now.absorbed if each not in work.absorbed),
            )
            now = None if now == work else rest
        self._drawing.put(now, Recorded(pairs))
        self._forget((work.id, *(id_ for id_, _ in work.others)))

    def _forget(self, ids: Iterable[str]) -> None:
        """Throw away the drafts of what is recorded now."""
        gone = tuple(ids)
        authors = self._signed | {author for id_, author in self._resumed if id_ in gone}
        self._background(lambda: self._discard(gone, authors), self._drafted)

    def remove(self, revision: Revision) -> None:
        """Take an annotation off the map; its history stays, and it can be brought back."""
        wish = Wish(id=revision.annotation.id, base=revision.version, annotation=None)
        self._write([wish], lambda pairs: self._drawing.put(self._drawing.work, Recorded(pairs)))

    def bring_back(self, revision: Revision) -> None:
        """Make an earlier revision the present one."""
        id_, picked = revision.annotation.id, self._noting.chosen
        # What the person has before their eyes: somebody may have edited it since.
        seen = picked.history if picked and picked.id == id_ else self._workspace.catalog.annotations.history(id_)
        wish = Wish(id=id_, base=seen[-1].version, annotation=revision.annotation)
        self._write([wish], lambda pairs: self._drawing.put(self._drawing.work, Recorded(pairs)))

    def decide(self, conflict: Conflict, *, take: bool) -> None:
        """Close a conflict: the kept edit becomes the next revision, or what is on the map stays."""
        store, author = self._workspace.catalog.annotations, self.author()
        base = conflict.theirs.version

        def work() -> list[Event]:
            if take and conflict.mine is None:
                closed = store.resolve(conflict.version, None, author=author, base=base)
                if closed.outcome is Outcome.CONFLICT:
                    return [closed]
                return [store.remove(conflict.theirs.annotation.id, author=author, base=closed.number)]
            return [store.resolve(conflict.version, conflict.mine if take else None, author=author, base=base)]

        self._run(work, lambda _: None)

    def add_force(self, force: Force) -> None:
        """Name a side and its colour."""
        author = self.author()
        self._run(lambda: [self._workspace.catalog.annotations.save_force(force, author=author)], lambda _: None)

    # Undo

    def undo(self) -> bool:
        """Take the last step back, unless a write is on its way; False when there is none."""
        return self.busy or self._step(self._drawing.steps.undo(), backwards=True)

    def redo(self) -> bool:
        """Take the last undone step again, unless a write is on its way; False when there is none."""
        return self.busy or self._step(self._drawing.steps.redo(), backwards=False)

    def _step(self, step: Step | None, *, backwards: bool) -> bool:
        if step is None:
            return False
        if step.recorded is None:
            self._drawing.show(step.before if backwards else step.after)
            return True
        pairs = [(b, a) if backwards else (a, b) for a, b in step.recorded.pairs]
        wishes = [Wish(id=each.id, base=self._left(each.id, now), annotation=then)
                  for now, then in pairs if (each := now or then) is not None]  # fmt: skip
        steps = self._drawing.steps
        self._write(
            wishes,
            lambda applied: self._stepped(step, len(applied) == len(wishes), backwards=backwards),
            steps.redo if backwards else steps.undo,  # nothing was written: the step is still to be taken
        )
        return True

    def _left(self, id_: str, state: Annotation | None) -> int:
        """Return the version in which a step left an annotation: a later one is somebody else's and a conflict."""
        history = self._workspace.catalog.annotations.history(id_)
        left = (one.version for one in reversed(history) if (None if one.removed else one.annotation) == state)
        return next(left, 0)

    def _stepped(self, step: Step, whole: bool, *, backwards: bool) -> None:  # noqa: FBT001 - of every part
        if not whole:
            return  # what somebody else changed since is theirs: a person decides, and the desk stays as it is
        work = step.before if backwards else step.after
        if work is None and step.recorded is not None:
            self._forget(id_ for pair in step.recorded.pairs for id_ in {each.id for each in pair if each is not None})
        if work is not None and backwards:
            # What was recorded has a later version now: the desk goes on from there.
            history = self._workspace.catalog.annotations.history(work.id)
            work = replace(work, base=history[-1].version if history else 0)
        self._drawing.show(work)

    # Writing

    def _write(self, wishes: list[Wish], then: Done, failed: Callable[[], Any] = lambda: None) -> None:
        author, store = self.author(), self._workspace.catalog.annotations

        def before(id_: str) -> Annotation | None:
            try:
                found = store.get(id_)
            except NotFoundError:
                return None
            return None if found.removed else found.annotation

        def after(event: Event, id_: str) -> Annotation | None:
            made = next((one for one in store.history(id_) if one.version == event.number), None)
            return None if made is None or made.removed else made.annotation

        def work() -> Any:  # noqa: ANN401
            old = tuple(before(wish.id) for wish in wishes)
            events = record(self._workspace, wishes, author=author)
            # As it was recorded: an annotation carries the handling of what it rests on.
            return events, tuple(
                (was, after(event, wish.id)) for was, event, wish in zip(old, events, wishes, strict=True)
            )

        def written(found: Any) -> None:  # noqa: ANN401
            applied = [pair for event, pair in zip(*found, strict=True) if event.outcome is Outcome.APPLIED]
            then(tuple(applied))

        self._run(work, written, failed)

    def _run(
        self, work: Callable[[], Any], then: Callable[[Any], None], failed: Callable[[], Any] = lambda: None
    ) -> None:
        self.busy = True

        def done(result: Any) -> None:  # noqa: ANN401
            self.busy = False
            if isinstance(result, Exception):
                failed()
                self._notices.fail(result)
                self._kept = None
                if isinstance(result, NightglassError):
                    self.autosave()
                return
            events: list[Event] = result[0] if isinstance(result, tuple) else result
            then(result)
            self._told(events)

        self._background(work, done)

    def _told(self, events: list[Event]) -> None:
        self.wrote()
        self._noting.refresh()
        clashing = [event for event in events if event.outcome is Outcome.CONFLICT]
        thing, _, id_ = events[0].subject.partition(":") if events else ("", "", "")
        if thing == "annotation":
            self._noting.choose(id_)
        if clashing:
            self._notices.tell(
                "Somebody changed this while you were drawing. Your edit is kept beside theirs: decide in Notes.",
                Weight.WARNING,
            )
