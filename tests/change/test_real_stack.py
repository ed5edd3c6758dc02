"""The false-alarm rate on real unlabelled land: what the method page says, held to the data it was measured on."""

from collections import defaultdict
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import rasterio

from dashboard.change.looks import effective_looks
from dashboard.change.ratio import ratio_db, thresholds

STACK = Path(__file__).parents[2].parent / "shared" / "data" / "opera-rtc-s1-california"
pytestmark = pytest.mark.skipif(not STACK.is_dir(), reason=f"the real Sentinel-1 stack is not at {STACK}")


def neighbours():
    """Yield (before, after) of every burst and polarisation whose dates are at most 13 days apart."""
    stacks = defaultdict(dict)
    for path in sorted(STACK.glob("*/*.tif")):
        stacks[path.name.split("_")[3], path.stem[-2:]][date.fromisoformat(path.parent.name)] = path
    for dates in stacks.values():
        for first, second in pairwise(sorted(dates)):
            if (second - first).days <= 13:
                images = []
                for when in (first, second):
                    with rasterio.open(dates[when]) as opened:
                        images.append(opened.read(1))
                yield tuple(images)


def achieved(ratio: np.ndarray, looks: float, common_db: float) -> list[float]:
    """Return the share of pixels beyond the thresholds of 1e-2 and of 1e-3."""
    clean = ratio[np.isfinite(ratio)] - common_db
    ends = [thresholds(far, looks, looks) for far in (1e-2, 1e-3)]
    return [float(((clean <= low) | (clean >= high)).mean()) for low, high in ends]


def test_the_rates_of_the_method_page():
    measured, stated = [], []
    for before, after in neighbours():
        ratio = ratio_db(before, after)
        law = effective_looks(ratio)
        measured.append(achieved(ratio, law.after, law.common_mode_db))
        stated.append(achieved(ratio, 9.0, 0.0))
    assert len(measured) == 144
    mean, worst = np.mean(measured, axis=0), np.max(measured, axis=0)
    assert mean == pytest.approx([1.54e-2, 3.5e-3], rel=0.03)
    assert worst == pytest.approx([2.46e-2, 9.7e-3], rel=0.03)
    assert np.mean(stated, axis=0) == pytest.approx([4.41e-2, 1.64e-2], rel=0.03)
    assert np.max(stated, axis=0)[0] > 0.6
