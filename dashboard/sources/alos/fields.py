"""Rows of the table of what is read, for ALOS-2 and ALOS-4."""

from dashboard.sources.product import Evidence, Field, System

FIELDS = (
    Field("platform", "platform", "Lbi_Satellite; leader 397-412, kept in details: proc:raw_platform"),
    Field("start and stop", "start", "Img_SceneStartDateTime, Img_SceneEndDateTime; else line headers 37-48"),
    Field("mode", "mode", "product id; sensor id and mode 413-444 in details: proc:sensor_mode"),
    Field("mode class", "details: proc:mode_class", "from the mode's code"),
    Field("polarisation", "polarisations", "names of the images, held against line headers 53-56"),
    Field("look side", "look", "leader 477-484: +90 right, -90 left; else product id"),
    Field("pass", "pass_direction", "orbit's velocity; else leader 1535-1542, product id"),
    Field("look azimuth", "look_azimuth_deg", "from the orbit's states and the image's middle"),
    Field("off-nadir angle", "details: view:off_nadir", "leader 1839-1854; Img_OffNadirAngle"),
    Field("incidence", "incidence_deg", "leader 485-492; GeoTIFF states none"),
    Field("incidence polynomial", "", "leader 1887-2006: all zero on geocoded products; the orbit gives the same"),
    Field("spacing", "details: sar:pixel_spacing_range", "leader 1687-1718; Pds_PixelSpacing"),
    Field("resolution", "resolution_m", "leader 1351-1382, on the ground"),
    Field("looks", "looks", "leader 1175-1206, times the looks averaged for the archive"),
    Field("level", "level", "product id; Lbi_ProcessLevel and leader 1095-1110 say the same"),
    Field("footprint", "footprint", "Img_ImageScene corners where fine enough, else outline of the image"),
    Field("frame corners", "", "Img_FrameScene: the map's frame around the image, of which the grid says more"),
    Field("size", "original", "image descriptor 181-192, 249-256; of a product on a map its grid has it"),
    Field("id", "id", "scene and product id: Scs_SceneID, Pds_ProductID; leader 21-52"),
    Field("map", "details: proc:map_projection", "map projection record; Pds_UTM_ZoneNo in details: proc:utm_zone"),
    Field("map direction", "details: proc:map_direction", "Pds_MapDirection"),
    Field("resampling", "details: proc:resampling", "Pds_ResamplingMethod"),
    Field("orbit quality", "details: proc:orbit_precision", "Pds_OrbitDataPrecision"),
    Field("orbit number", "details: sat:absolute_orbit", "leader 445-452; ALOS-2 scene id"),
    Field("track", "track", "path in the scene id of ALOS-4; ALOS-2 names none"),
    Field("frame", "details: proc:frame", "scene id"),
    Field("facility", "details: processing:facility", "Lbi_ProcessFacility; leader 1047-1062"),
    Field("software", "details: processing:software", "leader 1071-1078"),
    Field("frequency", "frequency_ghz", "c over the wavelength, leader 501-516; GeoTIFF states none"),
    Field("bandwidth", "details: sar:bandwidth", "leader 1255-1270"),
    Field("PRF", "details: proc:prf_hz", "leader 935-950"),
    Field(
        "made", "received", "Odi_SiteDateTime; else volume 113-128. No zone is stated: taken as UTC, marked as guessed"
    ),
    Field("calibration", "calibration", "leader, radiometric record 21-36: CF"),
    Field("calibration factor", "details: proc:calibration_factor_db", "as stated"),
    Field("quality checks", "", "Ach_*, Rad_*: GOOD or blank, of the provider's processing"),
    Field("attitude", "", "leader record 18/40: not needed for zero-Doppler products"),
    Field("polarimetric distortion", "", "leader, radiometric record 37-292: no phases are archived"),
    Field("security marking", "", "the format has no field; the regime of the Japanese act is added"),
)

_REMARKS = (
    "Leader, volume, summary and image descriptor of one geocoded product of level 1.5 were read: its corners are "
    "centres of pixels and facility-related record 5 counts from 0. Levels 1.1, georeferenced 1.5 and 2.1 follow "
    "documents. GeoTIFF states no calibration factor: JAXA's -83 dB is used, with a note."
)

SYSTEMS = (
    System(
        name="ALOS-2 PALSAR-2",
        constellation="alos",
        forms=(
            "CEOS 1.1", "CEOS 1.1 ScanSAR per scan", "CEOS 1.5 georeferenced", "CEOS 1.5 geocoded", "CEOS 2.1",
            "CEOS 3.1", "GeoTIFF 1.5 and 2.1 with summary.txt",
        ),
        calibration="sigma0 by the leader's calibration factor",
        georeference="map grid; polynomials of facility-related record 5, else places in the lines",
        evidence=Evidence.DOCUMENTED,
        remarks=_REMARKS,
        fields=FIELDS,
    ),
    System(
        name="ALOS-4 PALSAR-3",
        constellation="alos",
        forms=("CEOS 1.1", "CEOS 1.5", "CEOS 2.1", "GeoTIFF 1.5 and 2.1 with summary.txt"),
        calibration="sigma0 by the leader's calibration factor",
        georeference="map grid; polynomials of facility-related record 5, else places in the lines",
        evidence=Evidence.DOCUMENTED,
        remarks=(
            "No product was read. Known quirks: blank pass, slant range in centimetres, another length of line "
            "headers. The list of mode codes is incomplete."
        ),
        fields=FIELDS,
    ),
)  # fmt: skip
