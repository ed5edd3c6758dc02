"""Rows of the two tables. Pure."""

from collections.abc import Sequence

from dashboard.model.acquisition import Acquisition
from dashboard.model.change import DetectedChange
from dashboard.model.dtg import dtg
from dashboard.views.layerdata import ground
from dashboard.views.rows import Row

ACQUISITION_COLUMNS = ("DTG", "From", "Pol", "Pass", "Inc", "Here")
CHANGE_COLUMNS = ("Change", "dB", "Area", "Seen by")
_SHORT = {"ascending": "asc", "descending": "desc", None: "–"}


def acquisition_rows(acquisitions: Sequence[Acquisition], words: Sequence[str] = ()) -> list[Row]:
    """Return one row an acquisition, latest first, keeping those that contain every word (in any case)."""
    ordered = sorted(acquisitions, key=lambda acq: (acq.start, acq.id), reverse=True)
    return [_acquisition_row(acq) for acq in ordered if all(word in _searched(acq) for word in words)]


def _acquisition_row(acq: Acquisition) -> Row:
    incidence = "–" if acq.incidence_deg is None else f"{acq.incidence_deg:.0f}°"
    pols = "+".join(acq.polarisations)
    return acq.id, dtg(acq.start), acq.constellation, pols, _SHORT[acq.pass_direction], incidence, _here(acq)


def _searched(acq: Acquisition) -> str:
    parts = (acq.id, acq.platform, acq.mode, acq.pass_direction, acq.look, acq.level, *_acquisition_row(acq))
    return " ".join(str(part) for part in parts if part).lower()


def _here(acq: Acquisition) -> str:
    if acq.pixels is None:
        return "no"
    return "yes" if acq.calibration.valid else "uncal."


def change_rows(changes: Sequence[DetectedChange]) -> list[Row]:
    """Return one row a change, in the order given."""
    return [
        (change.id, change.sign.value, f"{change.magnitude_db:+.1f}", ground(change.area_m2), dtg(change.before))
        for change in changes
    ]
