"""Every field of a table has exactly one facet, and every facet has the one shape."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace
from pathlib import Path

import pytest
from support.specs import WHEN, gsi, lsi, observed, policy, provisioned, spec, stream, ttl, vectors

import reconciler.facets
from reconciler.facets import FACETS
from reconciler.facets.base import Facet, RidesInCreate
from reconciler.model.backups import Backups, TakenBackup
from reconciler.model.global_table import GlobalTableSettings, MultiRegionConsistency, Replica
from reconciler.model.scaling import AutoScaling, Scaling
from reconciler.model.table import (
    ContributorInsights,
    KinesisStreaming,
    OnDemandThroughput,
    PointInTimeRecovery,
    Sse,
    TableSpec,
    WarmThroughput,
)

by_name = pytest.mark.parametrize("facet", FACETS, ids=[facet.name for facet in FACETS])


def test_every_field_of_a_table_has_one_facet_and_no_facet_has_none() -> None:
    owned = Counter(facet.name for facet in FACETS)
    assert owned == Counter(field.name for field in fields(TableSpec) if field.name != "name")


@by_name
def test_a_facet_has_a_file_of_its_name(facet: Facet) -> None:
    assert type(facet).__module__ == f"reconciler.facets.{facet.name}"
    assert (Path(reconciler.facets.__file__).parent / f"{facet.name}.py").is_file()


LOUD = replace(
    spec(
        billing=provisioned(5, 5),
        global_indexes=[gsi("by_email", "email S", units=(5, 5))],
        local_indexes=[lsi("by_date", "date S")],
        stream=stream("KEYS_ONLY"),
        ttl=ttl("expires"),
        tags={"team": "core"},
        vector_indexes=[vectors("by_meaning")],
    ),
    deletion_protection=True,
    auto_scaling=AutoScaling(Scaling(min=1, max=5)),
    table_class="STANDARD_INFREQUENT_ACCESS",
    on_demand_throughput=OnDemandThroughput(10, 10),
    warm_throughput=WarmThroughput(20_000, 8_000),
    sse=Sse(True, "alias/mine"),
    point_in_time_recovery=PointInTimeRecovery(True, 7),
    backups=Backups(taken=(TakenBackup("subject-2026-01-01T00-00-00Z", "arn:backup", WHEN, "AVAILABLE"),)),
    resource_policy=policy("dynamodb:GetItem"),
    stream_policy=policy("dynamodb:GetRecords"),
    contributor_insights=ContributorInsights(True, "THROTTLED_KEYS"),
    kinesis_streaming=KinesisStreaming("arn:aws:kinesis:us-east-1:123456789012:stream/changes"),
    replicas=(Replica("eu-west-1"),),
    multi_region_consistency=MultiRegionConsistency("STRONG"),
    global_table_settings=GlobalTableSettings("ENABLED_WITH_OVERRIDES"),
    disassociation_protection=True,
)
"""A table on which somebody switched on everything that there is."""


@by_name
def test_a_facet_that_is_not_declared_never_differs_whatever_somebody_switched_on(facet: Facet) -> None:
    assert getattr(LOUD, facet.name) not in (None, getattr(observed(spec()).spec, facet.name)) or facet.name == "keys"
    assert list(facet.diff(spec(), LOUD)) == []


LATER = {
    *("ttl", "auto_scaling", "backups", "point_in_time_recovery"),
    *("stream_policy", "contributor_insights", "kinesis_streaming"),
    *("replicas", "multi_region_consistency", "disassociation_protection"),
}
READS = {
    "ttl": ("DescribeTimeToLive",),
    "tags": ("ListTagsOfResource",),
    "backups": ("ListBackups",),
    "auto_scaling": ("application-autoscaling:DescribeScalableTargets",),
    "point_in_time_recovery": ("DescribeContinuousBackups",),
    "resource_policy": ("GetResourcePolicy",),
    "contributor_insights": ("DescribeContributorInsights",),
    "kinesis_streaming": ("DescribeKinesisStreamingDestination",),
}


def test_only_these_facets_do_not_ride_in_create() -> None:
    assert {facet.name for facet in FACETS if not isinstance(facet, RidesInCreate)} == LATER


def test_only_these_facets_need_reads_of_their_own() -> None:
    assert {facet.name: facet.reads for facet in FACETS if facet.reads} == READS
