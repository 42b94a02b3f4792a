"""The whole product on a real endpoint changes no parsed answer and no record that it shares between passes."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.endpoints import Live
from support.shared_objects import shared_objects
from support.shell import USERS

from reconciler.settings.loading import load
from reconciler.wiring import App

DECLARED = (
    USERS
    + """
tags: {team: core, stage: test}
time_to_live: {attribute_name: expires_at, enabled: true}
point_in_time_recovery: {enabled: true}
stream_specification: {StreamEnabled: true, StreamViewType: KEYS_ONLY}
"""
)


def test_no_pass_changes_what_the_client_or_the_state_table_returned(
    moto: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "desired_state").mkdir()
    (tmp_path / "desired_state" / "users.yaml").write_text(DECLARED)
    monkeypatch.chdir(tmp_path)
    # boto3 parses every answer anew, so that only the lean client has answers to share.
    settings = load({"endpoint_url": moto.url, "aws_client": "lean"}, one_shot=False)
    with shared_objects() as noted:
        app = App(settings, one_shot=False, read_only=False, endpoint_url=moto.url)
        try:
            assert app.converge("once").verdict.value == "in_sync"
            for _ in range(3):
                assert app.reconciler.run_pass("interval").verdict.value == "in_sync"
        finally:
            app.close()
        assert noted.changed() == []
    assert {"KnownAnswers", "ReadRecords", "Conclusions"} <= noted.shared.keys()
