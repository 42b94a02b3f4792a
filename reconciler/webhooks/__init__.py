"""Webhooks: tells URLs of drift, changes and failures. Built by the wiring, fed by the telemetry of a process."""

from reconciler.webhooks.delivery import Webhooks, start

__all__ = ["Webhooks", "start"]
