"""Orthomosaics of drones: GeoTIFF in colours on a map, with the time that they must have and nothing of who flew."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from rasterio.crs import CRS
from rasterio.enums import ColorInterp
from rasterio.errors import CRSError

from dashboard.model.acquisition import Acquisition, Kind, Origin
from dashboard.model.errors import DamagedProductError, NoGeoreferenceError
from dashboard.sources.details import details
from dashboard.sources.geotiff import KNOWN_NAMES, MAGIC
from dashboard.sources.grid import opened
from dashboard.sources.marking import exercise
from dashboard.sources.product import NOTHING_GIVEN, Evidence, Field, Found, Given, Product, System, origin
from dashboard.sources.sidecar import beside, polarisation_in
from dashboard.sources.uav.head import is_colour_map, world_file
from dashboard.sources.uav.time import Taken, reports, taken
from dashboard.sources.values import safe_id
from dashboard.sources.visible import ARCHIVE_SCALE, COLOUR, NO_BACKSCATTER, Tile, coloured, tile_of
from dashboard.sources.visible_place import Accuracy, Placed, on_map

PROJECTION_BYTES = 64 * 1024
SOFTWARE = re.compile(r"[A-Za-z][A-Za-z0-9 .+()-]{0,59}")
"""Names and versions of programs; anything longer or with a path in it is left out."""
JOINERS = re.compile(r"(?i)\b(odm|opendronemap|webodm|pix4d\w*|metashape|agisoft|dronedeploy|correlator3d)\b")
"""Programs that join the pictures of drones: without one, that it was a drone is a guess."""
ENDINGS = (".prj", ".PRJ")
SURE = 0.55
"""Above any GeoTIFF, below everything that is recognised by its maker's words."""
FIELDS = (
    Field("airframe", "platform", "uav for all; a guess unless TIFFTAG_SOFTWARE or a report names a drone's program"),
    Field("time", "start", "TIFFTAG_DATETIME, stats.json or images.json of OpenDroneMap, else --time: required"),
    Field("time's source", "details: proc:time_source", "which of these; times without a zone are marked as guessed"),
    Field("reports of Pix4D and Agisoft", "", "their form is not documented: state --time"),
    Field("map grid", "geocoding", "the TIFF's own, else .tfw and .prj beside it"),
    Field("ground sample distance", "resolution_m", "size of a pixel on the ground"),
    Field("bands", "polarisations", "red, green, blue by the TIFF's colours"),
    Field("mask", "polarisations", "alpha band, mask or value for no data: NaN"),
    Field("off nadir", "details: view:off_nadir", "0: an orthomosaic looks straight down everywhere"),
    Field("program", "details: processing:software", "TIFFTAG_SOFTWARE, where it is a name and a version"),
    Field("exercise", "handling", "caveat in TIFFTAG_IMAGEDESCRIPTION"),
    Field("place of the start", "", "never taken over: it betrays the pilot"),
    Field("serial numbers", "", "never taken over: they betray the owner"),
    Field("owner, artist, copyright, host", "", "never taken over: they betray people"),
    Field("paths of files", "", "never taken over: they betray machines and people"),
    Field("single frames", "", "pictures with a place in EXIF only are no orthomosaic: join them first"),
)


class UavReader:
    """One GeoTIFF or COG of three colours, with or without alpha."""

    name = "uav"
    looks_for = "orthomosaics of drones (GeoTIFF of red, green and blue in 8 bits on a map; their time in it or --time)"
    systems: tuple[System, ...] = (
        System(
            name="UAV orthomosaic",
            constellation="uav",
            forms=("GeoTIFF", "COG", "OpenDroneMap project", "TIFF with .tfw and .prj"),
            calibration="none: visible bands, numbers as delivered",
            georeference="map grid as delivered; degrees are laid on UTM",
            evidence=Evidence.DOCUMENTED,
            remarks=(
                "Context to look at, never in radar statistics. A time is required. Place of the start, serial "
                "numbers, names and paths are never taken over."
            ),
            fields=FIELDS,
        ),
    )

    def sniff(self, path: Path) -> float:
        """Return 0.55 for a TIFF of colours on a map that no side-car describes and no word calls radar."""
        with path.open("rb") as stream:
            if stream.read(4) not in MAGIC:
                return 0.0
        radar = polarisation_in(path.stem) or any(path.name.upper().startswith(start) for start in KNOWN_NAMES)
        return 0.0 if radar or beside(path) is not None or not is_colour_map(path) else SURE

    def read(self, path: Path, given: Given = NOTHING_GIVEN) -> Iterator[Found]:
        """Yield the one picture.

        Raises
        ------
        InputError
            If it is damaged, nowhere, not of three colours, or states no time and none is given.
        """
        tile = _with_projection(tile_of(path))
        bands = coloured(tile)
        if bands is None:
            msg = f"{path.name} does not say which of its {tile.count} bands are red, green and blue."
            raise DamagedProductError(msg)
        with opened(path) as dataset:
            tags = {str(key): str(value) for key, value in dataset.tags().items()}
        moment = taken(path, tags.get("TIFFTAG_DATETIME"), given)
        accuracy = Accuracy(error_m=None, basis="map grid of the file; it states no accuracy")
        placed = on_map([tile], bands, accuracy)
        files = _files(path)
        flown = bool(JOINERS.search(tags.get("TIFFTAG_SOFTWARE", ""))) or bool(reports(path))
        guessed = frozenset(
            ({"start", "stop"} if moment.guessed else set()) | (set() if flown else {"constellation", "platform"})
        )
        found = _acquisition(path, moment, placed, origin(self.name, files, guessed))
        left_out = [c.name for c in tile.colours if c is not ColorInterp.alpha][len(COLOUR) :]
        more = {
            "view:off_nadir": 0.0,
            "proc:time_source": moment.source,
            "processing:software": _program(tags.get("TIFFTAG_SOFTWARE")),
            "proc:bands_left_out": len(left_out) or None,
        }
        handling = exercise(tags.get("TIFFTAG_IMAGEDESCRIPTION"))
        found = replace(found, polarisations=tuple(bands), handling=handling, details=details(more))
        yield Product(acquisition=found, power=placed.power, paths=files, archive_scale=ARCHIVE_SCALE)


def _acquisition(path: Path, moment: Taken, placed: Placed, where: Origin) -> Acquisition:
    name = safe_id(path.stem)
    if name is None:
        msg = f"The name {path.name[:60]!r} holds no letter or digit; rename the file."
        raise DamagedProductError(msg)
    return Acquisition(
        id=name,
        constellation="uav",
        kind=Kind.OPTICAL,
        platform="uav",
        start=moment.start,
        stop=moment.stop,
        resolution_m=round(placed.pixel_m, 4),
        level="orthomosaic",
        footprint=placed.footprint,
        calibration=NO_BACKSCATTER,
        geocoding=placed.geocoding,
        origin=where,
    )


def _with_projection(tile: Tile) -> Tile:
    """Return a tile with the projection of the ``.prj`` beside it, where the file itself states none."""
    if tile.crs is not None:
        return tile
    found = _projection(tile.path)
    if found is None:
        msg = f"{tile.path.name} states no map projection, and no .prj lies beside it; georeference it."
        raise NoGeoreferenceError(msg)
    try:
        with found.open("rb") as stream:
            text = stream.read(PROJECTION_BYTES).decode("utf-8", "replace")
        return replace(tile, crs=CRS.from_wkt(text))
    except (CRSError, OSError) as error:
        msg = f"{found.name} states no map projection that is known; write it anew."
        raise NoGeoreferenceError(msg) from error


def _projection(path: Path) -> Path | None:
    found = (path.with_suffix(ending) for ending in ENDINGS)
    return next((file for file in found if file.is_file() and not file.is_symlink()), None)


def _files(path: Path) -> tuple[Path, ...]:
    """Return the picture and what was read beside it."""
    found = (path, world_file(path), _projection(path), *reports(path))
    return tuple(dict.fromkeys(file for file in found if file is not None))


def _program(text: str | None) -> str | None:
    return text if text is not None and SOFTWARE.fullmatch(text.strip()) else None
