"""Rows of the two tables. Pure."""

from collections.abc import Mapping, Sequence

from dashboard.geo.front_distance import FrontRelation
from dashboard.model.acquisition import Acquisition
from dashboard.model.change import DetectedChange
from dashboard.model.dtg import dtg
from dashboard.views.layerdata import ground
from dashboard.views.rows import Row

ACQUISITION_COLUMNS = ("DTG", "From", "Pol", "Pass", "Inc", "Here")
CHANGE_COLUMNS = ("Change", "dB", "Area", "Seen by", "Front")
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


def change_rows(changes: Sequence[DetectedChange], relations: Mapping[str, FrontRelation | None]) -> list[Row]:
    """Return one row a change, in the order given, with its distance to the front valid when it was first seen."""
    return [
        (
            change.id, change.sign.value, f"{change.magnitude_db:+.1f}", ground(change.area_m2), dtg(change.before),
            front_words(relations.get(change.id)),
        )
        for change in changes
    ]  # fmt: skip


def front_words(relation: FrontRelation | None) -> str:
    """Return how far something is from the front and on whose ground it lies."""
    if relation is None:
        return "–"
    away = f"{relation.km * 1000:.0f} m" if relation.km < 1 else f"{relation.km:.1f} km"
    return f"{away} {relation.side}".strip()
