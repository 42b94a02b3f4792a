"""Decides whether to seed a table, and which of its items the seed wrote. Pure."""
