"""Facet backups: when one is due, which ones are ours, and which of them go."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from support.responses import answers
from support.specs import NAME, declaration, observed, spec

from reconciler.aws.validator import OfflineValidator
from reconciler.facets import backup_names, cron
from reconciler.facets.backups import BackupsFacet
from reconciler.model.backups import PATTERN, Backups, TakenBackup
from reconciler.model.change import Call
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.plan import StepStatus
from reconciler.planning.observe import observe
from reconciler.planning.planner import plan

BORN = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
NIGHTLY = Backups("0 3 * * *", 2)
FACET = BackupsFacet()

LAST_DUE = {
    "every night": ("0 3 * * *", "2026-03-10T03:00"),
    "due at this very minute": ("30 12 * * *", "2026-03-10T12:30"),
    "later today means yesterday": ("31 12 * * *", "2026-03-09T12:31"),
    "every quarter of an hour": ("*/15 * * * *", "2026-03-10T12:30"),
    "a range of hours with a step": ("0 1-9/4 * * *", "2026-03-10T09:00"),
    "Sundays by number": ("0 0 * * 0", "2026-03-08T00:00"),
    "Sundays by the other number": ("0 0 * * 7", "2026-03-08T00:00"),
    "working days by name": ("0 22 * * mon-fri", "2026-03-09T22:00"),
    "the first of a month": ("0 0 1 * *", "2026-03-01T00:00"),
    "a month by name": ("0 0 1 feb *", "2026-02-01T00:00"),
    "29 February": ("0 0 29 2 *", "2024-02-29T00:00"),
    "the first or a Monday, either is enough": ("0 0 1 * 1", "2026-03-09T00:00"),
    "a list": ("5,35 12 * * *", "2026-03-10T12:05"),
    "an alias": ("@monthly", "2026-03-01T00:00"),
    "the last day of a month": ("0 0 L * *", "2026-02-28T00:00"),
    "the first Monday of a month": ("0 0 * * mon#1", "2026-03-02T00:00"),
}


@pytest.mark.parametrize("case", LAST_DUE)
def test_a_schedule_was_last_due(case: str) -> None:
    text, expected = LAST_DUE[case]
    assert cron.parse(text).last(NOW) == datetime.fromisoformat(f"{expected}+00:00")


def test_a_schedule_is_judged_in_utc_and_a_second_within_its_minute_still_counts() -> None:
    berlin = timezone(timedelta(hours=1))
    due = cron.parse("30 12 * * *").last(datetime(2026, 3, 10, 13, 30, 0, 1, tzinfo=berlin))
    assert due == NOW
    assert due.tzinfo is UTC


def test_a_day_that_never_comes_is_never_due() -> None:
    assert cron.parse("0 0 30 2 *").last(NOW) is None


NO_SCHEDULES = (
    "",
    "0 3 * *",
    "0 0 3 * * *",
    "60 * * * *",
    "0 24 * * *",
    "x * * * *",
    "*/0 * * * *",
    "5-1 * * * *",
    "0 0 0 * *",
    "-",
)


@pytest.mark.parametrize("text", NO_SCHEDULES)
def test_an_invalid_schedule_is_reported(text: str) -> None:
    with pytest.raises(ValueError, match=r"has "):
        cron.parse(text)


def test_the_field_that_is_wrong_is_named_with_what_it_takes() -> None:
    with pytest.raises(ValueError, match=r"has the weekday 'mom'; expected .* within 0 to 7"):
        cron.parse("0 3 * * mom")


def taken(hours_ago: float, *, name: str | None = None, status: str = "AVAILABLE") -> TakenBackup:
    at = NOW - timedelta(hours=hours_ago)
    name = name or backup_names.name_of(PATTERN, NAME, at)
    return TakenBackup(name, f"arn:backup/{name}", at, status)


def live(*backups: TakenBackup, now: datetime = NOW, born: datetime = BORN) -> ObservedTable:
    return observed(spec(backups=Backups(taken=backups, seen_at=now, born=born)))


def calls(want: Backups, table: ObservedTable) -> list[Call]:
    desired = spec(backups=want)
    return [FACET.request(change, desired, table) for change in FACET.diff(desired, table.spec)]


def test_where_there_is_none_one_is_due_and_named_by_its_time() -> None:
    (call,) = calls(NIGHTLY, live())
    assert call.operation == "CreateBackup"
    assert call.params["BackupName"].startswith("subject-20260310T030000Z-")
    assert OfflineValidator().problem(call) is None


def test_the_backup_of_the_last_due_time_is_enough() -> None:
    assert calls(NIGHTLY, live(taken(9.5))) == []
    assert calls(NIGHTLY, live(taken(9.5, status="CREATING"))) == []


def test_an_older_one_is_not() -> None:
    assert [call.operation for call in calls(NIGHTLY, live(taken(33.5)))] == ["CreateBackup"]


def test_nothing_was_due_before_the_table_was_made() -> None:
    assert calls(NIGHTLY, live(born=NOW - timedelta(hours=1))) == []


def test_beyond_the_number_to_keep_the_oldest_own_backups_are_deleted() -> None:
    old, older, oldest = taken(33.5), taken(57.5), taken(81.5)
    gone = calls(NIGHTLY, live(oldest, older, old, taken(9.5)))
    assert [(call.operation, call.params["BackupArn"]) for call in gone] == [
        ("DeleteBackup", oldest.arn),
        ("DeleteBackup", older.arn),
    ]
    assert [OfflineValidator().problem(Call("DeleteBackup", {"BackupArn": "x" * 40}))] == [None]


def test_one_that_is_still_being_made_does_not_count_as_kept() -> None:
    assert calls(replace(NIGHTLY, keep=1), live(taken(33.5), taken(9.5, status="CREATING"))) == []


UNMANAGED = {
    "a person's": "before-the-release",
    "one that looks like ours but has no mark": "subject-20260101T000000Z",
    "one with a mark that is not right": "subject-20260101T000000Z-00000000",
    "ours of another table": backup_names.name_of(PATTERN, "other", BORN),
    "ours by another pattern": backup_names.name_of("nightly-{time}", NAME, BORN),
    "one before a delete": backup_names.name_of("{table}-before-delete-{time}", NAME, BORN),
}


@pytest.mark.parametrize("name", UNMANAGED.values(), ids=list(UNMANAGED))
def test_a_foreign_backup_is_never_pruned_and_never_counts(name: str) -> None:
    unmanaged_table = taken(9.0, name=name)
    assert [call.operation for call in calls(replace(NIGHTLY, keep=1), live(unmanaged_table))] == ["CreateBackup"]
    assert calls(replace(NIGHTLY, keep=1), live(unmanaged_table, taken(9.5))) == []


@pytest.mark.parametrize("pattern", [PATTERN, "{time}", "n.{table}.{time}.x", "{time}-{table}"])
def test_a_backup_name_yields_its_time_only_in_our_own_pattern(pattern: str) -> None:
    name = backup_names.name_of(pattern, "a.b", NOW)
    assert backup_names.time_of(name, pattern, "a.b") == NOW
    assert backup_names.time_of(name, pattern, "axb") is None


def summary(name: str, at: datetime, **more: str) -> dict[str, object]:
    return {
        "BackupName": name,
        "BackupArn": f"arn:{name}",
        "BackupCreationDateTime": at,
        "BackupStatus": "AVAILABLE",
    } | more


def seen(*summaries: dict[str, object]) -> Backups | None:
    table = answers(CreationDateTime=BORN).answers
    return FACET.observe(Responses({**table, "ListBackups": {"BackupSummaries": list(summaries)}}, seen_at=NOW))


def test_backups_of_an_earlier_table_of_the_name_are_not_this_ones() -> None:
    earlier = summary("earlier", BORN - timedelta(days=1))
    ours, other = summary("ours", NOW, TableId="id-1"), summary("other", NOW, TableId="id-0")
    value = seen(earlier, other, ours, summary("gone", NOW, BackupStatus="DELETED"))
    assert value is not None
    assert [backup.name for backup in value.taken] == ["ours"]


def test_a_schedule_where_the_endpoint_has_no_backups_is_reported_and_nothing_is_sent() -> None:
    responses = Responses(answers().answers, frozenset({"ListBackups"}))
    (step,) = plan(declaration(spec(backups=NIGHTLY)), observe(responses))
    assert (step.status, step.call, step.message) == (
        StepStatus.UNSUPPORTED,
        None,
        "the endpoint does not have ListBackups",
    )


def test_where_backups_were_not_asked_nothing_is_known_of_them() -> None:
    assert FACET.observe(answers()) is None
