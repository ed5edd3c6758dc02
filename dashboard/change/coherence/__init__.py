"""Coherence of two complex looks: its estimate, its law, and how unusual it is beside those before."""

from dashboard.change.coherence.estimate import Estimator, coherence
from dashboard.change.coherence.history import FEWEST_PAIRS, history_score
from dashboard.change.coherence.law import below, expected, thresholds
from dashboard.change.coherence.looks import effective_looks, oversampling

__all__ = [
    "FEWEST_PAIRS",
    "Estimator",
    "below",
    "coherence",
    "effective_looks",
    "expected",
    "history_score",
    "oversampling",
    "thresholds",
]
