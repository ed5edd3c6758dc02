"""A run with changes to review."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from catalog_makers import T0
from shapely import box

from dashboard.catalog.catalog import Catalog
from dashboard.model.change import Announced, ChangeRun, ChangeSign, DetectedChange

HOUR = timedelta(hours=1)
RUN = ChangeRun(
    id="run", created=T0, method="change-tstat", parameters=(("far", 1e-3),), before="a", after="b",
    extent=(36.0, 48.0, 37.0, 49.0), observed_km2=250.0, software="nightglass 0.1", inputs=(),
    announced=Announced(scores=(1.0, 2.0, 3.0), per_100km2=(8.0, 2.0, 0.4), windows=10, area_km2=250.0),
)  # fmt: skip


def change(number: int, **changes: object) -> DetectedChange:
    """Return change number `number` of the run: a square that lies farther east the greater the number."""
    west = 36.0 + 0.01 * number
    plain = DetectedChange(
        id=f"c{number}", run_id="run", geometry=box(west, 48.0, west + 0.002, 48.002), area_m2=1000.0 + number,
        pixels=10, after=T0, before=T0 + 24 * HOUR, magnitude_db=-4.5, sign=ChangeSign.DARKER, p_value=1e-9,
        evidence=("a", "b"), score=1.0 + number,
    )  # fmt: skip
    return replace(plain, **changes)


def add(catalog: Catalog, changes: Sequence[DetectedChange], run: ChangeRun = RUN) -> None:
    """Record a run."""
    catalog.changes.add_run(run, changes)
