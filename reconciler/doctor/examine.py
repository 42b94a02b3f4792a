"""Runs the checks in order, and stops where something cannot be reached. Called by the ``doctor`` command."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from reconciler.aws.flavor import clock_skew
from reconciler.aws.session import Connection
from reconciler.doctor.capabilities import capabilities
from reconciler.doctor.finding import Finding, Level
from reconciler.engine.reconciler import Reconciler
from reconciler.model.desired import DesiredState
from reconciler.model.errors import ApiError, DeclarationError, Denied, ReconcilerError
from reconciler.model.json_values import to_the_second
from reconciler.model.records import StateSnapshot
from reconciler.presentation.paths import seen_from_here
from reconciler.settings import Settings
from reconciler.state.schema import create_request

LARGEST_SKEW = 60.0
"""Seconds; the service refuses signatures that are 15 minutes off, leases suffer earlier."""


def examine(
    settings: Settings,
    connection: Connection,
    wait: Callable[[], None],
    engine: Callable[[], Reconciler],
    load: Callable[[], DesiredState],
) -> tuple[Finding, ...]:
    """All findings, in the order of dependence. Writes nothing."""
    return tuple(_findings(settings, connection, wait, engine, load))


def _findings(
    settings: Settings,
    connection: Connection,
    wait: Callable[[], None],
    engine: Callable[[], Reconciler],
    load: Callable[[], DesiredState],
) -> Iterator[Finding]:
    for sentence in settings.warnings:
        yield Finding("settings", Level.WARNING, sentence)
    yield _declarations(settings, load)
    for notice in connection.notices:
        yield Finding("credentials", Level.WARNING, notice)
    try:
        wait()
        reconciler = engine()
    except ReconcilerError as error:
        yield Finding("endpoint", Level.PROBLEM, str(error))
        return
    endpoint = reconciler.ports.endpoint
    kind = "an emulator" if endpoint.flavor.emulator else "treated as AWS"
    place = f"{endpoint.url}: {endpoint.flavor.value} ({kind}), region {endpoint.region}"
    yield Finding("endpoint", Level.OK, f"{place}, account {endpoint.account or 'unknown'}")
    yield Finding("client", Level.OK, str(connection.client))
    yield _account(settings, endpoint.account)
    yield _clock(connection)
    yield from _state(settings, reconciler)
    yield from capabilities(reconciler)


def _declarations(settings: Settings, load: Callable[[], DesiredState]) -> Finding:
    try:
        desired = load()
    except DeclarationError as error:
        first, more = error.problems[0], len(error.problems) - 1
        rest = f" (and {more} more; `reconciler validate` lists them)" if more else ""
        return Finding("declarations", Level.PROBLEM, f"{seen_from_here(first, settings.desired_state)}{rest}")
    names = ", ".join(declaration.spec.name for declaration in desired.declarations)
    return Finding("declarations", Level.OK, f"{settings.desired_state}: {names}")


def _account(settings: Settings, account: str | None) -> Finding:
    allowed = settings.allowed_accounts
    if not allowed:
        return Finding("allowed accounts", Level.OK, "not limited (RECONCILER_ALLOWED_ACCOUNTS is unset)")
    if account in allowed:
        return Finding("allowed accounts", Level.OK, f"{account} is allowed")
    return Finding(
        "allowed accounts",
        Level.PROBLEM,
        f"{account or 'an unknown account'} is not in RECONCILER_ALLOWED_ACCOUNTS.",
        "Nothing would be written.",
    )


def _clock(connection: Connection) -> Finding:
    skew = clock_skew(connection.get())
    if skew is None:
        return Finding("clock", Level.WARNING, "the endpoint returns no time")
    off = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the endpoint"
    if abs(skew) > LARGEST_SKEW:
        return Finding("clock", Level.PROBLEM, f"this machine is {off}", "Set the clock, for example by NTP.")
    return Finding("clock", Level.OK, f"{abs(skew):.0f} s from the endpoint's")


def _state(settings: Settings, reconciler: Reconciler) -> Iterator[Finding]:
    request = json.dumps(dict(create_request(settings.state_table).params))
    try:
        snapshot = reconciler.ports.store.load()
    except ReconcilerError as error:
        yield Finding("state table", Level.PROBLEM, str(error))
        return
    if snapshot.usable:
        owned = sum(entry.ownership == "created" for entry in snapshot.inventory.values())
        adopted = sum(entry.ownership == "adopted" for entry in snapshot.inventory.values())
        yield Finding("state table", Level.OK, f"{settings.state_table}: {owned} created, {adopted} adopted")
        yield from _records(snapshot)
    elif snapshot.fresh:
        yield Finding(
            "state table",
            Level.OK,
            f"{settings.state_table} does not exist yet; the first run creates it: CreateTable {request}",
        )
    else:
        remedy = f"Allow it, or create the table: CreateTable {request}"
        yield Finding("state table", Level.PROBLEM, snapshot.problem or "cannot be used", remedy)
    yield _listing(reconciler)


def _records(snapshot: StateSnapshot) -> Iterator[Finding]:
    recorded, actual = snapshot.recorded_fingerprint, snapshot.actual_fingerprint
    if recorded is not None and actual is not None and not recorded.same(actual):
        there = f"{recorded.partition}/{recorded.account}/{recorded.region}"
        yield Finding(
            "fingerprint", Level.PROBLEM, f"the state belongs to another endpoint: {there}", "Nothing is written."
        )
    if snapshot.suspension is not None:
        suspension = snapshot.suspension
        detail = f"suspended by {suspension.by} since {to_the_second(suspension.at)}"
        yield Finding("suspension", Level.WARNING, detail, "`reconciler resume` lifts it.")


def _listing(reconciler: Reconciler) -> Finding:
    try:
        names = reconciler.ports.api.list_tables()
    except Denied as error:
        remedy = "Allow dynamodb:ListTables to count unmanaged tables."
        return Finding("ListTables", Level.WARNING, f"denied: {error.message}", remedy)
    except ApiError as error:
        return Finding("ListTables", Level.PROBLEM, str(error))
    return Finding("ListTables", Level.OK, f"{len(names)} tables at the endpoint")
