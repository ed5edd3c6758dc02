"""Pixels: the archive of amplitude COGs and reading it on any grid."""
