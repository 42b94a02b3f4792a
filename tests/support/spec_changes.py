"""The hard spec changes: live state, declaration, and the calls from one to the other, in order.

``calls`` are the words of ``call_words``, over all rounds. ``needs`` names what an endpoint must have: ``tags``,
``multi_key`` (several HASH or RANGE elements in an index), ``stream_anew`` (a stream can be enabled a second time,
which moto refuses). ``hazard`` is the worst that is asked of policy. Every table is called ``subject``;
``specs.renamed`` gives it another name.
"""

from __future__ import annotations

from dataclasses import dataclass

from support.specs import ON_DEMAND, gsi, lsi, provisioned, spec, stream, ttl

from reconciler.model.change import Hazard
from reconciler.model.table import Billing, TableSpec


@dataclass(frozen=True)
class SpecChange:
    """One named case."""

    name: str
    before: TableSpec
    after: TableSpec
    calls: tuple[str, ...]
    hazard: Hazard = Hazard.NONE
    needs: frozenset[str] = frozenset()
    handed_back: int = 0
    """Calls that take back what the stack itself had set before, and that only its record tells of."""

    @property
    def replacement(self) -> bool:
        """Whether the table must be deleted and created again."""
        return self.hazard is Hazard.REPLACEMENT


MULTI = frozenset({"multi_key"})
TAGS = frozenset({"tags"})
ANEW = frozenset({"stream_anew"})
AGAIN = ("DeleteTable", "CreateTable")

A = gsi("by_a", "a S")
B = gsi("by_b", "b S")
C = gsi("by_c", "c S")
D = gsi("by_d", "d S")
PLAIN = spec()
DATED = spec("pk S", "sk S", local_indexes=[lsi("by_date", "date S")])


def _indexed(*indexes: object, **fields: object) -> TableSpec:
    return spec(global_indexes=list(indexes), **fields)


def _case(name: str, before: TableSpec, after: TableSpec, *calls: str, **flags: object) -> SpecChange:
    return SpecChange(name, before, after, calls, **flags)  # type: ignore[arg-type]


def _disruptive(name: str, before: TableSpec, after: TableSpec, *calls: str, **flags: object) -> SpecChange:
    return _case(name, before, after, *calls, hazard=Hazard.DISRUPTION, **flags)


def _replacing(name: str, before: TableSpec, after: TableSpec, *more: str, **flags: object) -> SpecChange:
    return _case(name, before, after, *AGAIN, *more, hazard=Hazard.REPLACEMENT, **flags)


def _full(*names: str) -> TableSpec:
    return _indexed(*(gsi(name, f"{name} S") for name in names))


TWENTY = [f"idx_{number:02}" for number in range(20)]

INDEXES = (
    _case("an index is added", PLAIN, _indexed(A), "+index by_a"),
    _case("two indexes are added one at a time", PLAIN, _indexed(A, B), "+index by_a", "+index by_b"),
    _case(
        "an index is added over an attribute of the key",
        spec("pk S", "sk N"),
        spec("pk S", "sk N", global_indexes=[gsi("turned", "sk N", "pk S")]),
        "+index turned",
    ),
    _case("an index is added beside one that is not touched", _indexed(A), _indexed(A, B), "+index by_b"),
    _case(
        "an index is added over the attribute of another one",
        _indexed(A),
        _indexed(A, gsi("by_a_b", "a S", "b N")),
        "+index by_a_b",
    ),
    _case(
        "an index is added beside a local index",
        DATED,
        spec("pk S", "sk S", global_indexes=[A], local_indexes=DATED.local_indexes),
        "+index by_a",
    ),
    _disruptive("an index is removed", _indexed(A), _indexed(), "-index by_a"),
    _disruptive("the last of two indexes stays", _indexed(A, B), _indexed(B), "-index by_a"),
    _case("indexes that are not declared stay", _indexed(A), spec(billing=ON_DEMAND)),
    _disruptive(
        "two indexes go and two come",
        _indexed(A, B),
        _indexed(C, D),
        "+index by_c",
        "+index by_d",
        "-index by_a",
        "-index by_b",
    ),
    _disruptive("an index is renamed", _indexed(A), _indexed(gsi("by_z", "a S")), "+index by_z", "-index by_a"),
    _disruptive("the key of an index changes", _indexed(A), _indexed(gsi("by_a", "b S")), "-index by_a", "+index by_a"),
    _disruptive(
        "an index gets a range key", _indexed(A), _indexed(gsi("by_a", "a S", "b N")), "-index by_a", "+index by_a"
    ),
    _disruptive(
        "an index loses its range key", _indexed(gsi("by_a", "a S", "b N")), _indexed(A), "-index by_a", "+index by_a"
    ),
    _disruptive(
        "hash and range of an index trade places",
        _indexed(gsi("by_a", "a S", "b S")),
        _indexed(gsi("by_a", "b S", "a S")),
        "-index by_a",
        "+index by_a",
    ),
    _disruptive(
        "the type of an index key changes", _indexed(A), _indexed(gsi("by_a", "a N")), "-index by_a", "+index by_a"
    ),
    _disruptive(
        "the type of an attribute changes in two indexes",
        _indexed(gsi("by_a", "x S"), gsi("by_b", "x S", "b S")),
        _indexed(gsi("by_a", "x N"), gsi("by_b", "x N", "b S")),
        "-index by_a",
        "-index by_b",
        "+index by_a",
        "+index by_b",
    ),
    _disruptive(
        "a new index takes an attribute over under another type",
        _indexed(gsi("old", "x S")),
        _indexed(gsi("new", "x N")),
        "-index old",
        "+index new",
    ),
    _disruptive(
        "a new index waits only for the old one in its way",
        _indexed(A, gsi("old", "x S")),
        _indexed(B, gsi("new", "x N")),
        "+index by_b",
        "-index by_a",
        "-index old",
        "+index new",
    ),
    _disruptive(
        "two indexes trade their keys",
        _indexed(A, B),
        _indexed(gsi("by_a", "b S"), gsi("by_b", "a S")),
        "-index by_a",
        "+index by_a",
        "-index by_b",
        "+index by_b",
    ),
    _disruptive(
        "the projection widens from keys to all",
        _indexed(gsi("by_a", "a S", project="KEYS_ONLY")),
        _indexed(A),
        "-index by_a",
        "+index by_a",
    ),
    _disruptive(
        "the projection narrows to a list",
        _indexed(A),
        _indexed(gsi("by_a", "a S", project="n1 n2")),
        "-index by_a",
        "+index by_a",
    ),
    _disruptive(
        "the projected list changes",
        _indexed(gsi("by_a", "a S", project="n1 n2")),
        _indexed(gsi("by_a", "a S", project="n1 n3")),
        "-index by_a",
        "+index by_a",
    ),
    _case(
        "the projected list is only written in another order",
        _indexed(gsi("by_a", "a S", project="n1 n2 n3")),
        _indexed(gsi("by_a", "a S", project="n3 n1 n2")),
    ),
    _case("the indexes are only written in another order", _indexed(A, B), _indexed(B, A)),
    _disruptive(
        "one index is rebuilt, one goes, one comes",
        _indexed(A, B),
        _indexed(gsi("by_a", "a S", project="KEYS_ONLY"), C),
        "+index by_c",
        "-index by_a",
        "+index by_a",
        "-index by_b",
    ),
    _disruptive(
        "a twenty-first index comes only after one goes",
        _full(*TWENTY),
        _full(*TWENTY[1:], "extra"),
        "-index idx_00",
        "+index extra",
    ),
    _disruptive(
        "with nineteen indexes two go before two come",
        _full(*TWENTY[:19]),
        _full(*TWENTY[2:19], "new_1", "new_2"),
        "-index idx_00",
        "+index new_1",
        "+index new_2",
        "-index idx_01",
    ),
    _disruptive(
        "an index whose name contains that of another is told apart",
        _indexed(A, gsi("by_a.keys", "b S")),
        _indexed(gsi("by_a", "c S"), gsi("by_a.keys", "b S")),
        "-index by_a",
        "+index by_a",
    ),
    _case(
        "an index gets several hash and range attributes",
        PLAIN,
        _indexed(gsi("multi", "a S HASH", "b N HASH", "c S RANGE", "d N RANGE")),
        "+index multi",
        needs=MULTI,
    ),
    _disruptive(
        "the order of several hash attributes changes",
        _indexed(gsi("multi", "a S HASH", "b S HASH", "c S RANGE")),
        _indexed(gsi("multi", "b S HASH", "a S HASH", "c S RANGE")),
        "-index multi",
        "+index multi",
        needs=MULTI,
    ),
    _disruptive(
        "the order of several range attributes changes",
        _indexed(gsi("multi", "a S HASH", "b S RANGE", "c S RANGE")),
        _indexed(gsi("multi", "a S HASH", "c S RANGE", "b S RANGE")),
        "-index multi",
        "+index multi",
        needs=MULTI,
    ),
)

A1 = gsi("by_a", "a S", units=(1, 1))
B1 = gsi("by_b", "b S", units=(1, 1))
FIVE = provisioned(5, 5)

BILLING = (
    _case("on demand to provisioned without indexes", PLAIN, spec(billing=FIVE), "mode PROVISIONED 5/5"),
    _case(
        "provisioned to on demand without indexes", spec(billing=FIVE), spec(billing=ON_DEMAND), "mode PAY_PER_REQUEST"
    ),
    _case(
        "on demand to provisioned with an index",
        _indexed(A),
        _indexed(A1, billing=FIVE),
        "mode PROVISIONED 5/5, by_a 1/1",
    ),
    _case(
        "on demand to provisioned with two indexes, one without throughput",
        _indexed(A, B),
        _indexed(A1, B, billing=FIVE),
        "mode PROVISIONED 5/5, by_a 1/1, by_b 5/5",
    ),
    _case(
        "on demand to provisioned with indexes that are not declared",
        _indexed(A, B),
        spec(billing=FIVE),
        "mode PROVISIONED 5/5, by_a 5/5, by_b 5/5",
    ),
    _case(
        "provisioned to on demand with two indexes",
        _indexed(A1, B1, billing=FIVE),
        _indexed(A, B, billing=ON_DEMAND),
        "mode PAY_PER_REQUEST",
    ),
    _case(
        "provisioned to on demand ignores throughput that indexes still declare",
        _indexed(A1, billing=FIVE),
        _indexed(gsi("by_a", "a S", units=(9, 9)), billing=ON_DEMAND),
        "mode PAY_PER_REQUEST",
    ),
    _case(
        "on demand to provisioned while an index comes",
        _indexed(A),
        _indexed(A1, B1, billing=FIVE),
        "mode PROVISIONED 5/5, by_a 1/1",
        "+index by_b 1/1",
    ),
    _disruptive(
        "on demand to provisioned while an index goes",
        _indexed(A, B),
        _indexed(A1, billing=FIVE),
        "mode PROVISIONED 5/5, by_a 1/1, by_b 5/5",
        "-index by_b",
    ),
    _disruptive(
        "on demand to provisioned while an index is rebuilt",
        _indexed(A),
        _indexed(gsi("by_a", "b S", units=(2, 3)), billing=FIVE),
        "mode PROVISIONED 5/5, by_a 2/3",
        "-index by_a",
        "+index by_a 2/3",
    ),
    _case(
        "provisioned to on demand while an index comes",
        _indexed(A1, billing=FIVE),
        _indexed(A, B, billing=ON_DEMAND),
        "mode PAY_PER_REQUEST",
        "+index by_b",
    ),
    _case("throughput of the table rises", spec(billing=FIVE), spec(billing=provisioned(10, 10)), "table 10/10"),
    _case("throughput of the table falls", spec(billing=FIVE), spec(billing=provisioned(1, 2)), "table 1/2"),
    _case("only reads of the table change", spec(billing=FIVE), spec(billing=provisioned(6, 5)), "table 6/5"),
    _case(
        "throughput of one index changes",
        _indexed(A1, B1, billing=FIVE),
        _indexed(gsi("by_a", "a S", units=(2, 1)), B1, billing=FIVE),
        "by_a 2/1",
    ),
    _case(
        "throughput of two indexes changes in one call",
        _indexed(A1, B1, billing=FIVE),
        _indexed(gsi("by_a", "a S", units=(2, 2)), gsi("by_b", "b S", units=(3, 3)), billing=FIVE),
        "by_a 2/2, by_b 3/3",
    ),
    _case(
        "throughput of table and index change in two calls",
        _indexed(A1, billing=FIVE),
        _indexed(gsi("by_a", "a S", units=(4, 4)), billing=provisioned(7, 7)),
        "table 7/7",
        "by_a 4/4",
    ),
    _case(
        "throughput of an index changes where billing is not ours",
        _indexed(A1, billing=FIVE),
        _indexed(gsi("by_a", "a S", units=(2, 2))),
        "by_a 2/2",
    ),
    _case("throughput of an index is not compared on demand", _indexed(A), _indexed(A1)),
    _case(
        "throughput that is not declared stays", _indexed(A1, billing=FIVE), _indexed(A, billing=Billing("PROVISIONED"))
    ),
    _case("on demand stays on demand", _indexed(A), _indexed(A, billing=ON_DEMAND)),
    _case("billing that is not declared stays", spec(billing=FIVE), PLAIN),
    _case(
        "an index comes into a provisioned table and takes its throughput",
        spec(billing=FIVE),
        _indexed(A, billing=FIVE),
        "+index by_a 5/5",
    ),
    _disruptive(
        "an index of a provisioned table is rebuilt with its new throughput",
        _indexed(A1, billing=FIVE),
        _indexed(gsi("by_a", "b S", units=(2, 2)), billing=FIVE),
        "-index by_a",
        "+index by_a 2/2",
    ),
)

VIEWS = ("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES")

STREAMS = (
    *(_case(f"the stream goes on with {v}", PLAIN, spec(stream=stream(v)), f"stream {v}") for v in VIEWS),
    _case("the stream goes off", spec(stream=stream("NEW_IMAGE")), spec(stream=stream(None)), "stream off"),
    *(
        _disruptive(
            f"the stream's view changes from {one} to {other}",
            spec(stream=stream(one)),
            spec(stream=stream(other)),
            "stream off",
            f"stream {other}",
            needs=ANEW,
        )
        for one in VIEWS
        for other in VIEWS
        if one != other
    ),
    _case("a stream that is off stays off", PLAIN, spec(stream=stream(None))),
    _case("a stream that is not declared stays on", spec(stream=stream("KEYS_ONLY")), PLAIN),
)

TTLS = (
    _case("time to live goes on", PLAIN, spec(ttl=ttl("expires")), "ttl on expires"),
    _case("time to live goes off", spec(ttl=ttl("expires")), spec(ttl=ttl(None)), "ttl off expires"),
    _case(
        "time to live moves to another attribute",
        spec(ttl=ttl("expires")),
        spec(ttl=ttl("gone_at")),
        "ttl off expires",
        "ttl on gone_at",
    ),
    _case("time to live that is off stays off", PLAIN, spec(ttl=ttl(None))),
    _case("time to live that is not declared stays on", spec(ttl=ttl("expires")), PLAIN),
)

ENVIRONMENT = {"team": "core", "stage": "dev"}

OTHERS = (
    _case("deletion protection goes on", PLAIN, spec(deletion_protection=True), "protect"),
    _case("deletion protection goes off", spec(deletion_protection=True), spec(deletion_protection=False), "unprotect"),
    _case("deletion protection that is not declared stays on", spec(deletion_protection=True), PLAIN),
    _case("tags are added in one call", PLAIN, spec(tags=ENVIRONMENT), "tags stage=dev team=core", needs=TAGS),
    _case(
        "only the tag that differs is written",
        spec(tags=ENVIRONMENT),
        spec(tags=ENVIRONMENT | {"team": "web"}),
        "tags team=web",
        needs=TAGS,
    ),
    _case("tags of others stay", spec(tags=ENVIRONMENT), spec(tags={"team": "core"}), needs=TAGS, handed_back=1),
    _case("no declared tags take none away", spec(tags=ENVIRONMENT), spec(tags={}), needs=TAGS, handed_back=1),
)

REPLACEMENTS = (
    _replacing("the hash key is another attribute", PLAIN, spec("id S")),
    _replacing("the type of the hash key changes", PLAIN, spec("pk N")),
    _replacing("a range key is added", PLAIN, spec("pk S", "sk S")),
    _replacing("a range key is dropped", spec("pk S", "sk S"), PLAIN),
    _replacing("the type of the range key changes", spec("pk S", "sk S"), spec("pk S", "sk N")),
    _replacing("hash and range of the table trade places", spec("pk S", "sk S"), spec("sk S", "pk S")),
    _replacing("a local index is added", spec("pk S", "sk S"), DATED),
    _replacing("a local index is removed", DATED, spec("pk S", "sk S", local_indexes=[])),
    _replacing(
        "the key of a local index changes", DATED, spec("pk S", "sk S", local_indexes=[lsi("by_date", "day S")])
    ),
    _replacing(
        "the projection of a local index changes",
        DATED,
        spec("pk S", "sk S", local_indexes=[lsi("by_date", "date S", project="KEYS_ONLY")]),
    ),
    _case("local indexes that are not declared stay", DATED, spec("pk S", "sk S")),
    _replacing(
        "the key changes and time to live comes back after",
        spec(ttl=ttl("expires")),
        spec("id S", ttl=ttl("expires")),
        "ttl on expires",
    ),
    _replacing(
        "the key changes together with an index over its attribute",
        _indexed(gsi("by_a", "a S", "pk S")),
        spec("pk N", global_indexes=[gsi("by_a", "a S", "pk N")]),
    ),
    _case(
        "protection goes off before the key changes",
        spec(deletion_protection=True),
        spec("id S", deletion_protection=False),
        "unprotect",
        *AGAIN,
        hazard=Hazard.REPLACEMENT,
    ),
)

COMBINED = (
    _disruptive(
        "everything at once",
        _indexed(A, B, stream=stream("KEYS_ONLY"), ttl=ttl("expires"), deletion_protection=True),
        _indexed(
            A1,
            C,
            billing=FIVE,
            stream=stream("NEW_IMAGE"),
            ttl=ttl("gone_at"),
            deletion_protection=False,
        ),
        "ttl off expires",
        "ttl on gone_at",
        "mode PROVISIONED 5/5, by_a 1/1, by_b 5/5",
        "+index by_c 5/5",
        "-index by_b",
        "stream off",
        "stream NEW_IMAGE",
        "unprotect",
        needs=ANEW,
    ),
    _case(
        "protection first, then time to live, capacity, stream and index",
        PLAIN,
        _indexed(A1, billing=FIVE, stream=stream("NEW_IMAGE"), ttl=ttl("expires"), deletion_protection=True),
        "protect",
        "ttl on expires",
        "mode PROVISIONED 5/5",
        "stream NEW_IMAGE",
        "+index by_a 1/1",
    ),
    _case(
        "throughput and stream go in calls of their own",
        spec(billing=FIVE),
        spec(billing=provisioned(6, 6), stream=stream("NEW_IMAGE")),
        "table 6/6",
        "stream NEW_IMAGE",
    ),
    _case(
        "tags, time to live and throughput",
        spec(billing=FIVE),
        spec(billing=provisioned(6, 6), ttl=ttl("expires"), tags={"team": "core"}),
        "tags team=core",
        "ttl on expires",
        "table 6/6",
        needs=TAGS,
    ),
    _case(
        "nothing differs",
        _indexed(A1, B1, billing=FIVE, stream=stream("NEW_IMAGE"), ttl=ttl("expires"), deletion_protection=True),
        _indexed(A1, B1, billing=FIVE, stream=stream("NEW_IMAGE"), ttl=ttl("expires"), deletion_protection=True),
    ),
)

SPEC_CHANGES: tuple[SpecChange, ...] = (
    *INDEXES,
    *BILLING,
    *STREAMS,
    *TTLS,
    *OTHERS,
    *REPLACEMENTS,
    *COMBINED,
)
