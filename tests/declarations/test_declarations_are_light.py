"""Reading declarations stays quick to import and quick to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.class_files import DOCUMENTED
from support.folders import SOUND, load, write

from reconciler.declarations.document.field_model import FieldModel

HEAVY = ("ruamel", "yaml", "boto3", "botocore", "prometheus_client", "fastapi", "rich", "typer")


def test_importing_the_source_imports_nothing_heavy() -> None:
    code = "import sys, reconciler.declarations.folder\nprint(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(HEAVY) & set(done.stdout.split())


def test_no_model_is_built_per_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(50):
        source = DOCUMENTED.replace("new_table", f"table_{number}")
        write(tmp_path, {f"t{number}_table.py": source, f"d{number}.json": SOUND | {"table_name": f"doc_{number}"}})
    built: list[str] = []
    monkeypatch.setattr(
        FieldModel, "__pydantic_init_subclass__", classmethod(lambda cls, **_: built.append(cls.__name__))
    )
    assert len(load(tmp_path).declarations) == 100
    assert built == []
