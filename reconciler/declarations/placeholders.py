"""Finds, escapes and unescapes placeholders of other tools in the strings of a declaration. Pure.

A ``${STAGE}`` that the document does not declare (``variables``), or a ``{{ stage }}``, would reach DynamoDB as it
stands. ``check`` refuses it by field; ``conversion`` escapes what a live table really holds. A ``$`` is
escaped by doubling it, as in Compose, and any other mark by a backslash before it. Seeds are data: their texts stay
as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.model.lazy_dataclass import dataclass
from reconciler.parsing.source_location import FieldProblem, Path

_MARK = re.compile(
    r"(?P<dollars>\$+)(?P<body>\{\{.*?\}\}|\{[^}]*\}?|\([^)]*\)?|[A-Z_][A-Z0-9_]+(?![a-z]))"
    r"|(?P<slashes>\\*)(?P<other>\{\{.*?\}\}|\{\{|\{%.*?%\}|\{%|<%.*?%>|<%|#\{[^}]*\}?|@@[A-Za-z_]\w*@@|%[A-Z_][A-Z0-9_]*%)",
    re.DOTALL,
)
_TOKEN = (
    r"\{[A-Za-z_][\w.-]*\}|<[A-Za-z_][\w .-]*>|%\([A-Za-z_]\w*\)[sd]?|\(\([A-Za-z_/][\w./-]*\)\)"
    r"|\[\[[A-Za-z_ ][\w. -]*\]\]|@\{[A-Za-z_][\w.-]*\}|\$env:[A-Za-z_]\w*|__[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*__"
    r"|ENC\[[\w+/=,:. -]+\]|ref\+[a-z0-9]+://[\w./?&=+-]+"
)
"""Placeholders that are one only where they are a whole text: ``{a}`` or ``<b>`` inside a text may be meant."""
_WHOLE = re.compile(rf"(?P<slashes>\\*)(?P<token>{_TOKEN})")
_IN_NAME = re.compile(rf"(?<![A-Za-z0-9])(?:{_TOKEN})(?![A-Za-z0-9])")
"""The name of a table or an index can hold none of their characters but ``_``."""
_UNRENDERED = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|<%.*?%>|\$\{[^}]*\}")
_VARIABLE = re.compile(r"\{\s*(?P<key>(?P<prefix>[\w./-]+):[A-Za-z][\w./:@+=-]*)\s*(?:,\s*'[^']*'\s*)?\}")
_DECLARABLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""What ``variables`` of a document can declare."""
_PREFIXES = frozenset({"aws", "dynamodb", "dax", "kms", "iam", "sts", "saml", "lambda", "ec2", "kinesis"})
_SERVERLESS = frozenset({"aws:accountid", "aws:region"})
"""Variables of the Serverless Framework that look like keys of IAM and are none."""
_NAMES = ("table_name", "TableName", "index_name", "IndexName")
"""Names cannot hold a placeholder's characters, escaped or not."""
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class WrittenText:
    """A string of a declaration at its path as written. ``policy`` tells whether it is part of an IAM policy."""

    path: Path
    text: str
    is_key: bool
    policy: bool


def texts(value: Mapping[Any, Any], is_policy: Callable[[str], bool]) -> Iterator[WrittenText]:
    """Every text, keys included. A stack instead of recursion: values may be nested as deeply as a parser allows."""
    stack: list[tuple[Path, Any, bool]] = [((), value, False)]
    while stack:
        path, item, policy = stack.pop()
        if isinstance(item, str):
            yield WrittenText(path, item, False, policy)
        elif isinstance(item, Mapping):
            for key, member in item.items():
                inside = policy or (not path and is_policy(str(key)))
                if isinstance(key, str):
                    yield WrittenText((*path, key), key, True, inside)
                stack.append(((*path, str(key)), member, inside))
        elif isinstance(item, list | tuple):
            stack += [((*path, index), member, policy) for index, member in enumerate(item)]


def placeholder_problem(written: WrittenText, *, may_declare: bool = False) -> FieldProblem | None:
    """The problem with a string that contains a placeholder; None if it contains none.

    With ``may_declare``, the remedy names how the document declares it as a variable.
    """
    for match in _MARK.finditer(written.text):
        if _is_placeholder(match, written.policy):
            shown = match.group() if len(match.group()) <= _LONGEST else f"{match.group()[:_LONGEST]}…"
            kind = "key with" if written.is_key else "holds"
            remedy = f"Write the value itself. To keep the text, write {escape(shown)}."
            if written.path[-1] in _NAMES:
                remedy = "Write the whole name; --environment adds the suffix of the environment."
            elif written.policy:
                remedy += " IAM variables such as ${aws:PrincipalTag/team} need no escape."
            name = _DECLARABLE.fullmatch(match["body"] or "")
            if may_declare and name is not None and not written.is_key:
                remedy += f" To replace it, declare the variable: variables: {{{name[1]}: {{default: VALUE}}}}."
            return FieldProblem(written.path, f"{kind} the placeholder {shown}, which is not replaced", remedy)
    return _token(written)


def _token(written: WrittenText) -> FieldProblem | None:
    """A placeholder that is a whole text, a part of a name, or a part of an ARN."""
    whole = _WHOLE.fullmatch(written.text)
    if whole is not None and len(whole["slashes"]) % 2 == 0:
        token, remedy = whole["token"], f"Write the value itself. To keep the text, write {escape(written.text)}."
    elif written.text.startswith("arn:"):
        parts = re.split(r"[:/]", written.text)
        token, remedy = next((part for part in parts if re.fullmatch(_TOKEN, part)), ""), "Write the value itself."
    else:
        inside = _IN_NAME.search(written.text) if written.path[-1] in _NAMES and not written.is_key else None
        token, remedy = inside.group() if inside else "", ""
    if not token:
        return None
    if written.path[-1] in _NAMES:
        remedy = "Write the whole name; --environment adds the suffix of the environment."
    shown = token if len(token) <= _LONGEST else f"{token[:_LONGEST]}…"
    kind = "key with" if written.is_key else "holds"
    return FieldProblem(written.path, f"{kind} the placeholder {shown}, which is not replaced", remedy)


def unescape(text: str) -> str:
    """The string without escapes: ``$${VAR}`` is ``${VAR}``, ``\\{{`` is ``{{``. An IAM variable stays unchanged."""

    def unescaped(match: re.Match[str]) -> str:
        if match["dollars"] is None:
            return "\\" * (len(match["slashes"]) // 2) + match["other"]
        dollars = len(match["dollars"])
        return match.group() if dollars % 2 else "$" * (dollars // 2) + match["body"]

    whole = _WHOLE.fullmatch(text)
    if whole is not None:
        return "\\" * (len(whole["slashes"]) // 2) + whole["token"]
    return _MARK.sub(unescaped, text)


def escape(text: str, *, policy: bool = False) -> str:
    """The spelling of a text in a declaration; the reverse of ``unescape``. Variables of IAM stay in a ``policy``."""

    def escaped(match: re.Match[str]) -> str:
        if match["dollars"] is None:
            return "\\" * (2 * len(match["slashes"]) + 1) + match["other"]
        dollars = len(match["dollars"])
        stays = dollars % 2 == 1 and not _is_placeholder(match, policy)
        return match.group() if stays else "$" * (2 * dollars) + match["body"]

    whole = _WHOLE.fullmatch(text)
    if whole is not None:
        return "\\" * (2 * len(whole["slashes"]) + 1) + whole["token"]
    return _MARK.sub(escaped, text)


def mapped(value: Any, change: Callable[[str], str]) -> Any:
    """The same value with every text changed, keys included."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {mapped(key, change): mapped(member, change) for key, member in value.items()}
    return [mapped(member, change) for member in value] if isinstance(value, list | tuple) else value


def unrendered(line: str) -> str | None:
    """The template expression in a line that could not be parsed; None if there is none."""
    match = _UNRENDERED.search(line)
    return match.group() if match else None


def _is_placeholder(match: re.Match[str], policy: bool) -> bool:
    """An odd number of dollars starts one, and so does an even number of backslashes before any other mark."""
    if match["dollars"] is None:
        return len(match["slashes"]) % 2 == 0
    if len(match["dollars"]) % 2 == 0:
        return False
    body = match["body"]
    return not (policy and (body[0] not in "{(" or body in ("{*}", "{?}", "{$}") or _is_variable(body)))


def _is_variable(body: str) -> bool:
    """Whether IAM replaces it: a condition key by its prefix, or by the host of an identity provider."""
    match = _VARIABLE.fullmatch(body)
    if match is None or match["key"].lower() in _SERVERLESS:
        return False
    return match["prefix"].lower() in _PREFIXES or "." in match["prefix"]
