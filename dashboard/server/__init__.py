"""Sessions, routes and limits; shared services built once."""
