"""Compares tables with their seeds, for ``seed --verify``. It only reads, and takes no lease."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.engine.context import EngineContext
from reconciler.engine.observe import observe_table
from reconciler.engine.seed import other_key
from reconciler.engine.seed_batches import NumberedItem, NumberedItems, batches
from reconciler.engine.work_meter import WorkMeter
from reconciler.model.change import Change
from reconciler.model.desired import Declaration, DesiredState, Item
from reconciler.model.errors import ApiError, NotFound
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.options import Options
from reconciler.model.report import PassReport, TableReport, TableStatus
from reconciler.planning.text import several
from reconciler.seeding.digest import canonical

VERIFY = "verify"
"""The trigger of the report."""
SHOWN = 20
"""Items of a table whose differences are shown. The others are counted."""


@dataclass(slots=True)
class SeedDifferences:
    """How a table differs from its seed, in numbers of items. ``extra`` items have keys that the seed lacks."""

    equal: int = 0
    missing: int = 0
    changed: int = 0
    extra: int = 0
    uncounted: str | None = None
    """Why the extra items could not be counted."""

    @property
    def differs(self) -> bool:
        """Whether an item of the seed is missing or changed. Items of others belong into a table that is in use."""
        return bool(self.missing or self.changed)

    def sentence(self, source: str) -> str:
        """``3 items as in seeds/users.json, 1 missing, 2 changed; 5 other items``."""
        parts = [f"{several(self.equal, 'item')} as in {source}"]
        parts += [
            f"{count:,} {word}" for count, word in ((self.missing, "missing"), (self.changed, "changed")) if count
        ]
        if self.uncounted:
            return f"{', '.join(parts)}; other items were not counted: {self.uncounted}"
        return ", ".join(parts) + (f"; {several(self.extra, 'other item')}" if self.extra else "")


@dataclass(frozen=True, slots=True)
class SeedVerification:
    """The comparison of several tables with their seeds. ``sentences`` are the results by table name."""

    report: PassReport
    sentences: dict[str, str]


def verify_seeds(
    ports: EngineContext, options: Options, names: tuple[str, ...], desired: DesiredState
) -> SeedVerification:
    """Compare the named tables with their seeds. A table that cannot be read is an error in the report."""
    started, sentences = ports.clock.now(), dict[str, str]()
    chosen = [declaration for name in names if (declaration := desired.named(name)) and declaration.seed]
    tables = tuple(_table(ports, declaration, sentences) for declaration in chosen)
    report = PassReport(
        pass_id=ports.random.token(),
        trigger=VERIFY,
        environment=options.environment_label,
        started=started,
        finished=ports.clock.now(),
        endpoint=ports.endpoint,
        tables=tables,
        stack=options.stack,
    )
    return SeedVerification(report, sentences)


def _table(ports: EngineContext, declaration: Declaration, sentences: dict[str, str]) -> TableReport:
    name, seed = declaration.spec.name, declaration.seed
    status, changes = TableStatus.IN_SYNC, list[Change]()
    error: str | None = None
    try:
        observed = observe_table(ports, name, None)
        error = None if observed is None else other_key(declaration, observed)
        if error is None:
            found = _compared(ports, declaration, changes)
            sentences[name] = found.sentence(seed.source if seed else "")
            status = TableStatus.DRIFTED if found.differs else status
        else:
            status = TableStatus.ERROR
    except NotFound:
        status, error = TableStatus.ERROR, f"the table does not exist; `reconciler up {name}` creates it"
    except ApiError as failure:
        status, error = TableStatus.ERROR, str(failure)
    return TableReport(
        name=name,
        status=status,
        base_name=declaration.base_name,
        declaration=str(declaration.origin),
        changes=tuple(changes),
        error=error,
    )


def _compared(ports: EngineContext, declaration: Declaration, changes: list[Change]) -> SeedDifferences:
    """Count the differences, and add the fields of the first ones to ``changes``."""
    found = SeedDifferences()
    name, keys = declaration.spec.name, tuple(element.attribute for element in declaration.spec.keys)

    def live(numbered: NumberedItem) -> Item | None:
        return ports.items.find_item(name, numbered[1], keys)

    meter = WorkMeter(ports, name)
    if declaration.seed is not None:
        numbered = NumberedItems(declaration.seed)
        with meter.of("comparing with its seed", len(numbered)):
            for batch in batches(numbered):
                _compare_batch(found, batch, tuple(ports.parallel.map(live, batch)), keys, changes)
                meter.advance(len(batch))
    try:
        with meter.of("counting other items", 0):
            in_table = sum(1 for _ in meter.counted(ports.items.all_items(name)))
        # Others may remove items between the two readings.
        found.extra = max(0, in_table - found.equal - found.changed)
    except ApiError as error:
        # Each item of the seed was compared; only the number of the others is missing.
        found.uncounted = str(error)
    return found


def _compare_batch(
    found: SeedDifferences,
    batch: Sequence[NumberedItem],
    live: Sequence[Item | None],
    keys: Sequence[str],
    changes: list[Change],
) -> None:
    for (position, item, _), there in zip(batch, live, strict=True):
        if there is not None and canonical(there) == canonical(item):
            found.equal += 1
            continue
        found.missing += there is None
        found.changed += there is not None
        if found.missing + found.changed <= SHOWN:
            key = ", ".join(str(next(iter(item[attribute].values()))) for attribute in keys)
            changes += _differences(f"seed[{position}] ({key})", item, there)


def _differences(path: str, item: Item, there: Item | None) -> Iterator[Change]:
    if there is None:
        yield Change("seed", path, None, item)
        return
    for name in dict.fromkeys((*item, *there)):
        before, after = there.get(name), item.get(name)
        if before is None or after is None or canonical({name: before}) != canonical({name: after}):
            yield Change("seed", f"{path}.{name}", before, after)
