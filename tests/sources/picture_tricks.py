"""Pictures laid wrongly under right words: what every check of truth must notice."""

import warnings
from pathlib import Path

import h5py
import numpy as np
import rasterio
from rasterio import Affine
from rasterio.errors import NotGeoreferencedWarning

TRICKS = ("rows flipped", "columns flipped", "transposed", "shifted by half a pixel")


def trick(path: Path, how: str) -> None:
    """Lay the picture of a TIFF or of a complex HDF5 wrongly, in place; half a pixel is half of one on the map."""
    if path.suffix == ".h5":
        with h5py.File(path, "r+") as file:
            for name in ("s_i", "s_q"):
                file[name][...] = _laid(file[name][...], how)
        return
    warnings.simplefilter("ignore", NotGeoreferencedWarning)  # pytest restores the filters after each test
    with rasterio.open(path, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as dataset:
        if how != TRICKS[3]:
            dataset.write(np.stack([_laid(band, how) for band in dataset.read()]))
        elif dataset.rpcs is not None and not dataset.dtypes[0].startswith("complex") and dataset.count == 1:
            rpcs = dataset.rpcs
            rpcs.line_off, rpcs.samp_off = rpcs.line_off + 0.5, rpcs.samp_off + 0.5
            dataset.rpcs = rpcs
        elif dataset.crs is not None and dataset.crs.is_projected:
            dataset.transform = dataset.transform @ Affine.translation(0.5, 0.5)
        else:
            dataset.write(np.stack([_laid(band, how) for band in dataset.read()]))


def _laid(picture: np.ndarray, how: str) -> np.ndarray:
    match how:
        case "rows flipped":
            return picture[::-1]
        case "columns flipped":
            return picture[:, ::-1]
        case "transposed":
            side = min(picture.shape)
            found = picture.copy()
            found[:side, :side] = picture[:side, :side].T
            return found
        case _:  # two looks make one pixel of the map: one of them is half
            return np.roll(picture, (1, 1), axis=(0, 1))
