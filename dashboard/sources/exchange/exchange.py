"""Files of annotations in and out: GeoJSON, KML, KMZ and GeoPackage behind two functions."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dashboard.model.annotation import Revision
from dashboard.model.errors import DamagedProductError, UnknownProductError
from dashboard.model.progress import CancelToken, Progress, Report, silent
from dashboard.sources.exchange.file import MAX_BYTES, contents, whole
from dashboard.sources.exchange.geojson_reader import read_geojson
from dashboard.sources.exchange.geojson_writer import write_geojson
from dashboard.sources.exchange.geopackage_reader import MAX_BYTES as MAX_PACKAGE
from dashboard.sources.exchange.geopackage_reader import read_geopackage
from dashboard.sources.exchange.geopackage_writer import write_geopackage
from dashboard.sources.exchange.keyhole_reader import read_kml, read_kmz
from dashboard.sources.exchange.keyhole_writer import write_kml, write_kmz
from dashboard.sources.exchange.meaning import understood
from dashboard.sources.exchange.record import MAX_VERTICES_IN_ALL, FileFacts, Found, Reading, Sheaf

Reader = Callable[[bytes, Reading], Sheaf]
Writer = Callable[[Path, Iterable[Revision], FileFacts], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Format:
    read: Reader
    write: Writer
    most: int = MAX_BYTES
    """Bytes of a file that is read."""


FORMATS = {
    ".geojson": _Format(read_geojson, write_geojson),
    ".json": _Format(read_geojson, write_geojson),
    ".kml": _Format(read_kml, write_kml),
    ".kmz": _Format(read_kmz, write_kmz),
    ".gpkg": _Format(read_geopackage, write_geopackage, MAX_PACKAGE),
}
"""By suffix in lower case."""
SUFFIXES = tuple(FORMATS)
_EVERY = 500
"""Features between two looks at whether the work was cancelled."""


def read_annotations(path: Path, reading: Reading, *, report: Report = silent) -> tuple[FileFacts, list[Found]]:
    """Return what a file says about itself, and its annotations in order.

    What could not be kept or had to be changed is noted in `reading.remarks`.

    Raises
    ------
    UnknownProductError
        If the suffix is none that is read.
    DamagedProductError
        If the content cannot be used or passes a limit; nothing of the file is used then.
    InputError
        If there is no such plain file.
    CancelledError
        If `reading.cancel` was called.
    """
    report(Progress(0.0, f"reading {path.name}"))
    form = _format(path)
    sheaf = form.read(contents(path, form.most), reading)
    found: list[Found] = []
    vertices = 0
    for number, stated in enumerate(sheaf.features):
        if number % _EVERY == 0:
            reading.cancel.check()
            report(Progress(number / max(sheaf.count, number + 1), f"{path.name}: {number:,} features"))
        vertices += sum(sketch.vertices for sketch in stated.sketches)
        if vertices > MAX_VERTICES_IN_ALL:
            msg = f"{path.name} has more than {MAX_VERTICES_IN_ALL:,} vertices; split it or simplify it."
            raise DamagedProductError(msg)
        found.extend(understood(stated, sheaf.facts, reading))
    report(Progress(1.0, f"{path.name}: read"))
    return sheaf.facts, found


def write_annotations(
    path: Path,
    revisions: Sequence[Revision],
    facts: FileFacts,
    *,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> tuple[str, ...]:
    """Write annotations to a file that appears whole or not at all; return what the format could not hold.

    Raises
    ------
    UnknownProductError
        If the suffix is none that is written.
    ResourceError
        If the folder cannot be written or the disk is full.
    CancelledError
        If `cancel` was called; no file is written then.
    """
    form = _format(path)
    with whole(path) as part:
        return form.write(part, _watched(revisions, report, cancel or CancelToken()), facts)


def _watched(revisions: Sequence[Revision], report: Report, cancel: CancelToken) -> Iterator[Revision]:
    for number, revision in enumerate(revisions):
        if number % _EVERY == 0:
            cancel.check()
            report(Progress(number / len(revisions), f"writing {number:,} of {len(revisions):,} annotations"))
        yield revision


def is_exchange_file(path: Path) -> bool:
    """Whether a file's name says that it may hold annotations."""
    return path.suffix.lower() in FORMATS


def _format(path: Path) -> _Format:
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        msg = f"{path.name} is none of {', '.join(SUFFIXES)}; annotations come and go in these."
        raise UnknownProductError(msg)
    return found
