"""NITF and NSIF: SICD, SIDD, plain images, SAR-Lupe and SARah."""
