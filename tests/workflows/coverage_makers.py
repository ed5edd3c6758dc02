"""Acquisitions with what coverage asks of them, and an independent count of looks."""

from datetime import UTC, datetime, timedelta

import shapely

from dashboard.model.acquisition import Acquisition, Kind, Origin
from dashboard.model.handling import Handling

T0 = datetime(2024, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
HERE = (36.0, 48.0, 36.4, 48.2)
NOW = T0 + 40 * DAY


def taken(
    name: str,
    day: float,
    *,
    constellation: str = "iceye",
    box: tuple[float, float, float, float] = HERE,
    late_h: float | None = None,
    **changes: object,
) -> Acquisition:
    """Return one acquisition that begins `day` days after `T0` and arrives `late_h` hours later, or does not say."""
    start = T0 + timedelta(days=day)
    values: dict[str, object] = {
        "platform": f"{constellation}-1", "kind": Kind.SAR, "footprint": shapely.box(*box), "stop": start + DAY / 8640,
        "handling": Handling(), **changes,
    }  # fmt: skip
    return Acquisition(
        id=name,
        constellation=constellation,
        start=start,
        received=None if late_h is None else start + timedelta(hours=late_h),
        origin=Origin(reader="test", reader_version="0", product_sha256=name.ljust(64, "0")),
        **values,  # type: ignore[arg-type]
    )
