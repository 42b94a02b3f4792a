"""Chooses how the items are copied to the next generation of a table, and says why. Used by ``generation_command``.

The service's own jobs copy a table without its capacity and without this process, but need a place in S3 and
point-in-time recovery, and overwrite without a condition. A bulk put loads the files of an export into the new table,
but is younger than many Regions and policies; an import, which is older, makes the new table, without local indexes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Literal

from reconciler.model.errors import UsageError
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.records import CopyEngine
from reconciler.mover.estimate import Estimate, Prices, time_text
from reconciler.mover.job_ports import Loader, ServiceJobs, s3_place
from reconciler.mover.replace_command import Prepared

AskedEngine = Literal["auto", "scan", "bulk", "import"]
LONG_SCAN = timedelta(hours=2)
"""A longer copy by Scan is left to the service, where it may be. Its jobs take an hour or so whatever the size."""
GIGABYTE = 10**9
LOADS: Mapping[Loader, str] = {
    "bulk": "loads its files by a bulk put",
    "import": "imports its files as the new table",
}
NAMED: Mapping[Loader, str] = {"bulk": "A bulk put", "import": "An import"}
PRICED: Mapping[Loader, tuple[str, str]] = {
    "bulk": ("bulk_put", "the bulk put"),
    "import": ("import", "the import"),
}
"""The name in the list of prices, and in a sentence."""


@dataclass(frozen=True, slots=True)
class CopyOptions:
    """How a person wants the items to be copied.

    - ``engine``, ``through``: ``--engine`` and ``--through-s3``, a place in S3 as ``s3://bucket/prefix`` or empty.
    - ``max_rcu``, ``max_wcu``: the options of these names, in units per second of each table; ``None`` means a share.
    """

    engine: AskedEngine = "auto"
    through: str = ""
    max_rcu: int | None = None
    max_wcu: int | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """How the items are copied, and the sentence that says so. ``through`` is empty for ``scan``.

    ``loaders`` are the kinds of jobs that can load the files, the chosen one first.
    """

    engine: CopyEngine = "scan"
    through: str = ""
    sentence: str = ""
    loaders: tuple[Loader, ...] = ()


def chosen(
    options: CopyOptions, known: Prepared, found: Estimate, jobs: ServiceJobs | None, *, emulator: bool
) -> Choice:
    """The engine for this table. Raises ``UsageError`` where what was asked for cannot be done."""
    name, long = known.declaration.spec.name, found.copying is not None and found.copying > LONG_SCAN
    place = s3_place(options.through).url if options.through else ""
    if options.engine == "scan" or (options.engine == "auto" and not place):
        hint = " --through-s3 lets the service itself copy it." if long and options.engine == "auto" else ""
        return Choice(sentence=hint)
    if options.engine == "auto" and not long:
        return Choice()
    why = _why_no_export(known, place, jobs, emulator=emulator)
    kinds: tuple[Loader, ...] = ("bulk", "import") if options.engine == "auto" else (options.engine,)
    reasons = {kind: why or _why_not(kind, known, jobs) for kind in kinds}
    able = [kind for kind in kinds if reasons[kind] is None]
    if able:
        because = f", because a Scan would take {time_text(found.copying)}" if long and found.copying else ""
        said = f" The service copies it{because}: it exports {name} to {place} and {LOADS[able[0]]}."
        instead = f" {NAMED[able[1]]} is possible too, with `--engine {able[1]}`." if len(able) > 1 else ""
        before = kinds[: kinds.index(able[0])]
        refused = "".join(f" {NAMED[kind]} is not possible: {reasons[kind]}." for kind in before)
        return Choice(able[0], place, f"{said}{instead}{refused} The files stay there.", tuple(able))
    if options.engine != "auto":
        raise UsageError(f"--engine {options.engine}: {reasons[options.engine]}. Nothing was changed")
    return Choice(sentence=f" It is copied by Scan, because {why or '; '.join(map(str, reasons.values()))}.")


def _why_no_export(known: Prepared, place: str, jobs: ServiceJobs | None, *, emulator: bool) -> str | None:
    """Why the service itself cannot copy the table by any of its jobs, as the end of a sentence."""
    name = known.declaration.spec.name
    if emulator or jobs is None:
        return "an emulator has no such jobs; leave it out"
    if not place:
        return "a place in S3 is missing; add --through-s3 s3://BUCKET/PREFIX"
    if known.found.keys_collide:
        # A bulk put keeps the one that it happens to write last, and so does an import.
        return "items share a key of the new table, and only a copy by Scan keeps the right one"
    if jobs.recoverable_until(name) is None:
        return (
            f"point-in-time recovery of {name} is off, and an export needs it; declare `point_in_time_recovery: true`"
            " and run `reconciler up` first"
        )
    return None


def _why_not(kind: Loader, known: Prepared, jobs: ServiceJobs | None) -> str | None:
    """Why this kind of job cannot load the files of the export, as the end of a sentence."""
    if kind == "import" and known.declaration.spec.local_indexes:
        return "an import makes the new table without its local indexes, which nothing can add later"
    return jobs.obstacle(kind) if jobs is not None else None


def price_of_jobs(size: int, prices: Mapping[str, float], listed: Prices, kinds: Sequence[Loader] = ("bulk",)) -> str:
    """What the jobs cost for ``size`` bytes, as a sentence, with what the list of prices has."""
    known = {"export": "the export", **{PRICED[kind][0]: PRICED[kind][1] for kind in kinds}}
    parts = [f"{words} {prices[each] * size / GIGABYTE:.2f}" for each, words in known.items() if each in prices]
    missing = [words for each, words in known.items() if each not in prices]
    said = f" In {listed.currency} at the prices of {listed.date}, {_listed(parts, 'and')}." if parts else ""
    return said + (f" The list of prices has none for {_listed(missing, 'and')}." if missing else "")


def _listed(words: Sequence[str], last: str) -> str:
    """``a, b and c``."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), words[-1])))
