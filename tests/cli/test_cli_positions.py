"""Every option works before and after every verb, and the later wins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args, get_origin, get_type_hints

import pytest
from support.fake_wiring import FakeWiring

from reconciler.cli.options import FLAGS
from reconciler.cli.verbs import COMMANDS
from reconciler.settings import SETTINGS, Settings

CONNECTED = {
    "run": "--once",
    "preview": "",
    "up": "--yes",
    "destroy": "--yes",
    "import": "users",
    "export": "users --format svg",
    "diff": "here there",
    "release": "users",
    "suspend": "",
    "resume": "",
    "seed": "",
    "clear": "",
    "restore": "users --to users-2 --from latest",
    "rebuild-index": "users by_mail --yes",
    "check-references": "",
    "status": "",
    "doctor": "",
    "healthcheck": "",
    "validate": "",
}


@pytest.mark.parametrize("verb", CONNECTED)
@pytest.mark.parametrize("side", ["before", "after"])
def test_a_setting_is_accepted_before_and_after_the_verb(verb: str, side: str, cli: Callable, fake: FakeWiring) -> None:
    option = "--environment prod --endpoint-url http://h:1 -q"
    line = f"{option} {verb} {CONNECTED[verb]}" if side == "before" else f"{verb} {CONNECTED[verb]} {option}"
    assert cli(line).code == 0
    assert (fake.settings.environment, fake.settings.endpoint_url) == ("prod", "http://h:1")


@pytest.mark.parametrize("verb", CONNECTED)
def test_the_later_wins(verb: str, cli: Callable, fake: FakeWiring) -> None:
    assert cli(f"--environment first --stack mine {verb} {CONNECTED[verb]} --environment second").code == 0
    assert (fake.settings.environment, fake.settings.stack) == ("second", "mine")


@pytest.mark.parametrize("line", ["--once", "run --once", "--once run"])
def test_once_works_bare_and_on_either_side(line: str, cli: Callable, fake: FakeWiring) -> None:
    assert cli(line).code == 0
    assert fake.calls == [("open", True, False), ("converge", "once", ()), ("close",), ("publish_metrics",)]


APART = {"migrate", "replace"}
"""They need more than the fake wiring has; tests/e2e runs them."""
OFFLINE = {"environments": "", "explain": "data_loss", "completion": "bash"}


@pytest.mark.parametrize("verb", ["schema", "init", *OFFLINE])
def test_verbs_without_settings_take_them_too(verb: str, cli: Callable) -> None:
    assert cli(f"--embedded {verb} {OFFLINE.get(verb, '')} -v").code == 0


def test_the_table_of_commands_is_complete() -> None:
    assert {*CONNECTED, "schema", "init", *OFFLINE} == set(COMMANDS) - APART


VALUES = {
    "config": ("named.toml", None),
    "desired_state": ("folder", "folder"),
    "region": ("eu-west-1", "eu-west-1"),
    "workers": ("3", 3),
    "http_port": ("9000", 9000),
    "mode": ("observe", "observe"),
    "prune": ("never", "never"),
    "data_loss": ("never", "never"),
    "disruption": ("allow", "allow"),
    "max_deletes": ("4", 4),
    "seed": ("never", "never"),
    "api_auth": ("none", "none"),
    "log_format": ("json", "json"),
    "log_level": ("error", "error"),
    "allowed_hosts": ("a,b", ("a", "b")),
    "state_table": ("our_state", "our_state"),
    "table_detail": ("status", "status"),
    "metrics_file": ("m.prom", "m.prom"),
}


@pytest.mark.parametrize("name", VALUES)
def test_a_flag_reaches_its_setting(name: str, cli: Callable, fake: FakeWiring, tmp_path: object) -> None:
    with open("named.toml", "w", encoding="utf-8") as file:  # noqa: PTH123 - the working directory is the test's own
        file.write("workers = 7\n")
    given, expected = VALUES[name]
    assert cli(f"preview --{name.replace('_', '-')} {given}").code == 0
    assert fake.settings.workers == 7 if name == "config" else getattr(fake.settings, name) == expected


def test_every_setting_but_the_secrets_is_an_option() -> None:
    assert {flag.name for flag in FLAGS} == set(SETTINGS) - {"api_token", "webhook_urls", "webhook_secret"} | {"config"}


def test_every_option_shows_the_values_of_its_setting() -> None:
    types = get_type_hints(Settings)
    for flag in FLAGS:
        kind = types.get(flag.name)
        choices = get_args(kind) if get_origin(kind) is Literal else ()
        shown = tuple((flag.metavar or "").split("|")) if "|" in (flag.metavar or "") else ()
        assert shown == choices, flag.name
        assert (flag.metavar is None) == (kind is bool), flag.name
