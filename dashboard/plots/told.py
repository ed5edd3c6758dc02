"""What a tick of the timeline says when it is hovered: who looked, how late that came, how it looked."""

from datetime import timedelta
from html import escape

from dashboard.model.acquisition import Acquisition, Kind
from dashboard.model.dtg import iso

NOT_STATED = "arrival not stated"
FIELD_WORDS = {
    "start": "first echo", "stop": "last echo", "polarisations": "polarisation", "pass_direction": "pass",
    "incidence_deg": "incidence, degrees", "look_azimuth_deg": "look azimuth, degrees", "resolution_m": "resolution, m",
    "frequency_ghz": "frequency, GHz", "received": "arrival", "geocoding": "placed by",
    "category": "category under the Japanese act",
}  # fmt: skip
"""Field of an acquisition -> how people call it, where its name alone does not say it."""


def provider(acq: Acquisition) -> str:
    """Return constellation and platform; the platform alone where its name says the constellation."""
    platform = acq.platform or ""
    if platform.startswith(acq.constellation):
        return platform
    return " · ".join(part for part in (acq.constellation, platform) if part)


def told(acq: Acquisition) -> str:
    """Return the lines of the tooltip as HTML: delay; mode, look, pass and incidence; level and calibration.

    What the product does not state is said so, never left out: a gap in what is known is itself worth knowing.
    """
    how = (
        _stated("mode", acq.mode), _stated("look", acq.look), _stated("pass", acq.pass_direction),
        _stated("incidence", None if acq.incidence_deg is None else f"{acq.incidence_deg:.0f}°"),
    )  # fmt: skip
    what = (_stated("level", acq.level), "+".join(acq.polarisations) or "polarisation –", calibrated(acq))
    here = "" if acq.pixels is not None else "known only: no pixels here"
    doubtful = f"guessed: {escape(guessed(acq))}" if acq.origin.guessed else ""
    lines = (delay(acq), escape(" · ".join(how)), escape(" · ".join(what)), doubtful, here)
    return "<br>".join(line for line in lines if line)


def delay(acq: Acquisition) -> str:
    """Return how long after sensing the product arrived, in words."""
    if acq.received is None:
        return NOT_STATED
    late = acq.received - acq.start
    if late < timedelta(0):
        return f"arrival stated as {iso(acq.received)}, before sensing"
    if late < timedelta(hours=2):
        return f"arrived {late.total_seconds() / 60:.0f} min after sensing"
    if late < timedelta(days=3):
        return f"arrived {late.total_seconds() / 3600:.0f} h after sensing"
    return f"arrived {late.days} d after sensing"


def calibrated(acq: Acquisition) -> str:
    """Return the calibrated quantity, or why there is none."""
    if acq.kind is Kind.OPTICAL:
        return "visible bands"
    if acq.calibration.valid:
        quantity = acq.calibration.quantity
        return f"{quantity.value} calibrated" if quantity else "calibrated"
    return f"not calibrated: {acq.calibration.why_not}" if acq.calibration.why_not else "not calibrated"


def guessed(acq: Acquisition) -> str:
    """Return what of an acquisition is guessed from its product, in words; empty for nothing."""
    return ", ".join(field_words(name).partition(",")[0] for name in sorted(acq.origin.guessed))


def field_words(name: str) -> str:
    """Return how people call a field of an acquisition."""
    return FIELD_WORDS.get(name, name.replace("_", " "))


def _stated(name: str, value: str | None) -> str:
    return f"{name} {value or '–'}"
