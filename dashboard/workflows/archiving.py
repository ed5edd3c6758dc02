"""One product into the archive, all or nothing: a folder appears complete by one rename, then its catalogue row."""

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from dashboard.model.acquisition import Acquisition, PixelFile, Pixels
from dashboard.model.errors import (
    CatalogError,
    DamagedProductError,
    DiskFullError,
    NightglassError,
    NotFoundError,
    ResourceError,
)
from dashboard.model.progress import CancelToken, Progress, Report, silent
from dashboard.raster.write import CogFacts, write_cog
from dashboard.sources.footprint import valid_footprint
from dashboard.sources.product import OpenPower, Product, file_sha256
from dashboard.workflows.stac_item import item_of, read_item, write_item
from dashboard.workflows.workspace import Workspace

ITEM = "item.json"
INCOMING = ".incoming"


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """What came of one product."""

    acquisition: Acquisition
    """As recorded, with its pixels."""
    remark: str
    """What is worth saying about it, or empty."""


def is_there(workspace: Workspace, product: Product) -> Acquisition | None:
    """Return the recorded acquisition of a product if nothing is left to do for it."""
    known = workspace.catalog.acquisitions.by_product(product.acquisition.origin.product_sha256)
    if known is None or (known.pixels is None and product.power is not None):
        return None
    files = () if known.pixels is None else known.pixels.files
    return known if all((workspace.archive.root / file.path).is_file() for file in files) else None


def archive(
    workspace: Workspace, product: Product, *, report: Report = silent, cancel: CancelToken | None = None
) -> Archived:
    """Archive a product with pixels and record it.

    Parameters
    ----------
    product : not yet recorded with these pixels
    report : told the share done
    cancel : checked between blocks

    Raises
    ------
    NightglassError
        If anything fails; then neither a folder nor a row is left of it.
    """
    acq = _own_name(workspace, product.acquisition)
    final = workspace.archive.root / acq.constellation / acq.id
    taken_up = _taken_up(final, acq)
    if taken_up is None:
        if final.exists():
            _discard(workspace.archive.root, final)
        done = _written(workspace.archive.root, product, acq, report=report, cancel=cancel)
    else:
        done = Archived(acquisition=taken_up, remark="taken up from an interrupted ingest")
    workspace.catalog.acquisitions.add(done.acquisition, replace=True)
    return done


def sweep(root: Path) -> int:
    """Remove what killed ingests left in the archive at `root`; folders in use by a living one stay.

    Returns
    -------
    how many were removed
    """
    incoming = root / INCOMING
    if not incoming.is_dir():
        return 0
    removed = 0
    with _guard(incoming):
        for folder in [path for path in incoming.iterdir() if path.is_dir()]:
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
            except BlockingIOError:
                continue  # its ingest is alive: the lock goes with the process
            finally:
                os.close(descriptor)
    return removed


def _own_name(workspace: Workspace, acq: Acquisition) -> Acquisition:
    """Return the acquisition under its id, or with the product's hash behind it where another product has the id."""
    try:
        known = workspace.catalog.acquisitions.get(acq.id)
    except NotFoundError:
        known = None
    sha256 = acq.origin.product_sha256
    folder = workspace.archive.root / acq.constellation / acq.id
    taken = known is not None and known.pixels is not None and known.origin.product_sha256 != sha256
    if known is None and (folder / ITEM).is_file():
        taken = _product_of(folder) not in {None, sha256}
    return replace(acq, id=f"{acq.id}-{sha256[:8]}") if taken else acq


def _product_of(folder: Path) -> str | None:
    try:
        return read_item(folder / ITEM)[0]
    except DamagedProductError:
        return None


def _taken_up(final: Path, acq: Acquisition) -> Acquisition | None:
    """Return the acquisition of a finished folder whose row is missing; None unless every file is as recorded."""
    if not (final / ITEM).is_file():
        return None
    try:
        product_sha256, footprint, pixels = read_item(final / ITEM)
        sound = all(file_sha256(final / Path(file.path).name) == file.sha256 for file in pixels.files)
    except DamagedProductError:
        return None
    if not sound or product_sha256 != acq.origin.product_sha256:
        return None
    return replace(acq, footprint=footprint, pixels=pixels)


def _written(root: Path, product: Product, acq: Acquisition, *, report: Report, cancel: CancelToken | None) -> Archived:
    """Write the folder aside and rename it into place."""
    power = product.power
    if power is None:
        msg = f"{acq.id} has no pixels to archive."
        raise DamagedProductError(msg)
    with _room_or_words(root, _bytes(product)), _aside(root, acq.id) as folder:
        facts = _write_files(folder, power, product.archive_scale, report=report, cancel=cancel)
        pixels = _pixels(acq, power, product.archive_scale, facts)
        first = folder / f"{power.polarisations[0]}.tif"
        done = replace(acq, pixels=pixels, footprint=valid_footprint(first, pixels.crs) or acq.footprint)
        write_item(item_of(done, {name: fact.bytes for name, fact in facts.items()}), folder / ITEM)
        if cancel is not None:
            cancel.check()
        _publish(folder, root / acq.constellation / acq.id)
    saturated = sum(fact.saturated_pixels for fact in facts.values())
    return Archived(acquisition=done, remark=f"{saturated:,} pixels brighter than the archive holds" * (saturated > 0))


def _write_files(
    folder: Path, power: OpenPower, scale: float, *, report: Report, cancel: CancelToken | None
) -> dict[str, CogFacts]:
    facts: dict[str, CogFacts] = {}
    share = 1.0 / len(power.polarisations)
    for index, name in enumerate(power.polarisations):

        def part(progress: Progress, base: float = index * share) -> None:
            report(Progress(base + share * progress.done, progress.text))

        facts[name] = write_cog(power, name, folder / f"{name}.tif", scale=scale, report=part, cancel=cancel)
    if not any(fact.valid_pixels for fact in facts.values()):
        raise DamagedProductError("No pixel of the product holds data; nothing was archived.")
    return facts


def _pixels(acq: Acquisition, power: OpenPower, scale: float, facts: dict[str, CogFacts]) -> Pixels:
    affine = power.geobox.affine
    rows, columns = (int(side) for side in power.geobox.shape)
    return Pixels(
        crs=str(power.geobox.crs),
        transform=(affine.a, affine.b, affine.c, affine.d, affine.e, affine.f),
        shape=(rows, columns),
        files=tuple(
            PixelFile(polarisation=name, path=f"{acq.constellation}/{acq.id}/{name}.tif", sha256=fact.sha256)
            for name, fact in facts.items()
        ),
        amplitude_scale=scale,
    )


@contextmanager
def _aside(root: Path, name: str) -> Iterator[Path]:
    """Give a folder that is locked while this process lives and gone afterwards, unless it was renamed into place."""
    incoming = root / INCOMING
    incoming.mkdir(parents=True, exist_ok=True)
    folder = incoming / f"{name}-{os.getpid()}"
    with _guard(incoming):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        descriptor = os.open(folder, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        os.close(descriptor)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _guard(incoming: Path) -> Iterator[None]:
    """Keep two processes from making and sweeping folders at the same moment."""
    with (incoming / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _publish(folder: Path, final: Path) -> None:
    """Rename a finished folder into place so that it survives a power cut."""
    _sync(folder)
    final.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.rename(final)
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
            raise
        msg = f"{final.name} was archived by another ingest at the same moment; run this one again to check it."
        raise CatalogError(msg) from error
    _sync(final.parent)
    _sync(final.parent.parent)


def _discard(root: Path, final: Path) -> None:
    """Move a folder that fails its checks out of the archive; the next sweep removes it."""
    with _aside(root, final.name) as folder:
        final.rename(folder / final.name)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _bytes(product: Product) -> int:
    return sum(path.stat().st_size for path in product.paths)


@contextmanager
def _room_or_words(root: Path, needed: int) -> Iterator[None]:
    """Turn a full or unwritable disk while making folders or the item into the one line that says so."""
    try:
        yield
    except NightglassError:
        raise
    except OSError as error:
        if error.errno != errno.ENOSPC:
            msg = f"{root} cannot be written ({error.strerror}); check its permissions and the disk."
            raise ResourceError(msg) from error
        free = shutil.disk_usage(root).free
        msg = (
            f"No room in {root}: the product takes about {needed:,} bytes and {free:,} are free. "
            "Free some space or move the archive; nothing half-written was left behind."
        )
        raise DiskFullError(msg) from error
