"""Below the details of an acquisition: what was guessed of it, to be confirmed or corrected by a person."""

from collections.abc import Callable
from html import escape

from dashboard.model.acquisition import Acquisition, LookSide, PassDirection
from dashboard.model.errors import InputError
from dashboard.plots.told import field_words
from dashboard.state.confirming import confirmed, unknown, waiting
from dashboard.state.session import Session
from dashboard.views.card import Card, chosen, said, written
from dashboard.views.mailbox import Mailbox
from dashboard.workflows.confirm_fields import AS_IT_IS, CATEGORY

OPTIONS: dict[str, tuple[str, ...]] = {"look": tuple(LookSide), "pass_direction": tuple(PassDirection)}
TIPS = {
    "start": "2026-05-06T15:30:00Z", "stop": "2026-05-06T15:30:09Z", "received": "2026-05-06T19:00:00Z",
    "polarisations": "VV, or HH+HV", CATEGORY: "as the supplier stated it",
}  # fmt: skip


class ConfirmView:
    """One card a letter."""

    def __init__(self, session: Session, mailbox: Mailbox) -> None:
        self._session = session
        self.cards = {letter: Card() for letter in ("A", "B")}
        confirming = session.confirming
        mailbox.on("confirm-open", lambda m: confirming.open(str(m["id"])))
        mailbox.on("confirm-close", lambda _: confirming.close())
        mailbox.on("confirm-fill", lambda m: confirming.fill(str(m["name"]), str(m["value"])))
        mailbox.on("confirm-one", lambda m: confirming.confirm(self._opened(), [str(m["field"])]))
        mailbox.on("confirm-all", lambda _: confirming.confirm_all(self._opened()))

    def _opened(self) -> Acquisition:
        acq = self._session.reach.get(self._session.confirming.opened)
        if acq is None:
            raise InputError("The form is closed; open it again below the details of A or B.")
        return acq

    def show(self) -> None:
        """Show what there is to confirm of A and of B."""
        reach, confirming = self._session.reach, self._session.confirming
        for letter, acq in (("A", reach.a), ("B", reach.b)):
            other = letter == "A" and acq == reach.b  # one form for one acquisition
            if acq is None or other:
                html = ""
            elif confirming.opened == acq.id:
                html = form(letter, acq, confirming.typed, busy=confirming.busy)
            else:
                html = offer(letter, acq)
            self.cards[letter].write(html)
            self.cards[letter].visible = bool(html)


def offer(letter: str, acq: Acquisition) -> str:
    """Return the button that opens the form; nothing where nobody has anything to say."""
    left, told = waiting(acq), confirmed(acq)
    if left:
        words = f"Confirm what is guessed of {letter} ({len(left)})"
    elif told:
        words = f"Correct what was confirmed of {letter} ({len(told)})"
    else:
        return ""
    return f'<div class="row">{_button(words, said("confirm-open", id=acq.id), "confirm-0", main=bool(left))}</div>'


def form(letter: str, acq: Acquisition, typed: Callable[[str, str], str], *, busy: bool = False) -> str:
    """Return the form: what waits for a word, what has been confirmed, what nobody knows.

    Parameters
    ----------
    typed : gives what a field shows, from its name and its value
    busy : whether a word is being recorded, so that no other can be given
    """
    parts, number = [f"<h3>{letter}: {escape(acq.platform or acq.constellation)}, guessed from the product</h3>"], 0
    for title, fields in (("", waiting(acq)), ("Confirmed", confirmed(acq)), ("Not known", unknown(acq))):
        rows = [_row(name, typed(name, value), (number + n, busy)) for n, (name, value) in enumerate(fields.items())]
        number += len(rows)
        listed = f'<div class="fields">{"".join(rows)}</div>'
        if title and rows:
            parts.append(f"<details><summary>{title}: {len(rows)}</summary>{listed}</details>")
        elif rows:
            parts.append(listed)
    if not waiting(acq):
        parts.append('<p class="muted">Nothing is guessed any more.</p>')
    buttons = _button("Confirm all", said("confirm-all"), "confirm-all", main=True, able=not busy)
    parts.append(f'<div class="row">{buttons}{_button("Close", said("confirm-close"), "confirm-close")}</div>')
    return f'<section aria-label="Fields of {letter} to confirm">{"".join(parts)}</section>'


def _row(name: str, value: str, place: tuple[int, bool]) -> str:
    """Return a field and its button; buttons go by their place, so that the focus goes on to the next one."""
    number, busy = place
    words = field_words(name)
    fill = said("confirm-fill")
    if name in AS_IT_IS:
        field = f'<label>{escape(words)}<span class="mono">{escape(value)}</span></label>'
    elif name in OPTIONS:
        field = chosen(words, name, value, {"": "not known", **{option: option for option in OPTIONS[name]}}, fill)
    else:
        field = written(words, name, value, fill, tip=TIPS.get(name, ""))
    label = f'aria-label="Confirm {escape(words)}" {said("confirm-one", field=name)}'
    return field + _button("Confirm", label, f"confirm-{number}", able=not busy)


def _button(words: str, message: str, name: str, *, main: bool = False, able: bool = True) -> str:
    flags = f'class="{"main" if main else ""}" name="{name}"{"" if able else " disabled"}'
    return f'<button type="button" {flags} {message}>{escape(words)}</button>'
