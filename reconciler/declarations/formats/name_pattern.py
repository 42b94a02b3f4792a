"""Which names a table can have whose name is computed: by functions of a template, or by variables.

With other parameters the same file declares another table, and the former one looks like a removed one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_ANY = ".+"
_VALUE = re.compile(r"\$\{(?!!)(?:[^${}]|\$\{[^{}]*\})*\}")
"""A variable of Fn::Sub, of serverless or of ours, also with another one inside."""


def name_pattern(written: Any) -> str | None:
    """A regular expression for all names that ``written`` may stand for; None where it is the name itself."""
    found = _pattern(written)
    return None if isinstance(written, str) and found == re.escape(written) else found


def _pattern(written: Any) -> str:
    if isinstance(written, str):
        return _ANY.join(re.escape(part) for part in _VALUE.split(written))
    if not isinstance(written, Mapping) or len(written) != 1:
        return _ANY
    function, argument = next(iter(written.items()))
    if function == "Fn::Sub":
        return _pattern(argument[0] if isinstance(argument, list) and argument else argument)
    if function == "Fn::Join" and isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], list):
        return re.escape(str(argument[0])).join(_pattern(part) for part in argument[1])
    if function == "Fn::If" and isinstance(argument, list) and len(argument) == 3:
        return f"(?:{_pattern(argument[1])}|{_pattern(argument[2])})"
    return _ANY
