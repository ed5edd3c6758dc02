"""When backscatter changed: the likeliest instants of a pixel's series and of an object's."""

from dashboard.change.points.dating import Dated, object_dates

__all__ = ["Dated", "object_dates"]
