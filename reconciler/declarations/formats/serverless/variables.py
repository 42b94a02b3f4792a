"""Resolves the variables of the Serverless Framework: ``${self:custom.name}``, ``${opt:stage, 'dev'}``.

https://www.serverless.com/framework/docs/guides/variables
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from reconciler.declarations.formats.unresolved import Unresolved
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.parsing.source_file import SourceFile
from reconciler.parsing.source_location import Path

if TYPE_CHECKING:
    from reconciler.declarations.formats.serverless.included_files import IncludedFiles

VARIABLE = re.compile(
    r"\$\{((?:(?:self|opt|env|sls|param|cf|ssm|s3|vault|tfstate)(?:\.[\w-]+|\([^(){}$]*\))?:"
    r"|aws:(?:accountId|region)\b|file\(|strToBool\()[^${}]*)\}"
)
"""A variable without another one inside. ``${AWS::Region}``, ``${env}`` and ``${Table.Arn}`` belong to Fn::Sub, and
``${aws:username}`` to a policy; they stay."""
_MOST, _LONGEST = 100_000, 1_000_000
"""Values that the variables of one file may be replaced by, and characters of a text; variables can double a value."""
_MISSING = object()


class Variables:
    """The variables of one file. ``service`` is the whole of serverless.yml; None where that is another file.

    ``reads_process`` tells afterwards whether the result depends on a variable of the process.
    """

    def __init__(self, file: SourceFile, service: Mapping[str, Any] | None, inputs: TemplateInputs) -> None:
        self._service = service
        self._file = file
        self._inputs = inputs
        self.reads_process = False
        self._open: list[str] = []
        self._made = 0

    @cached_property
    def _included(self) -> IncludedFiles:
        from reconciler.declarations.formats.serverless.included_files import IncludedFiles

        return IncludedFiles(self._file, self._inputs)

    @property
    def included(self) -> tuple[str, ...]:
        """The paths of the files that variables have read so far."""
        return self._included.paths if "_included" in vars(self) else ()

    def missing_files(self, text: str, here: Path) -> tuple[str, ...]:
        """The files of ``${file(path)}`` if none of them is in the folder; empty where one is, or a fallback is given.

        Raises ``Unresolved`` where the path has a variable without a value.
        """
        while (match := _inner(text)) is not None:
            value = self._text(match[0], here)
            text = text[: match.start()] + str(value) + text[match.end() :]
        paths = []
        for source in _split(text.strip()[2:-1]):
            if not source.startswith("file("):
                return ()
            path = source.removeprefix("file(").partition(")")[0]
            if self._included.holds(path):
                return ()
            paths.append(path)
        return tuple(paths)

    def resolve(self, value: Any, here: Path) -> Any:
        """The value with all variables replaced. Raises ``Unresolved`` at the first that has no value."""
        if self._open:
            # A value from elsewhere in the file, which has no place of its own here.
            self._made += 1
            if self._made > _MOST:
                raise Unresolved(here, f"its variables make more than {_MOST} values", "Write the value itself.")
        if isinstance(value, Mapping):
            return {key: self.resolve(item, self._inside(here, str(key))) for key, item in value.items()}
        if isinstance(value, list):
            return [self.resolve(item, self._inside(here, place)) for place, item in enumerate(value)]
        return self._text(value, here) if isinstance(value, str) else value

    def _inside(self, here: Path, part: str | int) -> Path:
        return here if self._open else (*here, part)

    def _text(self, text: str, here: Path) -> Any:
        while True:
            match = VARIABLE.search(text)
            if match is None:
                return text
            expression = match[1]
            if expression in self._open:
                chain = " → ".join(f"${{{each}}}" for each in [*self._open[self._open.index(expression) :], expression])
                raise Unresolved(here, f"refers to itself: {chain}", "Remove one of the references.")
            self._open.append(expression)
            found = self.resolve(self._value(expression, here), here)
            self._open.pop()
            if match[0] == text:
                return found
            if isinstance(found, Mapping | list):
                kind = "a mapping" if isinstance(found, Mapping) else "a list"
                raise Unresolved(here, f"{match[0]} is {kind}, which cannot be part of a text", "Refer to one value.")
            written = ("true" if found else "false") if isinstance(found, bool) else "" if found is None else str(found)
            text = text[: match.start()] + written + text[match.end() :]
            if len(text) > _LONGEST:
                raise Unresolved(here, f"makes a text of more than {_LONGEST} characters", "Shorten it.")

    def _value(self, expression: str, here: Path) -> Any:
        """The first of the sources, separated by commas, that has a value."""
        sources = _split(expression)
        for source in sources:
            literal = _literal(source)
            if literal is not _MISSING:
                return literal
            found = self._source(source, here)
            if found is not _MISSING:
                return found
        first = sources[0]
        remedy = f"Give it with --parameter {shlex.quote(f'{first}=VALUE')}."
        if first == "opt:stage":
            remedy = "Give it with --environment NAME."
        elif first in ("opt:region", "aws:region"):
            remedy = "Give it with --region NAME."
        elif first.startswith("file("):
            name = first.removeprefix("file(").partition(")")[0]
            found = self._included.document(name, here) is not None
            what = "the file has no such key" if found else f"there is no {name} in the folder of the declarations"
            raise Unresolved(here, f"${{{first}}} has no value: {what}", f"Correct it. {remedy}")
        raise Unresolved(here, f"${{{expression}}} has no value", remedy)

    def _source(self, source: str, here: Path) -> Any:
        given = self._inputs.parameters.get(source)
        if given is not None:
            return given
        kind, colon, address = source.partition(":")
        if kind.startswith("strToBool("):
            return _boolean(source.removeprefix("strToBool(").removesuffix(")"), here)
        if kind.startswith("file("):
            document = self._included.document(kind.removeprefix("file(").removesuffix(")"), here)
            return _MISSING if document is None else self._member(document, address, here)
        if not colon:
            return _MISSING
        match kind:
            case "self":
                return self._own(address, here)
            case "opt" if address == "stage":
                return self._inputs.environment or _MISSING
            case "sls" if address == "stage":
                return self._stage(here)
            case "opt" | "aws" if address == "region":
                return self._inputs.region or _MISSING
            case "env":
                self.reads_process = True
                return self._inputs.variables.get(address, _MISSING)
            case "param":
                return self._parameter(address, here)
        return _MISSING

    def _stage(self, here: Path) -> Any:
        return self._inputs.environment or self._own("provider.stage", here)

    def _own(self, address: str, here: Path) -> Any:
        """A value of serverless.yml. In another file only stage and Region are known.

        The framework has the stage dev and the Region us-east-1 where ``provider`` says nothing.
        """
        if self._service is None:
            known = {"provider.stage": self._inputs.environment, "provider.region": self._inputs.region}
            return known.get(address) or _MISSING
        found = self._member(self._service, address, here)
        if found is _MISSING and address == "provider.stage":
            return self._inputs.environment or "dev"
        return (self._inputs.region or "us-east-1") if found is _MISSING and address == "provider.region" else found

    def _parameter(self, name: str, here: Path) -> Any:
        """``${param:name}``: that of the stage, else the default (https://www.serverless.com/framework/docs/guides/parameters)."""
        stage = self.resolve(self._stage(here), ("provider", "stage"))
        for part in (stage, "default"):
            # Version 4 has them under ``stages``.
            for values in (self._own(f"stages.{part}.params", here), self._own(f"params.{part}", here)):
                if isinstance(values, Mapping) and name in values:
                    return values[name]
        return _MISSING

    def _member(self, value: Any, address: str, here: Path) -> Any:
        """The value at ``a.b.0``, through variables on the way: ``a`` may be ``${file(config.yml):tables}``."""
        for part in address.split(".") if address else ():
            inside = self._text(value, here) if isinstance(value, str) else value
            if isinstance(inside, Mapping) and part in inside:
                value = inside[part]
            elif isinstance(inside, list) and part.isdecimal() and int(part) < len(inside):
                value = inside[int(part)]
            else:
                return _MISSING
        return value


def _inner(text: str) -> re.Match[str] | None:
    """The first variable that is no file, as the path of one may have."""
    return next((match for match in VARIABLE.finditer(text) if not match[1].startswith("file(")), None)


def _split(expression: str) -> list[str]:
    """The sources of a variable; a comma in quotes or parentheses separates nothing."""
    parts, quote, depth = [""], "", 0
    for character in expression:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
        elif character == "," and not depth:
            parts.append("")
            continue
        parts[-1] += character
    return [part.strip() for part in parts]


def _literal(source: str) -> Any:
    """A fallback that is written out: a text in quotes, a number, true, false or null."""
    if len(source) > 1 and source[0] == source[-1] and source[0] in "'\"":
        return source[1:-1]
    if source in ("true", "false"):
        return source == "true"
    if source == "null":
        return None
    if re.fullmatch(r"-?[0-9]{1,15}\.[0-9]{1,15}", source):
        return float(source)
    return int(source) if re.fullmatch(r"-?[0-9]{1,18}", source) else _MISSING


def _boolean(text: str, here: Path) -> bool:
    word = text.strip().strip("'\"").lower()
    if word in ("true", "1", "false", "0"):
        return word in ("true", "1")
    raise Unresolved(here, f"strToBool({text}) is neither true nor false", "Use true or false.")
