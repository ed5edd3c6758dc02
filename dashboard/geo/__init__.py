"""Where things are: Mercator screens, geodesic measures, coordinates, places, time groups."""
