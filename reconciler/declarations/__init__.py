"""Declarations read from files into the model, and written from it.

The way of a declaration: ``snapshot`` (bytes) → ``formats`` (as written) → ``document`` (spelling, types, and what the
service would refuse) → ``conversion`` (TableSpec) → ``folder`` (DesiredState). ``writer`` goes the other way. What is
known about one feature of a table stands in its file in ``features``.
"""
