"""What a restored table shall have otherwise than its source: the wish of the verb ``restore``, as a value."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.table import BillingMode, OnDemandThroughput, Sse, Throughput


@dataclass(frozen=True, slots=True)
class RestoreOverrides:
    """Each field that is ``None`` or empty stays as the source has it (RestoreTableFromBackup).

    ``throughput`` goes with PROVISIONED, ``maximum`` with on demand. ``left_out`` names indexes of any kind that are
    not restored; ``no_indexes`` leaves out all of them.
    """

    billing_mode: BillingMode | None = None
    throughput: Throughput | None = None
    maximum: OnDemandThroughput | None = None
    sse: Sse | None = None
    left_out: tuple[str, ...] = ()
    no_indexes: bool = False

    @property
    def about_indexes(self) -> bool:
        """Whether the source's indexes must be known: to name those that stay, or to give each its throughput."""
        return bool(self.left_out) or (self.billing_mode == "PROVISIONED" and not self.no_indexes)
