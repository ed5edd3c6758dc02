"""The hosts that may be asked over the network: a list that a person wrote, empty by default."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from dashboard.model.errors import AccessError

SETTING = "stac_hosts"
ENTRY = re.compile(r"(?P<host>\[[0-9a-f:]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:(?P<port>[0-9]{1,5}))?")
"""``host`` or ``host:port``, in lower case."""

SCHEDULER = re.compile(r"(tcp|tls)://(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})")
"""What names a Dask scheduler."""


@dataclass(frozen=True, slots=True)
class Hosts:
    """The hosts that may be asked; none by default."""

    allowed: frozenset[str] = frozenset()
    """``host`` for https on its own port, ``host:port`` for any other and for http on this machine."""

    def require(self, url: str) -> None:
        """Raise unless a request to `url` is allowed.

        Raises
        ------
        AccessError
            If its host is not on the list, or it is neither https nor http on this machine; the text names the host,
            the setting and the line to add.
        """
        scheme, host, port = _parts(url)
        if scheme == "http" and not _is_here(host):
            raise AccessError(f"{url[:160]} is not encrypted; only https is asked, and http on this machine alone.")
        entry = f"{host}:{port}"
        if entry in self.allowed or (scheme == "https" and port == 443 and host in self.allowed):
            return
        wanted = host if scheme == "https" and port == 443 else entry
        listed = ", ".join(f'"{name}"' for name in sorted({*self.allowed, wanted}))
        msg = (
            f"The host {wanted} is not allowed, so nothing was asked of it. "
            f"To allow it, write this line into nightglass.toml: {SETTING} = [{listed}]"
        )
        raise AccessError(msg)


def check_entry(entry: str) -> str:
    """Return an entry of the setting in lower case.

    Raises
    ------
    ValueError
        If it is no ``host`` or ``host:port``: an address with a path or a scheme would allow less or more than it says.
    """
    name = entry.strip().lower()
    if ENTRY.fullmatch(name) is None:
        msg = f"{entry[:80]!r} is no host; write host or host:port, such as stac.example.org"
        raise ValueError(msg)
    return name


def check_scheduler(address: str) -> str:
    """Return the address of a Dask scheduler without the blanks around it.

    Raises
    ------
    ValueError
        If it is not ``tcp://host:port`` or ``tls://host:port``.
    """
    found = SCHEDULER.fullmatch(address.strip())
    if found is None or not 0 < int(found[3]) < 1 << 16:
        msg = f"{address[:80]!r} is no address of a scheduler; write tcp://host:port, such as tcp://10.0.0.5:8786"
        raise ValueError(msg)
    return found[0]


def _parts(url: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AccessError(f"{url[:160]!r} is no web address.") from error
    host = (parts.hostname or "").lower()
    if parts.scheme not in {"http", "https"} or not host:
        raise AccessError(f"{url[:160]!r} is no web address; give one that begins with https://.")
    if parts.username is not None or parts.password is not None:
        raise AccessError(f"The address of {host} holds a name or a password; leave them out.")
    host = f"[{host}]" if ":" in host else host
    return parts.scheme, host, port or (443 if parts.scheme == "https" else 80)


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
