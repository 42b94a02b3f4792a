"""The switch with a pointer in a ConfigMap: an API server over TLS, the simulated service, and processes that die."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mover.generations import AFTER, BEFORE, Bench, bench, wanted
from mover.test_mover_generation import NEW
from simulation.simulated_engine import declaration
from support.api_server import ApiServer, api_server

from reconciler.config_maps import SERVICE, ConfigMaps
from reconciler.engine.ports import TableApi
from reconciler.model.change import Call
from reconciler.model.desired import Pointer
from reconciler.model.errors import UsageError
from reconciler.model.records import GenerationPhase

PLACE = "apps/tables"
POINTER = Pointer(configmap=f"{PLACE}/users")


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    with api_server(tmp_path, monkeypatch) as started:
        started.make(PLACE, carts="carts")
        yield started


class BesideConfigMaps:
    """The simulated service, with the real calls of ConfigMaps beside it."""

    def __init__(self, api: TableApi, config_maps: ConfigMaps) -> None:
        self.api, self.config_maps = api, config_maps

    def list_tables(self) -> tuple[str, ...]:
        return self.api.list_tables()

    def read(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        beside = operation.startswith(SERVICE)
        return self.config_maps.call(operation, params) if beside else self.api.read(operation, params)

    def write(self, call: Call) -> Mapping[str, Any]:
        beside = call.operation.startswith(SERVICE)
        return self.config_maps.call(call.operation, call.params) if beside else self.api.write(call)


@pytest.fixture
def made(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> Bench:
    found = bench(monkeypatch)
    found.sim.declare(replace(wanted(keys=AFTER), pointer=POINTER))
    ports = found.sim.reconciler.ports
    config_maps = ConfigMaps(found.sim.store.holds_lease, ports.telemetry, api.account)
    found.sim.reconciler.ports = replace(ports, api=BesideConfigMaps(ports.api, config_maps))
    return found


def test_applications_read_the_old_name_from_the_begin_on_and_the_new_one_after_the_switch(
    made: Bench, api: ApiServer
) -> None:
    made.begin()
    assert made.phase is GenerationPhase.READY
    assert api.data(PLACE) == {"carts": "carts", "users": "users"}
    made.switch()
    assert made.phase is GenerationPhase.HOLD
    assert api.data(PLACE) == {"carts": "carts", "users": NEW}
    assert made.parameters == {}


def test_cancel_during_the_hold_publishes_the_old_name_also_without_a_declaration(made: Bench, api: ApiServer) -> None:
    made.begin()
    made.switch()
    made.sim.declare(declaration("others", keys=BEFORE))
    made.work.cancel()
    made.run()
    assert api.data(PLACE)["users"] == "users"


@pytest.mark.parametrize(
    ("status", "why"), [(401, "401"), (403, "kubernetes:GetConfigMap is not allowed"), (404, "cannot be published")]
)
def test_what_cannot_be_read_is_refused_before_anything_is_written(
    made: Bench, api: ApiServer, status: int, why: str
) -> None:
    api.fails["GET"] = [status]
    with pytest.raises(Exception, match=why):
        made.begin()
    assert made.record is None
    assert made.sim.dynamodb.journal == []


def test_it_is_refused_outside_of_a_cluster(made: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST")
    with pytest.raises(UsageError, match=r"cannot be published: .* from inside its cluster"):
        made.begin()
    assert made.record is None


@pytest.mark.parametrize("status", [401, 403, 404, 409, 500, 503])
def test_a_switch_that_cannot_publish_goes_on_later(made: Bench, api: ApiServer, status: int) -> None:
    made.begin()
    api.fails["PATCH"] = [status] * 3
    made.switch()
    for _ in range(5):
        made.run()
    assert made.phase is GenerationPhase.HOLD
    assert api.data(PLACE)["users"] == NEW


def test_writes_are_not_denied_while_the_config_map_cannot_be_reached(made: Bench, api: ApiServer) -> None:
    made.begin()
    found = api.maps.pop(PLACE)
    made.switch()
    assert made.phase is GenerationPhase.READY
    assert not made.denied("users", "an application")
    api.maps[PLACE] = found
    made.run()
    assert made.phase is GenerationPhase.HOLD
    assert api.data(PLACE)["users"] == NEW


def test_a_lost_answer_publishes_once(made: Bench, api: ApiServer) -> None:
    made.begin()
    api.lost, before = True, len(api.patches)
    made.switch()
    made.run()
    assert made.phase is GenerationPhase.HOLD
    assert api.data(PLACE)["users"] == NEW
    assert len(api.patches) == before + 1
