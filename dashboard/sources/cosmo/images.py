"""Which images a COSMO-SkyMed file holds: one per polarisation, by group, or one of all sub-swaths at the root."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import h5py

from dashboard.model.errors import DamagedProductError, UnknownProductError
from dashboard.sources.cosmo.attributes import Stated
from dashboard.sources.hdf5.opening import child, names, pixels
from dashboard.sources.record import POLARISATIONS
from dashboard.sources.values import words

SWATH = re.compile(r"S\d{2}")
JOINED = ("MBI", "IMG")
"""Images of all sub-swaths: first generation, second."""
SINGLE = ("SBI", "IMG")
"""Images of one sub-swath or polarisation."""


@dataclass(frozen=True, slots=True)
class Image:
    """One polarisation's image."""

    polarisation: str
    path: str
    """Of the dataset."""
    stated: Stated
    """Attributes of the dataset, then of its group, then of the root."""
    groups: tuple[Stated, ...]
    """Attributes of every sub-swath that is joined in it, then of the root."""

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        rows, cols = self.stated.places[0].shape[:2]
        return int(rows), int(cols)

    @property
    def complex(self) -> bool:
        """Whether pixels are (real, imaginary)."""
        return len(self.stated.places[0].shape) == 3


def images(file: h5py.File, root: Stated, *, complex_pixels: bool) -> tuple[tuple[Image, ...], tuple[str, ...]]:
    """Return the images to read, and the paths of further ones of the same polarisations, which are not.

    Quick-looks and the second generation's low-resolution group (LRHM) are no images of their own.

    Raises
    ------
    UnknownProductError
        If the product is complex and in several sub-swaths, which overlap and are not joined.
    DamagedProductError
        If there is no image, or it is unsafe, or its polarisation is missing or unknown.
    """
    swaths = tuple(name for name in sorted(names(file, root.file)) if SWATH.fullmatch(name))
    groups = tuple(root.at(found) for name in swaths if isinstance(found := child(file, name, root.file), h5py.Group))
    joined = next((name for name in JOINED if child(file, name, root.file) is not None), None)
    if joined is not None:
        raster = root.at(*(group.places[0] for group in groups[:1])).at(pixels(file, joined, root.file))
        polarisation = _polarisations(root, groups[:1])[0]
        return (Image(polarisation, joined, raster, groups or (root,)),), ()
    paths = [(group, f"{name}/{image}") for group, name in zip(groups, swaths, strict=True) for image in SINGLE]
    present = [(group, path) for group, path in paths if child(file, path, root.file) is not None]
    if not present:
        msg = f"{root.file} holds no image ({', '.join((*JOINED, *(f'S01/{name}' for name in SINGLE)))})."
        raise DamagedProductError(msg)
    named = _polarisations(root, [group for group, _ in present])
    found = [
        Image(polarisation, path, group.at(pixels(file, path, root.file)), (group,))
        for polarisation, (group, path) in zip(named, present, strict=True)
    ]
    first = {image.polarisation: image for image in reversed(found)}
    kept = tuple(image for image in found if first[image.polarisation] is image)
    if complex_pixels and len(found) > len(kept) and len({image.shape for image in found}) > 1:
        msg = (
            f"{root.file} is complex and in {len(found)} sub-swaths of their own geometry, which are not joined; "
            "order the product as DGM, GEC or GTC."
        )
        raise UnknownProductError(msg)
    return kept, tuple(image.path for image in found if image not in kept)


def _polarisations(root: Stated, groups: Sequence[Stated]) -> list[str]:
    """Return the polarisation of every group, the first generation's at the group, the second's at the root.

    Raises
    ------
    DamagedProductError
        If one is missing or unknown.
    """
    whole = words((root.word("Polarization") or root.word("Polarisation")).replace("/", ",").replace(";", ","))
    found = []
    for index, group in enumerate(groups or (root,)):
        own = group.word("Polarisation") or group.word("Polarization")
        shared = whole[index] if len(whole) == len(groups) else ""
        name = own if own in POLARISATIONS else shared or own
        if name not in POLARISATIONS:
            msg = f"{root.file}: Polarisation is {name[:20]!r}; it must be HH, HV, VH or VV."
            raise DamagedProductError(msg)
        found.append(name)
    return found
