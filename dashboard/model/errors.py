"""One family of errors. A message names the value, the limit and the remedy; nothing else reaches a user."""


class NightglassError(Exception):
    """Root of every error that Nightglass raises on purpose."""

    exit_code = 1
    http_status = 500


class InputError(NightglassError, ValueError):
    """What was given cannot be used as it is."""

    exit_code = 2
    http_status = 400


class UnknownProductError(InputError):
    """No reader recognises the file."""

    exit_code = 3


class DamagedProductError(InputError):
    """A product is truncated or contradicts itself."""

    exit_code = 4


class NoGeoreferenceError(InputError):
    """The pixels cannot be placed on the ground."""

    exit_code = 5


class UnknownUnitsError(InputError):
    """The pixel values have no stated physical meaning, and the request needs one."""

    exit_code = 6


class GridMismatchError(InputError):
    """Two things that must share a grid do not."""

    exit_code = 7


class NotComparableError(InputError):
    """Two acquisitions of different geometry were asked for a statistic that needs the same one."""

    exit_code = 8


class BadTokenError(InputError):
    """A view token cannot be read."""

    exit_code = 9


class AccessError(NightglassError, PermissionError):
    """The request is understood and not allowed."""

    exit_code = 10
    http_status = 403


class CatalogError(NightglassError):
    """The database refuses or contradicts the request."""

    exit_code = 11
    http_status = 409


class NotFoundError(CatalogError, LookupError):
    """Nothing with this name exists."""

    exit_code = 12
    http_status = 404


class ResourceError(NightglassError):
    """A limit of this machine was reached: disk, memory or time."""

    exit_code = 13
    http_status = 503


class DiskFullError(ResourceError, OSError):
    """The disk has no room; nothing half-written was left behind."""

    exit_code = 14


class CancelledError(ResourceError):
    """The person who started this work stopped it."""

    exit_code = 15
