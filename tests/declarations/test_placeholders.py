"""Placeholders of other tools are refused with their field, unless escaped; IAM variables are kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.documents import index
from support.folders import SOUND, load, problems, write
from support.yaml_documents import DOC

from reconciler.declarations import placeholders

REFUSED = {
    "a variable": "${STAGE}",
    "a variable with a default, as in Compose": "${STAGE:-dev}",
    "a variable inside a text": "team-${TEAM}-x",
    "a variable of the Serverless Framework": "${self:custom.stage}",
    "a reference of a GitHub workflow": "${{ github.ref }}",
    "a pseudo parameter of CloudFormation": "${AWS::AccountId}",
    "a variable inside another": "${A:-${B}}",
    "a variable that does not end": "${STAGE",
    "a bare variable": "$STAGE",
    "a bare variable in a text": "users-$STAGE",
    "three dollars": "$$${STAGE}",
    "a command": "$(git rev-parse HEAD)",
    "an expression of Jinja or Helm": "{{ .Values.team }}",
    "a statement of Jinja": "{% if prod %}a{% endif %}",
    "a tag of ERB": "<%= team %>",
    "an interpolation of Ruby": "#{team}",
    "a mark of a build tool": "@@TEAM@@",
    "a variable of Windows": "%TEAM%",
    "a field of str.format": "{stage}",
    "a field of str.format with a dot": "{env.stage}",
    "an instruction in angle brackets": "<stage>",
    "an instruction of two words": "<your team>",
    "a field of Python's %": "%(stage)s",
    "a variable of Concourse": "((stage))",
    "a variable in double brackets": "[[stage]]",
    "a variable of MSBuild": "@{stage}",
    "a variable of PowerShell": "$env:STAGE",
    "a mark in underscores": "__STAGE__",
    "a secret of sops": "ENC[AES256_GCM,data:ab+/=,iv:x=,tag:y=,type:str]",
    "a reference of vals": "ref+awsssm://team/name?region=us-east-1",
    "a doubled backslash before a whole one": "\\\\{stage}",
    "a doubled backslash, which escapes itself": "\\\\{{ team }}",
}
KEPT = {
    "an escaped variable": ("$${STAGE}", "${STAGE}"),
    "an escaped variable with a default": ("$${STAGE:-dev}", "${STAGE:-dev}"),
    "an escaped variable twice": ("$$$${STAGE}", "$${STAGE}"),
    "an escaped command": ("$$(date)", "$(date)"),
    "an escaped bare variable": ("$$STAGE", "$STAGE"),
    "an escaped reference of a workflow": ("$${{ github.ref }}", "${{ github.ref }}"),
    "an escaped expression": ("\\{{ team }}", "{{ team }}"),
    "an escaped statement": ("\\{% team %}", "{% team %}"),
    "an escaped tag": ("\\<%= team %>", "<%= team %>"),
    "an escaped mark": ("\\@@TEAM@@ \\%TEAM% \\#{team}", "@@TEAM@@ %TEAM% #{team}"),
    "an escaped field": ("\\{stage}", "{stage}"),
    "an escaped instruction": ("\\<stage>", "<stage>"),
    "an escaped mark in underscores": ("\\__STAGE__", "__STAGE__"),
    "a field inside a text": ("a {stage} of a rocket", "a {stage} of a rocket"),
    "a comparison": ("a <b> c, x < y > z", "a <b> c, x < y > z"),
    "a name of Python": ("__init__", "__init__"),
    "a list in a text": ("[a] [[b]] c", "[a] [[b]] c"),
    "an address in angle brackets": ("<ops@example.com>", "<ops@example.com>"),
    "a price": ("$5 or $$5", "$5 or $$5"),
    "a dollar at the end": ("US$", "US$"),
    "a percentage": ("100% of 50%", "100% of 50%"),
    "a single brace": ("{a: {b: 1}}", "{a: {b: 1}}"),
    "a backslash": ("a\\b", "a\\b"),
    "an address": ("a@b.c", "a@b.c"),
}
PLACES: dict[str, tuple[str, dict[str, Any]]] = {
    "a tag": ("tags.team", {"tags": {"team": "HERE"}}),
    "the key of a tag": ("tags.HERE", {"tags": {"HERE": "a"}}),
    "a tag in a list": ("Tags[0].Value", {"Tags": [{"Key": "team", "Value": "HERE"}]}),
    "the description": ("description", {"description": "HERE"}),
    "time to live": ("ttl.attribute", {"ttl": {"attribute": "HERE"}}),
    "a key in KMS": ("sse.key", {"sse": {"key": "HERE"}}),
    "the name of an index": ("global_secondary_indexes[0].index_name", {"global_secondary_indexes": [index("HERE")]}),
    "the table's name": ("table_name", {"table_name": "HERE"}),
    "a Region": ("replicas[0].region", {"replicas": [{"region": "HERE"}]}),
    "a stream's ARN": ("kinesis_streaming.stream_arn", {"kinesis_streaming": {"stream_arn": "HERE"}}),
    "a choice": ("billing_mode", {"billing_mode": "HERE"}),
    "a number": ("provisioned_throughput.ReadCapacityUnits", {"provisioned_throughput": {"ReadCapacityUnits": "HERE"}}),
    "a truth value": ("deletion_protection", {"deletion_protection": "HERE"}),
    "a field's name": ("HERE", {"HERE": 1}),
    "a policy": ("resource_policy.Statement[0].Resource", {"resource_policy": {"Statement": [{"Resource": "HERE"}]}}),
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_a_placeholder_is_refused(text: str, tmp_path: Path) -> None:
    (problem,) = problems(write(tmp_path, {"users.json": {**SOUND, "tags": {"team": text}}}))
    assert (problem.field, problem.line) == ("tags.team", 16)
    assert "which is not replaced" in problem.reason
    assert problem.remedy.startswith("Write the value itself. To keep the text, write ")


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_the_escape_that_the_module_writes_is_read_as_the_text(text: str, tmp_path: Path) -> None:
    escaped = placeholders.escape(text)
    folder = write(tmp_path, {"users.json": {**SOUND, "tags": {"team": escaped}}})
    assert load(folder).declarations[0].spec.tags == (("team", text),)


@pytest.mark.parametrize(("written", "meant"), KEPT.values(), ids=KEPT.keys())
def test_what_is_escaped_or_is_not_a_placeholder_stays(written: str, meant: str, tmp_path: Path) -> None:
    folder = write(tmp_path, {"users.json": {**SOUND, "tags": {"team": written}}})
    assert load(folder).declarations[0].spec.tags == (("team", meant),)


@pytest.mark.parametrize(("field", "more"), PLACES.values(), ids=PLACES.keys())
def test_a_placeholder_is_refused_by_its_field_wherever_it_stands(
    field: str, more: dict[str, Any], tmp_path: Path
) -> None:
    document = json.loads(json.dumps({**SOUND, **more}).replace("HERE", "${STAGE}"))
    found = problems(write(tmp_path, {"users.json": document}))
    reported = [problem for problem in found if problem.field == field.replace("HERE", "${STAGE}")]
    assert "the placeholder ${STAGE}, which is not replaced" in reported[0].reason
    assert len(reported) == 1


NAMES = [
    *("users-{stage}", "users-<stage>", "users-%(stage)s", "((stage))-users", "users-[[stage]]", "users-@{stage}"),
    *("users-$env:STAGE", "users-__STAGE__", "__STAGE__-users", "users.__MY_STAGE__.x"),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("where", ["table_name", "index_name"])
def test_a_placeholder_inside_a_name_is_called_one(name: str, where: str, tmp_path: Path) -> None:
    more = {"table_name": name} if where == "table_name" else {"global_secondary_indexes": [index(name)]}
    (problem,) = problems(write(tmp_path, {"users.json": {**SOUND, **more}}))
    assert "holds the placeholder " in problem.reason
    assert problem.remedy == "Write the whole name; --environment adds the suffix of the environment."


@pytest.mark.parametrize("part", ["<region>", "{region}", "__REGION__", "((region))", "[[region]]"])
def test_a_placeholder_in_an_arn_is_refused(part: str, tmp_path: Path) -> None:
    arn = f"arn:aws:kinesis:{part}:123456789012:stream/users"
    found = problems(write(tmp_path, {"users.json": {**SOUND, "kinesis_streaming": {"stream_arn": arn}}}))
    assert [problem.field for problem in found] == ["kinesis_streaming.stream_arn"]
    assert f"holds the placeholder {part}, which is not replaced" in found[0].reason


@pytest.mark.parametrize("name", ["users__v2__x", "__users__", "USERS__A", "a__B", "users_-_x"])
def test_a_name_with_underscores_is_accepted(name: str, tmp_path: Path) -> None:
    assert load(write(tmp_path, {"users.json": {**SOUND, "table_name": name}})).declarations[0].spec.name == name


@pytest.mark.parametrize("suffix", ["yaml", "yml"])
def test_a_placeholder_in_yaml_has_its_line(suffix: str, tmp_path: Path) -> None:
    (problem,) = problems(write(tmp_path, {f"users.{suffix}": DOC + "tags:\n  # ${COMMENT}\n  stage: ${STAGE:-dev}\n"}))
    assert (problem.line, problem.field) == (6, "tags.stage")


@pytest.mark.parametrize(
    ("line", "expression"),
    [
        ("description: {{ description }}", "{{ description }}"),
        ("{{- if .Values.users }}", "{{- if .Values.users }}"),
        ("{% if users %}", "{% if users %}"),
        ("<% if users %>: {", "<% if users %>"),
        ('description: "${A}" more', "${A}"),
    ],
)
def test_a_template_that_is_not_yaml_is_named_as_such(line: str, expression: str, tmp_path: Path) -> None:
    (problem,) = problems(write(tmp_path, {"users.yaml": DOC + line + "\n"}))
    assert problem.line == 4
    assert problem.reason == f"contains the template expression {expression}, which is not rendered"


def test_a_placeholder_in_a_class_file_is_refused(tmp_path: Path) -> None:
    source = f"class Users:\n    SCHEMA = {dict(SOUND, tags={'stage': '${STAGE}'})!r}\n"
    source += "    @classmethod\n    def get_schema(cls, environment=None):\n        return cls.SCHEMA\n"
    (problem,) = problems(write(tmp_path, {"users_table.py": source}))
    assert problem.field == "tags.stage"


VARIABLES = [
    "${aws:username}",
    "${aws:PrincipalTag/team}",
    "${aws:PrincipalTag/cost-center, 'none'}",
    "${dynamodb:LeadingKeys}",
    "${saml:sub}",
    "${cognito-identity.amazonaws.com:sub}",
    "${token.actions.githubusercontent.com:sub}",
    "${*}",
    "${?}",
    "${$}",
    "$LATEST",
]
NO_VARIABLES = [
    "${STAGE}",
    "${self:service}",
    "${aws:accountId}",
    "${AWS::AccountId}",
    "${env:A}",
    "${ssm:/a}",
    "{{a}}",
]


def with_policy(text: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "dynamodb:GetItem", "Resource": text}
    return {**SOUND, "resource_policy": {"Version": "2012-10-17", "Statement": [statement]}}


@pytest.mark.parametrize("text", VARIABLES)
def test_an_iam_variable_is_allowed_in_a_policy_and_nowhere_else(text: str, tmp_path: Path) -> None:
    policy = load(write(tmp_path, {"users.json": with_policy(text)})).declarations[0].spec.resource_policy
    assert policy
    assert policy.document
    assert json.loads(policy.document)["Statement"][0]["Resource"] == text
    assert problems(write(tmp_path, {"users.json": {**SOUND, "tags": {"a": text}}}))
    as_text = {**SOUND, "resource_policy": json.dumps(with_policy(text)["resource_policy"])}
    assert problems(write(tmp_path, {"users.json": as_text})) == []


@pytest.mark.parametrize("text", NO_VARIABLES)
def test_any_other_placeholder_is_refused_in_a_policy_too(text: str, tmp_path: Path) -> None:
    (problem,) = problems(write(tmp_path, {"users.json": with_policy(text)}))
    assert problem.field == "resource_policy.Statement[0].Resource"


def test_the_items_of_a_seed_are_data(tmp_path: Path) -> None:
    folder = write(tmp_path, {"users.json": SOUND, "seeds/users.json": [{"pk": "${STAGE} {{ a }} $${B}"}]})
    seed = load(folder).declarations[0].seed
    assert seed
    assert seed.items[0] == {"pk": {"S": "${STAGE} {{ a }} $${B}"}}


@given(st.text("${}()%<>#@\\{{A_a: ", max_size=24), st.booleans())
def test_every_text_has_a_spelling_that_is_read_as_it(text: str, policy: bool) -> None:
    escaped = placeholders.escape(text, policy=policy)
    assert placeholders.finding(placeholders.Written(("a",), escaped, False, policy)) is None
    assert placeholders.unescape(escaped) == text
