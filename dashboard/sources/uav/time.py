"""When a drone took what became one picture: its own tag, the reports of the program that joined it, or a person."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dashboard.model.errors import DamagedProductError
from dashboard.sources.facts import YEARS
from dashboard.sources.product import Given
from dashboard.sources.values import load_json, mapping, number

ODM_FOLDER = "odm_orthophoto"
"""Folder of the picture in a project of OpenDroneMap; the reports lie beside it."""
TAG_FORM = "%Y:%m:%d %H:%M:%S"
STATS_FORM = "%d/%m/%Y at %H:%M:%S"
MOST_IMAGES = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """When."""

    start: datetime
    stop: datetime
    source: str
    """What says so, for people."""
    guessed: bool
    """Whether the zone is assumed: cameras and programs write their local time without one."""


def taken(path: Path, tag: str | None, given: Given) -> Taken:
    """Return when a picture was taken, by the first source that says so.

    Raises
    ------
    DamagedProductError
        If nothing does and no time is given, or a report cannot be read.
    """
    moment = _parsed(tag, TAG_FORM)
    if moment is not None:
        return Taken(start=moment, stop=moment, source="TIFFTAG_DATETIME, taken as UTC", guessed=True)
    for report in reports(path):
        found = _reported(report)
        if found is not None:
            return found
    if given.time is not None:
        return Taken(start=given.time, stop=given.time, source="stated on arrival", guessed=False)
    msg = (
        f"{path.name} states no time: neither TIFFTAG_DATETIME nor a stats.json or images.json of OpenDroneMap is "
        "there. Give --time."
    )
    raise DamagedProductError(msg)


def reports(path: Path) -> list[Path]:
    """Return the reports of OpenDroneMap that belong to a picture: beside it, or where a project has them."""
    homes = [path.with_name("stats.json"), path.with_name("images.json")]
    if path.parent.name == ODM_FOLDER:
        project = path.parent.parent
        homes += [project / "odm_report" / "stats.json", project / "images.json"]
    return [file for file in homes if file.is_file() and not file.is_symlink() and not file.parent.is_symlink()]


def _reported(report: Path) -> Taken | None:
    content = load_json(report)
    found = _of_stats(content) if report.name == "stats.json" else _of_images(content)
    if found is None:
        return None
    start, stop = found
    zone = ", taken as UTC" if report.name == "stats.json" else ""
    if stop < start:
        msg = f"{report.name}: the last picture ({stop.isoformat()}) is older than the first ({start.isoformat()})."
        raise DamagedProductError(msg)
    return Taken(start=start, stop=stop, source=f"{report.name} of OpenDroneMap{zone}", guessed=bool(zone))


def _of_stats(content: Any) -> tuple[datetime, datetime] | None:  # noqa: ANN401  JSON is whatever it is
    """Return first and last capture: not the day of processing, which stands beside them."""
    stated = mapping(mapping(content).get("processing_statistics"))
    start, stop = (_parsed(stated.get(key), STATS_FORM) for key in ("start_date", "end_date"))
    return None if start is None else (start, stop or start)


def _of_images(content: Any) -> tuple[datetime, datetime] | None:  # noqa: ANN401  JSON is whatever it is
    """Return the earliest and latest moment of the single pictures; nothing else of them is looked at."""
    moments = sorted(_moments(content[:MOST_IMAGES] if isinstance(content, list) else []))
    return (moments[0], moments[-1]) if moments else None


def _moments(images: list[Any]) -> Iterator[datetime]:
    for image in images:
        milliseconds = number(mapping(image).get("utc_time"))
        if milliseconds is None or not 0 < milliseconds < 4.2e12:
            continue
        moment = datetime.fromtimestamp(milliseconds / 1000.0, UTC)
        if YEARS[0] <= moment.year <= YEARS[1]:
            yield moment


def _parsed(text: object, form: str) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        found = datetime.strptime(text.strip(), form).replace(tzinfo=UTC)
    except ValueError:
        return None
    return found if YEARS[0] <= found.year <= YEARS[1] else None
