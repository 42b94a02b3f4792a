"""Every field of a table has exactly one facet, and every facet has the one shape."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from pathlib import Path

import pytest
from support.specs import observed, spec

import reconciler.facets
from reconciler.facets import FACETS
from reconciler.facets.base import Facet, RidesInCreate
from reconciler.model.table import TableSpec

by_name = pytest.mark.parametrize("facet", FACETS, ids=[facet.name for facet in FACETS])


def test_every_field_of_a_table_has_one_facet_and_no_facet_has_none() -> None:
    owned = Counter(facet.name for facet in FACETS)
    assert owned == Counter(field.name for field in fields(TableSpec) if field.name != "name")


@by_name
def test_a_facet_has_a_file_of_its_name(facet: Facet) -> None:
    assert type(facet).__module__ == f"reconciler.facets.{facet.name}"
    assert (Path(reconciler.facets.__file__).parent / f"{facet.name}.py").is_file()


@by_name
def test_a_facet_that_is_not_declared_never_differs(facet: Facet) -> None:
    table = spec(stream=None)
    loud = observed(spec(deletion_protection=True, tags={"a": "b"})).spec
    assert facet.name == "keys" or list(facet.diff(table, loud)) == []


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
