"""The simulated streams keep the rules of the service that a reader of streams depends on."""

from __future__ import annotations

import pytest
from simulation.clock import VirtualClock
from simulation.simulated_dynamodb import SimulatedDynamoDB

from reconciler.aws.stream_api import BotoStreamApi
from reconciler.mover.stream_ports import IteratorExpired, Start, StreamTrimmed

KEY = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}


class Stream:
    def __init__(self, view="NEW_AND_OLD_IMAGES"):
        self.dynamodb = SimulatedDynamoDB(VirtualClock())
        self.clock = self.dynamodb.clock
        specification = {"StreamEnabled": True, "StreamViewType": view}
        self.table = self.dynamodb.make(TableName="orders", **KEY, StreamSpecification=specification)
        self.arn = self.table.description["LatestStreamArn"]
        self.api = BotoStreamApi(self.dynamodb.streams)

    def put(self, name, version=0):
        self.table.items[name] = {"id": {"S": name}, "version": {"N": str(version)}}

    def all(self):
        found = []
        for shard in self.api.shards(self.arn).shards:
            found += self.api.records(self.api.iterator(self.arn, shard.id, Start())).records
        return found


@pytest.mark.parametrize(
    ("view", "has"),
    [
        ("KEYS_ONLY", (False, False)),
        ("NEW_IMAGE", (True, False)),
        ("OLD_IMAGE", (False, True)),
        ("NEW_AND_OLD_IMAGES", (True, True)),
    ],
)
def test_a_record_has_the_images_of_the_view(view, has):
    stream = Stream(view)
    stream.put("a")
    stream.put("a", 1)
    stream.put("a", 1)
    (_, second) = stream.all()
    assert (second.new is not None, second.old is not None) == has


def test_a_split_closes_a_shard_and_its_children_continue_it():
    stream = Stream()
    stream.put("a")
    stream.dynamodb.streams.split(stream.arn)
    for version in range(4):
        stream.put("a", version + 1)
    parent, *children = stream.api.shards(stream.arn).shards
    assert parent.last is not None
    assert [child.parent for child in children] == [parent.id, parent.id]
    assert stream.api.records(stream.api.iterator(stream.arn, parent.id, Start())).following is None
    assert [record.new["version"]["N"] for record in stream.all()] == ["0", "1", "2", "3", "4"]


def test_iterators_expire_and_records_are_dropped_after_a_day():
    stream = Stream()
    stream.put("a")
    (shard,) = stream.api.shards(stream.arn).shards
    iterator = stream.api.iterator(stream.arn, shard.id, Start())
    sequence = stream.api.records(iterator).records[0].sequence
    stream.clock.seconds += 15 * 60
    with pytest.raises(IteratorExpired):
        stream.api.records(iterator)
    stream.put("b")
    stream.clock.seconds += 24 * 3600 - 60
    stream.put("c")
    assert shard.id in [each.id for each in stream.api.shards(stream.arn).shards]
    stream.clock.seconds += 61
    with pytest.raises(StreamTrimmed):
        stream.api.iterator(stream.arn, shard.id, Start(sequence))
    assert [record.key["id"]["S"] for record in stream.all()] == ["c"]


def test_open_shards_are_closed_after_four_hours():
    stream = Stream()
    stream.put("a")
    stream.clock.seconds += 4 * 3600
    stream.put("a", 1)
    first, second = stream.api.shards(stream.arn).shards
    assert (first.last is None, second.parent, second.last) == (False, first.id, None)


def test_a_stream_that_is_turned_off_takes_no_more_records():
    stream = Stream()
    stream.put("a")
    stream.dynamodb.do("UpdateTable", {"TableName": "orders", "StreamSpecification": {"StreamEnabled": False}})
    stream.put("b")
    page = stream.api.shards(stream.arn)
    assert (page.enabled, len(stream.all())) == (False, 1)
