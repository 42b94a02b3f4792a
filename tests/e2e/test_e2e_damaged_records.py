"""A damaged record in a real state table: it is named with the remedy, nothing is done by it, and the rest goes on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.daemon import Daemon
from support.damaged_records import BROKEN, broken
from support.endpoints import DynamoDBLocal, wipe
from support.proxy import RecordingProxy
from support.shell import USERS, Shell

from reconciler.settings.loading import load
from reconciler.wiring import App

pytestmark = pytest.mark.dynamodb_local
STATE = "reconciler_state"
DAMAGED: dict[str, tuple[dict[str, Any], str]] = {
    **BROKEN,
    "an entry of an unknown ownership": (
        broken("table#orders", name={"S": "orders"}, base_name={"S": "orders"}, ownership={"S": "mine"}),
        "ownership is 'mine'",
    ),
    "an entry with a time of the year 9999": (
        broken("table#orders", changed_at={"S": "9999-12-31T23:59:59+00:00"}),
        "record",
    ),
    "a lease whose token is too large": (
        broken("lease", holder={"S": "x"}, token={"N": "9" * 38}, expires={"S": "2026-11-22T12:00:00+00:00"}),
        "token is not between",
    ),
    "a record of a newer format": (broken("table#orders", format_version={"N": "9"}), "format_version is 9"),
    "an end without a time": (broken("ended#orders", name={"S": "orders"}), "identity is missing"),
}
DAMAGED_RUN = broken("run#2026-11-22T12:00:00+00:00#x", verdict={"N": "1"})


class Place(NamedTuple):
    """A stack in use: ``users`` is declared, ``orders`` holds an item and is declared no more."""

    folder: Path
    proxy: RecordingProxy
    client: Any
    app: App

    def records(self) -> dict[tuple[str, str], Any]:
        found = self.client.scan(TableName=STATE, ConsistentRead=True)["Items"]
        return {(item["scope"]["S"], item["record"]["S"]): item for item in found}

    def put(self, item: dict[str, Any]) -> None:
        self.client.put_item(TableName=STATE, Item=item)

    def damage(self, item: dict[str, Any]) -> dict[tuple[str, str], Any]:
        """Put the record in, and return all records."""
        self.put(item)
        return self.records()

    def mend(self, whole: dict[tuple[str, str], Any]) -> None:
        """All records as they were."""
        for scope, record in self.records():
            self.client.delete_item(TableName=STATE, Key={"scope": {"S": scope}, "record": {"S": record}})
        for item in whole.values():
            self.put(item)


@pytest.fixture(scope="module")
def place(dynamodb_local: DynamoDBLocal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    client = dynamodb_local.client()
    wipe(client)
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "desired_state").mkdir()
    for name in ("users", "orders"):
        (folder / "desired_state" / f"{name}.yaml").write_text(USERS.replace("users", name))
    with RecordingProxy(dynamodb_local.url) as proxy, pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        settings = load({"endpoint_url": proxy.url, "workers": "1"}, one_shot=False)
        app = App(settings, one_shot=False, read_only=False, endpoint_url=proxy.url)
        assert app.converge("once").verdict.value == "in_sync"
        client.put_item(TableName="orders", Item={"pk": {"S": "mine"}})
        (folder / "desired_state" / "orders.yaml").unlink()
        yield Place(folder, proxy, client, app)
        app.close()
    wipe(client)


@pytest.mark.parametrize(("item", "reason"), DAMAGED.values(), ids=DAMAGED)
def test_every_command_names_the_record_and_does_nothing_by_it(
    place: Place,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    item: dict[str, Any],
    reason: str,
) -> None:
    monkeypatch.chdir(place.folder)
    monkeypatch.setenv("RECONCILER_TIMEOUT", "10s")
    shell, record = Shell(place.folder, capsys), item["record"]["S"]
    place.app.reconciler.ports.store.release_lease()
    whole = place.records()
    damaged = place.damage(item)
    place.proxy.clear()
    try:
        for verb, code in (("status --all", 1), ("preview", 0), ("--once", 1)):
            run = shell.run(f"{verb} --endpoint-url {place.proxy.url}")
            messages = run.stdout + run.stderr
            assert run.exit_code == code, (verb, messages)
            assert f"The record default/default / {record} of the state table {STATE} cannot be read: " in messages
            assert "Nothing is written until you repair or delete this record." in messages
            assert "Unexpected" not in messages
            assert "Traceback" not in messages
            if verb == "status --all":
                assert "users: " in run.stdout
                assert "In sync" not in run.stdout
        report = place.app.reconciler.run_pass("interval")
        assert report.verdict.value == "error"
        assert record in (report.error or "")
        assert place.proxy.mutating() == []
        assert place.records() == damaged
    finally:
        place.mend(whole)
    assert place.client.scan(TableName="orders")["Count"] == 1


def test_a_damaged_run_is_shown_and_stops_nothing(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place.folder)
    whole = place.records()
    place.put(DAMAGED_RUN)
    try:
        run = Shell(place.folder, capsys).run(f"status --endpoint-url {place.proxy.url}")
        assert run.exit_code == 0
        assert "unreadable" in run.stdout
    finally:
        place.mend(whole)


def test_records_of_an_older_copy_are_never_reported_as_in_sync(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place.folder)
    place.app.reconciler.ports.store.release_lease()
    whole = place.records()
    place.put({**DAMAGED_RUN, "fence": {"N": "99"}})
    try:
        for verb, code in (("status", 1), ("--once", 1)):
            run = Shell(place.folder, capsys).run(f"{verb} --endpoint-url {place.proxy.url}")
            assert run.exit_code == code, verb
            assert "but 99 was issued before. The records were restored from an older copy" in run.stdout + run.stderr
            assert "In sync" not in run.stdout
    finally:
        place.mend(whole)


def shows(daemon: Daemon, *words: str) -> bool:
    messages = daemon.get("/api/v1/status")
    return all(word in messages for word in words)


def hides(daemon: Daemon, word: str) -> bool:
    messages = daemon.get("/api/v1/status")
    return bool(messages) and word not in messages


LIVE = ("an entry without members", "a lease without token", "a time that is none")


def test_the_daemon_stays_alive_reports_the_damage_and_continues_once_it_is_repaired(place: Place) -> None:
    place.app.reconciler.ports.store.release_lease()
    whole = place.records()
    with Daemon(place.folder, place.proxy.url, PRUNE="never") as daemon:
        daemon.until(lambda: '"ready":true' in daemon.get("/readyz"), "it becomes ready")
        for name in LIVE:
            item, reason = DAMAGED[name]
            record, before = item["record"]["S"], place.records()
            place.put(item)
            daemon.until(partial(shows, daemon, record, reason), name)
            assert '"alive":true' in daemon.get("/livez")
            assert '"verdict":"error"' in daemon.get("/api/v1/status").replace(" ", "")
            place.client.delete_item(TableName=STATE, Key={key: item[key] for key in ("scope", "record")})
            if ("default/default", record) in before:
                place.put(before["default/default", record])
            daemon.until(partial(hides, daemon, reason), f"{name} is mended")
    place.mend(whole)


def test_a_daemon_with_a_damaged_record_is_alive_and_not_ready(place: Place) -> None:
    place.app.reconciler.ports.store.release_lease()
    whole = place.records()
    place.put(DAMAGED["an entry without members"][0])
    place.put(DAMAGED_RUN)
    try:
        with Daemon(place.folder, place.proxy.url, PRUNE="never") as daemon:
            daemon.until(lambda: "table#users" in daemon.get("/readyz"), "readiness names the record")
            assert '"ready":false' in daemon.get("/readyz")
            assert '"alive":true' in daemon.get("/livez")
            place.mend(whole)
            daemon.until(lambda: '"ready":true' in daemon.get("/readyz"), "it becomes ready")
    finally:
        place.mend(whole)
