"""The declaration document: CreateTable's fields in snake_case or CamelCase.

``check.read_document`` is the door: it spells, validates and applies the rules; ``table.TableDocument`` is the result.
"""
