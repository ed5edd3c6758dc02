"""Which acquisitions can be compared pixel by pixel, and why others cannot."""

from collections.abc import Iterable

from dashboard.model.acquisition import Acquisition, Kind

INCIDENCE_TOLERANCE_DEG = 5.0


_KIND = {Kind.SAR: "radar", Kind.OPTICAL: "visible bands"}


def mismatches(a: Acquisition, b: Acquisition) -> tuple[str, ...]:
    """Return the reasons why two acquisitions are not of one stack; empty when they are.

    One stack means: same constellation, same track (or, where a track is not stated, same look side, pass direction
    and incidence within 5 degrees), same mode and a common polarisation. A value missing on one side only counts as
    different: it cannot be shown to be the same. Where one is a radar's and the other a camera's, that says all.
    """
    if a.kind is not b.kind:
        return (f"kind: {_KIND[a.kind]} / {_KIND[b.kind]}",)
    reasons = [
        f"{name}: {x or 'not stated'} / {y or 'not stated'}"
        for name, x, y in (
            ("constellation", a.constellation, b.constellation),
            ("mode", a.mode, b.mode),
            ("look side", a.look, b.look),
            ("pass", a.pass_direction, b.pass_direction),
        )
        if x != y
    ]
    if not set(a.polarisations) & set(b.polarisations):
        reasons.append(f"polarisation: {'+'.join(a.polarisations)} / {'+'.join(b.polarisations)}")
    reasons.extend(_geometry_mismatches(a, b))
    return tuple(reasons)


def _geometry_mismatches(a: Acquisition, b: Acquisition) -> list[str]:
    if a.track is not None and b.track is not None:
        return [] if a.track == b.track else [f"track: {a.track} / {b.track}"]
    if a.incidence_deg is None and b.incidence_deg is None:
        return []
    if a.incidence_deg is None or b.incidence_deg is None:
        return ["incidence: stated for one only"]
    if abs(a.incidence_deg - b.incidence_deg) > INCIDENCE_TOLERANCE_DEG:
        return [f"incidence: {a.incidence_deg:.1f}° / {b.incidence_deg:.1f}° (limit {INCIDENCE_TOLERANCE_DEG:g}°)"]
    return []


def statistics_refusals(a: Acquisition, b: Acquisition) -> tuple[str, ...]:
    """Return why a change statistic between two acquisitions is refused; empty when it is allowed."""
    reasons = [f"{acq.id} is uncalibrated: {acq.calibration.why_not}" for acq in (a, b) if not acq.calibration.valid]
    reasons += [f"{acq.id} has no pixels here" for acq in (a, b) if acq.pixels is None]
    if a.id == b.id:
        reasons.append("A and B are the same acquisition")
    if a.calibration.valid and b.calibration.valid and a.calibration.quantity != b.calibration.quantity:
        reasons.append(f"backscatter quantity: {a.calibration.quantity} / {b.calibration.quantity}")
    return (*reasons, *mismatches(a, b))


def stack_of(anchor: Acquisition, among: Iterable[Acquisition]) -> list[Acquisition]:
    """Return those of `among` that are of one stack with `anchor`, in order of time."""
    members = [acq for acq in among if not mismatches(anchor, acq)]
    return sorted(members, key=lambda acq: (acq.start, acq.id))
