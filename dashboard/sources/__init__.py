"""Products as vendors deliver them: one module per system, content sniffed before names."""
