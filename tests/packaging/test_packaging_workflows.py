"""Workflows, templates and hooks for the CI of others: pinned, least privileged, and true to the tool."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import check_versions
import pytest
from ruamel.yaml import YAML
from support.markdown import ROOT, code_blocks

from reconciler import __version__
from reconciler.cli.catalog import COMMANDS
from reconciler.cli.options import Output
from reconciler.settings import SETTINGS

yaml = YAML(typ="safe")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
GITLAB = yaml.load(ROOT / "deploy" / "gitlab" / "reconciler.gitlab-ci.yml")
GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))


def jobs(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(path)["jobs"]
    return found


@pytest.mark.parametrize("path", [*WORKFLOWS, ROOT / "action.yml"], ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit_with_its_version(path: Path) -> None:
    used = re.findall(r"uses: (.+)$", path.read_text(), re.MULTILINE)
    assert used
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each) for each in used)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_job_has_more_rights_than_it_names(path: Path) -> None:
    assert yaml.load(path)["permissions"] == {}
    assert all("permissions" in job for job in jobs(path).values())


def test_a_release_publishes_without_a_stored_token_and_after_the_versions_agree() -> None:
    release = jobs(ROOT / ".github" / "workflows" / "release.yml")
    assert release["publish"]["permissions"] == {"id-token": "write"}
    assert "password" not in str(release["publish"])
    assert all("environment" in release[name] for name in ("publish", "image", "chart"))
    checks = [step["run"] for step in release["distribution"]["steps"] if "check_versions" in step.get("run", "")]
    assert checks == ['python scripts/check_versions.py "${GITHUB_REF_NAME#v}"']
    [build] = [step["with"] for step in release["image"]["steps"] if step.get("id") == "build"]
    assert (build["platforms"], build["sbom"]) == ("linux/amd64,linux/arm64", True)
    assert any("cosign sign" in step.get("run", "") for step in release["image"]["steps"])


def test_every_file_has_the_same_version() -> None:
    assert check_versions.problems(__version__) == []
    assert len(check_versions.problems("9.9.9")) == len(check_versions.PLACES)


def test_the_template_of_gitlab_calls_commands_that_exist() -> None:
    lines = [line for name in ("reconciler-preview", "reconciler-once") for line in GITLAB[name]["script"]]
    assert len(lines) == 2
    for line in lines:
        program, verb, *words = line.split()
        assert program == "reconciler"
        assert verb in COMMANDS or verb == "--once"
        assert {word.partition("=")[0] for word in words if "=" in word} <= set(Output)
    junit = GITLAB[".reconciler"]["artifacts"]["reports"]["junit"]
    assert all(f"--report junit={junit}" in line for line in lines)
    assert GITLAB["reconciler-preview"]["allow_failure"] == {"exit_codes": [2]}
    locks = [line for line in GITLAB[".reconciler"]["before_script"] if "--requirement" in line]
    assert all((ROOT / re.search(r"requirements/[\w.]+", line)[0]).is_file() for line in locks)  # type: ignore[index]


def test_the_hook_validates_and_starts_for_declarations_and_seeds() -> None:
    [hook] = yaml.load(ROOT / ".pre-commit-hooks.yaml")
    assert (hook["entry"], hook["language"], hook["pass_filenames"]) == ("reconciler validate", "python", False)
    starts = ["desired_state/users.yaml", "app/table_configs/a.py", "x/seeds/users.json"]
    assert all(re.search(hook["files"], path) for path in starts)
    assert not re.search(hook["files"], "src/my_desired_state.py")
    assert f"id: {hook['id']}" in (ROOT / "docs" / "guides" / "ci.md").read_text()


def test_the_unit_starts_the_daemon_and_waits_for_its_notification() -> None:
    unit = (ROOT / "deploy" / "systemd" / "dynamodb-reconciler.service").read_text()
    members = dict(line.split("=", 1) for line in unit.splitlines() if "=" in line and not line.startswith("#"))
    assert (members["Type"], members["SuccessExitStatus"]) == ("notify", "143")
    assert members["ExecStart"].endswith("/reconciler run")
    assert members["ExecReload"] == "/bin/kill -HUP $MAINPID"


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_a_guide_names_settings_that_exist_and_no_unpublished_distribution(guide: Path) -> None:
    text = guide.read_text(encoding="utf-8")
    named = {name.lower() for name in re.findall(r"\bRECONCILER_([A-Z_]+)\b", text)}
    assert named <= set(SETTINGS) | {"repository", "ref", "name"}
    assert not re.search(r"(?:pip install|uvx|pipx (?:run|install)) +(?:--\S+ +)*dynamodb-reconciler", text)


@pytest.mark.parametrize("name", ["ci", "compose", "kubernetes"])
def test_the_yaml_of_a_guide_is_yaml(name: str) -> None:
    blocks = code_blocks(ROOT / "docs" / "guides" / f"{name}.md", "yaml")
    assert blocks
    assert all(yaml.load(block) for block in blocks)


def test_no_message_tells_to_install_a_name_that_is_not_published() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "reconciler").rglob("*.py")]
    assert [text for text in sources if re.search(r"(?:install|uvx|add) +[\"']?dynamodb-reconciler\b", text)] == []
