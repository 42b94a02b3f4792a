"""A number instead of a string: the remedy shows the digits as written, not as parsed."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.folders import SOUND, load, problems, write
from support.yaml_documents import DOC

from reconciler.model.table import TableSpec

NUMBERS = {
    "an account ID with a leading zero": "012345678901",
    "a version with a trailing zero": "1.10",
    "a hash that looks like an exponent": "1e3",
    "a hash that looks like a large exponent": "7E400",
    "a hexadecimal number": "0x1F",
    "an octal number": "0o17",
    "a sign": "+5",
    "a negative zero": "-0",
    "no digit before the point": ".5",
    "no digit after the point": "5.",
    "a number of 40 digits": "0" + "1234567890" * 4,
    "a post code": "01234",
}
TEXTS = ["1_000", "12:30", "12:30:45", "yes", "no", "on", "off", "2026-01-01", "2026-01-01T10:00:00Z", "1.2.3", "0b1"]


def remedies(folder: Path, text: str) -> list[tuple[int | None, str | None, str]]:
    write(folder, {"users.yaml": text})
    return [(problem.line, problem.field, problem.remedy) for problem in problems(folder)]


@pytest.mark.parametrize("literal", NUMBERS.values(), ids=NUMBERS.keys())
def test_the_quoted_spelling_keeps_every_digit(literal: str, tmp_path: Path) -> None:
    quoted = f'Write a text in quotes: "{literal}".'
    assert remedies(tmp_path, DOC + f"tags: {{a: {literal}}}\n") == [(4, "tags.a", quoted)]
    assert remedies(tmp_path, DOC + f"tags: [{{Key: a, Value: {literal}}}]\n") == [(4, "tags[0].Value", quoted)]
    assert remedies(tmp_path, DOC + f"tags: [{{Key: {literal}, Value: a}}]\n") == [(4, "tags[0].Key", quoted)]
    assert remedies(tmp_path, DOC + f"description: {literal}\n") == [(4, "description", quoted)]
    assert remedies(tmp_path, DOC + f"ttl:\n  attribute: {literal}\n") == [(5, "ttl.attribute", quoted)]
    assert remedies(tmp_path, DOC.replace("table_name: users", f"table_name: {literal}")) == [(1, "table_name", quoted)]
    ((line, _, remedy),) = remedies(tmp_path, DOC + f"tags: {{{literal}: a}}\n")
    assert (line, remedy) == (4, quoted)


@pytest.mark.parametrize("literal", NUMBERS.values(), ids=NUMBERS.keys())
def test_what_the_remedy_says_is_read_as_written(literal: str, tmp_path: Path) -> None:
    assert tags(tmp_path, f'tags: {{a: "{literal}", "{literal}": b}}') == ((literal, "b"), ("a", literal))


@pytest.mark.parametrize("literal", TEXTS)
def test_what_yaml_1_1_would_read_as_something_else_stays_as_written(literal: str, tmp_path: Path) -> None:
    assert tags(tmp_path, f"tags: {{a: {literal}, {literal}: b}}" if ":" not in literal else f"tags: {{a: {literal}}}")
    assert dict(tags(tmp_path, f"tags: {{a: {literal}}}"))["a"] == literal


@pytest.mark.parametrize(
    ("literal", "remedy"),
    [
        ("~", 'Write a text; for the text "~", add quotes.'),
        ("null", 'Write a text; for the text "null", add quotes.'),
        ("true", 'Write a text in quotes: "true".'),
        ("False", 'Write a text in quotes: "False".'),
        ("TRUE", 'Write a text in quotes: "TRUE".'),
        ("", "Write a text."),
        (".inf", 'Write a finite number, or a text in quotes: ".inf".'),
        (".NaN", 'Write a finite number, or a text in quotes: ".NaN".'),
    ],
)
def test_other_words_that_are_not_text(literal: str, remedy: str, tmp_path: Path) -> None:
    ((line, _, messages),) = remedies(tmp_path, DOC + f"tags:\n  a: {literal}\n")
    assert (line, messages) == (5, remedy)


@pytest.mark.parametrize("literal", ["123456789012", "1.10", "1e3", "-0", "true"])
def test_json_keeps_its_spelling_too(literal: str, tmp_path: Path) -> None:
    text = '{"table_name": "users", "key_schema": KEYS, "attribute_definitions": TYPES,\n "tags": {"a": LITERAL}}'
    keys, types = '[{"AttributeName": "pk", "KeyType": "HASH"}]', '[{"AttributeName": "pk", "AttributeType": "S"}]'
    text = text.replace("KEYS", keys).replace("TYPES", types).replace("LITERAL", literal)
    (problem,) = problems(write(tmp_path, {"users.json": text}))
    assert (problem.line, problem.remedy) == (2, f'Write a text in quotes: "{literal}".')


def test_a_class_file_shows_no_guessed_spelling(tmp_path: Path) -> None:
    source = f"class Users:\n    SCHEMA = {dict(SOUND, tags={'a': 'HERE'})!r}\n".replace("'HERE'", "1.10")
    source += "    @classmethod\n    def get_schema(cls, environment=None):\n        return cls.SCHEMA\n"
    (problem,) = problems(write(tmp_path, {"users_table.py": source}))
    assert problem.remedy == "Write a text in quotes with every digit."


@pytest.mark.parametrize(
    "text",
    [
        "x-a: &a {team: 007}\ntags: {<<: *a}\n",
        "x-a: &a {team: 9}\nx-b: &b {team: 007}\ntags: {<<: [*b, *a]}\n",
        "x-a: &a {team: 9}\ntags: {<<: *a, team: 007}\n",
        "x-a: &a {team: 9}\ntags: {team: 007, <<: *a}\n",
    ],
)
def test_what_merged_mappings_override_is_not_shown(text: str, tmp_path: Path) -> None:
    assert [remedy for _, _, remedy in remedies(tmp_path, DOC + text)] == ['Write a text in quotes: "007".']


POLICY = """resource_policy:
  Version: 2012-10-17
  Statement:
    - Effect: Allow
      Principal: {{AWS: {account}}}
      Action: dynamodb:GetItem
      Resource: "*"
      Condition: {{NumericLessThan: {{"aws:MultiFactorAuthAge": {age}}}}}
"""


@pytest.mark.parametrize("literal", NUMBERS.values(), ids=NUMBERS.keys())
def test_a_number_in_a_policy_is_refused_with_the_text_that_keeps_its_digits(literal: str, tmp_path: Path) -> None:
    quoted = f'Write a text in quotes: "{literal}".'
    assert remedies(tmp_path, DOC + POLICY.format(account=literal, age='"3600"')) == [
        (8, "resource_policy.Statement[0].Principal.AWS", quoted)
    ]
    assert remedies(tmp_path, DOC + POLICY.format(account=f"[{literal}]", age='"3600"')) == [
        (8, "resource_policy.Statement[0].Principal.AWS[0]", quoted)
    ]
    (reported,) = remedies(tmp_path, DOC + POLICY.format(account='"012345678901"', age=literal))
    assert reported[2] == quoted


def test_a_number_in_a_policy_of_json_text_or_as_a_key_is_refused(tmp_path: Path) -> None:
    text = '{"Statement": [{"Principal": {"AWS": 123456789012}}]}'
    (reported,) = remedies(tmp_path, DOC + f"resource_policy: '{text}'\n")
    assert reported[1:] == ("resource_policy.Statement[0].Principal.AWS", 'Write a text in quotes: "123456789012".')
    (reported,) = remedies(tmp_path, DOC + "resource_policy: {Statement: [{Sid: x, 012: y}]}\n")
    assert reported[2] == 'Write a text in quotes: "012".'


def tags(folder: Path, text: str) -> tuple[tuple[str, str], ...] | None:
    spec: TableSpec = load(write(folder, {"users.yaml": DOC + text + "\n"})).declarations[0].spec
    return spec.tags
