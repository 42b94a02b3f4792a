"""The API of the running daemon on DynamoDB Local, checked by an independent client."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.bundled_daemon import Daemon, items, names, ready, running, seeds, until
from support.endpoints import DynamoDBLocal, dynamodb_local_or_skip

pytestmark = [pytest.mark.dynamodb_local]
OURS = {"users", "projects_details"}


@pytest.fixture(scope="module")
def daemon(module_local: DynamoDBLocal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running(tmp_path_factory.mktemp("api"), module_local.url, RECONCILER_INTERVAL="1h") as started:
        until(lambda: ready(started), daemon=started)
        yield started


@pytest.fixture
def dynamodb(module_local: DynamoDBLocal, daemon: Daemon) -> Any:
    """As declared before each test, whatever the one before did."""
    status, answer = daemon.post("migrations/run")
    assert (status, answer.get("success")) == (200, True), (answer, daemon.log.read_text()[-2500:])
    until(lambda: names(module_local.client()) >= OURS, daemon=daemon)
    until(lambda: daemon.post("migrations/run")[1]["data"]["report"]["verdict"] == "in_sync", daemon=daemon)
    assert daemon.post("seeders/run")[1]["success"]
    return module_local.client()


def test_rollback_deletes_and_suspends_and_run_brings_everything_back(daemon: Daemon, dynamodb: Any) -> None:
    status, answer = daemon.post("migrations/rollback")
    assert (status, answer["success"], answer["data"]["blocked"]) == (200, True, [])
    assert names(dynamodb).isdisjoint(OURS)
    assert "Suspended" in answer["message"]
    until(lambda: daemon.data("status")["suspended"], daemon=daemon)
    assert daemon.data("migrations/status")["suspended_by"] == "destroy"
    daemon.process.send_signal(1)
    time.sleep(1)
    assert names(dynamodb).isdisjoint(OURS), "a suspended loop recreates nothing"
    status, answer = daemon.post("migrations/run")
    assert (status, answer["success"]) == (200, True)
    until(lambda: names(dynamodb) >= OURS, daemon=daemon)
    until(lambda: items(dynamodb, "users") == seeds("users"), daemon=daemon)
    assert daemon.data("migrations/status")["suspended"] is False


def test_a_table_that_existed_before_survives_a_rollback(module_local: DynamoDBLocal, tmp_path: Path) -> None:
    with dynamodb_local_or_skip() as other:
        client = other.client()
        client.create_table(
            TableName="users",
            KeySchema=[{"AttributeName": "user_id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "user_id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        with running(tmp_path, other.url) as daemon:
            until(lambda: "projects_details" in names(client), daemon=daemon)
            daemon.post("migrations/rollback")
            assert "users" in names(client)
            assert "projects_details" not in names(client)


def test_named_tables_alone_are_rolled_back_and_run(daemon: Daemon, dynamodb: Any) -> None:
    daemon.post("migrations/rollback", {"tables": ["users"]})
    assert names(dynamodb) & OURS == {"projects_details"}
    daemon.post("migrations/run", {"tables": ["users"]})
    until(lambda: names(dynamodb) >= OURS, daemon=daemon)


def planned_without_users(daemon: Daemon, dynamodb: Any) -> Any:
    """The plan of a dry run after somebody deleted ``users``; a pass that was under way may make it again first."""
    for _ in range(10):
        if "users" in names(dynamodb):
            dynamodb.delete_table(TableName="users")
        _, plan = daemon.post("migrations/run", {"dry_run": True})
        if "users" not in names(dynamodb):
            break
    return plan


def test_a_dry_run_plans_and_changes_nothing_and_its_digest_must_match(daemon: Daemon, dynamodb: Any) -> None:
    plan = planned_without_users(daemon, dynamodb)
    assert plan["data"]["report"]["summary"]["create"] == 1
    assert "users" not in names(dynamodb)
    status, again = daemon.post("migrations/run", {"dry_run": True})
    digest = plan["data"]["plan_digest"]
    assert again["data"]["plan_digest"] == digest
    dynamodb.delete_table(TableName="projects_details")
    status, answer = daemon.post("migrations/run", {"plan_digest": digest})
    assert (status, answer["title"]) == (409, "Conflict")
    assert "users" not in names(dynamodb)
    status, answer = daemon.post("migrations/run", {"plan_digest": answer["plan_digest"]})
    assert (status, answer["success"]) == (200, True)
    until(lambda: names(dynamodb) >= OURS, daemon=daemon)


@pytest.mark.parametrize("name", ["users", "users_seeder"])
def test_clear_removes_only_the_seed_and_run_restores_it(daemon: Daemon, dynamodb: Any, name: str) -> None:
    before = items(dynamodb, "projects_details")
    foreign = {"pk": {"S": "somebody-elses"}}
    dynamodb.put_item(TableName="users", Item=foreign)
    status, answer = daemon.post(f"seeders/clear?seeder_names={name}")
    assert (status, answer.get("success")) == (200, True), (answer, daemon.log.read_text()[-2500:])
    assert dynamodb.scan(TableName="users")["Items"] == [foreign]
    assert items(dynamodb, "projects_details") == before
    states = {entry["seeder"]: entry["state"] for entry in daemon.data("seeders/status")["seeders"]}
    assert states == {"users": "cleared", "projects_details": "done"}
    dynamodb.delete_item(TableName="users", Key=foreign)
    assert daemon.post("migrations/run")[0] == 200
    assert items(dynamodb, "users") == 0, "the loop does not reseed what was cleared"
    status, answer = daemon.post(f"seeders/run?seeder_names={name}")
    assert items(dynamodb, "users") == seeds("users")
    assert f"{seeds('users')} items written" in answer["message"]


@pytest.mark.parametrize("path", ["seeders/run?seeder_names=nobody", "seeders/clear?seeder_names=users,nobody"])
def test_an_unknown_seeder_changes_nothing(daemon: Daemon, dynamodb: Any, path: str) -> None:
    status, answer = daemon.post(path)
    assert (status, "nobody" in answer["detail"]) == (404, True)
    assert items(dynamodb, "users") == seeds("users")


def test_an_accepted_run_is_found_by_its_id_until_it_is_done(daemon: Daemon, dynamodb: Any) -> None:
    status, answer = daemon.post("seeders/clear?wait=false")
    assert status == 202
    run = answer["data"]["run_id"]
    until(lambda: daemon.data(f"runs/{run}")["state"] == "done", daemon=daemon)
    assert items(dynamodb, "users") == 0


def test_five_hundred_runs_at_once_are_all_answered_by_few_passes(daemon: Daemon, dynamodb: Any) -> None:
    time.sleep(1.5)
    before = len(daemon.data("runs?limit=200")["runs"])
    with ThreadPoolExecutor(100) as many:
        answers = list(many.map(lambda _: daemon.post("migrations/run"), range(500)))
    assert {status for status, _ in answers} == {200}
    ids = {answer["data"]["run_id"] for _, answer in answers}
    assert len(ids) < 60
    assert len(daemon.data("runs?limit=200")["runs"]) <= before + len(ids) + 5


def test_while_runs_are_asked_for_without_end_reads_are_answered(daemon: Daemon, dynamodb: Any) -> None:
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            daemon.post("migrations/run")

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    try:
        assert all(
            daemon.get(path)[0] == 200 for path in ("/livez", "/api/v1/status", "/metrics", "/") for _ in range(10)
        )
    finally:
        stop.set()
        for asker in askers:
            asker.join()


def test_what_ran_before_a_restart_is_still_listed(module_local: DynamoDBLocal, daemon: Daemon, tmp_path: Path) -> None:
    with running(tmp_path, module_local.url, RECONCILER_MODE="observe") as later:
        until(lambda: later.get("/livez")[0] == 200 and later.data("status")["report"] is not None, daemon=later)
        runs = later.data("runs")["runs"]
        assert any(run["trigger"] == "start" and run["summary"].get("create") == 2 for run in runs)
        status, answer = later.post("migrations/rollback")
        assert (status, "observe" in answer["detail"]) == (409, True)


def test_a_token_is_requested_and_never_logged(module_local: DynamoDBLocal, tmp_path: Path) -> None:
    token = "the-token-of-this-test"
    with running(tmp_path, module_local.url, RECONCILER_API_TOKEN=token) as daemon:
        until(lambda: daemon.get("/livez")[0] == 200 and daemon.data("status")["report"] is not None, daemon=daemon)
        assert daemon.post("migrations/run")[0] == 401
        assert daemon.post("migrations/run", None, Authorization=f"Bearer {token}x")[0] == 401
        assert daemon.post("migrations/run", None, Authorization=f"Bearer {token}")[0] == 200
        assert daemon.end() == 143
        assert token not in daemon.log.read_text()
