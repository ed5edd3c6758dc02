"""The volume directory file: when and where a product was made."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dashboard.sources.alos.ceos import TEXT, VOLUME, records


@dataclass(frozen=True, slots=True)
class Volume:
    """What is taken from a volume file."""

    created: datetime | None = None
    """The zone is not stated; taken as UTC."""
    name: str = ""
    """Logical volume id, e.g. ``AL2SAR20150320``."""
    remark: str = ""
    """What stands where JAXA leaves the text record blank."""


def read_volume(path: Path) -> Volume:
    """Return what a volume file states.

    Raises
    ------
    DamagedProductError
        If a record is cut off.
    """
    created, name, remark = None, "", ""
    for record in records(path, {VOLUME, TEXT}):
        if record.kind == VOLUME:
            created, name = _moment(record.text(113, 128)), record.text(61, 76)
        elif len(record.data) >= 360:
            remark = record.text(237, 360)
    return Volume(created, name, remark)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
