"""The document of a declaration: the fields of CreateTable in snake_case or CamelCase.

``check.read_document`` is the entry point. It normalises names, validates types and applies the offline rules. The
result has a ``table_document.TableDocument``.
"""
