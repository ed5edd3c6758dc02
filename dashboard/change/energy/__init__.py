"""What a whole stack says about change: moderated t of the log, its square summed over polarisations and stacks."""

from dashboard.change.energy.common import CommonMode
from dashboard.change.energy.options import HALO_PX, Options
from dashboard.change.energy.placebo import placebo_energies
from dashboard.change.energy.reference import Reference, log_series, merged, reference
from dashboard.change.energy.strata import STRATA, brightness, stratum
from dashboard.change.energy.tstat import change_tstat

__all__ = [
    "HALO_PX",
    "STRATA",
    "CommonMode",
    "Options",
    "Reference",
    "brightness",
    "change_tstat",
    "log_series",
    "merged",
    "placebo_energies",
    "reference",
    "stratum",
]
