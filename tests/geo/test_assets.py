"""Shipped files are small, complete and accounted for."""

import re

import pytest
from fontTools.ttLib import TTFont

from dashboard.model.assets import asset

FONTS = ("IBMPlexSans-Regular", "IBMPlexSans-SemiBold", "IBMPlexMono-Regular")


def test_the_basemap_stays_small():
    files = list(asset("basemap").glob("*.npz"))
    sizes = [file.stat().st_size for file in files]
    assert len(files) == 16
    assert max(sizes) < 1_000_000
    assert sum(sizes) < 3_000_000


def test_every_shipped_file_has_a_licence_line():
    table = asset("LICENSES.md").read_text(encoding="utf-8")
    patterns = [
        pattern.replace(".", r"\.").replace("*", ".*") for pattern in re.findall(r"`([a-z]+/[^`]+|[a-z]+-\*)`", table)
    ]
    for folder in ("basemap", "fonts"):
        for file in asset(folder).iterdir():
            if file.suffix in {".py", ".txt"} or file.name == "__pycache__":
                continue
            names = (f"{folder}/{file.name}", file.name)
            assert any(re.fullmatch(pattern, name) for pattern in patterns for name in names), file.name


@pytest.mark.parametrize("name", FONTS)
def test_fonts_write_ukrainian_and_have_tabular_figures(name):
    with TTFont(asset("fonts", f"{name}.ttf"), lazy=True) as font:
        cmap = font.getBestCmap()
        widths = {font["hmtx"][cmap[ord(digit)]][0] for digit in "0123456789"}
    wanted = "AZazŁłŞşĞğÅå" + "АаЯяІіЇїЄєҐґЁё" + "0123456789°′″±×−–—…→←²≤≥"
    assert [letter for letter in wanted if ord(letter) not in cmap] == []
    assert asset("fonts", f"{name}.woff2").read_bytes()[:4] == b"wOF2"
    assert len(widths) == 1


def test_the_font_licence_is_beside_the_fonts():
    text = asset("fonts", "OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE" in text.upper()
    assert 'Reserved Font Name "Plex"' in text
