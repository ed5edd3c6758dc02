"""Rows of the two tables. Pure."""

from collections.abc import Sequence

import pandas as pd

from dashboard.model.acquisition import Acquisition
from dashboard.model.change import DetectedChange
from dashboard.model.dtg import dtg
from dashboard.views.layerdata import ground

_SHORT = {"ascending": "asc", "descending": "desc", None: "–"}


def acquisition_rows(acquisitions: Sequence[Acquisition]) -> pd.DataFrame:
    """Return one row an acquisition, latest first."""
    ordered = sorted(acquisitions, key=lambda acq: (acq.start, acq.id), reverse=True)
    return _plain(
        {
            "id": [acq.id for acq in ordered],
            "DTG": [dtg(acq.start) for acq in ordered],
            "From": [acq.constellation for acq in ordered],
            "Pol": ["+".join(acq.polarisations) for acq in ordered],
            "Pass": [_SHORT[acq.pass_direction] for acq in ordered],
            "Inc": ["–" if acq.incidence_deg is None else f"{acq.incidence_deg:.0f}°" for acq in ordered],
            "Here": [_here(acq) for acq in ordered],
        }
    )


def _plain(columns: dict[str, list[str]]) -> pd.DataFrame:
    # Text columns as objects: the table widget takes pandas' own string type for numbers.
    return pd.DataFrame(columns, dtype=object)


def _here(acq: Acquisition) -> str:
    if acq.pixels is None:
        return "no pixels"
    return "yes" if acq.calibration.valid else "uncal."


def change_rows(changes: Sequence[DetectedChange]) -> pd.DataFrame:
    """Return one row a change, in the order given."""
    return _plain(
        {
            "id": [change.id for change in changes],
            "Change": [f"{change.sign.value}" for change in changes],
            "dB": [f"{change.magnitude_db:+.1f}" for change in changes],
            "Area": [ground(change.area_m2) for change in changes],
            "Seen by": [dtg(change.before) for change in changes],
        }
    )
