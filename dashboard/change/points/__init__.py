"""When backscatter changed: the likeliest instants of a pixel's series and of an object's."""

from dashboard.change.points.dating import Dated, object_dates
from dashboard.change.points.pixel import change_point

__all__ = ["Dated", "change_point", "object_dates"]
