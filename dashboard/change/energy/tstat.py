"""The energy of change between two periods: the default statistic."""

from collections.abc import Sequence

import xarray as xr

from dashboard.change.energy import plain
from dashboard.change.energy.options import Options
from dashboard.change.energy.reference import Reference
from dashboard.change.energy.reference import reference as measured
from dashboard.change.energy.stacks import asked
from dashboard.change.periods import Periods


def change_tstat(
    stacks: Sequence[xr.DataArray],
    periods: Periods,
    *,
    reference: Reference | None = None,
    options: Options = Options(),  # noqa: B008 -- frozen
) -> xr.Dataset:
    """Return the energy of change."""
    reference = measured(stacks, periods, options) if reference is None else reference
    return plain.change_tstat(stacks, asked(stacks, periods), reference, options)
