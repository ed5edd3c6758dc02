"""Rows of the acquisitions, and a place beside the front in words. Pure."""

from collections.abc import Sequence

from dashboard.geo.front_distance import FrontRelation
from dashboard.model.acquisition import Acquisition
from dashboard.model.dtg import dtg
from dashboard.views.rows import Row

ACQUISITION_COLUMNS = ("DTG", "From", "Pol", "Pass", "Inc", "Here")
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
    if acq.optical:
        return "light"
    return "yes" if acq.calibration.valid else "uncal."


def front_words(relation: FrontRelation | None) -> str:
    """Return how far something is from the front and on whose ground it lies."""
    if relation is None:
        return "–"
    away = f"{relation.km * 1000:.0f} m" if relation.km < 1 else f"{relation.km:.1f} km"
    return f"{away} {relation.side}".strip()
