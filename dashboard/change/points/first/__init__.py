"""The likeliest change of every pixel, its neighbours helping."""
