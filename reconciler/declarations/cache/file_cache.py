"""Caches the checked declarations of each file by its bytes and those of its bases and overlays.

Called by ``folder`` once per load.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress

from reconciler.declarations.cache.stored_results import StoredResults
from reconciler.declarations.checked import CheckedDeclaration, CheckedFile
from reconciler.declarations.overlays.file_names import related
from reconciler.declarations.raw import PythonReading, RawDeclaration
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.parsing.source_file import SourceFile

RelatedFiles = tuple[SourceFile, ...]
"""A file, and after it those that its result depends on as well."""


class FileCache:
    """The results for one set of inputs. ``stored`` are those of former commands, None where they are not used.

    Reading is pure, so the cache changes no result.
    """

    def __init__(self, inputs: TemplateInputs, stored: StoredResults | None = None) -> None:
        self._inputs = inputs
        self._stored = stored
        self._uses_stored = stored is not None
        self._known: dict[RelatedFiles, CheckedFile] = {}
        self._former: frozenset[RelatedFiles] = frozenset()
        self._proof = ""
        self._proof_is_former = False
        self._ahead: _CheckedAhead | None = None

    @property
    def uses_former(self) -> bool:
        """Whether the last result of ``read`` has parts that a former command checked."""
        return bool(self._former) or self._proof_is_former

    @property
    def proofs(self) -> tuple[str, ...]:
        """What class files answered when two evaluations of them agreed, as ``PythonReading.proof``."""
        former = self._stored.proof() if self._stored is not None and self._uses_stored else ""
        return tuple(proof for proof in (self._proof, former) if proof)

    def note_classes(self, reading: PythonReading) -> None:
        """Keep the proof of the class files, which are evaluated in every load all the same."""
        former = self._stored.proof() if self._stored is not None and self._uses_stored else ""
        if reading.proof != self._proof:
            self._proof, self._proof_is_former = reading.proof, bool(former) and reading.proof == former

    def read(self, files: Iterable[SourceFile]) -> list[CheckedFile]:
        """The result for each file, in the same order. Results for other files are dropped."""
        before, self._known = self._known, {}
        former = set()
        for file, beside in related(files).items():
            key = (file, *beside)
            checked = before.get(key)
            if checked is None and self._stored is not None and self._uses_stored:
                checked = self._stored.get(key)
                former.update([key] if checked is not None else [])
            elif key in self._former:
                former.add(key)
            self._known[key] = checked if checked is not None else _checked_file(file, self._inputs, beside)
        self._former = frozenset(former)
        return list(self._known.values())

    def store(self) -> None:
        """Keep the last results for the next command, where that is possible."""
        if self._stored is not None:
            self._stored.put(self._known, self._proof)

    def check_ahead(self) -> None:
        """Begin to check, beside other work, what ``forget_former`` will ask for."""
        if self._former and self._ahead is None:
            self._ahead = _CheckedAhead(self._former, self._inputs)

    def forget_former(self) -> None:
        """Check every file anew that a former command checked."""
        self._uses_stored = False
        self._known = {key: checked for key, checked in self._known.items() if key not in self._former}
        if self._ahead is not None:
            anew, self._ahead = self._ahead.results(), None
            self._known |= {key: checked for key, checked in anew.items() if key in self._former}
        self._former = frozenset()
        if self._proof_is_former:
            self._proof, self._proof_is_former = "", False

    def remove_stored(self) -> None:
        """Delete what former commands stored."""
        if self._stored is not None:
            self._stored.remove()


class _CheckedAhead:
    """Files that a thread reads and checks. It starts at once."""

    def __init__(self, keys: Iterable[RelatedFiles], inputs: TemplateInputs) -> None:
        self._keys, self._inputs = tuple(keys), inputs
        self._results: dict[RelatedFiles, CheckedFile] = {}
        self._thread = threading.Thread(target=self._check, name="check-ahead", daemon=True)
        self._thread.start()

    def results(self) -> Mapping[RelatedFiles, CheckedFile]:
        """The result of each file, once all are there. Files that could not be checked have none."""
        self._thread.join()
        return self._results

    def _check(self) -> None:
        # What fails here fails again where it is reported.
        with suppress(Exception):
            for file, *beside in self._keys:
                self._results[(file, *beside)] = _checked_file(file, self._inputs, tuple(beside))


def check_all(raws: Iterable[RawDeclaration], environment: str | None) -> tuple[CheckedDeclaration, ...]:
    """Each declaration after its own checks. The models of pydantic take long to import and to build."""
    listed = tuple(raws)
    if not listed:
        return ()
    from reconciler.declarations.document.check import checked_declaration

    return tuple(checked_declaration(raw, environment) for raw in listed)


def _checked_file(file: SourceFile, inputs: TemplateInputs, beside: tuple[SourceFile, ...]) -> CheckedFile:
    from reconciler.declarations.formats.text import documents

    reading = documents.read_documents(file, inputs, beside)
    declarations = check_all(reading.declarations, inputs.environment)
    return CheckedFile(
        declarations,
        reading.problems,
        reading.warnings,
        reading.empty_document,
        reading.notes,
        reading.reads_process,
        reading.silent,
        reading.included,
        reading.conditional,
    )
