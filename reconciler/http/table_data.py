"""One table field by field: declared, observed, planned steps, seed, history. For its page and its JSON twin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.facets import FACETS
from reconciler.http.control import Control
from reconciler.http.summary import visible_tables
from reconciler.model.json_values import plain, timestamp
from reconciler.model.report import PassReport, TableReport
from reconciler.model.table import TableSpec
from reconciler.presentation.document import table_entry
from reconciler.runs import Record
from reconciler.runs.events import record_entry

MAX_RUNS = 20


def find_table(report: PassReport | None, name: str) -> TableReport | None:
    """The table with this name or base name in a report; ``None`` for an unmanaged or unknown one."""
    tables = visible_tables(report)
    table = next((table for table in tables if table.name == name), None)
    return table or next((table for table in tables if name in (table.base_name, table.declared_name)), None)


def table_data(control: Control, name: str) -> dict[str, Any] | None:
    """What the last pass says of the table with this name or base name; ``None`` for an unmanaged or unknown one."""
    table = find_table(control.loop_status.report, name)
    return None if table is None else data_of(control, table)


def data_of(control: Control, table: TableReport) -> dict[str, Any]:
    """The table as a report has it, with its declaration, its runs and its statuses since the start."""
    declaration = control.desired().named(table.name)
    seed = declaration.seed if declaration else None
    return {
        **table_entry(table),
        "base_name": table.base_name,
        "ownership": table.ownership,
        "identity": plain(table.identity) if table.identity else None,
        "live_status": table.live_status,
        "billing_mode": table.billing_mode,
        "items": table.item_count,
        "size_bytes": table.size_bytes,
        "drifted": list(table.drifted),
        "drift_since": timestamp(table.drift_since),
        "seed": {
            "source": seed.source if seed else None,
            "declared": len(seed.items) if seed else 0,
            "state": table.seed_state,
            "pending": table.seed_pending,
        },
        "fields": list(_fields(table, declaration.spec if declaration else None)),
        "timeline": [
            {"at": timestamp(change.at), "status": change.status, "drifted": list(change.drifted)}
            for change in control.loop_status.history.of(table.name)
        ],
        "runs": [record_entry(record) for record in runs_of(control, table.name)],
    }


def runs_of(control: Control, name: str) -> list[Record]:
    """The newest runs that changed the table of this name or tried to, without previews."""
    acted = (record for record in control.history.newest() if not record.verb.startswith("preview"))
    return [record for record in acted if any(action.table == name for action in record.actions)][:MAX_RUNS]


def _fields(table: TableReport, spec: TableSpec | None) -> Iterator[dict[str, Any]]:
    """One entry per facet without differences, else one per differing field.

    ``managed`` is false for what is not declared; such a facet appears only if it was read.
    """
    seen = table.live_status is not None and table.error is None
    for facet in FACETS:
        changes = [change for change in table.changes if change.facet == facet.name]
        for change in changes:
            yield _field(change.path, change.after, change.before, differs=True, unsafe=table.unsafe(change))
        declared, observed = getattr(spec, facet.name, None), getattr(table.observed, facet.name, None)
        if not changes and not (declared is None and observed is None):
            missing = declared is not None and not seen
            yield _field(facet.name, declared, observed, differs=missing, managed=declared is not None)


def _field(
    name: str, declared: Any, observed: Any, *, differs: bool, unsafe: str | None = None, managed: bool = True
) -> dict[str, Any]:
    sides = {"declared": plain(declared), "observed": plain(observed)}
    return {"field": name, **sides, "differs": differs, "managed": managed, "unsafe": unsafe}
