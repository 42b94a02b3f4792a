"""The flavor of an endpoint is detected by its answers, within two seconds, and before the first signed call."""

from __future__ import annotations

import time

import pytest
from botocore.httpsession import URLLib3Session
from support.endpoints import Live
from support.fakes import Quiet
from support.proxy import RecordingProxy
from support.scripted import HANG, RESET, Canned, ScriptedServer, answer

from reconciler.aws import flavor as flavors
from reconciler.aws import identify as identification
from reconciler.aws.embedded import EmbeddedServer
from reconciler.aws.flavor import Reply
from reconciler.aws.session import connect
from reconciler.model.errors import SettingsError, Unreachable
from reconciler.model.identity import Flavor

JETTY = "Jetty(12.1.11)"
NO_TOKEN = b'{"__type":"com.amazonaws.dynamodb.v20120810#MissingAuthenticationToken","Message":"x"}'
HEALTHY = b"healthy: dynamodb.eu-west-1.amazonaws.com "
MOTO_PAGE = b"<html><title>Moto</title></html>"
STACK = b'{"services": {"dynamodb": "running"}, "edition": "community", "version": "4.9.2"}'
NOT_FOUND = Reply(404, "nginx", b"not found")


def detect(url: str) -> Flavor:
    return flavors.detect(url, flavors.getter(url, URLLib3Session()))


CASES = {
    "DynamoDB Local": ({"/": Reply(400, JETTY, NO_TOKEN)}, Flavor.DYNAMODB_LOCAL),
    "an older DynamoDB Local": ({"/": Reply(400, "Jetty(9.4.48.v20220622)", NO_TOKEN)}, Flavor.DYNAMODB_LOCAL),
    "moto": ({"/": Reply(200, "Werkzeug", b"<xml/>"), "/moto-api": Reply(200, "Werkzeug", MOTO_PAGE)}, Flavor.MOTO),
    "LocalStack": ({"/": Reply(200), "/_localstack/health": Reply(200, "", STACK)}, Flavor.LOCALSTACK),
    "AWS": ({"/": Reply(200, "Server", HEALTHY)}, Flavor.AWS),
    "a web server that answers 200 to everything": (
        dict.fromkeys(("/", "/moto-api", "/_localstack/health"), Reply(200, "nginx", b"<html>welcome</html>")),
        Flavor.OTHER,
    ),
    "a JSON service that answers 200 to everything": (
        dict.fromkeys(("/", "/moto-api", "/_localstack/health"), Reply(200, "x", b'{"services": 1}')),
        Flavor.OTHER,
    ),
    "Jetty in front of something else": ({"/": Reply(400, JETTY, b"bad request")}, Flavor.OTHER),
    "the error of DynamoDB without Jetty": ({"/": Reply(400, "Server", NO_TOKEN)}, Flavor.OTHER),
    "Jetty that answers 200": ({"/": Reply(200, JETTY, NO_TOKEN)}, Flavor.OTHER),
    "nothing but 404": ({}, Flavor.OTHER),
}


@pytest.mark.parametrize(("replies", "expected"), CASES.values(), ids=CASES)
def test_the_answers_decide(replies: dict[str, Reply], expected: Flavor) -> None:
    assert flavors.detect("http://unused", lambda path: replies.get(path, NOT_FOUND)) is expected


def test_dynamodb_local_is_recognised(local: Live) -> None:
    found = connect(local.url, None, 2, Quiet()).identify()
    assert (found.flavor, found.account, found.partition) == (Flavor.DYNAMODB_LOCAL, "000000000000", "aws")
    assert (found.url, found.region) == (local.url, "us-east-1")


def test_moto_is_recognised(moto: Live) -> None:
    found = connect(moto.url, "eu-west-1", 2, Quiet()).identify()
    assert (found.flavor, found.account, found.region) == (Flavor.MOTO, "123456789012", "eu-west-1")


def test_the_embedded_server_is_moto_and_asks_for_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "does-not-exist")
    with EmbeddedServer() as server:
        connection = connect(server.url, None, 2, Quiet(), embedded=True)
        assert connection.identify().flavor is Flavor.MOTO
        assert isinstance(connection.tables.list_tables(), tuple), "servers of one process share their tables"
        assert connection.notices == ()


def test_the_endpoint_is_asked_once(local: Live) -> None:
    with RecordingProxy(local.url) as proxy:
        connection = connect(proxy.url, None, 2, Quiet())
        first = connection.identify()
        asked = len(proxy.requests)
        assert connection.identify() is first
        assert connection.read_only().identify() is first
        assert len(proxy.requests) == asked


def test_a_table_with_another_arn_reveals_another_endpoint() -> None:
    jetty = Canned(400, NO_TOKEN, (("Server", JETTY),))
    real = {
        "TableName": "users",
        "TableStatus": "ACTIVE",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "CreationDateTime": 1_700_000_000.0,
        "TableArn": "arn:aws:dynamodb:eu-west-1:111122223333:table/users",
    }
    answers = {"ListTables": answer({"TableNames": ["users"]}), "DescribeTable": answer({"Table": real})}
    with ScriptedServer(lambda _, operation: answers.get(operation, jetty)) as server:
        found = connect(server.url, None, 2, Quiet()).identify()
    assert (found.flavor, found.flavor.emulator, found.account) == (Flavor.OTHER, False, None)


def test_a_server_that_never_answers_is_given_up_within_two_seconds() -> None:
    started = time.monotonic()
    with ScriptedServer(HANG) as server, pytest.raises(Unreachable):
        detect(server.url)
    assert time.monotonic() - started < flavors.PROBE_SECONDS + 1


def test_one_probe_that_hangs_does_not_hide_the_others() -> None:
    jetty = Canned(400, NO_TOKEN, (("Server", JETTY),))
    with ScriptedServer(lambda request, _: jetty if request == "GET /" else HANG) as server:
        assert detect(server.url) is Flavor.DYNAMODB_LOCAL


def test_a_server_that_resets_every_connection_is_unreachable() -> None:
    with ScriptedServer(RESET) as server, pytest.raises(Unreachable):
        detect(server.url)


def test_redirects_are_not_followed(moto: Live) -> None:
    elsewhere = Canned(302, b"", (("Location", f"{moto.url}/moto-api"),))
    with ScriptedServer(elsewhere) as server:
        assert detect(server.url) is Flavor.OTHER


def test_what_is_not_there_yet_can_be_asked_again(local: Live) -> None:
    replies = [RESET] * 3
    jetty = Canned(400, NO_TOKEN, (("Server", JETTY),))
    with ScriptedServer(lambda *_: replies.pop() if replies else jetty) as server:
        connection = connect(server.url, None, 2, Quiet())
        with pytest.raises(Unreachable):
            connection.identify()
        assert connection.identify().flavor is Flavor.DYNAMODB_LOCAL


def test_the_default_endpoint_of_the_sdk_is_aws_and_is_not_probed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Flavor:
        raise AssertionError("probed")

    monkeypatch.setattr(flavors, "detect", fail)
    with ScriptedServer(Canned(200, STS, (("Content-Type", "text/xml"),))) as sts:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)
        found = connect(None, "cn-north-1", 2, Quiet()).identify()
    assert (found.flavor, found.account, found.partition) == (Flavor.AWS, "111122223333", "aws-cn")
    assert found.url == "https://dynamodb.cn-north-1.amazonaws.com.cn"


STS = (
    b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    b"<Arn>arn:aws:iam::111122223333:user/x</Arn><UserId>U</UserId><Account>111122223333</Account>"
    b"</GetCallerIdentityResult></GetCallerIdentityResponse>"
)


def test_an_account_that_sts_does_not_return_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(Canned(403, b"<ErrorResponse/>")) as sts:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)
        monkeypatch.setattr(identification, "_first_location", lambda _: None)
        assert connect(None, "eu-west-1", 2, Quiet()).identify().account is None


REFUSED_IDS = {"test-key": "'-'", "my_key": "'_'", "a.b/c": "'.' '/'", "schlüssel": "'ü'"}


@pytest.mark.parametrize(("key_id", "named"), REFUSED_IDS.items())
def test_a_key_id_that_dynamodb_local_refuses_is_named_before_the_first_call(
    local: Live, monkeypatch: pytest.MonkeyPatch, key_id: str, named: str
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key_id)
    with RecordingProxy(local.url) as proxy:
        with pytest.raises(SettingsError) as raised:
            connect(proxy.url, None, 2, Quiet()).identify()
        assert proxy.operations == []
    assert named in str(raised.value)
    assert "AWS_ACCESS_KEY_ID=local" in str(raised.value)
    assert key_id not in str(raised.value)


def test_moto_takes_any_key_id(moto: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test-key_1")
    assert connect(moto.url, None, 2, Quiet()).identify().flavor is Flavor.MOTO


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No credentials and no region anywhere."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    return monkeypatch


def test_without_credentials_and_region_an_http_endpoint_gets_defaults_reported_once(
    endpoint: Live, bare: pytest.MonkeyPatch
) -> None:
    connection = connect(endpoint.url, None, 2, Quiet())
    assert connection.notices == (
        f"no AWS region and no credentials were found: using us-east-1 and local/local for {endpoint.url}",
    )
    assert connection.identify().region == "us-east-1"
    assert connection.tables.list_tables() == ()


def test_with_credentials_and_region_nothing_is_reported(endpoint: Live) -> None:
    assert connect(endpoint.url, None, 2, Quiet()).notices == ()


def test_without_an_http_endpoint_there_are_no_default_credentials(bare: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="No AWS region is set"):
        connect(None, None, 2, Quiet())
    with pytest.raises(SettingsError, match="No AWS region is set"):
        connect("https://127.0.0.1:1", None, 2, Quiet())
    assert connect("https://127.0.0.1:1", "eu-west-1", 2, Quiet()).notices == ()


def test_the_region_of_the_other_sdks_counts_too(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("AWS_REGION", "eu-central-1")
    assert connect("http://127.0.0.1:1", None, 2, Quiet()).region == "eu-central-1"
    bare.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    assert connect("http://127.0.0.1:1", None, 2, Quiet()).region == "eu-north-1"
    assert connect("http://127.0.0.1:1", "sa-east-1", 2, Quiet()).region == "sa-east-1"
