"""``--report``: several formats of one result, in files beside the output."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.fake_wiring import FakeWiring
from support.reports import a_report, a_table, blocked, drifted, in_sync, missing

from reconciler.model.errors import DeclarationError, EndpointError, Problem
from reconciler.model.report import TableStatus

PROBLEM = Problem("users_table.py", 7, "key_schema", "is empty", "Name a HASH key")


def test_each_report_is_the_output_of_its_format(cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(blocked(), in_sync("other"))
    forms = ("json", "jsonl", "markdown", "junit", "sarif", "human")
    ended = cli("preview -o json " + " ".join(f"--report {form}=out/{form}.txt" for form in forms))
    assert json.loads(ended.out)["verdict"] == "drifted"
    for form in forms:
        assert Path(f"out/{form}.txt").read_text() == cli(f"preview -o {form}").out


def test_annotations_go_to_standard_error_so_that_the_output_stays_one_document(
    cli: Callable, fake: FakeWiring, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    fake.plan = a_report(drifted("users"))
    ended = cli("preview -o json --report github --report junit=report.xml")
    assert json.loads(ended.out)["verdict"] == "drifted"
    assert (
        "::warning file=desired_state/table_configs/users_table.py,line=12::users: drifted: update ttl"
        in ended.err.splitlines()
    )
    assert (tmp_path / "summary.md").read_text().count("## DynamoDB") == 1
    assert ET.parse("report.xml").getroot().get("failures") == "1"


def test_up_reports_the_result_once_and_not_the_plan(cli: Callable, fake: FakeWiring) -> None:
    fake.plan, fake.result = a_report(missing()), a_report(in_sync("users"))
    ended = cli("up --yes --report json=report.json --report github")
    assert ended.code == 0
    assert json.loads(Path("report.json").read_text())["verdict"] == "in_sync"
    assert "missing" not in ended.err


def test_up_with_nothing_to_do_reports_the_plan(cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(in_sync("users"))
    assert cli("up --yes --report json=report.json").code == 0
    assert json.loads(Path("report.json").read_text())["verdict"] == "in_sync"


def test_status_has_an_output_of_its_own_and_the_reports_of_a_pass(cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(drifted("users"))
    assert cli("status --report json=report.json").code == 0
    assert json.loads(Path("report.json").read_text())["tables"][0]["status"] == "drifted"


@pytest.mark.parametrize("form", ["human", "json"])
def test_an_error_before_the_work_is_reported_too(form: str, cli: Callable, fake: FakeWiring) -> None:
    fake.raises = lambda: DeclarationError((PROBLEM,))
    ended = cli(f"preview -o {form} --report sarif=report.sarif --report junit=report.xml")
    assert ended.code == 1
    assert ended.err.count("is empty") == 1
    [result] = json.loads(Path("report.sarif").read_text())["runs"][0]["results"]
    assert result["message"]["text"] == "key_schema: is empty. Name a HASH key"
    assert ET.parse("report.xml").getroot().get("errors") == "1"


def test_an_error_of_the_endpoint_is_in_the_report(cli: Callable, fake: FakeWiring) -> None:
    def refused() -> EndpointError:
        return EndpointError("Nothing answers at http://x.")

    fake.raises = refused
    assert cli("--once --report json=report.json").code == 1
    assert json.loads(Path("report.json").read_text())["error"] == "Nothing answers at http://x."


def test_a_file_that_cannot_be_written_is_a_warning(cli: Callable, fake: FakeWiring) -> None:
    Path("taken").write_text("")
    ended = cli("preview --report json=taken/report.json --report junit=report.xml")
    assert ended.code == 0
    assert "warning: --report: taken/report.json was not written" in ended.err
    assert Path("report.xml").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("xml=a", "--report: invalid value 'xml=a'; expected FORM=FILE with one of human, json,"),
        ("junit", "--report: 'junit' names no file. Write --report junit=FILE."),
        ("github=", "--report: 'github=' names no file."),
        ("junit=a --report json=a", "--report: two reports for a."),
        ("github --report github", "--report: two reports for standard error."),
    ],
)
def test_a_wrong_value_is_refused_before_anything_is_done(
    words: str, sentence: str, cli: Callable, fake: FakeWiring
) -> None:
    ended = cli(f"up --yes --report {words}")
    assert (ended.code, ended.out, fake.calls) == (1, "", [])
    assert sentence in ended.err


@pytest.mark.parametrize("verb", ["export --format json", "doctor", "release users"])
def test_a_command_without_a_report_refuses(verb: str, cli: Callable, fake: FakeWiring) -> None:
    ended = cli(f"{verb} --report json=a.json")
    assert (ended.code, fake.calls) == (1, [])
    assert f"--report: `{verb.partition(' ')[0]}` makes no report. Use --output for its result." in ended.err


@pytest.mark.parametrize(
    ("variables", "colored"),
    [({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": ""}, False), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
)
def test_a_variable_forces_colour_where_there_is_no_terminal(
    variables: dict[str, str], colored: bool, cli: Callable, fake: FakeWiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    fake.plan = a_report(missing())
    ended = cli("preview --report markdown=report.md")
    assert ("\x1b[" in ended.out) is colored
    assert "\x1b[" not in Path("report.md").read_text()
    assert "\x1b[" not in cli("preview --color never").out


def test_validate_makes_sarif_for_a_hook_or_code_scanning(cli: Callable, fake: FakeWiring) -> None:
    assert json.loads(cli("validate -o sarif").out)["runs"][0]["results"] == []
    fake.raises = lambda: DeclarationError((PROBLEM,))
    ended = cli("validate -o sarif")
    [result] = json.loads(ended.out)["runs"][0]["results"]
    assert (ended.code, result["ruleId"]) == (1, "declaration")


def test_validate_writes_every_report_of_one_run(cli: Callable, fake: FakeWiring) -> None:
    reports = ("junit=out/report.xml", "sarif=out/report.sarif", "json=out/report.json", "github")
    ended = cli(f"validate {' '.join(f'--report {each}' for each in reports)}")
    assert (ended.code, ended.out) == (0, "Valid: 1 table and 1 seed with 2 items in ./desired_state.\n")
    suite = ET.parse("out/report.xml").getroot()
    assert (suite.get("tests"), suite.get("errors"), suite.get("failures")) == ("1", "0", "0")
    case = suite.find("testcase")
    assert case is not None
    assert (case.get("name"), case.get("file"), case.get("line")) == ("users", "desired_state/users_table.py", "4")
    assert json.loads(Path("out/report.json").read_text())["valid"] is True
    assert json.loads(Path("out/report.sarif").read_text())["runs"][0]["results"] == []
    assert "::warning::odd file" in ended.err


def test_validate_reports_each_problem_as_a_case_with_file_and_line(cli: Callable, fake: FakeWiring) -> None:
    fake.raises = lambda: DeclarationError(
        (Problem("users_table.py", 7, "key_schema", "is empty", "Name a HASH key."),)
    )
    ended = cli("validate -o junit --report json=report.json")
    assert ended.code == 1
    (case,) = ET.fromstring(ended.out).iter("testcase")
    assert (case.get("file"), case.get("line")) == ("desired_state/users_table.py", "7")
    assert case.find("error").get("message") == (  # type: ignore[union-attr]
        "desired_state/users_table.py:7: key_schema: is empty. Name a HASH key."
    )
    assert json.loads(Path("report.json").read_text())["errors"][0]["line"] == 7


@pytest.mark.parametrize("form", ["markdown", "jsonl"])
def test_validate_has_no_plan_to_write(form: str, cli: Callable, fake: FakeWiring) -> None:
    ended = cli(f"validate --report {form}=report")
    assert (ended.code, ended.out) == (1, "")
    expected = "expected human or json or github or junit or sarif."
    assert f"--report: invalid value '{form}' for validate; {expected}" in ended.err
    assert expected in cli(f"validate -o {form}").err


def test_junit_has_the_path_in_file_and_the_line_in_line(cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(drifted("users"))
    (case,) = ET.fromstring(cli("preview -o junit").out).iter("testcase")
    assert (case.get("file"), case.get("line")) == ("desired_state/table_configs/users_table.py", "12")


def test_a_report_for_a_descriptor_keeps_what_was_printed_to_its_file(
    cli: Callable, fake: FakeWiring, tmp_path: Path
) -> None:
    out = tmp_path / "out.txt"
    with out.open("w") as file:
        print("printed before", file=file, flush=True)
        ended = cli(f"preview --report json=/dev/fd/{file.fileno()}")
    assert (ended.code, ended.err) == (0, "")
    before, _, document = out.read_text().partition("\n")
    assert before == "printed before"
    assert json.loads(document)["format_version"] == "1.0"


def test_a_report_replaces_what_its_file_held(cli: Callable, fake: FakeWiring, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    out.write_text("x" * 100_000)
    cli(f"preview --report json={out}")
    assert json.loads(out.read_text())["format_version"] == "1.0"


DOWN = "Nothing answers at http://x: refused"


def test_an_endpoint_that_died_is_told_once_and_not_for_every_table(cli: Callable, fake: FakeWiring) -> None:
    unread = [a_table(name, TableStatus.ERROR, error=DOWN) for name in ("users", "orders")]
    fake.plan = replace(a_report(*unread, a_table("odd", TableStatus.ERROR, error="another")), error=DOWN)
    human, github, markdown = (cli(f"preview -o {form}") for form in ("human", "github", "markdown"))
    assert (human.err.count(DOWN), human.out.count(DOWN)) == (1, 0)
    assert "! 2 tables not read: orders, users\n" in human.out
    assert (github.out.count(DOWN), github.out.count("::error")) == (1, 2)
    assert markdown.out.replace("\\", "").count(DOWN) == 1
    suite = ET.fromstring(cli("preview -o junit").out.encode())
    assert {name: suite.get(name) for name in ("tests", "errors", "failures", "skipped")} == {
        "tests": "4",
        "errors": "2",
        "failures": "0",
        "skipped": "2",
    }
    assert [each.get("message") for each in suite.iter("error")] == [DOWN, "another"]
    [run] = json.loads(cli("preview -o sarif").out)["runs"]
    assert [each["message"]["text"] for each in run["results"]] == ["odd: another"]


def test_each_report_says_that_the_tables_are_the_bundled_examples(
    cli: Callable, fake: FakeWiring, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    fake.plan = replace(a_report(in_sync("users")), warnings=("and another",))
    forms = ("json", "jsonl", "markdown", "junit", "sarif")
    ended = cli("preview --embedded " + " ".join(f"--report {form}={form}.txt" for form in forms))
    said, another = json.loads(Path("json.txt").read_text())["warnings"]
    assert said.startswith("There is no ./desired_state: the tables are the bundled examples, not yours.")
    assert (another, ended.err.count(said)) == ("and another", 1)
    root = ET.parse("junit.txt").getroot()
    assert root.findtext("system-out") == f"warning: {said}\nwarning: and another"
    assert root.get("failures") == "0"
    (run,) = json.loads(Path("sarif.txt").read_text())["runs"]
    notifications = run["invocations"][0]["toolExecutionNotifications"]
    assert [(each["level"], each["message"]["text"]) for each in notifications] == [
        ("warning", said),
        ("warning", another),
    ]
    assert said in Path("jsonl.txt").read_text()
    cli("preview --embedded -o github")
    for text in (Path("markdown.txt").read_text(), (tmp_path / "summary.md").read_text()):
        assert "- **warning** There is no ./desired\\_state: the tables are the bundled examples, not yours." in text
