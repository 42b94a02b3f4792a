"""DynamoDB's shapes as functions: ``serialize`` a request, ``read`` an answer, with botocore's own rules.

The table in ``dynamodb.json`` is made from botocore's service model by ``scripts/lean_model.py``. Loading that model
itself and building botocore's objects over it takes longer than a whole pass over fifty tables. Built and used by
``client``; the functions of an operation are made at its first use.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any

from reconciler.model.identifiers import uuid4_text

Check = Callable[[Any], bool]
"""Whether a value is one that botocore accepts and that JSON carries as it is; ``False`` where botocore has to say."""
Read = Callable[[Any], Any]
"""The value of an answer as botocore's parser hands it on."""

SCALARS = frozenset({str, int, bool, bytes, float, NoneType})


class Shapes:
    """The operations of DynamoDB. One for the process, from ``shapes``."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._operations = table["operations"]
        self._errors = table["errors"]
        self._structures = table["structures"]
        self.retried: Mapping[str, bool] = table["retried"]
        """Errors that the model marks as worth a retry, and whether they mean throttling."""
        self.target = f"{table['metadata']['targetPrefix']}."
        self.content_type = f"application/x-amz-json-{table['metadata']['jsonVersion']}"
        self._checks: dict[str, Check] = {}
        self._reads: dict[str, Read] = {}
        self._encode = json.JSONEncoder(default=_base64).encode

    def knows(self, operation: str) -> bool:
        """Whether it is an operation of DynamoDB."""
        return operation in self._operations

    def has_output(self, operation: str) -> bool:
        """Whether an answer of the operation has a body."""
        return self._operations[operation]["output"] is not None

    def accepts(self, operation: str, params: Mapping[str, Any]) -> bool:
        """Whether the request is valid for certain; what is refused here, botocore's validator judges."""
        shape = self._operations[operation]["input"]
        return shape is not None and self._checked(shape)(params)

    def serialize(self, operation: str, params: dict[str, Any]) -> bytes:
        """The body of a request. ``ParamValidationError`` of botocore where it is not valid, in botocore's words."""
        params = self._with_token(operation, params)
        if self.accepts(operation, params):
            return self._encode(params).encode()
        return _by_botocore(operation, params)

    def serialize_any(self, operation: str, params: Mapping[str, Any]) -> bytes:
        """As ``serialize``, with mappings and tuples as dicts and lists. Nearly all requests have none, so none is
        copied to find out."""
        params = self._with_token(operation, params)
        if self.accepts(operation, params):
            return self._encode(params).encode()
        return self.serialize(operation, plain(params))

    def _with_token(self, operation: str, params: Mapping[str, Any]) -> Any:
        token = self._operations[operation]["token"]
        if token is not None and token not in params:
            # One token for all sendings of a request lets the service recognise the second one.
            return {**params, token: uuid4_text(secrets.randbits(128))}
        return params

    def read(self, operation: str, content: Any) -> dict[str, Any]:
        """The members of an answer that the model knows, times and bytes converted; raises what botocore would."""
        shape = self._operations[operation]["output"]
        answer: dict[str, Any] = self._reader(shape)(content) if shape is not None else {}
        return answer

    def read_error(self, code: str, content: Any) -> dict[str, Any]:
        """What an error carries besides its message, such as the reasons of a cancelled transaction."""
        shape = self._errors.get(code)
        members: dict[str, Any] = self._reader(shape)(content) if shape is not None else {}
        return members

    def modelled_errors(self, operation: str) -> frozenset[str]:
        """The errors that the model names for the operation."""
        return frozenset(self._operations[operation]["errors"])

    def _checked(self, structure: str) -> Check:
        made = self._checks.get(structure)
        if made is None:
            # Put there before its members are made, because AttributeValue holds AttributeValues.
            made = self._checks[structure] = self._structure_check(structure)
        return made

    def _structure_check(self, name: str) -> Check:
        entry = self._structures[name]
        required = tuple(entry["required"])
        members: dict[str, Check] = {}
        made = False

        def check(value: Any) -> bool:
            nonlocal made
            if type(value) is not dict:
                return False
            if not made:
                members.update({member: self._check(shape) for member, shape in entry["members"].items()})
                made = True
            for each in required:
                if each not in value:
                    return False
            for member, part in value.items():
                accepts = members.get(member)
                if accepts is None or not accepts(part):
                    return False
            return True

        return check

    def _check(self, shape: Any) -> Check:
        if isinstance(shape, str):
            return self._checked(shape)
        kind = shape[0]
        if kind == "list":
            return _list_check(self._check(shape[1]), shape[2] if len(shape) > 2 else 0)
        if kind == "map":
            return _map_check(self._check(shape[1]), self._check(shape[2]))
        return _scalar_check(kind, shape[1] if len(shape) > 1 else None)

    def _reader(self, structure: str) -> Read:
        made = self._reads.get(structure)
        if made is None:
            made = self._reads[structure] = self._structure_reader(structure)
        return made

    def _structure_reader(self, name: str) -> Read:
        entry = self._structures[name]
        members: dict[str, tuple[str, Read | None]] = {}
        kept: set[str] = set()
        made = False

        def read(value: Any) -> Any:
            nonlocal made
            if not made:
                members.update({member: (member, self._read(shape)) for member, shape in entry["members"].items()})
                kept.update(member for member, (_, convert) in members.items() if convert is None)
                made = True
            if value is None:
                return None
            if len(value) == 1:
                # Most values of items are {"S": "..."}: what would be copied is the whole of it.
                ((member, part),) = value.items()
                if member in kept and part is not None:
                    return value
            found = {}
            for member, part in value.items():
                if part is None or member not in members:
                    continue
                # The model's name, not the one of this answer: answers are kept, and each has its own copies.
                name, convert = members[member]
                found[name] = part if convert is None else convert(part)
            return found

        return read

    def _read(self, shape: Any) -> Read | None:
        """``None`` for a scalar that stays as it is."""
        if isinstance(shape, str):
            return self._reader(shape)
        kind = shape[0]
        if kind == "list":
            return _list_reader(self._read(shape[1]))
        if kind == "map":
            return _map_reader(self._read(shape[2]))
        converted: dict[str, Read] = {"timestamp": _time, "blob": base64.b64decode}
        return converted.get(kind)


@cache
def shapes() -> Shapes:
    """The shapes, read once from the package."""
    return Shapes(json.loads(Path(__file__).with_name("dynamodb.json").read_bytes()))


def _scalar_check(kind: str, least: float | None) -> Check:
    """Exact types alone: how JSON writes a subclass is for botocore to say, and so are times and file-like bytes."""
    if kind == "string":
        if least is None:
            return lambda value: type(value) is str
        return lambda value: type(value) is str and len(value) >= least
    if kind in ("integer", "long"):
        if least is None:
            return lambda value: type(value) is int
        return lambda value: type(value) is int and value >= least
    if kind == "boolean":
        return lambda value: type(value) is bool
    if kind == "blob":
        return lambda value: type(value) is bytes
    return lambda _: False


def _list_check(accepts: Check, least: int) -> Check:
    def check(value: Any) -> bool:
        if type(value) is not list or len(value) < least:
            return False
        for each in value:  # noqa: SIM110  (all() with a generator takes twice as long, and this runs for each value)
            if not accepts(each):
                return False
        return True

    return check


def _map_check(accepts_key: Check, accepts: Check) -> Check:
    def check(value: Any) -> bool:
        if type(value) is not dict:
            return False
        for key, each in value.items():  # noqa: SIM110
            if not accepts_key(key) or not accepts(each):
                return False
        return True

    return check


def _list_reader(convert: Read | None) -> Read:
    if convert is None:
        return list
    return lambda value: [None if each is None else convert(each) for each in value]


def _map_reader(convert: Read | None) -> Read:
    if convert is None:
        return lambda value: dict(value.items())
    return lambda value: {key: convert(each) for key, each in value.items()}


def _time(value: Any) -> datetime:
    """Seconds since 1970, as DynamoDB writes times; anything else is for botocore's parser."""
    if type(value) in (int, float):
        try:
            return datetime.fromtimestamp(value, UTC)
        except (OverflowError, OSError, ValueError):
            pass
    from botocore.utils import parse_timestamp

    parsed: datetime = parse_timestamp(value)
    return parsed


def plain(value: Any) -> Any:
    """Mappings and tuples as dicts and lists, because the validator of botocore accepts nothing else."""
    # Most values are scalars, and asking an abstract class about each took a tenth of the CPU time of a create.
    if type(value) in SCALARS:
        return value
    # Nearly all others are dicts and lists of scalars: neither a call for each member, nor a question about its kind.
    if type(value) is dict or isinstance(value, Mapping):
        return {key: member if type(member) in SCALARS else plain(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [member if type(member) in SCALARS else plain(member) for member in value]
    return value


def _base64(value: Any) -> str:
    return base64.b64encode(value).decode("ascii")


def _by_botocore(operation: str, params: dict[str, Any]) -> bytes:
    """botocore's own validator and serialiser: for what is invalid, and for values that it alone converts."""
    from botocore.serialize import create_serializer

    from reconciler.aws.validator import service_model

    serializer = create_serializer("json", include_validation=True)
    body: bytes = serializer.serialize_to_request(params, service_model().operation_model(operation))["body"]
    return body
