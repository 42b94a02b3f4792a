"""Edits of declaration files by people, editors and machines. Used by the campaign ``edited-files``.

Every edit changes the folder on disk and says what is true afterwards: which tables the user removed, which files are
no longer understood, which folders are gone. The truth is never taken from the reader under test.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

Document = dict[str, Any]
KEY = [{"AttributeName": "pk", "KeyType": "HASH"}]
TYPES = [{"AttributeName": "pk", "AttributeType": "S"}]


@dataclass
class GroundTruth:
    """One file: the documents that it was written with, and whether it can still be understood as written."""

    form: str
    documents: list[Document]
    sound: bool = True

    @property
    def tables(self) -> set[str]:
        """The tables that a reader who understands the file finds in it."""
        return {document["TableName"] for document in self.documents}


@dataclass
class Folder:
    """The folder on disk and its ground truth.

    ``removed`` are the tables whose declaration the user took away, each with the tables that existed at that moment.
    ``damaged`` says that some part of the folder cannot be read whole.
    """

    root: Path
    existing: Callable[[], frozenset[str]]
    files: dict[str, GroundTruth] = field(default_factory=dict)
    removed: dict[str, frozenset[str]] = field(default_factory=dict)
    damaged: bool = False
    recorded: dict[str, str] = field(default_factory=dict)
    """By table, the file that declared it when a run that writes last read the folder."""
    set_aside: dict[str, str] = field(default_factory=dict)
    """By table, the file that contains its definition in a place where it is not read."""

    @property
    def understood(self) -> bool:
        """Whether everything in the folder can be read and understood, and no table is declared twice."""
        names = [document["TableName"] for truth in self.files.values() for document in truth.documents]
        return not self.damaged and all(truth.sound for truth in self.files.values()) and len(names) == len(set(names))

    @property
    def declared(self) -> set[str]:
        """The tables that the folder declares, whether or not all of it is understood."""
        return {name for truth in self.files.values() for name in truth.tables}

    def path(self, name: str) -> Path:
        """A file of the folder on disk."""
        return self.root / name

    def text(self, name: str) -> str:
        """The current text of a file; empty if it does not exist or is not text."""
        path = self.path(name)
        try:
            return path.read_text(encoding="utf-8") if path.is_file() else ""
        except (OSError, RuntimeError, UnicodeDecodeError):
            return ""

    def write(self, name: str, text: str | bytes) -> None:
        """Write a file as an editor does, folders included."""
        target = self.path(name)
        _clear(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())

    def store(self, name: str, truth: GroundTruth) -> None:
        """Write a file that is understood, from its documents."""
        self.files[name] = truth
        self.write(name, written(truth))

    def damage(self, name: str, text: str | bytes) -> None:
        """Write something over a file that leaves nothing to understand in it."""
        self.write(name, text)
        self.files[name].sound = False

    def recorded_removal(self, names: Iterable[str]) -> None:
        """The user removed the declaration of these tables on purpose."""
        before = self.existing()
        for name in names:
            if name not in self.declared:
                self.removed[name] = before

    def note_read(self) -> None:
        """A run that writes has read the folder, if it understood it."""
        if self.understood:
            self.recorded |= {name: path for path, truth in self.files.items() for name in truth.tables}

    def drop_set_aside(self) -> None:
        """A file that was set aside and has disappeared since was removed by the user."""
        for name, file in list(self.set_aside.items()):
            if name in self.declared or not re.search(_DEFINITION.format(re.escape(name)), self.text(file)):
                del self.set_aside[name]
                self.recorded_removal({name})

    def forgive(self) -> None:
        """What is declared is not removed."""
        for name in self.declared & self.removed.keys():
            del self.removed[name]


_DEFINITION = r"(?<![A-Za-z0-9])TableName: {}(?![A-Za-z0-9_.-])"


def written(truth: GroundTruth) -> str:
    """The text of a sound file."""
    if truth.form == "json":
        return json.dumps(truth.documents[0], indent=2)
    if truth.form == "class":
        return class_file(truth.documents[0])
    return "---\n".join(yaml.safe_dump(document, sort_keys=False) for document in truth.documents)


def class_file(document: Document) -> str:
    """The seed document's form of a class."""
    name = document["TableName"]
    fields = {"table_name": name} | {key: value for key, value in document.items() if key != "TableName"}
    return (
        f'class TableConfig:\n    TABLE_NAME = "{name}"\n    SCHEMA = {fields!r}\n\n'
        "    @classmethod\n    def get_schema(cls, environment=None):\n        return dict(cls.SCHEMA)\n"
    )


Apply = Callable[[Folder, str, int], None]
"""Applies an edit to the file of that name; ``where`` is a position in thousandths."""


def touch(folder: Folder, name: str, where: int) -> None:
    """Saved again as it is."""
    if text := folder.text(name):
        folder.write(name, text)


def format_text(folder: Folder, name: str, where: int) -> None:
    """A formatter or a comment: other bytes, the same meaning."""
    truth, text = folder.files[name], folder.text(name)
    if truth.sound and truth.form != "json":
        folder.write(name, f"# reviewed\n{text}\n")


def delete_file(folder: Folder, name: str, where: int) -> None:
    """The user removes one file."""
    truth = folder.files.pop(name)
    _gone(folder.path(name))
    folder.recorded_removal(truth.tables)


def delete_spoilt_file_then_nothing(folder: Folder, name: str, where: int) -> None:
    """A file is emptied: it is there and declares nothing."""
    folder.damage(name, "")


def rename_file(folder: Folder, name: str, where: int) -> None:
    """Another name, the same content."""
    if not Path(name).name.startswith("."):
        _move(folder, name, str(Path(name).with_name(f"renamed_{Path(name).name}")))


def move_file(folder: Folder, name: str, where: int) -> None:
    """Into another folder, the same content."""
    _move(folder, name, f"moved/{Path(name).name}")


def other_yaml_suffix(folder: Folder, name: str, where: int) -> None:
    """``.yaml`` becomes ``.yml``."""
    if name.endswith(".yaml"):
        _move(folder, name, f"{name.removesuffix('.yaml')}.yml")


def capital_suffix(folder: Folder, name: str, where: int) -> None:
    """``.YAML``, as some systems write it. Python imports no module with such a suffix."""
    stem, _, suffix = name.rpartition(".")
    sound = suffix.lower() != "py"
    _move(folder, name, f"{stem}.{suffix.upper() if where < 500 else suffix.title()}", sound=sound)


def backup_suffix(folder: Folder, name: str, where: int) -> None:
    """Set aside by an editor or a person: not a clear removal."""
    suffixes = (".bak", ".orig", "~", ".disabled", ".old", ".txt", ".save", ".tmp", ".swp", ".j2")
    _move(folder, name, f"{name}{suffixes[where % len(suffixes)]}", sound=False)


def hide(folder: Folder, name: str, where: int) -> None:
    """Set aside in an ignored place: hidden, in a hidden folder, or as a file of another kind."""
    path = Path(name)
    names = (
        *(path.with_name(f".{path.name}"), path.with_name(f".{path.name}.bak"), path.with_name(f".{path.name}.swp")),
        *(path.with_suffix(".md"), path.with_suffix(".pyi"), path.with_suffix(".pyc"), path.with_suffix("")),
        *(path.parent / ".old" / path.name, path.parent / "__pycache__" / path.name, Path(".attic/x") / path.name),
    )
    if folder.files[name].sound and folder.files[name].tables <= folder.existing() & folder.recorded.keys():
        _move(folder, name, str(names[where % len(names)]), sound=False)


def nest(folder: Folder, name: str, where: int) -> None:
    """The declaration of one file is put into another one, where it is not read as one."""
    truth = folder.files[name]
    others = [each for each in folder.files if each != name and folder.files[each].form in ("yaml", "documents")]
    tables = truth.tables
    if not truth.sound or not others or not tables <= folder.existing() & folder.recorded.keys():
        return
    other = others[where % len(others)]
    if not folder.files[other].sound:
        return
    text = "---\n".join(yaml.safe_dump(document, sort_keys=False) for document in truth.documents[:1])
    inner = "".join(f"  {line}\n" for line in text.splitlines())
    comment = "".join(f"# {line}\n" for line in text.splitlines())
    ways = (f"x-kept:\n{inner}", f"---\nx-kept:\n{inner}", comment, f"---\n{comment}", f"x-text: |\n{inner}")
    before = folder.text(other)
    if "x-kept:" in before or "x-text:" in before:
        return
    del folder.files[name]
    _gone(folder.path(name))
    kept = truth.documents[0]["TableName"]
    folder.set_aside[kept] = other
    folder.recorded_removal(tables - {kept})
    folder.write(other, before + ways[where % len(ways)])


def hollow(folder: Folder, name: str, where: int) -> None:
    """The last document is empty, or the file ends at the marks before it."""
    truth = folder.files[name]
    if truth.form != "documents" or not truth.sound or len(truth.documents) < 2:
        return
    if folder.recorded.get(truth.documents[-1]["TableName"]) == name:
        rest = written(GroundTruth(truth.form, truth.documents[:-1]))
        folder.damage(name, rest + ("---\n{}\n", "---\n", "---\nnull\n", "---\n---\n")[where % 4])


def truncate(folder: Folder, name: str, where: int) -> None:
    """The disk was full, or the editor is still writing."""
    text = folder.text(name)
    cut = len(text) * where // 1000
    folder.damage(name, text[:cut])
    _reread(folder, name)


def cut_at_a_document(folder: Folder, name: str, where: int) -> None:
    """The last document has not been written yet; what is there is valid YAML."""
    truth = folder.files[name]
    if truth.form == "documents" and truth.sound and len(truth.documents) > 1:
        lost = truth.documents[-1]["TableName"]
        folder.store(name, GroundTruth(truth.form, truth.documents[:-1]))
        folder.recorded_removal({lost})


def comment_out(folder: Folder, name: str, where: int) -> None:
    """Everything is commented out."""
    folder.damage(name, "".join(f"# {line}\n" for line in folder.text(name).splitlines()) or "#\n")


def comment_out_a_line(folder: Folder, name: str, where: int) -> None:
    """One line is commented out."""
    lines = folder.text(name).splitlines(keepends=True)
    if lines:
        lines[len(lines) * where // 1000] = "# " + lines[len(lines) * where // 1000].lstrip()
        folder.damage(name, "".join(lines))
        _reread(folder, name)


def delete_a_line(folder: Folder, name: str, where: int) -> None:
    """One line is lost."""
    lines = folder.text(name).splitlines(keepends=True)
    if lines:
        del lines[len(lines) * where // 1000]
        folder.damage(name, "".join(lines))
        _reread(folder, name)


def change_a_character(folder: Folder, name: str, where: int) -> None:
    """A slip of the finger."""
    text = folder.text(name)
    if text:
        at = min(len(text) - 1, len(text) * where // 1000)
        folder.damage(name, text[:at] + 'xX:-"{} \n'[where % 9] + text[at + 1 :])
        _reread(folder, name)


def wrap(folder: Folder, name: str, where: int) -> None:
    """Wrapped in another key, as describe-table, templates and lists of tables and other things do."""
    truth = folder.files[name]
    one = truth.documents[0]
    wrappings: tuple[Any, ...] = (
        {"Table": one},
        {"tables": [one]},
        {"stack": {"Orders": {"Type": "AWS::DynamoDB::Table", "Properties": one}}},
        {"Resources": {"Orders": {"Type": "AWS::DynamoDB::Tabel", "Properties": one}}},
        [one, 0],
        {"data": {one["TableName"]: one}},
        {"TableNames": [one["TableName"]]},
        {"Tables": []},
    )
    value = wrappings[where % len(wrappings)]
    folder.damage(name, json.dumps(value) if truth.form == "json" else yaml.safe_dump(value))


def describe_output(folder: Folder, name: str, where: int) -> None:
    """``describe-table`` of that very table without its keys, saved over its declaration."""
    one = folder.files[name].documents[0]
    described = {**one, "TableStatus": "ACTIVE", "ItemCount": 3, "TableArn": f"arn:x:table/{one['TableName']}"}
    described.pop("KeySchema", None)
    folder.damage(name, json.dumps({"Table": described}, indent=4))


def foreign_content(folder: Folder, name: str, where: int) -> None:
    """Something else was written over the file."""
    contents: tuple[str | bytes, ...] = (
        "<!DOCTYPE html>\n<html><body>502 Bad Gateway</body></html>\n",
        "<<<<<<< HEAD\n" + folder.text(name) + "=======\n>>>>>>> main\n",
        "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n",
        b"\x00\x01\x02\xff" * 20,
        folder.text(name).encode("utf-16"),
        "null\n",
        "{}\n",
        "[]\n",
        "---\n...\n",
        "   \n\n",
        "name: {{ .Values.name }}\n",
        "- hosts: all\n",
        '"orders"\n',
    )
    folder.damage(name, contents[where % len(contents)])


def placeholder(folder: Folder, name: str, where: int) -> None:
    """A name that was to be filled in by something else."""
    text = folder.text(name)
    table = folder.files[name].documents[0]["TableName"]
    marks = ("${ENV}-" + table, "{{ env }}-" + table, table + "-${stage}")
    if table in text:
        folder.damage(name, text.replace(table, marks[where % len(marks)]))


def misspell(folder: Folder, name: str, where: int) -> None:
    """A field's name is wrong."""
    text = folder.text(name)
    field_name = ("TableName", "KeySchema", "AttributeDefinitions", "AttributeName")[where % 4]
    if field_name in text:
        folder.damage(name, text.replace(field_name, field_name[:-1] + "x", 1))


def convert(folder: Folder, name: str, where: int) -> None:
    """The same table in the other format; the former file is removed."""
    truth = folder.files[name]
    if not truth.sound or len(truth.documents) != 1:
        return
    del folder.files[name]
    _gone(folder.path(name))
    stem = str(Path(name).with_suffix(""))
    form = "yaml" if truth.form in ("json", "class") else "json"
    folder.store(f"{stem}.{form}", GroundTruth(form, truth.documents))


def rename_table(folder: Folder, name: str, where: int) -> None:
    """The declaration now means another table; the former one is declared no longer, in a file that is understood."""
    truth = folder.files[name]
    if truth.sound:
        before = set(truth.tables)
        documents = [dict(document) for document in truth.documents]
        documents[0]["TableName"] += "_v2"
        folder.store(name, GroundTruth(truth.form, documents))
        folder.recorded_removal(before)


def change_key(folder: Folder, name: str, where: int) -> None:
    """Another key type: only another table could have it."""
    truth = folder.files[name]
    if truth.sound and "AttributeDefinitions" in truth.documents[0]:
        documents = [json.loads(json.dumps(document)) for document in truth.documents]
        for definition in documents[0]["AttributeDefinitions"][:1]:
            definition["AttributeType"] = "N" if definition["AttributeType"] == "S" else "S"
        folder.store(name, GroundTruth(truth.form, documents))


def declare_twice(folder: Folder, name: str, where: int) -> None:
    """Copied, and both files declare the table."""
    truth = folder.files[name]
    if truth.sound:
        suffix = Path(name).suffix
        copy = f"{Path(name).with_suffix('')!s}_copy{suffix}"
        folder.write(copy, folder.text(name))
        folder.files[copy] = GroundTruth(truth.form, truth.documents)


def break_import(folder: Folder, name: str, where: int) -> None:
    """A class file that cannot be loaded, or whose class is no longer a declaration."""
    text = folder.text(name)
    if folder.files[name].form != "class":
        return
    broken = (
        f"import no_such_module\n{text}",
        text.replace("SCHEMA =", "SCHEMAS ="),
        text.replace("get_schema", "schema"),
        text.replace("class TableConfig:", "def TableConfig():"),
        text.replace("def get_schema(cls", "def get_schema(self, one, two, cls"),
        f"raise SystemExit(0)\n{text}",
        text + "\ndel TableConfig\n",
        "import os\nif os.environ.get('NOT_SET'):\n" + _indented(text),
        "class Outer:\n" + _indented(text),
        "try:\n    import no_such_module\n" + _indented(text) + "except ImportError:\n    pass\n",
    )
    folder.damage(name, broken[where % len(broken)])


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


def delete_folder(folder: Folder, name: str, where: int) -> None:
    """The folder of the file vanishes: an unmounted volume, another branch."""
    _folder_gone(folder, name, "gone")


def empty_folder(folder: Folder, name: str, where: int) -> None:
    """The folder of the file is there and empty: a mount point without its volume."""
    _folder_gone(folder, name, "empty")


def dangling_folder(folder: Folder, name: str, where: int) -> None:
    """The folder of the file is a link to nowhere, or to itself."""
    _folder_gone(folder, name, "loop" if where % 2 else "dangling")


def dangling_file(folder: Folder, name: str, where: int) -> None:
    """The file is a link to nowhere, or to itself."""
    path = folder.path(name)
    _gone(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(path.name if where % 2 else "no-such-file.yaml")
    folder.files[name].sound = False


def file_becomes_folder(folder: Folder, name: str, where: int) -> None:
    """A container engine makes a folder where a file to be mounted is missing."""
    _gone(folder.path(name))
    folder.path(name).mkdir(parents=True, exist_ok=True)
    folder.files[name].sound = False


def fifo(folder: Folder, name: str, where: int) -> None:
    """Something that is not a regular file has the name."""
    _gone(folder.path(name))
    folder.path(name).parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(folder.path(name))
    folder.files[name].sound = False


def lose_the_root(folder: Folder, name: str, where: int) -> None:
    """The whole folder is missing or empty."""
    shutil.rmtree(folder.root, ignore_errors=True)
    if where % 2:
        folder.root.mkdir()
    folder.damaged = True


def another_checkout(folder: Folder, name: str, where: int) -> None:
    """The folder contains foreign declarations."""
    shutil.rmtree(folder.root, ignore_errors=True)
    folder.root.mkdir()
    folder.damaged = False
    gone, one = folder.declared, folder.files[name].documents[0]
    folder.files = {}
    keys = one.get("KeySchema", KEY), one.get("AttributeDefinitions", TYPES)
    names = {key["AttributeName"] for key in keys[0]}
    types = [definition for definition in keys[1] if definition["AttributeName"] in names]
    foreign = {"TableName": "theirs", "KeySchema": keys[0], "AttributeDefinitions": types}
    folder.store("theirs.yaml", GroundTruth("yaml", [foreign]))
    folder.recorded_removal(gone)


EDITS: dict[str, Apply] = {
    each.__name__: each
    for each in (
        *(touch, format_text, delete_file, delete_spoilt_file_then_nothing, rename_file, move_file, other_yaml_suffix),
        *(
            capital_suffix,
            backup_suffix,
            hide,
            nest,
            hollow,
            truncate,
            cut_at_a_document,
            comment_out,
            comment_out_a_line,
            delete_a_line,
        ),
        *(change_a_character, wrap, describe_output, foreign_content, placeholder, misspell, convert, rename_table),
        *(change_key, declare_twice, break_import, delete_folder, empty_folder, dangling_folder, dangling_file),
        *(file_becomes_folder, fifo, lose_the_root, another_checkout),
    )
}


def _gone(path: Path) -> None:
    _clear(path)
    path.unlink(missing_ok=True)


def _clear(path: Path) -> None:
    """Whatever has the name, unless it is a regular file."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif os.path.lexists(path) and (path.is_symlink() or not path.is_file()):
        path.unlink()


def _move(folder: Folder, name: str, to: str, *, sound: bool = True) -> None:
    if name == to or to in folder.files or not folder.path(name).is_file() or folder.path(to).is_dir():
        return
    if not folder.files[name].sound and folder.text(name).endswith(("---\n", "{}\n", "null\n")):
        # A hollow file under another name is one that was cleanly written.
        return
    folder.path(to).parent.mkdir(parents=True, exist_ok=True)
    folder.path(name).replace(folder.path(to))
    truth = folder.files.pop(name)
    folder.files[to] = GroundTruth(truth.form, truth.documents, truth.sound and sound)


def _folder_gone(folder: Folder, name: str, how: str) -> None:
    """The top folder of a file is lost with everything in it; a file at the top takes the whole folder along."""
    top = Path(name).parts[0] if len(Path(name).parts) > 1 else ""
    if not top:
        return
    path = folder.root / top
    if path.is_symlink() or not path.is_dir():
        return
    shutil.rmtree(path)
    lost: set[str] = set()
    for each in [each for each in folder.files if Path(each).parts[0] == top]:
        lost |= folder.files.pop(each).tables
    # A file that was moved in after the last run is, for whoever saw nothing of that, a file that is gone.
    folder.recorded_removal(name for name in lost if Path(folder.recorded.get(name, top)).parts[0] != top)
    if how == "empty":
        path.mkdir()
    elif how != "gone":
        path.symlink_to(top if how == "loop" else "no-such-folder")
        folder.damaged = True


def _reread(folder: Folder, name: str) -> None:
    """What random damage left of a file, by a plain reader: what still is the same table declares it still."""
    truth = folder.files[name]
    loaded = _loaded(folder.text(name), truth.form)
    known = {document["TableName"]: document for document in truth.documents}
    if loaded is None or not loaded:
        return
    if all(isinstance(each, dict) and isinstance(each.get("TableName"), str) for each in loaded):
        found = [known.get(each["TableName"], each) for each in loaded]
        lost = truth.tables - {each["TableName"] for each in found}
        folder.files[name] = GroundTruth(truth.form, found, sound=loaded == truth.documents)
        if lost and len({each["TableName"] for each in found}) == len(found):
            # The file may be understood and declare other tables now: then it says that these are gone.
            folder.files[name].sound = True
            folder.recorded_removal(lost)
        elif loaded != truth.documents:
            folder.files[name].sound = True


def _loaded(text: str, form: str) -> list[Any] | None:
    if form == "class":
        return None
    try:
        found = [json.loads(text)] if form == "json" else list(yaml.safe_load_all(text))
    except (ValueError, yaml.YAMLError):
        return None
    return [each for each in found if each is not None]
