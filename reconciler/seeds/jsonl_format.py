"""``.jsonl``: one item a line. Called by ``files``."""

from __future__ import annotations

import json

from reconciler.parsing.parsed import TOO_DEEP, ParseError, json_message
from reconciler.seeds.json_format import decoder
from reconciler.seeds.record import WrittenItem, WrittenItems


def read_jsonl_seed(text: str) -> WrittenItems:
    """Blank lines are skipped; ``ParseError`` names the line that is not JSON."""
    decode = decoder().decode
    found: list[WrittenItem] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            found.append(WrittenItem(decode(line), number))
        except json.JSONDecodeError as error:
            raise ParseError(number, f"is not JSON: {json_message(error.msg)}", "Write one item per line.") from None
        except ParseError as error:
            raise ParseError(number, error.reason, error.remedy) from None
        except RecursionError:
            raise ParseError(number, *TOO_DEEP) from None
    return WrittenItems(tuple(found))
