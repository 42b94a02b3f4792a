"""Each table of the README says what the code says: commands, exit codes, settings, facets, step statuses, metrics."""

import re
from datetime import timedelta

import pytest
import settings_reference
from support.markdown import README, plain, section, table

from reconciler.cli import codes, options
from reconciler.cli.verbs import COMMANDS
from reconciler.engine.loop_status import LoopStatus
from reconciler.facets import FACETS
from reconciler.http import create_app
from reconciler.metrics import FAMILIES, Metrics
from reconciler.model.identity import Flavor
from reconciler.model.plan import StepStatus
from reconciler.settings import SETTINGS, Settings
from reconciler.settings.values import duration

LISTED = {plain(row[0]).lower(): row for row in table(README, "Settings")}
IN_WORDS = ("stack", "prune_grace", "max_deletes", "timeout", "console_url")
PREFIX = "dynamodb_reconciler_"


def test_every_command_is_listed_and_no_other():
    assert [plain(row[0]).split()[1] for row in table(README, "Commands")] == list(COMMANDS)


def test_every_common_option_is_named_and_no_other():
    named = set(re.findall(r"`(--[a-z-]+)`", section(README, "Commands").rpartition("|\n")[2]))
    common = {flag.long for flag in options.FLAGS if flag.common} | {"--output", "--color"}
    assert named - {"--its-name"} == common


def test_every_form_of_output_and_colour_is_named():
    text = section(README, "Commands")
    assert ", ".join(f"`{form.value}`" for form in options.Output) in text
    assert ", ".join(f"`{color.value}`" for color in options.Color) in text


def test_every_setting_but_the_token_is_an_option():
    assert {flag.name for flag in options.FLAGS} - {"config"} == set(SETTINGS) - {"api_token"}


def test_every_exit_code_is_listed_and_no_other():
    assert [int(row[0]) for row in table(README, "Exit codes")] == [code for code, _ in codes.TABLE]


def test_every_setting_is_listed_and_no_other():
    assert sorted(LISTED) == sorted(SETTINGS)


@pytest.mark.parametrize("name", sorted(set(SETTINGS) - set(IN_WORDS)))
def test_the_default_of_a_setting_is_the_one_in_the_code(name):
    shown, default = plain(LISTED[name][1]), SETTINGS[name].default
    if isinstance(default, timedelta):
        assert duration(shown) == default
    elif default is None or default == ():
        assert shown == "unset"
    elif isinstance(default, tuple):
        assert tuple(shown.split(", ")) == default
    else:
        assert shown == str(default).lower()


def test_the_tables_of_settings_are_those_that_the_script_writes():
    assert settings_reference.main(["--check"]) == 0


def test_the_grace_before_a_delete_is_the_one_in_the_code():
    daemon, one_shot = (Settings().options(Flavor.AWS, one_shot=once).prune_grace for once in (False, True))
    assert LISTED["prune_grace"][1] == f"`{_short(daemon)}` in the daemon, `{_short(one_shot)}` for one-shot commands"


def test_the_deadlines_are_those_in_the_code():
    settings = Settings()
    emulator, aws = settings.deadline(Flavor.MOTO), settings.deadline(Flavor.AWS)
    assert (emulator, aws) == (timedelta(seconds=300), timedelta(minutes=30))
    assert LISTED["timeout"][1] == "`300s` on an emulator, `30m` elsewhere"


def test_the_cap_on_deletes_is_the_one_in_the_code():
    emulator, aws = (Settings().options(flavor) for flavor in (Flavor.MOTO, Flavor.AWS))
    assert (emulator.max_deletes, emulator.max_deletes_share) == (None, None)
    assert (aws.max_deletes, aws.max_deletes_share) == (None, 0.1)
    assert LISTED["max_deletes"][1] == "no cap on an emulator, one tenth of the owned tables elsewhere"


def test_every_facet_is_listed_and_no_other():
    assert [plain(row[0]) for row in table(README, "Declarations")] == [f.name for f in FACETS]


def test_every_step_status_is_listed_and_no_other():
    listed = [plain(row[0]) for row in table(README, "Statuses of a step")]
    assert sorted(listed) == sorted(status.value for status in StepStatus)


def test_every_metric_is_listed_with_its_type_and_labels_and_no_other():
    listed = [(PREFIX + plain(name), kind, labels) for name, kind, labels, _ in table(README, "Metrics")]
    assert listed == [(family.name, family.type, ", ".join(family.labels)) for family in FAMILIES]


def test_every_route_is_listed_and_no_other():
    loop_status = LoopStatus("default")
    paths = create_app(loop_status, Metrics(loop_status)).openapi()["paths"]
    routes = [f"{method.upper()} {path}" for path, operations in paths.items() for method in operations]
    assert sorted(plain(row[0]) for row in table(README, "HTTP")) == sorted(routes)


def _short(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    return f"{seconds // 60}m" if seconds and seconds % 60 == 0 else f"{seconds}s"
