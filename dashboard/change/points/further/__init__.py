"""Further changes of the pixels that changed, between those already found."""
