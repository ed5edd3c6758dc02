"""Classes of ground whose chance energies are alike: brightness by variability."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from dashboard.change.energy import plain
from dashboard.change.energy.options import Options
from dashboard.change.energy.reference import Reference
from dashboard.change.energy.reference import reference as measured
from dashboard.change.energy.stacks import asked
from dashboard.change.periods import Periods

STRATA = 9
"""Three classes of brightness by three of variability."""


def stratum(
    stacks: Sequence[xr.DataArray],
    periods: Periods,
    *,
    reference: Reference | None = None,
    options: Options = Options(),  # noqa: B008 -- frozen
) -> NDArray[np.uint8]:
    """Return the class (y, x), 0 to 8."""
    reference = measured(stacks, periods, options) if reference is None else reference
    return plain.stratum(stacks, asked(stacks, periods), reference, options)
