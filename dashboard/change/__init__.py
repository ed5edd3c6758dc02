"""Arrays in, decisions out: statistics of change and the polygons they support."""
