"""The STAC 1.1 item of an acquisition: written beside archived pixels, read when an interrupted ingest is taken up."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from dashboard.model.acquisition import Acquisition, Kind, PixelFile, Pixels
from dashboard.model.errors import DamagedProductError
from dashboard.workflows.stac_properties import properties_of, stamp

STAC_VERSION = "1.1.0"
EXTENSIONS = {
    "sar": "https://stac-extensions.github.io/sar/v1.3.0/schema.json",
    "sat": "https://stac-extensions.github.io/sat/v1.1.0/schema.json",
    "view": "https://stac-extensions.github.io/view/v1.0.0/schema.json",
    "eo": "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
    "proj": "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "processing": "https://stac-extensions.github.io/processing/v1.2.0/schema.json",
    "product": "https://stac-extensions.github.io/product/v1.1.0/schema.json",
    "raster": "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
    "file": "https://stac-extensions.github.io/file/v2.1.0/schema.json",
    "published": "https://stac-extensions.github.io/timestamps/v1.1.0/schema.json",
    "expires": "https://stac-extensions.github.io/timestamps/v1.1.0/schema.json",
}
"""First word of a field -> schema. An item declares exactly those whose fields it carries."""

SHA256_MULTIHASH = "1220"
"""Multihash prefix of a SHA-256: algorithm 0x12, 0x20 bytes."""

COMMON_BANDS = {"R": "red", "G": "green", "B": "blue", "N": "nir", "P": "pan", "C": "coastal", "Y": "yellow"}
"""First letter of a band's name -> its common name, for visible bands."""


def item_of(
    acq: Acquisition, sizes: Mapping[str, int], *, occasion: str = "ingested", now: datetime | None = None
) -> dict[str, Any]:
    """Return the STAC item of an acquisition.

    Parameters
    ----------
    acq : with `pixels`, or without: then the item has no assets
    sizes : polarisation -> bytes of its file
    occasion : ``ingested`` or ``exported``: the field ``proc:<occasion>`` says when this item was written
    now : that moment; by default the present one

    Returns
    -------
    of plain JSON values, valid under the schemas of the extensions that it declares
    """
    properties = properties_of(acq) | {f"proc:{occasion}": stamp(now or datetime.now(UTC))}
    assets = {} if acq.pixels is None else {f.polarisation: _asset(acq, f, sizes) for f in acq.pixels.files}
    fields = {name.partition(":")[0] for part in (properties, *assets.values()) for name in part}
    return {
        "type": "Feature",
        "stac_version": STAC_VERSION,
        "stac_extensions": list(dict.fromkeys(uri for word, uri in EXTENSIONS.items() if word in fields)),
        "id": acq.id,
        "geometry": _geometry(acq.footprint),
        "bbox": _bbox(acq.footprint),
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


def _geometry(footprint: BaseGeometry) -> dict[str, Any]:
    """Return GeoJSON of lists, as a reader of the file would see it; outer rings run counter-clockwise."""
    found: dict[str, Any] = json.loads(json.dumps(shapely.geometry.mapping(shapely.orient_polygons(footprint))))
    return found


def _bbox(footprint: BaseGeometry) -> list[float]:
    """Return west, south, east, north; west lies east of east for what is split at the antimeridian (RFC 7946, 5.2)."""
    west, south, east, north = (float(side) for side in footprint.bounds)
    parts = [part.bounds for part in getattr(footprint, "geoms", ())]
    if parts and west == -180.0 and east == 180.0:
        eastern = [b[0] for b in parts if b[2] == 180.0 and b[0] > -180.0]
        western = [b[2] for b in parts if b[0] == -180.0 and b[2] < 180.0]
        if eastern and western and max(western) < min(eastern):
            return [min(eastern), south, max(western), north]
    return [west, south, east, north]


def _asset(acq: Acquisition, file: PixelFile, sizes: Mapping[str, int]) -> dict[str, Any]:
    pixels, quantity = acq.pixels, acq.calibration.quantity
    roles = ["data", "amplitude"] if acq.kind is Kind.SAR else ["data", "reflectance"]
    if acq.calibration.valid and quantity is not None:
        roles.append(quantity.value)
    layer = {"data_type": "uint16", "nodata": 0, "sampling": "area"}
    if pixels is not None:
        layer |= {"scale": 1.0 / pixels.amplitude_scale, "spatial_resolution": pixels.spacing_m}
    return {
        "href": f"./{Path(file.path).name}",
        "type": "image/tiff; application=geotiff; profile=cloud-optimized",
        "roles": roles,
        **_band(acq, file.polarisation),
        "raster:bands": [layer],
        "file:checksum": SHA256_MULTIHASH + file.sha256,
        **({"file:size": sizes[file.polarisation]} if file.polarisation in sizes else {}),
    }


def _band(acq: Acquisition, name: str) -> dict[str, Any]:
    if acq.kind is Kind.SAR:
        # A file has a name even where the product states no polarisation: the item does not make it one.
        return {"sar:polarizations": [name]} if name in acq.polarisations else {}
    common = COMMON_BANDS.get(name[:1].upper())
    return {"eo:bands": [{"name": name, **({"common_name": common} if common else {})}]}
