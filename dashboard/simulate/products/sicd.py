"""SICD in NITF and NSIF: complex pictures in range-Doppler and polar format, with projection and radiometry."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lxml.etree
import numpy as np
from numpy.typing import NDArray
from sarkit import sicd

from dashboard.model.acquisition import LookSide
from dashboard.simulate.products.nitf_words import as_nsif, collector, marking, quiet, security, security_truth
from dashboard.simulate.products.orbit import SPEED_M_S, ecef
from dashboard.simulate.products.scene import Scene
from dashboard.simulate.products.sicd_grid import SicdGrid
from dashboard.simulate.products.take import Take, Written

BANDWIDTH_HZ = 300e6
WIDTH = 1.2
"""Resolution over spacing."""
SLOPE = 4e-4
"""Change of the radiometric factor over a metre of range and of azimuth, relative."""
PEAK_DB = 9.0
"""Above the brightest target: full scale of integers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SicdForm:
    """Which of the ways to write a SICD."""

    polar: bool = False
    """RGAZIM by the polar format algorithm, else RGZERO by range migration."""
    pixels: str = "RE32F_IM32F"
    table: bool = True
    """Whether 8-bit amplitudes come with their table."""
    quantity: str | None = "sigma0"
    """What the radiometric polynomial leads to; None: no Radiometric block."""
    nsif: bool = False
    version: str = "urn:SICD:1.3.0"
    squint_s: float = 0.0
    """Seconds between the middle of a point's aperture and its closest approach (range-Doppler)."""
    spacing: tuple[float, float] = (0.55, 0.65)
    chip: tuple[int, int] = (0, 0)
    """First row and column of the full image that are delivered."""
    seed: int = 5


def write_sicd(folder: Path, scene: Scene, take: Take, form: SicdForm = SicdForm()) -> Written:
    """Write one complex picture of a scene and return it with the truth.

    The phase is random; the amplitude has no speckle, so that targets can be held to a tenth of a decibel.
    """
    grid = SicdGrid(scene, take, form.polar, form.spacing)
    with quiet():
        tree = metadata(grid, form)
    stem = f"{take.platform.upper()}_SICD_{take.mode}_{take.start:%Y%m%dT%H%M%S}"
    path = folder / f"{stem}{'.nsf' if form.nsif else '.nitf'}"
    handled = security(take)
    described = sicd.NitfMetadata(
        xmltree=tree.getroottree(),
        file_header_part=sicd.NitfFileHeaderPart(ostaid="SIMULATE", ftitle=f"SICD: {stem}", security=handled),
        im_subheader_part=sicd.NitfImSubheaderPart(isorce=collector(take), security=handled),
        de_subheader_part=sicd.NitfDeSubheaderPart(security=handled),
    )
    image = pixels(grid, form)[form.chip[0] :, form.chip[1] :]
    with path.open("wb") as stream, quiet(), sicd.NitfWriter(stream, described) as writer:
        writer.write_image(np.ascontiguousarray(image))
    if form.nsif:
        as_nsif(path)
    return _written(path, grid, form)


def pixels(grid: SicdGrid, form: SicdForm) -> NDArray[Any]:
    """Return the picture in the type of the form, shape (rows, columns)."""
    scene, take = grid.scene, grid.take
    lon, lat = grid.ground()
    sigma = np.nan_to_num(scene.sample(take.polarisations[0], lon, lat))
    scale = _base() if form.quantity is None else _scale(grid)
    amplitude = np.sqrt(sigma * _factor(take, form.quantity) / scale)
    rng = np.random.default_rng(form.seed)
    phase = rng.uniform(0, 2 * np.pi, amplitude.shape)
    if form.pixels == "RE32F_IM32F":
        turned: NDArray[Any] = (amplitude * np.exp(1j * phase)).astype(np.complex64)
        return turned
    found: NDArray[Any] = np.zeros(amplitude.shape, sicd.PIXEL_TYPES[form.pixels]["dtype"])
    if form.pixels == "RE16I_IM16I":
        found["real"], found["imag"] = np.rint(amplitude * np.cos(phase)), np.rint(amplitude * np.sin(phase))
        return found
    table = amplitude_table() if form.table else np.arange(256.0)
    scaled = amplitude if form.table else amplitude * (255.0 / amplitude_table()[-1])
    found["amp"] = _dithered(scaled, table, rng)
    found["phase"] = np.rint(phase / (2 * np.pi) * 256).astype(int) % 256
    return found


def amplitude_table() -> NDArray[np.float64]:
    """Return the amplitude of each of 256 levels: 0, then equal steps in decibels."""
    return np.concatenate([[0.0], 20_000 * 10 ** (np.linspace(-45.0, 0.0, 255) / 20)])


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
        base = _base()
        tree["Radiometric"][name] = np.array([[base, base * SLOPE], [base * SLOPE, 0.0]])
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


def _base() -> float:
    """Return the radiometric factor at the middle: amplitude 20,000 is `PEAK_DB` over 0 dB."""
    return float(10 ** ((PEAK_DB + 4.0) / 10) / 20_000**2)


def _scale(grid: SicdGrid) -> NDArray[np.float64]:
    """Return the radiometric factor of every pixel."""
    rows, cols = grid.shape
    x = (np.arange(rows) - grid.scp[0])[:, None] * grid.spacing[0]
    y = (np.arange(cols) - grid.scp[1])[None, :] * grid.spacing[1]
    return _base() * (1 + SLOPE * x + SLOPE * y)


def _factor(take: Take, quantity: str | None) -> float:
    theta = math.radians(take.incidence_deg)
    return {"beta0": 1 / math.sin(theta), "gamma0": 1 / math.cos(theta)}.get(quantity or "", 1.0)


def _dithered(
    amplitude: NDArray[np.float64], table: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Return the level below or above each amplitude, by chance, so that the mean power is kept."""
    low = np.clip(np.searchsorted(table, amplitude, side="right") - 1, 0, 254)
    below, above = table[low] ** 2, table[low + 1] ** 2
    share = np.clip((amplitude**2 - below) / (above - below), 0, 1)
    found: NDArray[np.uint8] = (low + (rng.uniform(size=amplitude.shape) < share)).astype(np.uint8)
    return found


def _clockwise(ring: NDArray[np.float64]) -> bool:
    x, y = ring.T
    return float(np.sum(np.roll(x, -1) * y - x * np.roll(y, -1))) > 0


def _written(path: Path, grid: SicdGrid, form: SicdForm) -> Written:
    take = grid.take
    sine = math.sin(math.radians(take.incidence_deg))
    expected: dict[str, Any] = {
        "constellation": take.constellation,
        "platform": take.platform,
        "start": take.start,
        "stop": take.stop,
        "mode": take.mode,
        "polarisations": take.polarisations[:1],
        "look": LookSide(take.look),
        "pass_direction": take.pass_direction,
        "incidence_deg": take.incidence_deg,
        "look_azimuth_deg": take.look_azimuth_deg,
        "frequency_ghz": take.frequency_ghz,
        "resolution_m": max(WIDTH * form.spacing[0] / sine, WIDTH * form.spacing[1]),
        "received": take.received,
        "level": "SICD",
        "details": {
            "proc:raw_platform": collector(take),
            "proc:grid_type": "RGAZIM" if form.polar else "RGZERO",
            "proc:pixel_type": form.pixels,
            "processing:software": "Nightglass simulate",
            "sar:bandwidth": "0.3",
        },
    }
    return Written(
        path=path,
        files=(path,),
        expected=expected,
        quantity=form.quantity,
        footprint=grid.scene.footprint,
        handling=dict(security_truth(take)),
    )
