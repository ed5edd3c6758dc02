"""COSMO-SkyMed of both generations."""
