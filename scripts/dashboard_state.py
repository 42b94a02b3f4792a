"""The upper rows of the dashboard: overview, list of tables, state over time. ``dashboard`` builds from them."""

from __future__ import annotations

from dashboard_model import (
    BAD_IF_ANY,
    BAD_IF_NONE,
    LOADED,
    PLAIN,
    STATUS_WORDS,
    SUSPENDED,
    UP,
    WARN_IF_ANY,
    Panel,
    Query,
    graph,
    stat,
)
from dashboard_queries import OUT_OF_SYNC, PER_TABLE, TABLE, increase, metric, of_status, status_number

OVERVIEW = (
    stat("In sync", of_status("in_sync"), "Tables that are as declared.", colours=((None, "green"),)),
    # Every status in which a table can have a start of drift, or this panel contradicts "Oldest drift".
    stat(
        "Out of sync",
        of_status(OUT_OF_SYNC),
        "Tables that are not as declared: drifted, missing, on the way, blocked or failing.",
        colours=WARN_IF_ANY,
    ),
    stat("Blocked", of_status("blocked"), "Those of them with a change that policy refuses.", colours=WARN_IF_ANY),
    stat("Failing", of_status("error"), "Those of them whose last pass ended with an error.", colours=BAD_IF_ANY),
    stat(
        "Unmanaged",
        f"sum(max by (job, environment) ({metric('unmanaged_tables')}))",
        "Tables at the endpoint that are nobody's here.",
        colours=PLAIN,
    ),
    stat(
        "Oldest drift",
        f"time() - min({metric('table_drift_start_timestamp_seconds', TABLE)})",
        "How long the table that has been out of sync longest has differed; empty while none differs.",
        "s",
        colours=((None, "green"), (300, "orange"), (900, "red")),
    ),
    stat(
        "Last success",
        f"time() - min(max by (job, environment) ({metric('last_success_timestamp_seconds')}))",
        "Time since a pass last ended without an error.",
        "s",
        colours=((None, "green"), (180, "orange"), (600, "red")),
    ),
    stat(
        "Next pass in",
        f"clamp_min(min(max by (job, environment) ({metric('next_pass_timestamp_seconds')})) - time(), 0)",
        "Time until a pass is due; empty while one runs.",
        "s",
        colours=PLAIN,
    ),
    stat(
        "Endpoint",
        f"min(max by (job, environment) ({metric('endpoint_up')}))",
        "Whether DynamoDB answers.",
        words=UP,
        colours=BAD_IF_NONE,
    ),
    stat(
        "Declarations",
        f"min({metric('config_last_load_successful')})",
        "Whether the declarations could be read.",
        words=LOADED,
        colours=BAD_IF_NONE,
    ),
    stat(
        "Suspended",
        f"max({metric('suspended')})",
        "Whether the loop's writes are suspended.",
        words=SUSPENDED,
        colours=WARN_IF_ANY,
    ),
    stat("Leaders", f"sum({metric('leader')})", "Processes that hold a lease to write.", colours=PLAIN),
    stat(
        "Drifts, 24 h",
        f"sum(increase({metric('drift_detected_total', TABLE)}[24h]))",
        "How often a facet was found to have left its declaration in the last day.",
        colours=PLAIN,
    ),
    stat(
        "Actions, 24 h",
        f"sum(increase({metric('actions_total', TABLE, result='success')}[24h]))",
        "Steps carried out in the last day.",
        colours=PLAIN,
    ),
    stat(
        "Failed actions, 24 h",
        f"sum(increase({metric('actions_total', TABLE, result='failure')}[24h]))",
        "Steps that failed in the last day.",
        colours=BAD_IF_ANY,
    ),
    stat("Interval", f"max({metric('interval_seconds')})", "Time between two passes.", "s", colours=PLAIN),
)

TABLES = (
    Panel(
        "table",
        "Tables",
        "Each table with its status, the number of facets that differ, since how long, and its size.",
        "short",
        (
            Query(status_number()),
            Query(f"sum by (environment, table) (max by (environment, table, facet) ({metric('table_drift', TABLE)}))"),
            Query(f"time() - {PER_TABLE} ({metric('table_drift_start_timestamp_seconds', TABLE)})"),
            Query(f"{PER_TABLE} ({metric('table_items', TABLE)})"),
            Query(f"{PER_TABLE} ({metric('table_size_bytes', TABLE)})"),
        ),
        width=14,
        height=9,
        words=STATUS_WORDS,
        columns=(
            ("environment", "Environment", "string"),
            ("table", "Table", "string"),
            ("Value #A", "Status", "short"),
            ("Value #B", "Drifted facets", "short"),
            ("Value #C", "For", "s"),
            ("Value #D", "Items", "short"),
            ("Value #E", "Size", "bytes"),
        ),
    ),
    Panel(
        "table",
        "Which facets differ",
        "The facets that differ from their declaration right now.",
        "short",
        (Query(f"max by (environment, table, facet) ({metric('table_drift', TABLE)}) == 1"),),
        width=5,
        height=9,
        columns=(
            ("environment", "Environment", "string"),
            ("table", "Table", "string"),
            ("facet", "Facet", "string"),
        ),
    ),
    Panel(
        "table",
        "What is blocked, and why",
        "Changes that policy refuses; the preview command says what would allow each.",
        "short",
        (Query(f"max by (environment, table, reason) ({metric('table_blocked', TABLE)})"),),
        width=5,
        height=9,
        columns=(
            ("environment", "Environment", "string"),
            ("table", "Table", "string"),
            ("reason", "Reason", "string"),
        ),
    ),
)

TIMELINE = (
    Panel(
        "state-timeline",
        "Status of each table",
        "The gravest status that any replica reports of each table, over time.",
        "short",
        (Query(status_number(), "{{table}}"),),
        width=24,
        height=9,
        words=STATUS_WORDS,
    ),
    graph(
        "Tables by status",
        "How many tables have each status.",
        "short",
        Query(f"max by (environment, status) ({metric('tables')})", "{{status}}"),
        width=12,
    ),
    graph(
        "Drift found",
        "Facets newly found to have left their declaration.",
        "short",
        Query(increase("drift_detected_total", "table, facet", TABLE), "{{table}} {{facet}}"),
        width=12,
    ),
)
