"""Replicas, witness, consistency and settings of global tables. Asked by ``RULES``."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.sources.document.table import TableDocument
from reconciler.sources.place import Finding, listed
from reconciler.sources.rules.billing_mode import declared_mode

REGION_SETS = (
    frozenset({"us-east-1", "us-east-2", "us-west-2"}),
    frozenset({"eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1"}),
    frozenset({"ap-northeast-1", "ap-northeast-2", "ap-northeast-3"}),
)
"""A strongly consistent table lies in Regions of one of these sets (UpdateTable)."""


def replica_regions(document: TableDocument) -> Iterator[Finding]:
    """One replica a Region."""
    seen: set[str] = set()
    for position, replica in enumerate(document.replicas or []):
        if replica.region_name in seen:
            reason = f"is {replica.region_name!r}, which has a replica already"
            yield Finding(("replicas", position, "region_name"), reason, "Keep one of them.")
        seen.add(replica.region_name)


def replica_stream(document: TableDocument) -> Iterator[Finding]:
    """Eventual consistency is carried by a stream with new and old images."""
    stream = document.stream_specification
    if not document.replicas or stream is None or document.multi_region_consistency == "STRONG":
        return
    if not stream.stream_enabled or stream.stream_view_type != "NEW_AND_OLD_IMAGES":
        remedy = "Enable it with stream_view_type NEW_AND_OLD_IMAGES."
        yield Finding(("stream_specification",), "does not suit replicas, which need new and old images", remedy)


def replica_indexes(document: TableDocument) -> Iterator[Finding]:
    """A replica overrides indexes that the table has, each once."""
    if document.global_secondary_indexes is None:
        return
    known = {index.index_name for index in document.global_secondary_indexes}
    for position, replica in enumerate(document.replicas or []):
        seen: set[str] = set()
        for number, index in enumerate(replica.global_secondary_indexes or []):
            place = ("replicas", position, "global_secondary_indexes", number, "index_name")
            if index.index_name not in known:
                yield Finding(place, f"is {index.index_name!r}, which is no global index of the table", "Correct it.")
            if index.index_name in seen:
                yield Finding(place, f"is {index.index_name!r}, which is given already", "Keep one of them.")
            seen.add(index.index_name)


def replica_billing(document: TableDocument) -> Iterator[Finding]:
    """A capacity is overridden on a provisioned table, a maximum on one that is billed on demand."""
    mode = declared_mode(document)
    wrong = {"PAY_PER_REQUEST": "provisioned_throughput_override", "PROVISIONED": "on_demand_throughput_override"}
    for position, replica in enumerate(document.replicas or []):
        field = wrong.get(mode or "")
        parts = [replica, *(replica.global_secondary_indexes or [])]
        if field and any(getattr(part, field) is not None for part in parts):
            yield Finding(("replicas", position), f"has {field}, but the table is {mode}", f"Remove {field}.")
    for position, replica in enumerate(document.replicas or []):
        maxima = [replica.on_demand_throughput_override]
        maxima += [index.on_demand_throughput_override for index in replica.global_secondary_indexes or []]
        if any(maximum is not None and maximum.max_read_request_units == 0 for maximum in maxima):
            yield Finding(("replicas", position), "has a maximum of 0", "Write 1 or more, or -1 for no maximum.")


def witness_count(document: TableDocument) -> Iterator[Finding]:
    """One witness, in a Region without a replica."""
    witnesses, path = document.global_table_witnesses or [], ("global_table_witnesses",)
    if len(witnesses) > 1:
        yield Finding(path, f"has {len(witnesses)} witnesses", "A global table has at most one.")
    regions = {replica.region_name for replica in document.replicas or []}
    for position, witness in enumerate(witnesses):
        if witness.region_name in regions:
            reason = f"is {witness.region_name!r}, which has a replica"
            yield Finding((*path, position, "region_name"), reason, "Put the witness into a Region of its own.")


def strong_regions(document: TableDocument) -> Iterator[Finding]:
    """Strong consistency has three Regions of one set, one of which may be a witness; no other table has a witness."""
    witnesses = [witness.region_name for witness in document.global_table_witnesses or []]
    if document.multi_region_consistency != "STRONG":
        if witnesses:
            remedy = "Set multi_region_consistency to STRONG, or remove it."
            yield Finding(("global_table_witnesses",), "is given without strong consistency", remedy)
        return
    regions = [replica.region_name for replica in document.replicas or []]
    if not regions or len(regions) + len(witnesses) not in (2, 3):
        reason = "is STRONG, which needs the table's own Region and two more"
        remedy = "Declare two further replicas, or one and a witness."
        yield Finding(("multi_region_consistency",), reason, remedy)
    elif not any(one.issuperset([*regions, *witnesses]) for one in REGION_SETS):
        sets = listed(", ".join(sorted(one)) for one in REGION_SETS)
        yield Finding(("replicas",), "are not in one set of Regions, as strong consistency needs", f"Use {sets}.")


def strong_table(document: TableDocument) -> Iterator[Finding]:
    """A strongly consistent table has neither time to live nor local indexes."""
    if document.multi_region_consistency != "STRONG":
        return
    if document.time_to_live and document.time_to_live.enabled:
        reason = "is enabled, which a strongly consistent table cannot have"
        yield Finding(("time_to_live",), reason, "Turn it off, or use EVENTUAL consistency.")
    if document.local_secondary_indexes:
        reason = "are given, which a strongly consistent table cannot have"
        yield Finding(("local_secondary_indexes",), reason, "Use global indexes, or EVENTUAL consistency.")


def source_settings(document: TableDocument) -> Iterator[Finding]:
    """A replica of another account's table replicates its settings."""
    mode, arn = document.global_table_settings_replication_mode, document.global_table_source_arn
    if arn is None:
        return
    if mode not in (None, "ENABLED"):
        reason = f"is {mode}, but a replica of another account's table needs ENABLED"
        yield Finding(("global_table_settings_replication_mode",), reason, "Set it to ENABLED.")
    parts = arn.split(":")
    if len(parts) != 6 or parts[2] != "dynamodb" or not parts[5].startswith("table/"):
        reason = f"is {arn!r}, which is no ARN of a table"
        yield Finding(("global_table_source_arn",), reason, "Write arn:aws:dynamodb:REGION:ACCOUNT:table/NAME.")
