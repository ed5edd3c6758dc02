"""ALOS-2 PALSAR-2 and ALOS-4 PALSAR-3: CEOS of levels 1.1 to 3.1, and GeoTIFF of what is on a map."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from odc.geo.geobox import GeoBox

from dashboard.model.errors import DamagedProductError, NightglassError
from dashboard.sources.alos.ceos import is_ceos
from dashboard.sources.alos.describe import READER, Laid, Stated, acquisition, outline_of, stated_error
from dashboard.sources.alos.fields import SYSTEMS
from dashboard.sources.alos.image import CeosImage, CeosNative, read_image
from dashboard.sources.alos.leader import Leader, read_leader
from dashboard.sources.alos.map import MapGrid, MapSensor, geocoding, map_grid
from dashboard.sources.alos.names import Bundle, Name, bundles, parse
from dashboard.sources.alos.radiometry import Radiometry, radiometry
from dashboard.sources.alos.sensor import sensor_of
from dashboard.sources.alos.summary import LINE, Summary, read_summary
from dashboard.sources.alos.tiff import laid_tiff
from dashboard.sources.alos.volume import Volume, read_volume
from dashboard.sources.footprint import bounds_footprint
from dashboard.sources.geocode.native import MapPower
from dashboard.sources.geocode.power import GeocodedPower
from dashboard.sources.geocode.sensor import Sensor
from dashboard.sources.geocode.terrain import terrain
from dashboard.sources.geotiff import MAGIC
from dashboard.sources.product import NOTHING_GIVEN, Found, Given, NotRead, OpenPower, Product, System

SURE, BY_NAME = 0.95, 0.92
LEVELS = frozenset({"1.1", "1.5", "2.1", "3.1"})


class AlosReader:
    """One acquisition per product with all its polarisations; one per scan of ScanSAR of level 1.1."""

    name = READER
    looks_for = "ALOS-2 or ALOS-4 (IMG-HH-ALOS2..., LED-..., summary.txt; CEOS or GeoTIFF)"
    systems: tuple[System, ...] = SYSTEMS

    def sniff(self, path: Path) -> float:
        """Return 0.95 for CEOS of these satellites, 0.92 for their GeoTIFF and their summary."""
        with path.open("rb") as stream:
            head = stream.read(4096)
        if is_ceos(head):
            return SURE
        name = parse(path.name)
        if name is not None and name.tiff and name.polarisation and head.startswith(MAGIC):
            return BY_NAME
        # An image whose first bytes are damaged is still one by its name.
        if name is not None and name.polarisation and not name.tiff:
            return BY_NAME
        return BY_NAME if path.suffix.lower() == ".txt" and _is_summary(head) else 0.0

    def read(self, path: Path, given: Given = NOTHING_GIVEN) -> Iterator[Found]:
        """Yield the product that the file belongs to, or why it cannot be read: once for all of its files.

        Raises
        ------
        DamagedProductError
            If the file does not say to which product it belongs, or no image is there.
        """
        for bundle in bundles(path):
            try:
                _check_level(bundle.name)
                yield _tiff(bundle, given) if bundle.name.tiff else _ceos(bundle, given)
            except NightglassError as error:
                summary = () if bundle.summary is None else (bundle.summary,)
                files = tuple(dict.fromkeys((*bundle.files, *summary, path)))
                yield NotRead(path=path, name=bundle.name.whole, reason=str(error), error=error, paths=files)


def _is_summary(head: bytes) -> bool:
    lines = head.decode("utf-8", "replace").splitlines()
    stated = {(m[1] + "_" + m[2]).lower(): m[3] for line in lines if (m := LINE.fullmatch(line))}
    return stated.get("lbi_satellite", "").startswith("ALOS") or stated.get("scs_sceneid", "").startswith("ALOS")


def _check_level(name: Name) -> None:
    level = name.words["level"]
    if level not in LEVELS:
        msg = (
            f"{name.whole} is of level {level}; levels {', '.join(sorted(LEVELS))} are read. "
            "Order it as one of them: level 1.0 is raw signal, which no one can see."
        )
        raise DamagedProductError(msg)


def _ceos(bundle: Bundle, given: Given) -> Product:
    if bundle.leader is None:
        name = bundle.name
        msg = f"{name.whole} has no leader file (LED-{name.scene}-{name.product}) beside it. Fetch it."
        raise DamagedProductError(msg)
    leader = read_leader(bundle.leader)
    images = {polarisation: read_image(file, polarisation) for polarisation, file in bundle.images.items()}
    first = next(iter(images.values()))
    formula = radiometry(leader.factor_db, is_complex=first.is_complex)
    native = CeosNative(images, formula.gain)
    power, laid = _laid(native, bundle, (first, leader, formula), given)
    summary, files = _summary(bundle)
    heard = first.headers([0, first.shape[0] - 1])
    stated = Stated(
        name=bundle.name,
        leader=leader,
        summary=summary,
        volume=Volume() if bundle.volume is None else read_volume(bundle.volume),
        lines=(heard[0].moment, heard[1].moment),
        given=given.time,
    )
    return Product(acquisition=acquisition(stated, laid, files), power=power, paths=files)


def _laid(
    native: CeosNative, bundle: Bundle, read: tuple[CeosImage, Leader, Radiometry], given: Given
) -> tuple[OpenPower, Laid]:
    """Return the pixels on a map: theirs, where the product has one, else the zone's."""
    first, leader, formula = read
    grid = _grid(bundle.name, leader, first)
    error = stated_error(bundle.name)
    if grid is not None and grid.upright:
        power = MapPower(native, GeoBox(native.shape, grid.affine, grid.crs))
        return power, Laid(
            polarisations=native.polarisations,
            geocoding=geocoding(grid, *error),
            outline=bounds_footprint(power.geobox),
            radiometry=formula,
        )
    on_map = _on_map(bundle.name, leader, first)
    sensor: Sensor = (
        sensor_of(first, leader, error, on_map=on_map)
        if grid is None
        else MapSensor(grid, first.shape, error_m=error[0], basis=error[1])
    )
    warped = GeocodedPower(native, sensor, terrain(given.dem, sensor.height_m), complex_pixels=first.is_complex)
    # Without an orbit heights move nothing here, though they do on the ground: the shift is not known, not zero.
    blind = leader.orbit is None and not on_map
    return warped, Laid(
        polarisations=native.polarisations,
        geocoding=replace(warped.geocoding, shift_per_m=None) if blind else warped.geocoding,
        outline=outline_of(sensor),
        looks_taken=warped.looks_taken,
        image=first,
        radiometry=formula,
    )


def _grid(name: Name, leader: Leader, image: CeosImage) -> MapGrid | None:
    """Return the map that an image lies on; None for slant and ground range, and for a map that is not understood."""
    if leader.chart is None or not _on_map(name, leader, image):
        return None
    return map_grid(leader.chart, image.shape)


def _on_map(name: Name, leader: Leader, image: CeosImage) -> bool:
    """Whether rows and columns are a map's."""
    if leader.chart is None or image.is_signal:
        return False
    kind = leader.chart.kind.upper()
    return not kind.startswith("GEOREF") if kind else name.words["option"] != "R"


def _tiff(bundle: Bundle, given: Given) -> Product:
    summary, files = _summary(bundle)
    power, laid = laid_tiff(bundle, stated_error(bundle.name))
    stated = Stated(name=bundle.name, summary=summary, given=given.time)
    return Product(acquisition=acquisition(stated, laid, files), power=power, paths=files)


def _summary(bundle: Bundle) -> tuple[Summary | None, tuple[Path, ...]]:
    """Return the summary if it is this product's, and the product's files."""
    if bundle.summary is None:
        return None, bundle.files
    summary, name = read_summary(bundle.summary), bundle.name
    scene, product = summary.text("Scs_SceneID"), summary.text("Pds_ProductID")
    # The form of the product id in summaries of ALOS-4 is not documented: its scene id already names one product.
    same = product is None or product.endswith(name.product) or name.satellite == "ALOS4"
    ours = scene is None or (name.scene.startswith(scene) and same)
    return (summary, (*bundle.files, bundle.summary)) if ours else (None, bundle.files)
