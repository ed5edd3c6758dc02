"""The corner of the map: what A and B are, and from where the radar looked. Pure text from values."""

from html import escape

from dashboard.geo.look import look_azimuth
from dashboard.model.acquisition import Acquisition
from dashboard.model.dtg import dtg, iso
from dashboard.model.view import CompareMode, View
from dashboard.plots.timeline import facts
from dashboard.plots.told import guessed


def chips(a: Acquisition | None, b: Acquisition | None, view: View) -> str:
    """Return the HTML of both chips, the shown ones only in the modes that show one."""
    shown = {CompareMode.A: ("a",), CompareMode.B: ("b",)}.get(view.compare, ("a", "b"))
    return "".join(_chip(letter, acq, view) for letter, acq in (("a", a), ("b", b)) if letter in shown)


def _chip(letter: str, acq: Acquisition | None, view: View) -> str:
    if acq is None:
        what = "Shift-click a tick to choose A" if letter == "a" else "Click a tick on the timeline to choose B"
        return f'<div class="chip {letter}"><span class="letter">{letter.upper()}</span><span>{what}</span></div>'
    calibrated = _worth(acq, view)
    return (
        f'<div class="chip {letter}"><span class="letter">{letter.upper()}</span>'
        f'<span><b title="{iso(acq.start)}">{dtg(acq.start)}</b> {escape(acq.platform or acq.constellation)}</span>'
        f'<span class="facts">{escape(facts(acq, worth=False))} · {calibrated}{_doubt(acq)}</span></div>'
    )


def _worth(acq: Acquisition, view: View) -> str:
    """Return what the brightness stands for."""
    if acq.optical:
        return "visible bands " + escape("".join(acq.polarisations))
    quantity = acq.calibration.quantity.value if acq.calibration.quantity else ""
    if acq.calibration.valid:
        return f"{escape(view.polarisation)} {quantity} calibrated"
    return f'<span class="warn">{escape(view.polarisation)} uncalibrated</span>'


def _doubt(acq: Acquisition) -> str:
    """Return a mark where something is guessed, with what on hover."""
    if not acq.origin.guessed:
        return ""
    return f' · <span class="warn" title="guessed: {escape(guessed(acq))}">{len(acq.origin.guessed)} guessed</span>'


def looks(a: Acquisition | None, b: Acquisition | None, view: View) -> str:
    """Return the look-direction arrows of the shown acquisitions: one where they are the same."""
    shown = {CompareMode.A: (("A", a),), CompareMode.B: (("B", b),)}.get(view.compare, (("A", a), ("B", b)))
    azimuths = [(letter, look_azimuth(acq)) for letter, acq in shown if acq is not None and not acq.optical]
    if len(azimuths) == 2 and azimuths[0][1] == azimuths[1][1]:
        azimuths = [("A and B", azimuths[0][1])]
    return "".join(_arrow(letter, azimuth) for letter, azimuth in azimuths)


def _arrow(letter: str, azimuth: float | None) -> str:
    if azimuth is None:
        return f'<figure title="The product does not state the look direction">look {letter}<br>not stated</figure>'
    return (
        f'<figure title="Radar of {letter} looked towards {azimuth:.0f}° (true)" data-azimuth="{azimuth:.1f}">'
        '<svg width="38" height="38" viewBox="-20 -20 40 40" role="img" '
        f'aria-label="Radar looked towards {azimuth:.0f}°">'
        f'<g transform="rotate({azimuth:.1f})" fill="none" stroke="currentColor" stroke-width="2">'
        f'<path d="M0 16V-15M-6 -8L0 -16L6 -8"/><path d="M-8 16H8" stroke-width="3"/></g></svg>'
        f"look {letter}</figure>"
    )


def clock(view: View) -> str:
    """Return which moment and which knowledge the map shows, when it is not that of B and of now."""
    parts = []
    if view.valid_at is not None:
        parts.append(f"front and notes valid at {dtg(view.valid_at)}")
    if view.known_at is not None:
        parts.append(f"as known at {dtg(view.known_at)}")
    return " · ".join(parts)
