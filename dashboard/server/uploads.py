"""The route that takes a file from the page into the workspace, for a session to read."""

import re
import secrets
from pathlib import Path

from tornado.web import RequestHandler

from dashboard.model.errors import InputError, NightglassError, ResourceError

MAX_UPLOAD_BYTES = 64 * 2**20
SUFFIXES = {".geojson", ".json", ".kml", ".kmz", ".gpkg"}


class Upload(RequestHandler):
    """Stores the body under a name that nobody else has, and answers ``{"id": ...}`` or ``{"error": ...}``."""

    def initialize(self, folder: Path) -> None:
        """Take the folder for uploads."""
        self._folder = folder

    def check_xsrf_cookie(self) -> None:
        """Accept the page's own request: a stored file has no effect until its session reads it."""

    def post(self) -> None:
        """Store the body."""
        try:
            self.write({"id": self._stored(self.get_query_argument("name", "")).name})
        except NightglassError as error:
            self.write({"error": str(error)})

    def _stored(self, name: str) -> Path:
        suffix = Path(name).suffix.lower()
        if suffix not in SUFFIXES:
            msg = f"{name!r} is no annotation file; Nightglass reads {', '.join(sorted(SUFFIXES))}."
            raise InputError(msg)
        body = self.request.body
        if len(body) > MAX_UPLOAD_BYTES:
            msg = f"{name} has {len(body):,} bytes; at most {MAX_UPLOAD_BYTES:,} are read."
            raise InputError(msg)
        safe = re.sub(r"[^\w.-]", "_", Path(name).stem)[:60]
        path = self._folder / f"{secrets.token_hex(8)}-{safe}{suffix}"
        try:
            self._folder.mkdir(exist_ok=True)
            path.write_bytes(body)
        except OSError as error:
            path.unlink(missing_ok=True)
            msg = f"{name} cannot be stored in {self._folder} ({error.strerror}); free some space and drop it again."
            raise ResourceError(msg) from error
        return path
