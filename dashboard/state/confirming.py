"""What a product left to be guessed, and a person's word on it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import param

from dashboard.model.acquisition import Acquisition
from dashboard.plots.told import field_words
from dashboard.sources.marking import UNSTATED
from dashboard.state.background import Background
from dashboard.state.notices import Notices, Weight
from dashboard.workflows.confirm_fields import CATEGORY, CONFIRMED, confirm, confirmable, value_text
from dashboard.workflows.workspace import Workspace


class Confirming(param.Parameterized):
    """Owner of the form in which fields are confirmed, corrected or supplied."""

    opened = param.String(default="")
    """Id of the acquisition whose form is open; empty for none."""
    busy = param.Boolean(default=False)
    """Whether a word is being recorded."""

    def __init__(self, workspace: Workspace, background: Background, notices: Notices) -> None:
        super().__init__()
        self._workspace = workspace
        self._background = background
        self._notices = notices
        self._typed: dict[str, str] = {}
        self.author: Callable[[], str] = lambda: "analyst"
        """Who vouches; set by whoever knows the person."""
        self.wrote: Callable[[], None] = lambda: None
        """Called after every write, so that others hear of it at once."""

    def open(self, acquisition_id: str) -> None:
        """Open the form of an acquisition; what was typed into another is dropped."""
        self._typed = {}
        self.opened = acquisition_id

    def close(self) -> None:
        """Close the form; nothing typed is recorded."""
        self.open("")

    def fill(self, name: str, text: str) -> None:
        """Keep what was typed into a field until it is confirmed."""
        self._typed[name] = text

    def typed(self, name: str, value: str) -> str:
        """Return what a field shows: what was typed, else its value."""
        return self._typed.get(name, value)

    def confirm_all(self, acq: Acquisition) -> None:
        """Record everything that has a value, and whatever was typed."""
        self.confirm(acq, settled(acq, self._typed))

    def confirm(self, acq: Acquisition, names: Iterable[str]) -> None:
        """Record that this person vouches for fields: as they are, or as they were typed."""
        if self.busy:
            self._notices.tell("The last word is still being recorded.", Weight.WARNING)
            return
        values = waiting(acq) | confirmed(acq) | unknown(acq)
        told = {name: self._told(name, values) for name in names}
        if not told:
            self._notices.tell("Nothing is left to confirm here.")
            return
        self.busy = True
        who = self.author()
        self._background(lambda: confirm(self._workspace, acq.id, told, who), lambda result: self._done(result, told))

    def _told(self, name: str, values: dict[str, str]) -> str | None:
        """Return a field's new value; None where it is right as it is."""
        value = values.get(name, "")
        text = self._typed.get(name, value).strip()
        return None if text == value else text

    def _done(self, result: Any, told: dict[str, str | None]) -> None:  # noqa: ANN401
        if isinstance(result, Exception):
            self.busy = False
            self._notices.fail(result)
            return
        for name in told:
            self._typed.pop(name, None)
        if not waiting(result):
            self.opened = ""
        self.busy = False
        fields = "; ".join(field_words(name) for name in told)
        self._notices.tell(
            f"Confirmed as {self.author()}: {fields}. To undo, correct it below the details of {result.id}."
        )
        self.wrote()


def waiting(acq: Acquisition) -> dict[str, str]:
    """Return what waits for a person's word: guessed field -> value as text; the category while none is stated."""
    pending = UNSTATED in acq.handling.caveats
    return {
        name: value
        for name, value in confirmable(acq).items()
        if name in acq.origin.guessed or (name == CATEGORY and pending)
    }


def confirmed(acq: Acquisition) -> dict[str, str]:
    """Return what persons have vouched for: field -> value as text; who and when is among the details."""
    names = [key.removeprefix(CONFIRMED) for key, _ in acq.details if key.startswith(CONFIRMED)]
    return {name: value_text(acq, name) for name in names if name not in acq.origin.guessed}


def unknown(acq: Acquisition) -> dict[str, str]:
    """Return the fields that nobody knows and a person may supply."""
    told = waiting(acq) | confirmed(acq)
    return {name: value for name, value in confirmable(acq).items() if name not in told and name != CATEGORY}


def settled(acq: Acquisition, typed: Mapping[str, str]) -> tuple[str, ...]:
    """Return what can be confirmed at once: everything that waits and has a value, and whatever was typed."""
    known = waiting(acq) | confirmed(acq) | unknown(acq)
    left = {name for name, value in waiting(acq).items() if value or typed.get(name, "").strip()}
    return tuple(name for name in known if name in left or typed.get(name, known[name]).strip() != known[name])
