"""``.yaml``: a list of items, one item a document, or a BatchWriteItem request. Called by ``files``."""

from __future__ import annotations

from reconciler.sources.seeds.json_format import requests_of
from reconciler.sources.seeds.record import Record, Records
from reconciler.sources.text.parsed import Parsed, exact_number
from reconciler.sources.text.yaml_text import read_yaml


def read_yaml_seed(text: str) -> Records:
    """Items with their lines and exact numbers; ``TextFault`` where the text is not such YAML."""
    documents = [document for document in read_yaml(text, exact_number) if document.value is not None]
    if len(documents) == 1 and not isinstance(documents[0].value, list):
        return requests_of(documents[0].value, documents[0].line)
    return Records(tuple(record for document in documents for record in _records(document)))


def _records(document: Parsed) -> list[Record]:
    if not isinstance(document.value, list):
        return [Record(document.value, document.line)]
    return [Record(value, document.lines.get((index,))) for index, value in enumerate(document.value)]
