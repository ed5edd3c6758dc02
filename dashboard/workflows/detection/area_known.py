"""What tiles must know of the whole area, in a file that every worker reads once: it can be some megabytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.change.energy import CommonMode, Reference
from dashboard.change.placebo import Calibration, Counts
from dashboard.model.errors import ResourceError
from dashboard.workflows.detection.area_store import Piece, Store
from dashboard.workflows.detection.means import Means, StackSpeckle
from dashboard.workflows.detection.measures import Measure, TStat
from dashboard.workflows.detection.scans import Scan

NAME = "known"
_NOTHING = Reference(common=(), variance=())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Known:
    """Measured once, the same for every tile; empty where the method has no need of it."""

    reference: Reference = _NOTHING
    calibration: Calibration | None = None
    """Makes strata alike; None where chance is the same on all ground."""
    speckle: tuple[StackSpeckle | None, ...] = ()
    """Of the ratio of means."""

    @staticmethod
    def of(measure: Measure, calibration: Calibration | None) -> "Known":
        """Return what a method measured of the area."""
        reference = measure.reference if isinstance(measure, TStat | Scan) else _NOTHING
        speckle = measure.speckle if isinstance(measure, Means) else ()
        return Known(reference=reference, calibration=calibration, speckle=speckle)

    def given(self, measure: Measure) -> Measure:
        """Return a method with what it knows of the area."""
        if isinstance(measure, TStat | Scan):
            return replace(measure, reference=self.reference)
        if isinstance(measure, Means):
            return replace(measure, speckle=self.speckle)
        return measure


def bare(measure: Measure) -> Measure:
    """Return a method without what it knows of the area: small enough to travel with every tile."""
    return Known().given(measure)


@lru_cache(maxsize=1)
def known_of(store: Store) -> Known:
    """Return what the run of a store knows; the last one asked for is kept in memory.

    Raises
    ------
    ResourceError
        If it is not there.
    """
    piece = store.get(NAME)
    if piece is None:
        raise ResourceError(f"{NAME} is gone from {store.folder} or was changed there; run the same again.")
    return unpacked(piece)


def packed(known: Known) -> Piece:
    """Return everything as a piece; the same to the last bit comes back."""
    reference, calibration = known.reference, known.calibration
    facts: dict[str, Any] = {
        "polarisations": [list(common.polarisations) for common in reference.common],
        "brightness": list(reference.brightness_edges),
        "variability": list(reference.variability_edges),
        "speckle": [None if own is None else {"looks": dict(own.looks), "seen": own.seen} for own in known.speckle],
    }
    arrays: dict[str, NDArray[Any]] = {}
    for number, (common, variance) in enumerate(zip(reference.common, reference.variance, strict=True)):
        arrays |= {
            f"times{number}": common.times.astype("datetime64[ns]").astype(np.int64),
            f"values{number}": common.values,
            f"y{number}": common.y,
            f"x{number}": common.x,
            f"variance{number}": variance,
        }
    for number, own in enumerate(known.speckle):
        if own is not None:
            arrays[f"common_db{number}"] = own.common_db
    if calibration is not None:
        facts |= {"windows": calibration.windows, "independent": calibration.independent}
        arrays["counts"] = calibration.counts.table
    return Piece(facts=facts, arrays=arrays)


def unpacked(piece: Piece) -> Known:
    """Return what `packed` was given."""
    facts, arrays = piece.facts, piece.arrays
    calibration = None
    if "counts" in arrays:
        calibration = Calibration.of(Counts(arrays["counts"]), facts["windows"], independent=facts["independent"])
    return Known(
        reference=_reference(facts, arrays), calibration=calibration, speckle=_speckle(facts["speckle"], arrays)
    )


def _reference(facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Reference:
    common = tuple(
        CommonMode(
            times=arrays[f"times{number}"].astype("datetime64[ns]"),
            polarisations=tuple(names),
            values=arrays[f"values{number}"],
            y=arrays[f"y{number}"],
            x=arrays[f"x{number}"],
        )
        for number, names in enumerate(facts["polarisations"])
    )
    return Reference(
        common=common,
        variance=tuple(arrays[f"variance{number}"] for number in range(len(common))),
        brightness_edges=(facts["brightness"][0], facts["brightness"][1]),
        variability_edges=(facts["variability"][0], facts["variability"][1]),
    )


def _speckle(
    listed: Sequence[Mapping[str, Any] | None], arrays: Mapping[str, NDArray[Any]]
) -> tuple[StackSpeckle | None, ...]:
    return tuple(
        None
        if own is None
        else StackSpeckle(common_db=arrays[f"common_db{number}"], looks=own["looks"], seen=tuple(own["seen"]))
        for number, own in enumerate(listed)
    )
