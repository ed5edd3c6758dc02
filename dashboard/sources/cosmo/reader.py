"""COSMO-SkyMed, both generations: one HDF5 file per product, with the sheets that accompany it."""

import re
from collections.abc import Iterator
from pathlib import Path

from dashboard.sources.cosmo.product import product
from dashboard.sources.cosmo.systems import SYSTEMS
from dashboard.sources.hdf5.opening import is_hdf5
from dashboard.sources.product import NOTHING_GIVEN, Found, Given, NotRead

NAME = re.compile(r"(CSKS\d_(RAW|SCS|DGM|GEC|GTC)_[BU]_|CSG_SSAR\d_|K5_|KMPS).*\.h5", re.IGNORECASE)
SHEET = re.compile(r"DF(DN|AS)_(?P<product>.+?)(\.h5)?\.xml", re.IGNORECASE)
"""Delivery note and acceptance sheet of a product."""


class CosmoReader:
    """COSMO-SkyMed first and second generation, one product per file."""

    name = "cosmo-skymed"
    looks_for = "COSMO-SkyMed (CSKS<n>_<SCS|DGM|GEC|GTC>_..., CSG_SSAR<n>_...: HDF5 with a Mission ID)"
    systems = SYSTEMS

    def sniff(self, path: Path) -> float:
        """Return 0.95 for HDF5 with the product's name or attributes, 0.3 for other HDF5, 0.9 for a sheet by name."""
        with path.open("rb") as stream:
            head = stream.read(4096)
        if is_hdf5(head):
            return 0.95 if NAME.fullmatch(path.name) or b"Mission ID" in head else 0.3
        is_xml = head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")
        return 0.9 if is_xml and SHEET.fullmatch(path.name) else 0.0

    def read(self, path: Path, given: Given = NOTHING_GIVEN) -> Iterator[Found]:
        """Yield the product of the file, or of the product that a sheet accompanies.

        Raises
        ------
        UnknownProductError
            If it is HDF5 of something else, or a form that is recognised and not read.
        DamagedProductError, NoGeoreferenceError
            If it is damaged or cannot be placed; the message names the attribute.
        """
        image = product_of(path) if SHEET.fullmatch(path.name) else path
        if image is None:
            yield NotRead(path=path, name=path.name, reason="skipped: a sheet whose product is not beside it")
            return
        yield product(image, sheets(image), given)


def sheets(path: Path) -> tuple[Path, ...]:
    """Return the sheets beside a product that carry its name."""
    beside = (file for file in path.parent.iterdir() if file.is_file() and not file.is_symlink())
    return tuple(sorted(file for file in beside if _product_name(file) == path.stem.upper()))


def product_of(sheet: Path) -> Path | None:
    """Return the product beside a sheet whose name the sheet carries, or None."""
    wanted = _product_name(sheet)
    beside = sorted(file for file in sheet.parent.iterdir() if file.suffix.lower() == ".h5" and not file.is_symlink())
    return next((file for file in beside if file.stem.upper() == wanted and file.is_file()), None)


def _product_name(sheet: Path) -> str | None:
    """Return the name of the product that a sheet accompanies, in upper case; None for other files."""
    match = SHEET.fullmatch(sheet.name)
    return match["product"].upper() if match else None
