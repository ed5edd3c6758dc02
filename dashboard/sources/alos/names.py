"""What the names of ALOS-2 and ALOS-4 files say, and which files belong together."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dashboard.model.acquisition import LookSide, PassDirection
from dashboard.model.errors import DamagedProductError

POLARISATIONS = ("HH", "HV", "VH", "VV")
ORDER = {name: place for place, name in enumerate(POLARISATIONS)}

ALOS2 = re.compile(
    r"(?P<scene>ALOS2(?P<orbit>\d{5})(?P<frame>\d{4})-(?P<date>\d{6}))[-_]"
    r"(?P<product>(?P<mode>[A-Z]{3})(?P<look>[LR])(?P<level>\d\.\d)(?P<option>[GR_])(?P<map>[UPML_])(?P<way>[AD]))"
)
"""Scene and product id, e.g. ``ALOS2015976960-140909-FBDR1.5GUA``."""
ALOS4 = re.compile(
    r"(?P<scene>ALOS4(?P<path>\d{3})(?P<frame>\d{4})(?P<date>\d{6})(?P<mode>[A-Z]{3})[-P](?P<look>[LR])(?P<way>[AD])"
    r"(?P<beam>\d{4}))[-_](?P<product>(?P<level>\d\.\d)(?P<option>[A-Z_])(?P<map>[A-Z_])[A-Z_-])"
)
"""Scene and product id, e.g. ``ALOS40182880250307UWD-RD0109-1.1__-``."""
IMAGE = re.compile(r"IMG-(?P<pol>HH|HV|VH|VV)-(?P<rest>ALOS.*)", re.IGNORECASE)
OTHER = re.compile(r"(?:LED|VOL|TRL|BRS(?:-(?:HH|HV|VH|VV))?|summary)-(?P<rest>ALOS.*)", re.IGNORECASE)
SCAN = re.compile(r"-(?P<scan>[BF]\d)(?=$|\.)")
TIFF_SUFFIXES = frozenset({".tif", ".tiff"})
MOST_FILES = 2_000
"""Looked at beside a file; a delivery has about ten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """What a file's name says."""

    scene: str
    product: str
    words: Mapping[str, str]
    """Parts of the ids: ``mode``, ``look``, ``way``, ``level``, ``option``, ``map``, ``orbit``, ``frame``, ..."""
    polarisation: str | None = None
    """Of an image."""
    scan: str | None = None
    """``F1``, ``B2``, ...: one scan of a ScanSAR product of level 1.1."""
    tiff: bool = False

    @property
    def satellite(self) -> str:
        """``ALOS2`` or ``ALOS4``."""
        return self.scene[:5]

    @property
    def whole(self) -> str:
        """Scene and product id, and the scan."""
        return "-".join(part for part in (self.scene, self.product, self.scan) if part)

    @property
    def look(self) -> LookSide:
        """Side that the id states."""
        return LookSide.LEFT if self.words["look"] == "L" else LookSide.RIGHT

    @property
    def way(self) -> PassDirection:
        """Direction of flight that the id states."""
        return PassDirection.ASCENDING if self.words["way"] == "A" else PassDirection.DESCENDING


def parse(name: str) -> Name | None:
    """Return what a file name says, or None when it is none of ALOS-2 or ALOS-4."""
    image, other = IMAGE.fullmatch(name), OTHER.fullmatch(name)
    rest = image["rest"] if image else other["rest"] if other else name
    match = ALOS2.match(rest) or ALOS4.match(rest)
    if match is None:
        return None
    tail = rest[match.end() :]
    scan = SCAN.match(tail)
    suffix = tail[scan.end() :] if scan else tail
    is_image = image is not None and suffix.lower() in {"", *TIFF_SUFFIXES}
    return Name(
        scene=match["scene"],
        product=match["product"],
        words={key: value for key, value in match.groupdict().items() if value},
        polarisation=image["pol"].upper() if image and is_image else None,
        scan=scan["scan"] if scan else None,
        tiff=suffix.lower() in TIFF_SUFFIXES,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """The files of one product."""

    name: Name
    images: Mapping[str, Path]
    """Polarisation -> file, in the order of `POLARISATIONS`."""
    leader: Path | None
    volume: Path | None
    summary: Path | None
    files: tuple[Path, ...]
    """All of them but the summary, which may be of another product: previews and
    trailers too. Images come first."""


def bundles(path: Path) -> list[Bundle]:
    """Return the products that a file belongs to: one, or one per scan.

    Raises
    ------
    DamagedProductError
        If its name does not say which files belong to it, or no image is among them.
    """
    name = parse(path.name)
    there = _beside(path)
    if name is None:
        name = _named_by_images(path, there)
    family = {f: n for f, n in there.items() if (n.scene, n.product) == (name.scene, name.product)}
    images = {f: n for f, n in family.items() if n.polarisation and n.tiff == name.tiff}
    if not images:
        msg = (
            f"{path.name} belongs to {name.whole}, of which no image is here (IMG-HH-{name.whole}"
            f"{'.tif' if name.tiff else ''} or another polarisation). Fetch the product again."
        )
        raise DamagedProductError(msg)
    scans = sorted({n.scan or "" for n in images.values()})
    common = [f for f, n in family.items() if f not in images and (n.tiff == name.tiff or not n.polarisation)]
    return [_bundle(name, {f: n for f, n in images.items() if (n.scan or "") == scan}, common) for scan in scans]


def _bundle(name: Name, images: Mapping[Path, Name], common: list[Path]) -> Bundle:
    some = next(iter(images.values()))
    ordered = sorted(images, key=lambda f: ORDER[images[f].polarisation or "HH"])
    folder = ordered[0].parent
    summary = _summary(folder, name)
    return Bundle(
        name=some,
        images={images[f].polarisation or "": f for f in ordered},
        leader=_first(common, "LED-"),
        volume=_first(common, "VOL-"),
        summary=summary,
        files=(*ordered, *sorted(f for f in common if f != summary)),
    )


def _first(files: list[Path], start: str) -> Path | None:
    return next((f for f in sorted(files) if f.name.upper().startswith(start)), None)


def _summary(folder: Path, name: Name) -> Path | None:
    for candidate in (f"summary-{name.scene}-{name.product}.txt", "summary.txt"):
        file = folder / candidate
        if file.is_file() and not file.is_symlink():
            return file
    return None


def _beside(path: Path) -> dict[Path, Name]:
    """Return the files of ALOS in the same folder; links are not followed."""
    found: dict[Path, Name] = {}
    for number, file in enumerate(sorted(path.parent.iterdir()), start=1):
        name = parse(file.name)
        if name is not None and file.is_file() and not file.is_symlink():
            found[file] = name
        if number >= MOST_FILES:
            break
    return found


def _named_by_images(path: Path, there: Mapping[Path, Name]) -> Name:
    """Return the name of the one product whose images lie beside a file that does not name it."""
    found = {(n.scene, n.product, n.tiff): n for n in there.values() if n.polarisation}
    if len(found) == 1:
        return next(iter(found.values()))
    which = "several products lie beside it" if found else "no image of ALOS lies beside it"
    msg = (
        f"{path.name} does not say to which product it belongs, and {which}. The files of a product find each other by "
        "their names (IMG-HH-ALOS2..., LED-ALOS2...): restore them, or give the image itself."
    )
    raise DamagedProductError(msg)
