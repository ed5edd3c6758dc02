"""What tiles must know of the whole area, in a file that every worker reads once: it can be some megabytes."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.change.energy import CommonMode, Reference
from dashboard.change.placebo import Calibration, Counts
from dashboard.model.errors import ResourceError
from dashboard.workflows.detection.area_store import Piece, Store

NAME = "known"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Known:
    """Measured once, the same for every tile."""

    reference: Reference
    calibration: Calibration
    """Makes strata alike."""


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
    arrays: dict[str, NDArray[Any]] = {}
    names: list[list[str]] = []
    reference, calibration = known.reference, known.calibration
    for number, (common, variance) in enumerate(zip(reference.common, reference.variance, strict=True)):
        names.append(list(common.polarisations))
        arrays |= {
            f"times{number}": common.times.astype("datetime64[ns]").astype(np.int64),
            f"values{number}": common.values,
            f"y{number}": common.y,
            f"x{number}": common.x,
            f"variance{number}": variance,
        }
    return Piece(
        facts={
            "polarisations": names,
            "brightness": list(reference.brightness_edges),
            "variability": list(reference.variability_edges),
            "windows": calibration.windows,
            "independent": calibration.independent,
        },
        arrays=arrays | {"counts": calibration.counts.table},
    )


def unpacked(piece: Piece) -> Known:
    """Return what `packed` was given."""
    facts, arrays = piece.facts, piece.arrays
    numbers = range(len(facts["polarisations"]))
    common = tuple(
        CommonMode(
            times=arrays[f"times{number}"].astype("datetime64[ns]"),
            polarisations=tuple(facts["polarisations"][number]),
            values=arrays[f"values{number}"],
            y=arrays[f"y{number}"],
            x=arrays[f"x{number}"],
        )
        for number in numbers
    )
    return Known(
        reference=Reference(
            common=common,
            variance=tuple(arrays[f"variance{number}"] for number in numbers),
            brightness_edges=(facts["brightness"][0], facts["brightness"][1]),
            variability_edges=(facts["variability"][0], facts["variability"][1]),
        ),
        calibration=Calibration.of(Counts(arrays["counts"]), facts["windows"], independent=facts["independent"]),
    )
