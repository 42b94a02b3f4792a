"""Where the endpoint is, taken apart once. Used by ``choice``, ``client`` and ``transport``."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from reconciler.model.lazy_dataclass import dataclass

PORTS = {"http": 80, "https": 443}
PLAIN_HOST = re.compile(r"((?!-)[a-z\d-]{1,63}(?<!-)\.)*(?!-)[a-z\d-]{1,63}(?<!-)|[\da-f:.]*:[\da-f:.]*")
"""What botocore takes for a host as well; others it refuses, in its own words."""
PLAIN_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?")
"""Paths that are the same before and after the normalisation and quoting that a signature asks for."""


@dataclass(frozen=True, slots=True)
class Address:
    """A URL in parts: ``name`` is the host without brackets, ``host`` the value of the header."""

    url: str
    tls: bool
    name: str
    port: int
    host: str
    path: str

    @property
    def bracketed(self) -> str:
        """The host as it stands before a port."""
        return f"[{self.name}]" if ":" in self.name else self.name


def parse(url: str) -> Address | None:
    """The address; ``None`` for one that is unusual enough to leave it to botocore: a query, a zone, odd characters."""
    parts = urlsplit(url)
    name, port = parts.hostname or "", parts.port
    unusual = parts.query or parts.fragment or parts.username or parts.password or parts.scheme not in PORTS
    if unusual or not PLAIN_HOST.fullmatch(name) or not PLAIN_PATH.fullmatch(parts.path):
        return None
    usual = PORTS[parts.scheme]
    host = f"[{name}]" if ":" in name else name
    if port is not None and port != usual:
        host = f"{host}:{port}"
    path = parts.path or "/"
    return Address(f"{parts.scheme}://{parts.netloc}{path}", parts.scheme == "https", name, port or usual, host, path)
