"""Attributes of a COSMO-SkyMed product, wherever its generation keeps them: at the raster, its group or the root."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import h5py
import numpy as np
from numpy.typing import NDArray

from dashboard.model.errors import DamagedProductError
from dashboard.sources.hdf5.opening import attribute, numbers

MISSIONS = ("CSK", "CSG")
"""First and second generation, as ``Mission ID`` names them."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What is stated at some places of an open file; the first place that has an attribute counts."""

    file: str
    """Name of the file, for messages."""
    places: tuple[h5py.Group | h5py.Dataset, ...]
    """From the nearest to the farthest."""

    def at(self, *places: h5py.Group | h5py.Dataset) -> "Stated":
        """Return the same with nearer places in front."""
        return replace(self, places=(*places, *self.places))

    def text(self, name: str) -> str | None:
        """Return a text, or None when it is absent or blank."""
        return next((found for place in self.places if (found := attribute(place, name, str, self.file))), None)

    def word(self, name: str) -> str:
        """Return a text in upper case with single blanks, empty when absent."""
        return " ".join((self.text(name) or "").upper().split())

    def number(self, name: str) -> float | None:
        """Return a finite number, or None when it is absent."""
        found = (attribute(place, name, float, self.file) for place in self.places)
        return next((value for value in found if value is not None), None)

    def whole(self, name: str) -> int | None:
        """Return a whole number, or None when it is absent."""
        found = (attribute(place, name, int, self.file) for place in self.places)
        return next((value for value in found if value is not None), None)

    def numbers(self, name: str, *shape: int) -> NDArray[np.float64] | None:
        """Return a table of a given shape (-1: any length), or None when it is absent.

        Raises
        ------
        DamagedProductError
            If it has another shape.
        """
        found = next((v for place in self.places if (v := numbers(place, name, self.file)) is not None), None)
        if found is None:
            return None
        if found.ndim != len(shape) or any(want not in {-1, has} for want, has in zip(shape, found.shape, strict=True)):
            wanted = " x ".join("n" if want < 0 else str(want) for want in shape)
            msg = f"{self.file}: {name} has the shape {found.shape}; it should have {wanted} numbers."
            raise DamagedProductError(msg)
        return found

    def positive(self, name: str) -> float | None:
        """Return a number above zero, or None when it is absent or zero, as processors write what they do not know.

        Raises
        ------
        DamagedProductError
            If it is negative.
        """
        found = self.number(name)
        if found is not None and found < 0:
            msg = f"{self.file}: {name} is {found:g}; it must be above zero. The product is damaged."
            raise DamagedProductError(msg)
        return found or None

    def moment(self, name: str) -> datetime | None:
        """Return a moment in UTC from ``2014-10-01 06:12:14.883538000``, or None when it is absent.

        Raises
        ------
        DamagedProductError
            If the text is no moment.
        """
        text = self.text(name)
        if text is None:
            return None
        whole, _, fraction = text.partition(".")
        try:
            second = datetime.strptime(whole.replace("T", " "), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
            return second + timedelta(seconds=float(f"0.{fraction.rstrip('Z') or 0}"))
        except (ValueError, OverflowError) as error:
            msg = f"{self.file}: {name} is {text[:40]!r}, which is no time such as 2014-10-01 06:12:14.883538000."
            raise DamagedProductError(msg) from error

    def needed(self, name: str) -> str:
        """Return a text that a product cannot be read without.

        Raises
        ------
        DamagedProductError
            If it is absent.
        """
        found = self.text(name)
        if found is None:
            raise self.missing(name)
        return found

    def needed_moment(self, name: str) -> datetime:
        """Return a moment that a product cannot be read without.

        Raises
        ------
        DamagedProductError
            If it is absent or no moment.
        """
        found = self.moment(name)
        if found is None:
            raise self.missing(name)
        return found

    def missing(self, name: str) -> DamagedProductError:
        """Return the error for an attribute that is not there."""
        return DamagedProductError(f"{self.file} states no {name}; the product is incomplete. Fetch it again.")
