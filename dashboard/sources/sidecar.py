"""The JSON beside a GeoTIFF: a STAC item or a few plain keys, and the pixels that it names."""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from dashboard.model.errors import DamagedProductError
from dashboard.sources.power import Band
from dashboard.sources.record import POLARISATIONS, polarisations
from dashboard.sources.units import from_units
from dashboard.sources.values import load_json, words

PLAIN = {
    "constellation": "constellation",
    "platform": "platform",
    "time": "datetime",
    "start": "start_datetime",
    "stop": "end_datetime",
    "mode": "sar:instrument_mode",
    "look": "sar:observation_direction",
    "pass": "sat:orbit_state",
    "track": "sat:relative_orbit",
    "incidence": "view:incidence_angle",
    "look_azimuth": "proc:look_azimuth",
    "looks": "sar:looks_equivalent_number",
    "frequency_ghz": "sar:center_frequency",
    "level": "product:type",
    "received": "received",
    "marking": "rel:marking",
    "rank": "rel:rank",
    "tlp": "rel:tlp",
    "releasable_to": "rel:releasable_to",
    "caveats": "rel:caveats",
    "regime": "rel:regime",
    "attribution": "rel:licence_attribution",
    "redistribution": "rel:licence_redistribution",
    "derivatives": "rel:licence_derivative",
    "embargo_until": "rel:embargo_until",
    "licence": "license",
}
"""Key of a plain side-car -> field of a STAC item."""

NOT_PIXELS = frozenset({"thumbnail", "overview", "metadata", "visual"})
TIFF_SUFFIXES = frozenset({".tif", ".tiff"})
POLARISATION_TOKEN = re.compile(r"(?:^|[_\-.])(VV|VH|HH|HV)(?=$|[_\-.])", re.IGNORECASE)
URL = re.compile(r"^[a-z][a-z0-9+.\-]*:", re.IGNORECASE)
ELSEWHERE = ("http:", "https:", "s3:", "gs:", "az:", "abfs:", "ftp:")


def beside(tiff: Path) -> Path | None:
    """Return the side-car of a GeoTIFF: ``<stem>.json``, with or without a polarisation at the end of the stem."""
    short = re.sub(r"[_\-.](VV|VH|HH|HV)$", "", tiff.stem, flags=re.IGNORECASE)
    for stem in dict.fromkeys((tiff.stem, short)):
        candidate = tiff.with_name(stem + ".json")
        if candidate.is_file():
            return candidate
    return None


def load_item(path: Path) -> dict[str, Any]:
    """Return the STAC item in a side-car; a plain side-car is rewritten as one.

    Raises
    ------
    DamagedProductError
        If it is neither.
    """
    found = load_json(path)
    if not isinstance(found, dict):
        msg = f"{path.name} is no JSON object; a side-car is a STAC item or an object of plain keys."
        raise DamagedProductError(msg)
    return found if is_item(found) else _from_plain(path, found)


def is_item(found: Mapping[str, Any]) -> bool:
    """Whether a JSON object is a STAC item."""
    return found.get("type") == "Feature" and isinstance(found.get("properties"), dict)


def is_plain(found: Mapping[str, Any]) -> bool:
    """Whether a JSON object looks like a plain side-car: it says when, and who or in which units."""
    return bool({"start", "time"} & found.keys()) and bool({"constellation", "platform", "units"} & found.keys())


def bands_of(path: Path, item: Mapping[str, Any]) -> list[Band]:
    """Return the pixels that an item names in its own folder, in the order of its polarisations.

    Assets elsewhere (a URL) are not pixels here. An item that names none of its own and has ``<stem>_<POL>.tif``
    beside it means those.

    Raises
    ------
    DamagedProductError
        If a path leaves the folder, or some of the named files are missing.
    """
    assets = item.get("assets")
    named = [band for key, asset in _pixel_assets(assets) for band in _asset_bands(path, key, asset)]
    missing = sorted({band.path.name for band in named if not band.path.is_file()})
    present = [band for band in named if band.path.is_file()]
    if missing and present:
        msg = f"{path.name} names {missing[0]}, which is not there; fetch the product again."
        raise DamagedProductError(msg)
    found = present or _siblings(path, item)
    if len({band.polarisation for band in found}) < len(found):
        msg = f"{path.name} names two files of one polarisation; give one each."
        raise DamagedProductError(msg)
    order = polarisations(item["properties"].get("sar:polarizations"))
    return sorted(found, key=lambda band: order.index(band.polarisation) if band.polarisation in order else len(order))


def polarisation_in(name: str) -> str | None:
    """Return the polarisation that a file name carries, such as ``x_VV.tif``; None for none or for several."""
    found = {match.upper() for match in POLARISATION_TOKEN.findall(name)}
    return found.pop() if len(found) == 1 else None


def inside(folder: Path, href: str) -> Path | None:
    """Return the file that a relative href means, or None for a web address.

    Raises
    ------
    DamagedProductError
        If the href is absolute, climbs with ``..``, has another scheme, or a link leads out of the folder.
    """
    if href.lower().startswith(ELSEWHERE):
        return None
    pure = PurePosixPath(href)
    if not href or "\\" in href or "\0" in href or URL.match(href) or pure.is_absolute() or ".." in pure.parts:
        msg = f"The href {href[:80]!r} leaves the product's folder; only relative paths inside it are read."
        raise DamagedProductError(msg)
    found = folder / pure
    if not found.resolve().is_relative_to(folder.resolve()):
        msg = f"The href {href[:80]!r} leads out of the product's folder by a link; copy the file into it."
        raise DamagedProductError(msg)
    return found


def _pixel_assets(assets: object) -> list[tuple[str, Mapping[str, Any]]]:
    if not isinstance(assets, Mapping):
        return []
    return [
        (str(key), asset)
        for key, asset in assets.items()
        if isinstance(asset, Mapping) and asset.get("href") and _is_pixels(asset)
    ]


def _is_pixels(asset: Mapping[str, Any]) -> bool:
    roles = {role.lower() for role in words(asset.get("roles"))}
    if roles & NOT_PIXELS:
        return False
    tiff = PurePosixPath(str(asset["href"])).suffix.lower() in TIFF_SUFFIXES
    return tiff and ("data" in roles or not roles)


def _asset_bands(path: Path, key: str, asset: Mapping[str, Any]) -> list[Band]:
    href = str(asset["href"])
    file = inside(path.parent, href)
    if file is None:
        return []
    stated = polarisations(asset.get("sar:polarizations"))
    if not stated:
        guess = key.upper() if key.upper() in POLARISATIONS else polarisation_in(file.name)
        if guess is None:
            msg = f"Asset {key[:40]!r} of {path.name} states no polarisation; give it sar:polarizations."
            raise DamagedProductError(msg)
        stated = (guess,)
    return [Band(polarisation, file, index) for index, polarisation in enumerate(stated, start=1)]


def _siblings(path: Path, item: Mapping[str, Any]) -> list[Band]:
    found = [
        Band(polarisation, tiff)
        for polarisation in ("VV", "VH", "HH", "HV")
        for suffix in (".tif", ".tiff")
        if (tiff := path.with_name(f"{path.stem}_{polarisation}{suffix}")).is_file()
    ]
    whole = [tiff for suffix in (".tif", ".tiff") if (tiff := path.with_suffix(suffix)).is_file()]
    if found or not whole:
        return found
    stated = polarisations(item["properties"].get("sar:polarizations"))
    named = polarisation_in(path.stem)
    stated = stated or ((named,) if named else ())
    return [Band(polarisation, whole[0], index) for index, polarisation in enumerate(stated, start=1)]


def _from_plain(path: Path, found: Mapping[str, Any]) -> dict[str, Any]:
    if not is_plain(found):
        msg = (
            f"{path.name} is neither a STAC item nor a plain side-car; "
            "a plain one states at least start and constellation (docs/sources.md)."
        )
        raise DamagedProductError(msg)
    properties = {field: found[key] for key, field in PLAIN.items() if key in found}
    stated = [found[key] for key in ("polarisations", "polarisation", "polarizations", "polarization") if key in found]
    if stated:
        properties["sar:polarizations"] = list(words(stated[0]))
    if "resolution" in found:
        properties["sar:resolution_range"] = found["resolution"]
    if "units" in found:
        properties["proc:cal"] = from_units(str(found["units"]))
    return {"type": "Feature", "id": str(found.get("id") or path.stem), "properties": properties, "assets": {}}
