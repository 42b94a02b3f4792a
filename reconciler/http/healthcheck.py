"""What the image's HEALTHCHECK asks: is the daemon on this machine ready? Called by the ``healthcheck`` command."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

SECONDS = 3.0
ANYWHERE = ("0.0.0.0", "::", "")


def ask(host: str, port: int) -> tuple[bool, str]:
    """Whether ``/readyz`` says 200, and its reason where it does not."""
    target = "127.0.0.1" if host in ANYWHERE else host
    url = f"http://{f'[{target}]' if ':' in target else target}:{port}/readyz"
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:
            return answer.status == 200, "ready"
    except urllib.error.HTTPError as error:
        return False, f"not ready: {_reason(error.read())}"
    except (OSError, ValueError) as error:
        return False, f"no daemon answers at {url}: {getattr(error, 'reason', error)}"


def _reason(body: bytes) -> str:
    try:
        return str(json.loads(body)["reason"])
    except (ValueError, KeyError, TypeError):
        return "no reason given"
