"""Which items may leave: the rule of every other way out, applied to an acquisition's record or to its pixels."""

from collections.abc import Sequence
from datetime import datetime

from dashboard.model.acquisition import Acquisition
from dashboard.model.dtg import dtg
from dashboard.model.errors import AccessError
from dashboard.model.handling import Handling
from dashboard.sources.marking import JP_RSD, UNSTATED

NAMED = 5
"""Refused acquisitions that are named one by one."""


def forbidden(handling: Handling, now: datetime, *, pixels: bool = False) -> str:
    """Return why an acquisition may not leave, or an empty text.

    Its record is made from the datum, for which the licence on derived products speaks; its pixels are the datum.

    Parameters
    ----------
    now : UTC, for the embargo
    pixels : whether the pixels leave, too
    """
    if handling.embargo_until is not None and handling.embargo_until > now:
        return f"under embargo until {dtg(handling.embargo_until)}"
    if not handling.derivatives:
        return "its licence allows no derived products"
    if pixels and not handling.redistribution:
        return "its licence does not let its pixels be passed on"
    return f"its category under {JP_RSD} is not stated" if UNSTATED in handling.caveats else ""


def releasable(
    found: Sequence[Acquisition], now: datetime, *, pixels: bool = False, leave_out: bool = False
) -> tuple[list[Acquisition], tuple[str, ...]]:
    """Return what may leave and, for each that is left out, one line with the reason.

    Raises
    ------
    AccessError
        If anything may not leave and `leave_out` is False; it is named.
    """
    kept: list[Acquisition] = []
    refused: list[str] = []
    for acq in found:
        reason = forbidden(acq.handling, now, pixels=pixels)
        if reason:
            refused.append(f"{acq.id}: {reason}")
        else:
            kept.append(acq)
    if refused and not leave_out:
        more = f"; and {len(refused) - NAMED:,} more" if len(refused) > NAMED else ""
        msg = (
            f"This may not be exported. {'; '.join(refused[:NAMED])}{more}. "
            "Leave them out with --leave-out, or ask who released them."
        )
        raise AccessError(msg)
    return kept, tuple(refused)
