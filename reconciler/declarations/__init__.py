"""Declarations read from files into the model.

The way of a declaration: ``snapshot`` (bytes) → ``formats`` (as written) → ``document`` (spelling and
types) → ``rules`` (what CreateTable would refuse) → ``normalise`` (TableSpec) → ``folder`` (DesiredState).
"""
