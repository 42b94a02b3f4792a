"""Rules 26 to 29: replicas, permanent consistency, leaving a global table, and tables of other accounts."""

import pytest
from simulation.sequences import KEY, NAME, answer, converge, later, service, update, with_table
from simulation.simulated_engine import declaration, simulate
from support.specs import ON_DEMAND, stream

from reconciler.model.global_table import GlobalTableSettings, MultiRegionConsistency, Replica
from reconciler.model.identity import Flavor
from reconciler.model.plan import StepStatus

IMAGES = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}}
IRELAND, LONDON, VIRGINIA, HOME = "eu-west-1", "eu-west-2", "us-east-1", "eu-central-1"


def replicas(*regions, verb="Create", **more):
    return {"ReplicaUpdates": [{verb: {"RegionName": region, **more}} for region in regions]}


def witness(region, verb="Create"):
    return {"GlobalTableWitnessUpdates": [{verb: {"RegionName": region}}]}


def regions(dynamodb):
    return [replica["RegionName"] for replica in dynamodb.tables[NAME].description.get("Replicas", [])]


def test_rule_26_a_replica_needs_a_stream_with_both_images():
    assert update(with_table(), **replicas(IRELAND)) == "ValidationException"
    keys_only = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}}
    assert update(with_table(**keys_only), **replicas(IRELAND)) == "ValidationException"
    assert update(with_table(**IMAGES), **replicas(IRELAND)) == "taken"


def test_rule_26_two_replicas_in_one_call_and_a_second_while_one_is_made_are_refused():
    dynamodb = with_table(delay=30, **IMAGES)
    assert update(dynamodb, **replicas(IRELAND, LONDON)) == "ValidationException"
    assert update(dynamodb, **replicas(IRELAND)) == "taken"
    assert update(dynamodb, **replicas(LONDON)) == "ResourceInUseException"
    later(dynamodb, 31)
    assert update(dynamodb, **replicas(LONDON)) == "taken"
    later(dynamodb, 31)
    assert regions(dynamodb) == [IRELAND, LONDON]


def test_rule_26_the_key_of_a_replica_never_changes_and_the_stream_stays():
    dynamodb = with_table(**IMAGES)
    assert update(dynamodb, **replicas(IRELAND)) == "taken"
    assert update(dynamodb, **replicas(IRELAND, verb="Update", KMSMasterKeyId="alias/new")) == "ValidationException"
    assert update(dynamodb, StreamSpecification={"StreamEnabled": False}) == "ValidationException"
    assert update(dynamodb, **replicas(IRELAND, verb="Delete")) == "taken"
    later(dynamodb, 1)
    assert regions(dynamodb) == []


def aws():
    return simulate(flavor=Flavor.AWS, delay=30, data_loss="allow", disruption="allow")


def test_rule_26_ours_adds_changes_and_removes_replicas_one_after_the_other_behind_the_stream():
    sim = aws()
    both = {"billing": ON_DEMAND, "stream": stream("NEW_AND_OLD_IMAGES")}
    converge(sim, declaration(billing=ON_DEMAND))
    converge(sim, declaration(replicas=(Replica(IRELAND), Replica(LONDON)), **both))
    assert regions(sim.dynamodb) == [IRELAND, LONDON]
    own = Replica(IRELAND, table_class="STANDARD_INFREQUENT_ACCESS", max_read_request_units=50)
    converge(sim, declaration(replicas=(own,), **both))
    assert regions(sim.dynamodb) == [IRELAND]
    converge(sim, declaration(replicas=(), **both))
    assert regions(sim.dynamodb) == []


def test_rule_26_ours_says_no_to_a_replica_without_the_stream_it_needs():
    sim = aws()
    converge(sim, declaration(stream=stream("KEYS_ONLY")))
    sim.declare(declaration(stream=stream("KEYS_ONLY"), replicas=(Replica(IRELAND),)))
    assert [step.status for step in sim.run().tables[0].steps] == [StepStatus.BLOCKED]
    assert sim.dynamodb.refused == []


def strong(*others, **more):
    return {"MultiRegionConsistency": "STRONG", **replicas(*others), **more}


@pytest.mark.parametrize(
    "requested",
    [strong(IRELAND), strong(IRELAND, VIRGINIA), strong(IRELAND, LONDON, "eu-west-3"), strong(**witness(IRELAND))],
    ids=["two replicas", "two Region sets", "four replicas", "no other replica"],
)
def test_rule_27_strong_consistency_is_three_replicas_or_two_and_a_witness_in_one_region_set(requested):
    assert update(with_table(), **requested) == "ValidationException"


@pytest.mark.parametrize("requested", [strong(IRELAND, LONDON), strong(IRELAND, **witness(LONDON))])
def test_rule_27_consistency_never_changes_once_there_are_replicas(requested):
    dynamodb = with_table()
    assert update(dynamodb, **requested) == "taken"
    later(dynamodb, 1)
    assert update(dynamodb, MultiRegionConsistency="EVENTUAL") == "ValidationException"
    assert update(dynamodb, **replicas("eu-west-3")) == "ValidationException"


def test_rule_27_a_table_with_items_gets_no_strong_consistency():
    dynamodb = with_table()
    dynamodb.tables[NAME].items["1"] = {}
    assert update(dynamodb, **strong(IRELAND, LONDON)) == "ValidationException"


def test_rule_27_replicas_of_strong_consistency_go_all_at_once():
    dynamodb = with_table()
    assert update(dynamodb, **strong(IRELAND, LONDON)) == "taken"
    later(dynamodb, 1)
    assert update(dynamodb, **replicas(IRELAND, verb="Delete")) == "ValidationException"
    assert update(dynamodb, **replicas(IRELAND, LONDON, verb="Delete")) == "taken"
    assert regions(dynamodb) == []


def test_rule_27_a_witness_goes_with_a_replica_and_leaves_a_table_of_one_region():
    dynamodb = with_table()
    assert update(dynamodb, **strong(IRELAND, **witness(LONDON))) == "taken"
    assert update(dynamodb, **witness(LONDON, "Delete")) == "ValidationException"
    assert update(dynamodb, **replicas(IRELAND, verb="Delete"), **witness(LONDON, "Delete")) == "taken"
    assert regions(dynamodb) == []


@pytest.mark.parametrize(
    ("others", "third"), [((IRELAND, LONDON), None), ((IRELAND,), LONDON)], ids=["three replicas", "with a witness"]
)
def test_rule_27_ours_makes_it_in_one_call_and_never_changes_it_afterwards(others, third):
    sim = aws()
    replicated = {"billing": ON_DEMAND, "replicas": tuple(Replica(region) for region in others)}
    requested = MultiRegionConsistency("STRONG", third)
    converge(sim, declaration(multi_region_consistency=requested, **replicated))
    assert sim.dynamodb.mutating == ["CreateTable", "UpdateTable"]
    sim.declare(declaration(multi_region_consistency=MultiRegionConsistency("EVENTUAL"), **replicated))
    assert {step.status for step in sim.run().tables[0].steps} == {StepStatus.BLOCKED}
    assert sim.dynamodb.refused == []
    assert sim.dynamodb.mutating == ["CreateTable", "UpdateTable"]


def test_rule_27_ours_ends_it_all_at_once():
    sim = aws()
    requested = MultiRegionConsistency("STRONG", LONDON)
    converge(sim, declaration(billing=ON_DEMAND, replicas=(Replica(IRELAND),), multi_region_consistency=requested))
    converge(sim, declaration(billing=ON_DEMAND, replicas=()))
    assert regions(sim.dynamodb) == []


LEAVE = replicas(HOME, verb="Disassociate", DisassociationMode="WAIT_FOR_REPLICATION")


def test_rule_28_disassociation_comes_alone_unprotected_and_from_its_own_region():
    dynamodb = with_table(**IMAGES)
    assert update(dynamodb, **replicas(IRELAND)) == "taken"
    assert update(dynamodb, **LEAVE) == "ValidationException"
    assert update(dynamodb, DisassociationProtectionEnabled=False, **LEAVE) == "ValidationException"
    assert update(dynamodb, DisassociationProtectionEnabled=False) == "taken"
    elsewhere = replicas(IRELAND, verb="Disassociate", DisassociationMode="WAIT_FOR_REPLICATION")
    assert update(dynamodb, **elsewhere) == "ValidationException"
    assert update(dynamodb, **LEAVE) == "taken"
    assert regions(dynamodb) == []


def test_rule_28_ours_switches_the_protection_and_never_leaves_by_itself():
    sim = aws()
    replicated = {"stream": stream("NEW_AND_OLD_IMAGES"), "replicas": (Replica(IRELAND),)}
    converge(sim, declaration(**replicated))
    for requested in (False, True):
        converge(sim, declaration(disassociation_protection=requested, **replicated))
    updates = [update for call in sim.dynamodb.journal for update in call.params.get("ReplicaUpdates", ())]
    assert [next(iter(update)) for update in updates] == ["Create"]


def test_rule_28_a_table_of_strong_consistency_is_never_disassociated():
    dynamodb = with_table()
    assert update(dynamodb, **strong(IRELAND, LONDON)) == "taken"
    assert update(dynamodb, DisassociationProtectionEnabled=False) == "ValidationException"
    assert update(dynamodb, **LEAVE) == "ValidationException"


def test_rule_29_a_source_in_another_account_must_replicate_its_settings():
    dynamodb = service()
    source = "arn:aws:dynamodb:eu-west-1:999988887777:table/users"
    joined = {**KEY, "BillingMode": "PAY_PER_REQUEST", "GlobalTableSourceArn": source}
    assert answer(dynamodb, "CreateTable", **joined) == "ValidationException"
    dynamodb.sources[source] = "ENABLED"
    assert answer(dynamodb, "CreateTable", **joined) == "taken"
    later(dynamodb, 1)
    assert regions(dynamodb) == [IRELAND]


def test_rule_29_settings_replication_is_switched_by_a_call_of_its_own():
    dynamodb = with_table()
    assert update(dynamodb, GlobalTableSettingsReplicationMode="ENABLED") == "taken"
    assert dynamodb.sources[dynamodb.arn(NAME)] == "ENABLED"
    assert update(dynamodb, GlobalTableSettingsReplicationMode="ENABLED") == "ValidationException"


def test_rule_29_ours_joins_a_table_of_another_account_that_replicates_its_settings():
    sim = aws()
    source = "arn:aws:dynamodb:eu-west-1:999988887777:table/users"
    sim.dynamodb.sources[source] = "ENABLED"
    converge(sim, declaration(global_table_settings=GlobalTableSettings("ENABLED", source)))
    assert regions(sim.dynamodb) == [IRELAND]


def test_rule_29_ours_switches_settings_replication_before_there_are_replicas():
    sim = aws()
    converge(sim, declaration())
    converge(sim, declaration(global_table_settings=GlobalTableSettings("ENABLED")))
    converge(sim, declaration(global_table_settings=GlobalTableSettings("DISABLED")))
