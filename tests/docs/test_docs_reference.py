"""The reference says what the code says: commands, exit codes, settings, facets, statuses, metrics, routes, JSON."""

import re
from datetime import timedelta

import field_reference
import pytest
import reference
import report_reference
import settings_reference
from support.markdown import ROOT, plain, section, table

from reconciler.cli import codes, options
from reconciler.cli.verbs import COMMANDS
from reconciler.engine.loop_status import LoopStatus
from reconciler.facets import FACETS
from reconciler.http import create_app
from reconciler.http.control import Control
from reconciler.metrics import FAMILIES, Metrics
from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason, StepStatus
from reconciler.settings import SETTINGS, Settings
from reconciler.settings.values import duration

REFERENCE = ROOT / "docs" / "reference"
COMMANDS_PAGE = REFERENCE / "commands.md"
LISTED = {plain(row[0]): row for row in table(REFERENCE / "settings.md", "Settings")}
DEFAULT = 3
"""The column of defaults."""
IN_WORDS = ("stack", "prune_grace", "max_deletes", "replace_hold", "timeout", "console_url")
PREFIX = "dynamodb_reconciler_"


def test_every_command_is_listed_and_no_other():
    listed = re.findall(r"^## `reconciler ([a-z-]+)`$", COMMANDS_PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert listed == list(COMMANDS)
    assert [plain(row[0]).split()[1] for row in table(COMMANDS_PAGE, "All commands")] == list(COMMANDS)


def test_every_common_option_is_named_and_no_other():
    named = {
        name for row in table(COMMANDS_PAGE, "Options of every command") for name in re.findall(r"--[a-z-]+", row[0])
    }
    common = {flag.long for flag in options.FLAGS if flag.common} | {
        "--output",
        "--report",
        "--color",
        "--verbose",
        "--quiet",
    }
    assert named == common


def test_every_form_of_output_and_colour_is_named():
    text = section(COMMANDS_PAGE, "Options of every command")
    assert ", ".join(form.value for form in options.Output) in text
    assert ", ".join(color.value for color in options.Color) in text


def test_every_setting_that_is_no_secret_is_an_option():
    secret = {"api_token", "webhook_secret", "webhook_urls"}
    assert {flag.name for flag in options.FLAGS} - {"config"} == set(SETTINGS) - secret


def test_every_exit_code_is_listed_and_no_other():
    assert [int(row[0]) for row in table(REFERENCE / "exit-codes.md", "Exit codes")] == [
        code for code, _ in codes.TABLE
    ]


def test_every_setting_is_listed_and_no_other():
    assert sorted(LISTED) == sorted(SETTINGS)


@pytest.mark.parametrize("name", sorted(set(SETTINGS) - set(IN_WORDS)))
def test_the_default_of_a_setting_is_the_one_in_the_code(name):
    shown, default = plain(LISTED[name][DEFAULT]), SETTINGS[name].default
    if isinstance(default, timedelta):
        assert duration(shown) == default
    elif default is None or default == ():
        assert shown == "unset"
    elif isinstance(default, tuple):
        assert tuple(shown.split(", ")) == default
    else:
        assert shown == str(default).lower()


def test_the_generated_parts_are_those_that_the_script_writes():
    assert reference.main(["--check"]) == 0


def test_every_part_that_a_script_writes_is_on_one_page():
    assert sorted(reference.named_parts()) == sorted(reference.PARTS)


def test_an_outdated_part_is_reported_and_can_be_written_again(tmp_path, monkeypatch, capsys):
    page = tmp_path / "exit-codes.md"
    page.write_text(
        "before\n<!-- written by scripts/reference.py: exit-codes -->\nold\n<!-- end of exit-codes -->\nafter\n"
    )
    monkeypatch.setattr(reference, "DOCS", tmp_path)
    monkeypatch.setattr(reference, "ROOT", tmp_path)
    monkeypatch.setattr(settings_reference, "PAGE", tmp_path / "settings.md")
    monkeypatch.setattr(field_reference, "PAGE", tmp_path / "fields.md")
    assert reference.main(["--check"]) == 1
    assert "exit-codes.md is out of date: run scripts/reference.py" in capsys.readouterr().err
    assert reference.main([]) == 0
    assert reference.main(["--check"]) == 0
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text


def test_a_member_of_the_document_without_a_meaning_is_an_error(monkeypatch):
    monkeypatch.delitem(report_reference.MEANINGS, "verdict")
    with pytest.raises(ValueError, match="verdict"):
        report_reference.report()


def test_the_grace_before_a_delete_is_the_one_in_the_code():
    daemon, one_shot = (Settings().options(Flavor.AWS, one_shot=once).prune_grace for once in (False, True))
    assert (
        LISTED["prune_grace"][DEFAULT]
        == f"`{_short(daemon)}` in the daemon, `{_short(one_shot)}` for one-shot commands"
    )


def test_the_deadlines_are_those_in_the_code():
    settings = Settings()
    emulator, aws = settings.deadline(Flavor.MOTO), settings.deadline(Flavor.AWS)
    assert (emulator, aws) == (timedelta(seconds=300), timedelta(minutes=30))
    assert LISTED["timeout"][DEFAULT] == "`300s` on an emulator, `30m` elsewhere"


def test_the_cap_on_deletes_is_the_one_in_the_code():
    emulator, aws = (Settings().options(flavor) for flavor in (Flavor.MOTO, Flavor.AWS))
    assert (emulator.max_deletes, emulator.max_deletes_share) == (None, None)
    assert (aws.max_deletes, aws.max_deletes_share) == (None, 0.1)
    assert LISTED["max_deletes"][DEFAULT] == "no cap on an emulator, one tenth of the owned tables elsewhere"


def test_every_facet_is_listed_and_no_other():
    assert [
        plain(row[0]) for row in table(ROOT / "docs" / "guides" / "declaring-tables.md", "Features of a table")
    ] == [f.name for f in FACETS]


def test_every_reason_is_listed_and_no_other():
    assert [row[0].strip("`") for row in table(REFERENCE / "reasons.md", "Reasons")] == [each.value for each in Reason]


def test_every_step_status_is_listed_and_no_other():
    listed = [plain(row[0]) for row in table(REFERENCE / "reasons.md", "Statuses of a step")]
    assert sorted(listed) == sorted(status.value for status in StepStatus)


def test_every_metric_is_listed_with_its_type_and_labels_and_no_other():
    listed = [
        (PREFIX + plain(name), kind, labels) for name, kind, labels, _ in table(REFERENCE / "metrics.md", "Metrics")
    ]
    assert listed == [(family.name, family.type, ", ".join(family.labels)) for family in FAMILIES]


def test_every_route_is_listed_and_no_other():
    loop_status = LoopStatus("default")
    control = Control(loop_status, testing=True)
    paths = create_app(loop_status, Metrics(loop_status), control=control).openapi()["paths"]
    assert "/api/v1/testing/reset" in paths
    routes = [f"{method.upper()} {path}" for path, operations in paths.items() for method in operations]
    assert sorted(plain(row[0]) for row in table(REFERENCE / "http.md", "Routes")) == sorted(routes)


def _short(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    return f"{seconds // 60}m" if seconds and seconds % 60 == 0 else f"{seconds}s"
