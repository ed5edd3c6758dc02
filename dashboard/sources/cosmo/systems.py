"""What is read of COSMO-SkyMed, field by field."""

from dashboard.sources.product import Evidence, Field, System

_SHARED = (
    Field("mission", "constellation", "Mission ID"),
    Field("platform", "platform", "Satellite ID; as written in details: proc:raw_platform"),
    Field("start", "start", "Scene Sensing Start UTC"),
    Field("stop", "stop", "Scene Sensing Stop UTC"),
    Field("mode", "mode", "Acquisition Mode; class of modes in details: proc:mode_class"),
    Field("beam", "details: sar:beam_ids", "Multi-Beam ID"),
    Field("look side", "look", "Look Side"),
    Field("pass", "pass_direction", "Orbit Direction"),
    Field("level", "level", "Product Type; as SSC, MGD, GEC, GTC in details: proc:product_word"),
    Field("projection", "details: proc:projection", "Projection ID"),
    Field("azimuth resolution", "details: sar:resolution_azimuth", "Azimuth Geometric Resolution"),
    Field("ground range resolution", "details: sar:resolution_range", "Ground Range Geometric Resolution"),
    Field("resolution", "resolution_m", "the coarser of both"),
    Field("line spacing", "details: sar:pixel_spacing_azimuth", "Line Spacing"),
    Field("column spacing", "details: sar:pixel_spacing_range", "Column Spacing"),
    Field("line time interval", "details: proc:line_time_interval_s", "Line Time Interval"),
    Field("column time interval", "details: proc:column_time_interval_s", "Column Time Interval"),
    Field("incidence", "incidence_deg", "mean of Near and Far Incidence Angle"),
    Field("near incidence", "details: proc:inc_near", "Near Incidence Angle"),
    Field("far incidence", "details: proc:inc_far", "Far Incidence Angle"),
    Field("near look angle", "details: proc:look_near", "Near Look Angle"),
    Field("far look angle", "details: proc:look_far", "Far Look Angle"),
    Field("azimuth looks", "details: sar:looks_azimuth", "Azimuth Processing Number of Looks"),
    Field("range looks", "details: sar:looks_range", "Range Processing Number of Looks"),
    Field(
        "equivalent looks",
        "looks",
        "Equivalent Number of Looks, times the looks taken on reading; as delivered in details: proc:looks_delivered",
    ),
    Field("corners", "footprint", "Top/Bottom Left/Right Geodetic Coordinates, held against the orbit's model"),
    Field("scene centre", "look_azimuth_deg", "Scene Centre Geodetic Coordinates, with the orbit"),
    Field("map corners", "details: proc:map_corners", "East-North attributes; their distance tells centres from edges"),
    Field("map zone", "details: proc:map_zone", "Map Projection Zone"),
    Field("ellipsoid", "details: proc:ellipsoid", "Ellipsoid Designator; others than WGS84 are refused"),
    Field("state vectors", "geocoding", "State Vectors Times, ECEF Satellite Position"),
    Field("velocities", "", "ECEF Satellite Velocity follows from the positions"),
    Field("reference time", "details: proc:reference_utc", "Reference UTC"),
    Field("orbit number", "details: sat:absolute_orbit", "Orbit Number"),
    Field("frequency", "frequency_ghz", "Radar Frequency; band in details: sar:frequency_band"),
    Field("ground to slant", "geocoding", "Ground to Slant Polynomial with its reference range"),
    Field("slant to ground", "", "Slant to Ground Polynomial is the inverse of the one that is used"),
    Field("zero-Doppler times", "geocoding", "Zero Doppler Azimuth/Range First/Last Time"),
    Field("generated", "received", "Product Generation UTC"),
    Field("facility", "details: processing:facility", "Processing Centre"),
    Field("software", "details: processing:software", "L0, L1A, L1B ... Software Version"),
    Field("programmed image", "details: proc:programmed_image", "Programmed Image ID"),
    Field("lines order", "details: proc:lines_order", "Lines Order; turned to EARLY-LATE"),
    Field("columns order", "details: proc:columns_order", "Columns Order; turned to NEAR-FAR"),
    Field("licence", "", "not in the product: the licence class of the delivery note is entered by hand"),
    Field("track", "", "the relative orbit is not in the product"),
)

_FIRST = (
    *_SHARED,
    Field("polarisation", "polarisations", "Polarisation of the group S01, S02"),
    Field("id", "id", "Product Filename"),
    Field("delivery", "details: proc:delivery", "fast or standard, from the file's name"),
    Field("selective availability", "details: proc:selective_availability", "from the file's name"),
    Field("range spreading loss", "calibration", "Range Spreading Loss Compensation Geometry, Reference Slant Range"),
    Field("incidence compensation", "calibration", "Incidence Angle Compensation Geometry, Reference Incidence Angle"),
    Field("rescaling factor", "calibration", "Rescaling Factor"),
    Field("calibration constant", "calibration", "Calibration Constant of the group, and its Compensation Flag"),
    Field("radiometric corrections", "details: proc:calibration_note", "the Compensation Geometry attributes"),
    Field("image", "pixels", "S01/SBI, S02/SBI, or MBI of all sub-swaths"),
    Field("quick-look", "", "QLK is a coarser copy of the image"),
)

_SECOND = (
    *_SHARED,
    Field("polarisation", "polarisations", "Polarization of the root, or of the group"),
    Field("id", "id", "the file's name: the second generation has no Product Filename"),
    Field("calibration", "calibration", "not used: sources contradict each other (flag 77, Rescaling Factor)"),
    Field("image", "pixels", "S01/IMG, or IMG of all sub-swaths"),
    Field("second image", "details: proc:images_not_read", "S02 of some spotlights, of the same polarisation"),
    Field("low-resolution group", "", "LRHM is a coarser copy of the image"),
    Field("quick-look", "", "QLK is a coarser copy of the image"),
)

_PLACED = (
    "SCS and DGM: orbit, zero-Doppler times and range model, held against the four stated corners, or those corners; "
    "GEC and GTC: map grid"
)
_NOT_READ = "SCS of scan modes (sub-swaths are not joined) and raw echoes are refused by name; "

SYSTEMS: tuple[System, ...] = (
    System(
        name="COSMO-SkyMed 1st generation",
        constellation="cosmo-skymed",
        forms=("SCS_B", "SCS_U", "DGM_B", "GEC_B", "GTC_B"),
        calibration="sigma0 by the distributor's note for balanced products (_B); none for unbalanced ones (_U)",
        georeference=_PLACED,
        evidence=Evidence.DOCUMENTED,
        remarks=_NOT_READ + "KOMPSAT-5 (KMPS), whose files look alike, is recognised and not supported.",
        fields=_FIRST,
    ),
    System(
        name="COSMO-SkyMed 2nd generation",
        constellation="csg",
        forms=("SCS", "DGM", "GEC", "GTC"),
        calibration="none: sources contradict each other",
        georeference=_PLACED,
        evidence=Evidence.DOCUMENTED,
        remarks=_NOT_READ + "of two images of one polarisation the first is read.",
        fields=_SECOND,
    ),
)
"""Rows of the table of what is read."""
