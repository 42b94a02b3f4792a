"""Write the table of DynamoDB's shapes that the lean client reads and checks with, from the installed botocore.

Run it after an update of botocore: ``.venv/bin/python scripts/lean_model.py``. tests/aws/test_aws_lean_model.py fails
where the table in the package differs from what this makes.

A scalar is written as ``[kind, minimum]``, a list as ``["list", member, minimum]``, a map as ``["map", value]`` and a
structure as the name of an entry under ``structures``: its members, and the names of those that are required.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from botocore.loaders import Loader

TARGET = Path(__file__).resolve().parents[1] / "reconciler" / "aws" / "lean" / "dynamodb.json"
SCALARS = {"string", "integer", "long", "boolean", "timestamp", "blob", "double", "float"}
LOST = frozenset({"documentation", "enum", "pattern", "max", "exception", "fault", "synthetic", "retryable", "box"})
"""What neither validates a request nor changes how an answer is read."""


def made() -> str:
    """The table as the text of its file."""
    model = Loader().load_service_model("dynamodb", "service-2")
    shapes = model["shapes"]
    structures: dict[str, Any] = {}

    def reference(name: str) -> Any:
        shape = shapes[name]
        kind = shape["type"]
        unknown = set(shape) - LOST - {"type", "members", "required", "member", "key", "value", "min"}
        if unknown:
            raise SystemExit(f"the shape {name} has members that the lean client does not know: {sorted(unknown)}")
        if kind in SCALARS:
            return [kind, shape["min"]] if "min" in shape else [kind]
        if kind == "list":
            made = ["list", reference(shape["member"]["shape"])]
            return [*made, shape["min"]] if "min" in shape else made
        if kind == "map":
            return ["map", reference(shape["key"]["shape"]), reference(shape["value"]["shape"])]
        if kind != "structure":
            raise SystemExit(f"the shape {name} is of a type that the lean client does not know: {kind}")
        if name not in structures:
            structures[name] = entry = {"members": {}, "required": sorted(shape.get("required", ()))}
            entry["members"] = {each: member(name, each, of) for each, of in shape["members"].items()}
        return name

    def member(owner: str, name: str, of: dict[str, Any]) -> Any:
        unknown = set(of) - {"shape", "documentation", "contextParam", "idempotencyToken"}
        if unknown:
            raise SystemExit(f"{owner}.{name} has traits that the lean client does not know: {sorted(unknown)}")
        return reference(of["shape"])

    operations: dict[str, Any] = {}
    for name, operation in model["operations"].items():
        members = shapes[operation["input"]["shape"]]["members"] if "input" in operation else {}
        operations[name] = {
            "input": reference(operation["input"]["shape"]) if "input" in operation else None,
            "output": reference(operation["output"]["shape"]) if "output" in operation else None,
            "errors": sorted(each["shape"] for each in operation.get("errors", ())),
            "token": next((each for each, of in members.items() if of.get("idempotencyToken")), None),
        }
    errors = {name: reference(name) for name, shape in shapes.items() if shape.get("exception")}
    retried = {
        name: bool(shape["retryable"].get("throttling")) for name, shape in shapes.items() if "retryable" in shape
    }
    metadata = {name: model["metadata"][name] for name in ("targetPrefix", "jsonVersion")}
    whole = {
        "metadata": metadata,
        "operations": operations,
        "errors": errors,
        "retried": retried,
        "structures": structures,
    }
    return json.dumps(whole, separators=(",", ":"), sort_keys=True) + "\n"


def main() -> None:
    text = made()
    if sys.argv[1:] == ["--check"]:
        sys.exit(0 if TARGET.read_text() == text else f"{TARGET} is out of date: run scripts/lean_model.py")
    TARGET.write_text(text)


if __name__ == "__main__":
    main()
