"""What Sentinel-1 products state, and where it goes."""

from dashboard.sources.product import Evidence, Field, System

FIELDS = (
    Field(
        "platform",
        "platform",
        "safe:platform/safe:familyName and safe:number; as written in details: proc:raw_platform",
    ),
    Field("start/stop", "start, stop", "safe:acquisitionPeriod"),
    Field("mode", "mode", "s1sarl1:mode; details: proc:mode_class"),
    Field("swath", "details: sar:beam_ids", "adsHeader/swath"),
    Field("polarisation", "polarisations", "s1sarl1:transmitterReceiverPolarisation, held against adsHeader"),
    Field("look", "look", "always right"),
    Field("pass", "pass_direction", "s1:pass"),
    Field("absolute orbit", "details: sat:absolute_orbit", "safe:orbitNumber"),
    Field("relative orbit", "track", "safe:relativeOrbitNumber"),
    Field("ascending node", "details: sat:anx_datetime", "s1:ascendingNodeTime"),
    Field("level", "level", "s1sarl1:productType; OCN and RAW are passed over"),
    Field(
        "incidence", "incidence_deg", "incidenceAngleMidSwath of the middle swath; range in proc:inc_near, proc:inc_far"
    ),
    Field("look azimuth", "look_azimuth_deg", "computed from the orbit"),
    Field("heading", "details: proc:heading", "platformHeading"),
    Field("spacing", "details: sar:pixel_spacing_range", "rangePixelSpacing; azimuthPixelSpacing beside it"),
    Field("resolution", "resolution_m", "not stated: from the definition of the product, marked as inferred"),
    Field("looks", "looks", "GRD: from the definition; SLC: looks taken; stated ones in sar:looks_range, _azimuth"),
    Field("footprint", "footprint", "gml:coordinates, latitude first"),
    Field("frequency", "frequency_ghz", "radarFrequency"),
    Field("first line time", "", "productFirstLineUtcTime: part of the geometry"),
    Field("line interval", "details: proc:azimuth_time_interval_s", "azimuthTimeInterval"),
    Field("slant range", "details: proc:slant_range_near_m", "slantRangeTime"),
    Field("sampling rate", "details: proc:range_sampling_rate_hz", "rangeSamplingRate"),
    Field("orbit states", "", "orbitList: part of the geometry"),
    Field("ground range", "", "coordinateConversionList: part of the geometry"),
    Field("geolocation grid", "geocoding", "heights where no DEM is given; details: proc:grid_residual_m"),
    Field("bursts", "", "burstList: put together, each overlap cut in its middle; details: proc:burst_rounding_px"),
    Field("calibration", "calibration", "sigmaNought of calibrationVectorList; betaNought, gamma, dn are not used"),
    Field(
        "thermal noise", "details: proc:calibration_note", "noiseVectorList, or noiseRange- and noiseAzimuthVectorList"
    ),
    Field("datatake", "details: proc:datatake_id", "s1sarl1:missionDataTakeID"),
    Field("slice", "details: proc:slice", "s1sarl1:sliceNumber, totalSlices"),
    Field("timeliness", "details: product:timeliness_category", "s1sarl1:productTimelinessCategory"),
    Field("processor", "details: processing:software", "safe:software; processing:facility beside it"),
    Field("processing time", "received", "safe:processing stop"),
    Field("radio interference", "", "annotation/rfi: not used"),
    Field("Doppler, antenna, attitude", "", "not needed for power on the ground"),
    Field("licence", "handling", "Copernicus: free, full and open, with attribution"),
)

SYSTEMS: tuple[System, ...] = (
    System(
        name="Sentinel-1 GRD",
        constellation="sentinel-1",
        forms=("SAFE GRD folder", "SAFE GRD zip", "SAFE GRD, cloud-optimised (_COG)"),
        calibration="sigma0 by the product's tables, thermal noise removed",
        georeference="orbit and ground-range polynomials, heights of the geolocation grid or a DEM",
        evidence=Evidence.VERIFIED,
        remarks=(
            "Metadata, tables and geolocation verified on a real product; pixels on synthetic ones. Noise at the "
            "borders of products before processor version 2.90 is taken off left and right."
        ),
        fields=FIELDS,
    ),
    System(
        name="Sentinel-1 SLC",
        constellation="sentinel-1",
        forms=("SAFE SLC IW and EW (bursts)", "SAFE SLC SM"),
        calibration="sigma0 by the product's tables, thermal noise removed",
        georeference="orbit, heights of the geolocation grid or a DEM",
        evidence=Evidence.DOCUMENTED,
        remarks="Bursts and swaths are put together without resampling. Wave mode is not read.",
        fields=FIELDS,
    ),
)
