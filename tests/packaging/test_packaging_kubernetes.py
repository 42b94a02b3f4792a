"""The Kubernetes manifests: valid by the published schemas, complete, unprivileged, one truth with monitoring/."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import monitoring_objects
import pytest
from ruamel.yaml import YAML
from support.markdown import ROOT, code_blocks

from reconciler import __version__
from reconciler.cli.example import FILES as FILES_OF_INIT
from reconciler.settings import SETTINGS, Settings

FOLDER = ROOT / "deploy" / "kubernetes"
yaml = YAML(typ="safe")
FILES = sorted(path for path in FOLDER.rglob("*.yaml") if path.name != "kustomization.yaml")
STANDARD = [path for path in FILES if "monitoring.coreos.com" not in path.read_text(encoding="utf-8")]
PODS: dict[str, dict[str, Any]] = {
    "daemon": yaml.load(FOLDER / "daemon" / "deployment.yaml")["spec"]["template"],
    "cronjob": yaml.load(FOLDER / "cronjob" / "cron-job.yaml")["spec"]["jobTemplate"]["spec"]["template"],
}


def short(path: Path) -> str:
    return str(path.relative_to(FOLDER))


@pytest.mark.parametrize("path", STANDARD, ids=short)
def test_a_manifest_is_valid_under_strict_validation(path):
    kubernetes_validate.validate(yaml.load(path), "1.31", strict=True)


@pytest.mark.parametrize("folder", ["daemon", "cronjob", "monitoring", "config-map-pointer"])
def test_a_kustomization_lists_every_file_of_its_folder_and_no_other(folder):
    listed = yaml.load(FOLDER / folder / "kustomization.yaml")["resources"]
    files = {path.name for path in (FOLDER / folder).iterdir()} - {"kustomization.yaml"}
    assert (set(listed), len(listed)) == (files, len(files))


@pytest.mark.parametrize("name", PODS)
def test_a_pod_has_no_privileges_and_a_read_only_root(name):
    pod = PODS[name]["spec"]
    [container] = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 65532
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["image"] == f"dynamodb-reconciler:{__version__}"
    places = {"/desired-state/tables", "/desired-state/seeds", "/tmp"}
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == places
    volumes = {volume["name"] for volume in pod["volumes"]}
    assert volumes == {mount["name"] for mount in container["volumeMounts"]}


@pytest.mark.parametrize("name", PODS)
def test_every_setting_that_is_set_exists(name):
    [container] = PODS[name]["spec"]["containers"]
    assert {each["name"].removeprefix("RECONCILER_").lower() for each in container["env"]} <= set(SETTINGS)


def test_the_daemon_is_probed_where_it_answers_and_found_by_its_service_and_budget():
    [container] = PODS["daemon"]["spec"]["containers"]
    assert container["ports"] == [{"name": "http", "containerPort": Settings().http_port}]
    assert container["livenessProbe"]["httpGet"] == {"path": "/livez", "port": "http"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}
    labels = PODS["daemon"]["metadata"]["labels"]
    assert yaml.load(FOLDER / "daemon" / "service.yaml")["spec"]["selector"] == labels
    for file in ("deployment.yaml", "pod-disruption-budget.yaml"):
        assert yaml.load(FOLDER / "daemon" / file)["spec"]["selector"]["matchLabels"] == labels


@pytest.mark.parametrize("name", PODS)
def test_the_network_policy_selects_these_pods_alone(name):
    policy = yaml.load(FOLDER / name / "network-policy.yaml")["spec"]
    assert policy["podSelector"]["matchLabels"] == PODS[name]["metadata"]["labels"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert ("ingress" in policy) == (name == "daemon")


@pytest.mark.parametrize("name", PODS)
def test_the_network_policy_lets_credentials_aws_and_traces_through(name):
    egress = yaml.load(FOLDER / name / "network-policy.yaml")["spec"]["egress"]
    assert {port["port"] for rule in egress if "to" not in rule for port in rule["ports"]} == {53, 443, 8000, 4318}
    [limited] = [rule for rule in egress if "to" in rule]
    assert {block["ipBlock"]["cidr"] for block in limited["to"]} == {"169.254.170.23/32", "fd00:ec2::23/128"}
    assert [port["port"] for port in limited["ports"]] == [80]


def test_the_job_runs_once_at_a_time_and_is_not_repeated_when_drift_is_left():
    job = yaml.load(FOLDER / "cronjob" / "cron-job.yaml")["spec"]
    assert PODS["cronjob"]["spec"]["containers"][0]["args"] == ["--once"]
    assert (job["concurrencyPolicy"], job["jobTemplate"]["spec"]["backoffLimit"]) == ("Forbid", 0)


def test_rules_and_dashboard_are_those_of_monitoring():
    assert monitoring_objects.main(["--check"]) == 0
    groups = yaml.load(FOLDER / "monitoring" / "prometheus-rule.yaml")["spec"]["groups"]
    assert groups == yaml.load(ROOT / "monitoring" / "rules.yaml")["groups"]
    data = yaml.load(FOLDER / "monitoring" / "dashboard.yaml")["data"]
    assert data == {"drift.json": (ROOT / "monitoring" / "dashboards" / "drift.json").read_text(encoding="utf-8")}


def test_an_edited_copy_is_noticed_and_written_again(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(monitoring_objects, "FOLDER", tmp_path)
    assert monitoring_objects.main(["--check"]) == 1
    assert "monitoring_objects.py" in capsys.readouterr().err
    assert monitoring_objects.main([]) == 0
    assert monitoring_objects.main(["--check"]) == 0


def test_the_service_monitor_scrapes_the_port_of_the_service():
    [endpoint] = yaml.load(FOLDER / "monitoring" / "service-monitor.yaml")["spec"]["endpoints"]
    [port] = yaml.load(FOLDER / "daemon" / "service.yaml")["spec"]["ports"]
    assert (endpoint["port"], endpoint["path"]) == (port["name"], "/metrics")


GUIDE = ROOT / "docs" / "guides" / "kubernetes.md"
CREATED = re.compile(r"kubectl create configmap (\S+) --from-file=(desired_state\S*)")
CONFIG_MAPS = [("desired-state", "desired_state"), ("desired-state-seeds", "desired_state/seeds")]


@pytest.mark.parametrize("name", PODS)
def test_guide_comments_and_pods_have_the_same_config_maps_from_the_folders_of_init(name):
    comment = (FOLDER / name / "kustomization.yaml").read_text(encoding="utf-8")
    assert CREATED.findall(comment) == CONFIG_MAPS
    [console] = [block for block in code_blocks(GUIDE, "console") if "deploy/kubernetes/daemon" in block]
    assert CREATED.findall(console) == CONFIG_MAPS
    assert [v["configMap"]["name"] for v in PODS[name]["spec"]["volumes"] if "configMap" in v] == [
        each for each, _ in CONFIG_MAPS
    ]
    top, seeds = (folder for _, folder in CONFIG_MAPS)
    for files in FILES_OF_INIT.values():
        assert {str((Path("desired_state") / file).parent) for file in files} <= {top, seeds, f"{top}/table_configs"}


def test_an_init_container_has_the_stack_and_the_mounts_of_the_daemon():
    [block] = [yaml.load(each) for each in code_blocks(GUIDE, "yaml") if "initContainers" in each]
    [waits], [daemon] = block["initContainers"], PODS["daemon"]["spec"]["containers"]
    own = [mount for mount in daemon["volumeMounts"] if mount["name"] != "tmp"]
    assert waits["volumeMounts"] == own
    assert [each for each in daemon["env"] if each in waits["env"]] == waits["env"]
    named = {volume["name"]: volume["configMap"]["name"] for volume in block["volumes"]}
    assert named == {v["name"]: v["configMap"]["name"] for v in PODS["daemon"]["spec"]["volumes"] if "configMap" in v}
    [values] = [yaml.load(each) for each in code_blocks(GUIDE, "yaml") if "stack:" in each and "image:" in each]
    chart = yaml.load(ROOT / "deploy" / "helm" / "values.yaml")
    assert {"name": "RECONCILER_STACK", "value": values["stack"]} in daemon["env"]
    assert values["stack"] == chart["stack"]


def test_the_component_of_the_pointer_may_patch_one_config_map_and_changes_objects_that_exist():
    folder = FOLDER / "config-map-pointer"
    [rule] = yaml.load(folder / "role.yaml")["rules"]
    assert rule == {
        "apiGroups": [""],
        "resources": ["configmaps"],
        "resourceNames": ["tables"],
        "verbs": ["get", "patch"],
    }
    binding = yaml.load(folder / "role-binding.yaml")
    account = yaml.load(FOLDER / "daemon" / "service-account.yaml")
    assert [subject["name"] for subject in binding["subjects"]] == [account["metadata"]["name"]]
    made = [yaml.load(path) for path in FILES if path.parent.name == "daemon"]
    objects = {(each["kind"], each["metadata"]["name"]) for each in made}
    for patch in yaml.load(folder / "kustomization.yaml")["patches"]:
        assert (patch["target"]["kind"], patch["target"]["name"]) in objects
        for change in yaml.load(patch["patch"]):
            assert change["op"] == "add"
