"""Mutants of the facets and of planning: phantom drift, blind diffs, calls that the service refuses."""

from __future__ import annotations

from mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "unset time to live is read as off",
        "TtlFacet.diff",
        """
        if desired.ttl is None:
            return
        want, have = (desired.ttl, observed.ttl or OFF)
        """,
        "want, have = (desired.ttl or OFF, observed.ttl or OFF)",
        "a nil field is set to disabled before the compare (ACK, customPreCompare)",
        ("test_facet_set",),
    ),
    Mutant(
        "unset deletion protection is read as off",
        "DeletionProtectionFacet.diff",
        "if desired.deletion_protection is not None and desired.deletion_protection != have: ...",
        "if bool(desired.deletion_protection) != have: ...",
        "protection that somebody switched on is switched off implicitly",
        ("test_facet_deletion_protection",),
    ),
    Mutant(
        "unset point-in-time recovery is read as off",
        "PointInTimeRecoveryFacet.diff",
        """
        if desired.point_in_time_recovery is None:
            return
        want, have = (desired.point_in_time_recovery, observed.point_in_time_recovery or OFF)
        """,
        """
        if desired.point_in_time_recovery is None:
            pass
        want, have = (desired.point_in_time_recovery or OFF, observed.point_in_time_recovery or OFF)
        """,
        "continuous backups end with the release that learnt the field",
        ("test_facet_set",),
    ),
    Mutant(
        "unset indexes are read as none",
        "GlobalIndexesFacet.diff",
        """
        if desired.global_indexes is None:
            return
        """,
        "",
        "every index that the declaration does not name is deleted (dynamoose#1507)",
        ("test_facet_set",),
    ),
    Mutant(
        "indexes are compared by their names",
        "GlobalIndexesFacet._changes",
        "if want.keys != have.keys: ...",
        "if False: ...",
        "a changed key of an index is never noticed (cfddb)",
        ("test_facet_global_indexes",),
    ),
    Mutant(
        "the projection of an index is not compared",
        "GlobalIndexesFacet._changes",
        "if want.projection != have.projection: ...",
        "if False: ...",
        "a changed projection is never noticed",
        ("test_facet_global_indexes",),
    ),
    Mutant(
        "the order of an index key means nothing",
        "redefined",
        "return desired.keys != observed.keys or desired.projection != observed.projection",
        "return set(desired.keys) != set(observed.keys) or desired.projection != observed.projection",
        "key schemas compared by name: a reordered multi-attribute key looks equal (ACK)",
        ("test_facet_global_indexes", "test_spec_changes", "test_hard_spec_changes"),
    ),
    Mutant(
        "an index without its type of key is the same",
        "KeysFacet.diff",
        "if desired.keys != observed.keys: ...",
        "if [k.attribute for k in desired.keys] != [k.attribute for k in observed.keys]: ...",
        "a key attribute of another type is not noticed at all (pulumi-aws#1057)",
        ("test_facet_keys",),
    ),
    Mutant(
        "the order in which indexes are told is drift",
        "pairs",
        """
        for name in sorted(wanted.keys() | had.keys()):
            yield name, wanted.get(name), had.get(name)
        """,
        """
        for name in sorted(wanted.keys() | had.keys()):
            yield name, wanted.get(name), had.get(name) if list(wanted) == list(had) else None
        """,
        "adding one index shows all of them recreated (terraform-provider-aws#12928)",
        ("test_facet_global_indexes", "test_spec_changes"),
    ),
    Mutant(
        "the order of projected attributes is drift",
        "read_projection",
        'frozenset(shape.get("NonKeyAttributes") or ())',
        'tuple(shape.get("NonKeyAttributes") or ())',
        "an endless rebuild because the service answers in another order",
        ("test_facet_global_indexes", "test_facet_local_indexes"),
    ),
    Mutant(
        "attribute definitions lose those of other indexes",
        "create_index_call",
        "wire.attribute_definitions(*live, index.keys)",
        "wire.attribute_definitions(index.keys)",
        "an index cannot be added to a table that has another one",
        ("test_facet_global_indexes",),
    ),
    Mutant(
        "zeros of on-demand tables are throughput",
        "read_throughput",
        'if not shape or not shape.get("ReadCapacityUnits") or not shape.get("WriteCapacityUnits"): ...',
        "if not shape: ...",
        "{0,0} of an on-demand table is drift for ever (cdkd#1742)",
        ("test_facet_billing", "test_facet_global_indexes"),
    ),
    Mutant(
        "an index that is being deleted counts as there",
        "GlobalIndexesFacet.observe",
        'index.get("IndexStatus") != "DELETING"',
        "True",
        "an index that is changing is deleted again, or never built anew",
        ("test_facet_global_indexes",),
    ),
    Mutant(
        "time to live under way is read as off",
        "TtlFacet.observe",
        'if shape["TimeToLiveStatus"] not in ("ENABLED", "ENABLING"): ...',
        'if shape["TimeToLiveStatus"] not in ("ENABLED",): ...',
        "a pending change is read as not done, and the call is sent again within the hour",
        ("test_facet_ttl",),
    ),
    Mutant(
        "time to live that is going off is read as on",
        "TtlFacet.observe",
        'if shape["TimeToLiveStatus"] not in ("ENABLED", "ENABLING"): ...',
        'if shape["TimeToLiveStatus"] not in ("ENABLED", "ENABLING", "DISABLING"): ...',
        "a pending change is read as not done, and disabling is asked for again",
        ("test_facet_ttl",),
    ),
    Mutant(
        "time to live moves in one call",
        "TtlFacet.request",
        "target = Ttl(False, have.attribute) if have.enabled else want",
        "target = want",
        "the attribute cannot be renamed without disabling first (aws-cdk#13106)",
        ("test_facet_ttl",),
    ),
    Mutant(
        "a stream under its old view is written over",
        "StreamFacet.request",
        '_shape(want) if want.enabled and not have.enabled else {"StreamEnabled": False}',
        '_shape(want) if want.enabled else {"StreamEnabled": False}',
        "a stream's view never changes in place: the service refuses (terraform-provider-aws#18402)",
        ("test_facet_stream",),
    ),
    Mutant(
        "a policy is compared as text",
        "normalized_policy",
        'json.dumps(_normal(whole), sort_keys=True, separators=(",", ":"), ensure_ascii=False)',
        'json.dumps(whole, separators=(",", ":"), ensure_ascii=False)',
        "the same policy in another spelling is drift in every pass (terraform-provider-aws#22314)",
        ("test_facet_policies",),
    ),
    Mutant(
        "a policy is put over any other revision",
        "policy_call",
        '{"ResourceArn": arn, "Policy": desired.document, "ExpectedRevisionId": revision or NO_POLICY}',
        '{"ResourceArn": arn, "Policy": desired.document}',
        "what somebody else wrote since the read is overwritten",
        ("test_facet_policies",),
    ),
    Mutant(
        "an alias of a KMS key is not its ARN",
        "SseFacet.observe",
        'key = asked.removeprefix(f"{RESOLVE} ")',
        "pass",
        "declared by alias, told by ARN: drift for ever (cloudformation-coverage-roadmap#1802)",
        ("test_facet_sse",),
    ),
    Mutant(
        "a bare id of a KMS key is not its ARN",
        "_same",
        'observed is not None and (declared == observed or observed.endswith(f":key/{declared}"))',
        "observed is not None and declared == observed",
        "declared by id, told by ARN: drift for ever",
        ("test_facet_sse",),
    ),
    Mutant(
        "tags of others are drift",
        "TagsFacet.diff",
        "for key, value in sorted(desired.tags or ()): ...",
        "for key, value in sorted({**dict.fromkeys(had), **dict(desired.tags or ())}.items()): ...",
        "the tags of a cost tool are fought over (terraform-provider-aws#24702)",
        ("test_facet_tags",),
    ),
    Mutant(
        "tags of AWS itself are ours",
        "TagsFacet.observe",
        '((key, value) for key, value in tags if key != OWNER_TAG and not key.startswith("aws:"))',
        "((key, value) for key, value in tags if key != OWNER_TAG)",
        "an aws: tag of CloudFormation becomes part of the value",
        ("test_facet_tags",),
    ),
    Mutant(
        "a billing switch forgets the indexes",
        "switch_call",
        'params["GlobalSecondaryIndexUpdates"] = updates',
        "pass",
        "towards PROVISIONED the call must carry the throughput of every index (provider-upjet-aws#1041)",
        ("test_facet_billing", "test_spec_changes"),
    ),
    Mutant(
        "an unchanged capacity is written along",
        "GlobalIndexesFacet._rescaled",
        "... and want.throughput != have.throughput",
        "...",
        "a no-op update of an index makes the service refuse the whole call (provider-aws#464)",
        ("test_facet_billing", "test_facet_global_indexes", "test_spec_changes"),
    ),
    Mutant(
        "capacity that a scalable target owns is written",
        "scaled_paths",
        "ignored = *declaration.lifecycle.ignore_changes, *observed.scaled, *coming",
        "ignored = *declaration.lifecycle.ignore_changes, *coming",
        "a loop resets the capacity that auto scaling chose (provider-upjet-aws#1760)",
        ("test_facet_auto_scaling", "test_engine_auto_scaling"),
    ),
    Mutant(
        "warm throughput that rose by itself is lowered",
        "warm_precondition",
        "if change.after > change.before: ...",
        "if True: ...",
        "a value that the service computes is drift (terraform-provider-aws#44692)",
        ("test_facet_limits",),
    ),
    Mutant(
        "a switched-off stream still has a view",
        "StreamFacet.diff",
        "if want.enabled and want.view and want.view != have.view: ...",
        "if want.view != have.view: ...",
        "a disabled feature with leftover details diffs (terraform-provider-aws#37991)",
        ("test_facet_stream", "test_spec_changes"),
    ),
    Mutant(
        "a busy table is written to",
        "_busy",
        "if observed.status in SETTLING: ...",
        "if False: ...",
        "an update of a table that is being updated is refused each round",
        ("test_planner",),
    ),
    Mutant(
        "two index changes at once",
        "_busy",
        "return under_way if observed.changing & {*EXCLUSIVE, step.facet} else None",
        "return None",
        "DynamoDB takes one index change at a time (cloudformation-coverage-roadmap#881)",
        ("test_planner",),
    ),
    Mutant(
        "disruption needs no leave",
        "_interrupting",
        "if not hazardous or permits(options.disruption, emulator=emulator): ...",
        "return None",
        "an index that readers use is deleted and built again without a question",
        ("test_engine_limits::test_outside_emulators_readers_are_not_interrupted_without_permission",),
    ),
    Mutant(
        "a table that is only observed is changed",
        "permit_in_place",
        'if lifecycle.on_existing == "observe" and step.action is not Action.CREATE: ...',
        "if False: ...",
        "who asked to observe a table only gets it changed",
        ("test_engine_pass::test_an_existing_table_is_treated_as_on_existing_says",),
    ),
    Mutant(
        "a quota in time is not waited for",
        "Quota.free_from",
        "free = len(times) < self.number or times[-self.number] + self.window <= now",
        "free = True",
        "the second change of time to live within the hour is refused and locks it for longer",
        ("test_quotas",),
    ),
    Mutant(
        "an ignored path is still written along",
        "plan",
        "desired = effective(declaration.spec, observed.spec, ignore)",
        "desired = declaration.spec",
        "what lifecycle.ignore_changes names is written with something else",
        ("test_diff",),
    ),
    Mutant(
        "the protection is taken off first",
        "Rank.UNPROTECT",
        "UNPROTECT = 18",
        "UNPROTECT = -1",
        "while the other steps go on, the table stands unprotected",
        ("test_spec_changes", "test_planner", "test_diff"),
    ),
    Mutant(
        "identity is the name",
        "identity_of",
        'Identity(table.get("TableId") or None, table["TableArn"], aware.astimezone(UTC).isoformat())',
        'Identity(None, table["TableArn"], "")',
        "a table made anew has the ARN of the old one",
        ("test_observe",),
    ),
)
