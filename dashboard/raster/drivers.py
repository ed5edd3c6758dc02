"""Which of GDAL's drivers are here."""

import rasterio
from rasterio.drivers import raster_driver_extensions

NEEDED = ("GTiff", "COG")


def missing_drivers() -> tuple[str, ...]:
    """Return the names of the needed raster drivers that this GDAL does not have."""
    with rasterio.Env() as env:
        present = set(env.drivers()) | set(raster_driver_extensions().values())
    return tuple(name for name in NEEDED if name not in present)
