"""The lower rows of the dashboard: actions, passes, AWS calls, the process. ``dashboard`` builds from them."""

from __future__ import annotations

from dashboard_model import Panel, Query, graph
from dashboard_queries import PER_TABLE, PROCESS, TABLE, increase, metric, quantile, rate

WORK = (
    graph(
        "Actions",
        "Steps carried out, by what they did and how they ended.",
        "short",
        Query(increase("actions_total", "action, result", TABLE), "{{action}} {{result}}"),
    ),
    graph(
        "Seed items",
        "Seed items written, already there, or failed to write.",
        "short",
        Query(increase("seed_items_total", "result", TABLE), "{{result}}"),
    ),
    graph(
        "Items by table",
        "Items as DescribeTable counts them; AWS renews the count about every six hours.",
        "short",
        Query(f"{PER_TABLE} ({metric('table_items', TABLE)})", "{{table}}"),
    ),
    graph(
        "Replacements",
        "Items that a replacement with its items has copied in its present phase.",
        "short",
        Query(f"{PER_TABLE} ({metric('table_replacement_copied_items', TABLE)})", "{{table}}"),
    ),
    graph(
        "Phases of replacements",
        "The phase of each replacement with its items and what copies them; one that is ready to switch waits for you.",
        "short",
        Query(
            f"max by (environment, table, phase) ({metric('table_replacement_phase', TABLE)})"
            " * on (environment, table) group_left (engine)"
            f" max by (environment, table, engine) ({metric('table_replacement_info', TABLE)})",
            "{{table}} {{phase}} ({{engine}})",
        ),
    ),
    graph(
        "Lag of replacements",
        "How old the last change was when the other table got it; the stream keeps changes for 24 hours.",
        "s",
        Query(f"{PER_TABLE} ({metric('table_replacement_lag_seconds', TABLE)})", "{{table}}"),
    ),
)

PASSES = (
    graph(
        "Passes by result",
        "Passes a second, by what they found.",
        "ops",
        Query(rate("passes_total", "result"), "{{result}}"),
    ),
    graph(
        "Pass duration",
        "Median and 99th percentile of the duration of a pass.",
        "s",
        Query(quantile(0.5, "pass_duration_seconds"), "p50"),
        Query(quantile(0.99, "pass_duration_seconds"), "p99"),
    ),
    Panel(
        "heatmap",
        "Pass durations",
        "How many passes took how long.",
        "s",
        (Query(increase("pass_duration_seconds_bucket", "le"), "{{le}}"),),
        width=8,
    ),
    graph(
        "Phases of the last pass",
        "Where the last pass spent its time.",
        "s",
        Query(f"max by (environment, phase) ({metric('pass_phase_duration_seconds')})", "{{phase}}"),
    ),
    graph(
        "Passes by trigger",
        "What caused the passes: the interval, a file, a signal, the API.",
        "ops",
        Query(rate("passes_total", "trigger"), "{{trigger}}"),
    ),
    graph(
        "Skipped passes",
        "Passes that came due and did not take place; overlap means that one pass outlasts the interval.",
        "short",
        Query(increase("passes_skipped_total", "reason"), "{{reason}}"),
    ),
)

AWS = (
    graph(
        "Requests by operation",
        "Requests to the endpoint, retries by the SDK not counted.",
        "reqps",
        Query(rate("aws_requests_total", "operation", PROCESS), "{{operation}}"),
    ),
    graph(
        "Requests by result",
        "How requests ended; ConditionFailed and NotFound are answers, not faults.",
        "reqps",
        Query(rate("aws_requests_total", "result", PROCESS), "{{result}}"),
    ),
    graph(
        "Throttled share",
        "Share of the requests that were refused as too many, after the SDK's own retries.",
        "percentunit",
        Query(
            f"(sum(rate({metric('aws_requests_total', PROCESS, result='Throttled')}[$__rate_interval])) or vector(0))"
            f" / sum(rate({metric('aws_requests_total', PROCESS)}[$__rate_interval]))",
            "throttled",
        ),
    ),
    graph(
        "Retries",
        "Requests that the SDK sent again, by operation; none are shown until the first.",
        "reqps",
        Query(f"{rate('aws_retries_total', 'operation', PROCESS)} or vector(0)", "{{operation}}"),
        width=12,
    ),
    graph(
        "Request latency",
        "Median and 99th percentile of requests that read and that write, SDK retries included.",
        "s",
        Query(quantile(0.5, "aws_request_duration_seconds", "type", PROCESS), "{{type}} p50"),
        Query(quantile(0.99, "aws_request_duration_seconds", "type", PROCESS), "{{type}} p99"),
        width=12,
    ),
)

RUNTIME = (
    graph(
        "HTTP requests",
        "Requests to the reconciler's own server, by class of the status code.",
        "reqps",
        Query(rate("http_requests_total", "code_class", PROCESS), "{{code_class}}"),
        width=6,
    ),
    graph(
        "CPU",
        "Cores in use by each process.",
        "short",
        Query(f"sum by (instance) (rate(process_cpu_seconds_total{{{PROCESS}}}[$__rate_interval]))", "{{instance}}"),
        width=6,
    ),
    graph(
        "Memory",
        "Resident memory of each process.",
        "bytes",
        Query(f"max by (instance) (process_resident_memory_bytes{{{PROCESS}}})", "{{instance}}"),
        width=6,
    ),
    graph(
        "Open files",
        "File descriptors in use by each process; connections count.",
        "short",
        Query(f"max by (instance) (process_open_fds{{{PROCESS}}})", "{{instance}}"),
        width=6,
    ),
)
