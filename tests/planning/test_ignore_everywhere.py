"""``lifecycle.ignore_changes`` reaches into every facet: into indexes, replicas and tags by name."""

from __future__ import annotations

from dataclasses import fields

import pytest
from support.specs import declaration, gsi, lsi, observed, provisioned, spec, stream, ttl, vectors

from reconciler.model.global_table import GlobalTableSettings, MultiRegionConsistency, Replica, ReplicaIndex
from reconciler.model.table import OnDemandThroughput, PointInTimeRecovery, Sse, TableSpec
from reconciler.planning.diff import diff
from reconciler.planning.planner import plan

IMAGES = stream("NEW_AND_OLD_IMAGES")
LIVE = spec(
    billing=provisioned(5, 5),
    global_indexes=[gsi("by_a", "a S", units=(1, 1)), gsi("by.b", "b S", units=(1, 1))],
    stream=IMAGES,
    ttl=ttl("old"),
    tags={"team": "core"},
    table_class="STANDARD",
    sse=Sse(False),
    point_in_time_recovery=PointInTimeRecovery(True, 7),
    replicas=(
        Replica("eu-west-1", table_class="STANDARD", read_capacity=5, indexes=(ReplicaIndex("by_a", 5),)),
        Replica("eu-west-2"),
    ),
    global_table_settings=GlobalTableSettings("ENABLED_WITH_OVERRIDES"),
    disassociation_protection=True,
)
DESIRED = spec(
    billing=provisioned(6, 6),
    global_indexes=[gsi("by_a", "a S", units=(2, 2)), gsi("by.b", "b N", units=(2, 1))],
    stream=IMAGES,
    ttl=ttl("new"),
    tags={"team": "web"},
    table_class="STANDARD_INFREQUENT_ACCESS",
    sse=Sse(True),
    point_in_time_recovery=PointInTimeRecovery(True, 14),
    replicas=(
        Replica(
            "eu-west-1",
            table_class="STANDARD_INFREQUENT_ACCESS",
            read_capacity=6,
            indexes=(ReplicaIndex("by_a", 6),),
        ),
    ),
    multi_region_consistency=MultiRegionConsistency("STRONG", "eu-west-3"),
    global_table_settings=GlobalTableSettings("DISABLED"),
    disassociation_protection=False,
    deletion_protection=True,
)
VECTOR_LIVE = spec(vector_indexes=[vectors("by.sense"), vectors("gone", "picture")])
VECTOR_DESIRED = spec(vector_indexes=[vectors("by.sense", size=4, distance="EUCLIDEAN"), vectors("new", "sound")])


def paths(desired: TableSpec, live: TableSpec, *ignore: str) -> set[str]:
    return {change.path for change in diff(desired, observed(live).spec, ignore)}


ALL = paths(DESIRED, LIVE)
VECTORS = paths(VECTOR_DESIRED, VECTOR_LIVE)


@pytest.mark.parametrize("path", sorted(ALL))
def test_each_path_that_a_preview_prints_can_be_ignored_alone(path: str) -> None:
    left = paths(DESIRED, LIVE, path)
    assert path not in left
    beside = path.rpartition(".")[0] or path
    assert {other for other in ALL if not other.startswith(beside)} <= left


@pytest.mark.parametrize("path", sorted(VECTORS))
def test_each_path_of_vector_indexes_can_be_ignored(path: str) -> None:
    assert path not in paths(VECTOR_DESIRED, VECTOR_LIVE, path)


@pytest.mark.parametrize("facet", sorted({path.split(".")[0] for path in ALL}))
def test_a_whole_facet_is_ignored_by_its_name(facet: str) -> None:
    assert paths(DESIRED, LIVE, facet) == {path for path in ALL if path.split(".")[0] != facet}


@pytest.mark.parametrize(
    ("pattern", "gone"),
    [
        ("replicas.eu-west-1", {path for path in ALL if path.startswith("replicas.eu-west-1")}),
        ("replicas.eu-west-2", {"replicas.eu-west-2"}),
        ("replicas.*.read_capacity", {"replicas.eu-west-1.read_capacity"}),
        ("replicas.*.indexes.by_a", {"replicas.eu-west-1.indexes.by_a.read_capacity"}),
        ("replicas.eu-west-1.indexes", {"replicas.eu-west-1.indexes.by_a.read_capacity"}),
        ("*.by_a.throughput.read", {"global_indexes.by_a.throughput.read"}),
        ("*.throughput.write", {"billing.throughput.write"}),
    ],
)
def test_a_pattern_reaches_into_replicas_and_indexes_by_name(pattern: str, gone: set[str]) -> None:
    assert gone
    assert paths(DESIRED, LIVE, pattern) == ALL - gone


@pytest.mark.parametrize("pattern", ["keys.pk", "*.pk", "global_indexes.by.b.keys.b", "vector_indexes.*.search.a"])
def test_the_elements_of_a_key_are_one_whole(pattern: str) -> None:
    assert paths(DESIRED, LIVE, pattern) == ALL


def test_a_vector_index_that_is_ignored_is_neither_deleted_nor_made() -> None:
    steps = plan(
        declaration(VECTOR_DESIRED, ignore_changes=("vector_indexes.gone", "vector_indexes.by.sense")),
        observed(VECTOR_LIVE),
    )
    assert [change.path for step in steps for change in step.changes] == ["vector_indexes.new"]


def test_an_ignored_replica_is_never_removed() -> None:
    steps = plan(declaration(DESIRED, ignore_changes=("replicas",)), observed(LIVE))
    assert not any(step.destructive for step in steps)


def test_a_rule_that_ignores_everything_leaves_no_change() -> None:
    assert paths(DESIRED, LIVE, "*") == set()
    assert paths(VECTOR_DESIRED, VECTOR_LIVE, "*") == set()
    keys = spec("pk N", "sk S", local_indexes=[lsi("by_date", "date S")], on_demand_throughput=OnDemandThroughput(5, 5))
    assert paths(keys, spec(), "*") == set()


def test_every_facet_that_can_be_ignored_by_path_is_a_field_of_the_table() -> None:
    assert {path.split(".")[0] for path in ALL | VECTORS} <= {field.name for field in fields(TableSpec)}
