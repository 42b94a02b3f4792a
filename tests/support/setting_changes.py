"""Hard spec changes of table class, limits, encryption and recovery, in the shape of ``spec_changes``.

No emulator holds all of these; they run on the table model, which keeps the service's rules.
"""

from __future__ import annotations

from support.spec_changes import SpecChange
from support.specs import ON_DEMAND, gsi, provisioned, spec
from support.table_settings import KEYS

from reconciler.model.change import Hazard
from reconciler.model.table import OnDemandThroughput, PointInTimeRecovery, Sse, TableSpec, WarmThroughput

PLAIN = spec(billing=ON_DEMAND)
FIVE = provisioned(5, 5)
IA = "STANDARD_INFREQUENT_ACCESS"


def most(read: int | None = None, write: int | None = None) -> OnDemandThroughput:
    return OnDemandThroughput(read, write)


def warm(read: int | None = None, write: int | None = None) -> WarmThroughput:
    return WarmThroughput(read, write)


def _case(name: str, before: TableSpec, after: TableSpec, *calls: str, **flags: object) -> SpecChange:
    return SpecChange(name, before, after, calls, **flags)  # type: ignore[arg-type]


def _on_demand(**fields: object) -> TableSpec:
    return spec(billing=ON_DEMAND, **fields)


def _indexed(*indexes: object, **fields: object) -> TableSpec:
    return spec(global_indexes=list(indexes), **({"billing": ON_DEMAND} | fields))


CLASSES = (
    _case("a class is switched", PLAIN, spec(table_class=IA), f"class {IA}"),
    _case("a class is switched back", spec(table_class=IA), spec(table_class="STANDARD"), "class STANDARD"),
    _case("the class that is the default is declared", PLAIN, spec(table_class="STANDARD")),
    _case("a class that is not declared stays", spec(table_class=IA), PLAIN),
)
MAXIMA = (
    _case("a maximum is set", PLAIN, _on_demand(on_demand_throughput=most(100, 50)), "max read=100 write=50"),
    _case(
        "a maximum is taken away",
        _on_demand(on_demand_throughput=most(100, 50)),
        _on_demand(on_demand_throughput=most(-1, -1)),
        "max read=-1 write=-1",
    ),
    _case(
        "one half of a maximum is ours",
        _on_demand(on_demand_throughput=most(100, 50)),
        _on_demand(on_demand_throughput=most(write=70)),
        "max read=100 write=70",
    ),
    _case("no maximum where there is none", PLAIN, _on_demand(on_demand_throughput=most(-1))),
    _case(
        "a maximum waits for the table to be on demand",
        spec(billing=FIVE),
        _on_demand(on_demand_throughput=most(100)),
        "mode PAY_PER_REQUEST",
        "max read=100 write=-1",
    ),
    _case(
        "a maximum goes with the mode that had it",
        _on_demand(on_demand_throughput=most(100)),
        spec(billing=FIVE),
        "mode PROVISIONED 5/5",
    ),
    _case(
        "maxima of several indexes ride together, apart from the table's",
        _indexed(gsi("by_a", "a S"), gsi("by_b", "b S"), gsi("by_c", "c S", on_demand_throughput=most(9))),
        _indexed(
            gsi("by_a", "a S", on_demand_throughput=most(5, 6)),
            gsi("by_b", "b S", on_demand_throughput=most(7)),
            gsi("by_c", "c S", on_demand_throughput=most(9)),
            on_demand_throughput=most(10),
        ),
        "by_a max read=5 write=6, by_b max read=7 write=-1",
        "max read=10 write=-1",
    ),
    _case(
        "an index comes with its maximum and its warm throughput",
        PLAIN,
        _indexed(gsi("by_a", "a S", on_demand_throughput=most(5, -1), warm_throughput=warm(15000, 5000))),
        "+index by_a max read=5 write=-1 warm read=15000 write=5000",
    ),
    _case(
        "maxima of table and index wait for the mode",
        _indexed(gsi("by_a", "a S"), billing=FIVE),
        _indexed(gsi("by_a", "a S", on_demand_throughput=most(5)), on_demand_throughput=most(6)),
        "mode PAY_PER_REQUEST",
        "by_a max read=5 write=-1",
        "max read=6 write=-1",
    ),
)
WARM = (
    _case("warm throughput rises", PLAIN, spec(warm_throughput=warm(15000, 5000)), "warm read=15000 write=5000"),
    _case(
        "the half that does not rise goes along",
        PLAIN,
        spec(warm_throughput=warm(12000, 5000)),
        "warm read=12000 write=5000",
    ),
    _case(
        "the half that is not ours goes along", PLAIN, spec(warm_throughput=warm(13000)), "warm read=13000 write=4000"
    ),
    _case("the warm throughput that is there is declared", PLAIN, spec(warm_throughput=warm(12000, 4000))),
    _case(
        "warm throughput of several indexes rides together",
        _indexed(gsi("by_a", "a S"), gsi("by_b", "b S")),
        _indexed(gsi("by_a", "a S", warm_throughput=warm(13000)), gsi("by_b", "b S", warm_throughput=warm(write=4500))),
        "by_a warm read=13000 write=4000, by_b warm read=12000 write=4500",
    ),
    _case(
        "maximum and warm throughput of an index go in calls of their own",
        _indexed(gsi("by_a", "a S")),
        _indexed(gsi("by_a", "a S", on_demand_throughput=most(20000), warm_throughput=warm(13000))),
        "by_a max read=20000 write=-1",
        "by_a warm read=13000 write=4000",
    ),
)
ENCRYPTION = (
    _case("encryption by the key of AWS", PLAIN, spec(sse=Sse(True)), "sse managed"),
    _case("the key of AWS is named", PLAIN, spec(sse=Sse(True, "alias/aws/dynamodb")), "sse managed"),
    _case("encryption by an own key", PLAIN, spec(sse=Sse(True, "alias/one")), "sse alias/one"),
    _case("another key", spec(sse=Sse(True, "alias/one")), spec(sse=Sse(True, "alias/two")), "sse alias/two"),
    _case(
        "back to the key of AWS",
        spec(sse=Sse(True, "alias/one")),
        spec(sse=Sse(True, "alias/aws/dynamodb")),
        "sse managed",
    ),
    _case("back to the key that DynamoDB owns", spec(sse=Sse(True, "alias/one")), spec(sse=Sse(False)), "sse off"),
    _case("an alias for the ARN", spec(sse=Sse(True, KEYS["alias/one"])), spec(sse=Sse(True, "alias/one"))),
    _case("an ARN for the alias", spec(sse=Sse(True, "alias/one")), spec(sse=Sse(True, KEYS["alias/one"]))),
    _case("no key named is the key of AWS", spec(sse=Sse(True, "alias/one")), spec(sse=Sse(True)), "sse managed"),
    _case("the key of AWS is named or not", spec(sse=Sse(True, "alias/aws/dynamodb")), spec(sse=Sse(True))),
    _case("encryption that never was on is off", PLAIN, spec(sse=Sse(False))),
)
RECOVERY = (
    _case("recovery on", PLAIN, spec(point_in_time_recovery=PointInTimeRecovery(True)), "recovery on"),
    _case(
        "recovery on for some days", PLAIN, spec(point_in_time_recovery=PointInTimeRecovery(True, 7)), "recovery on 7"
    ),
    _case(
        "other days",
        spec(point_in_time_recovery=PointInTimeRecovery(True, 7)),
        spec(point_in_time_recovery=PointInTimeRecovery(True, 14)),
        "recovery on 14",
    ),
    _case(
        "the days that DynamoDB chooses are named",
        spec(point_in_time_recovery=PointInTimeRecovery(True)),
        spec(point_in_time_recovery=PointInTimeRecovery(True, 35)),
    ),
    _case(
        "days that are not declared stay",
        spec(point_in_time_recovery=PointInTimeRecovery(True, 7)),
        spec(point_in_time_recovery=PointInTimeRecovery(True)),
    ),
    _case(
        "recovery off",
        spec(point_in_time_recovery=PointInTimeRecovery(True, 7)),
        spec(point_in_time_recovery=PointInTimeRecovery(False)),
        "recovery off",
    ),
    _case("recovery that is off", PLAIN, spec(point_in_time_recovery=PointInTimeRecovery(False))),
)
TOGETHER = (
    _case(
        "everything at once, one concern a call",
        _indexed(gsi("by_a", "a S"), billing=FIVE),
        _indexed(
            gsi("by_a", "a S", on_demand_throughput=most(9)),
            gsi("by_b", "b S"),
            table_class=IA,
            on_demand_throughput=most(100, 50),
            warm_throughput=warm(15000),
            sse=Sse(True, "alias/one"),
            point_in_time_recovery=PointInTimeRecovery(True, 7),
            deletion_protection=True,
        ),
        "protect",
        "recovery on 7",
        "mode PAY_PER_REQUEST",
        "by_a max read=9 write=-1",
        "max read=100 write=50",
        "warm read=15000 write=4000",
        "sse alias/one",
        f"class {IA}",
        "+index by_b",
    ),
    _case(
        "a replaced table has its settings from the start",
        spec(billing=ON_DEMAND, table_class=IA),
        spec(
            "pk N",
            billing=ON_DEMAND,
            table_class=IA,
            on_demand_throughput=most(5),
            sse=Sse(True, "alias/one"),
            warm_throughput=warm(15000, 5000),
            point_in_time_recovery=PointInTimeRecovery(True),
        ),
        "DeleteTable",
        "CreateTable",
        "recovery on",
        hazard=Hazard.REPLACEMENT,
    ),
)

SETTINGS: tuple[SpecChange, ...] = (*CLASSES, *MAXIMA, *WARM, *ENCRYPTION, *RECOVERY, *TOGETHER)
