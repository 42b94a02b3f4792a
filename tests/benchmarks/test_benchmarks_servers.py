"""The raw client and the canned server against each other."""

import asyncio
import json
import threading
import time
import urllib.request
import zlib
from collections.abc import Iterator

import pytest
from support.raw_server import RawServer, http
from support.waiting import PATIENCE

from benchmarks.canned import Canned, Connection, Counts
from benchmarks.declared import names
from benchmarks.harness import BenchmarkError
from benchmarks.raw import RawClient, prepared

MODEL = {"Table": {"TableName": "model", "TableArn": "arn:aws:dynamodb:ddblocal:000000000000:table/model"}}
TABLES = 250


@pytest.fixture
def behind() -> Iterator[RawServer]:
    """The endpoint behind the canned server; it closes each connection after its response."""
    with RawServer(lambda _: [http("200 OK", b'{"from": "behind"}')]) as server:
        yield server


@pytest.fixture
def canned(behind: RawServer) -> Iterator[str]:
    loop = asyncio.new_event_loop()
    tables = Canned(("127.0.0.1", behind.port), names(TABLES), MODEL)
    listening = loop.run_until_complete(loop.create_server(lambda: Connection(tables), "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    listening.close()
    loop.close()


def asked(url: str, operation: str, body: dict) -> dict:
    with RawClient(url) as raw:
        head, _, content = raw.response(prepared(url, operation, body)).partition(b"\r\n\r\n")
    if b"x-amz-crc32" in head:
        assert f"x-amz-crc32: {zlib.crc32(content)}" in head.decode()
    return json.loads(content)


def test_each_table_is_described_under_its_own_name_arn_and_id(canned):
    tables = [asked(canned, "DescribeTable", {"TableName": name})["Table"] for name in names(2)]
    assert [table["TableName"] for table in tables] == names(2)
    assert [table["TableArn"].rpartition("/")[2] for table in tables] == names(2)
    assert tables[0]["TableId"] != tables[1]["TableId"]


def test_tables_are_listed_by_pages_of_a_hundred(canned):
    listed, page = [], {}
    while True:
        page = asked(canned, "ListTables", {"ExclusiveStartTableName": listed[-1]} if listed else {})
        listed += page["TableNames"]
        if "LastEvaluatedTableName" not in page:
            break
        assert len(page["TableNames"]) == 100
        assert page["LastEvaluatedTableName"] == listed[-1]
    assert listed == names(TABLES)


def test_other_calls_and_other_tables_go_to_the_endpoint_behind(canned, behind):
    assert asked(canned, "PutItem", {"TableName": "state"}) == {"from": "behind"}
    assert asked(canned, "DescribeTable", {"TableName": "state"}) == {"from": "behind"}
    assert len(behind.requests) == 2


def test_a_request_is_sent_again_where_the_kept_connection_behind_was_closed(canned, behind):
    with RawClient(canned, connections=1) as raw:
        raw.send([prepared(canned, "PutItem", {"TableName": "state"})] * 3)
    assert len(behind.requests) == 3


def test_calls_and_connections_are_counted_until_they_are_read(canned):
    with RawClient(canned, connections=4) as raw:
        raw.send(raw.prepared("DescribeTable", ({"TableName": name} for name in names(20))))
    assert Counts.read(canned) == Counts({"DescribeTable": 20}, 4)
    assert Counts.read(canned) == Counts({}, 0)


def test_every_response_waits_for_the_latency(canned):
    Counts.read(canned, latency_ms=30)
    with RawClient(canned, connections=2) as raw:
        seconds = raw.send(raw.prepared("DescribeTable", ({"TableName": name} for name in names(4))))
    assert seconds >= 2 * 0.03
    Counts.read(canned, latency_ms=0)


def test_the_raw_client_names_what_refused_it():
    refused = http("400 Bad Request", b'{"__type": "ResourceInUseException"}')
    with RawServer(lambda _: [refused]) as server, RawClient(server.url, connections=1) as raw:
        request = prepared(server.url, "CreateTable", {"TableName": "t"})
        with pytest.raises(BenchmarkError, match="ResourceInUseException"):
            raw.send([request])


def test_a_refusal_can_be_expected():
    refused = http("400 Bad Request", b'{"__type": "ResourceNotFoundException"}')
    with RawServer(lambda _: [refused]) as server, RawClient(server.url, connections=1) as raw:
        raw.send([prepared(server.url, "DeleteTable", {"TableName": "t"})], refused=("ResourceNotFoundException",))


def test_the_raw_client_replaces_connections_that_were_closed_while_it_was_idle():
    with RawServer(lambda _: [http("200 OK", b"{}")]) as server, RawClient(server.url, connections=1) as raw:
        for _ in range(2):
            raw.send([prepared(server.url, "ListTables", {})])
            time.sleep(0.05)
        assert len(server.requests) == 2


def test_a_prepared_request_is_one_that_another_client_can_send(canned):
    data = prepared(canned, "DescribeTable", {"TableName": names(1)[0]})
    head, _, body = data.partition(b"\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    assert fields["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=local/")
    with urllib.request.urlopen(urllib.request.Request(canned, body, fields), timeout=PATIENCE) as response:
        assert json.load(response)["Table"]["TableName"] == names(1)[0]
