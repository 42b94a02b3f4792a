"""Reads declarations from files into the model, and writes them.

A declaration passes ``folder_snapshot`` (bytes), ``formats`` (as written), ``document`` (spelling, types and offline
rules, then ``TableSpec``) and ``folder`` (``DesiredState``). ``writer`` works in the other direction. Each file in
``features`` has everything about the declaration of one feature.
"""
