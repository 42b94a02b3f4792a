"""A mutant keeps its place when code is renamed, moved or laid out anew, and ``--check`` says where a lost one went."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

import mutant_check
import plant_mutants
import pytest
import syntax_patterns as patterns
from mutant_places import Code, Killers, NotFoundError
from mutant_run import ROOT
from mutants.mutant import Mutant

PATH = "reconciler/engine/sample.py"
SAMPLE = '''"""A sample."""

from reconciler.model import Answer, LostError, send

LIMIT = 5
"""How often."""


class Gate:
    """Lets steps through."""

    def __init__(self, store) -> None:
        self.store = store
        self.closed = False

    def judge(self, step, facts, *, again=False):
        """The step, or None."""
        if self.closed or facts.protected:
            return None
        known = self.store.entry(step.name, fresh=True)
        if known is None:
            raise LostError(f"{step.name} is not recorded", "Record it first.")
        try:
            answer = send({"TableName": step.name, "Consistent": True}, fresh=again)
        except LostError as error:
            self.store.forget(known, cause=error)
            return None
        return Answer(answer, known.age < LIMIT and not facts.busy)

    def close(self):
        self.closed = True
        self.store.forget(None)


def judge_all(gate, steps):
    return [gate.judge(step, None) for step in steps if step.ready]
'''

# Name: symbol, old, new.
MUTANTS = {
    "a condition": ("Gate.judge", "if known is None: ...", "if False: ..."),
    "half a condition": ("Gate.judge", "... or facts.protected", "..."),
    "a statement": ("Gate.judge", "self.store.forget(known, cause=error)", ""),
    "a statement of one more function": ("Gate.close", "self.store.forget(None)", ""),
    "a named argument": ("Gate.judge", "self.store.entry(..., fresh=True)", "self.store.entry(..., fresh=False)"),
    "an entry": ("Gate.judge", '{**..., "Consistent": True}', '{**..., "Consistent": False}'),
    "a clause": ("Gate.judge", "except LostError as error: ...", "except ValueError as error: ..."),
    "an error": ("Gate.judge", 'raise LostError(f"{step.name} is not recorded", "Record it first.")', "pass"),
    "a returned value": ("Gate.judge", "known.age < LIMIT and not facts.busy", "not facts.busy"),
    "a constant": ("LIMIT", "LIMIT = 5", "LIMIT = 50"),
    "a filter": ("judge_all", "[... for step in ... if step.ready]", "[... for step in ... if True]"),
}


def word(old: str, new: str) -> Callable[[str], str]:
    return lambda text: re.sub(rf"\b{old}\b", new, text)


def stretched(text: str) -> str:
    """With parentheses, comments and line breaks that change nothing."""
    text = text.replace("known is None", "(known)  # a comment\n            is (\n                None\n            )")
    text = text.replace("(known)  # a comment\n            is", "(\n            known  # a comment\n            is")
    return text.replace("None\n            ):", "None\n            )\n        ):").replace(
        "fresh=True", "fresh = (True)"
    )


REFACTORINGS: dict[str, Callable[[str], str]] = {
    "a local variable": word("known", "recorded"),
    "all local variables": lambda text: word("answer", "reply")(word("known", "recorded")(word("error", "lost")(text))),
    "a parameter": word("facts", "assessment"),
    "a named argument": word("fresh", "consistent"),
    "an attribute": word("store", "table_store"),
    "a method that is called": word("forget", "discard"),
    "an imported class": word("LostError", "RecordNotFoundError"),
    "a sibling method": word("close", "shut"),
    "a sibling function": word("judge_all", "judge_each"),
    "a message": lambda text: text.replace("is not recorded", "has no record").replace("Record it first", "Run up"),
    "a docstring": lambda text: text.replace('"""The step, or None."""', '"""Return the step if it may be taken."""'),
    "the layout": lambda text: ast.unparse(ast.parse(text)),
    "parentheses and comments": stretched,
    "single quotes": lambda text: text.replace('"Consistent"', "'Consistent'").replace('"TableName"', "'TableName'"),
    "a statement before": lambda text: text.replace("        known = ", "        self.count = 1\n        known = "),
    "a decorator": lambda text: text.replace("    def judge(", "    @checked\n    def judge("),
    "a further method": lambda text: text.replace(
        "    def close", "    def open(self):\n        pass\n\n    def close"
    ),
    "another order": lambda text: re.sub(r"(?s)(LIMIT = \d+\n)(.*)", r"\2\n\n\1", text),
}


def moved(path: str) -> dict[str, str]:
    """The sample in another module, beside what it was."""
    return {path: SAMPLE, PATH: '"""Nothing is left."""\n'}


RENAMES_ITS_SYMBOL = {("a statement of one more function", "a sibling method"), ("a filter", "a sibling function")}


@pytest.mark.parametrize(
    ("name", "refactoring"),
    [(name, each) for name in MUTANTS for each in REFACTORINGS if (name, each) not in RENAMES_ITS_SYMBOL],
)
def test_a_refactoring_does_not_move_a_mutant(name: str, refactoring: str) -> None:
    """Refactor and plant is the same as plant and refactor."""
    expected = REFACTORINGS[refactoring](planted(name, {PATH: SAMPLE}))
    assert same(planted(name, {PATH: REFACTORINGS[refactoring](SAMPLE)}), expected)


@pytest.mark.parametrize("path", ["reconciler/gate.py", "reconciler/verdicts/gate/judging.py", "desired_state/a.py"])
@pytest.mark.parametrize("name", MUTANTS)
def test_a_module_that_moved_does_not_move_a_mutant(name: str, path: str) -> None:
    assert same(planted(name, moved(path)), planted(name, {PATH: SAMPLE}))


# What happened to the sample, the symbol and the code of the mutant, and what is said.
LOST: dict[str, tuple[Callable[[str], str], str, str, str]] = {
    "a class was renamed": (
        word("Gate", "DeletionGate"),
        "Gate.judge",
        "if known is None: ...",
        "no symbol Gate.judge; candidates: DeletionGate.judge",
    ),
    "a function was renamed": (
        word("judge", "assess"),
        "Gate.judge",
        "if known is None: ...",
        "no symbol Gate.judge; candidates: Gate.assess",
    ),
    "class and variable were renamed": (
        lambda text: word("Gate", "DeletionGate")(word("known", "entry_of")(text)),
        "Gate.judge",
        "if known is None: ...",
        "no symbol Gate.judge; candidates: DeletionGate.judge",
    ),
    "the code went to another method": (
        lambda text: text.replace("self.closed or facts.protected", "facts.protected").replace(
            "self.closed = True", "self.closed = self.closed or facts.protected"
        ),
        "Gate.judge",
        "self.closed or facts.protected",
        f"Gate.judge has no such code; nearest: {PATH}:18: if facts.protected:; candidates: Gate.close",
    ),
    "the code is gone": (
        lambda text: text.replace("known is None", "not known"),
        "Gate.judge",
        "if known is None: ...",
        f"Gate.judge has no such code; nearest: {PATH}:21: if not known:",
    ),
    "the code is there twice": (
        lambda text: text,
        "Gate.judge",
        "return None",
        f"the code of Gate.judge matches 2 times: {PATH}:19, {PATH}:27",
    ),
}


@pytest.mark.parametrize("case", LOST)
def test_a_lost_mutant_is_named_with_the_likeliest_candidates(case: str, tmp_path: Path) -> None:
    change, at, old, said = LOST[case]
    lost = Mutant("it", at, old, "False", "made up", ())
    found = mutant_check.examined(lost, Code({PATH: change(SAMPLE)}), Killers(tmp_path))
    assert found.problems == [said]


def test_two_modules_with_the_same_code_are_distinguished_by_the_name_of_the_module() -> None:
    twice = {PATH: SAMPLE, "reconciler/http/other.py": SAMPLE}
    with pytest.raises(NotFoundError, match="matches 2 times"):
        found_in(twice, "Gate.judge")
    assert found_in(twice, "other:Gate.judge") == "reconciler/http/other.py"
    assert found_in(twice, "engine.sample:Gate.judge") == PATH


def test_the_code_decides_between_two_symbols_of_one_name() -> None:
    other = "class Gate:\n    def judge(self):\n        return 1\n"
    assert found_in({"reconciler/a.py": other, PATH: SAMPLE}, "Gate.judge") == PATH


def test_new_code_that_uses_a_name_of_the_past_is_a_problem(tmp_path: Path) -> None:
    stale = Mutant("it", "Gate.judge", "if known is None: ...", "if forgotten(known): ...", "made up", ())
    found = mutant_check.examined(stale, Code({PATH: SAMPLE}), Killers(tmp_path))
    assert found.problems == ["its new code uses forgotten, which the code does not have"]


KILLERS = {
    "a file": ("test_lease", None),
    "a test": ("test_lease::test_it_ends[a case]", None),
    "a test in another file": ("test_lease::test_it_begins", "test_fence::test_it_begins"),
    "a file of another name": ("test_leases::test_it_ends", "test_lease::test_it_ends"),
    "a test of another name": ("test_lease::test_it_ended", "test_it_ends"),
}


@pytest.mark.parametrize("case", KILLERS)
def test_tests_are_found_by_the_name_of_their_file_wherever_it_is(case: str, tmp_path: Path) -> None:
    write(tmp_path / "tests/state/deep/test_lease.py", "def test_it_ends(): ...\n")
    write(tmp_path / "tests/test_fence.py", "class TestFence:\n    def test_it_begins(self): ...\n")
    killer, candidate = KILLERS[case]
    if candidate is None:
        assert Killers(tmp_path).find(killer).startswith(str(tmp_path / "tests/state/deep/test_lease.py"))
    else:
        with pytest.raises(NotFoundError, match=f"; candidates: {candidate}"):
            Killers(tmp_path).find(killer)


def test_two_test_files_of_one_name_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "tests/a/test_lease.py", "")
    write(tmp_path / "tests/b/test_lease.py", "")
    with pytest.raises(NotFoundError, match=r"test_lease\.py exists 2 times"):
        Killers(tmp_path).find("test_lease")


def test_fix_writes_new_names_into_the_tables(tmp_path: Path) -> None:
    table = write(
        tmp_path / "made_up_mutants.py",
        'MUTANTS = (\n    Mutant(\n        "it",\n        "Gate.judge",\n        "if known is None: ...",\n'
        '        "if not known: ...",\n        "made up",\n        ("test_lease::test_it_begins",),\n    ),\n)\n',
    )
    write(tmp_path / "tests/test_fence.py", "def test_it_begins(): ...\n")
    sample = word("Gate", "DeletionGate")(word("known", "recorded")(SAMPLE))
    lost = Mutant(
        "it", "Gate.judge", "if known is None: ...", "if not known: ...", "made up", ("test_lease::test_it_begins",)
    )
    found = mutant_check.examined(lost, Code({PATH: sample}), Killers(tmp_path))
    assert mutant_check.fix([found], [table]) == 1
    text = table.read_text(encoding="utf-8")
    for new in ("DeletionGate.judge", "if recorded is None: ...", "if not recorded: ...", "test_fence::test_it_begins"):
        assert f'"{new}"' in text


# A snippet, a refactoring of the sample, and the snippet as it is written then.
RESPELT = {
    "quotes and parentheses stay": (
        'raise LostError(\n    f"{step.name} is not recorded",  # why\n    "Record it first.",\n)',
        word("LostError", "NoRecordError"),
        'raise NoRecordError(\n    f"{step.name} is not recorded",  # why\n    "Record it first.",\n)',
    ),
    "not before a name": (
        "known.age < LIMIT and not facts.busy",
        word("facts", "assessment"),
        "known.age < LIMIT and not assessment.busy",
    ),
    "an attribute and no variable": (
        "self.store.forget(known, cause=error)",
        word("forget", "discard"),
        "self.store.discard(known, cause=error)",
    ),
    "a named argument": ("send(..., fresh=again)", word("fresh", "consistent"), "send(..., consistent=again)"),
    "the first word": (
        "known = self.store.entry(...)",
        word("known", "recorded"),
        "recorded = self.store.entry(...)",
    ),
    "a new message": (
        'raise LostError(f"{step.name} is not recorded", "Record it first.")',
        lambda text: text.replace("Record it first.", "Run up."),
        "raise LostError(f'{step.name} is not recorded', 'Run up.')",
    ),
}


@pytest.mark.parametrize("case", RESPELT)
def test_fix_rewrites_a_snippet_with_the_current_names(case: str) -> None:
    snippet, change, expected = RESPELT[case]
    old = patterns.parse(snippet)
    place = Code({PATH: change(SAMPLE)}).find("Gate.judge", old, old)
    assert mutant_check.respelt(snippet, old, place.match) == expected


def test_every_mutant_keeps_its_place_when_all_local_names_are_new() -> None:
    """Every variable and argument of the packages gets another name; positions stay, so places can be compared."""
    before = Code.read(ROOT)
    after = Code.read(ROOT)
    for tree in after.modules.values():
        rename_locals(tree)
    lost = []
    for mutant in plant_mutants.mutants():
        old, new = patterns.parse(mutant.old), patterns.parse(mutant.new)
        place = before.find(mutant.at, old, new)
        try:
            again = after.find(mutant.at, old, new)
        except NotFoundError as error:
            lost.append(f"{mutant.name}: {error}")
        else:
            assert (again.symbol.module, again.line) == (place.symbol.module, place.line), mutant.name
    assert lost == []


def rename_locals(tree: ast.Module) -> None:
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    names = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)} | {
        node.id
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    names |= {node.name for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.name}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in names:
            node.id += "_renamed"
        elif isinstance(node, ast.ExceptHandler) and node.name:
            node.name += "_renamed"
        elif isinstance(node, ast.arg) or (isinstance(node, ast.keyword) and node.arg):
            node.arg = f"{node.arg}_renamed"


def planted(name: str, files: dict[str, str]) -> str:
    at, old, new = MUTANTS[name]
    code = Code(files)
    snippets = patterns.parse(old), patterns.parse(new)
    return code.planted(code.find(at, *snippets), *snippets)


def found_in(files: dict[str, str], at: str) -> str:
    return Code(files).find(at, patterns.parse("if known is None: ..."), patterns.parse("pass")).symbol.module


def same(one: str, other: str) -> bool:
    return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
