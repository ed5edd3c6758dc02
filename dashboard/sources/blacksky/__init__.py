"""BlackSky."""
