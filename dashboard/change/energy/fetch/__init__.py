"""Memory asked for before it is needed."""
