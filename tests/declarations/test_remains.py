"""A table counts as removed only if no file defines it any more, also where its name is computed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from support.folders import write

from reconciler.declarations.folder import FolderSource
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.desired import Undeclared
from reconciler.model.errors import Problem

KEYS = (
    "BillingMode: PAY_PER_REQUEST, KeySchema: [{AttributeName: pk, KeyType: HASH}], "
    "AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]"
)
OURS = (
    "key_schema: [{AttributeName: pk, KeyType: HASH}]\nattribute_definitions: [{AttributeName: pk, AttributeType: S}]\n"
)
KEPT = f"table_name: kept\n{OURS}"
HEAD = "Parameters:\n  Stage: {Type: String, Default: dev}\n  Name: {Type: String, Default: users-of-all}\nResources:\n"
KEPT_RESOURCE = f"  Kept:\n    Type: AWS::DynamoDB::Table\n    Properties: {{TableName: kept, {KEYS}}}\n"


def resource(name: str, logical_id: str = "Users", more: str = "") -> str:
    """A resource with its properties in lines, as people write it."""
    return (
        f"  {logical_id}:\n    Type: AWS::DynamoDB::Table\n{more}    Properties:\n{name}"
        "      BillingMode: PAY_PER_REQUEST\n"
        "      KeySchema: [{AttributeName: pk, KeyType: HASH}]\n"
        "      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]\n"
    )


def named(text: str) -> str:
    return f"      TableName: {text}\n"


def as_comment(text: str, sign: str = "#") -> str:
    return "".join(f"{sign}{line}\n" for line in text.splitlines())


def template(users: str) -> dict[str, str]:
    return {"template.yaml": HEAD + KEPT_RESOURCE + users}


SERVICE = (
    "service: shop\nprovider: {name: aws}\ncustom: {p: app, names: {users: their-users}}\nresources:\n  Resources:\n"
)


def service(users: str) -> dict[str, str]:
    indented = "".join(f"  {line}\n" for line in (KEPT_RESOURCE + users).splitlines())
    return {"serverless.yml": SERVICE + indented}


def of_the_service(users: str) -> dict[str, str]:
    """The resource commented out as an editor does it, at the indentation of its lines."""
    text = service(users)["serverless.yml"]
    plain = service("")["serverless.yml"]
    return {"serverless.yml": plain + as_comment(text.removeprefix(plain), "    # ")}


CLASS = (
    "PREFIX = 'app'\n\n\nclass {name}Table:\n    SCHEMA = {{\n        'table_name': {value},\n"
    "        'key_schema': [{{'AttributeName': 'pk', 'KeyType': 'HASH'}}],\n"
    "        'attribute_definitions': [{{'AttributeName': 'pk', 'AttributeType': 'S'}}],\n    }}\n\n"
    "    @classmethod\n    def get_schema(cls, environment=None):\n        return dict(cls.SCHEMA)\n"
)

SUB, JOIN = resource(named("!Sub users-${Stage}")), resource(named('!Join ["-", [users, !Ref Stage]]'))
BLOCK_JOIN = resource(
    '      TableName:\n        Fn::Join:\n          - "-"\n          - - users\n            - Ref: Stage\n'
)
STACK = resource(named("!Sub ${AWS::StackName}-users"))
REF, DERIVED = resource(named("!Ref Name")), resource("")
SERVERLESS, OF_CUSTOM = resource(named("${self:custom.p}-users")), resource(named("${self:custom.names.users}"))
FLOW = f"  Users: {{Type: AWS::DynamoDB::Table, Properties: {{TableName: !Sub 'users-${{Stage}}', {KEYS}}}}}\n"
JSON = (
    '{"Parameters": {"Stage": {"Type": "String", "Default": "dev"}}, "Resources": {"Users": {"Type": '
    '"AWS::DynamoDB::Table", "Properties": {"TableName": {"Fn::Sub": "users-${Stage}"}, "BillingMode": '
    '"PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "AttributeDefinitions": '
    '[{"AttributeName": "pk", "AttributeType": "S"}]}}}}\n'
)
VARIABLE = "table_name: users-${TEAM}\nvariables: {TEAM: {default: core}}\n" + OURS
AUDIT = "Conditions:\n  Audit: !Equals [!Ref Stage, prod]\n"
NESTED = KEPT_RESOURCE + "    Metadata:\n" + "".join(f"    {line}\n" for line in SUB.splitlines())

Files = Mapping[str, str]
LEFT: dict[str, tuple[Files, Files]] = {
    "Sub": (template(SUB), template(as_comment(SUB))),
    "Sub, at its indentation": (template(SUB), template(as_comment(SUB, "  # "))),
    "Sub in one line": (template(FLOW), template(as_comment(FLOW))),
    "Sub with the stack": (template(STACK), template(as_comment(STACK))),
    "Join": (template(JOIN), template(as_comment(JOIN))),
    "Join in lines": (template(BLOCK_JOIN), template(as_comment(BLOCK_JOIN))),
    "a parameter": (template(REF), template(as_comment(REF))),
    "a name that follows from the logical ID": (template(DERIVED), template(as_comment(DERIVED))),
    "the same in one line": (
        template(f"  Users: {{DeletionPolicy: Delete, Type: AWS::DynamoDB::Table, Properties: {{{KEYS}}}}}\n"),
        template(f"#  Users: {{DeletionPolicy: Delete, Type: AWS::DynamoDB::Table, Properties: {{{KEYS}}}}}\n"),
    ),
    "the resource without its name": (
        template(DERIVED),
        template(as_comment(DERIVED.replace("  Users:\n", "  Users: #\n"))),
    ),
    "moved into the metadata of another": (template(SUB), {"template.yaml": HEAD + NESTED}),
    "serverless": (service(SERVERLESS), of_the_service(SERVERLESS)),
    "a value of serverless": (service(OF_CUSTOM), of_the_service(OF_CUSTOM)),
    "serverless without a name": (service(DERIVED), of_the_service(DERIVED)),
    "JSON set aside": ({"a.json": JSON, "k.yaml": KEPT}, {"old/tables.txt": JSON, "k.yaml": KEPT}),
    "JSON quoted": (
        {"a.json": JSON, "k.yaml": KEPT},
        {"notes.md": '"' + JSON.strip().replace('"', '\\"') + '"', "k.yaml": KEPT},
    ),
    "our own format": ({"a.yaml": VARIABLE, "k.yaml": KEPT}, {"k.yaml": KEPT + as_comment(VARIABLE)}),
    "an f-string": (
        {"a.py": CLASS.format(name="People", value="f'{PREFIX}-users'"), "k.yaml": KEPT},
        {
            "a.py": CLASS.format(name="Kept2", value="'kept2'")
            + as_comment(CLASS.format(name="People", value="f'{PREFIX}-users'")),
            "k.yaml": KEPT,
        },
    ),
    "a sum of texts": (
        {"a.py": CLASS.format(name="People", value="PREFIX + '-users'"), "k.yaml": KEPT},
        {
            "a.py": CLASS.format(name="Kept2", value="'kept2'")
            + as_comment(CLASS.format(name="People", value="PREFIX + '-users'"), "# "),
            "k.yaml": KEPT,
        },
    ),
}


def remains(
    root: Path, before: Files, after: Files, parameters: Mapping[str, str], later: Mapping[str, str]
) -> tuple[set[str], tuple[Problem, ...]]:
    """The tables that are declared no more, and what is said about them."""
    folder = root / "folder"
    write(folder, dict(before))
    former = FolderSource(str(folder), None, inputs=TemplateInputs(parameters=parameters)).load()
    for name in before:
        (folder / name).unlink()
    write(folder, dict(after))
    source = FolderSource(str(folder), None, inputs=TemplateInputs(parameters=later))
    desired = source.load()
    declared = {each.spec.name for each in desired.declarations}
    gone = [
        Undeclared(
            each.spec.name,
            frozenset((each.spec.name, each.base_name)),
            each.origin.file if each.origin.file not in desired.files else None,
            each.origin.file,
        )
        for each in former.declarations
        if each.spec.name not in declared
    ]
    return {each.name for each in gone}, source.remains(desired, gone)


@pytest.mark.parametrize("case", LEFT)
def test_a_definition_that_nothing_reads_keeps_its_table_whatever_computes_its_name(case: str, tmp_path: Path) -> None:
    before, after = LEFT[case]
    (name,), (problem,) = remains(tmp_path, before, after, {}, {})
    assert problem.file in after
    assert problem.line is not None
    assert name in problem.reason
    assert f"reconciler release {name}" in problem.remedy


CONDITIONAL = {
    "written out": named("users"),
    "Sub": named("!Sub ${AWS::StackName}-users"),
    "a parameter": named("!Ref Name"),
    "no name": "",
    "a name that is unknown now": named('!Sub "users-${Account}"'),
}


@pytest.mark.parametrize("stored", [False, True], ids=["read", "from the cache"])
@pytest.mark.parametrize("case", CONDITIONAL)
def test_a_resource_whose_condition_does_not_hold_still_defines_its_table(
    case: str, stored: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    text = HEAD.replace("Resources:", f"  Account: {{Type: String}}\n{AUDIT}Resources:")
    files = {"t.yaml": text + KEPT_RESOURCE + resource(CONDITIONAL[case], more="    Condition: Audit\n")}
    folder = write(tmp_path / "folder", files)
    full = TemplateInputs(parameters={"Stage": "prod", "Account": "one"})
    (name,) = {each.spec.name for each in FolderSource(str(folder), None, inputs=full).load().declarations} - {"kept"}
    for _ in range(1 + stored):
        source = FolderSource(str(folder), None, uses_stored=True, inputs=TemplateInputs())
        desired = source.load()
    (problem,) = source.remains(desired, [Undeclared(name, frozenset((name,)), None, "t.yaml")])
    line = files["t.yaml"].splitlines().index("  Users:") + 1
    assert (problem.file, problem.line) == ("t.yaml", line)
    assert "a condition that does not hold" in problem.reason
    assert name in problem.reason


def with_function(users: str) -> Files:
    """Beside the tables a function that is told the name of one."""
    function = (
        "  Reader:\n    Type: AWS::Serverless::Function\n    Properties:\n"
        "      Environment: {Variables: {TABLE_NAME: !Ref Kept}}\n"
        "      Policies:\n        - DynamoDBReadPolicy:\n            TableName: !Ref Kept\n"
    )
    return {"template.yaml": HEAD + KEPT_RESOURCE + users + function}


HELPER = "class Base:\n    def get_table_name(self):\n        return f'app-{self.name}'\n"
POLICY = "#  - DynamoDBReadPolicy:\n#      TableName: !Ref Users\n"
REMOVED: dict[str, tuple[Files, Files]] = {
    "the resource is gone": (template(SUB), template("")),
    "another computed name stays": (
        template(SUB + resource(named("!Sub carts-${Stage}"), "Carts")),
        template(resource(named("!Sub carts-${Stage}"), "Carts")),
    ),
    "another name with the same prefix stays": (
        template(STACK + resource(named("!Sub ${AWS::StackName}-carts"), "Carts")),
        template(resource(named("!Sub ${AWS::StackName}-carts"), "Carts")),
    ),
    "another parameter stays": (
        template(DERIVED + resource(named("!Ref Name"), "Carts")),
        template(resource(named("!Ref Name"), "Carts")),
    ),
    "a function uses a table": (with_function(SUB), with_function("")),
    "another derived name stays": (
        template(DERIVED + resource("", "Carts")),
        template(resource("", "Carts")),
    ),
    "another resource is commented out": (
        template(SUB + resource(named("!Sub carts-${Stage}"), "Carts")),
        template(as_comment(resource(named("!Sub baskets-${Stage}"), "Baskets"))),
    ),
    "a parameter of another file is commented out": (
        {"a.yaml": HEAD + SUB, **template("")},
        template(as_comment(REF)),
    ),
    "a policy that is commented out": (
        template(SUB),
        template("")
        | {"k.yaml": f"#  - DynamoDBReadPolicy:\n#      TableName: !Ref Users\n{KEPT.replace('kept', 'kept2')}"},
    ),
    "a method computes the names of all": (
        {"a.yaml": f"table_name: app-users\n{OURS}", "b.yaml": f"table_name: app-carts\n{OURS}", "base.py": HELPER},
        {"b.yaml": f"table_name: app-carts\n{OURS}", "base.py": HELPER},
    ),
}


@pytest.mark.parametrize("case", REMOVED)
def test_a_definition_of_something_else_keeps_no_table(case: str, tmp_path: Path) -> None:
    before, after = REMOVED[case]
    gone, problems = remains(tmp_path, before, after, {}, {})
    assert gone
    assert problems == ()


def test_a_resource_with_a_condition_that_was_removed_keeps_no_table(tmp_path: Path) -> None:
    text = HEAD.replace("Resources:", f"{AUDIT}Resources:")
    before = {"t.yaml": text + KEPT_RESOURCE + resource(named("!Sub users-${Stage}"), more="    Condition: Audit\n")}
    gone, problems = remains(tmp_path, before, {"t.yaml": text + KEPT_RESOURCE}, {"Stage": "prod"}, {})
    assert (gone, problems) == ({"users-prod"}, ())
