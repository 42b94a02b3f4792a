"""The compose file with Prometheus and Grafana: its parts fit together and to the repository."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from support.markdown import ROOT
from support.prometheus import promtool

from reconciler.settings import SETTINGS, Settings

DEPLOY = ROOT / "deploy"
yaml = YAML(typ="safe")
SERVICES: dict[str, Any] = yaml.load(DEPLOY / "compose.observability.yaml")["services"]
PLAIN: dict[str, Any] = yaml.load(DEPLOY / "compose.yaml")["services"]
PROVISIONING = DEPLOY / "grafana" / "provisioning"


def mounts() -> list[tuple[str, Path, str, str]]:
    """Service, folder or file of the repository, place in the container, and mode."""
    return [
        (name, (DEPLOY / volume.split(":")[0]).resolve(), *volume.split(":")[1:])
        for name, service in SERVICES.items()
        for volume in service.get("volumes", ())
    ]


def test_everything_that_is_mounted_exists_and_is_read_only():
    assert mounts()
    for _, source, _, mode in mounts():
        assert source.exists(), source
        assert mode == "ro"


def test_every_published_port_is_on_this_machine_alone():
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert len(ports) == 5
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_every_image_has_a_whole_version():
    assert all(re.fullmatch(r"[\w/-]+:v?\d+\.\d+\.\d+", service["image"]) for service in SERVICES.values())


def test_dynamodb_and_the_reconciler_are_those_of_the_plain_compose_file():
    assert {**SERVICES["dynamodb"]} == {**PLAIN["dynamodb"]}
    ours, plain = dict(SERVICES["reconciler"]), dict(PLAIN["reconciler"])
    ours.pop("depends_on"), plain.pop("depends_on")
    assert ours.pop("build") == {"context": ".."}
    assert plain.pop("pull_policy") == "never", "the plain file has it built by another service"
    assert ours == plain


def test_the_three_that_talk_to_dynamodb_have_the_same_region_and_keys():
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL_DYNAMODB")
    talkers = ("dynamodb", "reconciler", "dynamodb-admin")
    assert len({tuple(SERVICES[service]["environment"][name] for name in names) for service in talkers}) == 1


def test_every_setting_that_is_set_exists():
    named = {name for name in SERVICES["reconciler"]["environment"] if name.startswith("RECONCILER_")}
    assert {name.removeprefix("RECONCILER_").lower() for name in named} <= set(SETTINGS)


def test_prometheus_finds_its_rules_and_the_daemon(tmp_path):
    configuration = yaml.load(DEPLOY / "prometheus.yaml")
    [target] = configuration["scrape_configs"][0]["static_configs"][0]["targets"]
    assert target == f"reconciler:{Settings().http_port}"
    for _, source, place, _ in (mount for mount in mounts() if mount[0] == "prometheus"):
        (tmp_path / Path(place).name).write_bytes(source.read_bytes())
    assert [(tmp_path / rule).is_file() for rule in configuration["rule_files"]] == [True]
    checked = promtool("check", "config", str(tmp_path / "prometheus.yaml"))
    assert checked.returncode == 0, checked.stderr


def test_grafana_is_provisioned_with_the_prometheus_and_the_dashboards_of_the_file():
    [source] = yaml.load(PROVISIONING / "datasources" / "prometheus.yaml")["datasources"]
    assert (source["type"], source["url"]) == ("prometheus", "http://prometheus:9090")
    [provider] = yaml.load(PROVISIONING / "dashboards" / "dashboards.yaml")["providers"]
    place = provider["options"]["path"]
    [folder] = [source for name, source, target, _ in mounts() if name == "grafana" and target == place]
    [loop_status] = folder.glob("*.json")
    assert f"/d/{json.loads(loop_status.read_text())['uid']}" in (DEPLOY / "compose.observability.yaml").read_text()


def test_the_dashboard_is_built_for_this_grafana():
    pinned = re.search(r"grafana-foundation-sdk==\d+!([\d.]+)", (ROOT / "pyproject.toml").read_text())
    assert pinned is not None
    assert SERVICES["grafana"]["image"] == f"grafana/grafana-oss:{pinned[1]}"


@pytest.mark.parametrize("name", list(SERVICES))
def test_no_service_runs_with_more_privileges(name):
    assert not {"privileged", "cap_add", "network_mode", "pid"} & set(SERVICES[name])
