"""Which files make up an Umbra delivery."""

import re
from pathlib import Path

from dashboard.model.errors import DamagedProductError

NAME = re.compile(
    r"(?P<stem>(?P<start>\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d)_UMBRA-(?P<number>\d+))(?P<multi>_MM)?"
    r"(?:_(?P<form>GEC|CSI|SICD|SIDD|CPHD))?(?P<end>\.stac\.v2\.json|_METADATA\.json|\.tif|\.nitf|\.cphd)"
)
FORMS = ("GEC", "CSI")
"""Forms that are GeoTIFFs; the others are read on their own."""
ENDS = ("_METADATA.json", ".stac.v2.json")
"""Of the side-cars, the one that states more first."""


def images_of(match: re.Match[str], folder: Path) -> list[Path]:
    """Return the GeoTIFFs of a delivery that are there."""
    names = [f"{match['stem']}{multi}_{form}.tif" for multi in ("", "_MM") for form in FORMS]
    plain = [f"{match['stem']}{multi}.tif" for multi in ("", "_MM")]
    return [path for name in (*names, *plain) if _here(path := folder / name)]


def side_cars(match: re.Match[str], folder: Path) -> tuple[Path, ...]:
    """Return the side-cars of a delivery: those of the very name first, then those of the collect.

    Raises
    ------
    DamagedProductError
        If there is none.
    """
    stems = dict.fromkeys((f"{match['stem']}{match['multi'] or ''}", match["stem"]))
    for stem in stems:
        found = tuple(path for end in ENDS if _here(path := folder / f"{stem}{end}"))
        if found:
            return found
    msg = (
        f"{match[0]} has neither {match['stem']}{ENDS[0]} nor {match['stem']}{ENDS[1]} beside it; time, polarisation "
        "and geometry are stated only there. Fetch one of them."
    )
    raise DamagedProductError(msg)


def _here(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()
