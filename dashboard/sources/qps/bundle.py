"""Which files make up a QPS-SAR delivery: one JSON and the GeoTIFFs that it describes."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dashboard.model.errors import DamagedProductError
from dashboard.sources.power import Band
from dashboard.sources.sidecar import inside, is_item, is_plain, polarisation_in
from dashboard.sources.values import listing, load_json, mapping

NAME = re.compile(r"QPS[-_]?SAR", re.IGNORECASE)
WORD = b"QPS-SAR"
TIFF = frozenset({".tif", ".tiff"})
NITF = frozenset({".ntf", ".nitf", ".nsf"})
POLARISATION = re.compile(r"[_\-.](VV|VH|HH|HV)(?=$|[_\-.])", re.IGNORECASE)
UNSTATED = "VV"
"""Name of the archived file of an image whose polarisation nobody states; the acquisition states none."""
HEAD = 4096
MOST_STRINGS = 20_000


def is_metadata(path: Path) -> bool:
    """Whether a JSON describes a QPS-SAR image in the provider's own words: STAC and plain side-cars are not his."""
    if path.suffix.lower() != ".json":
        return False
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    if not head.lstrip().startswith(b"{") or (WORD not in head.upper() and NAME.match(path.name) is None):
        return False
    return b'"stac_version"' not in head and not _is_side_car(path)


def is_image(path: Path) -> bool:
    """Whether a file is named as a GeoTIFF of QPS-SAR and no side-car of another kind speaks for it."""
    if path.suffix.lower() not in TIFF or NAME.match(path.name) is None:
        return False
    others = [path.with_suffix(".json"), path.with_name(POLARISATION.sub("", path.stem) + ".json")]
    return not any(_here(other) and not is_metadata(other) for other in others)


def metadata_of(image: Path) -> Path:
    """Return the JSON that describes an image: of its name, else the only one in its folder.

    Raises
    ------
    DamagedProductError
        If there is none, or more than one and none of its name.
    """
    stem = POLARISATION.sub("", image.stem)
    for name in dict.fromkeys((image.stem, stem)):
        candidate = image.with_name(name + ".json")
        if _here(candidate) and is_metadata(candidate):
            return candidate
    every = [path for path in sorted(image.parent.glob("*.json")) if _here(path) and is_metadata(path)]
    if len(every) == 1:
        return every[0]
    msg = (
        f"{image.name} has {'no' if not every else 'more than one'} JSON of QPS-SAR beside it; time, geometry and "
        f"level are stated only there. Put {stem}.json into its folder."
    )
    raise DamagedProductError(msg)


def images_of(metadata: Path, content: Mapping[str, Any]) -> list[list[Band]]:
    """Return the images that a JSON describes, each with its polarisations.

    They are the files that it names, else those whose names start like its own, else, if it is the only JSON of its
    folder, every GeoTIFF of QPS-SAR there.

    Raises
    ------
    DamagedProductError
        If it names files outside its folder or files that are not there, or if there is no image.
    """
    named = [inside(metadata.parent, name) for name in _file_names(content)]
    missing = [path.name for path in named if path is not None and not path.is_file()]
    if missing:
        msg = f"{metadata.name} names {missing[0][:80]}, which is not there; fetch the product again."
        raise DamagedProductError(msg)
    found = [path for path in named if path is not None] or _by_name(metadata)
    if not found:
        msg = f"{metadata.name} has no GeoTIFF beside it that it describes; fetch the image files, too."
        raise DamagedProductError(msg)
    groups: dict[str, list[Band]] = {}
    for path in dict.fromkeys(found):
        stem = POLARISATION.sub("", path.stem)
        groups.setdefault(stem, []).append(Band(polarisation_in(path.stem) or UNSTATED, path))
    for bands in groups.values():
        if len({band.polarisation for band in bands}) < len(bands):
            msg = f"{metadata.name} has two images of one polarisation, {bands[0].path.name} among them; keep one."
            raise DamagedProductError(msg)
    return list(groups.values())


def only_nitf(metadata: Path) -> bool:
    """Whether the files that start like a JSON's name are NITF and none is a GeoTIFF."""
    alike = {path.suffix.lower() for path in metadata.parent.iterdir() if path.stem.startswith(metadata.stem)}
    return bool(alike & NITF) and not alike & TIFF


def _by_name(metadata: Path) -> list[Path]:
    tiffs = [path for path in sorted(metadata.parent.iterdir()) if path.suffix.lower() in TIFF and _here(path)]
    alike = [path for path in tiffs if path.stem.startswith(metadata.stem)]
    if alike:
        return alike
    alone = sum(_here(path) and is_metadata(path) for path in metadata.parent.glob("*.json")) == 1
    return [path for path in tiffs if NAME.match(path.name)] if alone else []


def _here(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _is_side_car(path: Path) -> bool:
    try:
        found = load_json(path)
    except DamagedProductError:
        return False  # whoever reads it says what is wrong
    return isinstance(found, dict) and (is_item(found) or is_plain(found))


def _file_names(content: Mapping[str, Any]) -> list[str]:
    """Return every text of a JSON that is the name of a GeoTIFF."""
    return [text for text in _texts(content) if Path(text).suffix.lower() in TIFF and len(text) < 1000]


def _texts(content: object) -> Iterator[str]:
    waiting, seen = [content], 0
    while waiting and seen < MOST_STRINGS:
        part = waiting.pop()
        seen += 1
        if isinstance(part, str):
            yield part
        waiting.extend([*mapping(part).values(), *listing(part)])
