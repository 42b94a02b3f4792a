"""Which client makes the calls, what decides it, and what a command need not load with the lean one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.endpoints import Live
from support.fakes import Quiet

from reconciler.aws.lean.choice import Choice
from reconciler.aws.lean.light_session import ELSEWHERE, LightSession, light_session, partition_of
from reconciler.aws.session import connect

URL = "http://localhost:8000"
PROFILES = """
[profile plain]
region = us-east-1
aws_access_key_id = AKIDPLAIN
aws_secret_access_key = secret
[profile chained]
region = us-east-1
role_arn = arn:aws:iam::123456789012:role/any
source_profile = plain
[profile by-sso]
region = us-east-1
sso_start_url = https://example.awsapps.com/start
sso_region = us-east-1
sso_account_id = 123456789012
sso_role_name = any
[profile by-fips]
region = us-east-1
use_fips_endpoint = true
aws_access_key_id = AKIDPLAIN
aws_secret_access_key = secret
"""


def chosen(url: str | None = URL, region: str = "us-east-1", client: str = "auto") -> Choice:
    return connect(url, region, 1, Quiet(), client=client).client


@pytest.fixture
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text(PROFILES)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)


def test_by_default_it_is_the_lean_client() -> None:
    assert str(chosen()) == "the lean client: nothing asks for boto3"
    assert str(chosen(client="lean")) == "the lean client: chosen by the setting aws_client"
    assert str(chosen(client="boto3")) == "boto3: chosen by the setting aws_client"


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({"AWS_USE_FIPS_ENDPOINT": "true"}, "a FIPS endpoint is asked for"),
        ({"AWS_USE_DUALSTACK_ENDPOINT": "true"}, "a dual-stack endpoint is asked for"),
        ({"AWS_RETRY_MODE": "adaptive"}, "the retry mode adaptive is set"),
        ({"AWS_ENABLE_ENDPOINT_DISCOVERY": "true"}, "endpoint discovery is switched on"),
        ({"HTTP_PROXY": "http://me:secret@proxy.example:3128"}, "the proxy asks for a user and a password"),
        ({"HTTP_PROXY": "https://proxy.example:3128"}, "the proxy is not one of plain HTTP"),
    ],
    ids=lambda each: next(iter(each)) if isinstance(each, dict) else "",
)
def test_what_asks_for_more_than_the_lean_client_can_do(
    variables: dict[str, str], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    # Custom endpoints and FIPS together are refused by botocore, so that only the choice is looked at.
    connection = connect("http://dynamo.example:8000", "us-east-1", 1, Quiet(), client="lean")
    assert not connection.client.lean
    assert connection.client.why == why
    assert "secret" not in str(connection.client)


@pytest.mark.parametrize("url", ["http://localhost:8000/?a=b", "http://[fe80::1%25eth0]:8000", "http://h/a%20b"])
def test_an_unusual_address_is_left_to_boto3(url: str) -> None:
    assert not connect(url, "us-east-1", 1, Quiet(), client="lean").client.lean


@pytest.mark.usefixtures("profiles")
@pytest.mark.parametrize(
    ("profile", "why"),
    [
        ("plain", None),
        ("chained", "the credentials come from an assumed role"),
        ("by-sso", "the credentials come from SSO"),
        ("by-fips", "a FIPS endpoint is asked for"),
    ],
)
def test_the_source_of_the_credentials_decides(profile: str, why: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", profile)
    found = chosen()
    assert (found.lean, found.why) == ((False, why) if why else (True, "nothing asks for boto3"))


def test_the_endpoint_of_aws_is_the_one_that_the_sdk_works_out(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = connect(None, "eu-central-1", 1, Quiet())
    assert connection.client.lean
    assert connection.url == "https://dynamodb.eu-central-1.amazonaws.com"
    assert connect(None, "cn-north-1", 1, Quiet()).url == "https://dynamodb.cn-north-1.amazonaws.com.cn"
    assert not chosen(None, "local").lean
    monkeypatch.setenv("AWS_ACCOUNT_ID", "123456789012")
    by_account = connect(None, "eu-central-1", 1, Quiet())
    assert by_account.client.address is not None
    assert by_account.client.address.host == "123456789012.ddb.eu-central-1.amazonaws.com"
    assert by_account.url == "https://dynamodb.eu-central-1.amazonaws.com"
    monkeypatch.setenv("AWS_ACCOUNT_ID_ENDPOINT_MODE", "disabled")
    regional = chosen(None, "eu-central-1").address
    assert regional is not None
    assert regional.host == "dynamodb.eu-central-1.amazonaws.com"


def test_a_partition_is_found_without_the_sdk() -> None:
    import boto3.session

    session = boto3.session.Session(region_name="us-east-1")
    regions = [
        name for each in session.get_available_partitions() for name in session.get_available_regions("dynamodb", each)
    ]
    assert {region: partition_of(region) for region in regions} == {
        region: session.get_partition_for_region(region) for region in regions
    }
    assert partition_of("nowhere") is None


KEYS_IN_FILE = "[default]\naws_access_key_id = AKIDFILE\naws_secret_access_key = secret\naws_session_token = token\n"
FILES: dict[str, tuple[str, str, bool]] = {
    "no files": ("", "", True),
    "a Region": ("[default]\nregion = eu-north-1\noutput = json\n[profile other]\nrole_arn = x\n", "", True),
    "keys": ("[default]\nregion = eu-north-1\n", KEYS_IN_FILE, True),
    "a role": ("[default]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = other\n", KEYS_IN_FILE, False),
    "a bundle": ("[default]\nca_bundle = /x.pem\n", KEYS_IN_FILE, False),
    "a service section": ("[default]\nservices = local\n[services local]\ndynamodb =\n  a = b\n", "", False),
    "a nested setting": ("[default]\ns3 =\n  a = b\n", "", False),
    "a broken file": ("[default\n", "", False),
}


@pytest.mark.parametrize("env_keys", [True, False])
@pytest.mark.parametrize("files", FILES)
def test_plain_keys_are_found_as_the_sdk_finds_them(
    files: str, env_keys: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, stored, plain = FILES[files]
    for name, text in (("AWS_CONFIG_FILE", config), ("AWS_SHARED_CREDENTIALS_FILE", stored)):
        (tmp_path / name).write_text(text)
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    if not env_keys:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    light = light_session(None, lambda: None)
    if not plain or not (env_keys or stored):
        assert light is None
        return
    import boto3.session

    theirs = boto3.session.Session()
    assert light is not None
    assert light.region_name == theirs.region_name
    mine, other = light.get_credentials(), theirs.get_credentials()
    assert (mine.method, mine.get_frozen_credentials()) == (other.method, other.get_frozen_credentials())


@pytest.mark.parametrize("name", [*ELSEWHERE, "no secret", "AWS_ROLE_ARN"])
def test_whatever_else_has_a_say_is_left_to_the_sdk(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stored").write_text(KEYS_IN_FILE)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "stored"))
    assert isinstance(light_session("us-east-1", lambda: None), LightSession)
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    if name != "no secret":
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.setenv(name, "any")
    assert light_session("us-east-1", lambda: None) is None


def test_a_light_session_has_the_keys_that_the_sdk_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    import boto3.session

    light = light_session("us-east-1", boto3.session.Session)
    assert light is not None
    theirs = boto3.session.Session().get_credentials()
    assert tuple(light.get_credentials().get_frozen_credentials()) == tuple(theirs.get_frozen_credentials())
    assert light.get_credentials().method == theirs.method


def test_a_command_that_only_calls_dynamodb_loads_no_sdk(moto: Live) -> None:
    code = (
        "import sys\n"
        "from reconciler.aws.session import connect\n"
        "from support.fakes import Quiet\n"
        f"connection = connect({moto.url!r}, 'us-east-1', 1, Quiet())\n"
        "assert connection.identify().flavor.value == 'moto'\n"
        "assert connection.tables.list_tables() == ()\n"
        "loaded = {'boto3', 'botocore.session', 'botocore.model', 'botocore.client', 'botocore.utils', 'urllib3'}\n"
        "sys.exit(sorted(loaded & set(sys.modules)) or 0)"
    )
    tests = Path(__file__).resolve().parents[1]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tests), str(tests.parent)))}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


SDK = "{'boto3', 'botocore.session', 'botocore.model', 'botocore.client', 'botocore.utils', 'urllib3'}"


@pytest.mark.parametrize("line", ["--once", "preview", "status"])
@pytest.mark.parametrize("settled", [False, True], ids=["tables to create", "nothing to do"])
def test_a_one_shot_command_loads_no_sdk(line: str, settled: bool, moto: Live, tmp_path: Path) -> None:
    options = ["--desired-state", "bundled", "--endpoint-url", moto.url, "--stack", "light"]
    code = (
        "import sys\nfrom reconciler.cli.app import main\n"
        "status = main(sys.argv[1:])\n"
        f"print(status, sorted({SDK} & set(sys.modules)), file=sys.stderr)"
    )
    for words in (["--once"], line.split()) if settled else (line.split(),):
        command = [sys.executable, "-c", code, *words, *options]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stderr.splitlines()[-1].endswith("[]"), done.stderr
