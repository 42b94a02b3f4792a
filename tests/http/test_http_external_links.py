"""Links to runbooks, Grafana and a console: by settings, with every name quoted, and none without a setting."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.sample_reports import LOCAL, report, table
from support.web import ask

from reconciler.engine.loop_status import LoopStatus
from reconciler.http import HttpServer, create_app
from reconciler.http.external_links import ExternalLinks
from reconciler.metrics import Metrics
from reconciler.model.errors import SettingsError
from reconciler.model.identity import Flavor
from reconciler.model.report import TableStatus
from reconciler.settings.loading import load

AWS = replace(LOCAL, region="eu-west-1", flavor=Flavor.AWS)
ODD = "a b&c"


@pytest.mark.parametrize(
    ("setting", "address"),
    [
        (None, None),
        ("https://wiki.example/runbooks", "https://wiki.example/runbooks/DynamoDBReconcilerTableBlocked.md"),
        ("https://wiki.example/runbooks/", "https://wiki.example/runbooks/DynamoDBReconcilerTableBlocked.md"),
        ("https://wiki.example/?page={alert}", "https://wiki.example/?page=DynamoDBReconcilerTableBlocked"),
    ],
)
def test_the_runbook_of_a_status(setting, address):
    links = ExternalLinks(runbook_url=setting)
    assert links.runbook_of(TableStatus.BLOCKED) == address
    assert links.runbook_of(TableStatus.IN_SYNC) is None


def test_the_dashboard_is_opened_for_the_environment_and_the_table():
    links = ExternalLinks(grafana_url="https://g.example/d/drift", environment="pro d")
    assert links.grafana() == "https://g.example/d/drift?var-environment=pro%20d"
    assert links.grafana(ODD) == "https://g.example/d/drift?var-environment=pro%20d&var-table=a%20b%26c"
    with_query = ExternalLinks(grafana_url="https://g.example/d/drift?orgId=2")
    assert with_query.grafana() == "https://g.example/d/drift?orgId=2&var-environment=default"


CONSOLES = {
    "aws": (
        None,
        AWS,
        "https://eu-west-1.console.aws.amazon.com/dynamodbv2/home?region=eu-west-1#table?name=a%20b%26c",
    ),
    "china": (
        None,
        replace(AWS, partition="aws-cn"),
        "https://console.amazonaws.cn/dynamodbv2/home?region=eu-west-1#table?name=a%20b%26c",
    ),
    "another partition": (None, replace(AWS, partition="aws-iso"), None),
    "an emulator": (None, LOCAL, None),
    "an emulator with an admin page": (
        "http://localhost:8001/tables/{table}",
        LOCAL,
        "http://localhost:8001/tables/a%20b%26c",
    ),
    "switched off": ("off", AWS, None),
    "before the endpoint answers": (None, None, None),
}


@pytest.mark.parametrize("case", CONSOLES)
def test_the_console_of_a_table(case):
    setting, endpoint, address = CONSOLES[case]
    assert ExternalLinks(console_url=setting).console(ODD, endpoint) == address


@pytest.fixture
def linked():
    loop_status = LoopStatus("prod")
    loop_status.finish(report(table("users", TableStatus.BLOCKED), endpoint=AWS))
    links = ExternalLinks("https://wiki.example", "https://g.example/d/drift", None, "prod")
    http = HttpServer(create_app(loop_status, Metrics(loop_status), links=links), "127.0.0.1", 0)
    http.start()
    yield http
    http.stop()


def test_the_pages_link_to_them(linked):
    page, of_table = ask(linked.port, "/").text, ask(linked.port, "/tables/users").text
    runbook = (
        '<a class="external" href="https://wiki.example/DynamoDBReconcilerTableBlocked.md" rel="noreferrer">Runbook</a>'
    )
    assert runbook in page
    assert runbook in of_table
    assert 'href="https://g.example/d/drift?var-environment=prod"' in page
    assert 'href="https://g.example/d/drift?var-environment=prod&amp;var-table=users"' in of_table
    assert ">AWS console</a>" in of_table


def test_without_settings_no_page_leads_to_another_host(ready):
    for path in ("/", "/tables/users"):
        assert 'class="external"' not in ready.get(path).text


BAD = {
    "javascript:alert(1)": "RUNBOOK_URL",
    "//example.com": "GRAFANA_URL",
    "https://x/{name}": "CONSOLE_URL",
    "https://x/{table}": "GRAFANA_URL",
    'https://x/"onclick': "CONSOLE_URL",
    "off": "GRAFANA_URL",
    "http://[x": "RUNBOOK_URL",
}


@pytest.mark.parametrize("value", BAD)
def test_an_address_that_is_no_web_address_is_refused(value, tmp_path):
    name = f"RECONCILER_{BAD[value]}"
    with pytest.raises(SettingsError, match=name):
        load({}, one_shot=False, environ={name: value}, cwd=tmp_path)


def test_the_settings_are_read(tmp_path):
    given = {
        "RECONCILER_RUNBOOK_URL": "https://wiki.example/{alert}",
        "RECONCILER_GRAFANA_URL": "https://g.example/d/drift",
        "RECONCILER_CONSOLE_URL": "http://localhost:8001/tables/{table}?r={region}",
    }
    settings = load({}, one_shot=False, environ=given, cwd=tmp_path)
    assert [settings.runbook_url, settings.grafana_url, settings.console_url] == list(given.values())
