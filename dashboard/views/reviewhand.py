"""The change in hand: pictures, series, verdict, facts and evidence. HTML from values. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

import numpy as np

from dashboard.model.change import ChangeRun, ChangeSign, ChangeStatus, DetectedChange
from dashboard.model.dtg import dtg, iso
from dashboard.model.palette import Tokens, tokens
from dashboard.model.review import VERDICT_WORDS, Review, Verdict
from dashboard.render.compose import ratio_palette
from dashboard.views.card import button, said
from dashboard.views.layerdata import MINUS, ground, unstated, what
from dashboard.views.reviewpictures import HEIGHT, WIDTH, Curve, Marks, chip, series
from dashboard.views.reviewtext import sure, verdict_words
from dashboard.workflows.blank import Blank
from dashboard.workflows.chips import Chips, Line

WAITING = {"a": "before", "b": "after", "ratio": "log-ratio"}
STATUS_WORDS = {
    ChangeStatus.FIRST: "one look shows it",
    ChangeStatus.PROVISIONAL: "two looks show it",
    ChangeStatus.CONFIRMED: "three looks or more show it",
    ChangeStatus.ENDED: "the latest looks are as before it",
}
KEYS = {verdict: str(index) for index, verdict in enumerate(Verdict, 1)}
NOTHING = (
    '<p class="muted">Choose a change: a row, a shape on the map, or J and K. Then 1 to 5 say what it is and N notes '
    "why.</p>"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is known of the change in hand."""

    change: DetectedChange
    run: ChangeRun
    place: str
    """Where it stands in the queue, in words."""
    own: Review | None
    others: tuple[Review, ...]
    """What others said, where one may see it already."""
    front: str
    """Distance to the front, in words."""
    pictures: str
    """HTML."""
    series: str
    """HTML."""
    evidence: bool
    """Whether the evidence is asked for."""


def hand(held: Held) -> str:
    """Return the card of a change."""
    change = held.change
    sign = {ChangeSign.BRIGHTER: "▲", ChangeSign.DARKER: "▼"}.get(change.sign, "◆")
    asked = held.evidence
    return (
        f'<div class="inhand" data-show="{escape(change.id)}"><h3><span>{sign} {what(change)}</span>'
        f'<span class="muted">{escape(held.place)} {_steps()}</span></h3>'
        f"{held.pictures}{verdicts(held.own)}{_note(held)}"
        f"{_others(held.others)}{held.series}{facts(change, held.front)}"
        '<div class="row">'
        + button("Evidence", said("review-evidence", id=change.id), tip="Acquisitions, parameters, versions, hashes",
                 on=asked)
        + button("Undo", said("review-undo"), tip="Take the last verdict or note back (Ctrl+Z)")
        + f"</div>{evidence(change, held.run) if asked else ''}</div>"
    )  # fmt: skip


def pictures(found: Chips | Blank | None, colours: Tokens) -> str:
    """Return before, after and ratio side by side; places for them while they are read; else why there are none."""
    if isinstance(found, Blank):
        return f'<p class="nothing">{escape(found.why)}</p>'
    if found is None:
        blank = '<svg viewBox="0 0 120 120" aria-hidden="true"></svg>'
        return '<div class="chips" aria-busy="true">' + "".join(
            f'<figure class="{name}">{blank}<figcaption>{word} …</figcaption></figure>'
            for name, word in WAITING.items()
        ) + "</div>"  # fmt: skip
    first, second = found.stamps
    bright = tokens("dark").accent  # the pictures are as dark in both themes
    shown = (
        chip(found.before, found.outline, letter="a", words=f"before {dtg(first)}", stroke=bright),
        chip(found.after, found.outline, letter="b", words=f"after {dtg(second)}", stroke=bright),
        chip(found.ratio, found.outline, letter="ratio", words=f"log-ratio {found.polarisation}", stroke=colours.black,
             colours=ratio_palette()),
    )  # fmt: skip
    return f'<div class="chips">{"".join(shown)}</div>'


def curves(
    lines: Sequence[Line] | Blank,
    change: DetectedChange,
    colours: Tokens,
    marks: tuple[datetime | None, datetime | None],
) -> str:
    """Return the series of a change with its interval and the marks of A and B; a place for it while it is read."""
    if isinstance(lines, Blank):
        return f'<p class="nothing">{escape(lines.why)}</p>'
    if not lines:
        return f'<svg class="series" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true"></svg><p class="key">&nbsp;</p>'
    made = [
        Curve(name=f"{line.stack} {line.polarisation}", moments=line.times, values_db=np.array(line.mean_db, float))
        for line in lines
    ]
    interval = change.date_range or (change.after, change.before)
    return series(made, Marks(interval=interval, a=marks[0], b=marks[1]), sign_colour(change.sign, colours), colours)


def _steps() -> str:
    return button("◀", said("review-step", by=-1), tip="Previous change of the queue (K)") + button(
        "▶", said("review-step", by=1), tip="Next change of the queue (J)"
    )


def verdicts(own: Review | None) -> str:
    """Return the five verdicts with their keys; one's own is pressed."""
    mine = own.verdict if own is not None else None
    made = "".join(
        f'<button type="button" {said("review-verdict", verdict=verdict.value)} title="{escape(words)} '
        f'({KEYS[verdict]})" aria-pressed="{"true" if mine is verdict else "false"}"><kbd>{KEYS[verdict]}</kbd>'
        f"{escape(words)}</button>"
        for verdict, words in VERDICT_WORDS.items()
    )
    return f'<div class="verdicts" role="group" aria-label="Verdict">{made}</div>'


def _note(held: Held) -> str:
    note = held.own.note if held.own is not None else ""
    about = escape(held.change.id)
    return (
        f'<label>Note (N)<input type="text" name="review-note" value="{escape(note)}" data-about="{about}" data-leave '
        f'placeholder="why, for those who come after" {said("review-note", id=held.change.id)}></label>'
    )


def _others(reviews: Iterable[Review]) -> str:
    made = "".join(
        f"<li><b>{escape(review.reviewer)}</b>: {escape(verdict_words(review.verdict))}"
        f"{f' · {escape(review.note)}' if review.note else ''} "
        f'<span class="mono muted">{dtg(review.at)}</span></li>'
        for review in reviews
    )
    return f"<ul>{made}</ul>" if made else ""


def facts(change: DetectedChange, front: str) -> str:
    """Return strength, size, dates and certainty of a change, as a table."""
    before, after = change.looks
    rows = (
        ("Strength", magnitudes(change)),
        ("Area", f"{ground(change.area_m2)} · {change.pixels:,} pixels"),
        ("Happened", happened(change)),
        ("Status", f"{change.status.value}: {STATUS_WORDS[change.status]}"),
        ("Confidence", f"{'not measured' if change.confidence is None else sure(change)} · score {change.score:.3g}"),
        ("Looks", f"{before} before, {after} after · shown by {change.stacks[0]} of {change.stacks[1]} stacks"),
        ("Front", escape(front)),
    )
    return "<table>" + "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in rows) + "</table>"


def magnitudes(change: DetectedChange) -> str:
    """Return the strength per polarisation: the signed median, and the 95th percentile of the size."""
    if unstated(change):
        return "not stated"
    if not change.magnitudes:
        return f"{change.magnitude_db:+.1f} dB".replace("-", MINUS)
    return "<br>".join(
        f"{escape(name)} {f'{median:+.1f}'.replace('-', MINUS)} dB, 95th percentile {p95:.1f} dB"
        for name, median, p95 in change.magnitudes
    )


def happened(change: DetectedChange) -> str:
    """Return between which looks it happened, and the 95 % interval where one was estimated."""
    between = f"between {_span(change.after, change.before)}"
    if change.date_range is None or change.date_range == (change.after, change.before):
        return between
    return f"{between}<br>95 %: {_span(*change.date_range)}"


def _span(first: datetime, last: datetime) -> str:
    return " and ".join(f'<span class="mono" title="{iso(moment)}">{dtg(moment)}</span>' for moment in (first, last))


def evidence_text(change: DetectedChange, run: ChangeRun) -> str:
    """Return the evidence of a change, tab-separated: acquisitions, parameters, versions, hashes."""
    lines = [
        ("change", change.id), ("run", run.id), ("created", iso(run.created)), ("method", run.method),
        ("software", run.software), ("basis", run.basis.value), ("handling", run.handling.banner),
        ("p-value", f"{change.p_value:.3g}"), *((name, str(value)) for name, value in run.parameters),
        *(("evidence", each) for each in change.evidence),
        *(("looked before", each) for each in run.looked_before),
        *(("looked after", each) for each in run.looked_after),
        *(("remark", remark) for remark in run.remarks),
        *((f"sha256 {path}", digest) for path, digest in run.inputs),
    ]  # fmt: skip
    return "\n".join(f"{name}\t{value}" for name, value in lines)


def evidence(change: DetectedChange, run: ChangeRun) -> str:
    """Return the evidence as a table with a button that copies it."""
    text = evidence_text(change, run)
    rows = "".join(
        f'<tr><th>{escape(name)}</th><td class="mono">{escape(value)}</td></tr>'
        for name, _, value in (line.partition("\t") for line in text.split("\n"))
    )
    copy = (
        f'<button type="button" data-copy="{escape(text)}" data-called="the evidence" title="Copy the evidence, '
        'tab-separated">Copy evidence</button>'
    )
    return f'<div class="row">{copy}</div><table class="evidence">{rows}</table>'


def sign_colour(sign: ChangeSign, colours: Tokens) -> str:
    """Return the colour of a sign."""
    return {ChangeSign.BRIGHTER: colours.brighter, ChangeSign.DARKER: colours.darker}.get(sign, colours.mixed)
