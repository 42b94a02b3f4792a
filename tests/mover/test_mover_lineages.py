"""Which shards may be read, and from when on their records are certainly kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from reconciler.model.identity import Identity
from reconciler.mover.checkpoints import Checkpoints
from reconciler.mover.lineages import READ_UP_TO, SAFE, Lineages, at_text
from reconciler.mover.stream_ports import Shard

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FAMILY = (Shard("a"), Shard("b", "a"), Shard("c", "a"), Shard("d", "gone"))


class Records:
    def __init__(self):
        self.dropped = []

    def put_checkpoint(self, checkpoint):
        pass

    def drop_checkpoint(self, name):
        self.dropped.append(name)


def lineages(shards=FAMILY, **parts):
    checkpoints = Checkpoints(
        Records(), {}, table="orders", work="stream", identity=Identity(None, "arn", "1"), started_as="g2"
    )
    for name, (finished, read) in parts.items():
        checkpoints.save(replace(checkpoints.named(name), finished=finished, data={READ_UP_TO: at_text(read)}))
    return Lineages(shards, checkpoints, NOON)


def names(shards):
    return [shard.id for shard in shards]


def test_children_wait_for_their_parent_and_not_for_one_that_is_no_longer_listed():
    assert names(lineages().ready()) == ["a", "d"]
    assert names(lineages(a=(False, NOON)).ready()) == ["a", "d"]
    assert names(lineages(a=(True, NOON)).ready()) == ["b", "c", "d"]
    assert names(lineages(a=(True, NOON)).ready(lambda name: name == "c")) == ["b", "d"]


def test_leaves_are_the_shards_that_nothing_continues():
    assert names(lineages().leaves()) == ["b", "c", "d"]


def test_a_shard_has_no_older_records_than_what_was_read_of_its_parent():
    some = lineages(a=(True, NOON + 5 * HOUR))
    assert some.known_since(FAMILY[1]) == NOON + 5 * HOUR
    assert some.known_since(FAMILY[3]) == NOON
    assert some.nothing_dropped(FAMILY[1], NOON + 5 * HOUR + SAFE - HOUR)
    assert not some.nothing_dropped(FAMILY[1], NOON + 5 * HOUR + SAFE)
    assert not some.nothing_dropped(FAMILY[3], NOON + SAFE)


def test_checkpoints_of_shards_that_nobody_needs_are_outdated():
    some = lineages(a=(True, NOON), gone=(True, NOON), older=(True, NOON))
    assert some.outdated() == ("older",)
