"""The notes tab: what is on the desk, what is chosen, what waits for a person, and the list."""

from collections.abc import Callable
from typing import Any

import panel as pn

from dashboard.model.annotation import CREDIBILITY, DEFAULT_GRADE, RELIABILITY, Evidence, EvidenceKind, Force
from dashboard.model.errors import InputError
from dashboard.model.palette import Theme, tokens
from dashboard.state.session import Session
from dashboard.views.amounts import kilometres
from dashboard.views.card import Card, button, chosen, said, written
from dashboard.views.mailbox import Mailbox, Message
from dashboard.views.notetext import conflict_card, details, draft_card, files_card, force_form, form, revision_rows
from dashboard.views.rows import Rows
from dashboard.workflows.annotate import FIELD_NAMES

COLUMNS = ("Title", "Kind", "Grade", "Valid from", "Front")
ORDERS = {
    "recent": "latest first", "title": "by title", "valid_from": "by validity", "grade": "by grade", "kind": "by kind",
    "front": "nearest the front",
}  # fmt: skip
FILTERS = ("words", "order", "within_km", "everywhere")
MOST_DRAFTS = 8
MOST_CONFLICTS = 5


class NotesView(pn.viewable.Viewer):
    """Annotations as cards and a list."""

    def __init__(self, session: Session, theme: Theme, mailbox: Mailbox) -> None:
        super().__init__()
        self._session = session
        self._theme: Theme = theme
        self._compared: int | None = None
        self._naming = False
        self._top, self._desk, self._filter, self._files = Card(), Card(), Card(), Card()
        self.rows = Rows("annotations", COLUMNS, margin=(4, 8), size=10, empty="no annotations here at this moment")
        handlers: dict[str, Callable[[Message], Any]] = {
            "note-field": lambda m: self._fill(str(m["name"]), str(m["value"])),
            "note-link": lambda m: self._link(str(m["what"])),
            "note-force": lambda _: self._name_force(on=True),
            "note-force-close": lambda _: self._name_force(on=False),
            "note-force-save": lambda m: self._add_force(m["fields"]),
            "note-edit": lambda _: session.edit_annotation(),
            "note-remove": lambda _: self._remove(),
            "note-close": lambda _: session.noting.choose(None),
            "note-compare": lambda m: self._compare(int(m["version"])),
            "note-back": lambda m: self._bring_back(int(m["version"])),
            "note-decide": lambda m: self._decide(int(m["version"]), take=bool(m["take"])),
            "note-filter": lambda m: self._filtered(str(m["name"]), m["value"]),
            "import": lambda m: session.exchanging.take(str(m["id"])),
            "export": lambda m: session.exchanging.export(str(m["format"])),
            "exchange-cancel": lambda _: session.exchanging.job.cancel(),
            "draft-resume": lambda m: session.recording.resume(str(m["id"])),
            "draft-discard": lambda m: session.recording.discard(str(m["id"])),
            "draw": lambda _: session.drawing.param.update(open=not session.drawing.open),
        }
        for kind, handler in handlers.items():
            mailbox.on(kind, self._guarded(handler))
        self.show()

    def _guarded(self, handler: Callable[[Message], Any]) -> Callable[[Message], None]:
        def handle(message: Message) -> None:
            try:
                handler(message)
            except (InputError, ValueError, KeyError) as error:
                self._session.notices.fail(error)

        return handle

    def __panel__(self) -> pn.viewable.Viewable:
        """Return the tab's content."""
        return pn.Column(
            self._top, self._desk, self._filter, self.rows, self._files, sizing_mode="stretch_width", scroll="y-auto"
        )

    # Intents

    def _fill(self, name: str, value: str) -> None:
        drawing = self._session.drawing
        if drawing.work is None:
            return
        grade = drawing.work.form.get("grade") or DEFAULT_GRADE
        if name == "reliability" and value in RELIABILITY:
            drawing.fill("grade", value + grade[1])
        elif name == "credibility" and value in CREDIBILITY:
            drawing.fill("grade", grade[0] + value)
        elif name in FIELD_NAMES and name != "grade":
            drawing.fill(name, value)
        else:
            msg = f"The form has no field {name!r} that takes {value!r}; reload the page."
            raise InputError(msg)

    def _link(self, what: str) -> None:
        session = self._session
        view = session.viewing.view
        id_ = {"a": view.a, "b": view.b, "change": session.changing.selected}[what]
        work = session.drawing.work
        if id_ is None or work is None:
            session.notices.tell("Select a change first." if what == "change" else f"There is no {what.upper()}.")
            return
        link = Evidence(EvidenceKind.CHANGE if what == "change" else EvidenceKind.ACQUISITION, id_)
        lines = [line for line in work.form.get("evidence", "").splitlines() if line]
        session.drawing.fill("evidence", "\n".join(dict.fromkeys([*lines, f"{link.kind.value}:{link.id}"])))

    def _name_force(self, *, on: bool) -> None:
        self._naming = on
        self.show_desk()

    def _add_force(self, fields: dict[str, str]) -> None:
        self._naming = False
        name = fields.get("force-name", "").strip()
        if not name:
            raise InputError("The new side has no name; write one.")
        self._session.recording.add_force(Force(name, fields["force-colour"]))

    def _remove(self) -> None:
        picked = self._session.noting.chosen
        if picked is not None:
            self._session.recording.remove(picked.now)

    def _compare(self, version: int) -> None:
        self._compared = None if self._compared == version else version
        self.show_desk()

    def _bring_back(self, version: int) -> None:
        picked = self._session.noting.chosen
        for revision in picked.history if picked else ():
            if revision.version == version:
                self._session.recording.bring_back(revision)

    def _decide(self, version: int, *, take: bool) -> None:
        for conflict in self._session.noting.conflicts:
            if conflict.version == version:
                self._session.recording.decide(conflict, take=take)

    def _filtered(self, name: str, value: Any) -> None:  # noqa: ANN401 - text or a checkbox
        if name not in FILTERS:
            msg = f"The list has no filter {name!r}; use {', '.join(FILTERS)}."
            raise InputError(msg)
        self._session.noting.param.update(**{name: kilometres(value) if name == "within_km" else value})

    # From the state

    def show(self) -> None:
        """Show everything."""
        self.show_top()
        self.show_desk()
        self.show_list()
        self.show_exchange()

    def show_top(self) -> None:
        """Show the tools, what waits for a decision and what lies aside."""
        session = self._session
        colours = tokens(self._theme)
        waiting = session.noting.conflicts
        conflicts = "".join(conflict_card(each, colours) for each in waiting[:MOST_CONFLICTS])
        if session.drawing.work is not None:  # the form comes first while something is drawn
            number = "1 conflict waits" if len(waiting) == 1 else f"{len(waiting)} conflicts wait"
            conflicts = f"<p class='warn'>{number} for a decision.</p>" if waiting else ""
        tools = (
            '<div class="row">'
            + button("Draw", said("draw"), tip="Show the drawing tools (D)", main=True, on=session.drawing.open)
            + "</div>"
        )
        drafts = "" if session.drawing.work is not None else draft_card(session.recording.drafts[:MOST_DRAFTS])
        self._top.write(tools + conflicts + drafts)

    def show_exchange(self) -> None:
        """Show the way in and out for files, and what the last one could not carry."""
        exchanging = self._session.exchanging
        self._files.write(files_card(exchanging.job.progress, exchanging.said, exchanging.ready))

    def show_desk(self) -> None:
        """Show the form of what is drawn, or the chosen annotation with its history."""
        session = self._session
        work, picked = session.drawing.work, session.noting.chosen
        if self._naming:
            self._desk.write(force_form(tokens(self._theme)))
        elif work is not None:
            self._desk.write(form(work, session.noting.forces))
        elif picked is not None:
            past = session.viewing.view.known_at is not None
            self._desk.write(details(picked, tokens(self._theme), self._compared, past=past))
        else:
            self._desk.write("")

    def show_list(self) -> None:
        """Show the list's page."""
        noting = self._session.noting
        listing = noting.listing
        within = "" if noting.within_km is None else f"{noting.within_km:g}"
        self._filter.write(
            '<div class="grid">'
            + written("Find", "words", noting.words, said("note-filter"), tip="title, side, author ...")
            + chosen("Order", "order", noting.order, ORDERS, said("note-filter"))
            + written("Within km of the front", "within_km", within, said("note-filter"), tip="any distance")
            + f'<label class="inline"><input type="checkbox" name="everywhere" {said("note-filter")}'
            + f"{' checked' if noting.everywhere else ''}>everywhere, at any time</label></div>"
        )
        self.rows.show_page(revision_rows(listing.rows, listing.related), listing.total, listing.page)
        self.rows.choose(noting.chosen.id if noting.chosen else None)

    def retheme(self, theme: Theme) -> None:
        """Change the pictures' colours."""
        self._theme = theme
        self.show()
