"""A table whose name is computed is not deleted while a file still defines it: as a comment, or behind a condition."""

from __future__ import annotations

from pathlib import Path

import pytest
from engine.test_engine_removals import converged, messages
from support.folders import write

from reconciler.model.report import Verdict

RESOURCE = """  {id}:
    Type: AWS::DynamoDB::Table
{more}    Properties:
{name}      BillingMode: PAY_PER_REQUEST
      KeySchema: [{{AttributeName: pk, KeyType: HASH}}]
      AttributeDefinitions: [{{AttributeName: pk, AttributeType: S}}]
"""
HEAD = "Parameters: {Stage: {Type: String, Default: dev}, With: {Type: String, Default: 'yes'}}\n"
HEAD += "Conditions: {Audit: !Equals [!Ref With, 'yes']}\nResources:\n"
NAMES = {
    "Fn::Sub": "      TableName: !Sub users-${Stage}\n",
    "Fn::Sub, long form": '      TableName: {"Fn::Sub": "users-${Stage}"}\n',
    "Fn::Join": '      TableName: !Join ["-", [users, !Ref Stage]]\n',
    "no name": "",
    "nothing written out": "      TableName: !Sub '${Stage}'\n",
}


def resource(name: str, logical_id: str = "Users", more: str = "") -> str:
    return RESOURCE.format(id=logical_id, name=name, more=more)


ORDERS = resource("      TableName: !Sub orders-${Stage}\n", "Orders")


def comment(text: str) -> str:
    return "".join(f"#{line}\n" for line in text.splitlines())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("how", ["a comment", "a condition"])
def test_a_resource_that_is_still_there_keeps_its_table(tmp_path: Path, name: str, how: str) -> None:
    users = resource(NAMES[name], more="    Condition: Audit\n")
    sim = converged(tmp_path, {"template.yaml": HEAD + ORDERS + users})
    (table,) = (each for each in sim.dynamodb.tables if not each.startswith("orders"))
    now = {
        "a comment": {"template.yaml": HEAD + ORDERS + comment(users)},
        "a condition": {"template.yaml": HEAD.replace("Default: 'yes'", "Default: 'no'") + ORDERS + users},
    }[how]
    write(tmp_path, now)
    for _ in range(2):
        report = sim.once()
        assert report.verdict is Verdict.ERROR, messages(report)
        assert "still defines" in messages(report)
        assert table in messages(report)
    assert "theirs" in sim.dynamodb.tables[table].items


def test_a_resource_that_is_removed_removes_its_table(tmp_path: Path) -> None:
    sim = converged(tmp_path, {"template.yaml": HEAD + ORDERS + resource(NAMES["Fn::Sub"])})
    write(tmp_path, {"template.yaml": HEAD + ORDERS})
    for _ in range(3):
        report = sim.once()
        sim.clock.seconds += 3600
    assert (report.verdict, set(sim.dynamodb.tables)) == (Verdict.IN_SYNC, {"orders-dev"}), messages(report)


OTHERS = {
    "a variable of serverless": (
        "serverless.yml",
        "service: shop\nprovider: {name: aws}\ncustom: {p: app}\nresources:\n  Resources:\n",
        [
            "    ABLE:\n      Type: AWS::DynamoDB::Table\n      Properties:\n        TableName: ${self:custom.p}-NAME\n"
            "        BillingMode: PAY_PER_REQUEST\n"
            "        KeySchema: [{AttributeName: pk, KeyType: HASH}]\n"
            "        AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]\n".replace("ABLE", each).replace(
                "NAME", each.lower()
            )
            for each in ("Orders", "Users")
        ],
        "app-users",
    ),
    "a variable of our own": (
        "tables.yaml",
        "",
        [
            "---\nvariables: {P: {default: app}}\n" + f'table_name: "${{P}}-{each}"\n'
            "key_schema: [{AttributeName: pk, KeyType: HASH}]\n"
            "attribute_definitions: [{AttributeName: pk, AttributeType: S}]\n"
            for each in ("orders", "users")
        ],
        "app-users",
    ),
}


@pytest.mark.parametrize("case", OTHERS)
def test_a_definition_in_a_comment_keeps_its_table(tmp_path: Path, case: str) -> None:
    file, head, (orders, users), table = OTHERS[case]
    sim = converged(tmp_path, {file: head + orders + users})
    write(tmp_path, {file: head + orders + comment(users)})
    for _ in range(2):
        report = sim.once()
        assert report.verdict is Verdict.ERROR
        assert "still defines" in messages(report)
        assert table in messages(report)
    assert "theirs" in sim.dynamodb.tables[table].items


@pytest.mark.parametrize("where", ["gone", "outside the folder"])
def test_a_service_that_includes_a_file_which_is_not_there_deletes_nothing(tmp_path: Path, where: str) -> None:
    _, head, (orders, _), _ = OTHERS["a variable of serverless"]
    include = "  - ${file(users.yml)}\n  - Resources:\n"
    service = head.replace("  Resources:\n", include) + "".join(f"  {line}\n" for line in orders.splitlines())
    folder = tmp_path / "declared"
    users = "Resources:\n" + resource("      TableName: users\n")
    sim = converged(folder, {"serverless.yml": service, "users.yml": users})
    (folder / "users.yml").rename(tmp_path / "users.yml")
    if where == "outside the folder":
        write(folder, {"serverless.yml": service.replace("file(users", "file(../users")})
    for _ in range(2):
        report = sim.once()
        path = "users.yml" if where == "gone" else "../users.yml"
        assert f"includes {path}, which is not in the folder and may declare tables" in messages(report)
    assert "theirs" in sim.dynamodb.tables["users"].items
    write(folder, {"serverless.yml": service.replace("  - ${file(users.yml)}\n", "")})
    for _ in range(3):
        report = sim.once()
        sim.clock.seconds += 3600
    assert (report.verdict, set(sim.dynamodb.tables)) == (Verdict.IN_SYNC, {"app-orders"}), messages(report)
