"""Counters of tables show exactly what prometheus_client's own counters show, in the same order."""

from __future__ import annotations

import random
import threading
from functools import partial

import pytest
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as openmetrics
from support.waiting import PATIENCE

from reconciler.metrics.events import ACTIONS
from reconciler.metrics.families import family
from reconciler.metrics.table_series import TableCounter

ROW = family("actions_total")
NAMES = ("users", "orders", 'a "quoted" name', "back\\slash", "zwei\nzeilen", "größe")


def pair():
    """Our counter and prometheus_client's, each in a registry."""
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    counter = TableCounter(ROW, "prod")
    ours.register(counter)
    return counter, ours, Counter(ROW.name, ROW.help, ROW.labels, registry=theirs), theirs


@pytest.mark.parametrize("write", [generate_latest, openmetrics], ids=["text", "openmetrics"])
@pytest.mark.parametrize("seed", range(20))
def test_the_text_is_that_of_a_counter_of_prometheus_client(seed, write):
    chance = random.Random(seed)
    counter, ours, reference, theirs = pair()
    for _ in range(chance.randrange(40)):
        table = chance.choice(NAMES)
        if chance.random() < 0.4:
            series = tuple(chance.sample(ACTIONS, chance.randrange(len(ACTIONS))))
            counter.start(table, series)
            for labels in series:
                reference.labels("prod", table, *labels)
        else:
            labels, amount = chance.choice(ACTIONS), chance.choice([1, 3, 10**12])
            counter.add(table, labels, amount)
            reference.labels("prod", table, *labels).inc(amount)
    assert write(ours) == write(theirs)


def test_the_name_cannot_be_registered_twice():
    _, ours, _, _ = pair()
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        Counter(ROW.name, ROW.help, ROW.labels, registry=ours)


@pytest.mark.parametrize(
    ("series", "new"),
    [
        (ACTIONS, False),
        (ACTIONS[:1], False),
        ((), False),
        ((*ACTIONS, ("other", "success")), True),
    ],
)
def test_only_what_is_new_is_started(series, new):
    counter, _, _, _ = pair()
    assert counter.start("users", ACTIONS)
    assert counter.start("users", series) is new


def test_counts_of_several_threads_add_up_while_others_read():
    counter, ours, _, _ = pair()
    go = threading.Barrier(5)

    def count(number: int) -> None:
        go.wait(PATIENCE)
        for step in range(500):
            counter.add(f"t{step % 50}", ACTIONS[number])

    threads = [threading.Thread(target=partial(count, number % 2), daemon=True) for number in range(4)]
    for thread in threads:
        thread.start()
    go.wait(PATIENCE)
    while any(thread.is_alive() for thread in threads):
        generate_latest(ours)
    [metric] = ours.collect()
    assert sum(sample.value for sample in metric.samples) == 2000
