"""From radar geometry, control points and RPCs to a map grid: once, and without losing power."""
