"""serverless.yml and resource files of serverless projects as declarations: variables, and what is refused."""

# ruff: noqa: E501 - services and sentences are quoted whole

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.folders import write

from reconciler.declarations.folder import FolderSource
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.desired import DesiredState
from reconciler.model.errors import DeclarationError

TABLE = (
    "AttributeDefinitions: [{AttributeName: pk, AttributeType: S}], "
    "KeySchema: [{AttributeName: pk, KeyType: HASH}], BillingMode: PAY_PER_REQUEST"
)


def service(name: str, more: str = "") -> str:
    """A serverless.yml with one table, and ``more`` at its top."""
    return (
        f"service: shop\nprovider: {{name: aws, stage: \"${{opt:stage, 'dev'}}\"}}\n{more}"
        "resources:\n  Resources:\n"
        f"    Orders: {{Type: AWS::DynamoDB::Table, Properties: {{TableName: {name}, {TABLE}}}}}\n"
    )


def load(folder: Path, files: dict[str, str], **inputs: Any) -> DesiredState:
    write(folder, files)
    return FolderSource(str(folder), inputs.get("environment"), inputs=TemplateInputs(**inputs)).load()


def names(folder: Path, files: dict[str, str], **inputs: Any) -> list[str]:
    return [each.spec.name for each in load(folder, files, **inputs).declarations]


CUSTOM = """custom:
  base: orders
  full: ${self:custom.base}-${self:provider.stage}
  dev: {name: of-dev}
  live: {name: of-live}
  list: [first, second]
  yes: ${strToBool(true)}
params: {default: {size: small}, live: {size: large}}
stages: {default: {params: {place: here}}, live: {params: {place: there}}}
"""
NAMES: dict[str, tuple[str, dict[str, Any], str]] = {
    "self": ("'${self:custom.base}'", {}, "orders"),
    "self of a variable": ("'${self:custom.full}'", {}, "orders-dev"),
    "an environment is the stage": ("'${self:custom.full}'", {"environment": "live"}, "orders-live"),
    "one inside another": ("'${self:custom.${self:provider.stage}.name}'", {}, "of-dev"),
    "an element of a list": ("'${self:custom.list.1}'", {}, "second"),
    "a fallback": ("\"${self:custom.none, 'spare'}\"", {}, "spare"),
    "a fallback of another source": ('"${opt:name, self:custom.base}"', {}, "orders"),
    "an option": ("'${opt:name}'", {"parameters": {"opt:name": "given"}}, "given"),
    "a variable of the process": ("'t-${env:SHOP}'", {"variables": {"SHOP": "x5"}}, "t-x5"),
    "sls:stage": ("'t-${sls:stage}'", {"environment": "live"}, "t-live"),
    "a parameter": ("'t-${param:size}'", {}, "t-small"),
    "a parameter of version 4": ("'t-${param:place}'", {}, "t-here"),
    "a parameter of a stage of version 4": ("'t-${param:place}'", {"environment": "live"}, "t-there"),
    "more than fifty variables": ("'" + "${self:service}" * 51 + "'", {}, "shop" * 51),
    "a fallback with a fraction": ("'t-${self:custom.none, 1.5}'", {}, "t-1.5"),
    "a parameter of the stage": ("'t-${param:size}'", {"environment": "live"}, "t-large"),
    "the Region": ("'t-${opt:region}'", {"region": "eu-west-1"}, "t-eu-west-1"),
    "a given value of another account": ("'${ssm:/a/b}'", {"parameters": {"ssm:/a/b": "given"}}, "given"),
    "the name of the service": ("'${self:service}-t'", {}, "shop-t"),
    "a variable inside Fn::Sub": ("!Sub '${self:custom.base}-${AWS::StackName}'", {"stack": "st"}, "orders-st"),
    "the stage that the framework has": ("'t-${opt:stage, self:provider.stage}'", {}, "t-dev"),
    "the Region that the framework has": ("'t-${self:provider.region}'", {}, "t-us-east-1"),
    "true in a text": ("'t-${self:custom.yes}'", {}, "t-true"),
}


@pytest.mark.parametrize("case", NAMES)
def test_a_variable_is_resolved_as_serverless_does(case: str, tmp_path: Path) -> None:
    name, inputs, expected = NAMES[case]
    assert names(tmp_path, {"serverless.yml": service(name, CUSTOM)}, **inputs) == [expected]


def test_a_variable_may_hold_a_whole_property(tmp_path: Path) -> None:
    more = "custom: {tags: [{Key: a, Value: b}], units: {ReadCapacityUnits: 5, WriteCapacityUnits: 6}}\n"
    text = service("orders, Tags: '${self:custom.tags}'", more)
    assert load(tmp_path, {"serverless.yml": text}).declarations[0].spec.tags == (("a", "b"),)


def test_resources_may_be_a_list_and_files_in_it_are_read_by_themselves(tmp_path: Path) -> None:
    def resource(name: str) -> str:
        return f"{{Type: AWS::DynamoDB::Table, Properties: {{TableName: {name}, {TABLE}}}}}"

    files = {
        "serverless.yml": (
            "service: shop\nprovider: {name: aws}\nresources:\n  - ${file(resources/users.yml)}\n"
            f"  - Resources: {{Orders: {resource('orders')}}}\n"
            "  - Resources: {Items: " + resource("!Sub '${Orders}-items'") + "}\n"
        ),
        "resources/users.yml": "Users: " + resource("'users-${sls:stage}'") + "\n",
    }
    state = load(tmp_path, files, environment="dev")
    assert [each.spec.name for each in state.declarations] == ["orders", "orders-items", "users-dev"]
    assert state.notes == ("serverless.yml: ${file(resources/users.yml)} is read as a file of its own",)


def test_a_service_without_tables_declares_nothing_and_is_no_error_beside_others(tmp_path: Path) -> None:
    ours = (
        "table_name: t-1\nkey_schema: [{AttributeName: pk, KeyType: HASH}]\n"
        "attribute_definitions: [{AttributeName: pk, AttributeType: S}]\n"
    )
    files = {
        "serverless.yml": "service: shop\nprovider: {name: aws}\nfunctions: {f: {role: !GetAtt R.Arn}}\n",
        "t.yaml": ours,
    }
    assert names(tmp_path, files) == ["t-1"]


def test_what_depends_on_the_process_is_not_kept_for_another_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "folder"
    write(folder, {"serverless.yml": service("'t-${env:SHOP}'")})
    for value in ("one", "two"):
        inputs = TemplateInputs(variables={"SHOP": value})
        state = FolderSource(str(folder), None, uses_stored=True, inputs=inputs).load()
        assert [each.spec.name for each in state.declarations] == [f"t-{value}"]


PLACE = "serverless.yml:5:55: resources.Resources.Orders.Properties.TableName: "
BAD: dict[str, tuple[str, str]] = {
    "a missing value": (
        "'${self:custom.none}'",
        "${self:custom.none} has no value. Give it with --parameter self:custom.none=VALUE.",
    ),
    "the stage where it has no default": (
        "'${opt:stage}'",
        "${opt:stage} has no value. Give it with --environment NAME.",
    ),
    "another file": (
        "'${file(./names.yml):orders}'",
        (
            "${file(./names.yml):orders} has no value: there is no ./names.yml in the folder of the declarations. "
            "Correct it. "
            "Give it with --parameter 'file(./names.yml):orders=VALUE'."
        ),
    ),
    "an output of a stack": (
        "'${cf:other.Name}'",
        "${cf:other.Name} has no value. Give it with --parameter cf:other.Name=VALUE.",
    ),
    "a mapping inside a text": (
        "'t-${self:provider}'",
        "${self:provider} is a mapping, which cannot be part of a text. Refer to one value.",
    ),
    "a circle": (
        "'${self:resources.Resources.Orders.Properties.TableName}'",
        (
            "refers to itself: ${self:resources.Resources.Orders.Properties.TableName} → "
            "${self:resources.Resources.Orders.Properties.TableName}. Remove one of the references."
        ),
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_has_no_value_is_an_error_that_names_the_option(case: str, tmp_path: Path) -> None:
    name, expected = BAD[case]
    with pytest.raises(DeclarationError) as caught:
        load(tmp_path, {"serverless.yml": service(name)})
    assert [str(problem) for problem in caught.value.problems] == [f"{PLACE}{expected}"]


PLAIN = f"{{Type: AWS::DynamoDB::Table, Properties: {{TableName: orders, {TABLE}}}}}"
HEAD = "service: shop\nprovider: {name: aws}\n"
MISTAKES = {
    "misspelt resources": (
        f"{HEAD}resource: {{Resources: {{Orders: {PLAIN}}}}}\n",
        ["3:1: resource: unknown section of a service. Did you mean resources?"],
    ),
    "misspelt Resources": (
        f"{HEAD}resources:\n  Ressources: {{Orders: {PLAIN}}}\n",
        ["4:3: resources.Ressources: unknown section of a template. Did you mean Resources?"],
    ),
    "resources that are a number": (
        f"{HEAD}resources: 5\n",
        ["3:1: resources: expected a mapping. Write the resources under Resources."],
    ),
    "an element of the list without a value": (
        f"{HEAD}resources:\n  - Resources: {{Orders: {PLAIN}}}\n  -\n",
        ["5:4: resources[1]: expected a mapping. Write the resources under Resources."],
    ),
    "Resources that are a number": (
        f"{HEAD}resources: {{Resources: 5}}\n",
        ["3:13: resources.Resources: expected a mapping. Write each by its logical ID."],
    ),
    "resources of a variable without a value": (
        f"{HEAD}resources: ${{self:custom.none}}\n",
        ["3:1: resources: ${self:custom.none} has no value. Give it with --parameter self:custom.none=VALUE."],
    ),
    "a resource that is null": (
        f"{HEAD}resources: {{Resources: {{Orders: '${{self:custom.none, null}}'}}}}\n",
        ["3:25: Resources.Orders: has no Type. Write the type of the resource."],
    ),
    "an extension of a table": (
        f"{HEAD}resources:\n  Resources: {{Orders: {PLAIN}}}\n  extensions: {{Orders: {{DeletionPolicy: Retain}}}}\n",
        [
            (
                "5:16: resources.extensions.Orders: an extension of a table is not applied. "
                "Write its properties into Orders under Resources."
            )
        ],
    ),
    "variables that double one another": (
        HEAD
        + "custom:\n"
        + "".join(f"  v{n}: ${{self:custom.v{n + 1}}}${{self:custom.v{n + 1}}}\n" for n in range(40))
        + "  v40: a\nresources: {Resources: {Orders: {Type: AWS::DynamoDB::Table, Properties: {TableName: '${self:custom.v0}'}}}}\n",
        [
            (
                "45:75: resources.Resources.Orders.Properties.TableName: its variables make more than 100000 values. "
                "Write the value itself."
            )
        ],
    ),
    "the service inside of itself": (
        (
            f"{HEAD}custom: {{all: '${{self:}}'}}\n"
            "resources: {Resources: {Orders: {Type: AWS::DynamoDB::Table, Properties: {TableName: '${self:custom.all}'}}}}\n"
        ),
        [
            (
                "4:75: resources.Resources.Orders.Properties.TableName: refers to itself: "
                "${self:} → ${self:}. Remove one of the references."
            )
        ],
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_service_whose_tables_are_not_found_is_refused(case: str, tmp_path: Path) -> None:
    text, expected = MISTAKES[case]
    with pytest.raises(DeclarationError) as caught:
        load(tmp_path, {"serverless.yml": text})
    assert [str(problem) for problem in caught.value.problems] == [f"serverless.yml:{each}" for each in expected]


FORMS = {
    "sections of a variable": f"custom: {{all: {{Orders: {PLAIN}}}}}\nresources: {{Resources: '${{self:custom.all}}'}}\n",
    "resources of a variable": f"custom: {{all: {{Resources: {{Orders: {PLAIN}}}}}}}\nresources: ${{self:custom.all}}\n",
    "a table in two parts": f"resources:\n  - Resources: {{Orders: {PLAIN}}}\n  - Resources: {{Orders: {{DeletionPolicy: Retain}}}}\n",
    "a variable in another resource": (
        f"resources:\n  Resources:\n    Orders: {PLAIN}\n    Role: {{Type: AWS::IAM::Role, Properties: {{A: '${{ssm:/a}}'}}}}\n"
    ),
}


@pytest.mark.parametrize("case", FORMS)
def test_every_form_of_resources_is_read(case: str, tmp_path: Path) -> None:
    assert names(tmp_path, {"serverless.yml": HEAD + FORMS[case]}) == ["orders"]


def test_parts_of_a_table_are_merged(tmp_path: Path) -> None:
    (declaration,) = load(tmp_path, {"serverless.yml": HEAD + FORMS["a table in two parts"]}).declarations
    assert declaration.lifecycle.protect


def test_section_of_another_file_is_named(tmp_path: Path) -> None:
    files = {
        "serverless.yml": f"{HEAD}resources: {{Resources: '${{file(tables.yml)}}'}}\n",
        "tables.yml": f"Orders: {PLAIN}\n",
    }
    assert load(tmp_path, files).notes == ("serverless.yml: ${file(tables.yml)} is read as a file of its own",)


SUB = "AWSTemplateFormatVersion: '2010-09-09'\nParameters: {env: {Type: String, Default: dev}}\n"


def test_names_of_a_template_are_no_variables(tmp_path: Path) -> None:
    table = PLAIN.replace("TableName: orders", "TableName: !Sub 'orders-${env}'")
    code = "  Code: {Type: AWS::Lambda::Function, Properties: {Code: {ZipFile: '${self:a}${file(x)}${env}'}}}\n"
    assert names(tmp_path, {"template.yaml": f"{SUB}Resources:\n  Orders: {table}\n{code}"}) == ["orders-dev"]


def test_a_variable_of_a_policy_stays(tmp_path: Path) -> None:
    policy = (
        "ResourcePolicy: {PolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Principal: '*', "
        "Action: 'dynamodb:GetItem', Resource: '*', Condition: {StringEquals: {a: '${aws:username}'}}}]}}"
    )
    table = PLAIN.replace("TableName: orders", f"TableName: orders, {policy}")
    (declaration,) = load(tmp_path, {"template.yaml": f"{SUB}Resources:\n  Orders: {table}\n"}).declarations
    assert "${aws:username}" in str(declaration.spec.resource_policy)
