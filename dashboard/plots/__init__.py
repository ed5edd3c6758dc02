"""HoloViews elements from plain values; no state, no input or output."""
