"""``.jsonl``: one item a line. Called by ``files``."""

from __future__ import annotations

import json

from reconciler.parsing.parsed import TOO_DEEP, TextFault, json_words
from reconciler.seeds.json_format import decoder
from reconciler.seeds.record import Record, Records


def read_jsonl_seed(text: str) -> Records:
    """Blank lines are skipped; ``TextFault`` names the line that is not JSON."""
    decode = decoder().decode
    found: list[Record] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            found.append(Record(decode(line), number))
        except json.JSONDecodeError as error:
            raise TextFault(number, f"is not JSON: {json_words(error.msg)}", "Write one item per line.") from None
        except TextFault as fault:
            raise TextFault(number, fault.reason, fault.remedy) from None
        except RecursionError:
            raise TextFault(number, *TOO_DEEP) from None
    return Records(tuple(found))
