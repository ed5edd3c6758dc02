"""What is known of an acquisition, for the inspector: HTML from values. Pure."""

from collections.abc import Iterator
from html import escape

from dashboard.model.acquisition import Acquisition, Geocoding, Original
from dashboard.model.dtg import dtg, iso
from dashboard.model.handling import Handling
from dashboard.plots.told import delay

MUTED, WARN = "muted", "warn"
GUESS = "inferred from a field whose meaning is not published: confirm or correct it below"

Row = tuple[str, str, str]
"""Title, HTML, and the field of `Acquisition` that it shows, or empty."""


def details(letter: str, acq: Acquisition) -> str:
    """Return everything the product says of an acquisition; what it does not say is named as such."""
    rows = "".join(_line(row, acq.origin.guessed) for row in (*_who(acq), *_how(acq), *_worth(acq), *_whence(acq)))
    more = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in acq.details)
    folded = f"<details><summary>{len(acq.details)} more fields of the product</summary><table>{more}</table></details>"
    title = f"{letter}: {escape(acq.platform or acq.constellation)} {dtg(acq.start)}"
    opened = "open" if letter == "B" else ""
    return (
        f'<details class="acq {letter.lower()}" {opened}><summary>{title}</summary><table>{rows}</table>'
        f"{folded if more else ''}</details>"
    )


def _line(row: Row, guessed: frozenset[str]) -> str:
    title, value, fields = row
    if guessed & set(fields.split()):
        value = f'<i class="guessed" title="{GUESS}">{value} <span class="{WARN}">guessed</span></i>'
    return f"<tr><th>{title}</th><td>{value}</td></tr>"


def _who(acq: Acquisition) -> Iterator[Row]:
    yield "id", escape(acq.id), ""
    yield "time", f"{dtg(acq.start)} <span class='{MUTED}'>{iso(acq.start)}</span>", "start stop"
    yield "platform", _stated(acq.platform), "platform constellation"
    yield "mode", _stated(acq.mode), "mode"
    yield "level", _stated(acq.level), "level"


def _how(acq: Acquisition) -> Iterator[Row]:
    yield "bands" if acq.optical else "polarisation", _stated("+".join(acq.polarisations)), "polarisations"
    yield "pass", _stated(acq.pass_direction), "pass_direction"
    if not acq.optical:
        yield "look", _stated(acq.look), "look"
        yield "track", _stated(acq.track), "track"
    yield "incidence", _stated(acq.incidence_deg, "{:.1f}°"), "incidence_deg"
    yield "resolution", _stated(acq.resolution_m, "{:g} m"), "resolution_m"
    if not acq.optical:
        yield "looks", _stated(acq.looks, "{:.1f}"), "looks"


def _worth(acq: Acquisition) -> Iterator[Row]:
    calibration = acq.calibration
    quantity = calibration.quantity.value if calibration.quantity else "yes"
    why = f'<span class="{MUTED if acq.optical else WARN}">no: {escape(calibration.why_not)}</span>'
    yield "calibrated", quantity if calibration.valid else why, ""
    yield "placed by", _placed(acq.geocoding), ""
    yield "delay", delay(acq), "received"
    yield "handling", _handling(acq.handling), ""


def _whence(acq: Acquisition) -> Iterator[Row]:
    if acq.original is not None:
        yield "original", _original(acq.original), ""
    yield "reader", f"{escape(acq.origin.reader)} {escape(acq.origin.reader_version)}", ""
    yield "SHA-256", f'<span class="mono">{acq.origin.product_sha256[:16]}…</span>', ""


def _stated(value: object, form: str = "{}") -> str:
    if value in (None, ""):
        return f'<span class="{MUTED}">not stated</span>'
    return escape(form.format(value))


def _placed(geocoding: Geocoding | None) -> str:
    if geocoding is None:
        return _stated(None)
    kinds = {
        "affine": "the producer's map",
        "gcp": "control points",
        "rpc": "RPCs",
        "sensor": "orbit and range",
        "none": "nothing",
    }
    parts = [kinds.get(geocoding.kind, geocoding.kind), f"heights {geocoding.heights}"]
    if geocoding.error_m is not None:
        parts.append(f"±{geocoding.error_m:g} m")
    if geocoding.shift_per_m:
        parts.append(f"{geocoding.shift_per_m:.1f} m off for each metre of height")
    return f'<span title="{escape(geocoding.basis)}">{escape(" · ".join(parts))}</span>'


def _handling(handling: Handling) -> str:
    shown = escape(handling.banner)
    terms = sorted(handling.regimes | handling.attributions)
    if terms:
        shown += f'<br><span class="{MUTED}">{escape(" · ".join(terms))}</span>'
    if handling.conflict:
        shown += (
            f'<br><span class="{WARN}">The product contradicts itself about its marking: the strictest is used.</span>'
        )
    return shown


def _original(original: Original) -> str:
    rows, columns = original.shape
    kind = "complex" if original.complex else "detected"
    return f"{rows:,} × {columns:,} {kind} <span class='mono {MUTED}'>{original.sha256[:12]}…</span>"
