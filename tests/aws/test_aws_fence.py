"""The fence: a process whose lease ran out between its last check and the socket sends nothing that destroys."""

from __future__ import annotations

import pytest
from support.fakes import Quiet
from support.scripted import ScriptedServer, answer

from reconciler.aws.session import connect
from reconciler.model.change import Call
from reconciler.model.errors import Busy, Malformed

DELETE = Call("DeleteTable", {"TableName": "users"})


def test_beyond_its_lease_no_delete_leaves_the_process() -> None:
    with ScriptedServer(answer({})) as server:
        connection = connect(server.url, None, 2, Quiet())
        connection.fence = lambda: False
        with pytest.raises(Busy, match="LeaseLost"):
            connection.tables.write(DELETE)
        assert server.seen == []


def test_within_its_lease_and_without_a_fence_it_does() -> None:
    for fence in (lambda: True, None):
        with ScriptedServer(answer({})) as server:
            connection = connect(server.url, None, 2, Quiet())
            connection.fence = fence
            with pytest.raises(Malformed):
                connection.tables.write(DELETE)
            assert server.seen == ["DeleteTable"]


def test_reading_continues_behind_the_fence() -> None:
    with ScriptedServer(answer({"TableNames": []})) as server:
        connection = connect(server.url, None, 2, Quiet())
        connection.fence = lambda: False
        assert connection.tables.list_tables() == ()
        assert server.seen == ["ListTables"]
