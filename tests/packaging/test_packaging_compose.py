"""The compose file keeps its promises: one database for all, no privileges, nothing published beyond this machine."""

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from support.markdown import code_blocks

from reconciler import __version__
from reconciler.settings import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
yaml = YAML(typ="safe")
COMPOSE = yaml.load(ROOT / "deploy" / "compose.yaml")
OBSERVED = yaml.load(ROOT / "deploy" / "compose.observability.yaml")["services"]
GUIDE = ROOT / "docs" / "guides" / "compose.md"
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"].startswith("dynamodb-reconciler")]


def test_every_service_has_the_same_region_and_keys():
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL_DYNAMODB")
    seen = {tuple(service["environment"][name] for name in names) for service in SERVICES.values()}
    assert len(seen) == 1


def test_the_access_key_is_one_that_dynamodb_local_accepts():
    assert re.fullmatch(r"[A-Za-z0-9]+", SERVICES["dynamodb"]["environment"]["AWS_ACCESS_KEY_ID"])


def test_dynamodb_local_shares_one_database_in_memory_under_a_pinned_tag():
    service = SERVICES["dynamodb"]
    assert {"-sharedDb", "-inMemory"} <= set(service["command"].split())
    assert re.fullmatch(r"amazon/dynamodb-local:\d+\.\d+\.\d+", service["image"])


@pytest.mark.parametrize("name", ["reconcile-once", "reconciler"])
def test_a_reconciler_runs_without_privileges_on_a_read_only_root(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["tmpfs"] == ["/tmp"]
    assert all(volume.endswith(":ro") for volume in service["volumes"])


def test_every_published_port_is_on_this_machine_alone():
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_one_shot_service_converges_and_ends():
    assert SERVICES["reconcile-once"]["command"] == "--once"
    assert "restart" not in SERVICES["reconcile-once"]


def test_the_app_waits_until_the_tables_are_as_declared():
    waits = SERVICES["app"]["depends_on"]
    assert waits["reconcile-once"]["condition"] == "service_completed_successfully"
    assert waits["reconciler"]["condition"] == "service_healthy"


def test_only_the_daemon_is_watched_by_its_health_check():
    assert "healthcheck" not in SERVICES["reconciler"]
    assert all(SERVICES[name]["healthcheck"] == {"disable": True} for name in OURS if name != "reconciler")


def test_the_image_is_built_once_from_here_and_named_by_the_version():
    assert {SERVICES[name]["image"] for name in OURS} == {f"dynamodb-reconciler:{__version__}"}
    [builder] = [name for name in OURS if "build" in SERVICES[name]]
    assert (ROOT / "deploy" / SERVICES[builder]["build"]["context"] / "Dockerfile").is_file()
    assert SERVICES[builder]["pull_policy"] == "build"
    others = [SERVICES[name] for name in OURS if name != builder]
    assert all(other["pull_policy"] == "never" and builder in other["depends_on"] for other in others)


def test_the_api_without_a_token_is_only_open_on_an_emulator():
    assert SERVICES["reconciler"]["environment"]["RECONCILER_API_AUTH"] == "none"
    assert SERVICES["reconciler"]["environment"]["AWS_ENDPOINT_URL_DYNAMODB"] == "http://dynamodb:8000"


def test_every_setting_that_is_set_exists():
    prefix = "RECONCILER_"
    named = {name for service in SERVICES.values() for name in service["environment"] if name.startswith(prefix)}
    assert named
    assert {name.removeprefix(prefix).lower() for name in named} <= set(SETTINGS)


def test_the_block_to_paste_gives_all_services_the_same_database_and_the_app_its_tables():
    block, *others = (yaml.load(text)["services"] for text in code_blocks(GUIDE, "yaml"))
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL_DYNAMODB")
    assert {block["tables"]["environment"][name] for name in names} == {block["app"]["environment"][n] for n in names}
    assert block["app"]["depends_on"] == {"tables": {"condition": "service_healthy"}}
    assert block["dynamodb"]["image"] == SERVICES["dynamodb"]["image"]
    assert [name for services in others for name in services] == ["localstack", "tables", "dynamodb-admin"]
    images = {OBSERVED["dynamodb-admin"]["image"], "localstack/localstack:4"}
    assert {service["image"] for services in others for service in services.values() if "image" in service} == images
