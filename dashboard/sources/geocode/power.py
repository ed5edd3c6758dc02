"""Calibrated power of a product in radar geometry, on a map grid."""

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from dashboard.model.acquisition import Geocoding
from dashboard.sources.footprint import position
from dashboard.sources.geocode.kernels import multilook, onto_map
from dashboard.sources.geocode.lattice import lattice, looks_for_square
from dashboard.sources.geocode.native import Native
from dashboard.sources.geocode.sensor import Sensor, shift_per_metre
from dashboard.sources.geocode.terrain import Terrain
from dashboard.sources.transformers import LONLAT, between

SAMPLES = 3
"""Probes per side of a map pixel; its image pixels are about as large as itself."""
STEP_SMOOTH, STEP_MODEL = 16, 4
"""Every how many map pixels the geometry is solved: over even ground it bends slowly."""
TILE = 1024
"""Columns of the map that are made at a time."""
MOST_SOURCE = 48_000_000
"""Image pixels that are held at a time; a tile that needs more is halved."""


class GeocodedPower:
    """An `OpenPower`: reads the image under a window of the map, averages looks, and lays it on the map's pixels.

    The image is resampled once. Power is a density over ground, so the mean over a map pixel is the area-weighted mean
    of the image pixels in it: total power is kept, and no kernel overshoots beside a bright target.
    """

    def __init__(
        self,
        native: Native,
        sensor: Sensor,
        terrain: Terrain,
        *,
        looks: tuple[int, int] | None = None,
        complex_pixels: bool = False,
    ) -> None:
        """Choose looks and grid.

        Parameters
        ----------
        native : power by row and column
        sensor : where rows and columns are
        terrain : heights of the ground
        looks : (rows, columns) to average into one; None makes pixels about square
        complex_pixels : whether the image is single-look complex, so that at least two looks a side are taken

        Raises
        ------
        NoGeoreferenceError, DamagedProductError
            If the geometry describes no place, or an absurd number of pixels.
        """
        self.looks_taken = looks or looks_for_square(sensor, complex_pixels=complex_pixels)
        self._native = native
        self._sensor = sensor
        self._terrain = terrain
        self._box = lattice(sensor, terrain, self.looks_taken)
        self._step = STEP_SMOOTH if terrain.smooth else STEP_MODEL

    @property
    def geobox(self) -> GeoBox:
        """Grid of the pixels, north up, metres."""
        return self._box

    @property
    def polarisations(self) -> tuple[str, ...]:
        """What can be read, in the order of the product."""
        return self._native.polarisations

    @property
    def geocoding(self) -> Geocoding:
        """How the pixels came to their places, and how well."""
        sensor = self._sensor
        return Geocoding(
            kind=sensor.kind,
            heights=self._terrain.words,
            error_m=sensor.error_m,
            shift_per_m=round(shift_per_metre(sensor), 3),
            basis=sensor.basis,
        )

    def read(self, polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:
        """Return (y, x) linear power of a window of the map, NaN where the image has nothing.

        Raises
        ------
        DamagedProductError
            If the product breaks off.
        """
        out = np.full((rows.stop - rows.start, cols.stop - cols.start), np.nan, np.float32)
        for left in range(cols.start, cols.stop, TILE):
            part = slice(left, min(left + TILE, cols.stop))
            self._fill(polarisation, rows, part, out[:, part.start - cols.start : part.stop - cols.start])
        return out

    def close(self) -> None:
        """Close the product's files; reading again opens them again."""
        self._native.close()

    def _fill(self, polarisation: str, rows: slice, cols: slice, out: NDArray[np.float32]) -> None:
        place = self._place(rows, cols)
        window = self._window(*place)
        if window is None:
            return
        down, across = window
        if self._pixels(down, across) > MOST_SOURCE and max(out.shape) > self._step:
            for half_rows, half_cols, part in _halves(rows, cols, out):
                self._fill(polarisation, half_rows, half_cols, part)
            return
        power = self._looked(polarisation, down, across)
        local = place[0] - down.start, place[1] - across.start, self._step
        piece = np.empty(out.shape, np.float32)
        onto_map(power, local, SAMPLES, piece)
        out[...] = piece

    def _place(self, rows: slice, cols: slice) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the look-averaged (row, column) of every `step`-th pixel corner of a window of the map."""
        corners = [
            np.arange(part.start, part.stop + 2 * self._step, self._step, dtype=np.float64) for part in (rows, cols)
        ]
        down, across = np.meshgrid(*corners, indexing="ij")
        x, y = position(self._box.affine, across, down)
        lon, lat = between(str(self._box.crs), LONLAT).transform(x, y)
        lon, lat = np.asarray(lon), np.asarray(lat)
        found = self._sensor.to_image(lon, lat, self._terrain.heights(lon, lat))
        placed = [(axis - (look - 1) / 2) / look for axis, look in zip(found, self.looks_taken, strict=True)]
        return np.ascontiguousarray(placed[0]), np.ascontiguousarray(placed[1])

    def _window(self, rows: NDArray[np.float64], cols: NDArray[np.float64]) -> tuple[slice, slice] | None:
        """Return the look-averaged rows and columns that a window of the map needs, or None."""
        found = []
        for axis, side, look in zip((rows, cols), self._native.shape, self.looks_taken, strict=True):
            if not np.isfinite(axis).any():
                return None
            count = -(-side // look)
            first = max(0, int(np.floor(np.nanmin(axis))) - 1)
            last = min(count, int(np.ceil(np.nanmax(axis))) + 2)
            if last <= first:
                return None
            found.append(slice(first, last))
        return found[0], found[1]

    def _pixels(self, rows: slice, cols: slice) -> int:
        down, across = self.looks_taken
        return int((rows.stop - rows.start) * down * (cols.stop - cols.start) * across)

    def _looked(self, polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:
        """Return look-averaged power of look-averaged rows and columns."""
        (down, across), (height, width) = self.looks_taken, self._native.shape
        wanted = (
            slice(rows.start * down, min(rows.stop * down, height)),
            slice(cols.start * across, min(cols.stop * across, width)),
        )
        power = np.ascontiguousarray(self._native.read(polarisation, *wanted), dtype=np.float32)
        if self.looks_taken == (1, 1):
            return power
        out = np.empty((rows.stop - rows.start, cols.stop - cols.start), np.float32)
        multilook(power, down, across, out)
        return out


def _halves(rows: slice, cols: slice, out: NDArray[np.float32]) -> list[tuple[slice, slice, NDArray[np.float32]]]:
    """Return the two halves of a window along its longer side, with their parts of the result."""
    if out.shape[0] >= out.shape[1]:
        cut = out.shape[0] // 2
        middle = rows.start + cut
        return [
            (slice(rows.start, middle), cols, out[:cut]),
            (slice(middle, rows.stop), cols, out[cut:]),
        ]
    cut = out.shape[1] // 2
    middle = cols.start + cut
    return [
        (rows, slice(cols.start, middle), out[:, :cut]),
        (rows, slice(middle, cols.stop), out[:, cut:]),
    ]
