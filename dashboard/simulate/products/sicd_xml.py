"""The XML of a SICD: who took it, where it is, how it was taken and formed, and what its pixels mean."""

from typing import Any

import lxml.etree
import numpy as np
from numpy.typing import NDArray
from sarkit import sicd

from dashboard.simulate.products.nitf_words import collector, marking
from dashboard.simulate.products.orbit import SPEED_M_S, ecef
from dashboard.simulate.products.sicd_form import BANDWIDTH_HZ, SLOPE, WIDTH, SicdForm, amplitude_table, base
from dashboard.simulate.products.sicd_grid import SicdGrid


def metadata(grid: SicdGrid, form: SicdForm) -> Any:  # noqa: ANN401  an element of lxml
    """Return the root of the XML."""
    root = lxml.etree.Element(f"{{{form.version}}}SICD", nsmap={None: form.version})
    tree = sicd.ElementWrapper(root)
    _who(tree, grid, form)
    _where(tree, grid, form)
    _how(tree, grid)
    _formed(tree, grid, form)
    if form.quantity is not None:
        name = {"sigma0": "SigmaZeroSFPoly", "beta0": "BetaZeroSFPoly", "gamma0": "GammaZeroSFPoly"}[form.quantity]
        middle = base()
        slope = middle * grid.per_metre(SLOPE)
        tree["Radiometric"][name] = np.array([[middle, slope], [slope, 0.0]])
    root.insert(list(root).index(root.find("{*}ImageFormation")) + 1, sicd.compute_scp_coa(root.getroottree()))
    return root


def _who(tree: Any, grid: SicdGrid, form: SicdForm) -> None:  # noqa: ANN401
    take = grid.take
    about = tree["CollectionInfo"]
    about["CollectorName"] = collector(take)
    about["CoreName"] = f"{take.platform}_{take.start:%Y%m%dT%H%M%S}"
    about["CollectType"] = "MONOSTATIC"
    about["RadarMode"] = {"ModeType": "SPOTLIGHT" if form.polar else "STRIPMAP", "ModeID": take.mode}
    about["Classification"] = marking(take)
    if take.received is not None:
        tree["ImageCreation"] = {"Application": "Nightglass simulate", "DateTime": take.received, "Site": "EXERCISE"}
    tree["Timeline"] = {"CollectStart": take.start, "CollectDuration": take.duration.total_seconds()}
    tree["Position"]["ARPPoly"] = grid.arp_polynomial()


def _where(tree: Any, grid: SicdGrid, form: SicdForm) -> None:  # noqa: ANN401
    (lon, lat), height = grid.scene.centre, grid.scene.height_m
    rows, cols = grid.shape
    image = tree["ImageData"]
    image["PixelType"] = form.pixels
    if form.pixels == "AMP8I_PHS8I" and form.table:
        image["AmpTable"] = amplitude_table()
    image["NumRows"], image["NumCols"] = rows - form.chip[0], cols - form.chip[1]
    image["FirstRow"], image["FirstCol"] = form.chip
    image["FullImage"] = {"NumRows": rows, "NumCols": cols}
    image["SCPPixel"] = grid.scp
    place = tree["GeoData"]
    place["EarthModel"] = "WGS_84"
    place["SCP"] = {"ECF": ecef(np.array(lon), np.array(lat), height), "LLH": (lat, lon, height)}
    place["ImageCorners"] = [(b, a) for a, b in grid.outline()]
    ring = np.array(grid.scene.footprint.exterior.coords)[:-1]
    clockwise = ring if _clockwise(ring) else ring[::-1]
    place["ValidData"] = [(b, a) for a, b in clockwise]


def _how(tree: Any, grid: SicdGrid) -> None:  # noqa: ANN401
    take = grid.take
    low, high = (take.frequency_ghz * 1e9 + side * BANDWIDTH_HZ / 2 for side in (-1, 1))
    sent, received = take.polarisations[0][0], take.polarisations[0][1]
    radar = tree["RadarCollection"]
    radar["TxFrequency"] = {"Min": low, "Max": high}
    radar["TxPolarization"] = sent
    channel = f"{sent}:{received}"
    radar["RcvChannels"] = {"@size": "1", "ChanParameters": [{"@index": "1", "TxRcvPolarization": channel}]}
    duration = take.duration.total_seconds()
    tree["ImageFormation"] = {
        "RcvChanProc": {"NumChanProc": 1, "ChanIndex": [1]},
        "TxRcvPolarizationProc": channel,
        "TStartProc": 0.0,
        "TEndProc": duration,
        "TxFrequencyProc": {"MinProc": low, "MaxProc": high},
        "ImageFormAlgo": "PFA" if grid.polar else "RMA",
        "STBeamComp": "NO",
        "ImageBeamComp": "NO",
        "AzAutofocus": "NO",
        "RgAutofocus": "NO",
    }


def _formed(tree: Any, grid: SicdGrid, form: SicdForm) -> None:  # noqa: ANN401
    """Fill in the grid and the algorithm's own parameters."""
    orbit, (t, r) = grid.orbit, grid.centre
    middle = grid.take.duration.total_seconds() / 2 + t
    position, velocity = orbit.position(t), orbit.velocity(t)
    lon, lat = (np.array(v) for v in grid.scene.centre)
    down = (ecef(lon, lat, grid.scene.height_m) - position) / r
    across = grid.along * velocity / SPEED_M_S
    rate = grid.along / grid.ground_speed
    box = tree["Grid"]
    box["ImagePlane"] = "SLANT"
    box["Type"] = "RGAZIM" if grid.polar else "RGZERO"
    box["TimeCOAPoly"] = np.array([[middle]]) if grid.polar else np.array([[middle + form.squint_s, rate]])
    for axis, unit, spacing in (("Row", down, grid.spacing[0]), ("Col", across, grid.spacing[1])):
        width = 0.886 / (WIDTH * spacing)
        box[axis] = {
            "UVectECF": unit,
            "SS": spacing,
            "ImpRespWid": WIDTH * spacing,
            "Sgn": -1,
            "ImpRespBW": width,
            "KCtr": 2 * grid.take.frequency_ghz * 1e9 / 299_792_458 if axis == "Row" else 0.0,
            "DeltaK1": -width / 2,
            "DeltaK2": width / 2,
        }
    if grid.polar:
        _polar(tree, grid, middle, np.cross(down, across))
    else:
        _migrated(tree, grid, middle, rate)


def _polar(tree: Any, grid: SicdGrid, middle: float, normal: NDArray[np.float64]) -> None:  # noqa: ANN401
    centre = 2 * grid.take.frequency_ghz * 1e9 / 299_792_458
    tree["PFA"] = {
        "FPN": normal,
        "IPN": normal,
        "PolarAngRefTime": middle,
        "PolarAngPoly": np.array([-grid.angle_rate * middle, grid.angle_rate]),
        "SpatialFreqSFPoly": np.array([1.0]),
        "Krg1": centre - 1.0,
        "Krg2": centre + 1.0,
        "Kaz1": -1.0,
        "Kaz2": 1.0,
    }


def _migrated(tree: Any, grid: SicdGrid, middle: float, rate: float) -> None:  # noqa: ANN401
    """Fill in zero-Doppler time, range, and how fast the range of a point curves away from its closest approach."""
    orbit, (_, r) = grid.orbit, grid.centre
    lon, lat = (np.array(v) for v in grid.scene.centre)
    earth = float(np.linalg.norm(ecef(lon, lat, grid.scene.height_m)))
    twice = 2 * orbit.radius_m**2
    tree["RMA"] = {
        "RMAlgoType": "OMEGA_K",
        "ImageType": "INCA",
        "INCA": {
            "TimeCAPoly": np.array([middle, rate]),
            "R_CA_SCP": r,
            "FreqZero": grid.take.frequency_ghz * 1e9,
            "DRateSFPoly": np.array(
                [[(orbit.radius_m**2 + earth**2 - r**2) / twice], [-2 * r / twice], [-1.0 / twice]]
            ),
        },
    }


def _clockwise(ring: NDArray[np.float64]) -> bool:
    x, y = ring.T
    return float(np.sum(np.roll(x, -1) * y - x * np.roll(y, -1))) > 0
