"""Create a table from a backup or a point in time; never over an existing table."""

from __future__ import annotations

from typing import Annotated, Literal

from reconciler.cli import codes
from reconciler.cli.command import command
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output
from reconciler.cli.parameters import Argument, Option
from reconciler.model.errors import UsageError
from reconciler.model.table import OnDemandThroughput, RestoreOverrides, Sse, Throughput

OWNED = "owned"
Table = Annotated[str, Argument(metavar="TABLE", help="The table, by name or base name; it may be deleted.")]
To = Annotated[str, Option(("--to",), metavar="NAME", help="Full name of the new table.")]
From = Annotated[str | None, Option(("--from",), metavar="BACKUP", help="A backup by name or ARN, or 'latest'.")]
At = Annotated[str | None, Option(("--at",), metavar="TIME", help="A time (ISO 8601, UTC), or 'latest'.")]
Mode = Annotated[
    Literal["PAY_PER_REQUEST", "PROVISIONED"] | None,
    Option(("--billing-mode",), help="Billing mode of the new table."),
]
Read = Annotated[int | None, Option(("--read-capacity",), minimum=1, help="Read capacity units, with PROVISIONED.")]
Write = Annotated[int | None, Option(("--write-capacity",), minimum=1, help="Write capacity units, with PROVISIONED.")]
MaxRead = Annotated[int | None, Option(("--max-read",), minimum=-1, help="On-demand maximum of reads; -1 for none.")]
MaxWrite = Annotated[int | None, Option(("--max-write",), minimum=-1, help="On-demand maximum of writes; -1 for none.")]
Key = Annotated[
    str | None, Option(("--kms-key",), metavar="KEY", help=f"A key's alias, id or ARN, or {OWNED!r} by DynamoDB.")
]
LeftOut = Annotated[
    list[str] | None, Option(("--without-index",), metavar="INDEX", help="Leave this index out; may be repeated.")
]
NoIndexes = Annotated[bool, Option(("--without-indexes",), help="Leave every index out, which is faster.")]


@command()
def restore(
    invocation: Invocation,
    table: Table,
    *,
    to: To,
    from_backup: From = None,
    at: At = None,
    billing_mode: Mode = None,
    read_capacity: Read = None,
    write_capacity: Write = None,
    max_read: MaxRead = None,
    max_write: MaxWrite = None,
    kms_key: Key = None,
    without_index: LeftOut = None,
    without_indexes: NoIndexes = False,
) -> int:
    """Start and wait until the table is ACTIVE; call it again to continue. Exit 2 at the deadline."""
    invocation.allow(Output.HUMAN, Output.JSON)
    overrides = RestoreOverrides(
        billing_mode,
        _throughput(read_capacity, write_capacity),
        None if max_read is None and max_write is None else OnDemandThroughput(max_read, max_write),
        None if kms_key is None else Sse(kms_key != OWNED, None if kms_key == OWNED else kms_key),
        tuple(without_index or ()),
        without_indexes,
    )
    with invocation.opened(invocation.settings(), read_only=False) as app:
        result = app.reconciler.restore(
            table,
            to,
            backup=from_backup,
            at=at,
            overrides=overrides,
            on_progress=lambda message: invocation.say([message]),
        )
    invocation.answer(result.messages, {**result.data, "finished": result.finished, "messages": list(result.messages)})
    return codes.OK if result.finished else codes.DRIFT


def _throughput(read: int | None, write: int | None) -> Throughput | None:
    if read is None and write is None:
        return None
    if read is None or write is None:
        raise UsageError("Give both --read-capacity and --write-capacity.")
    return Throughput(read, write)
