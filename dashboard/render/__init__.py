"""Arrays in, pictures out: stretches, composites and shading."""
