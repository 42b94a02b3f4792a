"""The page of the settings: every one of them, where it came from, and no secret."""

from __future__ import annotations

import re

import pytest
from support.web import ask

from reconciler.engine.loop_status import LoopStatus
from reconciler.http import HttpServer, create_app
from reconciler.metrics import Metrics
from reconciler.model.identity import Endpoint, Flavor
from reconciler.settings import SETTINGS
from reconciler.settings.in_effect import in_effect
from reconciler.settings.loading import load

TOKEN = "s3cret-of-the-settings"


@pytest.fixture
def shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reconciler.toml").write_text('interval = "30s"\n')
    (tmp_path / ".env").write_text("RECONCILER_WORKERS=7\n")
    monkeypatch.setenv("RECONCILER_API_TOKEN", TOKEN)
    settings = load({"mode": "observe"}, one_shot=False)
    loop_status = LoopStatus(
        "default", endpoint=Endpoint("http://127.0.0.1:8000", "us-east-1", None, "aws", Flavor.MOTO)
    )
    server = HttpServer(
        create_app(loop_status, Metrics(loop_status), settings=lambda: in_effect(settings, loop_status.endpoint)),
        "127.0.0.1",
        0,
    )
    server.start()
    yield ask(server.port, "/settings").text
    server.stop()


def rows(page):
    found = re.findall(r"<tr role=\"row\".*?</tr>", page, re.DOTALL)[1:]
    cells = [re.findall(r">([^<]+)<", row) for row in found]
    assert all(name.startswith("RECONCILER_") for name, *_ in cells), "a copied name has an effect"
    return {name.removeprefix("RECONCILER_").lower(): tuple(rest) for name, *rest in cells}


def test_every_setting_is_shown_with_its_value_and_origin(shown):
    reported = rows(shown)
    assert set(reported) == set(SETTINGS)
    assert reported["workers"][0] == "7"
    assert ".env" in reported["workers"][1]
    assert reported["interval"][0] == "30s"
    assert "reconciler.toml" in reported["interval"][1]
    assert reported["mode"] == ("observe", "--mode")
    assert reported["seed"] == ("empty", "default")


def test_a_value_chosen_by_the_endpoint_is_shown_as_its_default(shown):
    reported = rows(shown)
    assert reported["timeout"] == ("300s", "default for moto")
    assert reported["max_deletes"] == ("no cap", "default for moto")
    assert reported["prune_grace"] == ("300s", "default for the daemon")
    assert reported["endpoint_url"] == ("http://127.0.0.1:8000", "as connected")


def test_a_secret_is_reported_to_be_set_and_not_shown(shown):
    assert TOKEN not in shown
    assert rows(shown)["api_token"] == ("(set, not shown)", "RECONCILER_API_TOKEN")
