"""Detected changes and their run as flat named fields: what a GeoJSON property and a GeoPackage column share."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import shapely

from dashboard import __version__
from dashboard.model.change import ChangeRun, DetectedChange
from dashboard.model.handling import Handling, combine
from dashboard.model.review import Precision, Review, precision
from dashboard.model.sampling import Sampling, sampling
from dashboard.sources.exchange.fields import BANNER, MARK, handling_fields, stamp

FORMAT = "changes 1"
"""Value of the field `nightglass`: not the number that marks annotations, as these are none."""
TIMES = ("after", "before", "happened_from", "happened_to")
WHOLE = ("pixels", "looks_before", "looks_after", "confirming", "stacks_showing", "stacks")
REAL = ("area_m2", "magnitude_db", "score", "confidence", "expected_false_per_100km2", "p_value")
FIELDS = (
    MARK, "id", "run", "sign", "status", *TIMES, *REAL, *WHOLE, "magnitudes", "basis", "evidence", "verdicts",
    "disputed", BANNER, "handling",
)  # fmt: skip
"""All of a change, in the order in which they are written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is exported: a run, what it found, and what people said of it."""

    run: ChangeRun
    changes: tuple[DetectedChange, ...]
    """Those that leave, strongest first."""
    found: int
    """How many the run found in all."""
    min_score: float | None
    reviews: Mapping[str, Sequence[Review]] = field(default_factory=dict)
    """By change id, of those that leave."""
    exported: datetime

    @property
    def handling(self) -> Handling:
        """Strictest of the run and of every change."""
        return combine(list(dict.fromkeys([self.run.handling, *(change.handling for change in self.changes)])))

    @property
    def precision(self) -> Precision:
        """Measured on the reviewed ones of the changes that leave."""
        return precision([[one.verdict for one in said if one.verdict] for said in self.reviews.values()])

    @property
    def sampling(self) -> Sampling:
        """How the reviewed ones on which `precision` rests lie among the changes that leave."""
        kinds = ({one.verdict.real for one in self.reviews.get(each.id, ()) if one.verdict} for each in self.changes)
        scores = np.array([each.score for each in self.changes], dtype=np.float64)
        return sampling(scores, np.array([len(each) == 1 for each in kinds], dtype=bool))


def fields_of(change: DetectedChange, report: Report) -> dict[str, Any]:
    """Return what is known of a change by field: texts, numbers, times, lists; None where nothing is."""
    run = report.run
    happened = change.date_range or (None, None)
    said = [one for one in report.reviews.get(change.id, ()) if one.verdict or one.note]
    kinds = {one.verdict.real for one in said if one.verdict}
    return {
        MARK: FORMAT,
        "id": change.id,
        "run": change.run_id,
        "sign": change.sign.value,
        "status": change.status.value,
        "after": change.after,
        "before": change.before,
        "happened_from": happened[0],
        "happened_to": happened[1],
        "area_m2": change.area_m2,
        "magnitude_db": change.magnitude_db,
        "score": change.score,
        "confidence": change.confidence,
        "expected_false_per_100km2": None if run.announced is None else run.announced.at(change.score),
        "p_value": change.p_value,
        "pixels": change.pixels,
        "looks_before": change.looks[0],
        "looks_after": change.looks[1],
        "confirming": change.confirming,
        "stacks_showing": change.stacks[0],
        "stacks": change.stacks[1],
        "magnitudes": [
            {"polarisation": name, "median_db": median, "p95_db": p95} for name, median, p95 in change.magnitudes
        ],
        "basis": run.basis.value,
        "evidence": list(change.evidence),
        "verdicts": [_said(one) for one in said],
        "disputed": len(kinds) > 1,
        BANNER: change.handling.banner,
        "handling": handling_fields(change.handling),
    }


def plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields as JSON takes them: times as text, nothing that is not stated."""
    shown = {name: stamp(value) if isinstance(value, datetime) else value for name, value in fields.items()}
    return {name: value for name, value in shown.items() if value not in (None, "", []) or name == "handling"}


def facts_of(report: Report) -> dict[str, Any]:
    """Return what the file says about itself: everything needed to repeat and to judge the run."""
    run, measured = report.run, report.precision
    facts: dict[str, Any] = {
        "format": FORMAT,
        "software": f"Nightglass {__version__}",
        "exported": report.exported,
        BANNER: report.handling.banner,
        "handling": handling_fields(report.handling),
        "run": run.id,
        "created": run.created,
        "method": run.method,
        "run_software": run.software,
        "parameters": dict(run.parameters),
        "a": run.before,
        "b": run.after,
        "acquisitions_before": list(run.looked_before or (run.before,)),
        "acquisitions_after": list(run.looked_after or (run.after,)),
        "inputs": [{"path": path, "sha256": sha256} for path, sha256 in run.inputs],
        "extent": list(run.extent),
        "observed_km2": run.observed_km2,
        "unobserved": None if run.unobserved is None else shapely.to_wkt(run.unobserved, rounding_precision=7),
        "basis": run.basis.value,
        "announced": None,
        "remarks": list(run.remarks),
        "found": report.found,
        "written": len(report.changes),
        "min_score": report.min_score,
    }
    if run.announced is not None:
        facts["announced"] = {
            "scores": list(run.announced.scores),
            "expected_false_per_100km2": list(run.announced.per_100km2),
            "windows": run.announced.windows,
            "area_km2": run.announced.area_km2,
        }
    if measured.reviewed or measured.disputed:
        interval = measured.interval
        facts["precision"] = {
            "reviewed": measured.reviewed,
            "real": measured.real,
            "disputed": measured.disputed,
            "interval_95": None if interval is None else list(interval),
            "chosen": _chosen(report.sampling),
        }
    return plain(facts)


def _chosen(found: Sampling) -> dict[str, Any]:
    """Return how the reviewed ones were chosen: without it their precision cannot be judged."""
    return {
        "how": found.choice.value,
        "of": found.of,
        "in_surer_half": found.surer,
        "scores_reviewed": None if found.scores is None else list(found.scores),
        "scores_of_all": None if found.every is None else list(found.every),
    }


def by_change(reviews: Iterable[Review], ids: Iterable[str]) -> dict[str, tuple[Review, ...]]:
    """Return reviews by the change they speak of, for these changes only."""
    found: dict[str, list[Review]] = {id_: [] for id_ in ids}
    for one in reviews:
        if one.change_id in found:
            found[one.change_id].append(one)
    return {id_: tuple(said) for id_, said in found.items() if said}


def _said(review: Review) -> dict[str, Any]:
    said = {
        "reviewer": review.reviewer,
        "verdict": None if review.verdict is None else review.verdict.value,
        "note": review.note,
        "at": stamp(review.at),
    }
    return {name: value for name, value in said.items() if value}
