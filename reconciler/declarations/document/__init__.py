"""The declaration document: CreateTable's fields in snake_case or CamelCase, one small model a file.

``check.read_document`` is the door: it spells, validates and applies the rules; ``table.TableDocument`` is the result.
"""
