"""Asks the daemon on this machine whether it is ready. Called by the ``healthcheck`` command of the image."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

SECONDS = 3.0
ANYWHERE = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}
"""Listening addresses that no client can connect to, and what a client on this machine uses instead."""
PAST_PROXIES = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Ignores proxies: the daemon is on this machine, and a proxy would ask another one."""


def ask(host: str, port: int) -> tuple[bool, str]:
    """Whether ``/readyz`` returns 200, and its reason if it does not."""
    url = f"http://{authority(host, port)}/readyz"
    try:
        with PAST_PROXIES.open(url, timeout=SECONDS) as answer:
            return answer.status == 200, "ready"
    except urllib.error.HTTPError as error:
        return False, f"not ready: {_reason(error.read())}"
    except (OSError, ValueError) as error:
        return False, f"no daemon answers at {url}: {getattr(error, 'reason', error)}"


def authority(host: str, port: int) -> str:
    """Host and port as they stand in a URL by which this machine reaches the server; IPv6 addresses are bracketed."""
    bare = host.strip("[]")
    target = ANYWHERE.get(bare, bare)
    return f"[{target}]:{port}" if ":" in target else f"{target}:{port}"


def _reason(body: bytes) -> str:
    try:
        return str(json.loads(body)["reason"])
    except (ValueError, KeyError, TypeError):
        return "no reason given"
