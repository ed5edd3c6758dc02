import numpy as np
import pytest
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import Geod, Transformer
from shapely.geometry import MultiPolygon, Polygon

from dashboard.model.errors import GridMismatchError
from dashboard.raster.vectorise import polygons

# odc-geo multiplies affines with `*`, which affine 3.1 will drop.
pytestmark = pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")

SPACING = 10.0


def grid(shape: tuple[int, int]) -> GeoBox:
    # On the central meridian the projection's scale is 0.9996 and its area scale 0.99920.
    return GeoBox(shape, Affine(SPACING, 0, 500_000, 0, -SPACING, 4_800_000), "EPSG:32655")


def back(geometry: Polygon | MultiPolygon):
    transformer = Transformer.from_crs("EPSG:4326", "EPSG:32655", always_xy=True)
    return shapely.transform(geometry, lambda xy: np.column_stack(transformer.transform(xy[:, 0], xy[:, 1])))


@pytest.mark.parametrize("eight", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_areas_are_the_pixels_areas_and_every_polygon_is_valid(seed, eight) -> None:
    labels = np.random.default_rng(seed).integers(-1, 4, (40, 50)).astype(np.int32)
    labels.flags.writeable = False
    found = polygons(labels, grid(labels.shape), eight_connected=eight)
    assert list(found) == [1, 2, 3]
    for label, geometry in found.items():
        assert geometry.is_valid
        assert isinstance(geometry, Polygon | MultiPolygon)
        pixels = int((labels == label).sum())
        assert back(geometry).area == pytest.approx(pixels * SPACING**2, rel=1e-6)
        geodesic = abs(Geod(ellps="WGS84").geometry_area_perimeter(geometry)[0])
        assert geodesic == pytest.approx(pixels * SPACING**2 / 0.9996**2, rel=1e-4)


def test_every_pixel_centre_is_inside_its_own_polygon_and_no_other() -> None:
    labels = np.random.default_rng(9).integers(0, 3, (12, 14)).astype(np.int32)
    box = grid(labels.shape)
    found = {label: back(geometry).buffer(1e-3) for label, geometry in polygons(labels, box).items()}
    for (row, col), label in np.ndenumerate(labels):
        point = shapely.Point(box.affine @ (col + 0.5, row + 0.5))
        assert {other for other, geometry in found.items() if geometry.contains(point)} == ({label} - {0})


def test_a_hole_stays_a_hole() -> None:
    labels = np.ones((5, 5), np.int32)
    labels[2, 2] = 0
    ring = polygons(labels, grid((5, 5)))[1]
    assert isinstance(ring, Polygon)
    assert len(ring.interiors) == 1


def test_pixels_that_touch_at_a_corner_are_one_label_and_valid_either_way() -> None:
    labels = np.eye(3, dtype=np.int32) * 7
    for eight in (True, False):
        found = polygons(labels, grid((3, 3)), eight_connected=eight)
        assert list(found) == [7]
        assert found[7].is_valid
        assert back(found[7]).area == pytest.approx(3 * SPACING**2, rel=1e-6)


def test_simplifying_drops_points_and_keeps_the_area_nearly() -> None:
    rows, cols = np.indices((80, 80))
    labels = ((rows - 40) ** 2 + (cols - 40) ** 2 < 900).astype(np.int32)
    exact = polygons(labels, grid(labels.shape))[1]
    simple = polygons(labels, grid(labels.shape), simplify_m=SPACING)[1]
    assert shapely.get_num_coordinates(simple) < shapely.get_num_coordinates(exact) / 2
    assert back(simple).area == pytest.approx(back(exact).area, rel=0.02)


def test_background_alone_gives_nothing() -> None:
    assert polygons(np.zeros((4, 4), np.int32), grid((4, 4))) == {}


def test_labels_of_another_shape_are_refused() -> None:
    with pytest.raises(GridMismatchError, match=r"\(4, 5\).*\(4, 4\)"):
        polygons(np.zeros((4, 5), np.int32), grid((4, 4)))
