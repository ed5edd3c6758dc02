"""The row of Maxar in the table of what is read."""

from dashboard.sources.product import Evidence, Field, System

FIELDS = (
    Field("platform", "platform", "IMAGE_1.satId; as delivered: proc:raw_platform"),
    Field("id", "id", "name of the metadata file"),
    Field("catalogue id", "details: proc:catalog_id", "IMAGE_1.CatId"),
    Field("order", "details: proc:order_id", "productOrderId"),
    Field("start", "start", "earliestAcqTime, else IMAGE_1.firstLineTime or TLCTime"),
    Field("stop", "stop", "latestAcqTime, else the start: the length of a scan is not stated"),
    Field("product type", "level", "productType, else by productLevel"),
    Field("product level", "details: proc:product_level", "productLevel; as STAC writes it: processing:level"),
    Field("image descriptor", "details: proc:image_descriptor", "imageDescriptor"),
    Field("bands", "polarisations", "bandId and the order of the BAND groups; as delivered: proc:band_id"),
    Field("bands left out", "details: proc:bands_left_out", "what is neither red, green, blue nor panchromatic"),
    Field("size", "details: proc:stated_size", "numRows, numColumns; the TIFF counts"),
    Field("sun elevation", "details: view:sun_elevation", "IMAGE_1.meanSunEl"),
    Field("sun azimuth", "details: view:sun_azimuth", "IMAGE_1.meanSunAz"),
    Field("satellite elevation", "incidence_deg", "90 - IMAGE_1.meanSatEl; as stated: proc:satellite_elevation"),
    Field("satellite azimuth", "look_azimuth_deg", "IMAGE_1.meanSatAz, turned; as stated: proc:satellite_azimuth"),
    Field("off nadir", "details: view:off_nadir", "IMAGE_1.meanOffNadirViewAngle"),
    Field("cloud", "details: eo:cloud_cover", "IMAGE_1.cloudCover in percent; -999 is not stated"),
    Field("ground sample distance", "resolution_m", "productGSD, else IMAGE_1.meanProductGSD"),
    Field("map", "details: proc:map_projection", "mapProjName, mapZone, mapHemi, ULX, ULY, originX, originY"),
    Field("map grid", "geocoding", "the TIFF's own"),
    Field("corners", "footprint", "ULLon ... LLLat of the first band, else the outline of the image"),
    Field("radiometry", "details: proc:abs_cal_factor", "absCalFactor, effectiveBandwidth: kept, not applied"),
    Field("gain and offset", "", "published by sensor and year, not in the product; pictures need none"),
    Field("tiles", "details: proc:tiles", "TIL: filename, ULRowOffset, ULColOffset, LRRowOffset, LRColOffset"),
    Field("RPCs", "geocoding", "RPB, or RPB in the XML"),
    Field("position error", "geocoding", "errBias and errRand of the RPB, added as squares"),
    Field("production time", "received", "generationTime"),
    Field("licence", "handling", "LICENSE or EULA text in the folder; without one the provider's terms"),
    Field("copyright", "handling", "TIFFTAG_COPYRIGHT: a credit line"),
    Field("shapes", "", "GIS_FILES: outlines for GIS, said by the corners already"),
    Field("browse image", "", "made from the picture"),
)
SYSTEMS = (
    System(
        name="Maxar (Vantor)",
        constellation="maxar",
        forms=("Ortho", "Standard", "Basic 1B with RPB", "tiles by TIL", "PAN, MUL, PSH"),
        calibration="none: visible bands, numbers as delivered",
        georeference="map grid as delivered; Basic by its RPCs at one height or on --dem",
        evidence=Evidence.DOCUMENTED,
        remarks=(
            "Context to look at, never in radar statistics: red, green and blue or panchromatic are drawn, other bands "
            "named. Built from documents and other readers; no delivery was opened."
        ),
        fields=FIELDS,
    ),
)
