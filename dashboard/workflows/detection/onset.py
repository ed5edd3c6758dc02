"""When every pixel changed most, so that what changed at different times is not taken for one object."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from dashboard.change.energy import HALO_PX, Options, Reference
from dashboard.change.periods import Periods
from dashboard.change.points import change_point


def onset(
    arrays: Sequence[xr.DataArray], periods: Periods, *, reference: Reference, options: Options
) -> NDArray[np.int16]:
    """Return the instant at which each pixel's level changed most, where that was after the first period.

    Parameters
    ----------
    arrays
        Stack arrays on one grid, with the looks between the periods where those were read.
    periods
        Changes that happened within the first one are not of the question.
    reference, options
        Of the energy; with them a tile that has a halo of `onset_halo` pixels gives what the whole gives.

    Returns
    -------
    (y, x) place of the first changed look among the instants of all stacks; where no such change stands out, two more
    than there are: what came and went, such as a flood, has no lasting level, and must not be taken for a part of what
    it touches. Of several stacks the one decides that shows the change most.
    """
    instants = np.unique(np.concatenate([each["time"].values for each in arrays]))
    late = instants > periods.before[1]
    unclear = instants.size + 1  # differs from the last by more than one: no neighbour of any date
    found = np.full(arrays[0].shape[2:], unclear, np.int16)
    highest = np.zeros(found.shape, np.float32)
    for number, array in enumerate(arrays):
        if array.sizes["time"] < 3:  # too few for a scan: nothing can be told apart
            continue
        scan = change_point(array, reference=reference.only(number), options=options, most=1)
        index, energy = scan["index"].values[0], np.nan_to_num(scan["energy"].values[0])
        place = np.searchsorted(instants, array["time"].values).astype(np.int16)[np.maximum(index, 0)]
        better = (index >= 0) & (energy > highest)
        found[better], highest[better] = np.where(late[place], place, unclear)[better], energy[better]
    return found


def onset_halo(options: Options) -> int:
    """Return the pixels around a tile that `onset` depends on."""
    return 2 * HALO_PX(options)
