"""The STAC 1.1 item beside archived pixels: written at ingest, read when an interrupted ingest is taken up again."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from dashboard.model.acquisition import Acquisition, PixelFile, Pixels
from dashboard.model.errors import DamagedProductError
from dashboard.model.handling import Handling

STAC_VERSION = "1.1.0"
EXTENSIONS = {
    "sar": "https://stac-extensions.github.io/sar/v1.3.0/schema.json",
    "sat": "https://stac-extensions.github.io/sat/v1.1.0/schema.json",
    "view": "https://stac-extensions.github.io/view/v1.0.0/schema.json",
    "proj": "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "processing": "https://stac-extensions.github.io/processing/v1.2.0/schema.json",
    "product": "https://stac-extensions.github.io/product/v1.1.0/schema.json",
    "file": "https://stac-extensions.github.io/file/v2.1.0/schema.json",
    "published": "https://stac-extensions.github.io/timestamps/v1.1.0/schema.json",
}
"""First word of a field -> schema. An item declares exactly those whose fields it carries."""

SHA256_MULTIHASH = "1220"
"""Multihash prefix of a SHA-256: algorithm 0x12, 0x20 bytes."""

BANDS_GHZ = (
    ("L", 1.0, 2.0),
    ("S", 2.0, 4.0),
    ("C", 4.0, 8.0),
    ("X", 8.0, 12.5),
    ("Ku", 12.5, 18.0),
    ("Ka", 26.5, 40.0),
)


def item_of(acq: Acquisition, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Return the STAC item of an archived acquisition.

    Parameters
    ----------
    acq : with `pixels`
    sizes : polarisation -> bytes of its file
    """
    properties = {name: value for name, value in _properties(acq).items() if value is not None}
    assets = {} if acq.pixels is None else {f.polarisation: _asset(f, sizes) for f in acq.pixels.files}
    fields = {name.partition(":")[0] for name in properties} | ({"file"} if assets else set())
    return {
        "type": "Feature",
        "stac_version": STAC_VERSION,
        "stac_extensions": [uri for word, uri in EXTENSIONS.items() if word in fields],
        "id": acq.id,
        "geometry": shapely.geometry.mapping(acq.footprint),
        "bbox": list(acq.bbox),
        "properties": properties,
        "links": [],
        "assets": assets,
    }


def write_item(item: Mapping[str, Any], path: Path) -> None:
    """Write an item so that it is on the disk when the function returns."""
    with path.open("w", encoding="utf-8") as stream:
        json.dump(item, stream, indent=1, ensure_ascii=False, allow_nan=False)
        stream.write("\n")
        stream.flush()
        os.fsync(stream.fileno())


def read_item(path: Path) -> tuple[str, BaseGeometry, Pixels]:
    """Return (hash of the product, footprint, pixels) from an item that `write_item` wrote.

    Raises
    ------
    DamagedProductError
        If it is not one.
    """
    try:
        item = json.loads(path.read_bytes())
        properties = item["properties"]
        folder = f"{properties['constellation']}/{item['id']}"
        files = tuple(
            PixelFile(
                polarisation=name,
                path=f"{folder}/{Path(asset['href']).name}",
                sha256=str(asset["file:checksum"]).removeprefix(SHA256_MULTIHASH),
            )
            for name, asset in item["assets"].items()
        )
        a, b, c, d, e, f = (float(value) for value in properties["proj:transform"])
        rows, columns = (int(side) for side in properties["proj:shape"])
        pixels = Pixels(
            crs=str(properties["proj:code"] or properties["proj:wkt2"]),
            transform=(a, b, c, d, e, f),
            shape=(rows, columns),
            files=files,
            amplitude_scale=float(properties["proc:amplitude_scale"]),
        )
        return str(properties["proc:product_sha256"]), shapely.geometry.shape(item["geometry"]), pixels
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        msg = f"{path} is no complete item of the archive; remove its folder and ingest the product again."
        raise DamagedProductError(msg) from error


def _properties(acq: Acquisition) -> dict[str, Any]:
    middle = acq.start + (acq.stop - acq.start) / 2
    return {
        "datetime": _stamp(middle),
        "start_datetime": _stamp(acq.start),
        "end_datetime": _stamp(acq.stop),
        "published": _stamp(acq.received),
        "constellation": acq.constellation,
        "platform": acq.platform,
        "instruments": ["sar"],
        "license": _licence(acq.handling),
        "sar:instrument_mode": acq.mode,
        "sar:frequency_band": _band(acq.frequency_ghz),
        "sar:center_frequency": acq.frequency_ghz,
        "sar:polarizations": list(acq.polarisations),
        "sar:observation_direction": None if acq.look is None else acq.look.value,
        "sar:looks_equivalent_number": acq.looks,
        # The range field carries it too: one number is known, and the coarser of both is what it is.
        "sar:resolution_range": acq.resolution_m,
        "sar:resolution_azimuth": acq.resolution_m,
        "sat:orbit_state": None if acq.pass_direction is None else acq.pass_direction.value,
        "sat:relative_orbit": acq.track,
        "view:incidence_angle": acq.incidence_deg,
        "product:type": acq.level,
        **_grid(acq.pixels),
        **_calibration(acq),
        **_marking(acq.handling),
        "proc:look_azimuth": acq.look_azimuth_deg,
        "proc:reader": acq.origin.reader,
        "proc:reader_version": acq.origin.reader_version,
        "proc:product_sha256": acq.origin.product_sha256,
        "proc:product_files": {name: digest for name, digest in acq.origin.files},  # noqa: C416  says what is what
        "proc:guessed": sorted(acq.origin.guessed) or None,
        "proc:ingested": _stamp(datetime.now(UTC)),
        "processing:software": {"nightglass": acq.origin.reader_version},
    }


def _grid(pixels: Pixels | None) -> dict[str, Any]:
    if pixels is None:
        return {}
    code = pixels.crs if ":" in pixels.crs and "[" not in pixels.crs else None
    return {
        "proj:code": code,
        "proj:wkt2": None if code else pixels.crs,
        "proj:shape": list(pixels.shape),
        "proj:transform": list(pixels.transform),
    }


def _calibration(acq: Acquisition) -> dict[str, Any]:
    """Calibration of the archived numbers: power = DN² / scale²."""
    if acq.pixels is None:
        return {}
    stated = acq.calibration
    cal = {
        "kind": "scale" if stated.valid else "none",
        "quantity": None if stated.quantity is None else stated.quantity.value,
        "params": {"k": acq.pixels.amplitude_scale**-2},
        "valid": stated.valid,
        "why_not": stated.why_not or None,
    }
    return {
        "proc:cal": {name: value for name, value in cal.items() if value is not None},
        "proc:amplitude_scale": acq.pixels.amplitude_scale,
    }


def _marking(handling: Handling) -> dict[str, Any]:
    return {
        "rel:marking": handling.marking or None,
        "rel:rank": int(handling.rank),
        "rel:tlp": None if handling.tlp is None else handling.tlp.label,
        "rel:releasable_to": None if handling.releasable_to is None else sorted(handling.releasable_to),
        "rel:caveats": sorted(handling.caveats) or None,
        "rel:regime": sorted(handling.regimes) or None,
        "rel:attributions": sorted(handling.attributions) or None,
        "rel:licence_redistribution": handling.redistribution,
        "rel:licence_derivative": handling.derivatives,
        "rel:embargo_until": _stamp(handling.embargo_until),
        "rel:conflict": handling.conflict or None,
    }


def _asset(file: PixelFile, sizes: Mapping[str, int]) -> dict[str, Any]:
    return {
        "href": f"./{Path(file.path).name}",
        "type": "image/tiff; application=geotiff; profile=cloud-optimized",
        "roles": ["data", "amplitude"],
        "sar:polarizations": [file.polarisation],
        "file:checksum": SHA256_MULTIHASH + file.sha256,
        "file:size": sizes[file.polarisation],
    }


def _licence(handling: Handling) -> str:
    """Return the one licence that is an SPDX name, else ``other``."""
    named = [regime for regime in handling.regimes if regime.startswith("CC-BY") or regime == "CC0-1.0"]
    return named[0] if len(named) == 1 else "other"


def _band(frequency_ghz: float | None) -> str | None:
    if frequency_ghz is None:
        return None
    return next((name for name, low, high in BANDS_GHZ if low <= frequency_ghz < high), None)


def _stamp(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
