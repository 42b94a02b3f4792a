"""Environments in the settings file: what a section selects, what wins over it, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from support.fake_wiring import FakeWiring

from reconciler.model.errors import SettingsError
from reconciler.settings import Settings
from reconciler.settings.loading import environments, load, unchosen

FILE = """
workers = 3

[environments.dev]
endpoint_url = "http://localhost:8000"

[environments.prod]
endpoint_url = "https://dynamodb.eu-west-1.amazonaws.com"
region = "eu-west-1"
profile = "shop-prod"
role_arn = "arn:aws:iam::123456789012:role/deploy"
role_external_id = "shop-4711"
allowed_accounts = ["123456789012"]
prune = "never"
data_loss = "never"
max_deletes = 0
parameter = {Stage = "prod", Owner = "web team"}
webhook_secret = "hush"

[environments.aws]
profile = "shop"
"""
NOTHING: Mapping[str, Any] = {}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "reconciler.toml").write_text(FILE)
    return tmp_path


def loaded(folder: Path, flags: Mapping[str, Any] = NOTHING, **environ: str) -> Settings:
    return load(flags, one_shot=True, environ=environ, cwd=folder)


def test_an_environment_selects_all_of_its_section(folder: Path) -> None:
    found = loaded(folder, {"environment": "prod"})
    assert (found.environment, found.endpoint_url, found.region, found.profile) == (
        "prod",
        "https://dynamodb.eu-west-1.amazonaws.com",
        "eu-west-1",
        "shop-prod",
    )
    assert (found.role_arn, found.role_external_id) == ("arn:aws:iam::123456789012:role/deploy", "shop-4711")
    assert (found.allowed_accounts, found.prune, found.data_loss, found.max_deletes) == (
        ("123456789012",),
        "never",
        "never",
        0,
    )
    assert (dict(found.parameter), found.workers) == ({"Stage": "prod", "Owner": "web team"}, 3)
    assert found.origins["prune"] == "reconciler.toml: environments.prod.prune"


SELECTED = {
    "an option": ({"environment": "prod"}, {}, ""),
    "a variable": ({}, {"RECONCILER_ENVIRONMENT": "prod"}, ""),
    ".env": ({}, {}, "RECONCILER_ENVIRONMENT=prod\n"),
}


@pytest.mark.parametrize("how", SELECTED)
def test_it_is_selected_by(how: str, folder: Path) -> None:
    flags, environ, dotenv = SELECTED[how]
    (folder / ".env").write_text(dotenv)
    assert loaded(folder, flags, **environ).profile == "shop-prod"


def test_the_file_itself_may_select_one(tmp_path: Path) -> None:
    (tmp_path / "reconciler.toml").write_text(f'environment = "dev"\n{FILE}')
    assert loaded(tmp_path).endpoint_url == "http://localhost:8000"


def test_without_an_environment_no_section_counts(folder: Path) -> None:
    found = loaded(folder)
    assert (found.endpoint_url, found.profile, found.prune) == (None, None, "owned")


WRITING = (
    *(
        "run",
        "--once",
        "--mode observe",
        "up --yes",
        "destroy --yes",
        "seed",
        "clear --yes",
        "import --all",
        "release users",
    ),
    *(
        "suspend",
        "resume",
        "migrate up",
        "replace users --yes",
        "rebuild-index users by_day --yes",
        "restore users --to users2",
    ),
)
READING = (
    "preview",
    "status",
    "doctor",
    "export --format json",
    "check-references",
    "healthcheck --tables users --wait 1s",
)
HOW = "Choose one with --environment NAME or RECONCILER_ENVIRONMENT=NAME"


@pytest.mark.parametrize("line", WRITING)
def test_a_command_that_writes_needs_an_environment_where_the_file_has_some(
    line: str, folder: Path, cli: Callable, fake: FakeWiring
) -> None:
    ended = cli(line)
    assert ended.code == 1, ended
    assert "reconciler.toml has the environments aws, dev, prod, and none is chosen" in ended.err
    assert "the tables would be those of AWS, under names without a suffix. " + HOW in ended.err
    assert fake.calls == []


@pytest.mark.parametrize("line", READING)
def test_a_command_that_reads_says_that_none_is_chosen(line: str, folder: Path, cli: Callable) -> None:
    ended = cli(line)
    assert ended.err.count("warning: reconciler.toml has the environments aws, dev, prod, and none is chosen") == 1
    assert HOW not in cli(f"{line} --environment dev").err


CHOSEN: Mapping[str, tuple[Mapping[str, Any], Mapping[str, str], str]] = {
    "an environment": ({"environment": "dev"}, {}, ""),
    "an option": ({"endpoint_url": "http://localhost:8000"}, {}, ""),
    "the variable of this tool": ({}, {"RECONCILER_ENDPOINT_URL": "http://localhost:8000"}, ""),
    "the embedded endpoint": ({"embedded": True}, {}, ""),
    "a default in the file": ({}, {}, 'environment = "dev"\n'),
    "an endpoint at the top of the file": ({}, {}, 'endpoint_url = "http://localhost:8000"\n'),
}


@pytest.mark.parametrize("how", CHOSEN)
def test_a_choice_is(how: str, tmp_path: Path) -> None:
    flags, environ, top = CHOSEN[how]
    (tmp_path / "reconciler.toml").write_text(top + FILE)
    assert unchosen(loaded(tmp_path, flags, **environ)) is None


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL", "DYNAMODB_ENDPOINT"])
def test_a_variable_of_the_sdk_is_no_choice(variable: str, folder: Path) -> None:
    sentence = unchosen(loaded(folder, **{variable: "http://localhost:8000"}))
    assert f"the tables would be those of http://localhost:8000 ({variable})" in str(sentence)


def test_no_choice_is_needed_without_environments_in_the_file(tmp_path: Path) -> None:
    assert unchosen(loaded(tmp_path)) is None
    (tmp_path / "reconciler.toml").write_text("workers = 3\n")
    assert unchosen(loaded(tmp_path)) is None


def test_pyproject_is_named_with_its_table(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.reconciler.environments.prod]\nregion = 'eu-west-1'\n")
    assert 'environment = "NAME" in [tool.reconciler] of pyproject.toml' in str(unchosen(loaded(tmp_path)))


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL", "DYNAMODB_ENDPOINT"])
@pytest.mark.parametrize("place", ["shell", ".env"])
def test_the_endpoint_of_the_section_wins_over_one_that_lies_around(variable: str, place: str, folder: Path) -> None:
    if place == ".env":
        (folder / ".env").write_text(f"{variable}=http://elsewhere:1\n")
    environ = {variable: "http://elsewhere:1"} if place == "shell" else {}
    assert loaded(folder, {"environment": "dev"}, **environ).endpoint_url == "http://localhost:8000"


def test_a_variable_of_this_tool_and_an_option_win_over_the_section(folder: Path) -> None:
    allowed = loaded(folder, {"environment": "prod"}, RECONCILER_DATA_LOSS="allow")
    assert allowed.data_loss == "allow", "the command that a blocked step names has to work"
    assert loaded(folder, {"environment": "prod", "prune": "owned"}).prune == "owned"


def refused(folder: Path, flags: Mapping[str, Any] = NOTHING, **environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        loaded(folder, flags, **environ)
    return str(caught.value)


def test_an_environment_that_the_file_does_not_have_is_refused(folder: Path) -> None:
    assert refused(folder, {"environment": "prd"}) == (
        "Unknown environment 'prd'; reconciler.toml has aws, dev, prod. Did you mean prod?"
    )
    assert "Write [environments.qa] into the file" in refused(folder, {"environment": "qa"})


def test_an_identity_of_aws_beside_a_stray_endpoint_is_refused(folder: Path) -> None:
    message = refused(folder, {"environment": "aws"}, AWS_ENDPOINT_URL="http://localhost:8000")
    assert message.startswith("AWS_ENDPOINT_URL names http://localhost:8000, and the environment aws has a profile.")
    given = loaded(folder, {"environment": "aws", "endpoint_url": "http://localhost:1"}, AWS_ENDPOINT_URL="http://x:2")
    assert given.endpoint_url == "http://localhost:1"


BROKEN = {
    "a setting that does not exist": (
        "[environments.prod]\nregoin = 'eu-west-1'\n",
        "reconciler.toml: Unknown setting environments.prod.regoin. Did you mean region?",
    ),
    "an environment within one": (
        "[environments.prod]\nenvironment = 'dev'\n",
        "reconciler.toml: Unknown setting environments.prod.environment.",
    ),
    "a misspelt table of sections": (
        "[enviroments.prod]\nregion = 'eu-west-1'\n",
        "reconciler.toml: Unknown section [enviroments.prod]. Did you mean [environments.prod]?",
    ),
    "a section in the singular": (
        "[environment.prod]\nregion = 'eu-west-1'\n",
        "reconciler.toml: Unknown section [environment.prod]. Did you mean [environments.prod]?",
    ),
    "no table": ("[environments]\nprod = 3\n", "expected a table for each environment. Write [environments.NAME]."),
    "an invalid value": (
        "[environments.prod]\nprune = 'always'\n",
        "reconciler.toml: environments.prod.prune: invalid value 'always'; expected never or owned.",
    ),
    "an external ID without a role": (
        "[environments.prod]\nrole_external_id = 'x1'\n",
        "reconciler.toml: environments.prod.role_external_id needs a role.",
    ),
    "a role that is none": (
        "[environments.prod]\nrole_arn = 'deploy'\n",
        "expected the ARN of an IAM role. Write it like arn:aws:iam::123456789012:role/deploy.",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_section_is_refused(what: str, tmp_path: Path) -> None:
    text, message = BROKEN[what]
    (tmp_path / "reconciler.toml").write_text(text)
    assert message in refused(tmp_path, {"environment": "prod"})


def test_a_section_of_pyproject_is_read_alike(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.reconciler.environments.prod]\nregion = 'eu-west-1'\n")
    found = loaded(tmp_path, {"environment": "prod"})
    assert found.origins["region"] == "pyproject.toml: tool.reconciler.environments.prod.region"


def test_environments_are_listed_without_their_secrets(folder: Path) -> None:
    file, found, chosen = environments({"environment": "dev"}, environ={}, cwd=folder)
    assert (file, list(found), chosen) == ("reconciler.toml", ["dev", "prod", "aws"], "dev")
    assert found["prod"]["webhook_secret"] == "(set, not shown)"


def test_the_command_lists_them(folder: Path, cli: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    ended = cli("environments --environment dev")
    assert ended.code == 0
    assert "dev  (chosen)\n  endpoint_url: http://localhost:8000\n" in ended.out
    assert "  parameter: Stage=prod Owner=web team\n" in ended.out
    assert "hush" not in ended.out
    listed = json.loads(cli("environments -o json").out)
    assert [each["name"] for each in listed["environments"]] == ["dev", "prod", "aws"]


def test_without_any_it_says_how_to_write_one(cli: Callable, tmp_path: Path) -> None:
    assert "Write [environments.NAME] into reconciler.toml." in cli("environments").out
