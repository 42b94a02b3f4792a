"""Finds failures of a connection that no waiting ends: TLS that is refused, and servers that do not speak HTTP.

Called by ``flavor`` and ``errors`` with the exception of a failed request. The cause is somewhere in its chain.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    import ssl

TLS_RECORD = ("\x15\x03", "\x16\x03")
"""How the response of a TLS server to plain HTTP begins: an alert or a handshake record."""
PLAIN_HTTP = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")
"""OpenSSL's reasons for a response that is not TLS."""
OLD_PROTOCOL = ("PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS_AVAILABLE", "WRONG_SSL_VERSION")
"""Parts of OpenSSL's reasons for a server that offers only old versions of TLS."""
BUNDLE = "Name the bundle of its CA by AWS_CA_BUNDLE or by ca_bundle of the profile."
NAME = "Call it by a name in its certificate."
DATES = "Renew the server's certificate, or set the clock of this machine."
CA_FILE = "Name a file of certificates in PEM by AWS_CA_BUNDLE or by ca_bundle of the profile, or unset it"


def final_reason(error: BaseException, url: str) -> str | None:
    """A sentence with cause and remedy; ``None`` for a failure that may be temporary."""
    # Both take long to import, and most commands meet no failure.
    import http.client
    import ssl

    for cause in _chain(error):
        if type(cause).__name__ == "CertificateError":
            # urllib3's own, for a host that is an IP address; it is no ssl.SSLError.
            return f"its certificate is refused: mismatch, {str(cause).rstrip('.')}. {NAME}"
        if isinstance(cause, ssl.SSLError):
            return _tls(cause, url)
        if isinstance(cause, http.client.BadStatusLine) and not isinstance(cause, http.client.RemoteDisconnected):
            return _no_http(str(cause.args[0]) if cause.args else "", url)
    return None


def _tls(error: ssl.SSLError, url: str) -> str | None:
    import ssl

    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError | ssl.SSLWantReadError):
        return None
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message or error.reason
        dated = "expired" in str(why) or "not yet valid" in str(why)
        remedy = NAME if "match" in str(why).lower() else DATES if dated else BUNDLE
        return f"its certificate is refused: {str(why).rstrip('.')}. {remedy}"
    if error.reason in PLAIN_HTTP:
        return f"it speaks plain HTTP on this port. Write {_with_scheme(url, 'http')}"
    if error.reason is None:
        return None
    remedy = ". Let the server offer TLS 1.2 or later" if any(name in error.reason for name in OLD_PROTOCOL) else ""
    return f"TLS fails: {error.reason.replace('_', ' ').lower()}{remedy}"


def bundle_problem(bundle: object) -> str | None:
    """Why the configured CA bundle cannot be used; ``None`` if it can, or if that of the system is used."""
    if not isinstance(bundle, str | os.PathLike):
        return None
    import ssl

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=bundle)
    except ssl.SSLError:
        return f"the CA bundle {_origin(bundle)} holds no certificate that can be read. {CA_FILE}"
    except OSError as error:
        return f"the CA bundle {_origin(bundle)} cannot be read: {error.strerror or error}. {CA_FILE}"
    return None


def _origin(bundle: str | os.PathLike[str]) -> str:
    """The path of a bundle and the setting that names it. The SDK reads the settings in this order."""
    path = os.fspath(bundle)
    variables = (each for each in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE") if os.environ.get(each) == path)
    return f"{path} ({next(variables, 'ca_bundle of the profile')})"


def _no_http(line: str, url: str) -> str:
    first = line.strip().strip("'\"")
    if line.startswith(TLS_RECORD) or "\\x15\\x03" in line or "\\x16\\x03" in line:
        return f"it speaks TLS on this port. Write {_with_scheme(url, 'https')}"
    shown = "".join(char if char.isprintable() else "?" for char in first)[:80]
    return (
        f"what answers is not DynamoDB and does not speak HTTP ({shown!r}). "
        "Name the endpoint of DynamoDB by --endpoint-url or AWS_ENDPOINT_URL_DYNAMODB"
    )


def _with_scheme(url: str, scheme: str) -> str:
    return urlunsplit(urlsplit(url)._replace(scheme=scheme))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, its causes and contexts, and the exceptions that the SDK stores in the arguments of another one."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        each = waiting.pop(0)
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__cause__, each.__context__, *each.args, getattr(each, "reason", None)]
        waiting.append(getattr(each, "kwargs", {}).get("error"))
