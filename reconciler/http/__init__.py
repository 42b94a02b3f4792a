"""The HTTP server of the daemon: metrics, probes, status page and its JSON twin. Built and started by the daemon."""

from reconciler.http.app import create_app
from reconciler.http.server import HttpServer

__all__ = ["HttpServer", "create_app"]
