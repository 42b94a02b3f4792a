"""Declared tables as diagrams: keys, indexes and references."""
