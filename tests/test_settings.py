"""Settings: precedence of the layers, refused values and their messages, and what the engine receives."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.errors import SettingsError
from reconciler.model.identity import Endpoint, Flavor
from reconciler.settings import SETTINGS, Settings
from reconciler.settings.in_effect import in_effect
from reconciler.settings.loading import load

NOTHING: Mapping[str, Any] = {}


def loaded(tmp_path: Path, flags: Mapping[str, Any] = NOTHING, **environ: str) -> Settings:
    return load(flags, one_shot=False, environ=environ, cwd=tmp_path)


def refused(tmp_path: Path, flags: Mapping[str, Any] = NOTHING, **environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, flags, **environ)
    return str(caught.value)


LAYERS = ("default", "pyproject", "reconciler.toml", "--config", ".env", "variable", "flag")


def write_layers(folder: Path, upto: int) -> tuple[dict[str, Any], dict[str, str]]:
    """Every layer up to ``upto`` names its own stack."""
    flags: dict[str, Any] = {}
    environ: dict[str, str] = {}
    if upto >= 1:
        (folder / "pyproject.toml").write_text('[tool.reconciler]\nstack = "pyproject"\n')
    if upto >= 2:
        (folder / "reconciler.toml").write_text('stack = "reconciler.toml"\n')
    if upto >= 3:
        (folder / "named.toml").write_text('stack = "--config"\n')
        flags["config"] = "named.toml"
    if upto >= 4:
        (folder / ".env").write_text("RECONCILER_STACK=.env\n")
    if upto >= 5:
        environ["RECONCILER_STACK"] = "variable"
    if upto >= 6:
        flags["stack"] = "flag"
    return flags, environ


@pytest.mark.parametrize("winner", range(len(LAYERS)), ids=LAYERS)
def test_each_layer_wins_over_those_before_it(winner: int, tmp_path: Path) -> None:
    flags, environ = write_layers(tmp_path, winner)
    assert loaded(tmp_path, flags, **environ).stack == (LAYERS[winner] if winner else tmp_path.name)


ORIGINS = ("pyproject.toml: tool.reconciler.stack", "reconciler.toml: stack", "named.toml: stack")
MORE_ORIGINS = (".env: RECONCILER_STACK", "RECONCILER_STACK", "--stack")


@pytest.mark.parametrize("winner", range(len(LAYERS)), ids=LAYERS)
def test_each_value_knows_where_it_came_from(winner: int, tmp_path: Path) -> None:
    flags, environ = write_layers(tmp_path, winner)
    origins = (f"default from folder {tmp_path}", *ORIGINS, *MORE_ORIGINS)
    assert loaded(tmp_path, flags, **environ).origins["stack"] == origins[winner]


def test_defaults_are_those_of_the_contract(tmp_path: Path) -> None:
    settings = loaded(tmp_path)
    assert (settings.desired_state, settings.stack, settings.environment) == ("./desired_state", tmp_path.name, None)
    assert (settings.interval, settings.jitter_seconds) == (timedelta(seconds=60), 6.0)
    assert (settings.mode, settings.prune, settings.data_loss, settings.disruption, settings.seed) == (
        "enforce",
        "owned",
        "emulator",
        "emulator",
        "empty",
    )
    assert (settings.wait, settings.workers, settings.state_table) == (timedelta(seconds=60), 10, "reconciler_state")
    assert (settings.http_host, settings.http_port, settings.api_auth) == ("127.0.0.1", 8002, "auto")
    assert (settings.log_format, settings.log_level, settings.embedded) == ("auto", "info", False)


DURATIONS = {
    "5m": 300,
    "1h30m": 5400,
    "0s": 0,
    "90": 90,
    "1.5": 1.5,
    "250ms": 0.25,
    "2h": 7200,
}


@pytest.mark.parametrize("text", DURATIONS)
def test_a_duration_is_read(text: str, tmp_path: Path) -> None:
    assert loaded(tmp_path, {"wait": text}).wait == timedelta(seconds=DURATIONS[text])


def test_a_number_in_a_file_is_seconds(tmp_path: Path) -> None:
    (tmp_path / "reconciler.toml").write_text("interval = 30\nallowed_accounts = ['123456789012']\nembedded = true\n")
    settings = loaded(tmp_path)
    assert settings.interval == timedelta(seconds=30)
    assert settings.allowed_accounts == ("123456789012",)
    assert settings.embedded is True


@pytest.mark.parametrize(("text", "seconds"), [("10%", 6.0), ("0%", 0.0), ("2.5%", 1.5), ("5s", 5.0), ("3", 3.0)])
def test_jitter_is_a_share_or_a_duration(text: str, seconds: float, tmp_path: Path) -> None:
    assert loaded(tmp_path, {"jitter": text}).jitter_seconds == seconds


def test_a_pyproject_without_our_section_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.other]\nstack = 'x'\n")
    assert loaded(tmp_path).stack == tmp_path.name


def test_an_empty_variable_is_unset_and_an_empty_flag_unsets(tmp_path: Path) -> None:
    assert loaded(tmp_path, RECONCILER_ENVIRONMENT="", RECONCILER_INTERVAL="").environment is None
    assert loaded(tmp_path, {"environment": ""}, RECONCILER_ENVIRONMENT="prod").environment is None


def test_variables_that_kubernetes_sets_for_a_service_of_that_name_are_not_settings(tmp_path: Path) -> None:
    links = {
        "RECONCILER_SERVICE_HOST": "10.0.0.1",
        "RECONCILER_SERVICE_PORT": "8002",
        "RECONCILER_SERVICE_PORT_HTTP": "8002",
        "RECONCILER_PORT": "tcp://10.0.0.1:8002",
        "RECONCILER_PORT_8002_TCP": "tcp://10.0.0.1:8002",
        "RECONCILER_PORT_8002_TCP_ADDR": "10.0.0.1",
    }
    assert loaded(tmp_path, **links).http_port == 8002


ENDPOINTS = {
    "the flag first": ({"endpoint_url": "http://flag:1"}, "http://flag:1", "--endpoint-url"),
    "then our own variable": ({}, "http://own:1", "RECONCILER_ENDPOINT_URL"),
    "then AWS's for DynamoDB": ({}, "http://service:1", "AWS_ENDPOINT_URL_DYNAMODB"),
    "then AWS's for all": ({}, "http://all:1", "AWS_ENDPOINT_URL"),
    "then the old name": ({}, "http://old:1", "DYNAMODB_ENDPOINT"),
}
ENDPOINT_VARIABLES = {
    "RECONCILER_ENDPOINT_URL": "http://own:1",
    "AWS_ENDPOINT_URL_DYNAMODB": "http://service:1",
    "AWS_ENDPOINT_URL": "http://all:1",
    "DYNAMODB_ENDPOINT": "http://old:1",
}


@pytest.mark.parametrize("position", range(len(ENDPOINTS)), ids=list(ENDPOINTS))
def test_the_endpoint_is(position: int, tmp_path: Path) -> None:
    flags, url, origin = list(ENDPOINTS.values())[position]
    settings = loaded(tmp_path, flags, **dict(list(ENDPOINT_VARIABLES.items())[max(0, position - 1) :]))
    assert (settings.endpoint_url, settings.origins["endpoint_url"]) == (url, origin)


FILE = 'endpoint_url = "http://file:1"\n'
NOT_USED = "{} names http://{}:1, which is not used: reconciler.toml: endpoint_url says http://file:1."
EMBEDDED_IN_FILE = (
    "AWS_ENDPOINT_URL names http://all:1, which is not used: reconciler.toml: embedded says the embedded endpoint."
)
BESIDE_FILE: dict[str, tuple[str, dict[str, str], str | None, tuple[str, ...]]] = {
    "AWS's for DynamoDB": (
        FILE,
        {"AWS_ENDPOINT_URL_DYNAMODB": "http://service:1", "AWS_ENDPOINT_URL": "http://all:1"},
        "http://file:1",
        (NOT_USED.format("AWS_ENDPOINT_URL_DYNAMODB", "service"),),
    ),
    "AWS's for all": (
        FILE,
        {"AWS_ENDPOINT_URL": "http://all:1"},
        "http://file:1",
        (NOT_USED.format("AWS_ENDPOINT_URL", "all"),),
    ),
    "the old name": (
        FILE,
        {"DYNAMODB_ENDPOINT": "http://old:1"},
        "http://file:1",
        (NOT_USED.format("DYNAMODB_ENDPOINT", "old"),),
    ),
    "an equal one": (FILE, {"AWS_ENDPOINT_URL": "http://file:1"}, "http://file:1", ()),
    "one that the SDK ignores": (
        FILE,
        {"AWS_ENDPOINT_URL": "http://all:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        "http://file:1",
        (),
    ),
    "one for this tool": (FILE, {"RECONCILER_ENDPOINT_URL": "http://own:1"}, "http://own:1", ()),
    "the embedded endpoint of the file, as a text": (
        'embedded = "true"\n',
        {"AWS_ENDPOINT_URL": "http://all:1"},
        None,
        (EMBEDDED_IN_FILE,),
    ),
    "the embedded endpoint of the file": (
        "embedded = true\n",
        {"AWS_ENDPOINT_URL": "http://all:1"},
        None,
        (EMBEDDED_IN_FILE,),
    ),
}


@pytest.mark.parametrize("case", BESIDE_FILE)
def test_the_settings_file_of_a_project_wins_over_variables_for_every_program(case: str, tmp_path: Path) -> None:
    text, variables, url, warnings = BESIDE_FILE[case]
    (tmp_path / "desired_state").mkdir()
    (tmp_path / "reconciler.toml").write_text(text)
    settings = loaded(tmp_path, **variables)
    assert (settings.endpoint_url, settings.warnings) == (url, warnings)


def test_the_settings_file_wins_over_an_endpoint_in_dotenv(tmp_path: Path) -> None:
    (tmp_path / "reconciler.toml").write_text(FILE)
    (tmp_path / ".env").write_text("AWS_ENDPOINT_URL=http://all:1\nAWS_REGION=eu-west-1\n")
    settings = loaded(tmp_path)
    assert (settings.endpoint_url, dict(settings.sdk_variables)) == ("http://file:1", {})
    assert settings.warnings == (NOT_USED.format(".env: AWS_ENDPOINT_URL", "all"),)
    (tmp_path / ".env").write_text("RECONCILER_ENDPOINT_URL=http://own:1\n")
    assert loaded(tmp_path).endpoint_url == "http://own:1"


def test_an_endpoint_in_dotenv_is_used_so_that_aws_is_not_called_by_mistake(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("AWS_ENDPOINT_URL=http://localhost:8000\nOTHER=1\n")
    assert loaded(tmp_path).endpoint_url == "http://localhost:8000"


EMBEDDED: dict[str, tuple[dict[str, Any], dict[str, str], tuple[bool, str | None]]] = {
    "over an endpoint of the environment": ({"embedded": True}, {"AWS_ENDPOINT_URL": "http://h:1"}, (True, None)),
    "but not over a flag": (
        {"endpoint_url": "http://h:1"},
        {"RECONCILER_EMBEDDED": "true"},
        (False, "http://h:1"),
    ),
    "and within the environment": (
        {},
        {"RECONCILER_EMBEDDED": "1", "DYNAMODB_ENDPOINT": "http://h:1"},
        (True, None),
    ),
}


@pytest.mark.parametrize("case", EMBEDDED)
def test_the_embedded_endpoint_wins(case: str, tmp_path: Path) -> None:
    flags, environ, expected = EMBEDDED[case]
    settings = loaded(tmp_path, flags, **environ)
    assert (settings.embedded, settings.endpoint_url) == expected


BUNDLED_WARNING = (
    "There is no ./desired_state: the tables are the bundled examples, not yours. Name your folder with "
    "--desired-state PATH, begin one with `reconciler init`, or ask for the examples with --desired-state bundled."
)


def test_the_bundled_set_is_used_only_with_embedded_and_without_a_folder(tmp_path: Path) -> None:
    unnamed = loaded(tmp_path, {"embedded": True})
    assert (unnamed.desired_state, unnamed.warnings) == ("bundled", (BUNDLED_WARNING,))
    assert loaded(tmp_path, {"embedded": True, "desired_state": "bundled"}).warnings == ()
    writing = load({"embedded": True}, one_shot=True, environ={}, cwd=tmp_path, allow_bundled=False)
    assert (writing.desired_state, writing.warnings) == ("./desired_state", ())
    assert loaded(tmp_path).desired_state == "./desired_state"
    assert loaded(tmp_path, {"embedded": True, "desired_state": "mine"}).desired_state == "mine"
    (tmp_path / "desired_state").mkdir()
    assert loaded(tmp_path, {"embedded": True}).desired_state == "./desired_state"


def test_the_token_file_is_read_at_start(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret\n")
    settings = loaded(tmp_path, RECONCILER_API_TOKEN_FILE="token")
    assert settings.api_token is not None
    assert settings.api_token.reveal() == "s3cret"
    assert settings.origins["api_token"] == "RECONCILER_API_TOKEN_FILE (token)"


def test_no_secret_is_ever_shown(tmp_path: Path) -> None:
    settings = loaded(tmp_path, RECONCILER_API_TOKEN="hunter2")
    assert "hunter2" not in repr(settings) + str(settings.api_token) + str(in_effect(settings, None))
    assert ("api_token", "(set, not shown)", "RECONCILER_API_TOKEN") in in_effect(settings, None)
    assert "hunter2" not in refused(tmp_path, {"workers": "x"}, RECONCILER_API_TOKEN="hunter2")
    assert "hunter2" not in refused(tmp_path, AWS_ENDPOINT_URL="http://me:hunter2@host")


def test_every_setting_is_shown_with_value_and_origin(tmp_path: Path) -> None:
    shown = {name: (value, origin) for name, value, origin in in_effect(loaded(tmp_path, {"interval": "5m"}), None)}
    assert set(shown) == set(SETTINGS)
    assert shown["interval"] == ("300s", "--interval")
    assert shown["environment"] == ("unset", "default")
    assert shown["allowed_hosts"] == ("localhost, 127.0.0.1, ::1", "default")


GIVEN: Mapping[str, Any] = {
    "desired_state": "declared",
    "stack": "shop",
    "aws_client": "lean",
    "environment": "dev",
    "parameter": {"Stage": "dev", "Owner": "web team", "Count": 3, "On": True},
    "parameters_file": "parameters.json",
    "interval": "1h30m",
    "jitter": "5%",
    "mode": "observe",
    "prune": "never",
    "prune_grace": "1m",
    "data_loss": "never",
    "disruption": "allow",
    "max_deletes": 0,
    "allowed_accounts": ["111111111111", "222222222222"],
    "seed": "never",
    "seed_set": "small",
    "migrations": "steps",
    "replace_hold": "2h",
    "replace_through_s3": "s3://bucket/prefix",
    "prices": "prices.json",
    "wait": "0s",
    "timeout": "9s",
    "workers": 3,
    "state_table": "state",
    "http_host": "::1",
    "http_port": 0,
    "api_token": "hunter2",
    "api_token_file": "token",
    "api_auth": "token",
    "allowed_hosts": ["a", "b"],
    "docs_url": "https://docs.example/{page}.md",
    "runbook_url": "https://runbooks.example/{alert}",
    "grafana_url": "https://grafana.example/d/x",
    "console_url": "off",
    "testing": True,
    "metrics_file": "metrics.prom",
    "push_gateway": "http://push:9091",
    "webhook_urls": ["https://hooks.example/hunter2", "https://b.example/hunter2"],
    "webhook_format": "json",
    "webhook_events": ["drift", "failed"],
    "webhook_secret": "hunter2",
    "webhook_secret_file": "token",
    "table_detail": "none",
    "log_format": "json",
    "log_level": "ERROR",
    "endpoint_url": "http://db:8000",
    "region": "eu-north-1",
    "profile": "admin",
    "role_arn": "arn:aws:iam::123456789012:role/deploy",
    "role_external_id": "external",
    "embedded": True,
}
SHOWN = {
    "parameter": "Stage=dev 'Owner=web team' Count=3 On=true",
    "interval": "5400s",
    "prune_grace": "60s",
    "allowed_accounts": "111111111111, 222222222222",
    "replace_hold": "7200s",
    "api_token": "(set, not shown)",
    "allowed_hosts": "a, b",
    "testing": "true",
    "webhook_urls": "(set, not shown)",
    "webhook_events": "drift, failed",
    "webhook_secret": "(set, not shown)",
    "log_level": "error",
    "embedded": "true",
}
"""How a value is shown where that is not how it was written."""


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_that_has_a_value_is_shown(name: str) -> None:
    value = SETTINGS[name].read(GIVEN[name])
    settings = Settings(**{name: value}, given_origins={name: "here"})
    for flavor in (None, *Flavor):
        assert in_effect_at(settings, flavor)[name] == (SHOWN.get(name, str(GIVEN[name])), "here")


def test_parameters_are_shown_as_their_variable_takes_them(tmp_path: Path) -> None:
    written = "Stage=dev 'Owner=web team' Empty="
    settings = loaded(tmp_path, RECONCILER_PARAMETER=written)
    assert in_effect_at(settings, None)["parameter"] == (written, "RECONCILER_PARAMETER")


SHARE = "10% of the owned tables, at least 1"
CHOSEN = {
    Flavor.DYNAMODB_LOCAL: ("no cap", "300s", "default for dynamodb-local"),
    Flavor.MOTO: ("no cap", "300s", "default for moto"),
    Flavor.LOCALSTACK: ("no cap", "300s", "default for localstack"),
    Flavor.AWS: (SHARE, "1800s", "default for aws"),
    Flavor.OTHER: (SHARE, "1800s", "default for other"),
}


def in_effect_at(settings: Settings, flavor: Flavor | None) -> dict[str, tuple[str, str]]:
    endpoint = Endpoint("http://db:8000", "eu-west-1", None, "aws", flavor) if flavor else None
    return {name: (value, origin) for name, value, origin in in_effect(settings, endpoint)}


@pytest.mark.parametrize("flavor", Flavor)
def test_what_the_endpoint_chose_is_shown_in_effect(flavor: Flavor, tmp_path: Path) -> None:
    shown, (cap, deadline, origin) = in_effect_at(loaded(tmp_path), flavor), CHOSEN[flavor]
    assert (shown["max_deletes"], shown["timeout"]) == ((cap, origin), (deadline, origin))
    assert shown["endpoint_url"] == ("http://db:8000", "as connected")
    assert shown["region"] == ("eu-west-1", "as connected")
    assert [name for name, (value, _) in shown.items() if value == "unset"] == [
        *("environment", "parameter", "parameters_file", "allowed_accounts"),
        *("seed_set", "migrations", "replace_through_s3", "prices", "api_token", "api_token_file"),
        *("runbook_url", "docs_url", "grafana_url", "console_url"),
        *("metrics_file", "push_gateway"),
        *("webhook_urls", "webhook_secret", "webhook_secret_file", "profile", "role_arn", "role_external_id"),
    ]


def test_while_nothing_answers_both_defaults_are_shown(tmp_path: Path) -> None:
    shown = in_effect_at(loaded(tmp_path), None)
    assert shown["max_deletes"] == (f"no cap on an emulator, {SHARE} elsewhere", "default")
    assert shown["timeout"] == ("300s on an emulator, 1800s elsewhere", "default")
    assert shown["replace_hold"] == ("0s on an emulator, 86400s elsewhere", "default")
    assert shown["region"] == ("unset", "default")


@pytest.mark.parametrize(
    ("one_shot", "value", "owner"), [(True, "0s", "one-shot commands"), (False, "300s", "the daemon")]
)
def test_the_grace_in_effect_is_that_of_the_command(one_shot: bool, value: str, owner: str, tmp_path: Path) -> None:
    settings = load({}, one_shot=one_shot, environ={}, cwd=tmp_path)
    for flavor in (Flavor.AWS, None):
        assert in_effect_at(settings, flavor)["prune_grace"] == (value, f"default for {owner}")


def test_what_was_set_wins_over_what_the_endpoint_would_choose(tmp_path: Path) -> None:
    given = {"max_deletes": "3", "timeout": "9s", "prune_grace": "1h", "region": "eu-north-1"}
    shown = in_effect_at(loaded(tmp_path, given), Flavor.AWS)
    assert {name: shown[name][0] for name in given} == {
        "max_deletes": "3",
        "timeout": "9s",
        "prune_grace": "3600s",
        "region": "eu-north-1",
    }
    assert shown["timeout"][1] == "--timeout"


GRACES = [(None, False, 300), (None, True, 0), ("1h", True, 3600), ("1h", False, 3600), ("0s", False, 0)]


@pytest.mark.parametrize(("grace", "one_shot", "seconds"), GRACES)
def test_prune_grace_depends_on_the_command_unless_set(
    grace: str | None, one_shot: bool, seconds: int, tmp_path: Path
) -> None:
    options = loaded(tmp_path, {"prune_grace": grace}).options(Flavor.MOTO, one_shot=one_shot)
    assert (options.prune_grace, options.one_shot) == (timedelta(seconds=seconds), one_shot)


def test_options_take_one_shot_from_how_the_settings_were_loaded(tmp_path: Path) -> None:
    settings = load({}, one_shot=True, environ={}, cwd=tmp_path)
    assert settings.options(Flavor.AWS).one_shot


CAPS = [
    (None, Flavor.MOTO, None, None),
    (None, Flavor.DYNAMODB_LOCAL, None, None),
    (None, Flavor.AWS, None, 0.1),
    (None, Flavor.OTHER, None, 0.1),
    ("3", Flavor.AWS, 3, None),
    ("0", Flavor.MOTO, 0, None),
]


@pytest.mark.parametrize(("given", "flavor", "cap", "share"), CAPS)
def test_deletes_are_capped_by_number_or_share(
    given: str | None, flavor: Flavor, cap: int | None, share: float | None, tmp_path: Path
) -> None:
    options = loaded(tmp_path, {"max_deletes": given}).options(flavor)
    assert (options.max_deletes, options.max_deletes_share) == (cap, share)


@pytest.mark.parametrize(
    ("given", "flavor", "seconds"), [(None, Flavor.MOTO, 300), (None, Flavor.OTHER, 1800), ("10s", Flavor.AWS, 10)]
)
def test_the_deadline_depends_on_the_endpoint_unless_set(
    given: str | None, flavor: Flavor, seconds: int, tmp_path: Path
) -> None:
    assert loaded(tmp_path, {"timeout": given}).deadline(flavor) == timedelta(seconds=seconds)


def test_importing_settings_imports_no_sdk_and_no_server() -> None:
    heavy = "{'boto3', 'botocore', 'fastapi', 'rich', 'typer', 'structlog', 'apscheduler', 'moto', 'pydantic'}"
    code = f"import sys, reconciler.settings; print({heavy} & set(sys.modules) or 'none')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "none"
