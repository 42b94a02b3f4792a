"""The IAM policies hold what real runs were seen to do, what only AWS can be asked, and nothing that is never sent."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from support import drift_scenario as story
from support import forked
from support.endpoints import Live
from support.markdown import ROOT
from support.proxy import MUTATING, Recorded, RecordingProxy
from support.service_members import MANAGED

from reconciler.facets import FACETS

STATE = "reconciler_state"
POLICIES: dict[str, list[dict[str, Any]]] = {
    name: json.loads((ROOT / "deploy" / "iam" / f"{name}.json").read_text(encoding="utf-8"))["Statement"]
    for name in ("observe", "manage", "full")
}
SENDERS = ("facets", "engine", "state", "planning/create.py", "aws/item_api.py", "aws/table_api.py")
"""Where operations are chosen; elsewhere they are only named."""
SERVICES = ("dynamodb", "application-autoscaling", "kms")
BEHIND_UPDATE_TABLE = {
    "dynamodb:CreateTableReplica": "ReplicaUpdates[].Create",
    "dynamodb:DeleteTableReplica": "ReplicaUpdates[].Delete",
    "dynamodb:CreateGlobalTableWitness": "GlobalTableWitnessUpdates[].Create",
    "dynamodb:DeleteGlobalTableWitness": "GlobalTableWitnessUpdates[].Delete",
}
"""Actions of the service authorization reference that are no operation, and the members that need them."""
TRANSACTION = "dynamodb:TransactWriteItems"
IN_A_TRANSACTION = {"dynamodb:PutItem", "dynamodb:DeleteItem"}
"""A transaction is no action of the service authorization reference: leave is asked for each write in it."""


def allowed(policy: str, *, state: bool | None = None) -> set[str]:
    """The actions of a policy; with ``state``, only those on the state table or only those on others."""
    return {
        action
        for statement in POLICIES[policy]
        if statement["Effect"] == "Allow" and (state is None or state == _on_state(statement))
        for action in statement["Action"]
    }


def _on_state(statement: dict[str, Any]) -> bool:
    return str(statement["Resource"]).endswith(f"table/{STATE}")


def named_in_the_code() -> set[str]:
    """Every operation that the sending parts of the package spell out."""
    session = botocore.session.Session()
    known = {service: set(session.get_service_model(service).operation_names) for service in SERVICES}
    found = set()
    for path in SENDERS:
        place = ROOT / "reconciler" / path
        for file in place.rglob("*.py") if place.is_dir() else [place]:
            text = re.sub(r'f"\{verb\}(\w+)"', r'"Enable\1" "Update\1"', file.read_text(encoding="utf-8"))
            for prefix, name in re.findall(r'"(?:([\w{}-]+):)?([A-Z]\w+)"', text):
                service = "application-autoscaling" if prefix.endswith("SERVICE}") else prefix or "dynamodb"
                if name in known.get(service, ()):
                    found |= _actions(f"{service}:{name}")
    return found


def _actions(operation: str) -> set[str]:
    return IN_A_TRANSACTION if operation == TRANSACTION else {operation}


def _in_transaction(request: Recorded) -> set[str]:
    """The actions of the writes of a transaction: those that it really holds."""
    return {f"dynamodb:{verb}Item" for action in request.body.get("TransactItems", ()) for verb in action}


class Run:
    """Commands of the tool against an endpoint whose requests are journalled."""

    def __init__(self, folder: Path, proxy: RecordingProxy) -> None:
        self.folder, self.proxy = folder, proxy

    def __call__(self, *words: str, expect: int = 0, **settings: str) -> None:
        variables = {f"RECONCILER_{name}": value for name, value in settings.items()}
        command = (*words, "--endpoint-url", self.proxy.url)
        done = forked.run(*command, folder=self.folder, environment={**os.environ, **variables}, timeout=90)
        assert done.returncode == expect, done.stdout + done.stderr

    def sent(self, *, state: bool) -> set[str]:
        """The operations in the journal, those on the state table or the others; then the journal is empty."""
        return {
            action
            for request in self.proxy.requests
            if " " not in request.operation and state == (request.tables == (STATE,))
            for action in _in_transaction(request) or {f"dynamodb:{request.operation}"}
        }


@pytest.fixture
def run(local: Live, tmp_path: Path) -> Any:
    story.declare(tmp_path)
    with RecordingProxy(local.url) as proxy:
        yield Run(tmp_path, proxy)


def test_reading_needs_no_more_than_the_observe_policy(run: Run, local: Live) -> None:
    run("--once")
    story.make_drift(local.client)
    run.proxy.clear()
    run("preview")
    run("status")
    run("doctor")
    run("--once", MODE="observe", expect=2)
    assert run.sent(state=False) <= allowed("observe", state=False)
    assert run.sent(state=True) <= allowed("observe")


def test_converging_needs_no_more_than_the_policy_to_manage(run: Run, local: Live) -> None:
    run("--once", PRUNE="never", DATA_LOSS="never")
    story.make_drift(local.client)
    run("--once", PRUNE="never", DATA_LOSS="never")
    run("seed")
    run("suspend")
    run("resume")
    assert run.sent(state=False) <= allowed("manage", state=False)
    assert run.sent(state=True) <= allowed("manage")
    assert {"dynamodb:CreateTable", "dynamodb:UpdateTable", "dynamodb:UpdateTimeToLive"} <= run.sent(state=False)


def test_deleting_needs_no_more_than_the_full_policy_and_never_touches_the_state_table(run: Run) -> None:
    run("--once")
    run("clear")
    story.write(run.folder, "sessions", {"table_name": "sessions", **story.KEYS, "deletion_protection_enabled": False})
    run("--once")
    run("destroy", "--yes")
    assert "dynamodb:DeleteTable" in run.sent(state=False)
    assert run.sent(state=False) <= allowed("full", state=False)
    assert run.sent(state=True) <= allowed("full") - {"dynamodb:DeleteTable"}
    denied = [statement for statement in POLICIES["full"] if statement["Effect"] == "Deny"]
    assert [(statement["Action"], _on_state(statement)) for statement in denied] == [(["dynamodb:DeleteTable"], True)]


def test_no_policy_allows_an_action_that_the_code_never_sends() -> None:
    assert allowed("full") - named_in_the_code() - behind_update_table() == set()


def test_everything_that_the_code_can_send_is_in_the_full_policy() -> None:
    assert named_in_the_code() - allowed("full") == set()


def behind_update_table() -> set[str]:
    """What the service asks leave for beside UpdateTable, for the members that some declaration sets."""
    managed = {path.removesuffix(".RegionName") for path in MANAGED["UpdateTable"]}
    return {action for action, member in BEHIND_UPDATE_TABLE.items() if member in managed}


def test_the_state_may_be_transferred_in_transactions() -> None:
    for policy in ("manage", "full"):
        assert allowed(policy, state=True) >= IN_A_TRANSACTION


def test_replicas_and_witnesses_are_made_by_whoever_manages_and_removed_by_the_full_policy_alone() -> None:
    assert behind_update_table() == set(BEHIND_UPDATE_TABLE)
    making = {action for action in BEHIND_UPDATE_TABLE if ":Create" in action}
    assert allowed("manage", state=False) & behind_update_table() == making
    assert behind_update_table() <= allowed("full", state=False)
    assert allowed("observe") & behind_update_table() == set()


@pytest.mark.parametrize("facet", FACETS, ids=lambda facet: facet.name)
def test_what_a_facet_reads_may_be_read_by_whoever_observes(facet: Any) -> None:
    actions = {name if ":" in name else f"dynamodb:{name}" for name in facet.reads}
    assert actions <= allowed("observe")


def test_each_policy_contains_the_one_before() -> None:
    assert allowed("observe") < allowed("manage") < allowed("full")


def test_the_observe_policy_changes_nothing_and_the_manage_policy_deletes_nothing() -> None:
    changing = {f"dynamodb:{name}" for name in MUTATING}
    assert allowed("observe") & changing == set()
    assert {
        action for action in allowed("manage", state=False) if ":Delete" in action or ":Deregister" in action
    } == set()
