"""How fast changes are made and repeated, and since when the one exceeds the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from reconciler.engine.assess_generation import WARN_AFTER, behind_text, behind_warnings, progress_sentence
from reconciler.model.identity import Identity
from reconciler.model.records import Generation, GenerationPhase
from reconciler.mover.replay_pace import ReplayPace

NOW = datetime(2026, 10, 1, tzinfo=UTC)


def generation() -> Generation:
    identity = Identity(None, "arn", "1")
    return Generation("orders", GenerationPhase.REPLAY, 2, "orders", "orders-g2", identity, ("id HASH S",), NOW)


def replayed(record: Generation, *, seconds: int, each: int, share: float, lag: float) -> Generation:
    """A replay of so many changes each second, made in this share of a second; ``lag`` is that of the first."""
    pace = ReplayPace(0.0)
    for second in range(seconds):
        now = NOW + timedelta(seconds=second)
        until = NOW - timedelta(seconds=lag) + timedelta(seconds=second * share)
        record = pace.repeated(record, each, until, now, float(second))
    return record


def test_an_application_that_writes_faster_is_measured_and_told() -> None:
    record = replayed(generation(), seconds=13, each=80, share=0.5, lag=60)
    assert (record.change_rate, record.replay_rate) == (160, 80)
    assert record.lag == 66
    assert record.behind_since is not None
    text = behind_text(record) or ""
    assert "160 changes a second are made to orders" in text
    assert "only about 80 are repeated" in text
    assert "raise the capacity of orders-g2" in text
    assert text in progress_sentence(record)


def test_a_replay_that_catches_up_is_not_behind() -> None:
    record = replayed(generation(), seconds=13, each=80, share=4, lag=600)
    assert (record.change_rate, record.replay_rate) == (20, 80)
    assert record.behind_since is None
    assert behind_text(record) is None


def test_a_replay_that_is_seconds_behind_needs_no_word() -> None:
    assert replayed(generation(), seconds=13, each=80, share=0.9, lag=1).behind_since is None


def test_the_first_measurement_that_is_fast_enough_ends_it() -> None:
    behind = replayed(generation(), seconds=13, each=80, share=0.5, lag=60)
    assert replayed(behind, seconds=13, each=80, share=3, lag=600).behind_since is None
    assert replayed(behind, seconds=2, each=1, share=1, lag=0).behind_since is None


def test_it_is_behind_since_the_first_measurement_that_says_so() -> None:
    behind = replayed(generation(), seconds=13, each=80, share=0.5, lag=60)
    later = replayed(behind, seconds=13, each=80, share=0.5, lag=90)
    assert later.behind_since == behind.behind_since


def test_a_burst_within_one_second_of_the_stream_divides_by_no_zero() -> None:
    record = replayed(generation(), seconds=8, each=500, share=0, lag=60)
    assert (record.change_rate, record.replay_rate) == (2500, 500)


def test_a_warning_comes_after_a_while_and_only_during_the_work() -> None:
    record = replayed(generation(), seconds=13, each=80, share=0.5, lag=60)
    since = record.behind_since
    assert since is not None
    assert not list(behind_warnings([record], since + WARN_AFTER - timedelta(seconds=1)))
    (warning,) = behind_warnings([record], since + WARN_AFTER)
    assert "160 changes a second" in warning
    assert "24 hours" in warning
