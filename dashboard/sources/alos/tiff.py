"""GeoTIFF of ALOS-2 and ALOS-4: amplitude on a map, one file per polarisation, its words in ``summary.txt``."""

import numpy as np

from dashboard.model.acquisition import Geocoding
from dashboard.model.errors import NoGeoreferenceError, UnknownUnitsError
from dashboard.sources.alos.describe import Laid
from dashboard.sources.alos.names import Bundle
from dashboard.sources.alos.radiometry import radiometry
from dashboard.sources.footprint import bounds_footprint
from dashboard.sources.grid import opened
from dashboard.sources.power import Band, TiffPower
from dashboard.sources.units import Formula


def laid_tiff(bundle: Bundle, error: tuple[float | None, str]) -> tuple[TiffPower, Laid]:
    """Return the pixels of a GeoTIFF product.

    Raises
    ------
    NoGeoreferenceError
        If it is of level 1.1, whose layout as GeoTIFF no public document gives, or has no map.
    UnknownUnitsError
        If its pixels are no amplitudes in whole numbers.
    """
    if bundle.name.words["level"] == "1.1":
        msg = (
            f"{bundle.name.whole} is level 1.1 as GeoTIFF, whose layout is not published: it states no place on the "
            "ground. Order it as CEOS."
        )
        raise NoGeoreferenceError(msg)
    remark = ""
    bands = [Band(polarisation, file) for polarisation, file in bundle.images.items()]
    for band in bands:
        with opened(band.path) as dataset:
            kind = np.dtype(dataset.dtypes[0])
            remark = dataset.tags().get("TIFFTAG_IMAGEDESCRIPTION", "")
        if kind.kind != "u":
            msg = f"{band.path.name} has pixels of {kind}; JAXA's are whole numbers (uint16). It was made by others."
            raise UnknownUnitsError(msg)
    formula = radiometry(None, is_complex=False, has_leader=False)
    power = TiffPower(bands, Formula("cf_db", formula.factor_db))
    return power, Laid(
        polarisations=power.polarisations,
        geocoding=Geocoding(kind="affine", heights="as delivered", error_m=error[0], basis=error[1]),
        outline=bounds_footprint(power.geobox),
        radiometry=formula,
        remark=remark,
    )
