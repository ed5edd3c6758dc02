"""A run whose every fact is known, to be reviewed."""

from datetime import UTC, datetime, timedelta

import numpy as np
import shapely

from dashboard.model.change import Announced, Basis, ChangeRun, ChangeSign, ChangeStatus, DetectedChange

T0 = datetime(2026, 6, 1, 9, tzinfo=UTC)
SCORES = tuple(float(score) for score in np.geomspace(2.0, 64.0, 11))
ANNOUNCED = Announced(
    scores=SCORES, per_100km2=tuple(4.0 * (2.0 / score) ** 2 for score in SCORES), windows=17, area_km2=104.0
)


def run_of(
    id_: str = "run",
    *,
    before: str = "a",
    after: str = "b",
    announced: Announced | None = ANNOUNCED,
    words: str = "pol",
) -> ChangeRun:
    """Return a run between two acquisitions; `words` stands wherever a run may carry words of its own."""
    return ChangeRun(
        id=id_, created=T0 + timedelta(days=20), method="change-tstat", parameters=(("far", 1e-3), (words, words)),
        before=before, after=after, extent=(36.0, 48.0, 36.4, 48.2), observed_km2=52.5, software=f"nightglass {words}",
        inputs=((f"archive/{words}.tif", "ab" * 32),), basis=Basis.PLACEBO, announced=announced, remarks=(words,),
        looked_before=(before,), looked_after=(after,),
    )  # fmt: skip


def changes_of(
    run: ChangeRun, count: int, centre: tuple[float, float] = (36.2, 48.1), spread: float = 0.02, words: str = "VV"
) -> list[DetectedChange]:
    """Return changes of a run around a place, degrees; the surest first, one a day, sizes and signs by turns."""
    made = []
    for index in range(count):
        angle, away = 2.4 * index, spread * (index / max(count, 1)) ** 0.5
        x, y = centre[0] + away * np.cos(angle), centre[1] + 0.6 * away * np.sin(angle)
        size = 2e-4 * (1 + index % 3)
        sign = tuple(ChangeSign)[index % 3]
        strength = (3.0 + index % 5) * (-1 if sign is ChangeSign.DARKER else 1)
        seen = T0 + timedelta(days=index % 12)
        made.append(
            DetectedChange(
                id=f"{run.id}-{index:05d}", run_id=run.id, geometry=shapely.box(x, y, x + size, y + size),
                area_m2=(size * 90_000) ** 2, pixels=4 + index, after=seen - timedelta(days=6), before=seen,
                magnitude_db=strength, sign=sign, p_value=1e-6, evidence=(run.before, run.after),
                score=60.0 * 0.97**index, confidence=0.999 * 0.99**index,
                magnitudes=((words, strength, abs(strength) * 1.5),),
                date_range=(seen - timedelta(days=7), seen + timedelta(days=1)),
                status=tuple(ChangeStatus)[index % 4], looks=(17, 3), confirming=2, stacks=(1, 2),
            )
        )  # fmt: skip
    return made
