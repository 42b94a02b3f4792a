"""The HTTP server of the daemon: metrics, probes, status page, its JSON twins and the API. Built by the daemon."""

from reconciler.http.access import Access, bound_to_loopback
from reconciler.http.app import create_app
from reconciler.http.control import Control
from reconciler.http.server import HttpServer

__all__ = ["Access", "Control", "HttpServer", "bound_to_loopback", "create_app"]
