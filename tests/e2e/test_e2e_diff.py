"""``diff`` with live tables: declarations against an endpoint, and two endpoints. Nothing is written."""

from __future__ import annotations

from pathlib import Path

from e2e.test_e2e_import import by_hand, make, seen
from support.endpoints import Live
from support.tool import Tool

USERS = """
table_name: users
key_schema: [{AttributeName: pk, KeyType: HASH}]
attribute_definitions: [{AttributeName: pk, AttributeType: S}]
"""


def test_declarations_are_compared_with_live_tables(moto: Live, tmp_path: Path) -> None:
    by_hand(moto)
    before, tool = seen(moto), Tool(moto.url, tmp_path)
    tool.write("users.yaml", USERS + "time_to_live: {attribute: gone_at}\n")
    tool.write("missing.yaml", USERS.replace("users", "missing"))
    done = tool.run("diff", "desired_state", "live")
    assert done.exit_code == 2
    assert done.stdout.splitlines() == [
        "A: desired_state; B: live",
        "- missing  (only in A)",
        "~ users",
        "       ttl.enabled: true → false",
        '       ttl.attribute: "gone_at" → none',
        "Different: 1 table changed, 1 only in A, 0 only in B.",
    ], done.stdout
    assert "at live, and not declared in desired_state: orders.v2, sessions" in done.stderr
    turned = tool.run("diff", moto.url, "desired_state").stdout
    assert "       ttl.enabled: false → true" in turned
    assert "+ missing  (only in B)" in turned
    assert seen(moto) == before
    assert "reconciler_state" not in moto.client.list_tables()["TableNames"]


def test_live_tables_as_declared_are_equal(moto: Live, tmp_path: Path) -> None:
    make(moto, "users")
    tool = Tool(moto.url, tmp_path)
    tool.write("users.yaml", USERS)
    done = tool.run("diff", "live", "desired_state")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "Equal: 1 table."), done.stderr


def test_two_endpoints_are_compared_whole(moto: Live, tmp_path: Path) -> None:
    by_hand(moto)
    done = Tool(moto.url, tmp_path).run("diff", "live", moto.url)
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "Equal: 3 tables."), done.stdout + done.stderr
