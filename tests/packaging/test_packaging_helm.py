"""The Helm chart, rendered by Helm: valid by the published schemas, complete, and strict about its values."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
from ruamel.yaml import YAML
from support.markdown import ROOT, code_blocks
from support.tool import Tool

from reconciler import __version__
from reconciler.settings import SETTINGS, Settings

helm = pytest.importorskip("helm_python.chart", reason="Helm's library has wheels for Linux on x86_64 alone")

CHART = ROOT / "deploy" / "helm"
GUIDE = ROOT / "docs" / "guides" / "kubernetes.md"
yaml = YAML(typ="safe")
USERS = """
table_name: users
key_schema: [{AttributeName: pk, KeyType: HASH}]
attribute_definitions: [{AttributeName: pk, AttributeType: S}]
"""
FILES = {"users.yaml": USERS, "seeds/users.json": '[{"pk": "1"}]', "a_b/c.yaml": USERS.replace("users", "other")}
EVERYTHING = {
    "imagePullSecrets": [{"name": "registry"}],
    "settings": {"environment": "prod", "interval": "5m", "max_deletes": 3, "embedded": False},
    "apiTokenSecret": "token",
    "extraEnv": [{"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://collector:4318"}],
    "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/r"}},
    "service": {"annotations": {"a": "b"}},
    "podAnnotations": {"a": "b"},
    "podLabels": {"team": "shop"},
    "nodeSelector": {"kubernetes.io/arch": "arm64"},
    "tolerations": [{"key": "a", "operator": "Exists"}],
    "affinity": {"podAntiAffinity": {}},
    "topologySpreadConstraints": [
        {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway"}
    ],
    "monitoring": {"serviceMonitor": True, "prometheusRule": True, "dashboard": True, "labels": {"release": "p"}},
}
CASES: dict[str, dict[str, Any]] = {
    "defaults": {},
    "files": {"desiredState": {"files": FILES}},
    "archive": {"desiredState": {"archive": "desired-state"}},
    "config-maps": {
        "desiredState": {"configMaps": [{"name": "tables", "path": "tables"}, {"name": "seeds", "path": "seeds"}]}
    },
    "everything": {**EVERYTHING, "desiredState": {"files": FILES}},
    "one-replica": {"replicas": 1},
}


def rendered(values: dict[str, Any], kind: str = "daemon") -> dict[str, dict[str, Any]]:
    """The objects by their kind; a ConfigMap of a dashboard as ``Dashboard``."""
    with helm.Chart.load(CHART) as chart:
        texts = chart.render(values={"kind": kind, **values}, name="tables", namespace="shop")
    found = {}
    for name, text in texts.items():
        if name.endswith(".yaml"):
            for each in yaml.load_all(text):
                if each is not None:
                    key = "Dashboard" if each["metadata"]["name"].endswith("-dashboard") else each["kind"]
                    assert key not in found
                    found[key] = each
    return found


def pod(objects: dict[str, dict[str, Any]]) -> dict[str, Any]:
    if "Deployment" in objects:
        template = objects["Deployment"]["spec"]["template"]
    else:
        template = objects["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]
    spec: dict[str, Any] = template["spec"]
    return spec


@pytest.mark.parametrize("kind", ["daemon", "cronjob"])
@pytest.mark.parametrize("case", CASES)
def test_every_object_is_valid_under_strict_validation(case: str, kind: str) -> None:
    objects = rendered(CASES[case], kind)
    for each in objects.values():
        if not each["apiVersion"].startswith("monitoring.coreos.com"):
            kubernetes_validate.validate(each, "1.31", strict=True)
    assert ("Deployment" in objects) == (kind == "daemon")
    assert ("CronJob" in objects) == (kind == "cronjob")


def test_helm_finds_nothing_to_complain_about() -> None:
    found = helm.lint(CHART, strict=True)
    assert found["errors"] == []
    assert [each["error"] for each in found["messages"]] == ["icon is recommended"]


@pytest.mark.parametrize("kind", ["daemon", "cronjob"])
@pytest.mark.parametrize("case", ["archive", "everything"])
def test_no_container_has_privileges_or_may_write(case: str, kind: str) -> None:
    spec = pod(rendered(CASES[case], kind))
    assert (spec["securityContext"]["runAsNonRoot"], spec["securityContext"]["runAsUser"]) == (True, 65532)
    assert spec["automountServiceAccountToken"] is False
    for container in [*spec["containers"], *spec.get("initContainers", ())]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["image"] == f"dynamodb-reconciler:{__version__}"


@pytest.mark.parametrize("kind", ["daemon", "cronjob"])
def test_a_pointer_gives_the_pods_a_token_that_may_patch_its_config_map_alone(kind: str) -> None:
    values = {**EVERYTHING, "pointers": [{"namespace": "apps", "name": "tables"}]}
    objects = rendered(values, kind)
    assert pod(objects)["automountServiceAccountToken"] is True
    role, binding = objects["Role"], objects["RoleBinding"]
    for each in (role, binding):
        kubernetes_validate.validate(each, "1.31", strict=True)
        assert each["metadata"]["namespace"] == "apps"
    assert role["rules"] == [
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["tables"], "verbs": ["get", "patch"]}
    ]
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    (subject,) = binding["subjects"]
    assert subject["name"] == pod(objects)["serviceAccountName"]
    assert subject["namespace"]
    ports = [each["port"] for rule in objects["NetworkPolicy"]["spec"]["egress"] for each in rule["ports"]]
    assert 6443 in ports
    without = rendered(EVERYTHING, kind)
    assert not {"Role", "RoleBinding"} & without.keys()
    ports = [each["port"] for rule in without["NetworkPolicy"]["spec"]["egress"] for each in rule["ports"]]
    assert 6443 not in ports


def test_the_labels_that_select_are_those_of_the_pods() -> None:
    objects = rendered(EVERYTHING)
    labels = objects["Deployment"]["spec"]["template"]["metadata"]["labels"]
    selectors = [
        objects["Deployment"]["spec"]["selector"]["matchLabels"],
        objects["Service"]["spec"]["selector"],
        objects["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        objects["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
    ]
    assert all(each.items() <= labels.items() for each in selectors)
    monitored = objects["ServiceMonitor"]["spec"]["selector"]["matchLabels"]
    assert monitored.items() <= objects["Service"]["metadata"]["labels"].items()


def test_probes_and_port_are_those_of_the_daemon() -> None:
    [container] = pod(rendered({}))["containers"]
    assert container["ports"] == [{"name": "http", "containerPort": Settings().http_port}]
    assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_settings_become_variables_that_exist() -> None:
    [container] = pod(rendered(EVERYTHING))["containers"]
    variables = {each["name"]: each.get("value") for each in container["env"]}
    ours = {name.removeprefix("RECONCILER_").lower() for name in variables if name.startswith("RECONCILER_")}
    assert ours <= set(SETTINGS)
    assert variables["RECONCILER_MAX_DELETES"] == "3"
    assert variables["RECONCILER_EMBEDDED"] == "false"
    assert variables["RECONCILER_STACK"] == "default"


def test_the_folder_of_a_pod_has_declarations_and_seeds(tmp_path: Path) -> None:
    """As the kubelet lays it: versioned folders below a link, and links to what is in the current one."""
    objects = rendered(CASES["files"])
    [volume] = [each for each in pod(objects)["volumes"] if each["name"] == "desired-state"]
    mounted = tmp_path / "desired_state"
    version = mounted / "..2026_11_29"
    for item in volume["configMap"]["items"]:
        target = version / item["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(objects["ConfigMap"]["data"][item["key"]])
    (mounted / "..data").symlink_to(version.name)
    for entry in version.iterdir():
        (mounted / entry.name).symlink_to(f"..data/{entry.name}")
    done = Tool("http://127.0.0.1:9", tmp_path).run("validate")
    assert (done.exit_code, done.stdout) == (0, "Valid: 2 tables and 1 seed with 1 item in ./desired_state.\n"), done


def test_an_archive_is_unpacked_by_the_command_of_the_init_container(tmp_path: Path) -> None:
    [unpack] = pod(rendered(CASES["archive"]))["initContainers"]
    program, module, name, *options, archive, folder = unpack["command"]
    assert (program, module, name) == ("python", "-m", "tarfile")
    assert options == ["--filter", "data", "--extract"]
    assert Path(archive).parent == Path(unpack["volumeMounts"][0]["mountPath"])
    packed = tmp_path / "a.tar.gz"
    with tarfile.open(packed, "w:gz") as tar:
        for path, text in FILES.items():
            member = tarfile.TarInfo(f"./{path}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    with tarfile.open(packed) as tar:
        tar.extractall(tmp_path / "desired_state", filter="data")
    assert Tool("http://127.0.0.1:9", tmp_path).run("validate").exit_code == 0
    assert folder == "/desired-state"


def test_two_ways_that_hide_each_other_are_refused() -> None:
    with pytest.raises(Exception, match="give one of files and archive"):
        rendered({"desiredState": {"files": FILES, "archive": "x"}})


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "job"},
        {"replica": 2},
        {"replicas": 0},
        {"settings": {"api_token": "x"}},
        {"settings": {"Interval": "1m"}},
        {"desiredState": {"files": {"../x.yaml": ""}}},
        {"desiredState": {"files": {"/x.yaml": ""}}},
        {"desiredState": {"configMaps": [{"name": "a", "path": "a/b"}]}},
        {"stack": ""},
    ],
    ids=json.dumps,
)
def test_a_wrong_value_is_refused_at_installation(values: dict[str, Any]) -> None:
    with pytest.raises(Exception, match=r"schema|values"):
        rendered(values)


def test_the_default_values_fit_their_schema_and_every_value_is_in_it() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.load(CHART / "values.yaml")
    jsonschema.validate(values, schema)
    assert set(values) == set(schema["properties"]) - {"global"}


def test_the_network_policy_lets_credentials_aws_and_traces_through() -> None:
    egress = rendered({})["NetworkPolicy"]["spec"]["egress"]
    open_ports = {port["port"] for rule in egress if "to" not in rule for port in rule["ports"]}
    assert open_ports == {53, 443, 8000, 4318}
    [limited] = [rule for rule in egress if "to" in rule]
    assert {block["ipBlock"]["cidr"] for block in limited["to"]} == {"169.254.170.23/32", "fd00:ec2::23/128"}
    assert [port["port"] for port in limited["ports"]] == [80]


def test_the_job_accepts_no_connection_and_is_not_repeated() -> None:
    objects = rendered({}, "cronjob")
    assert "ingress" not in objects["NetworkPolicy"]["spec"]
    assert "Service" not in objects
    assert pod(objects)["containers"][0]["args"] == ["--once"]
    assert objects["CronJob"]["spec"]["jobTemplate"]["spec"]["backoffLimit"] == 0


def test_rules_and_dashboard_are_those_of_monitoring() -> None:
    objects = rendered(EVERYTHING)
    groups = yaml.load(ROOT / "monitoring" / "rules.yaml")["groups"]
    assert objects["PrometheusRule"]["spec"]["groups"] == groups
    text = (ROOT / "monitoring" / "dashboards" / "drift.json").read_text(encoding="utf-8")
    assert objects["Dashboard"]["data"] == {"drift.json": text}
    assert objects["Dashboard"]["metadata"]["labels"]["grafana_dashboard"] == "1"


def test_the_chart_has_the_version_of_the_tool() -> None:
    chart = yaml.load(CHART / "Chart.yaml")
    assert (chart["version"], chart["appVersion"]) == (__version__, __version__)


def test_the_values_of_the_guide_install() -> None:
    [values] = [block for block in code_blocks(GUIDE, "yaml") if block.startswith("image:")]
    objects = rendered(yaml.load(values))
    annotations = objects["ServiceAccount"]["metadata"]["annotations"]
    assert annotations["eks.amazonaws.com/role-arn"].startswith("arn:aws:iam::111122223333:")
    assert set(objects["ConfigMap"]["data"]) == {"users.yaml", "seeds_susers.json"}
