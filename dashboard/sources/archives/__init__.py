"""Archives: opened under limits."""
