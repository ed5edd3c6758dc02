"""Requests to allowed hosts and to no other: each hop of a redirect, each page and each file is asked for by name."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from dashboard import __version__
from dashboard.model.errors import AccessError, DamagedProductError, InputError, ResourceError
from dashboard.model.host import Hosts
from dashboard.model.progress import CancelToken

TRIES = 4
PAUSE_S = 0.5
"""Before the second try; doubled each time."""
LONGEST_PAUSE_S = 20.0
"""Whatever a server asks for in Retry-After."""
CONNECT_S, READ_S = 10.0, 30.0
WHOLE_S = 120.0
"""For one page: a server that sends a byte now and then would hold the search for ever."""
REDIRECTS = 5
AGAIN = frozenset({429, 500, 502, 503, 504})
"""Answers after which trying again makes sense."""
CHUNK = 2**18

Result = TypeVar("Result")


class Web:
    """A session that asks allowed hosts only, tries again a few times, reads no more than it was told and can stop."""

    def __init__(self, hosts: Hosts, cancel: CancelToken) -> None:
        self.hosts = hosts
        self._cancel = cancel
        self.session = requests.Session()
        self.session.trust_env = False  # a proxy or a password file of the environment is on nobody's list
        self.session.max_redirects = REDIRECTS
        self.session.headers["User-Agent"] = f"nightglass/{__version__}"
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, _Guard(hosts))

    def close(self) -> None:
        """Close the connections."""
        self.session.close()

    def content(self, request: requests.Request, limit: int) -> bytes:
        """Return the unpacked body of an answer, at most `limit` bytes; temporary failures are tried again.

        Raises
        ------
        AccessError
            If the host, or one that it redirects to, is not allowed.
        InputError
            If the server refuses the request.
        DamagedProductError
            If the answer is larger than `limit`.
        ResourceError
            If the server cannot be reached or keeps failing.
        CancelledError
            If the work was cancelled.
        """

        def whole() -> bytes:
            with self.answer(request) as found:
                return b"".join(self._limited(found, limit))

        return self.again(whole)

    def again(self, action: Callable[[], Result]) -> Result:
        """Return what an action on an `answer` returns, beginning it anew a few times while failures may pass.

        Raises
        ------
        ResourceError
            If it fails each time.
        """
        for left in range(TRIES - 1, -1, -1):
            try:
                return action()
            except _TryAgain as error:
                if not left:
                    raise ResourceError(f"{error}; it was tried {TRIES} times. Try later.") from error
                self._pause(error.after or PAUSE_S * 2 ** (TRIES - 1 - left))
        raise AssertionError  # pragma: no cover - the last try returns or raises

    @contextmanager
    def answer(self, request: requests.Request) -> Iterator[requests.Response]:
        """Give one answer whose body is not read yet; see `content` for what is raised."""
        url = str(request.url)
        self.hosts.require(url)
        self._cancel.check()
        try:
            prepared = self.session.prepare_request(request)
            with self.session.send(
                prepared, stream=True, timeout=(CONNECT_S, READ_S), allow_redirects=True
            ) as response:
                _require_well(response, url)
                yield response
        except (requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL) as error:
            raise AccessError(f"{url[:160]} leads to an address that is neither https nor allowed.") from error
        except requests.exceptions.TooManyRedirects as error:
            raise InputError(f"{url[:160]} redirects more than {REDIRECTS} times; check the address.") from error
        except requests.exceptions.RequestException as error:
            raise _TryAgain(f"{_host(url)} did not answer ({_reason(error)})") from error

    def _limited(self, response: requests.Response, limit: int) -> Iterator[bytes]:
        size, until = 0, time.monotonic() + WHOLE_S
        for chunk in self.chunks(response):
            size += len(chunk)
            if time.monotonic() > until:
                raise ResourceError(f"{_host(str(response.url))} took more than {WHOLE_S:g} s to answer. Try later.")
            if size > limit:
                msg = f"{_host(str(response.url))} answers with more than {limit:,} bytes; ask for less at once."
                raise DamagedProductError(msg)
            yield chunk

    def chunks(self, response: requests.Response) -> Iterator[bytes]:
        """Give the unpacked body piece by piece, looking between them whether to stop."""
        for chunk in response.iter_content(CHUNK):
            self._cancel.check()
            yield chunk

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + min(seconds, LONGEST_PAUSE_S)
        while time.monotonic() < until:
            self._cancel.check()
            time.sleep(min(0.1, max(0.0, until - time.monotonic())))


class _TryAgain(Exception):  # noqa: N818 - not an error until all tries are used
    """A failure that may pass."""

    def __init__(self, text: str, after: float | None = None) -> None:
        super().__init__(text)
        self.after = after


class _Guard(HTTPAdapter):
    """Checks every request that goes out, redirects included: they all pass here."""

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts
        super().__init__(max_retries=0)

    def send(self, request: requests.PreparedRequest, *words: Any, **named: Any) -> requests.Response:  # noqa: ANN401
        """Send what is allowed."""
        self._hosts.require(str(request.url))
        return super().send(request, *words, **named)


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2][:80]


def _require_well(response: requests.Response, url: str) -> None:
    status = response.status_code
    if status in AGAIN:
        raise _TryAgain(f"{_host(url)} answers {status}", _after(response.headers))
    if not 200 <= status < 300:
        msg = f"{url[:160]} is answered with {status} {response.reason or ''}".rstrip()
        raise InputError(f"{msg}; check the address and what is asked for.")


def _after(headers: Mapping[str, str]) -> float | None:
    text = headers.get("Retry-After", "")
    return float(text) if text.isdigit() else None


def _reason(error: requests.exceptions.RequestException) -> str:
    if isinstance(error, requests.exceptions.Timeout):
        return f"no answer within {READ_S:g} s"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted"
    return "the connection failed"
