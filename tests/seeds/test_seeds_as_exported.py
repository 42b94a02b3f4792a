"""Seeds as tools print them: answers of Scan and Query, and CSV whose header names types in brackets."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.folders import SOUND, load, problems, write

A, B = {"pk": {"S": "a"}, "n": {"N": "1"}}, {"pk": {"S": "b"}, "n": {"N": "2"}}
SCANS: dict[str, tuple[str, str]] = {
    "what the AWS CLI prints": (
        "json",
        (
            '{"Items": [{"pk": {"S": "a"}, "n": {"N": "1"}}, {"pk": {"S": "b"}, "n": {"N": "2"}}],\n'
            ' "Count": 2, "ScannedCount": 2, "ConsumedCapacity": null}'
        ),
    ),
    "plain items": ("json", '{"Items": [{"pk": "a", "n": 1}, {"pk": "b", "n": 2}], "Count": 2}'),
    "the items alone": ("json", '{"Items": [{"pk": "a", "n": 1}, {"pk": "b", "n": 2}]}'),
    "the items last": ("json", '{"Count": 2, "ScannedCount": 9, "Items": [{"pk": "a", "n": 1}, {"pk": "b", "n": 2}]}'),
    "with the metadata of boto3": (
        "json",
        '{"Items": [{"pk": "a", "n": 1}, {"pk": "b", "n": 2}], "ResponseMetadata": {"HTTPStatusCode": 200}}',
    ),
    "with the metadata of the SDK for JavaScript": (
        "json",
        '{"$metadata": {"attempts": 1}, "Items": [{"pk": "a", "n": 1}, {"pk": "b", "n": 2}], "Count": 2}',
    ),
    "with the capacity it used": (
        "json",
        '{"Items": [{"pk": "a", "n": 1}, {"pk": "b", "n": 2}], "ConsumedCapacity": {"CapacityUnits": 0.5}}',
    ),
    "a last page": ("json", '{"Items": [{"pk": "a", "n": 1}, {"pk": "b", "n": 2}], "LastEvaluatedKey": null}'),
    "in YAML": (
        "yaml",
        "Items:\n- n: {N: '1'}\n  pk: {S: a}\n- n: {N: '2'}\n  pk: {S: b}\nCount: 2\nScannedCount: 2\n",
    ),
    "plain in YAML": ("yaml", "Count: 2\nItems: [{pk: a, n: 1}, {pk: b, n: 2}]\n"),
}
NO_SCANS: dict[str, tuple[str, int, str]] = {
    "the first page of several": (
        '{"Items": [{"pk": "a"}], "LastEvaluatedKey": {"pk": {"S": "a"}}}',
        1,
        "is an incomplete scan, because it has LastEvaluatedKey",
    ),
    "a page of the AWS CLI": (
        '{"Items": [{"pk": "a"}], "NextToken": "x"}',
        1,
        "is an incomplete scan, because it has NextToken",
    ),
    "fewer items than counted": ('{"Items": [{"pk": "a"}], "Count": 2}', 1, "has 1 items, but Count is 2"),
    "more items than counted": (
        '{"Items": [{"pk": "a"}, {"pk": "b"}], "Count": 1}',
        1,
        "has 2 items, but Count is 1",
    ),
    "a count alone": ('{"Count": 2, "ScannedCount": 2}', 1, "expected a list of items"),
    "one item of GetItem": ('{"Item": {"pk": {"S": "a"}}}', 1, "expected a list of items"),
    "items in small letters": ('{"items": [{"pk": "a"}]}', 1, "has its items under items"),
    "items beside something else": ('{"Items": [{"pk": "a"}], "Table": "users"}', 1, "expected a list of items"),
    "an item that is none": ('{\n"Items": [\n{"pk": "a"},\n7]}', 4, "expected a mapping of attributes"),
    "an item without its key": (
        '{"Items": [\n{"pk": "a"},\n{"n": 1}]}',
        3,
        "is required, because it is a key attribute",
    ),
    "items twice": ('{"Items": [],\n"Items": []}', 2, "duplicate key 'Items'"),
    "an attribute twice": ('{"Items": [\n{"pk": "a", "pk": "b"}]}', 2, "duplicate key 'pk'"),
    "cut short": ('{"Items": [{"pk": "a"}', 1, "is not JSON: ',' or ']' is expected"),
    "cut short after the items": ('{"Items": [{"pk": "a"}]', 1, "is not JSON: ',' is expected"),
    "followed by more": (
        '{"Items": []} {"Items": []}',
        1,
        "is not JSON: unexpected text after the end of the document",
    ),
}


@pytest.mark.parametrize(("suffix", "text"), SCANS.values(), ids=SCANS.keys())
def test_the_answer_of_a_scan_is_read(suffix: str, text: str, tmp_path: Path) -> None:
    seed = load(write(tmp_path, {"users.json": SOUND, f"seeds/users.{suffix}": text})).declarations[0].seed
    assert seed is not None
    assert [dict(item) for item in seed.items] == [A, B]


@pytest.mark.parametrize(("text", "line", "reason"), NO_SCANS.values(), ids=NO_SCANS.keys())
def test_what_is_not_the_whole_answer_is_refused(text: str, line: int, reason: str, tmp_path: Path) -> None:
    (problem,) = problems(write(tmp_path, {"users.json": SOUND, "seeds/users.json": text}))
    assert (problem.file, problem.line) == ("seeds/users.json", line)
    assert problem.reason.startswith(reason)


def test_a_request_for_a_table_that_is_called_items_is_a_request(tmp_path: Path) -> None:
    text = '{"Items": [{"PutRequest": {"Item": {"pk": {"S": "a"}}}}]}'
    seed = load(write(tmp_path, {"i.json": {**SOUND, "table_name": "Items"}, "seeds/Items.json": text}))
    assert [dict(item) for item in seed.declarations[0].seed.items] == [{"pk": {"S": "a"}}]  # type: ignore[union-attr]


HEADERS = {
    "pk (S)": "Write pk:S.",
    "pk[S]": "Write pk:S.",
    "pk(N)": "Write pk:N.",
    "age (N)": "Write age:N.",
    "age [n]": None,
    "age (Number)": "Write age:N.",
    "name (string)": "Write name:S.",
    "ok<BOOL>": "Write ok:BOOL.",
    "ok {Boolean}": "Write ok:BOOL.",
    "data (B)": "Write data:B.",
    "tags (L)": "Write tags:L.",
    "tags [SS]": "Write tags:SS.",
    "address (M)": "Write address:M.",
    "pk.S": "Write pk:S.",
    "age.N": "Write age:N.",
    "age|N": "Write age:N.",
    "item(s)": None,
    "weight (kg)": None,
    "v.s": None,
    "a.b": None,
}


@pytest.mark.parametrize(("header", "remedy"), HEADERS.items(), ids=HEADERS.keys())
def test_a_type_in_brackets_is_refused_and_never_part_of_a_name(
    header: str, remedy: str | None, tmp_path: Path
) -> None:
    write(tmp_path, {"users.json": SOUND, "seeds/users.csv": f"pk,{header}\na,1\n".replace("pk,pk", "pk")})
    found = [problem for problem in problems(tmp_path) if problem.line == 1]
    assert [problem.remedy.split(" If ")[0] for problem in found] == ([remedy] if remedy else [])


@pytest.mark.parametrize("name", ["Weight (N)", "pk.S", "size [S]"])
def test_an_attribute_name_with_brackets_is_written_with_its_type(name: str, tmp_path: Path) -> None:
    write(tmp_path, {"users.json": SOUND, "seeds/users.csv": f"pk,{name}:S\na,1\n"})
    seed = load(tmp_path).declarations[0].seed
    assert seed is not None
    assert seed.items == ({"pk": {"S": "a"}, name: {"S": "1"}},)


LOST = ["007", "01234", "-01", "+012", "012.50", "0x1F", "0o17", "00"]
KEPT = ["7", "1.10", "1e3", "-5", "0", "0.5"]


@pytest.mark.parametrize("literal", LOST)
def test_a_number_that_would_lose_its_digits_in_a_yaml_seed_is_refused(literal: str, tmp_path: Path) -> None:
    write(tmp_path, {"users.json": SOUND, "seeds/users.yaml": f"- pk: a\n- pk: b\n  zip: {literal}\n"})
    (problem,) = problems(tmp_path)
    assert problem.line == 3
    assert f"ambiguous number {literal} in [1].zip" in problem.reason
    assert problem.remedy.startswith(f'Write "{literal}" in quotes for a text, or ')


@pytest.mark.parametrize("literal", KEPT)
def test_any_other_number_is_one_and_a_text_key_shows_its_spelling(literal: str, tmp_path: Path) -> None:
    write(tmp_path, {"users.json": SOUND, "seeds/users.yaml": f"- pk: a\n  n: {literal}\n"})
    assert problems(tmp_path) == []
    write(tmp_path, {"seeds/users.yaml": f"- pk: a\n- pk: {literal}\n"})
    (problem,) = problems(tmp_path)
    assert (problem.line, problem.remedy) == (2, f'Write a text in quotes: "{literal}".')
