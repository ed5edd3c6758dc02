"""Sentinel-1 Level 1 in SAFE folders: ground range and single-look complex, all polarisations one acquisition."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dashboard.model.acquisition import (
    Acquisition,
    Calibration,
    LookSide,
    Original,
    PassDirection,
    Quantity,
)
from dashboard.model.errors import DamagedProductError
from dashboard.model.handling import Handling
from dashboard.sources.details import Details, details
from dashboard.sources.footprint import clean_footprint
from dashboard.sources.geocode.power import GeocodedPower
from dashboard.sources.marking import exercise, handling
from dashboard.sources.product import NOTHING_GIVEN, Found, Given, NotRead, Product, origin, product_sha256
from dashboard.sources.record import polarisations
from dashboard.sources.sentinel1.annotation import Annotation, load_annotation
from dashboard.sources.sentinel1.fields import SYSTEMS
from dashboard.sources.sentinel1.manifest import MANIFEST, Manifest, bundle, load_manifest
from dashboard.sources.sentinel1.scene import Scene, scene_of
from dashboard.sources.values import safe_id

NAME = re.compile(r"S1[A-D]_[A-Z0-9_]+(\.SAFE)?", re.IGNORECASE)
READ = frozenset({"GRD", "SLC"})
TINY = "WV"
"""Wave mode: hundreds of small pictures along the orbit."""
DOCUMENTED = {
    ("GRD", "IW", 10.0): (22.0, 4.4),
    ("GRD", "EW", 25.0): (50.0, 2.7),
    ("GRD", "EW", 40.0): (93.0, 10.7),
}
"""(type, mode, pixel spacing) -> (resolution in metres, equivalent looks) of the product's definition."""


class Sentinel1Reader:
    """Sentinel-1 SAFE: GRD, and SLC of stripmap and of bursts."""

    name = "sentinel-1-safe"
    looks_for = "Sentinel-1 SAFE (a folder with manifest.safe, annotation and measurement)"
    systems = SYSTEMS

    def sniff(self, path: Path) -> float:
        """Return 0.95 for the manifest of a SAFE folder, 0.92 for an image in one."""
        if path.name.lower() == MANIFEST:
            with path.open("rb") as stream:
                head = stream.read(4096)
            return 0.95 if b"sentinel-1" in head.lower() or NAME.fullmatch(path.parent.name) else 0.0
        in_safe = path.parent.name == "measurement" and path.suffix.lower() in {".tif", ".tiff"}
        return 0.92 if in_safe and (path.parent.parent / MANIFEST).is_file() else 0.0

    def read(self, path: Path, given: Given = NOTHING_GIVEN) -> Iterator[Found]:
        """Yield the one acquisition of a SAFE folder.

        Raises
        ------
        InputError
            If a file is missing or damaged, or the files contradict each other.
        """
        manifest_path = path if path.name.lower() == MANIFEST else path.parent.parent / MANIFEST
        files = bundle(manifest_path.parent)
        try:
            manifest = load_manifest(manifest_path)
            why_not = _not_for_us(manifest)
            if why_not is None:
                yield _product(manifest, files, given)
                return
        except DamagedProductError as error:
            yield NotRead(path=path, name=path.name, reason=str(error), error=error, paths=files)
            return
        yield NotRead(path=path, name=path.name, reason=f"skipped: {why_not}", paths=files)


def _not_for_us(manifest: Manifest) -> str | None:
    kind, mode = manifest.words["type"], manifest.words["mode"]
    if kind not in READ:
        return f"a product of type {kind}, which has no backscatter image of Level 1 (GRD and SLC are read)"
    return "wave mode: small pictures of the sea along the orbit" if mode == TINY else None


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the acquisition is put together from."""

    manifest: Manifest
    annotations: Sequence[Annotation]
    scene: Scene
    power: GeocodedPower
    files: Sequence[Path]

    @property
    def first(self) -> Annotation:
        """The annotation that speaks for the product: of its middle swath."""
        swaths = {annotation.swath: annotation for annotation in reversed(self.annotations)}
        names = sorted(swaths)
        return swaths[names[len(names) // 2]]

    @property
    def kind(self) -> str:
        """GRD or SLC."""
        return self.manifest.words["type"] or ""


def _product(manifest: Manifest, files: Sequence[Path], given: Given) -> Product:
    if not manifest.images:
        raise DamagedProductError(f"{MANIFEST} names no measurement; the product is incomplete. Fetch it again.")
    annotations = [load_annotation(image.annotation, manifest.start) for image in manifest.images]
    _check_polarisations(manifest, annotations)
    scene = scene_of(manifest, annotations)
    power = GeocodedPower(
        scene.native, scene.sensor, scene.terrain(given.dem), complex_pixels=manifest.words["type"] == "SLC"
    )
    found = _acquisition(_Parts(manifest, annotations, scene, power, files))
    return Product(acquisition=found, power=power, paths=tuple(files))


def _check_polarisations(manifest: Manifest, annotations: Sequence[Annotation]) -> None:
    held = {annotation.polarisation for annotation in annotations}
    stated = set(polarisations(list(manifest.polarisations)))
    if held != stated:
        msg = (
            f"{MANIFEST} states transmitterReceiverPolarisation {'+'.join(sorted(stated)) or 'of none'}, the "
            f"annotation files hold polarisation {'+'.join(sorted(held))}; the product is damaged."
        )
        raise DamagedProductError(msg)


def _acquisition(parts: _Parts) -> Acquisition:
    manifest, first = parts.manifest, parts.first
    complex_pixels = parts.kind == "SLC"
    resolution, looks = _quality(parts)
    if complex_pixels:
        looks = float(parts.power.looks_taken[0] * parts.power.looks_taken[1])
    documented = {"resolution_m": resolution, "looks": None if complex_pixels else looks}
    guessed = frozenset(name for name, value in documented.items() if value is not None)
    source = origin(Sentinel1Reader.name, parts.files, guessed)
    return Acquisition(
        id=_id(manifest, first),
        constellation="sentinel-1",
        platform=f"sentinel-1{(manifest.words['number'] or '').lower()}",
        start=manifest.start,
        stop=manifest.stop,
        mode=manifest.words["mode"],
        polarisations=parts.scene.native.polarisations,
        look=LookSide.RIGHT,
        pass_direction=_pass(manifest),
        track=manifest.track,
        incidence_deg=first.incidence_deg,
        look_azimuth_deg=parts.scene.look_azimuth_deg,
        resolution_m=resolution,
        looks=looks,
        frequency_ghz=first.frequency_hz / 1e9,
        level=parts.kind,
        footprint=manifest.footprint or clean_footprint(parts.scene.outline),
        calibration=Calibration(valid=True, quantity=Quantity.SIGMA0),
        handling=_handling(manifest),
        received=manifest.processed,
        geocoding=parts.power.geocoding,
        original=_original(parts, source.files) if complex_pixels else None,
        details=_details(parts),
        origin=source,
    )


def _id(manifest: Manifest, first: Annotation) -> str:
    name = manifest.folder.name
    if NAME.fullmatch(name):
        return safe_id(re.sub(r"\.SAFE$", "", name, flags=re.IGNORECASE)) or name
    # A folder that was renamed: what the product's own name is made of.
    words = manifest.words
    made = (
        f"S1{words['number']}_{words['mode']}_{words['type']}_{'-'.join(manifest.polarisations)}_"
        f"{manifest.start:%Y%m%dT%H%M%S}_{manifest.stop:%Y%m%dT%H%M%S}_{manifest.orbit or 0:06d}"
    )
    return safe_id(made) or first.name


def _pass(manifest: Manifest) -> PassDirection | None:
    word = (manifest.words["pass"] or "").lower()
    return PassDirection(word) if word in set(PassDirection) else None


def _quality(parts: _Parts) -> tuple[float | None, float | None]:
    """Return the resolution and the equivalent looks that the product's definition gives for its type."""
    key = (parts.kind, parts.manifest.words["mode"] or "", round(parts.first.spacing_m[0], 1))
    return DOCUMENTED.get(key, (None, None))


def _handling(manifest: Manifest) -> Handling:
    caveats = exercise(manifest.words["class"]).caveats
    return handling({"rel:caveats": sorted(caveats)}, "sentinel-1", manifest.start.year)


def _original(parts: _Parts, hashes: Sequence[tuple[str, str]]) -> Original:
    files = [image.measurement for image in parts.manifest.images]
    known = dict(hashes)
    sha256 = known[files[0].name] if len(files) == 1 else product_sha256([(f.name, known[f.name]) for f in files])
    path = files[0] if len(files) == 1 else parts.manifest.folder
    return Original(path=str(path), sha256=sha256, shape=parts.scene.native.shape, complex=True)


def _details(parts: _Parts) -> Details:
    manifest, first, words = parts.manifest, parts.first, parts.manifest.words
    angles = parts.scene.grid[:, 5]
    return details(
        {
            "proc:raw_platform": f"{words['family'] or ''} {words['number'] or ''}".strip(),
            "instruments": "c-sar",
            "sar:frequency_band": "C",
            "sar:beam_ids": sorted({a.swath for a in parts.annotations}),
            "proc:mode_class": {"IW": "tops", "EW": "tops", "SM": "stripmap"}.get(words["mode"] or ""),
            "sar:pixel_spacing_range": first.spacing_m[0],
            "sar:pixel_spacing_azimuth": first.spacing_m[1],
            "proc:range_plane": "ground" if first.ground_range else "slant",
            "sar:looks_range": first.looks[0],
            "sar:looks_azimuth": first.looks[1],
            "proc:looks_taken": "x".join(map(str, parts.power.looks_taken)) if parts.kind == "SLC" else None,
            "sat:absolute_orbit": manifest.orbit,
            "sat:anx_datetime": manifest.anx,
            "view:incidence_angle": first.incidence_deg,
            "proc:inc_near": float(angles.min()),
            "proc:inc_far": float(angles.max()),
            "proc:heading": first.heading_deg,
            "proc:slant_range_near_m": min(a.slant_range_m for a in parts.annotations),
            "proc:azimuth_time_interval_s": first.line_s,
            "proc:range_sampling_rate_hz": first.sampling_hz,
            "processing:level": "L1",
            "processing:facility": words["facility"],
            "processing:software": " ".join(manifest.software).strip(),
            "processing:datetime": manifest.processed,
            "product:timeliness_category": words["timeliness"],
            "proc:datatake_id": words["datatake"],
            "proc:slice": _slice(manifest),
            "proc:composition": words["composition"],
            "proc:grid_residual_m": round(parts.scene.residual_m, 2),
            "proc:burst_rounding_px": None if parts.scene.off_grid_px is None else round(parts.scene.off_grid_px, 3),
            "proc:footprint_source": "corners" if manifest.footprint is not None else "sensor",
            "proc:calibration_note": parts.scene.note,
        }
    )


def _slice(manifest: Manifest) -> str | None:
    number, count = manifest.words["slice"], manifest.words["slices"]
    return f"{number} of {count}" if number and count else number
