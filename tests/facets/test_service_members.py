"""Every input member of the calls we plan is either managed or left out for a stated reason.

A release of botocore that brings a new member, or a new operation that writes, fails here by its name.
"""

from __future__ import annotations

from functools import cache

import botocore.loaders
import pytest
from botocore.model import ServiceModel
from support.service_members import LEFT_OUT, LEFT_OUT_OPERATIONS, MANAGED, leaves, members_of
from support.setting_changes import SETTINGS
from support.side_feature_changes import ASIDE
from support.spec_changes import SPEC_CHANGES
from support.specs import declaration
from support.table_loop import build, run

SERVICES = ("dynamodb", "application-autoscaling")
READS = ("Describe", "List", "Get")


@cache
def service(name: str) -> ServiceModel:
    return ServiceModel(botocore.loaders.Loader().load_service_model(name, "service-2"), name)


def known(operation: str) -> set[str]:
    """Every member that the installed botocore knows of an operation."""
    *prefix, name = operation.split(":")
    shape = service(prefix[0] if prefix else "dynamodb").operation_model(name).input_shape
    assert shape is not None
    return set(leaves(shape))


def left_out(operation: str, member: str) -> bool:
    paths = LEFT_OUT.get(operation, {})
    return any(member == path or member.startswith((f"{path}.", f"{path}[]")) for path in paths)


@pytest.mark.parametrize("operation", MANAGED)
def test_every_member_of_a_call_is_managed_or_left_out_for_a_reason(operation: str) -> None:
    members, managed = known(operation), set(MANAGED[operation])
    assert {member for member in members - managed if not left_out(operation, member)} == set()
    assert managed - members == set()
    assert {member for member in managed if left_out(operation, member)} == set()


@pytest.mark.parametrize("operation", LEFT_OUT)
def test_every_left_out_member_exists(operation: str) -> None:
    for path in LEFT_OUT[operation]:
        assert any(member == path or member.startswith((f"{path}.", f"{path}[]")) for member in known(operation)), path


def test_every_operation_that_writes_is_called_or_left_out_for_a_reason() -> None:
    writing = set()
    for name in SERVICES:
        prefix = "" if name == "dynamodb" else f"{name}:"
        writing |= {f"{prefix}{each}" for each in service(name).operation_names if not each.startswith(READS)}
    assert writing - MANAGED.keys() - LEFT_OUT_OPERATIONS.keys() == set()
    assert (MANAGED.keys() | LEFT_OUT_OPERATIONS.keys()) - writing == set()
    assert MANAGED.keys() & LEFT_OUT_OPERATIONS.keys() == set()


def test_no_spec_change_sends_a_member_that_is_not_managed() -> None:
    for case in (*SPEC_CHANGES, *SETTINGS, *ASIDE):
        for call in run(build(case.before), declaration(case.after)).calls:
            assert set(members_of(call.params)) <= set(MANAGED[call.operation]), (case.name, call)
