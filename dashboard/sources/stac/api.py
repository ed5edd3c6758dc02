"""Items from the search of a STAC API, page by page, through pystac-client and to allowed hosts only."""

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import pystac
import pystac_client
import requests
from pystac_client.errors import ClientTypeError
from pystac_client.exceptions import APIError
from pystac_client.stac_api_io import StacApiIO

from dashboard.model.errors import DamagedProductError, InputError, NightglassError, ResourceError
from dashboard.sources.stac.hosts import Web

PAGE_ITEMS = 100
MAX_PAGE_BYTES = 64 * 2**20
MAX_REQUESTS = 5_000
"""Of one search: a server whose pages never end is left alone at some point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is asked of a STAC API."""

    url: str
    """Landing page."""
    bbox: tuple[float, float, float, float]
    """West, south, east, north, degrees; west > east crosses the antimeridian."""
    period: tuple[datetime, datetime]
    """First and last moment, UTC."""
    collections: tuple[str, ...] = ()
    """Empty means all."""
    most: int = 1_000
    """Items at most."""

    def __post_init__(self) -> None:
        if not 1 <= self.most <= 100_000:
            raise InputError(f"At most {self.most:,} items were asked for; give 1 to 100,000.")


def pages(web: Web, search: Search) -> Iterator[list[dict[str, Any]]]:
    """Give the items that a STAC API finds, page by page, at most `search.most` of them.

    Raises
    ------
    AccessError
        If the server, a redirect or a link to the next page leads to a host that is not allowed.
    InputError
        If the address is no STAC API with item search, or refuses the question.
    DamagedProductError
        If an answer is no JSON or too large.
    ResourceError
        If the server cannot be reached, keeps failing or never ends.
    """
    with _in_our_words(search.url):
        client = pystac_client.Client.open(search.url, stac_io=_Guarded(web, search.url))
        found = client.search(
            bbox=list(search.bbox),
            datetime="/".join(_stamp(moment) for moment in search.period),
            collections=list(search.collections) or None,
            max_items=search.most,
            limit=min(PAGE_ITEMS, search.most),
        )
        answers = found.pages_as_dicts()
    while True:
        with _in_our_words(search.url):
            page = next(answers, None)
            if page is None:
                return
            features = page.get("features")
            if not isinstance(features, list):
                raise DamagedProductError(f"{search.url} answers a search with no list of items; it is no STAC API.")
        yield [item for item in features if isinstance(item, dict)]


class _Guarded(StacApiIO):
    """pystac-client's way to the network, made to go through `Web`: it never opens a file and never another host."""

    def __init__(self, web: Web, base: str) -> None:
        super().__init__(max_retries=None)
        self.session.close()
        self.session = web.session
        self._web = web
        self._base = base
        self._left = MAX_REQUESTS

    def read_text(self, source: Any, *words: Any, **named: Any) -> str:  # noqa: ANN401 - pystac's signature
        """Return what an address holds; pystac-client would open a file where a link gives a path."""
        if isinstance(source, pystac.Link):
            return super().read_text(source, *words, **named)
        return self.request(str(source), *words, **named)

    def request(
        self,
        href: str,
        method: str | None = None,
        headers: dict[str, str] | None = None,  # noqa: ARG002 - a server does not choose what we send to it
        parameters: dict[str, Any] | None = None,
    ) -> str:
        """Return the answer to one request."""
        self._left -= 1
        if self._left < 0:
            raise ResourceError(f"{self._base} sent {MAX_REQUESTS:,} pages without an end; narrow the search.")
        verb = (method or "GET").upper()
        if verb not in {"GET", "POST"}:
            raise DamagedProductError(
                f"{self._base} asks for a request of kind {verb[:20]!r}; only GET and POST are made."
            )
        body = {"json": parameters} if verb == "POST" else {"params": parameters}
        asked = requests.Request(verb, urljoin(self._base, href), **body)
        return self._web.content(asked, MAX_PAGE_BYTES).decode("utf-8")


@contextmanager
def _in_our_words(url: str) -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on conformance are for authors of servers
            yield
    except (APIError, ClientTypeError, NotImplementedError, pystac.STACError, pystac.STACTypeError) as error:
        msg = f"{url} is no STAC API with item search; give the address of its landing page."
        raise InputError(msg) from error
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DamagedProductError(f"{url} answers with something that is no JSON; is it a STAC API?") from error
    except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
        if isinstance(error, NightglassError):
            raise
        raise DamagedProductError(f"{url} answers with JSON that is no STAC; is it a STAC API?") from error


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
