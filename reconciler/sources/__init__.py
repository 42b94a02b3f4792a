"""Declarations and seeds read from files into the model.

The way of a declaration: ``snapshot`` (bytes) → ``python`` or ``text`` (as written) → ``document`` (spelling and
types) → ``rules`` (what CreateTable would refuse) → ``normalise`` (TableSpec) → ``seeds`` → ``folder`` (DesiredState).
"""
