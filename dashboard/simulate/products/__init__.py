"""Miniature products of every system, in the containers and with the words of their formats, of one known scene."""
