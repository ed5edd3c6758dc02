"""Words of the review tab: what a run rests on, what reviewing measured, the rows of the queue. Pure."""

from collections.abc import Iterable
from datetime import datetime
from html import escape

from dashboard.model.change import Basis, ChangeRun, DetectedChange
from dashboard.model.dtg import dtg
from dashboard.model.review import VERDICT_WORDS, Verdict
from dashboard.model.sampling import Sampling
from dashboard.state.queued import Listed
from dashboard.views.layerdata import MINUS, ground, strength
from dashboard.views.rows import Row
from dashboard.workflows.review import Summary

METHODS = {
    "log-ratio-f": "log-ratio of two dates", "log-ratio": "log-ratio of two dates",
    "change-tstat": "before and after, all dates", "sequential-omnibus": "omnibus test, date by date",
    "change-point": "change point", "pwtt": "pixel-wise t test as published",
    "opera-dist-alert-s1": "OPERA DIST-ALERT-S1, as stated",
}  # fmt: skip
TWO_DATES = frozenset({"log-ratio", "log-ratio-f"})
NOT_PROOF = "A change of backscatter is not proof of damage."
SHORT = {
    "none": "–", "damage": "damage", "earthworks": "works", "water": "water", "moved": "moved", "false-alarm": "false",
    "disputed": "disputed",
}  # fmt: skip


def run_words(run: ChangeRun) -> str:
    """Return a run in one line, for the chooser."""
    return f"{dtg(run.created)} · {METHODS.get(run.method, run.method)}"


def about(run: ChangeRun) -> str:
    """Return what a run looked at, what its figures rest on and what must be known of it."""
    far = dict(run.parameters).get("far")
    asked = f", {far:g} false alarms per pixel asked" if isinstance(far, float) else ""
    remarks = "".join(f'<p class="warn">{escape(remark[:1].upper() + remark[1:])}</p>' for remark in run.remarks)
    return (
        f"<p>{run.observed_km2:,.2f} km² observed before and after{asked}. "
        f'<span class="muted">{escape(basis_words(run))} {caution(run)} {NOT_PROOF}</span></p>{remarks}'
    )


def basis_words(run: ChangeRun) -> str:
    """Return what the run's false-alarm figures rest on."""
    if run.announced is None:
        return "No false-alarm figure was measured for this run: the score orders, it promises nothing."
    windows, area = run.announced.windows, run.announced.area_km2
    if run.basis is Basis.PLACEBO:
        events = "1 pseudo-event" if windows == 1 else f"{windows:,} pseudo-events"
        return f"False-alarm figures: measured on {events} in the dates before the event, {area:,.0f} km² each."
    if run.basis is Basis.STATED:
        return "False-alarm figures: the producer's own words."
    return "False-alarm figures: the law of the statistic" + (", on simulated speckle." if windows == 0 else ".")


def caution(run: ChangeRun) -> str:
    """Return what a method is known to promise wrongly."""
    if run.method in TWO_DATES and run.basis is Basis.THEORY:
        return "On real Sentinel-1 land this test gave 1.5 to 3.5 times the asked rate on average."
    return ""


def rate(expected: float) -> str:
    """Return an expected number of false polygons with a sensible number of digits."""
    if expected >= 10:
        return f"{expected:,.0f}"
    return f"{expected:.2g}" if expected >= 0.01 else "less than 0.01" if expected > 0 else "0"


def measured(found: Summary) -> str:
    """Return what the reviews say of the changes in the queue; nothing without a review."""
    parts, precision = [], found.precision
    if precision.interval is not None:
        low, high = (f"{100 * share:.0f}" for share in precision.interval)
        were = "was" if precision.real == 1 else "were"
        parts.append(
            f"Of the <b>{precision.reviewed:,}</b> reviewed at this setting, <b>{precision.real:,}</b> {were} real "
            f"({low}–{high} %). {selected(found.sampling)}"
        )
    if precision.disputed:
        parts.append(f"{precision.disputed:,} disputed: reviewers differ on whether it is real.")
    if found.doubly:
        agreed = "κ says nothing yet" if found.kappa is None else f"κ {found.kappa:.2f}".replace("-", MINUS)
        names = " and ".join(escape(name) for name in found.reviewers)
        parts.append(f"Agreement of {names}: {agreed}, n = {found.doubly:,}.")
    return f'<p class="measured">{" ".join(parts)}</p>' if parts else ""


def selected(found: Sampling) -> str:
    """Return how the reviewed ones were chosen; with a way to a fair figure where this one flatters."""
    words = found.words[:1].upper() + found.words[1:]
    if not words:
        return ""
    if found.flatters:
        return f'<span class="warn">{words}. Review some in the order “at random” for a fair one.</span>'
    return f'<span class="muted">{words}.</span>'


def queue_rows(listed: Iterable[Listed]) -> list[Row]:
    """Return one row a change: verdict, strength, size, day, confidence and distance to the front."""
    return [
        (
            each.change.id, SHORT.get(each.verdict, each.verdict), strength(each.change), ground(each.change.area_m2),
            day(each.change.before), sure(each.change), distance(each.km),
        )
        for each in listed
    ]  # fmt: skip


def day(moment: datetime) -> str:
    """Return a day as a date-time group has it."""
    group = dtg(moment)
    return group[:2] + group[7:]


def sure(change: DetectedChange) -> str:
    """Return the confidence; never as certainty."""
    if change.confidence is None:
        return "–"
    return "> 99 %" if change.confidence > 0.99 else f"{100 * change.confidence:.0f} %"


def distance(km: float | None) -> str:
    """Return a distance to the front."""
    if km is None:
        return "–"
    return f"{km * 1000:.0f} m" if km < 1 else f"{km:.1f} km"


def verdict_words(verdict: Verdict | None) -> str:
    """Return what somebody said, in words."""
    return "a note only" if verdict is None else VERDICT_WORDS[verdict]
