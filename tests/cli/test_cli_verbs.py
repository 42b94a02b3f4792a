"""The verbs restore and rebuild-index: what they ask the tool for, how they end, and what they refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

from support.fake_wiring import FakeWiring

from reconciler.engine.commands import CommandResult
from reconciler.model.table import OnDemandThroughput, RestoreOverrides, Sse, Throughput

LEFT = CommandResult(("It goes on.",), finished=False, data={"table": "users", "state": "building"})


def test_restore_asks_for_a_backup_or_a_time(cli: Callable, fake: FakeWiring) -> None:
    assert cli("restore users --from nightly --to users-2").code == 0
    assert cli("restore users --at 2026-01-31T12:00:00Z --to users-3").code == 0
    assert [call for call in fake.calls if call[0] == "restore"] == [
        ("restore", "users", "users-2", "nightly", None),
        ("restore", "users", "users-3", None, "2026-01-31T12:00:00Z"),
    ]


def test_restore_takes_overrides_and_reports_its_progress(cli: Callable, fake: FakeWiring) -> None:
    words = "--billing-mode PROVISIONED --read-capacity 5 --write-capacity 6 --kms-key alias/app"
    ended = cli(f"restore users --from nightly --to users-2 {words} --without-index by_mail --without-index by_name")
    assert (ended.code, "users-2: begun" in ended.err) == (0, True)
    left_out = ("by_mail", "by_name")
    assert fake.overrides == RestoreOverrides("PROVISIONED", Throughput(5, 6), None, Sse(True, "alias/app"), left_out)
    assert cli("restore users --at latest --to users-2 --max-read 9 --kms-key owned --without-indexes").code == 0
    assert fake.overrides == RestoreOverrides(maximum=OnDemandThroughput(9), sse=Sse(False), no_indexes=True)


def test_restore_with_half_of_a_throughput_is_a_usage_error(cli: Callable) -> None:
    ended = cli("restore users --from nightly --to users-2 --read-capacity 5")
    assert (ended.code, "Give both" in ended.err) == (1, True)


def test_restore_without_a_name_for_the_new_table_is_a_usage_error(cli: Callable) -> None:
    ended = cli("restore users --from nightly")
    assert ended.code == 1
    assert "--to" in ended.err


def test_unfinished_work_exits_with_2_and_reports_it_as_json(cli: Callable, fake: FakeWiring) -> None:
    fake.reported = LEFT
    ended = cli("rebuild-index users by_mail --yes -o json")
    assert ended.code == 2
    answer = json.loads(ended.out)
    assert (answer["finished"], answer["state"], answer["messages"]) == (False, "building", ["It goes on."])


def test_rebuild_index_passes_name_and_hold(cli: Callable, fake: FakeWiring) -> None:
    assert cli("rebuild-index users by_mail --as mail2 --hold 2h --yes").code == 0
    assert ("rebuild_index", "users", "by_mail", "mail2", timedelta(hours=2)) in fake.calls


def test_rebuild_index_asks_and_off_a_terminal_it_needs_a_yes(cli: Callable, fake: FakeWiring) -> None:
    ended = cli("rebuild-index users by_mail")
    assert ended.code == 1
    assert "--yes" in ended.err
    assert fake.calls == []


def test_cancelling_needs_no_yes_and_touches_no_index(cli: Callable, fake: FakeWiring) -> None:
    assert cli("rebuild-index users by_mail --cancel").code == 0
    assert ("cancel_rebuild", "users") in fake.calls


def test_a_hold_that_is_not_a_duration_is_reported(cli: Callable, fake: FakeWiring) -> None:
    ended = cli("rebuild-index users by_mail --hold soon --yes")
    assert ended.code == 1
    assert "--hold: invalid value 'soon'; expected a duration" in ended.err
    assert fake.calls == []
