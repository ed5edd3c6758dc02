"""The head of the review tab: the run, the next detection, the slider's words, the filters. HTML from values. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from dashboard.model.change import ChangeRun, ChangeSign, ChangeStatus
from dashboard.model.progress import Progress
from dashboard.model.review import VERDICT_WORDS
from dashboard.views.card import button, chosen, said, written
from dashboard.views.reviewtext import about, measured, rate, run_words
from dashboard.workflows.review import Order, Sieve, Summary

STOPS = 60
"""Places of the slider, apart in proportion: few scores are high."""
ORDERS = {
    Order.CONFIDENCE: "surest first", Order.SIZE: "largest first", Order.FRONT: "nearest the front",
    Order.DATE: "earliest first", Order.STRENGTH: "strongest first", Order.LOT: "at random",
}  # fmt: skip
SIGNS = {"": "any", **{sign.value: sign.value for sign in ChangeSign}}
STATUSES = {"": "any", **{status.value: status.value for status in ChangeStatus}}
VERDICTS = {
    "": "any", "none": "not reviewed", **{verdict.value: words for verdict, words in VERDICT_WORDS.items()},
    "disputed": "disputed",
}  # fmt: skip
_LEAVE = " data-leave"
"""Of a control that the mouse has used: keys belong to the queue again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detecting:
    """The next detection, or the one that runs."""

    refusals: tuple[str, ...] = ()
    progress: Progress | None = None
    far: float
    fars: Mapping[str, str]
    """Value -> words."""


def head(
    run: ChangeRun | None,
    runs: Sequence[ChangeRun],
    chosen_run: str | None,
    detecting: Detecting,
    pair: tuple[str | None, str | None] = (None, None),
    *,
    here: bool = True,
) -> str:
    """Return what stands above the slider.

    Parameters
    ----------
    pair : the acquisitions A and B: their runs are listed apart from those of other dates
    here : whether the run's ground is on the map
    """
    if not runs:
        said_ = '<p class="muted">Nothing has been detected yet.</p>'
    else:
        said_ = _chooser(runs, chosen_run or "", pair)
        if run is None:
            said_ += '<p class="muted">No run between A and B yet: detect, or choose a run of other dates.</p>'
        elif not chosen_run:
            said_ += f'<p class="mono">{escape(run_words(run))}</p>'
        if not here:
            said_ += '<div class="row"><span class="warn">Its ground is not on the map.</span>' + (
                button("Go there", said("review-ground"), tip="Show the ground that this run searched") + "</div>"
            )
    return said_ + (about(run) if run else "") + _detection(detecting, folded=run is not None)


def _chooser(runs: Sequence[ChangeRun], chosen_run: str, pair: tuple[str | None, str | None]) -> str:
    """Return the field with every run, the latest first: those between A and B, then those of other dates."""
    groups: dict[str, list[ChangeRun]] = {"Between A and B": [], "Other dates": []}
    for run in reversed(runs):
        groups["Between A and B" if (run.before, run.after) == pair else "Other dates"].append(run)
    options = f'<option value=""{"" if chosen_run else " selected"}>the latest between A and B</option>'
    for title, listed in groups.items():
        made = "".join(
            f'<option value="{escape(each.id)}"{" selected" if each.id == chosen_run else ""}>'
            f"{escape(run_words(each))}</option>"
            for each in listed
        )
        options += f'<optgroup label="{title} ({len(listed):,})">{made}</optgroup>' if made else ""
    return f'<label>Run<select name="run" {said("review-run")}{_LEAVE}>{options}</select></label>'


def _detection(detecting: Detecting, *, folded: bool) -> str:
    progress = detecting.progress
    able = progress is None and not detecting.refusals
    bar = ""
    if progress is not None:
        done = round(100 * progress.done)
        bar = (
            f'<progress max="100" value="{done}" aria-label="Detection"></progress><div class="row">'
            f'<span class="muted">{escape(progress.text)} {done} %</span>'
            + button("Cancel", said("detect-cancel"), tip="Stop; nothing half-done is left behind")
            + "</div>"
        )
    why = (
        '<p class="warn">Not between these two: ' + escape("; ".join(detecting.refusals)) + "</p>"
        if detecting.refusals
        else ""
    )
    far = chosen("False alarms, per pixel", "far", f"{detecting.far:g}", detecting.fars, said("detect-far") + _LEAVE)
    return (
        f'<details data-keep="detect"{"" if folded else " open"}><summary>Detect between A and B</summary>{why}{far}'
        '<div class="row">'
        + button("Detect on this view", said("detect", full=False), tip="On the screen's pixels", main=True, able=able)
        + button("Full resolution", said("detect", full=True), tip="Over the map, at full resolution", able=able)
        + f"</div></details>{bar}"
    )


def stops(
    run: ChangeRun | None, scores: tuple[float, float] | None, least: float = -math.inf
) -> tuple[list[float], list[str]]:
    """Return the scores of the slider, the least one now among them, and what is expected without one and at each."""
    if run is None or scores is None or scores[0] == scores[1]:
        return [], []
    low, high = scores
    spaced = np.geomspace(low, high, STOPS) if low > 0 else np.linspace(low, high, STOPS)
    rounded = {float(f"{score:.3g}") for score in spaced[1:]}
    kept = sorted(rounded | ({least} if low < least < high else set()))
    return kept, [_expected(run, score) for score in (low, *kept)]


def _expected(run: ChangeRun, score: float) -> str:
    if run.announced is None:
        return "expected false polygons: not measured"
    return f"<b>{rate(run.announced.at(score))}</b> expected false polygons per 100 km²"


def foot(sieve: Sieve, order: Order, sides: Sequence[str], found: Summary, *, brushed: bool) -> str:
    """Return what stands below the slider: what the queue holds, what was measured on it, the filters."""
    within = "" if sieve.within_km is None else f"{sieve.within_km:g}"
    least = "" if sieve.min_area_m2 <= 0 else f"{sieve.min_area_m2:g}"
    message = said("review-filter") + _LEAVE
    orders = {each.value: text for each, text in ORDERS.items()}
    fields = (
        chosen("Order", "order", order.value, orders, said("review-order") + _LEAVE),
        chosen("Verdict", "verdict", _only(sieve.verdicts), VERDICTS, message),
        chosen("Sign", "sign", _only(sieve.signs), SIGNS, message),
        chosen("Status", "status", _only(sieve.statuses), STATUSES, message),
        written("At least m²", "area", least, message, tip="any area"),
        written("Within km of the front", "within_km", within, message, tip="any distance"),
        chosen("On the ground of", "side", sieve.side, {"": "anybody", **{side: side for side in sides}}, message),
    )
    used = len([each for each in (sieve.verdicts, sieve.signs, sieve.statuses, sieve.side, least, within) if each])
    words = f"Queue: {ORDERS[order]}, " + (f"{used} filter{'s' if used > 1 else ''}" if used else "no filter")
    return (
        f"{_held(found, brushed=brushed)}{measured(found)}"
        f'<details data-keep="filters"><summary>{words}</summary><div class="grid">{"".join(fields)}</div></details>'
    )


def _held(found: Summary, *, brushed: bool) -> str:
    if not found.count:
        return _empty(found, brushed=brushed)
    noun = "change" if found.count == 1 else "changes"
    left = dict(found.by_verdict).get("none", 0)
    false = "" if found.expected_false is None else f" · about {rate(found.expected_false)} expected to be false"
    within = '<br><span class="muted">of the period on the ruler (Esc forgets it)</span>' if brushed else ""
    return f"<p class='held'><b>{found.count:,}</b> {noun} · {left:,} not reviewed{false}{within}</p>"


def _empty(found: Summary, *, brushed: bool) -> str:
    """Return why the queue is empty, and the way out where it is a filter's doing."""
    if not found.found:
        return (
            "<p class='held'>This run found no change. Where it did not look before and after, the map is hatched: "
            "nothing is said of that ground.</p>"
        )
    what = "1 change" if found.found == 1 else f"{found.found:,} changes"
    by = "score, filters and period" if brushed else "score and filters"
    clear = button("Show all", said("review-clear"), tip="Forget the least score, the filters and the period")
    return f"<p class='held warn'>The run found {what}; {by} leave none.</p><div class='row'>{clear}</div>"


def _only(values: Iterable[str]) -> str:
    return next(iter(sorted(str(value) for value in values)), "")
