"""The facet point_in_time_recovery: on, off, and for how many days."""

from __future__ import annotations

from typing import Any

import pytest
from support.responses import answers
from support.specs import observed, spec

from reconciler.facets.point_in_time_recovery import READ, PointInTimeRecoveryFacet
from reconciler.model.observed import Responses
from reconciler.model.table import PointInTimeRecovery

FACET = PointInTimeRecoveryFacet()
ON, OFF = PointInTimeRecovery(True, 35), PointInTimeRecovery(False)


def reported(shape: dict[str, Any] | None) -> Responses:
    description = {"ContinuousBackupsStatus": "ENABLED"} | ({"PointInTimeRecoveryDescription": shape} if shape else {})
    return Responses({**answers().answers, READ: {"ContinuousBackupsDescription": description}})


@pytest.mark.parametrize(
    ("shape", "seen"),
    [
        (None, OFF),
        ({"PointInTimeRecoveryStatus": "DISABLED"}, OFF),
        ({"PointInTimeRecoveryStatus": "ENABLED", "RecoveryPeriodInDays": 35}, ON),
        ({"PointInTimeRecoveryStatus": "ENABLED"}, PointInTimeRecovery(True)),
    ],
)
def test_recovery_is_read(shape: dict[str, Any] | None, seen: PointInTimeRecovery) -> None:
    assert FACET.observe(reported(shape)) == seen


def test_recovery_that_was_not_asked_for_is_unknown() -> None:
    assert FACET.observe(answers()) is None


@pytest.mark.parametrize(
    ("desired", "seen", "paths", "sent"),
    [
        (PointInTimeRecovery(True), OFF, ["enabled"], {"PointInTimeRecoveryEnabled": True}),
        (
            PointInTimeRecovery(True, 7),
            OFF,
            ["enabled", "days"],
            {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7},
        ),
        (
            PointInTimeRecovery(True, 7),
            ON,
            ["days"],
            {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7},
        ),
        (OFF, ON, ["enabled"], {"PointInTimeRecoveryEnabled": False}),
        (PointInTimeRecovery(True), ON, [], None),
        (PointInTimeRecovery(False, 7), OFF, [], None),
    ],
)
def test_recovery_changes_in_one_call(desired, seen, paths, sent) -> None:
    wanted, live = spec(point_in_time_recovery=desired), observed(spec(point_in_time_recovery=seen))
    changes = list(FACET.diff(wanted, live.spec))
    assert [change.path for change in changes] == [f"point_in_time_recovery.{path}" for path in paths]
    for change in changes:
        call = FACET.request(change, wanted, live)
        assert call.operation == "UpdateContinuousBackups"
        assert call.params["PointInTimeRecoverySpecification"] == sent
