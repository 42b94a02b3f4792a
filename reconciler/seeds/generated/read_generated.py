"""Reads the seeds that declarations describe instead of files. Called by ``assemble`` after all other seeds.

The items follow from the declared number, the base name of the table, the environment and the version of Faker, and
from nothing else, so that every load has the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler import install_line
from reconciler.model.desired import Seed
from reconciler.model.errors import Problem
from reconciler.parsing.parsed import ParseError
from reconciler.parsing.source_location import FieldProblem, did_you_mean
from reconciler.seeding.digest_set import BYTES, DigestSet
from reconciler.seeds.convert import item_of
from reconciler.seeds.generated import generated_fields
from reconciler.seeds.generated.values import ItemMaker, Referred
from reconciler.seeds.item_rules import key_of
from reconciler.seeds.read_seed import Reading, SeedCache, seed_of_items
from reconciler.seeds.seed_types import GENERATE, DeclaredSeed, ValueProblem, WrittenItem

INSTALL = install_line("faker")
_TRIES = 100
"""How often an item is made anew because another one has its key."""


class GeneratedSeeds:
    """The generated seeds of one load. ``seeds`` are those that were read from files, by base name."""

    def __init__(
        self,
        declared: Sequence[DeclaredSeed],
        seeds: Mapping[str, Seed | None],
        keys: Mapping[str, str],
        environment: str | None,
        cache: SeedCache,
    ) -> None:
        self._declared = {each.target.base_name: each for each in declared}
        self._seeds = dict(seeds)
        self._keys = keys
        self._environment = environment or ""
        self._cache = cache
        self._open: list[str] = []
        self.problems: list[Problem] = []

    def read(self) -> dict[str, Seed | None]:
        """The seed of each table, None where there are problems. Tables that are referred to come first."""
        return {name: self._seed(name) for name in self._declared}

    def _seed(self, name: str) -> Seed | None:
        if name not in self._seeds:
            self._open.append(name)
            found = list(self._problems(self._declared[name]))
            self.problems += [self._declared[name].location.problem(each) for each in found]
            self._seeds[name] = None if found else self._generated(self._declared[name])
            self._open.pop()
        return self._seeds[name]

    def _problems(self, declared: DeclaredSeed) -> Iterator[FieldProblem]:
        fields, here = declared.generation.fields, (*GENERATE, "fields")
        wrong = list(generated_fields.field_problems(fields, here))
        yield from wrong
        if wrong:
            return
        for key in declared.target.keys:
            if key not in fields:
                yield FieldProblem(here, f"does not make {key}, a key attribute", f"Add {key}: uuid4, for example.")
        for path, table, _ in generated_fields.references(fields, here):
            yield from self._reference(declared, path, table)
        try:
            faker = _faker()
        except ImportError:
            yield FieldProblem(GENERATE, "needs the extra `faker`", f"Install it: {INSTALL}.")
            return
        yield from generated_fields.provider_problems(fields, faker, here)

    def _reference(self, declared: DeclaredSeed, path: tuple[str | int, ...], table: str) -> Iterator[FieldProblem]:
        own = declared.target.base_name
        if table in self._open:
            chain = " → ".join([*self._open[self._open.index(table) :], table])
            yield FieldProblem(path, f"refers to its own items: {chain}", "Remove one of the references.")
        elif table not in self._keys:
            close = did_you_mean(table, [name for name in self._keys if name != own])
            remedy = f"Did you mean `{close}`?" if close else "Name a declared table that has a seed."
            yield FieldProblem(path, f"table {table!r} is not declared", remedy)
        elif table not in self._declared and table not in self._seeds:
            yield FieldProblem(path, f"table {table!r} has no seed", "Give it one, or remove the reference.")
        else:
            seed = self._seed(table)
            if seed is not None and not len(seed.items):
                yield FieldProblem(path, f"the seed of {table} has no item", "Give it one, or remove the reference.")

    def _generated(self, declared: DeclaredSeed) -> Seed | None:
        fields = declared.generation.fields
        others = {}
        for _, table, _ in generated_fields.references(fields):
            seed = self._seeds[table]
            if seed is None:
                # Its own problem says why.
                return None
            others[table] = (seed, Referred(seed.items, self._keys[table]))
        digest = self._digest(declared, {table: seed.digest for table, (seed, _) in others.items()})

        def read() -> Reading:
            referred = {table: each for table, (_, each) in others.items()}
            location, source = declared.location, f"{declared.location.file} seed.generate"
            line = location.problem(FieldProblem(GENERATE, "", "")).line
            items = _items(declared, self._number(declared), referred, line)
            return seed_of_items(location.file, declared.target, items, source)

        seed, problems = self._cache.remembered((declared.location.file, digest, declared.target), read)
        self.problems += problems
        return seed

    def _number(self, declared: DeclaredSeed) -> int:
        words = [declared.generation.seed, declared.target.base_name, self._environment]
        return int.from_bytes(hashlib.sha256(json.dumps(words).encode()).digest()[:8], "big")

    def _digest(self, declared: DeclaredSeed, others: Mapping[str, str]) -> str:
        generation = declared.generation
        words = [self._number(declared), generation.count, generation.fields, others]
        return hashlib.sha256(json.dumps(words, default=str).encode()).hexdigest()


def _items(
    declared: DeclaredSeed, number: int, others: Mapping[str, Referred], line: int | None
) -> Iterator[WrittenItem]:
    """The items. Raises ``ParseError`` for a field that cannot be made, and where keys run out."""
    maker = ItemMaker(declared.generation.fields, _faker(), number, others)
    known = DigestSet()
    for place in range(1, declared.generation.count + 1):
        for _ in range(_TRIES):
            try:
                record = WrittenItem(maker.item(place), line)
                key = key_of(item_of(record, "plain"), declared.target)
            except ValueProblem as error:
                reason = f"seed.generate.fields.{error.path}: {error.reason}" if error.path else error.reason
                raise ParseError(line, reason, error.remedy) from None
            digest = hashlib.blake2b(repr(key).encode(errors="surrogatepass"), digest_size=BYTES).digest()
            if key is None or digest not in known:
                break
        else:
            names = " and ".join(declared.target.keys)
            reason = f"seed.generate makes only {place - 1:,} different keys for {declared.generation.count:,} items"
            remedy = f'Make {names} of {{sequence: "item-{{n}}"}} or uuid4, or lower count.'
            raise ParseError(line, reason, remedy)
        known.add(digest)
        yield record


def _faker() -> Any:
    """A generator of its own: others of the process do not share its numbers."""
    from faker import Faker

    return Faker()
