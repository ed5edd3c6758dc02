"""What a sheet shows of detected changes: those that the screen shows, with what they promise and what was measured."""

from dataclasses import dataclass, replace

from dashboard.briefing.sheet import Sifted
from dashboard.catalog.query import Box
from dashboard.model.change import ChangeRun, DetectedChange
from dashboard.model.errors import InputError
from dashboard.model.review import VERDICT_WORDS
from dashboard.model.view import Layer, View
from dashboard.workflows.review import Order, Sieve, page, queue, summary
from dashboard.workflows.review_columns import columns
from dashboard.workflows.reviewed import DISPUTED, NONE
from dashboard.workflows.workspace import Workspace

MAX_CHANGES = 60_000
_STANDINGS = {**{verdict.value: words for verdict, words in VERDICT_WORDS.items()}, DISPUTED: "disputed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeChoice:
    """Which changes were on the screen: what a view does not say by itself."""

    run_id: str | None = None
    """None: the latest detection between A and B."""
    sieve: Sieve | None = None
    """None: from the score that a run is first shown with."""
    reviewer: str | None = None
    """Whose filters on verdicts they are; None sees every verdict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownChanges:
    """Detected changes of a sheet."""

    run: ChangeRun | None = None
    changes: tuple[DetectedChange, ...] = ()
    """The largest first."""
    sifted: Sifted | None = None


def shown_changes(workspace: Workspace, view: View, choice: ChangeChoice, bbox: Box) -> ShownChanges:
    """Return the changes of a view within a box, as filtered on the screen.

    Raises
    ------
    InputError
        If there are more than a sheet can show.
    NotFoundError
        If the chosen run does not exist.
    """
    run = _run(workspace, view, choice)
    if run is None:
        return ShownChanges()
    sieve = choice.sieve or Sieve(min_score=run.usual_score)
    if view.brush is not None:
        sieve = replace(sieve, period=view.brush)
    every = columns(workspace, run.id, reviewer=choice.reviewer, provider=view.provider, known_at=view.known_at)
    rows = queue(every, replace(sieve, bbox=bbox), Order.SIZE)
    if len(rows) > MAX_CHANGES:
        msg = f"This view holds {len(rows):,} detected changes; a sheet shows at most {MAX_CHANGES:,}."
        raise InputError(f"{msg} Zoom in, raise the least score, or switch the changes off.")
    held = queue(every, Sieve(bbox=bbox), Order.SIZE)
    of_run = queue(every, replace(sieve, verdicts=frozenset()), Order.SIZE)
    measured = summary(every, of_run, min_score=sieve.min_score)
    said = dict(summary(every, rows).by_verdict)
    return ShownChanges(
        run=run,
        changes=tuple(page(workspace, every, rows)),
        sifted=Sifted(
            held=len(held),
            least=sieve.min_score,
            filters=_words(sieve),
            expected=None if run.announced is None else run.announced.at(sieve.min_score),
            precision=measured.precision,
            sampling=measured.sampling,
            verdicts=tuple((words, said[name]) for name, words in _STANDINGS.items() if said[name]),
            unreviewed=said[NONE],
        ),
    )


def _run(workspace: Workspace, view: View, choice: ChangeChoice) -> ChangeRun | None:
    if Layer.CHANGES not in view.layers:
        return None
    if choice.run_id is not None:
        return workspace.catalog.changes.run(choice.run_id)
    if view.a is None or view.b is None:
        return None
    known = [run for run in workspace.catalog.changes.runs() if view.known_at is None or run.created <= view.known_at]
    pair = [run for run in known if (run.before, run.after) == (view.a, view.b)]
    return pair[-1] if pair else None


def _words(sieve: Sieve) -> tuple[str, ...]:
    """Return the filters but the least score, as a legend says them."""
    named = (
        ("sign", sieve.signs), ("status", sieve.statuses), ("verdict", sieve.verdicts),
    )  # fmt: skip
    said = [f"{name}: {', '.join(sorted(str(each) for each in chosen))}" for name, chosen in named if chosen]
    if sieve.period is not None:
        said.append("within the chosen period")
    if sieve.min_area_m2 > 0:
        said.append(f"at least {sieve.min_area_m2:,.0f} m²")
    if sieve.within_km is not None:
        said.append(f"within {sieve.within_km:g} km of the front")
    if sieve.side:
        said.append(f"on the ground of {sieve.side}")
    return tuple(said)
