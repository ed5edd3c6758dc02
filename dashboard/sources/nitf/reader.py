"""NITF 2.1 and NSIF 1.0 (STANAG 4545): SICD, SIDD, and plain images with nothing but their headers."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from dashboard.model.acquisition import Acquisition, Calibration, Kind
from dashboard.model.errors import DamagedProductError
from dashboard.sources.details import details
from dashboard.sources.geocode.power import GeocodedPower
from dashboard.sources.geocode.terrain import terrain
from dashboard.sources.nitf.corners import image_sensor
from dashboard.sources.nitf.display import DisplayNative
from dashboard.sources.nitf.header import MAGIC, Image, Nitf, first_image_name, read_headers
from dashboard.sources.nitf.parts import Opened, footprint, kind_of, segments_of
from dashboard.sources.nitf.pixels import SegmentedImage
from dashboard.sources.nitf.sarah import Alias, Named, aliases, named, named_within
from dashboard.sources.nitf.sicd import platform_name as sicd_platform
from dashboard.sources.nitf.sicd import read_sicd
from dashboard.sources.nitf.sidd import platform_name as sidd_platform
from dashboard.sources.nitf.sidd import read_sidd
from dashboard.sources.nitf.systems import SYSTEMS
from dashboard.sources.product import NOTHING_GIVEN, Found, Given, Product, System, origin
from dashboard.sources.values import safe_id
from dashboard.sources.xml import Element

HEAD = 4096
KNOWN_IMAGES = ("SICD", "SIDD")
UNKNOWN = Named("unknown", None)
OPTICAL = frozenset({"VIS", "OP", "MS", "HS", "CP", "BP"})
"""ICAT of pictures in visible bands and of photographs."""


class NitfReader:
    """Any NITF 2.1 or NSIF 1.0: what it is says its XML, not its name."""

    name = "nitf"
    looks_for = "NITF 2.1 or NSIF 1.0 (STANAG 4545) with SICD, SIDD or a plain image of a stated place"
    systems: tuple[System, ...] = SYSTEMS

    def sniff(self, path: Path) -> float:
        """Return 0.95 for NITF or NSIF with a SICD or SIDD image, 0.9 for any other."""
        with path.open("rb") as stream:
            head = stream.read(HEAD)
        if not head.startswith(MAGIC):
            return 0.0
        return 0.95 if (first_image_name(head) or "").startswith(KNOWN_IMAGES) else 0.9

    def read(self, path: Path, given: Given = NOTHING_GIVEN) -> Iterator[Found]:
        """Yield the products of the file: one for a SICD or a plain image, one for each image of a SIDD.

        Raises
        ------
        InputError
            If it is damaged, without a place or a time, or its classification cannot be read.
        """
        opened = Opened(read_headers(path), origin(self.name, [path]))
        known = aliases(given.aliases)
        roots = opened.metadata()
        displayed = [root for root in roots if kind_of(root) == "SIDD"]
        complex_images = [root for root in roots if kind_of(root) == "SICD"]
        if displayed:
            named_as = _named(opened, [sidd_platform(displayed[0])], known)
            yield from read_sidd(opened, displayed, named_as, given)
        elif complex_images:
            root = complex_images[0]
            yield read_sicd(opened, root, _named(opened, [sicd_platform(root)], known), given)
        else:
            yield _plain(opened, roots, _named(opened, [], known), given)


def _named(opened: Opened, stated: list[str | None], known: tuple[Alias, ...]) -> Named:
    """Return the platform from the metadata's word for it, or the headers' where that is no name that is known."""
    found = next((name for text in stated if (name := named(text, known)) is not None), None)
    if found is not None and found.known:
        return found
    nitf = opened.nitf
    headers = [nitf.fields["FTITLE"], nitf.fields["OSTAID"]]
    for image in nitf.images[:1]:
        headers = [image.fields["ISORCE"], image.fields["IID2"], *headers]
    from_headers = (named_within(text, known) for text in headers)
    return next((name for name in from_headers if name is not None), found or UNKNOWN)


def _plain(opened: Opened, roots: list[Element], named_as: Named, given: Given) -> Product:
    """Return the product of an image that nothing but its headers describes: shown, refused by every statistic."""
    nitf, name = opened.nitf, opened.name
    segments = segments_of(nitf, "")
    image = SegmentedImage(nitf.path, _first(segments))
    sensor = image_sensor(segments[0], image.shape, name)
    optical = segments[0].fields["ICAT"] in OPTICAL
    pixels = DisplayNative(image, segments[0], "PAN" if optical else "VV")
    power = GeocodedPower(pixels, sensor, terrain(given.dem, sensor.height_m))
    guessed = set() if optical else {"polarisations"}
    taken = _taken(nitf, given.time)
    handled, words = opened.handled([], named_as.constellation, taken.year)
    acquisition = Acquisition(
        id=safe_id(segments[0].fields["IID2"] or nitf.fields["FTITLE"] or nitf.path.stem) or "nitf",
        constellation=named_as.constellation,
        kind=Kind.OPTICAL if optical else Kind.SAR,
        platform=named_as.platform,
        start=taken,
        stop=taken,
        polarisations=power.polarisations,
        level="NITF",
        footprint=footprint(None, sensor, name),
        calibration=Calibration(valid=False, why_not="a plain NITF image states no units"),
        handling=handled,
        geocoding=power.geocoding,
        details=(
            *details(
                {
                    "proc:raw_platform": segments[0].fields["ISORCE"],
                    "proc:image_category": segments[0].fields["ICAT"],
                    "proc:target": segments[0].fields["TGTID"],
                    "proc:other_metadata": [kind_of(root) for root in roots],
                }
            ),
            *words,
            *opened.details(),
        ),
        origin=opened.origin(frozenset({"stop", *guessed, *opened.guessed(named_as)})),
    )
    return Product(acquisition=acquisition, power=power, paths=(nitf.path,))


def _first(segments: list[Image]) -> list[Image]:
    """Return the segments of the first image: those attached to it, directly or by others."""
    levels = {segments[0].level}
    found = [segments[0]]
    for segment in segments[1:]:
        same = segment.shape[1] == segments[0].shape[1] and segment.bits == segments[0].bits
        if segment.attached_to in levels and same and segment.place[0] > 0:
            levels.add(segment.level)
            found.append(segment)
    return found


def _taken(nitf: Nitf, given: datetime | None) -> datetime:
    """Return the time of the first image (IDATIM), else the one given.

    Raises
    ------
    DamagedProductError
        If there is neither.
    """
    words = nitf.images[0].fields["IDATIM"]
    try:
        return datetime.strptime(words, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        if given is not None:
            return given
        msg = f"{nitf.path.name} has {words!r} as time of the image (IDATIM), which is none; give --time."
        raise DamagedProductError(msg) from error
