"""The database: what is there, when, where and under which handling."""
