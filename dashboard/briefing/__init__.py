"""Files for people outside: marked pages as PNG and PDF."""
