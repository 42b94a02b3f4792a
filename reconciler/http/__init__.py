"""Probes, metrics and the API over HTTP."""
