"""Rounds: contenders take turns, slow groups end early, and only a peer may fail."""

from itertools import count

import pytest

from benchmarks.context import Bench, Sizes
from benchmarks.harness import BenchmarkError, Contender, measure


def never(sentence):
    raise AssertionError(sentence)


def recorder(log, *names, **options):
    return [Contender(name, lambda name=name: log.append(name) or float(len(log)), **options) for name in names]


def test_each_round_begins_with_another_contender():
    log = []
    samples = measure(recorder(log, "a", "b", "c"), 3, 60, never, warm=False)
    assert "".join(log) == "abcbcacab"
    assert samples["a"].values == (1.0, 6.0, 8.0)


def test_the_warm_up_is_not_counted():
    log = []
    samples = measure(recorder(log, "a", "b"), 2, 60, never)
    assert log[:2] == ["a", "b"]
    assert all(len(sample.values) == 2 for sample in samples.values())


def test_preparing_is_not_part_of_the_figure():
    log = []
    contender = Contender("a", lambda: log.append("run") or 1.0, lambda: log.append("before"))
    measure([contender], 2, 60, never, warm=False)
    assert log == ["before", "run"] * 2


def test_no_round_begins_after_the_time_is_used_up_but_three_are_measured():
    ticks = count(0, 100)
    samples = measure(recorder([], "a"), 5, 60, never, warm=False, clock=lambda: float(next(ticks)))
    assert len(samples["a"].values) == 3


def test_a_run_that_has_used_up_its_time_measures_one_round_and_says_so():
    with Bench(Sizes(rounds=5, seconds=0)) as bench:
        samples = bench.samples(recorder([], "a"), 60)
    assert len(samples["a"].values) == 1
    assert bench.notes == ["The run had used up its time; what it measured last has one round."]


def test_a_contender_may_ask_for_fewer_rounds():
    log = []
    samples = measure(recorder(log, "a") + recorder(log, "peer", rounds=2), 4, 60, never, warm=False)
    assert (len(samples["a"].values), len(samples["peer"].values)) == (4, 2)


@pytest.mark.parametrize("warm", [True, False])
def test_a_peer_that_takes_too_long_is_measured_once(warm):
    now = [0.0]

    def slow():
        now[0] += 16
        return 16.0

    contenders = [*recorder([], "a"), Contender("peer", slow, optional=True)]
    samples = measure(contenders, 3, 600, never, warm=warm, clock=lambda: now[0])
    assert len(samples["a"].values) == 3
    assert samples["peer"].values == (16.0,)


def test_a_peer_that_fails_is_left_out_with_a_note():
    def fails():
        raise BenchmarkError("no such table")

    notes = []
    contenders = [*recorder([], "a"), Contender("peer", fails, optional=True)]
    samples = measure(contenders, 2, 60, notes.append)
    assert list(samples) == ["a"]
    assert notes == ["peer was left out: no such table"]


def test_another_one_that_fails_ends_the_goal():
    def fails():
        raise BenchmarkError("the pass found drift")

    with pytest.raises(BenchmarkError, match="found drift"):
        measure([Contender("reconciler", fails)], 2, 60, never)
