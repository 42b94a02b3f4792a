"""The table of metric families: every name, type, label and help text that ``/metrics`` shows of our own.

The state collector and the recorder build from it, and docs/reference/metrics.md is written from it. State families are
read off the board at scrape time; event families are counted as things happen and stay for the life of the process.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PREFIX = "dynamodb_reconciler_"

MetricType = Literal["gauge", "counter", "histogram"]


@dataclass(frozen=True, slots=True)
class Family:
    """One metric family; ``name`` is the full one, with ``_total`` on counters."""

    name: str
    type: MetricType
    labels: tuple[str, ...]
    help: str


def _gauge(name: str, labels: str, text: str) -> Family:
    return Family(PREFIX + name, "gauge", tuple(labels.split()), text)


def _counter(name: str, labels: str, text: str) -> Family:
    return Family(PREFIX + name, "counter", tuple(labels.split()), text)


def _histogram(name: str, labels: str, text: str) -> Family:
    return Family(PREFIX + name, "histogram", tuple(labels.split()), text)


STATE_FAMILIES: tuple[Family, ...] = (
    _gauge("endpoint_info", "environment endpoint region flavor", "Endpoint of the tables and its kind; always 1."),
    _gauge("endpoint_up", "environment", "Whether the endpoint answered the last request (1) or not (0)."),
    _gauge("tables", "environment status", "Tables of the last pass by status."),
    _gauge("table_status", "environment table status", "1 for the status of the table at the end of the last pass."),
    _gauge(
        "table_info", "environment table declaration billing_mode", "File and line of the declaration, billing mode; 1."
    ),
    _gauge(
        "table_drift",
        "environment table facet",
        "Whether a declared facet differs from its declaration (1) or not (0).",
    ),
    _gauge(
        "table_drift_start_timestamp_seconds",
        "environment table",
        "Unix time since when the table differs from its declaration; absent while it is in sync.",
    ),
    _gauge("table_blocked", "environment table reason", "1 while a step of the table is blocked for this reason."),
    _gauge(
        "table_unsupported",
        "environment table facet",
        "1 while the endpoint does not support a declared value of this facet; it is not written and not drift.",
    ),
    _gauge(
        "table_not_before_timestamp_seconds",
        "environment table",
        "Unix time of the next deferred step of the table; absent while none waits for a time.",
    ),
    _gauge(
        "table_items", "environment table", "Items as DescribeTable reports them; AWS updates them about every 6 hours."
    ),
    _gauge(
        "table_size_bytes", "environment table", "Size as DescribeTable reports it; AWS updates it about every 6 hours."
    ),
    _gauge(
        "table_replacement_phase",
        "environment table phase",
        "1 for the phase of a replacement with items that is under way; absent without one.",
    ),
    _gauge(
        "table_replacement_info",
        "environment table engine",
        "How a replacement that is under way copies its items: scan, or by jobs of the service: bulk or import; 1.",
    ),
    _gauge(
        "table_replacement_copied_items",
        "environment table",
        "Items that a replacement has copied in its present phase; absent without one.",
    ),
    _gauge(
        "table_replacement_lag_seconds",
        "environment table",
        "How old the last change was when the other table of a replacement got it; absent without one.",
    ),
    _gauge(
        "unmanaged_tables", "environment", "Tables at the endpoint that no stack here manages; absent when not listed."
    ),
    _gauge("pass_phase_duration_seconds", "environment phase", "Time that the last pass spent in each phase."),
    _gauge("pass_in_progress", "environment", "Whether a pass runs right now."),
    _gauge("suspended", "environment", "Whether the writes of the loop are suspended."),
    _gauge(
        "leader",
        "environment",
        "Whether no other process held the lease after the last pass; without a holder, all have 1.",
    ),
    _gauge(
        "last_pass_timestamp_seconds", "environment", "Unix time when the last pass ended; absent before the first."
    ),
    _gauge(
        "last_success_timestamp_seconds",
        "environment",
        "Unix time when the last pass without an error ended; absent before the first.",
    ),
    _gauge("next_pass_timestamp_seconds", "environment", "Unix time when the next pass is due; absent while none is."),
    _gauge("interval_seconds", "environment", "Time between two passes that found nothing to do."),
    _gauge(
        "config_last_load_successful",
        "environment",
        "Whether the declarations could be read the last time (1) or not (0); absent before the first pass.",
    ),
    _gauge(
        "config_last_load_success_timestamp_seconds",
        "environment",
        "Unix time when the declarations were last read without an error; absent before that.",
    ),
    _gauge("config_errors", "environment", "Errors found in the declarations by the last pass."),
)

EVENT_FAMILIES: tuple[Family, ...] = (
    _gauge("build_info", "version revision python_version", "Version of this process; always 1."),
    _counter("drift_detected_total", "environment table facet", "Times a facet was found to have drifted."),
    _counter("actions_total", "environment table action result", "Executed steps by action and result."),
    _counter(
        "seed_items_total",
        "environment table result",
        "Seed items: written, present (the key was taken), removed or kept by clear, failed.",
    ),
    _counter("passes_total", "environment trigger result", "Passes by trigger and result."),
    _counter("passes_skipped_total", "environment reason", "Scheduled passes that did not take place."),
    _histogram("pass_duration_seconds", "environment", "Duration of a pass over all tables."),
    _counter(
        "aws_requests_total",
        "operation result",
        "Requests to the endpoint and to services beside it, such as kubernetes:PatchConfigMap, by result.",
    ),
    _counter("aws_retries_total", "operation", "Requests that the SDK sent again."),
    _histogram("aws_request_duration_seconds", "type", "Duration of requests to the endpoint, SDK retries included."),
    _counter("http_requests_total", "method route code_class", "Requests to our own HTTP server."),
    _histogram(
        "http_request_duration_seconds", "method route code_class", "Duration of requests to our own HTTP server."
    ),
)

FAMILIES: tuple[Family, ...] = EVENT_FAMILIES[:1] + STATE_FAMILIES + EVENT_FAMILIES[1:]
"""Every family, in the order of the reference."""

_BY_NAME = {family.name: family for family in FAMILIES}


def family(name: str) -> Family:
    """The family with this name, given without the prefix; a typo is a KeyError at import time."""
    return _BY_NAME[PREFIX + name]
