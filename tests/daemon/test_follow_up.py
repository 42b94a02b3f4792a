"""A pass that left work is followed soon; one that did not leaves it to the interval."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.sample_reports import T0, deferred_step, report, table

from reconciler.daemon.follow_up import FollowUp

INTERVAL = timedelta(seconds=60)


def wrote():
    return report(table(), wrote=True)


def waits():
    return report(table(steps=(deferred_step(),)))


def waits_until(seconds):
    return report(table(steps=(deferred_step(T0 + timedelta(seconds=seconds)),)))


def quiet():
    return report(table())


def delays(follow_up, *reports):
    times = [follow_up.after(each, T0) for each in reports]
    return [time and (time - T0).total_seconds() for time in times]


@pytest.mark.parametrize("busy", [wrote, waits])
def test_passes_that_leave_work_are_followed_after_one_second_doubling_up_to_the_interval(busy):
    assert delays(FollowUp(INTERVAL), *[busy()] * 8) == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_quiet_pass_is_followed_by_the_interval_alone_and_resets_the_delay():
    assert delays(FollowUp(INTERVAL), wrote(), wrote(), quiet(), wrote()) == [1, 2, None, 1]


def test_a_pass_without_a_report_resets_the_delay():
    assert delays(FollowUp(INTERVAL), wrote(), wrote(), None, wrote()) == [1, 2, None, 1]


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (waits_until(30), 30),
        (waits_until(300), 300),
        (waits_until(0.2), 1),
        (waits_until(-5), 1),
        (report(table(steps=(deferred_step(T0 + timedelta(seconds=30)), deferred_step()))), 1),
        (report(table(steps=(deferred_step(T0 + timedelta(seconds=30)),)), wrote=True), 1),
        (report(table(steps=(deferred_step(T0 + timedelta(seconds=9)), deferred_step(T0 + timedelta(seconds=5))))), 5),
    ],
    ids=[
        "a step that waits until 30 s from now is seen again then",
        "a step that waits beyond the interval asks for nothing sooner",
        "a time nearer than a second is a second away",
        "a time in the past is a second away",
        "a step without a time makes it a second",
        "a write makes it a second",
        "of several times the first counts",
    ],
)
def test_not_before(case, expected):
    assert delays(FollowUp(INTERVAL), case) == [expected]


def test_waiting_for_a_known_time_does_not_stretch_the_delay():
    assert delays(FollowUp(INTERVAL), wrote(), waits_until(30), waits_until(30), wrote()) == [1, 30, 30, 1]


def test_what_a_pass_wrote_after_a_long_wait_is_looked_at_soon():
    assert delays(FollowUp(INTERVAL), *[waits()] * 7, wrote(), quiet()) == [1, 2, 4, 8, 16, 32, 60, 1, None]


def test_a_wait_after_a_write_begins_with_the_first_delay():
    assert delays(FollowUp(INTERVAL), *[waits()] * 4, wrote(), waits(), waits()) == [1, 2, 4, 8, 1, 1, 2]


def test_passes_that_write_and_wait_in_turn_slow_down_all_the_same():
    writes = delays(FollowUp(INTERVAL), *[wrote(), waits()] * 7)[::2]
    assert writes == [1, 2, 4, 8, 16, 32, 60]


def test_a_time_nearer_than_the_grown_delay_wins():
    follow_up = FollowUp(INTERVAL)
    delays(follow_up, *[wrote()] * 5)
    soon = report(table(steps=(deferred_step(T0 + timedelta(seconds=3)),)), wrote=True)
    assert delays(follow_up, soon) == [3]


def test_an_interval_shorter_than_a_second_is_the_first_delay():
    assert delays(FollowUp(timedelta(seconds=0.5)), wrote(), wrote()) == [0.5, 0.5]
